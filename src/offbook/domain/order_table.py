"""The table of what may happen to an order.

Rule 1: everything that changes an order's status stands in ``ORDER_TRANSITIONS``; a trigger that
is not listed raises and changes nothing.  Rule 2: the terminal states list nothing.
"""

from __future__ import annotations

import enum
from typing import Final

from offbook.domain.errors import EngineFault
from offbook.domain.orders import ExecType, OrderStatus


class _Working(enum.Enum):
    """Stands in the table for "HELD, else NEW, or PARTIALLY_FILLED once something traded"."""

    BY_CUM_QTY = "by_cum_qty"


WORKING: Final = _Working.BY_CUM_QTY

_S = OrderStatus
_X = ExecType
ORDER_TRANSITIONS: Final[dict[OrderStatus, dict[ExecType, OrderStatus | _Working]]] = {
    _S.PENDING_NEW: {
        _X.NEW: _S.NEW,
        _X.REJECTED: _S.REJECTED,
        _X.DENIED: _S.DENIED,
        _X.PENDING_CANCEL: _S.PENDING_CANCEL,
        _X.PENDING_REPLACE: _S.PENDING_REPLACE,
        _X.CANCELED: _S.CANCELED,
        _X.HELD: _S.HELD,
    },
    _S.HELD: {
        _X.RESTATED: _S.NEW,
        _X.PENDING_CANCEL: _S.PENDING_CANCEL,
        _X.PENDING_REPLACE: _S.PENDING_REPLACE,
        _X.CANCELED: _S.CANCELED,
        _X.EXPIRED: _S.EXPIRED,
    },
    _S.NEW: {
        _X.TRADE: _S.PARTIALLY_FILLED,
        _X.FILL: _S.FILLED,
        _X.PENDING_CANCEL: _S.PENDING_CANCEL,
        _X.PENDING_REPLACE: _S.PENDING_REPLACE,
        _X.CANCELED: _S.CANCELED,
        _X.EXPIRED: _S.EXPIRED,
        _X.TRIGGERED: _S.NEW,
        _X.RESTATED: _S.NEW,
    },
    _S.PARTIALLY_FILLED: {
        _X.TRADE: _S.PARTIALLY_FILLED,
        _X.FILL: _S.FILLED,
        _X.PENDING_CANCEL: _S.PENDING_CANCEL,
        _X.PENDING_REPLACE: _S.PENDING_REPLACE,
        _X.CANCELED: _S.CANCELED,
        _X.EXPIRED: _S.EXPIRED,
        _X.RESTATED: _S.PARTIALLY_FILLED,
    },
    _S.PENDING_CANCEL: {
        _X.NEW: _S.PENDING_CANCEL,
        _X.REJECTED: _S.REJECTED,
        _X.TRADE: _S.PENDING_CANCEL,
        _X.FILL: _S.FILLED,
        _X.REPLACED: _S.PENDING_CANCEL,
        _X.REPLACE_REJECTED: _S.PENDING_CANCEL,
        _X.CANCELED: _S.CANCELED,
        _X.CANCEL_REJECTED: WORKING,
        _X.EXPIRED: _S.EXPIRED,
        _X.TRIGGERED: _S.PENDING_CANCEL,
        _X.HELD: _S.PENDING_CANCEL,
        _X.RESTATED: _S.PENDING_CANCEL,
    },
    _S.PENDING_REPLACE: {
        _X.NEW: _S.PENDING_REPLACE,
        _X.REJECTED: _S.REJECTED,
        _X.TRADE: _S.PENDING_REPLACE,
        _X.FILL: _S.FILLED,
        _X.PENDING_CANCEL: _S.PENDING_CANCEL,
        _X.REPLACED: WORKING,
        _X.REPLACE_REJECTED: WORKING,
        _X.CANCELED: _S.CANCELED,
        _X.EXPIRED: _S.EXPIRED,
        _X.TRIGGERED: _S.PENDING_REPLACE,
        _X.HELD: _S.PENDING_REPLACE,
        _X.RESTATED: _S.PENDING_REPLACE,
    },
    _S.FILLED: {},
    _S.CANCELED: {},
    _S.EXPIRED: {},
    _S.REJECTED: {},
    _S.DENIED: {},
}

TERMINAL_STATUSES: Final = frozenset(
    status for status, triggers in ORDER_TRANSITIONS.items() if not triggers
)


def next_status(
    status: OrderStatus, exec_type: ExecType, cum_qty: int, *, held: bool = False
) -> OrderStatus:
    """The status after a report. Raises EngineFault, changing nothing, when the table has none.

    ``cum_qty`` (quantity units, after the report) and whether the order is ``held`` decide what a
    rejected cancel or a finished replace returns to.
    """
    target = ORDER_TRANSITIONS[status].get(exec_type)
    if target is None:
        raise EngineFault(
            f"an order that is {status.value} cannot take {exec_type.value}",
            reason="order_transition",
            status=status.value,
            exec_type=exec_type.value,
        )
    if isinstance(target, OrderStatus):
        return target
    if held:
        return OrderStatus.HELD
    return OrderStatus.PARTIALLY_FILLED if cum_qty > 0 else OrderStatus.NEW
