"""Other rules for bars, to be compared with engines that work so; the defaults never flatter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.rehearsal import Rehearsal, rehearse

from offbook import Bar, OrderRequest, OrderSide, OrderType, Strategy
from offbook.domain import commands as c
from offbook.domain.config import (
    AccountConfig,
    CombinedMarket,
    FillAt,
    Intrabar,
    LimitGap,
    SessionConfig,
    StopGap,
    VenueConfig,
)
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import Bar as BarRow
from offbook.domain.orders import ContingencyType, OrderListRequest
from offbook.engine.venue.intrabar_path import path_of, rest_of
from offbook.testing.markets import MINUTE, START, XYZ, bars_market, combined, quotes_market

BUY, SELL = OrderSide.BUY, OrderSide.SELL
BARS = [
    ("100", "101", "99", "100.50", "1000"),
    ("102", "110", "95", "104", "1000"),
    ("105", "106", "103", "103.50", "1000"),
]


def on_bars(rows: list[Any] = BARS, **knobs: Any) -> Rehearsal:
    """A session on bars with these rules, at the end of the first bar."""
    market = bars_market(rows, instrument=XYZ)
    account = knobs.pop("account", None)
    venue = {"volume_share": "1", **knobs}
    rehearsal = rehearse(market, venue=venue, account=account, cash="100000")
    rehearsal.rows(1)
    return rehearsal


def request(
    side: OrderSide, name: str, qty: str = "10", **terms: Any
) -> Callable[[str], c.Command]:
    order = OrderRequest(symbol="XYZ", side=side, order_qty=qty, client_order_id=name, **terms)
    return lambda command_id: c.SubmitOrder(command_id=command_id, order=order)


def fills(rehearsal: Rehearsal) -> list[tuple[str, int, str]]:
    """Order, minute and price of each fill."""
    orders = rehearsal.ledger.orders
    return [
        (
            orders[fill.order].client_order_id,
            (fill.ts - START) // MINUTE,
            XYZ.price_text(fill.last_px),
        )
        for fill in rehearsal.fills
    ]


@pytest.mark.parametrize(
    ("fill_at", "minute", "price"),
    [
        (None, 2, "102.00"),
        (FillAt.NEXT_OPEN, 2, "102.00"),
        (FillAt.THIS_CLOSE, 1, "100.50"),
        (FillAt.NEXT_CLOSE, 2, "104.00"),
    ],
)
def test_a_market_order_sent_at_a_close_trades_where_it_is_told(
    fill_at: FillAt | None, minute: int, price: str
) -> None:
    rehearsal = on_bars(fill_at=fill_at)
    rehearsal.send("A", BUY, "10")
    rehearsal.rest()
    assert fills(rehearsal) == [("A", minute, price)]


def test_at_this_close_a_limit_trades_if_the_close_satisfies_it() -> None:
    rehearsal = on_bars(fill_at=FillAt.THIS_CLOSE)
    rehearsal.send("A", BUY, "1", "100.50")
    rehearsal.send("B", BUY, "1", "100.49")
    rehearsal.rest()
    assert fills(rehearsal) == [("A", 1, "100.50"), ("B", 2, "100.49")]


def test_what_this_close_has_no_volume_for_has_the_next() -> None:
    """All orders share what may be taken of the bar that has just ended."""
    rehearsal = on_bars(fill_at=FillAt.THIS_CLOSE, volume_share="0.01")
    rehearsal.send("A", BUY, "7")
    rehearsal.send("B", BUY, "7")
    rehearsal.rest()
    assert [(f.last_qty, XYZ.price_text(f.last_px)) for f in rehearsal.fills] == [
        (7, "100.50"),
        (3, "100.50"),
        (4, "104.00"),
    ]


def test_the_share_of_a_close_survives_a_snapshot() -> None:
    """What was taken of the last bar is part of the state."""
    rehearsal = on_bars(fill_at=FillAt.THIS_CLOSE, volume_share="0.01")
    rehearsal.send("A", BUY, "7")
    rehearsal.advance(rehearsal.engine.now)  # the order arrives
    state = rehearsal.engine.snapshot()
    assert state is not None
    assert b'"bar_left":3' in state


@pytest.mark.parametrize(
    ("stop_gap", "price"), [(StopGap.OPEN, "102.00"), (StopGap.STOP, "101.00")]
)
def test_a_stop_that_a_gap_leaps_over(stop_gap: StopGap, price: str) -> None:
    """The next bar opens at 102, a stop was at 101."""
    rehearsal = on_bars(stop_gap=stop_gap)
    rehearsal.take(request(BUY, "A", order_type=OrderType.STOP, stop_px="101"))
    rehearsal.rest()
    assert fills(rehearsal) == [("A", 2, price)]
    (fill,) = rehearsal.fills
    told = "own price, which the open was beyond" in fill.evidence.rule
    assert told is (stop_gap is StopGap.STOP)


@pytest.mark.parametrize(
    ("limit_gap", "price", "told"),
    [
        (LimitGap.LIMIT, "99.00", "bar traded through the limit"),
        (LimitGap.OPEN, "97.00", "open was beyond the limit"),
    ],
)
@pytest.mark.parametrize("intrabar", Intrabar)
def test_the_evidence_of_a_limit_that_a_gap_leaps_over_says_what_it_had(
    intrabar: Intrabar, limit_gap: LimitGap, price: str, told: str
) -> None:
    rows = [*BARS[:2], ("97", "105", "96", "104", "1000")]
    rehearsal = on_bars(rows, limit_gap=limit_gap, intrabar=intrabar)
    rehearsal.rows(1)
    rehearsal.take(request(BUY, "A", order_type=OrderType.LIMIT, price="99", post_only=True))
    rehearsal.rest()
    assert fills(rehearsal) == [("A", 3, price)]
    (fill,) = rehearsal.fills
    assert fill.evidence.rule == told


class Brackets(Strategy):
    """Buys once, with a target at 108 and a stop at 97."""

    def on_bar(self, bar: Bar) -> None:
        if bar.row == 0:
            self.buy("XYZ", "10", client_order_id="in", take_profit="108", stop_loss="97")


@pytest.mark.parametrize(
    ("intrabar", "price"),
    [
        (Intrabar.WORST_FIRST, "97.00"),
        (Intrabar.OHLC, "108.00"),
        (Intrabar.OLHC, "97.00"),
    ],
)
def test_target_and_stop_in_one_bar_are_taken_in_the_order_that_is_supposed(
    intrabar: Intrabar, price: str
) -> None:
    """The third bar reaches both: first up to 110 and then down to 95, or the other way."""
    rows = [*BARS[:1], ("100", "101", "99", "100", "1000"), ("102", "110", "95", "104", "1000")]
    market = bars_market(rows, instrument=XYZ)
    venue = {"volume_share": "1", "intrabar": intrabar}
    rehearsal = rehearse(market, Brackets(), venue=venue, cash="100000")
    rehearsal.rest()
    (entry, leave) = rehearsal.fills
    assert XYZ.price_text(entry.last_px) == "100.00"
    assert XYZ.price_text(leave.last_px) == price
    assert rehearsal.position == 0


@pytest.mark.parametrize(
    ("intrabar", "count"),
    [(Intrabar.WORST_FIRST, 2), (Intrabar.OHLC, 2), (Intrabar.OLHC, 1)],
)
def test_a_stop_released_inside_a_bar_is_held_against_what_is_left_of_it(
    intrabar: Intrabar, count: int
) -> None:
    """The entry waits at 103: along open, low, high, close the low lies behind it by then."""

    class Enters(Strategy):
        """Buys at 103 on the way up, protected at 97."""

        def on_bar(self, bar: Bar) -> None:
            if bar.row == 0:
                self.buy("XYZ", "10", stop_price="103", stop_loss="97", take_profit="150")

    market = bars_market(BARS[:2], instrument=XYZ)
    venue = {"volume_share": "1", "intrabar": intrabar}
    rehearsal = rehearse(market, Enters(), venue=venue, cash="100000")
    rehearsal.rest()
    assert len(rehearsal.fills) == count


def bracket(
    entry: OrderRequest, *exits: OrderRequest, kind: ContingencyType = ContingencyType.BRACKET
) -> Callable[[str], c.Command]:
    orders = OrderListRequest(contingency_type=kind, orders=(entry, *exits))
    return lambda command_id: c.SubmitOrderList(command_id=command_id, orders=orders)


def order(side: OrderSide, name: str, **terms: Any) -> OrderRequest:
    kind = OrderType.STOP if "stop_px" in terms else OrderType.MARKET
    if "price" in terms:
        kind = OrderType.STOP_LIMIT if "stop_px" in terms else OrderType.LIMIT
    return OrderRequest(
        **{"symbol": "XYZ", "order_type": kind, "side": side, "order_qty": "10", **terms},
        client_order_id=name,
    )


def stop_loss(price: str) -> OrderRequest:
    return order(SELL, "out", stop_px=price, reduce_only=True)


@pytest.mark.parametrize("intrabar", Intrabar)
def test_an_entry_at_the_close_is_not_stopped_out_by_what_the_bar_did_before(
    intrabar: Intrabar,
) -> None:
    rehearsal = on_bars(fill_at=FillAt.NEXT_CLOSE, intrabar=intrabar)
    rehearsal.take(bracket(order(BUY, "in"), stop_loss("98")))
    rehearsal.rest()
    assert fills(rehearsal) == [("in", 2, "104.00")]


@pytest.mark.parametrize("intrabar", [Intrabar.OHLC, Intrabar.OLHC])
def test_a_market_order_at_the_close_comes_after_all_that_the_path_reaches(
    intrabar: Intrabar,
) -> None:
    """What is to be closed at 103.50 was stopped out at 103.20 before."""
    rehearsal = on_bars(fill_at=FillAt.NEXT_CLOSE, intrabar=intrabar, account={"type": "margin"})
    rehearsal.take(request(BUY, "in"))
    rehearsal.rows(1)
    rehearsal.take(request(SELL, "close", reduce_only=True))
    rehearsal.take(
        request(SELL, "stop", order_type=OrderType.STOP, stop_px="103.20", reduce_only=True)
    )
    rehearsal.rest()
    assert fills(rehearsal) == [("in", 2, "104.00"), ("stop", 3, "103.20")]


def test_a_stop_limit_enters_where_the_path_triggers_it() -> None:
    """Along open, low, high, close the low lies behind an entry at 105, whose limit of 106 the
    open satisfied already."""
    rehearsal = on_bars(BARS[:2], intrabar=Intrabar.OLHC)
    rehearsal.take(bracket(order(BUY, "in", stop_px="105", price="106"), stop_loss("97")))
    rehearsal.rest()
    assert fills(rehearsal) == [("in", 2, "105.00")]


def test_a_released_stop_trades_at_its_price_where_the_open_came_before_its_entry() -> None:
    """The entry waits at 105, above the open of 102; the price comes back through 103."""
    rehearsal = on_bars(BARS[:2])
    rehearsal.take(bracket(order(BUY, "in", stop_px="105"), stop_loss("103")))
    rehearsal.rest()
    assert fills(rehearsal) == [("in", 2, "105.00"), ("out", 2, "103.00")]


def test_a_stop_beyond_its_entry_has_the_entrys_price_and_no_gift() -> None:
    """The market opens at 90, where the entry is filled and its stop of 98 is reached already."""
    rows = [BARS[0], ("90", "110", "85", "104", "1000")]
    rehearsal = on_bars(rows, stop_gap=StopGap.STOP)
    rehearsal.take(bracket(order(BUY, "in"), stop_loss("98")))
    rehearsal.rest()
    assert fills(rehearsal) == [("in", 2, "90.00"), ("out", 2, "90.00")]


def test_what_an_entry_with_its_own_price_releases_begins_at_the_open() -> None:
    """The bar opens at 102 beyond the entry's 101, where no market was: the stop is not there."""
    rows = [BARS[0], ("102", "110", "101.50", "104", "1000")]
    rehearsal = on_bars(rows, stop_gap=StopGap.STOP)
    rehearsal.take(bracket(order(BUY, "in", stop_px="101"), stop_loss("101.80")))
    rehearsal.rest()
    assert fills(rehearsal) == [("in", 2, "101.00"), ("out", 2, "101.80")]


