"""Orders in FIX terms, and the table of what may happen to one.

Rule 1: everything that changes an order's status stands in ``ORDER_TRANSITIONS``; a trigger that
is not listed raises and changes nothing.  Rule 2: the terminal states list nothing.
"""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from offbook.domain.errors import EngineFault


class OrderSide(enum.Enum):
    """FIX Side (54)."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is OrderSide.BUY else -1

    @property
    def opposite(self) -> OrderSide:
        """The other side."""
        return OrderSide.SELL if self is OrderSide.BUY else OrderSide.BUY


class OrderType(enum.Enum):
    """FIX OrdType (40)."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"


class TimeInForce(enum.Enum):
    """FIX TimeInForce (59)."""

    GTC = "GTC"
    DAY = "DAY"
    IOC = "IOC"


class OrderStatus(enum.Enum):
    """FIX OrdStatus (39), with DENIED for the refusal of our own risk checks."""

    PENDING_NEW = "PENDING_NEW"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    PENDING_CANCEL = "PENDING_CANCEL"
    PENDING_REPLACE = "PENDING_REPLACE"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    DENIED = "DENIED"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing can happen to the order any more."""
        return self in TERMINAL_STATUSES


class ExecType(enum.Enum):
    """FIX ExecType (150): why a report exists. DENIED is ours, FILL a TRADE with nothing left."""

    DENIED = "DENIED"
    NEW = "NEW"
    REJECTED = "REJECTED"
    TRADE = "TRADE"
    FILL = "FILL"
    PENDING_CANCEL = "PENDING_CANCEL"
    CANCELED = "CANCELED"
    CANCEL_REJECTED = "CANCEL_REJECTED"
    PENDING_REPLACE = "PENDING_REPLACE"
    REPLACED = "REPLACED"
    REPLACE_REJECTED = "REPLACE_REJECTED"
    EXPIRED = "EXPIRED"


class Liquidity(enum.Enum):
    """FIX LastLiquidityInd (851)."""

    ADDED = "ADDED"
    REMOVED = "REMOVED"


class RejectReason(enum.Enum):
    """Why an order, a cancel or a replace was denied by our risk or rejected by the venue."""

    INSUFFICIENT_BUYING_POWER = "INSUFFICIENT_BUYING_POWER"
    INSUFFICIENT_HOLDINGS = "INSUFFICIENT_HOLDINGS"
    MAX_ORDER_NOTIONAL = "MAX_ORDER_NOTIONAL"
    MAX_POSITION_NOTIONAL = "MAX_POSITION_NOTIONAL"
    MAX_OPEN_ORDERS = "MAX_OPEN_ORDERS"
    MAX_ORDER_QTY = "MAX_ORDER_QTY"
    MAX_POSITION_QTY = "MAX_POSITION_QTY"
    ORDER_RATE = "ORDER_RATE"
    PRICE_COLLAR = "PRICE_COLLAR"
    SYMBOL_NOT_ALLOWED = "SYMBOL_NOT_ALLOWED"
    SIDE_NOT_ALLOWED = "SIDE_NOT_ALLOWED"
    NO_MARKET_DATA = "NO_MARKET_DATA"
    NOT_REDUCING = "NOT_REDUCING"
    SESSION_NOT_TRADING = "SESSION_NOT_TRADING"
    DUPLICATE_CLIENT_ORDER_ID = "DUPLICATE_CLIENT_ORDER_ID"
    TICK_SIZE = "TICK_SIZE"
    LOT_SIZE = "LOT_SIZE"
    MIN_NOTIONAL = "MIN_NOTIONAL"
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    ORDER_CLOSED = "ORDER_CLOSED"
    QTY_BELOW_FILLED = "QTY_BELOW_FILLED"
    REQUEST_PENDING = "REQUEST_PENDING"
    PRICE_NEEDED = "PRICE_NEEDED"
    NO_RATE = "NO_RATE"
    MARGIN_CALL = "MARGIN_CALL"
    LIQUIDATION_ORDER = "LIQUIDATION_ORDER"


class CancelReason(enum.Enum):
    """Why an order ended as CANCELED or EXPIRED."""

    REQUESTED = "REQUESTED"
    PAUSED = "PAUSED"
    STOPPED = "STOPPED"
    IOC = "IOC"
    DAY_END = "DAY_END"
    NOT_REDUCING = "NOT_REDUCING"
    COLLAR_EXCEEDED = "COLLAR_EXCEEDED"
    INSUFFICIENT_BUYING_POWER = "INSUFFICIENT_BUYING_POWER"
    INSUFFICIENT_HOLDINGS = "INSUFFICIENT_HOLDINGS"
    MARGIN_CALL = "MARGIN_CALL"
    LIQUIDATED = "LIQUIDATED"


class Origin(enum.Enum):
    """Who sent an order; a liquidation is the venue's, after a margin call."""

    STRATEGY = "strategy"
    OUTSIDE = "outside"
    FLATTEN = "flatten"
    LIQUIDATION = "liquidation"


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new order as a user writes it; values exact, never float.

    ``price`` is needed for LIMIT and forbidden for MARKET.  ``client_order_id`` is made by the
    session when it is absent.
    """

    symbol: str
    side: OrderSide
    order_qty: str
    order_type: OrderType = OrderType.MARKET
    price: str | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False
    client_order_id: str | None = None


class ReplaceRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New terms for a working order; what is None stays. ``order_qty`` is the new total."""

    order_qty: str | None = None
    price: str | None = None


class _Working(enum.Enum):
    """Stands in the table for "NEW, or PARTIALLY_FILLED once something has traded"."""

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
    },
    _S.NEW: {
        _X.TRADE: _S.PARTIALLY_FILLED,
        _X.FILL: _S.FILLED,
        _X.PENDING_CANCEL: _S.PENDING_CANCEL,
        _X.PENDING_REPLACE: _S.PENDING_REPLACE,
        _X.CANCELED: _S.CANCELED,
        _X.EXPIRED: _S.EXPIRED,
    },
    _S.PARTIALLY_FILLED: {
        _X.TRADE: _S.PARTIALLY_FILLED,
        _X.FILL: _S.FILLED,
        _X.PENDING_CANCEL: _S.PENDING_CANCEL,
        _X.PENDING_REPLACE: _S.PENDING_REPLACE,
        _X.CANCELED: _S.CANCELED,
        _X.EXPIRED: _S.EXPIRED,
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


def next_status(status: OrderStatus, exec_type: ExecType, cum_qty: int) -> OrderStatus:
    """The status after a report. Raises EngineFault, changing nothing, when the table has none.

    ``cum_qty`` (quantity units, after the report) decides what a rejected cancel or a finished
    replace returns to.
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
    return OrderStatus.PARTIALLY_FILLED if cum_qty > 0 else OrderStatus.NEW


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """One order as it stands, for whoever asks: immutable, quantities and prices as text.

    ``order_id`` is the venue's id, None before it accepted. ``avg_px`` is None before a fill.
    ``reason`` says why a terminal order ended without being filled.
    """

    client_order_id: str
    order_id: str | None
    symbol: str
    side: OrderSide
    order_type: OrderType
    time_in_force: TimeInForce
    order_status: OrderStatus
    order_qty: str
    cum_qty: str
    leaves_qty: str
    price: str | None
    avg_px: str | None
    fees: str
    reduce_only: bool
    submitted_ts: int
    reason: str | None = None
    text: str = ""
