"""Orders as their first record tells them, and what the outside sent under which id."""

from __future__ import annotations

from typing import Final

import msgspec

from offbook.domain import records as r
from offbook.domain.commands import (
    Command,
    SubmitOrder,
    SubmitOrderList,
    new_orders,
    order_body,
)
from offbook.domain.orders import OrderType
from offbook.engine.ledger.state import OrderState

_PLAIN: Final = (OrderType.LIMIT, OrderType.MARKET)


def bodies_of(command: Command) -> dict[str, str]:
    """What a command sends under each client order id that it names, as digests."""
    if isinstance(command, SubmitOrder):
        name = command.order.client_order_id
        return {} if name is None else {name: order_body(command)}
    if not isinstance(command, SubmitOrderList):
        return {}
    given = [order.client_order_id for order in new_orders(command)]
    names = [name for name in given if name is not None]
    return dict.fromkeys(names, order_body(command)) if names else {}


def sent_order(record: r.OrderSubmitted) -> OrderState:
    """An order that has left."""
    order = OrderState(
        ordinal=record.order,
        client_order_id=record.client_order_id,
        origin=record.origin,
        command_id=record.command_id,
        symbol=record.symbol,
        side=record.side,
        order_type=record.order_type,
        time_in_force=record.time_in_force,
        order_qty=record.order_qty,
        price_px=record.price_px,
        reduce_only=record.reduce_only,
        submitted_ts=record.ts,
        sent_ts=record.ts,
        reserved_account=record.reserved_account,
        reserved_currency=record.reserved_currency,
    )
    # More than 15 arguments with names go by way of a dictionary, which takes as long again.
    order.reserve_px, order.list_qty = record.reserve_px, record.order_qty
    order.decision_bid_px = record.decision_bid_px
    order.decision_ask_px = record.decision_ask_px
    return order if _is_plain(record) else _with_more(order, record)


def _is_plain(record: r.OrderSubmitted) -> bool:
    """Whether an order has nothing that others have not, as most."""
    return (
        record.order_type in _PLAIN
        and record.expire_time is None
        and record.order_list_id is None
        and record.display_qty is None
        and not (record.post_only or record.min_qty or record.extended_hours)
    )


def _with_more(order: OrderState, record: r.OrderSubmitted) -> OrderState:
    """With what few orders have."""
    return msgspec.structs.replace(
        order,
        price_px=record.price_px if record.peg is None else None,
        stop_px=record.stop_px,
        trail_px=record.trail_px,
        trail_ratio=record.trail_ratio,
        expire_time=record.expire_time,
        post_only=record.post_only,
        order_list_id=record.order_list_id,
        contingency_type=record.contingency_type,
        display_qty=record.display_qty,
        min_qty=record.min_qty,
        extended_hours=record.extended_hours,
        peg=record.peg,
        peg_offset_px=record.peg_offset_px,
        cap_px=None if record.peg is None else record.price_px,
    )


def denied_order(record: r.OrderDenied) -> OrderState:
    """An order that never left."""
    return OrderState(
        ordinal=record.order,
        client_order_id=record.client_order_id,
        origin=record.origin,
        command_id=record.command_id,
        symbol=record.symbol,
        side=record.side,
        order_type=record.order_type,
        time_in_force=record.time_in_force,
        order_qty=record.order_qty,
        price_px=record.price_px if record.peg is None else None,
        reduce_only=False,
        submitted_ts=record.ts,
        stop_px=record.stop_px,
        trail_px=record.trail_px,
        trail_ratio=record.trail_ratio,
        expire_time=record.expire_time,
        post_only=record.post_only,
        order_list_id=record.order_list_id,
        contingency_type=record.contingency_type,
        list_qty=record.order_qty,
        reason=record.reason.value,
        display_qty=record.display_qty,
        min_qty=record.min_qty,
        extended_hours=record.extended_hours,
        peg=record.peg,
        peg_offset_px=record.peg_offset_px,
        cap_px=None if record.peg is None else record.price_px,
    )