def test_a_target_released_inside_a_bar_has_not_its_close() -> None:
    """The bar may have reached the stop between the entry at 100 and its close of 104."""
    rehearsal = on_bars(fill_at=FillAt.THIS_CLOSE)
    target = order(SELL, "target", price="103", reduce_only=True)
    rehearsal.take(bracket(order(BUY, "in", price="100"), target, stop_loss("97")))
    rehearsal.rest()
    assert fills(rehearsal) == [("in", 2, "100.00"), ("out", 2, "97.00")]


def test_what_an_order_takes_of_a_close_is_gone_for_those_that_it_releases() -> None:
    """The close has ten; its entry takes eight of them, and what it releases at once the rest."""
    rehearsal = on_bars(fill_at=FillAt.THIS_CLOSE, volume_share="0.01")
    entry = order(BUY, "in", price="100", order_qty="8")
    child = order(SELL, "out", order_qty="8")
    rehearsal.take(bracket(entry, child, kind=ContingencyType.OTO))
    rehearsal.advance(rehearsal.engine.now)
    rehearsal.replace("in", price="101")
    rehearsal.advance(rehearsal.engine.now)
    taken = [(fill.last_qty, fill.evidence.available_qty) for fill in rehearsal.fills]
    assert taken == [(8, 10), (2, 2)]


