"""Bands: the prices between which a session sleeps."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.rehearsal import Rehearsal, rehearse

from offbook.domain import commands as c
from offbook.domain import records as r
from offbook.domain.config import AccountType, DailyLoss, RiskConfig
from offbook.domain.market_data import Bar, Quote, Trade
from offbook.domain.orders import OrderRequest, OrderSide, OrderType
from offbook.engine.rows.rows import rows_of
from offbook.engine.wake import UNBOUNDED, Band, Wake
from offbook.testing.markets import XYZ, bars_market, quotes_market, trades_market

BUY, SELL = OrderSide.BUY, OrderSide.SELL
MARGIN = {"type": AccountType.MARGIN, "leverage": "2"}
BAND = Band(ask_falls=90, ask_rises=110, bid_falls=80, bid_rises=105)
CALM = quotes_market([("100", "101")] * 4, instrument=XYZ)


def row_at(rehearsal: Rehearsal, row: int) -> Any:
    """One row of the market as an object."""
    (found,) = rows_of(rehearsal.all_rows.rows(row, row + 1))  # type: ignore[arg-type]  # of one source
    return found


def test_a_quote_is_held_against_all_four_edges() -> None:
    """An edge itself is outside."""
    prices = [(81, 91), (104, 109), (80, 91), (81, 90), (105, 109), (104, 110)]
    market = quotes_market([(f"0.{bid}", f"0.{ask}") for bid, ask in prices[:1]], instrument=XYZ)
    (quote,) = rows_of(market.slices[0])
    assert isinstance(quote, Quote)
    seen = [msgspec.structs.replace(quote, bid_px=bid, ask_px=ask) for bid, ask in prices]
    assert [BAND.is_left_by(one) for one in seen] == [False, False, True, True, True, True]
    assert not UNBOUNDED.is_left_by(quote)


def test_a_print_is_bid_and_ask_and_a_bar_is_its_low_and_high() -> None:
    """Each where it comes nearest to an edge."""
    (trade,) = rows_of(trades_market([("1", "1", "buy")], instrument=XYZ).slices[0])
    assert isinstance(trade, Trade)
    prints = [msgspec.structs.replace(trade, price_px=px) for px in (91, 90, 104, 105)]
    assert [BAND.is_left_by(one) for one in prints] == [False, True, False, True]
    (bar,) = rows_of(bars_market([("1", "1", "1", "1", "1")], instrument=XYZ).slices[0])
    assert isinstance(bar, Bar)
    edges = [(91, 104), (90, 104), (91, 105)]
    bars = [msgspec.structs.replace(bar, low_px=low, high_px=high) for low, high in edges]
    assert [BAND.is_left_by(one) for one in bars] == [False, True, True]


def test_a_wake_concerns_rows_of_its_symbols_and_times() -> None:
    """Bands and every row are of their instrument alone; a time is everybody's."""
    (quote,) = rows_of(CALM.slices[0].rows(0, 1))
    assert not Wake(every_row=frozenset({"ABC"}), bands={"ABC": BAND}).concerns(quote)
    assert Wake(every_row=frozenset({"XYZ"})).concerns(quote)
    assert Wake(bands={"XYZ": Band(ask_falls=10100)}).concerns(quote)
    assert not Wake(bands={"XYZ": Band(ask_falls=10099)}).concerns(quote)
    assert Wake(at=quote.ts).concerns(quote)
    assert not Wake(at=quote.ts + 1).concerns(quote)


ORDERS = [
    (BUY, OrderType.LIMIT, {"price": "99"}, Band(ask_falls=9900)),
    (SELL, OrderType.LIMIT, {"price": "103"}, Band(bid_rises=10300)),
    (BUY, OrderType.STOP, {"stop_px": "105"}, Band(ask_rises=10500)),
    (SELL, OrderType.STOP_LIMIT, {"stop_px": "96", "price": "95"}, Band(bid_falls=9600)),
    (BUY, OrderType.MARKET_IF_TOUCHED, {"stop_px": "97"}, Band(ask_falls=9700)),
    (SELL, OrderType.LIMIT_IF_TOUCHED, {"stop_px": "107", "price": "107"}, Band(bid_rises=10700)),
    (
        SELL,
        OrderType.TRAILING_STOP,
        {"trail_amount": "3"},
        Band(bid_falls=9700, bid_rises=10001),
    ),
    (BUY, OrderType.TRAILING_STOP, {"trail_amount": "3"}, Band(ask_rises=10400, ask_falls=10099)),
]


