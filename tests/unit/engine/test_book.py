"""Working orders in price-time order, and what was taken of shown liquidity."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from offbook.domain.market_data import Quote
from offbook.domain.orders import OrderSide, OrderType, Origin, TimeInForce
from offbook.domain.values import MAX_UNITS
from offbook.engine.ledger.state import OrderState
from offbook.engine.venue.book import NO_BUY, NO_SELL, Book
from offbook.testing.markets import XYZ

BUY, SELL = OrderSide.BUY, OrderSide.SELL

prices = st.one_of(st.none(), st.integers(1, 8))
orders_in = st.lists(
    st.tuples(st.sampled_from(OrderSide), prices, st.booleans()), min_size=1, max_size=12
)
quotes_in = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(0, 6), st.integers(0, 6)),
    min_size=1,
    max_size=20,
)


def order(ordinal: int, side: OrderSide, price: int | None, priority: int = 0) -> OrderState:
    """A working order; a market order without a price."""
    return OrderState(
        ordinal=ordinal,
        client_order_id=f"S-{ordinal}",
        origin=Origin.STRATEGY,
        command_id=None,
        symbol="XYZ",
        side=side,
        order_type=OrderType.MARKET if price is None else OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        order_qty=10,
        price_px=price,
        reduce_only=False,
        submitted_ts=0,
        priority=priority or ordinal,
    )


def quote(bid: int, ask: int, bid_qty: int = 10, ask_qty: int = 10) -> Quote:
    """A quote in units."""
    return Quote(0, bid / 100, ask / 100, bid, ask, bid_qty, ask_qty, None, 0, XYZ)


def filled(parts: list[tuple[OrderSide, int | None, bool]]) -> tuple[Book, list[OrderState]]:
    """A book with these orders in, and those that stayed."""
    book, stayed = Book(), []
    for ordinal, (side, price, stays) in enumerate(parts, start=1):
        made = order(ordinal, side, price)
        book.add(made, fresh=False)
        if stays:
            stayed.append(made)
        else:
            book.remove(made)
    return book, stayed


@given(orders_in, st.integers(1, 8))
def test_orders_trade_by_price_and_then_by_time(
    parts: list[tuple[OrderSide, int | None, bool]], px: int
) -> None:
    """Market orders first; only those that the price satisfies."""
    book, stayed = filled(parts)
    buys = [o for o in stayed if o.side is BUY and (o.price_px is None or o.price_px >= px)]
    sells = [o for o in stayed if o.side is SELL and (o.price_px is None or o.price_px <= px)]
    buys.sort(key=lambda o: (o.price_px is not None, -(o.price_px or 0), o.priority))
    sells.sort(key=lambda o: (o.price_px is not None, o.price_px or 0, o.priority))
    assert book.buys_crossing(px) == [o.ordinal for o in buys]
    assert book.sells_crossing(px) == [o.ordinal for o in sells]
    assert book.by_priority() == [o.ordinal for o in stayed]
    assert len(book) == len(stayed)


@given(orders_in)
def test_the_tops_are_the_prices_at_which_the_best_orders_trade(
    parts: list[tuple[OrderSide, int | None, bool]],
) -> None:
    """A quote beyond a top concerns no order on that side."""
    book, stayed = filled(parts)
    for px in range(9):
        assert (px <= book.top_buy) is bool(book.buys_crossing(px))
        assert (px >= book.top_sell) is bool(book.sells_crossing(px))
    if not any(o.side is BUY for o in stayed):
        assert book.top_buy == NO_BUY
    if not any(o.side is SELL for o in stayed):
        assert book.top_sell == NO_SELL


def test_a_market_order_trades_at_any_price_that_can_be() -> None:
    """On either side."""
    book = Book()
    book.add(order(1, BUY, None))
    book.add(order(2, SELL, None))
    assert book.buys_crossing(MAX_UNITS - 1) == [1]
    assert book.sells_crossing(1) == [2]
    assert not book.watching


def test_an_order_that_is_not_in_can_be_removed() -> None:
    """Nothing happens, as when it was never accepted."""
    book = Book()
    book.remove(order(1, BUY, 5))
    assert len(book) == 0


def test_what_is_moved_back_in_time_loses_its_place() -> None:
    """Priority decides among equal prices, whatever the ordinal."""
    book = Book()
    first, second = order(1, BUY, 5, priority=10), order(2, BUY, 5, priority=11)
    book.add(first)
    book.add(second)
    book.remove(first)
    first.priority = 12
    book.add(first)
    assert book.buys_crossing(5) == [2, 1]


def test_an_order_is_a_taker_until_the_market_was_once_away_from_it() -> None:
    """Equal to its price is not away; once away it stays a maker."""
    book = Book()
    made = order(1, BUY, 100)
    book.add(made)
    for bid, ask, fresh in ((98, 99, True), (99, 100, True), (100, 101, False), (98, 99, False)):
        book.see(quote(bid, ask))
        book.settle(quote(bid, ask))
        assert book.is_fresh(made) is fresh
        assert book.watching is fresh


def test_a_sell_is_a_taker_until_the_bid_was_once_below_it() -> None:
    """The same from the other side."""
    book = Book()
    made = order(1, SELL, 100)
    book.add(made)
    for bid, ask, fresh in ((101, 102, True), (100, 101, True), (99, 100, False)):
        book.settle(quote(bid, ask))
        assert book.is_fresh(made) is fresh


def test_an_order_can_be_laid_to_rest_or_taken_out_while_it_is_a_taker() -> None:
    """Either way nothing is left to watch for."""
    for act in ("rest", "remove"):
        book = Book()
        made = order(1, BUY, 100)
        book.add(made)
        assert book.fresh_ordinals() == [1]
        getattr(book, act)(made)
        assert book.fresh_ordinals() == []
        assert not book.watching


def left_of(shown: list[int], taken: list[int]) -> int:
    """What is there to take of a level, from all that was shown of it and taken since the first
    taking: at no moment more than was shown then, less what was taken, plus what came after."""
    return min(
        shown[at]
        - sum(taken[at:])
        + sum(max(0, shown[i] - shown[i - 1]) for i in range(at + 1, len(shown)))
        for at in range(len(shown))
    )


@given(st.sampled_from(OrderSide), quotes_in, st.data())
def test_what_was_taken_stays_taken(
    side: OrderSide, rows: list[tuple[int, int, int, int]], data: Any
) -> None:
    """Against a look through the level's whole past."""
    book, level = Book(), 0
    shown: list[int] = []
    taken: list[int] = []
    for bid, ask, bid_qty, ask_qty in rows:
        seen = quote(bid, ask, bid_qty, ask_qty)
        px, size = (ask, ask_qty) if side is BUY else (bid, bid_qty)
        book.see(seen)
        if px != level or not any(taken):
            level, shown, taken = px, [], []
        shown.append(size)
        taken.append(0)
        assert book.available(side, seen) == left_of(shown, taken)
        if qty := data.draw(st.integers(0, left_of(shown, taken)), label="taken"):
            book.take(side, seen, qty)
            taken[-1] = qty
        assert book.available(side, seen) == left_of(shown, taken)
        book.settle(seen)
        assert book.watching is any(taken)


