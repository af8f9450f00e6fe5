"""What a strategy knows: its orders, positions and cash as reported to it.

Reports travel from the venue with a delay; until one arrives, the strategy's view is what it was.
The truth is in the ledger; this view follows it as late as it would in a real market.
"""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Final

import msgspec

from offbook.domain.errors import OrderNotFound
from offbook.domain.instruments import Instrument
from offbook.domain.order_table import next_status
from offbook.domain.orders import (
    ContingencyType,
    ExecType,
    Liquidity,
    OrderSide,
    OrderStatus,
    OrderType,
    TimeInForce,
)
from offbook.domain.values import Amount, Price, Quantity
from offbook.engine.account.accounts import HOLDINGS
from offbook.engine.agenda import AccountArrives, ReportArrives, ReservesArrive
from offbook.engine.ledger.event_state import add_unpaid
from offbook.engine.ledger.state import ZERO, OrderState
from offbook.engine.venue.triggers import percent_text

_TELLS_STOP: Final = frozenset(
    {ExecType.NEW, ExecType.HELD, ExecType.REPLACED, ExecType.TRIGGERED, ExecType.RESTATED}
)
_TRADES: Final = frozenset({ExecType.TRADE, ExecType.FILL})
_AVERAGES: Final = Context(prec=28)
"""A context of its own: what other code sets for its decimals changes no average."""


class OrderUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """An order as reported: why this report came (``exec_type``) and where the order stands.

    ``ts`` is when the report reached the strategy. ``cum_notional`` is the exact value traded.
    ``stop_px`` of a trailing stop is where the last report found it.
    """

    ts: int
    client_order_id: str
    symbol: str
    side: OrderSide
    order_type: OrderType
    time_in_force: TimeInForce
    exec_type: ExecType | None
    order_status: OrderStatus
    order_qty: Quantity
    cum_qty: Quantity
    price: Price | None
    cum_notional: Amount
    reason: str | None
    stop_px: Price | None = None
    trail_amount: Price | None = None
    trail_percent: str | None = None
    triggered: bool = False
    expire_time: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    order_list_id: str | None = None
    contingency_type: ContingencyType | None = None
    instrument: Instrument | None = None

    @property
    def leaves_qty(self) -> Quantity:
        """What is still open."""
        open_units = 0 if self.is_closed else self.order_qty.units - self.cum_qty.units
        return Quantity(open_units, self.order_qty.precision)

    @property
    def is_closed(self) -> bool:
        """Whether nothing can happen to the order any more."""
        return self.order_status.is_terminal

    @property
    def avg_px(self) -> Decimal | None:
        """Average price of what was filled, or None before a fill; rounded to 28 digits."""
        if not self.cum_qty.units:
            return None
        if self.instrument is None:
            return _AVERAGES.divide(self.cum_notional.decimal, self.cum_qty.decimal)
        price, of = self.instrument.average_px(int(self.cum_notional), self.cum_qty.units)
        return _AVERAGES.divide(Decimal(price), Decimal(of))


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One trade as reported; ``ts`` is when it happened at the venue, ``fee`` its charge."""

    ts: int
    client_order_id: str
    symbol: str
    side: OrderSide
    last_qty: Quantity
    last_px: Price
    fee: Amount
    liquidity: Liquidity


class PositionView(msgspec.Struct, frozen=True, kw_only=True):
    """A reported position; ``signed_units`` counts quantity units, negative when short."""

    symbol: str
    signed_units: int
    cost: Amount
    instrument: Instrument

    def __bool__(self) -> bool:
        return self.signed_units != 0

    @property
    def is_long(self) -> bool:
        """Whether more is owned than owed."""
        return self.signed_units > 0

    @property
    def qty(self) -> Quantity:
        """The size, never negative."""
        return Quantity(abs(self.signed_units), self.instrument.qty_precision)

    @property
    def signed_qty(self) -> Decimal:
        """The size, negative when short."""
        size = self.qty.decimal
        return size if self.is_long else -size

    @property
    def avg_px(self) -> Decimal | None:
        """Average entry price, or None when flat."""
        if not self.signed_units:
            return None
        price, of = self.instrument.average_px(int(self.cost), abs(self.signed_units))
        return _AVERAGES.divide(Decimal(price), Decimal(of))


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """The reported account, in its currency; ``cash.decimal`` is its value as a Decimal.

    ``balances`` is the cash of each currency in its own.  ``equity`` is cash and reported positions
    at the last mid.  ``reserved`` is what open orders hold of the account's currency.
    ``unsettled`` is cash that a sale has brought and that may not be used yet.
    ``buying_power`` is settled cash that no order holds; in a margin account the value of what may
    still be opened, beside what positions (``margin_used``) and orders bind.
    """

    currency: str
    cash: Amount
    balances: dict[str, Amount]
    reserved: Amount
    equity: Amount
    margin_used: Amount
    buying_power: Amount
    unsettled: Amount = ZERO


class ReportedOrder(msgspec.Struct, kw_only=True, gc=False):
    """The view's own record of one order."""

    status: OrderStatus
    order_qty: int
    price_px: int | None
    cum_qty: int = 0
    cum_notional: Amount = ZERO
    reserved: Amount = ZERO
    reason: str | None = None
    stop_px: int | None = None
    trail_px: int | None = None
    trail_ratio: int | None = None
    triggered: bool = False
    held: bool = False
    shares: str | None = None


