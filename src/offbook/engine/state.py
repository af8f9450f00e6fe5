"""The parts of ledger state: one order, one position, one timer."""

from __future__ import annotations

import msgspec

from offbook.domain.orders import OrderSide, OrderStatus, OrderType, Origin, TimeInForce
from offbook.domain.values import Amount

ZERO = Amount(0)


class OrderState(msgspec.Struct, kw_only=True):
    """One order at the venue; prices and quantities in units, money in 10**-18.

    ``asked_*`` are the terms of a replace that the venue has not answered yet, else 0.
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
    reserve_px: int = 0
    reserved: Amount = ZERO
    reserved_account: str = ""
    reserved_currency: str = ""
    asked_qty: int = 0
    asked_reserve_px: int = 0
    decision_bid_px: int = 0
    decision_ask_px: int = 0
    reason: str | None = None

    @property
    def leaves_qty(self) -> int:
        """What is still open, in quantity units."""
        return 0 if self.status.is_terminal else self.order_qty - self.cum_qty


class PositionState(msgspec.Struct, kw_only=True):
    """One netted position, negative when short: ``cost`` (never negative) is what the open quantity
    was bought for, or sold for."""

    qty: int = 0
    cost: Amount = ZERO
    realized: Amount = ZERO


class TimerState(msgspec.Struct, kw_only=True):
    """A timer of the strategy."""

    due: int
    every_ns: int | None
