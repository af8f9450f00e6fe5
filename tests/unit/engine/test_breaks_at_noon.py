"""A market that rests at noon: nobody trades in the break, and the day goes on after it."""

from __future__ import annotations

import pytest
from tests.rehearsal import rehearse

from offbook.domain.calendars import TradingCalendar
from offbook.domain.config import LatencyConfig
from offbook.domain.orders import OrderSide, OrderStatus, TimeInForce
from offbook.domain.records import OrderExpired, OrderFilled
from offbook.testing.markets import SECOND, START, XYZ, quotes_market

NOON = TradingCalendar(
    name="XTKS",
    opens=(START, START + 60 * SECOND),
    closes=(START + 40 * SECOND, START + 90 * SECOND),
    break_starts=(START + 10 * SECOND,),
    break_ends=(START + 20 * SECOND,),
)
QUOTES = [(str(100 + i), str(101 + i), "5", "5") for i in range(50)]
BUY = OrderSide.BUY


@pytest.mark.parametrize("step", [1, 7, 50])
def test_orders_wait_over_the_break_and_a_day_order_lasts_till_the_close(step: int) -> None:
    """However the rows come: what is sent in the break trades at the first row after it."""
    rehearsal = rehearse(
        quotes_market(QUOTES, instrument=XYZ),
        calendar=NOON,
        latency=LatencyConfig(entry_ns=0, response_ns=0),
    )
    rehearsal.rows(5)
    rehearsal.send("day", BUY, "1", "50", tif=TimeInForce.DAY)
    rehearsal.rows(8)
    rehearsal.send("noon", BUY, "1")
    for _ in range(0, 50, step):
        rehearsal.rows(step)
    rehearsal.rest()
    fills = [one for one in rehearsal.records if isinstance(one, OrderFilled)]
    expired = [one for one in rehearsal.records if isinstance(one, OrderExpired)]
    assert [fill.ts - START for fill in fills] == [20 * SECOND]
    assert [one.ts - START for one in expired] == [40 * SECOND]
    assert rehearsal.order("noon").order_status is OrderStatus.FILLED
    assert rehearsal.order("day").order_status is OrderStatus.EXPIRED
