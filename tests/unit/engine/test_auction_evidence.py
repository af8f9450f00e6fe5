"""What fills in auctions show as their evidence."""

from __future__ import annotations

from tests.rehearsal import rehearse

from offbook.domain.calendars import TradingCalendar
from offbook.domain.commands import SubmitOrder
from offbook.domain.config import AuctionRules, BarPrices
from offbook.domain.orders import OrderRequest, OrderSide, TimeInForce
from offbook.engine.inputs import Take
from offbook.testing.markets import MINUTE, START, XYZ, bars_market


def test_at_closes_alone_an_auction_shows_its_bar_as_it_came() -> None:
    """What a fill shows as its evidence is the row, whatever orders see of it."""
    hours = TradingCalendar(
        name="MADE", opens=(START, START + 9 * MINUTE), closes=(START + 2 * MINUTE, 2 * START)
    )
    at_once = AuctionRules(open_cutoff_ns=0, close_cutoff_ns=0)
    rules = {"bar_prices": BarPrices.CLOSE, "volume_share": "1", "auctions": at_once}
    bars = [
        ("100", "101", "99", "100.50", "1000"),
        ("102", "110", "95", "104", "1000"),
        ("105", "106", "103", "103.50", "1000"),
    ]
    rehearsal = rehearse(bars_market(bars, instrument=XYZ), calendar=hours, venue=rules)
    rehearsal.rows(1)
    order = OrderRequest(
        symbol="XYZ", side=OrderSide.BUY, order_qty="10", time_in_force=TimeInForce.CLS
    )
    command = SubmitOrder(command_id="c1", order=order)
    rehearsal.feed(Take(command=command, ts=rehearsal.engine.now))
    rehearsal.rows(1)
    (fill,) = rehearsal.fills
    seen = fill.evidence
    assert (seen.open_px, seen.high_px, seen.low_px) == (10_200, 11_000, 9_500)
    assert fill.last_px == seen.close_px == 10_400
