"""Orders in FIX terms: what can be asked for, and how it is shown."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import msgspec

from offbook.domain.named import Named


class OrderSide(Named):
    """FIX Side (54)."""

    BUY = "BUY"
    SELL = "SELL"

    @cached_property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is OrderSide.BUY else -1

    @cached_property
    def opposite(self) -> OrderSide:
        """The other side."""
        return OrderSide.SELL if self is OrderSide.BUY else OrderSide.BUY


BUY: Final = OrderSide.BUY
SELL: Final = OrderSide.SELL
"""For what is asked for every order, as of ``SessionStatus``; so are those of other kinds below."""


class OrderType(Named):
    """FIX OrdType (40); FIX writes a trailing stop as a pegged stop, which is spelled out here."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP = "STOP"
    STOP_LIMIT = "STOP_LIMIT"
    MARKET_IF_TOUCHED = "MARKET_IF_TOUCHED"
    LIMIT_IF_TOUCHED = "LIMIT_IF_TOUCHED"
    TRAILING_STOP = "TRAILING_STOP"
    PEGGED = "PEGGED"

    @cached_property
    def has_limit(self) -> bool:
        """Whether the order has a limit price."""
        return self is OrderType.LIMIT or self in (
            OrderType.STOP_LIMIT,
            OrderType.LIMIT_IF_TOUCHED,
        )

    @cached_property
    def has_stop(self) -> bool:
        """Whether the user gives a trigger price."""
        return self.waits and self is not OrderType.TRAILING_STOP

    @cached_property
    def waits(self) -> bool:
        """Whether the order does nothing before the market triggers it."""
        return self not in (OrderType.MARKET, OrderType.LIMIT, OrderType.PEGGED)

    @cached_property
    def is_touched(self) -> bool:
        """Whether it waits for a better price (a stop waits for a worse one)."""
        return self in (OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED)


TRAILING_STOP: Final = OrderType.TRAILING_STOP


class PegType(Named):
    """What a PEGGED order follows (FIX ExecInst 18: R, P, M): the best price of its own side, that
    of the other side, or the middle of both."""

    PRIMARY = "PRIMARY"
    MARKET = "MARKET"
    MIDPOINT = "MIDPOINT"


class TimeInForce(Named):
    """FIX TimeInForce (59). GTX, which FIX lists here, is ``post_only`` and goes with any.

    OPG and CLS are for the opening and the closing auction alone: a MARKET order with them is
    market-on-open or market-on-close (MOO, MOC), a LIMIT order limit-on-open or limit-on-close.
    """

    GTC = "GTC"
    DAY = "DAY"
    IOC = "IOC"
    FOK = "FOK"
    GTD = "GTD"
    OPG = "OPG"
    CLS = "CLS"

    @cached_property
    def is_auction(self) -> bool:
        """Whether it is for an auction alone: at the opening, or at the close."""
        return self is TimeInForce.OPG or self is TimeInForce.CLS

    @cached_property
    def is_immediate(self) -> bool:
        """Whether what cannot trade at once is canceled."""
        return self is TimeInForce.IOC or self is TimeInForce.FOK


DAY: Final = TimeInForce.DAY


class OrderStatus(Named):
    """FIX OrdStatus (39), with DENIED for the refusal of our own risk checks.

    HELD, which FIX does not know, is an order of a group that the venue has and does not work yet,
    for its parent has not traded.
    """

    PENDING_NEW = "PENDING_NEW"
    HELD = "HELD"
    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    PENDING_CANCEL = "PENDING_CANCEL"
    PENDING_REPLACE = "PENDING_REPLACE"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    DENIED = "DENIED"

    @cached_property
    def is_terminal(self) -> bool:
        """Whether nothing can happen to the order any more."""
        return self in _ENDED


_ENDED = (
    OrderStatus.FILLED,
    OrderStatus.CANCELED,
    OrderStatus.EXPIRED,
    OrderStatus.REJECTED,
    OrderStatus.DENIED,
)


class ExecType(Named):
    """FIX ExecType (150): why a report exists. DENIED is ours, FILL a TRADE with nothing left,
    TRIGGERED is FIX's TRIGGERED_OR_ACTIVATED_BY_SYSTEM, HELD a NEW that does not work yet."""

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
    TRIGGERED = "TRIGGERED"
    HELD = "HELD"
    RESTATED = "RESTATED"


class Liquidity(Named):
    """FIX LastLiquidityInd (851)."""

    ADDED = "ADDED"
    REMOVED = "REMOVED"


class RejectReason(Named):
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
    DAILY_LOSS = "DAILY_LOSS"
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
    WOULD_TAKE = "WOULD_TAKE"
    STALE_MARKET_DATA = "STALE_MARKET_DATA"
    SELF_MATCH = "SELF_MATCH"
    EXPIRE_TIME_PASSED = "EXPIRE_TIME_PASSED"
    ALREADY_TRIGGERED = "ALREADY_TRIGGERED"
    ORDER_LIST_REFUSED = "ORDER_LIST_REFUSED"
    CORPORATE_ACTION = "CORPORATE_ACTION"
    SYMBOL_ENDED = "SYMBOL_ENDED"
    NOT_BORROWABLE = "NOT_BORROWABLE"
    UNSETTLED = "UNSETTLED"
    NO_AUCTION = "NO_AUCTION"
    AUCTION_CUTOFF = "AUCTION_CUTOFF"
    HALTED = "HALTED"
    NO_EXTENDED_HOURS = "NO_EXTENDED_HOURS"
    NO_PEG_PRICE = "NO_PEG_PRICE"
    MINIMUM_EQUITY = "MINIMUM_EQUITY"
    MARKET_CLOSED = "MARKET_CLOSED"
    PRICE_BAND = "PRICE_BAND"