def test_the_sides_forget_apart_from_one_another() -> None:
    """What was bought from the ask is still there to be sold to at the bid."""
    book, first = Book(), quote(99, 100, 5, 5)
    book.take(BUY, first, 5)
    assert (book.available(BUY, first), book.available(SELL, first)) == (0, 5)
    book.take(SELL, first, 2)
    moved = quote(99, 101, 5, 5)
    book.see(moved)
    assert (book.available(BUY, moved), book.available(SELL, moved)) == (5, 3)


def test_a_price_that_left_the_top_and_came_back_is_fresh() -> None:
    """The memory goes with the price."""
    book = Book()
    book.take(BUY, quote(99, 100, 5, 5), 5)
    book.see(quote(99, 101, 5, 7))
    book.see(quote(99, 100, 5, 5))
    assert book.available(BUY, quote(99, 100, 5, 5)) == 5


def test_a_level_that_shrinks_and_grows_gives_only_the_growth() -> None:
    """Taken 4 of 10; shown 3, then 8: three were left, five came."""
    book = Book()
    book.take(BUY, quote(99, 100, 5, 10), 4)
    for shown, available in ((10, 6), (3, 3), (8, 8), (8, 8), (20, 20)):
        book.see(quote(99, 100, 5, shown))
        assert book.available(BUY, quote(99, 100, 5, shown)) == available


def test_what_was_taken_comes_back_from_a_snapshot() -> None:
    """With the watching that it asks for."""
    one, other, seen = Book(), Book(), quote(99, 100, 5, 5)
    one.take(BUY, seen, 3)
    other.restore_taken((one.taken_bid, one.taken_ask), (one.ahead_bid, one.ahead_ask))
    assert other.available(BUY, seen) == 2
    assert other.watching