def sent(rehearsal: Rehearsal, name: str, side: OrderSide, kind: OrderType, parts: Any) -> None:
    """Send an order that has arrived when this returns."""
    order = OrderRequest(
        symbol="XYZ", side=side, order_qty="1", order_type=kind, client_order_id=name, **parts
    )
    rehearsal.take(lambda i: c.SubmitOrder(command_id=i, order=order))
    rehearsal.advance(rehearsal.engine.now)


@pytest.mark.parametrize(("side", "kind", "parts", "band"), ORDERS)
def test_each_kind_of_order_has_its_edge(
    side: OrderSide, kind: OrderType, parts: dict[str, str], band: Band
) -> None:
    """The price at which it trades, is triggered or touched; a trailing stop also follows."""
    rehearsal = rehearse(CALM, account=MARGIN)
    rehearsal.rows(1)
    sent(rehearsal, "A", side, kind, parts)
    assert rehearsal.engine.wake() == Wake(bands={"XYZ": band})
    rehearsal.cancel("A")
    rehearsal.advance(rehearsal.engine.now)
    assert rehearsal.engine.wake() == Wake()


def test_of_several_orders_the_nearest_count() -> None:
    """On every edge by itself."""
    rehearsal = rehearse(CALM, account=MARGIN)
    rehearsal.rows(1)
    for number, (side, kind, parts, _) in enumerate(ORDERS):
        sent(rehearsal, f"A{number}", side, kind, parts)
    nearest = Band(ask_falls=10099, ask_rises=10400, bid_falls=9700, bid_rises=10001)
    assert rehearsal.engine.wake().bands == {"XYZ": nearest}


def test_an_order_that_still_takes_wakes_at_every_row() -> None:
    """The next row says whether it rests."""
    rehearsal = rehearse(quotes_market([("100", "101", "5", "1")] * 3, instrument=XYZ))
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "3", price="101")
    rehearsal.advance(rehearsal.engine.now)
    assert rehearsal.order("A").leaves_qty == "2"
    assert rehearsal.engine.wake() == Wake(every_row=frozenset({"XYZ"}))


def moving(step: int) -> list[tuple[str, str, str, str]]:
    """Enough to trade, twice at 100 and from there a unit with every row."""
    bids = [100, *(100 + step * i for i in range(60))]
    return [(str(bid), f"{bid}.02", "100", "100") for bid in bids]


def until(rehearsal: Rehearsal, happens: Callable[[], Any]) -> int:
    """Feed row by row until something has happened; how many rows were slept through."""
    slept = 0
    while not happens():
        wake, row = rehearsal.engine.wake(), row_at(rehearsal, rehearsal.engine.cursor.row)
        made = rehearsal.rows(1)
        if not wake.concerns(row):
            slept += 1
            assert not made, f"{row} was not asked for"
    return slept


def test_a_margin_account_sleeps_until_a_call_is_near() -> None:
    """1,500.3 bought with 1,000: a quarter of the worth is asked for below 44.4622 a share."""
    rehearsal = rehearse(quotes_market(moving(-1), instrument=XYZ), account=MARGIN, cash="1000")
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "15")
    rehearsal.rows(1)
    slept = until(rehearsal, lambda: rehearsal.of(r.MarginCalled))
    last = row_at(rehearsal, rehearsal.engine.cursor.row - 1)
    assert last.bid_px == 4400
    assert slept == 55


def test_a_short_position_sleeps_below() -> None:
    """It is rising prices that cost."""
    rehearsal = rehearse(quotes_market(moving(1), instrument=XYZ), account=MARGIN, cash="1000")
    rehearsal.rows(1)
    rehearsal.send("A", SELL, "15")
    rehearsal.rows(1)
    slept = until(rehearsal, lambda: rehearsal.of(r.MarginCalled))
    last = row_at(rehearsal, rehearsal.engine.cursor.row - 1)
    # 2,500 is 1.25 times the worth of 15 at 133 1/3.
    assert last.bid_px == 13400
    assert slept == 33


def test_a_limit_on_the_days_loss_sleeps_until_it_is_near() -> None:
    """Ten shares, 200 to be lost: of twenty rows, each one lower, the last wakes."""
    rehearsal = rehearse(
        quotes_market(moving(-1), instrument=XYZ),
        risk=RiskConfig(daily_loss=DailyLoss(amount="200")),
    )
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "10")
    rehearsal.rows(1)
    assert until(rehearsal, lambda: rehearsal.of(r.DailyLossReached)) == 19
    assert rehearsal.engine.cursor.row == 22