class ReportedPosition(msgspec.Struct, kw_only=True):
    """The view's own record of one position."""

    qty: int = 0
    cost: Amount = ZERO


class StrategyView(msgspec.Struct, kw_only=True):
    """Reported state; changes by requests of the strategy and by reports only."""

    cash: dict[str, Amount] = {}
    orders: dict[int, ReportedOrder] = {}
    open_orders: dict[int, None] = {}
    positions: dict[str, ReportedPosition] = {}
    owed: dict[str, Amount] = {}
    unsettled: dict[str, Amount] = {}
    contracts: dict[str, tuple[str, bool]] = {}

    def money(self) -> dict[str, Amount]:
        """Cash by currency, and what is owed to the account without a trade, or never paid."""
        total = dict(self.cash)
        for currency, amount in self.owed.items():
            total[currency] = Amount(total.get(currency, ZERO) + amount)
        if self.contracts:
            add_unpaid(total, self.contracts, self.positions)
        return total

    def sent(self, order: OrderState) -> None:
        """The strategy or the outside sent an order, or was denied one."""
        self.orders[order.ordinal] = ReportedOrder(
            status=order.status,
            order_qty=order.order_qty,
            price_px=order.price_px,
            reserved=self._cash_part(order, order.reserved),
            reason=order.reason,
            stop_px=order.stop_px,
            trail_px=order.trail_px,
            trail_ratio=order.trail_ratio,
            held=order.held,
            shares=order.order_list_id if order.is_leg else None,
        )
        if not order.status.is_terminal:
            self.open_orders[order.ordinal] = None

    def requested(self, order: OrderState, exec_type: ExecType) -> None:
        """A cancel or a replace was asked for."""
        known = self.orders[order.ordinal]
        if not known.status.is_terminal:
            known.status = next_status(known.status, exec_type, known.cum_qty, held=known.held)
        if exec_type is ExecType.PENDING_REPLACE:
            # Never less than before: what has traded unreported is not known here.
            known.reserved = max(known.reserved, self._cash_part(order, order.reserved))

    def report(self, order: OrderState, report: ReportArrives) -> None:
        """Take a report from the venue in."""
        if report.denied:
            return
        known = self.orders[order.ordinal]
        known.cum_qty = report.cum_qty
        known.cum_notional = report.cum_notional
        known.order_qty = report.order_qty
        known.price_px = report.price_px
        if report.exec_type in _TELLS_STOP:
            known.held = known.held and report.exec_type is not ExecType.RESTATED
            known.stop_px, known.trail_px = report.stop_px, report.trail_px
            known.trail_ratio = report.trail_ratio
            known.triggered = known.triggered or report.exec_type is ExecType.TRIGGERED
        if report.exec_type in _TRADES:
            for currency, change in report.cash:
                total = self.cash.get(currency, ZERO) + change
                self.cash[currency] = Amount(total)
            position = self.positions.setdefault(order.symbol, ReportedPosition())
            position.qty = report.position_qty
            position.cost = report.position_cost
        if not known.status.is_terminal:
            known.status = next_status(
                known.status, report.exec_type, known.cum_qty, held=known.held
            )
            known.reserved = self._cash_part(order, report.reserved)
            known.reason = report.reason
        if known.status.is_terminal:
            known.reserved = ZERO
            self.open_orders.pop(order.ordinal, None)

    def update(
        self,
        order: OrderState,
        instrument: Instrument,
        ts: int,
        report: ReportArrives | None = None,
    ) -> OrderUpdate:
        """The order as the strategy is told of it, by a report or when it asks."""
        known = self.orders.get(order.ordinal)
        if known is None:
            raise OrderNotFound(
                f"no order {order.client_order_id!r}", order_id=order.client_order_id
            )
        return OrderUpdate(
            ts=ts,
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            side=order.side,
            order_type=order.order_type,
            time_in_force=order.time_in_force,
            exec_type=None if report is None else report.exec_type,
            order_status=known.status,
            order_qty=instrument.quantity(known.order_qty),
            cum_qty=instrument.quantity(known.cum_qty),
            price=_price(known.price_px, instrument),
            cum_notional=known.cum_notional,
            stop_px=_price(known.stop_px, instrument),
            trail_amount=_price(known.trail_px, instrument),
            trail_percent=None if known.trail_ratio is None else percent_text(known.trail_ratio),
            triggered=known.triggered,
            expire_time=order.expire_time,
            post_only=order.post_only,
            reduce_only=order.reduce_only,
            order_list_id=order.order_list_id,
            contingency_type=order.contingency_type,
            instrument=None if instrument.contract is msgspec.UNSET else instrument,
            reason=report.reason if report is not None and report.denied else known.reason,
        )

    def account(self, report: AccountArrives) -> None:
        """Cash and positions changed without a trade."""
        for currency, change in report.cash:
            self.cash[currency] = Amount(self.cash.get(currency, ZERO) + change)
        for currency, change in report.owed:
            self.owed[currency] = Amount(self.owed.get(currency, ZERO) + change)
        for currency, change in report.unsettled:
            self.unsettled[currency] = Amount(self.unsettled.get(currency, ZERO) + change)
        for symbol, qty, cost in report.positions:
            position = self.positions.setdefault(symbol, ReportedPosition())
            position.qty, position.cost = qty, cost

    def reserves(self, report: ReservesArrive) -> None:
        """What orders hold changed with what another one did."""
        for ordinal, amount in report.reserved:
            known = self.orders[ordinal]
            if not known.status.is_terminal:
                known.reserved = amount

    def reserved(self, orders: dict[int, OrderState], currency: str) -> int:
        """Cash or margin of a currency that open orders hold, as far as is known."""
        most: dict[object, int] = {}
        for ordinal in self.open_orders:
            if orders[ordinal].reserved_currency == currency:
                known = self.orders[ordinal]
                key = known.shares or ordinal  # legs of a list hold what they hold together
                most[key] = max(most.get(key, 0), known.reserved)
        return sum(most.values())

    @staticmethod
    def _cash_part(order: OrderState, amount: int) -> Amount:
        return ZERO if order.reserved_account == HOLDINGS else Amount(amount)


def _price(units: int | None, instrument: Instrument) -> Price | None:
    return None if units is None else instrument.price(units)


def fill_of(
    client_order_id: str, update: OrderUpdate, report: ReportArrives, instrument: Instrument
) -> Fill:
    """The trade that a report tells of."""
    return Fill(
        ts=report.at,
        client_order_id=client_order_id,
        symbol=update.symbol,
        side=update.side,
        last_qty=instrument.quantity(report.last_qty),
        last_px=instrument.price(report.last_px),
        fee=report.fee,
        liquidity=Liquidity.ADDED if report.maker else Liquidity.REMOVED,
    )
