"""Examples of what happens to orders that wait, and to those of lists."""

from __future__ import annotations

from typing import Any

from offbook.domain import commands as c
from offbook.domain import records as r
from offbook.domain.orders import ContingencyType, OrderListRequest, OrderRequest, OrderSide
from offbook.domain.record_parts import Evidence, OrderFields, RecordBase, TriggerFields
from offbook.domain.records import Record
from offbook.domain.values import Amount
from offbook.testing.markets import START

BASES: set[type[Any]] = {RecordBase, TriggerFields, OrderFields}
_SELL = OrderRequest(symbol="BTCUSDT", side=OrderSide.SELL, order_qty="1")
SUBMIT_LIST = c.SubmitOrderList(
    command_id="c9",
    orders=OrderListRequest(contingency_type=ContingencyType.OCO, orders=(_SELL, _SELL)),
)
ORDER_EXAMPLES: list[Record] = [
    r.OrderTriggered(
        29,
        START,
        order=1,
        stop_px=10_050,
        evidence=Evidence(
            row=7,
            row_ts=START,
            model="top-of-book.1",
            rule="ask reached the trigger price",
            available_qty=30,
            bid_px=10_049,
            ask_px=10_050,
            bid_qty=20,
            ask_qty=30,
        ),
        due=START + 5,
    ),
    r.OrderRestated(
        30,
        START,
        order=1,
        order_qty=3,
        given_qty=4,
        mates_qty=1,
        released=True,
        reserve_px=9900,
        reserved=Amount.parse("0.3"),
        due=START + 5,
        stop_px=9800,
    ),
]
