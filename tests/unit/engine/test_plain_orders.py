"""Orders with nothing special are made and shown by a shorter way, which leaves nothing out."""

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from offbook.domain.orders import (
    ContingencyType,
    OrderSide,
    OrderStatus,
    OrderType,
    Origin,
    PegType,
    TimeInForce,
)
from offbook.domain.records import OrderSubmitted
from offbook.domain.values import Amount
from offbook.engine.agenda import Agenda
from offbook.engine.desk.desk import OrderDesk
from offbook.engine.desk.terms import Approval, Market, Terms
from offbook.engine.ledger.folding import order_view
from offbook.engine.ledger.sent_orders import sent_order
from offbook.testing.markets import XYZ

PLAIN = OrderSubmitted(
    7,
    9,
    order=1,
    client_order_id="S-1",
    origin=Origin.OUTSIDE,
    command_id="c",
    symbol="XYZ",
    side=OrderSide.BUY,
    order_type=OrderType.LIMIT,
    time_in_force=TimeInForce.GTC,
    order_qty=5,
    price_px=1_000,
    reduce_only=True,
    reserve_px=1_000,
    reserved=Amount(3),
    reserved_account="cash",
    reserved_currency="USD",
    decision_bid_px=990,
    decision_ask_px=1_001,
    due=10,
)
SPECIAL = {
    "expire_time": 12,
    "post_only": True,
    "order_list_id": "L-1",
    "display_qty": 0,
    "min_qty": 2,
    "extended_hours": True,
}
"""What a LIMIT order may have besides; each sends it the longer way."""


@pytest.mark.parametrize("kind", OrderType)
@pytest.mark.parametrize("name", [None, *SPECIAL])
def test_nothing_of_an_order_is_left_out(kind: OrderType, name: str | None) -> None:
    """Every field that record and order have in common is the same, whatever the order is."""
    more = {} if name is None else {name: SPECIAL[name]}
    if name == "order_list_id":
        more["contingency_type"] = ContingencyType.OCO
    if kind.waits:
        more |= {"stop_px": 1_010, "trail_px": 10, "trail_ratio": 3}
    record = msgspec.structs.replace(PLAIN, order_type=kind, **more)
    order = sent_order(record)
    shared = set(order.__struct_fields__) & set(record.__struct_fields__) - {"reserved"}
    assert len(shared) > 25
    assert {f: getattr(order, f) for f in shared} == {f: getattr(record, f) for f in shared}
    assert (order.submitted_ts, order.sent_ts, order.list_qty) == (9, 9, 5)
    view = order_view(order, XYZ)
    for shown, kept in (("stop_px", "stop_px"), ("trail_amount", "trail_px")):
        assert (getattr(view, shown) is None) == (getattr(order, kept) is None)
    for field in ("expire_time", "post_only", "order_list_id", "contingency_type"):
        assert getattr(view, field) == getattr(order, field)
    assert (view.display_qty, view.min_qty) == (
        None if order.display_qty is None else "0",
        XYZ.qty_text(order.min_qty) if order.min_qty else None,
    )
    assert view.extended_hours == order.extended_hours
    ended = msgspec.structs.replace(order, status=OrderStatus.CANCELED, reason="REQUESTED")
    assert order_view(ended, XYZ).reason == "REQUESTED"


def test_a_pegged_order_has_no_price_of_its_own_yet() -> None:
    record = msgspec.structs.replace(
        PLAIN, order_type=OrderType.PEGGED, peg=PegType.PRIMARY, peg_offset_px=-2
    )
    order = sent_order(record)
    assert (order.price_px, order.cap_px, order.peg, order.peg_offset_px) == (
        None,
        1_000,
        PegType.PRIMARY,
        -2,
    )
    assert order_view(order, XYZ).peg is PegType.PRIMARY


@pytest.mark.parametrize("reduce_only", [True, False])
@pytest.mark.parametrize("time_in_force", [TimeInForce.GTC, TimeInForce.DAY])
def test_the_record_of_an_order_that_leaves_is_its_own(
    time_in_force: TimeInForce, reduce_only: bool
) -> None:
    """It is copied from what such orders have in common, of which no number may be left."""
    expected = msgspec.structs.replace(
        PLAIN,
        side=OrderSide.SELL,
        order_type=OrderType.MARKET,
        time_in_force=time_in_force,
        reduce_only=reduce_only,
    )
    ledger: Any = SimpleNamespace(orders={}, seq=6)
    kernel: Any = SimpleNamespace(ledger=ledger, now=9, reports=False, agenda=Agenda())
    kernel.enter = lambda record: ledger.orders.update({record.order: record})
    terms = Terms(
        symbol="XYZ",
        side=OrderSide.SELL,
        order_type=OrderType.MARKET,
        time_in_force=time_in_force,
        order_qty=5,
        price_px=1_000,
        reduce_only=reduce_only,
        client_order_id="S-1",
        is_plain=True,
    )
    approval = Approval(reserved=3, account="cash", currency="USD", reserve_px=1_000)
    market = Market(bid_px=990, ask_px=1_001)
    OrderDesk(kernel).send(terms, approval, market, Origin.OUTSIDE, "c", due=10)
    assert ledger.orders == {1: expected}
