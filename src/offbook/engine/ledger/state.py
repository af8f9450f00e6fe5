"""The parts of ledger state: one order, one position, one timer."""

from __future__ import annotations

import msgspec

from offbook.domain.order_records import OrderRepegged
from offbook.domain.orders import (
    ContingencyType,
    OrderSide,
    OrderStatus,
    OrderType,
    Origin,
    PegType,
    TimeInForce,
)
from offbook.domain.risk_records import DailyLossReached, DayBegan
from offbook.domain.values import Amount

ZERO = Amount(0)


class OrderState(msgspec.Struct, kw_only=True, gc=False, omit_defaults=True):
    """One order at the venue; prices and quantities in units, money in 10**-18.

    A snapshot holds all of a session's orders, so what is as it was in the beginning is left out.

    ``asked_*`` are the terms of a replace that the venue has not answered yet, else 0.

    In a list: ``parent`` is the order whose trades release this one, ``list_qty`` its quantity as
    sent, of which ``given_qty`` was released, and ``mates_qty`` what other legs have traded.  What
    the OCO legs of a list reserve in one currency they hold together: each shows all of it.
    Where its instrument was split in between, and the list has others, ``list_scale`` is what
    ``list_qty`` counts times by now, ``list_done`` the share of it that had been traded or given by
    the last split, at which that was ``list_since`` (all of them ratios or quantity units).

    ``auction_ts`` is when the auction is (ns UTC) that an accepted order is for.  A pegged order's
    ``price_px`` moves with the market, no further than ``cap_px``; None before it has one.
    """

    ordinal: int
    client_order_id: str
    origin: Origin
    command_id: str | None
    symbol: str
    side: OrderSide
    order_type: OrderType
    time_in_force: TimeInForce
    order_qty: int
    price_px: int | None
    reduce_only: bool
    submitted_ts: int
    status: OrderStatus = OrderStatus.PENDING_NEW
    venue_order_id: str | None = None
    accepted_ts: int | None = None
    sent_ts: int = 0
    expires: int | None = None
    priority: int = 0
    cum_qty: int = 0
    cum_notional: Amount = ZERO
    cum_added: Amount = ZERO
    fees: Amount = ZERO
    fee_accrued: str = "0"
    fee_within: str = "0"
    reserve_px: int = 0
    reserved: Amount = ZERO
    reserved_account: str = ""
    reserved_currency: str = ""
    asked_qty: int = 0
    asked_reserve_px: int = 0
    decision_bid_px: int = 0
    decision_ask_px: int = 0
    stop_px: int | None = None
    trail_px: int | None = None
    trail_ratio: int | None = None
    triggered: bool = False
    expire_time: int | None = None
    post_only: bool = False
    order_list_id: str | None = None
    contingency_type: ContingencyType | None = None
    parent: int | None = None
    held: bool = False
    list_qty: int = 0
    given_qty: int = 0
    mates_qty: int = 0
    list_scale: tuple[int, int] = (1, 1)
    list_done: tuple[int, int] = (0, 1)
    list_since: int = 0
    auction_ts: int | None = None
    display_qty: int | None = None
    min_qty: int = 0
    extended_hours: bool = False
    peg: PegType | None = None
    peg_offset_px: int = 0
    cap_px: int | None = None
    reason: str | None = None

    def move(self, record: OrderRepegged) -> None:
        """The order followed the market."""
        self.price_px, self.priority = record.price_px, record.seq

    @property
    def leaves_qty(self) -> int:
        """What is still open, in quantity units."""
        return 0 if self.status.is_terminal else self.order_qty - self.cum_qty

    @property
    def is_unbounded(self) -> bool:
        """Whether the order may trade at any price."""
        return (self.price_px if self.peg is None else self.cap_px) is None

    @property
    def waits(self) -> bool:
        """Whether the market must still trigger the order."""
        return self.order_type.waits and not self.triggered

    @property
    def is_leg(self) -> bool:
        """Whether the order is one of several that cancel each other."""
        kind = self.contingency_type
        if kind is None:
            return False
        return kind is ContingencyType.OCO or (
            kind is ContingencyType.BRACKET and self.parent is not None
        )


class PositionState(msgspec.Struct, kw_only=True):
    """One netted position, negative when short: ``cost`` (never negative) is what the open quantity
    was bought for, or sold for."""

    qty: int = 0
    cost: Amount = ZERO
    realized: Amount = ZERO


class Amendment(msgspec.Struct, frozen=True, array_like=True, kw_only=True, gc=False):
    """All that a replace can change, complete: the new terms in units. ``stop_px`` is one that
    the user gives; that of a trailing stop follows from the market.

    ``from_qty`` is the quantity when the request was sent: what the venue has restated since then,
    the new quantity is restated by too.
    """

    order_qty: int
    from_qty: int
    price_px: int | None = None
    stop_px: int | None = None
    trail_px: int | None = None
    trail_ratio: int | None = None

    def restated(self, order_qty: int) -> Amendment:
        """The same terms, of which the quantity follows what the order, now of ``order_qty``, was
        restated by while they travelled."""
        drift = order_qty - self.from_qty
        if not drift:
            return self
        return msgspec.structs.replace(self, order_qty=self.order_qty + drift)


class TimerState(msgspec.Struct, kw_only=True):
    """A timer of the strategy."""

    due: int
    every_ns: int | None


class DayState(msgspec.Struct, kw_only=True):
    """The trading day, where its loss is limited: the equity with which it began, None before the
    first, and its loss once that reached the limit."""

    equity: Amount | None = None
    loss: Amount | None = None

    def begin(self, record: DayBegan) -> None:
        """A new day, without a loss."""
        self.equity, self.loss = record.equity, None

    def lose(self, record: DailyLossReached) -> None:
        """The limit was reached."""
        self.loss = record.loss