class CancelReason(Named):
    """Why an order ended as CANCELED or EXPIRED."""

    REQUESTED = "REQUESTED"
    PAUSED = "PAUSED"
    STOPPED = "STOPPED"
    IOC = "IOC"
    FOK = "FOK"
    DAY_END = "DAY_END"
    EXPIRE_TIME = "EXPIRE_TIME"
    NOT_REDUCING = "NOT_REDUCING"
    COLLAR_EXCEEDED = "COLLAR_EXCEEDED"
    INSUFFICIENT_BUYING_POWER = "INSUFFICIENT_BUYING_POWER"
    INSUFFICIENT_HOLDINGS = "INSUFFICIENT_HOLDINGS"
    MARGIN_CALL = "MARGIN_CALL"
    LIQUIDATED = "LIQUIDATED"
    OCO = "OCO"
    PARENT_ENDED = "PARENT_ENDED"
    EXIT_FILLED = "EXIT_FILLED"
    WOULD_TAKE = "WOULD_TAKE"
    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    CORPORATE_ACTION = "CORPORATE_ACTION"
    CONTRACT_EXPIRED = "CONTRACT_EXPIRED"
    SELF_MATCH = "SELF_MATCH"
    AUCTION_OVER = "AUCTION_OVER"
    AUCTION_CUTOFF = "AUCTION_CUTOFF"
    NO_AUCTION_PRICE = "NO_AUCTION_PRICE"


class Auction(Named):
    """What a print is the official price of, where the recording tells it."""

    OPENING = "opening"
    CLOSING = "closing"
    REOPENING = "reopening"


class ContingencyType(Named):
    """FIX ContingencyType (1385): how the orders of a list depend on one another.

    OCO: one cancels the other.  OTO: the first, the parent, triggers the others.  BRACKET: the
    first is an entry that triggers its exits, which are OCO of one another and only reduce.
    """

    OCO = "OCO"
    OTO = "OTO"
    BRACKET = "BRACKET"


class Origin(Named):
    """Who sent an order; a liquidation is the venue's, after a margin call."""

    STRATEGY = "strategy"
    OUTSIDE = "outside"
    FLATTEN = "flatten"
    LIQUIDATION = "liquidation"


STRATEGY: Final = Origin.STRATEGY
OUTSIDE: Final = Origin.OUTSIDE
LIQUIDATION: Final = Origin.LIQUIDATION


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """A new order as a user writes it; values exact, never float.

    ``price`` is the limit of LIMIT, STOP_LIMIT and LIMIT_IF_TOUCHED, ``stop_px`` the trigger of
    every type that waits; a TRAILING_STOP takes ``trail_amount`` (a distance in price) or
    ``trail_percent`` (of the best price seen) instead.  ``expire_time`` (ns UTC) goes with GTD.
    ``post_only`` is for LIMIT: rejected if it would take.  ``client_order_id`` is made by the
    session when it is absent.

    ``display_qty`` (FIX DisplayQty 1138, MaxFloor 111) is how much of a LIMIT that rests is shown:
    an iceberg, or with ``"0"`` a hidden order.  ``min_qty`` (FIX MinQty 110) is the least that may
    trade at once; it is for IOC and hidden orders.  ``extended_hours`` lets a LIMIT take part
    before the opening and after the close too.

    A PEGGED order follows ``peg`` at ``peg_offset`` (FIX PegOffsetValue 211: signed, added to what
    is followed); ``price`` is then the worst price that it goes to.
    """

    symbol: str
    side: OrderSide
    order_qty: str
    order_type: OrderType = OrderType.MARKET
    price: str | None = None
    stop_px: str | None = None
    trail_amount: str | None = None
    trail_percent: str | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    expire_time: int | None = None
    reduce_only: bool = False
    post_only: bool = False
    client_order_id: str | None = None
    display_qty: str | msgspec.UnsetType = msgspec.UNSET
    min_qty: str | msgspec.UnsetType = msgspec.UNSET
    extended_hours: bool | msgspec.UnsetType = msgspec.UNSET
    peg: PegType | msgspec.UnsetType = msgspec.UNSET
    peg_offset: str | msgspec.UnsetType = msgspec.UNSET


class ReplaceRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New terms for a working order; what is None stays. ``order_qty`` is the new total.

    ``stop_px`` and the trail can change until the order is triggered; a trail of one kind takes
    the place of one of the other.
    """

    order_qty: str | None = None
    price: str | None = None
    stop_px: str | None = None
    trail_amount: str | None = None
    trail_percent: str | None = None


class OrderListRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Orders that depend on one another (FIX NewOrderList), sent in one message; see
    ``ContingencyType``. ``order_list_id`` is made by the session when it is absent."""

    contingency_type: ContingencyType
    orders: tuple[OrderRequest, ...]
    order_list_id: str | None = None


class OrderView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One order as it stands, for whoever asks: immutable, quantities and prices as text.

    ``order_id`` is the venue's id, None before it accepted. ``avg_px`` is None before a fill.
    ``stop_px`` of a trailing stop is where it stood when it was accepted, replaced or, once
    ``triggered``, triggered; in between it moves with the market.  ``reason`` says why a terminal
    order ended without being filled.
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
    stop_px: str | None = None
    trail_amount: str | None = None
    trail_percent: str | None = None
    triggered: bool = False
    expire_time: int | None = None
    post_only: bool = False
    order_list_id: str | None = None
    contingency_type: ContingencyType | None = None
    reason: str | None = None
    text: str = ""
    display_qty: str | None = None
    min_qty: str | None = None
    extended_hours: bool = False
    peg: PegType | None = None
    peg_offset: str | None = None
