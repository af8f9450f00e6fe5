"""Orders for auctions where the calendar's table ends."""

from __future__ import annotations

import msgspec
from tests.rehearsal import Rehearsal, rehearse

from offbook.domain import commands as c
from offbook.domain.calendars import DAY_NS, TradingCalendar
from offbook.domain.config import AuctionRules
from offbook.domain.orders import OrderRequest, OrderSide, OrderStatus, OrderType, TimeInForce
from offbook.domain.records import OrderAccepted, OrderRejected
from offbook.testing.markets import SECOND, START, XYZ, BuiltMarket, trades_market

CLOSE = START + 300 * SECOND
HOURS = TradingCalendar(
    name="TEST",
    opens=(START, START + 200 * SECOND),
    closes=(START + 100 * SECOND, CLOSE),
)


def in_the_last_session(force: TimeInForce) -> Rehearsal:
    """An order sent there, and time that goes on for two days."""
    times = [START + second * SECOND for second in (0, 1, 210, 211)]
    instrument = msgspec.structs.replace(XYZ, calendar="TEST")
    built = trades_market([("100", "5")] * 4, instrument=instrument, times=times)
    config = msgspec.structs.replace(built.config, columns={"auction": "auction"})
    rules = AuctionRules(open_cutoff_ns=0, close_cutoff_ns=0)
    rehearsal = rehearse(
        BuiltMarket(config=config, slices=built.slices), calendar=HOURS, venue={"auctions": rules}
    )
    rehearsal.rows(3)
    order = OrderRequest(
        symbol="XYZ",
        side=OrderSide.BUY,
        order_qty="5",
        order_type=OrderType.MARKET,
        time_in_force=force,
        client_order_id="a",
    )
    rehearsal.take(lambda name: c.SubmitOrder(command_id=name, order=order))
    rehearsal.rest()
    rehearsal.advance(CLOSE + 2 * DAY_NS)
    return rehearsal


def test_there_is_no_opening_after_the_last_session() -> None:
    """It is refused, where no later one is known."""
    rehearsal = in_the_last_session(TimeInForce.OPG)
    (refused,) = [one for one in rehearsal.records if isinstance(one, OrderRejected)]
    assert (refused.reason.value, refused.limit) == ("NO_AUCTION", "the calendar's last session")


def test_the_last_close_is_awaited_for_a_day() -> None:
    """There is no next opening at which the order could expire."""
    rehearsal = in_the_last_session(TimeInForce.CLS)
    (accepted,) = [one for one in rehearsal.records if isinstance(one, OrderAccepted)]
    assert (accepted.auction_ts, accepted.expires) == (CLOSE, CLOSE + DAY_NS)
    assert rehearsal.order("a").order_status is OrderStatus.EXPIRED