def test_a_released_stop_of_another_instrument_waits_for_bars_of_its_own() -> None:
    other = msgspec.structs.replace(XYZ, symbol="ABC", base="ABC")
    cheap = [("10", "11", "9", "10", "1000")] * 3
    market = combined(bars_market(BARS, instrument=XYZ), bars_market(cheap, instrument=other))
    rehearsal = rehearse(market, venue={"volume_share": "1"}, cash="100000")
    rehearsal.rows(2)
    child = order(BUY, "child", symbol="ABC", stop_px="11")
    rehearsal.take(bracket(order(BUY, "in"), child, kind=ContingencyType.OTO))
    rehearsal.rest()
    assert fills(rehearsal) == [("in", 2, "102.00"), ("child", 3, "11.00")]


def test_a_path_goes_on_from_any_moment() -> None:
    bar = BarRow(1, 0, 1.0, 1.0, 1.0, 1.0, 100, 110, 95, 104, 1, 0, XYZ)
    path = path_of(bar, Intrabar.OHLC)
    assert path == (100, 110, 95, 104)
    assert rest_of(path, 0) == path
    assert rest_of(path, 4) == (104, 110, 95, 104)
    assert rest_of(path, 13) == (107, 95, 104)
    assert rest_of(path, 25 + 9) == (104, 104)
    assert rest_of(path, 99) == (104,)


