"""Orders of one instrument in their turn: which of them reduce a position, and which add to it."""

from __future__ import annotations

from typing import NamedTuple

from offbook.domain.orders import OrderSide
from offbook.engine.ledger.state import OrderState


class Turn(NamedTuple):
    """An order in its turn: its open quantity, and whether it only reduces; orders that cancel each
    other are one ``unit``."""

    ordinal: int
    side: OrderSide
    qty: int
    reduces: bool
    unit: object


def turn_of(order: OrderState, qty: int) -> Turn:
    """An order's turn with so much of it open."""
    unit = order.order_list_id if order.is_leg else order.ordinal
    return Turn(order.ordinal, order.side, qty, order.reduce_only, unit)


def adding(position: int, queue: list[Turn]) -> dict[int, int]:
    """How much each order would add to a position, after the earlier ones reduced it; of those that
    cancel each other, one alone can."""
    room = {OrderSide.BUY: max(-position, 0), OrderSide.SELL: max(position, 0)}
    used: dict[object, int] = {}
    found = {}
    for turn in queue:
        key = (turn.unit, turn.side)
        before = used.get(key, 0)
        reducing = min(turn.qty, room[turn.side] + before)
        room[turn.side] -= max(reducing - before, 0)
        used[key] = max(reducing, before)
        found[turn.ordinal] = 0 if turn.reduces else turn.qty - reducing
    return found