QUOTES = quotes_market([("99", "101")], instrument=XYZ).config
MINUTES = bars_market(BARS, instrument=XYZ).config


@pytest.mark.parametrize(
    ("market", "fill_at", "said"),
    [
        (MINUTES, FillAt.QUOTE, "no quotes of XYZ"),
        (QUOTES, FillAt.NEXT_OPEN, "is for bars"),
        (CombinedMarket(sources=(QUOTES, MINUTES)), FillAt.THIS_CLOSE, "leave those rows out"),
    ],
)
def test_a_rule_without_its_rows_is_refused(market: Any, fill_at: FillAt, said: str) -> None:
    account = AccountConfig(currency="USD", initial_cash="1")
    with pytest.raises(InvalidConfig, match=said) as caught:
        SessionConfig(market=market, account=account, venue=VenueConfig(fill_at=fill_at))
    assert caught.value.fields["field"] == "venue.fill_at"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"stop_gap": StopGap.STOP}, "stop_gap=stop"),
        ({"limit_gap": LimitGap.OPEN}, "limit_gap=open"),
        ({"intrabar": Intrabar.OHLC}, "intrabar=ohlc"),
    ],
)
@pytest.mark.parametrize("market", [QUOTES, CombinedMarket(sources=(QUOTES, MINUTES))])
def test_a_rule_of_bars_is_refused_where_no_bars_are_matched(
    market: Any, rule: dict[str, Any], said: str
) -> None:
    account = AccountConfig(currency="USD", initial_cash="1")
    with pytest.raises(InvalidConfig, match=f"venue.{said} is for bars") as caught:
        SessionConfig(market=market, account=account, venue=VenueConfig(**rule))
    assert caught.value.fields["field"] == f"venue.{next(iter(rule))}"


def test_a_rule_of_bars_is_taken_where_one_instrument_has_them_alone() -> None:
    """And its usual value anywhere."""
    account = AccountConfig(currency="USD", initial_cash="1")
    other = msgspec.structs.replace(XYZ, symbol="ABC", base="ABC")
    bars = bars_market(BARS, instrument=other).config
    venue = VenueConfig(stop_gap=StopGap.STOP, intrabar=Intrabar.OLHC)
    SessionConfig(market=CombinedMarket(sources=(QUOTES, bars)), account=account, venue=venue)
    usual = VenueConfig(stop_gap=StopGap.OPEN, intrabar=Intrabar.WORST_FIRST)
    SessionConfig(market=QUOTES, account=account, venue=usual)


def test_quotes_may_be_asked_for_where_there_are_some() -> None:
    account = AccountConfig(currency="USD", initial_cash="1")
    market = CombinedMarket(sources=(MINUTES, QUOTES))
    SessionConfig(market=market, account=account, venue=VenueConfig(fill_at=FillAt.QUOTE))
