"""A plain account and its orders, written to be obvious: fractions, lists, everything counted anew.

It shares no code with the engine.  Prices, quantities and money are exact fractions of whole units
(one dollar, one share), never scaled integers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction

from offbook.domain.config import BasisPointsFee, FlatFee, RiskConfig, VenueConfig
from offbook.domain.instruments import Instrument
from offbook.domain.orders import (
    OrderSide,
    OrderStatus,
    OrderType,
    RejectReason,
    TimeInForce,
)

ZERO = Fraction(0)
FINEST = Fraction(1, 10**18)
CENTS = {"USD": 2, "EUR": 2, "GBP": 2, "CHF": 2, "JPY": 0}


@dataclass
class Order:
    """One order: its terms, where it stands, what it holds."""

    number: int
    name: str
    side: OrderSide
    kind: OrderType
    tif: TimeInForce
    qty: Fraction
    limit: Fraction | None
    reduce_only: bool
    sent: int
    reserve_price: Fraction = ZERO
    reserved: Fraction = ZERO
    filled: Fraction = ZERO
    value: Fraction = ZERO
    charged: Fraction = ZERO
    fees: Fraction = ZERO
    accepted: int | None = None
    rank: int = 0
    taker: bool = True
    bars: int = 0
    asked_cancel: bool = False
    asked_replace: bool = False
    unheard_replace: bool = False
    ended: OrderStatus | None = None
    reason: str | None = None

    @property
    def buying(self) -> bool:
        return self.side is OrderSide.BUY

    @property
    def open(self) -> Fraction:
        return ZERO if self.ended else self.qty - self.filled

    @property
    def status(self) -> OrderStatus:
        """A terminal status stays; else the last thing asked for shows; else what has traded."""
        if self.ended:
            return self.ended
        if self.asked_cancel:
            return OrderStatus.PENDING_CANCEL
        if self.asked_replace:
            return OrderStatus.PENDING_REPLACE
        if self.accepted is None:
            return OrderStatus.PENDING_NEW
        return OrderStatus.PARTIALLY_FILLED if self.filled else OrderStatus.NEW


@dataclass
class Account:
    """A cash account in one currency that may hold one instrument."""

    instrument: Instrument
    venue: VenueConfig
    risk: RiskConfig
    cash: Fraction
    held: Fraction = ZERO
    cost: Fraction = ZERO
    realized: Fraction = ZERO
    fees: Fraction = ZERO
    orders: list[Order] = field(default_factory=list)

    # -- what is there ----------------------------------------------------------------------

    def working(self) -> list[Order]:
        return [order for order in self.orders if order.ended is None]

    def reserved_cash(self) -> Fraction:
        return sum((o.reserved for o in self.working() if o.buying), ZERO)

    def reserved_holdings(self) -> Fraction:
        return sum((o.reserved for o in self.working() if not o.buying), ZERO)

    def free(self, side: OrderSide) -> Fraction:
        """What a new order of a side may still reserve: cash for a buy, holdings for a sell."""
        if side is OrderSide.BUY:
            return self.cash - self.reserved_cash()
        return self.held - self.reserved_holdings()

    # -- charges ----------------------------------------------------------------------------

    def rounded_up(self, charge: Fraction) -> Fraction:
        """Up to the currency's smallest unit."""
        unit = Fraction(1, 10 ** CENTS.get(self.instrument.quote_currency, 8))
        return math.ceil(charge / unit) * unit

    def charge(self, order: Order, value: Fraction, *, maker: bool) -> Fraction:
        """The exact charge of one fill."""
        fee = self.venue.fee
        if isinstance(fee, FlatFee):
            return ZERO if order.charged else Fraction(fee.per_order)
        return value * Fraction(fee.maker if maker else fee.taker) / 10_000

    def most_charged(self, order: Order, value: Fraction) -> Fraction:
        """The worst charge for a value still to trade."""
        fee = self.venue.fee
        if isinstance(fee, BasisPointsFee):
            return value * max(Fraction(fee.maker), Fraction(fee.taker)) / 10_000
        return self.charge(order, value, maker=False)

    def buy_costs(self, order: Order, value: Fraction) -> Fraction:
        """Cash that an order may still cost for a value still to be bought."""
        charges = self.rounded_up(order.charged + self.most_charged(order, value))
        return value + charges - order.fees

    def need(self, order: Order, open_qty: Fraction, price: Fraction) -> Fraction:
        """What an order has to hold for a quantity still to trade at its reserve price."""
        if not order.buying:
            return open_qty
        if order.reduce_only:
            return ZERO  # there is nothing short in a cash account
        return self.buy_costs(order, open_qty * price)

    # -- our own risk, in the documented order ----------------------------------------------

    def refuse_new(
        self, order: Order, *, trading: bool, paused: bool, market: tuple[Fraction, Fraction] | None
    ) -> RejectReason | None:
        """Why a new order is denied, or None; then ``reserve_price`` and ``reserved`` are set."""
        if not trading:
            return RejectReason.SESSION_NOT_TRADING
        if any(other.name == order.name for other in self.orders):
            return RejectReason.DUPLICATE_CLIENT_ORDER_ID
        if market is None:
            return RejectReason.NO_MARKET_DATA
        if paused and not self.reduces(order.side):
            return RejectReason.NOT_REDUCING
        most = self.risk.max_open_orders
        if most is not None and len(self.working()) >= most:
            return RejectReason.MAX_OPEN_ORDERS
        return self.refuse_value(order, order.qty, order.limit, market) or self._fund(order, market)

    def reduces(self, side: OrderSide) -> bool:
        return side is OrderSide.SELL and self.held > 0

    def refuse_value(
        self,
        order: Order,
        qty: Fraction,
        limit: Fraction | None,
        market: tuple[Fraction, Fraction],
    ) -> RejectReason | None:
        """Order value, then position value: all that this side would hold if everything traded,
        at this order's price."""
        price = limit if limit is not None else market[1 if order.buying else 0]
        most = self.risk.max_order_qty
        if most is not None and qty > Fraction(most):
            return RejectReason.MAX_ORDER_QTY
        most = self.risk.max_order_notional
        if most is not None and qty * price > Fraction(most):
            return RejectReason.MAX_ORDER_NOTIONAL
        if self.risk.price_collar is not None and limit is not None:
            share = Fraction(self.risk.price_collar)
            edge = market[1] * (1 + share) if order.buying else market[0] * (1 - share)
            if limit > edge if order.buying else limit < edge:
                return RejectReason.PRICE_COLLAR
        others = [o for o in self.working() if o.side is order.side and o is not order]
        added = sum((o.open for o in others), ZERO) + qty - order.filled
        total = abs(self.held + (added if order.buying else -added))
        if order.reduce_only or total <= abs(self.held):
            return None
        most = self.risk.max_position_qty
        if most is not None and total > Fraction(most):
            return RejectReason.MAX_POSITION_QTY
        most = self.risk.max_position_notional
        if most is not None and total * price > Fraction(most):
            return RejectReason.MAX_POSITION_NOTIONAL
        return None

    def _fund(self, order: Order, market: tuple[Fraction, Fraction]) -> RejectReason | None:
        free = self.free(order.side)
        if order.buying:
            order.reserve_price = self.collar(market[1]) if order.limit is None else order.limit
            order.reserved = self.need(order, order.qty, order.reserve_price)
            short = order.reserved > free
            return RejectReason.INSUFFICIENT_BUYING_POWER if short else None
        order.reserved = min(order.qty, free) if order.reduce_only else order.qty
        short = order.reserved > free or order.reserved == 0
        return RejectReason.INSUFFICIENT_HOLDINGS if short else None

    def collar(self, ask: Fraction) -> Fraction:
        """The ask and the collar above it, rounded up to a price that can be written."""
        scale = 10**self.instrument.price_precision
        return Fraction(math.ceil(ask * (1 + Fraction(self.venue.market_collar)) * scale), scale)

    def fund_replace(
        self, order: Order, qty: Fraction, reserve_price: Fraction
    ) -> RejectReason | Fraction:
        """What an order holds until the venue has answered: enough for the old terms, for the new
        ones, and for any fill of the old before the new."""
        free = self.free(order.side) + order.reserved
        wanted = max(ZERO, qty - order.filled)
        if not order.buying:
            need = wanted
        elif order.reduce_only:
            need = ZERO
        else:
            before = min(wanted, order.open)  # what may trade on the old terms first
            raced = before * order.reserve_price + (wanted - before) * reserve_price
            need = self.buy_costs(order, max(wanted * reserve_price, raced))
        if order.reduce_only:
            need = min(need, free)
        if need > free:
            return (
                RejectReason.INSUFFICIENT_BUYING_POWER
                if order.buying
                else RejectReason.INSUFFICIENT_HOLDINGS
            )
        return max(order.reserved, need)

    def held_for(self, order: Order, qty: Fraction, reserve_price: Fraction) -> Fraction:
        """What an order holds on settled terms: its need, as far as there is anything to hold."""
        if order.ended:
            return ZERO
        need = self.need(order, qty - order.filled, reserve_price)
        return min(need, self.free(order.side) + order.reserved)

    # -- trading ----------------------------------------------------------------------------

    def trade(
        self, order: Order, qty: Fraction, price: Fraction, *, maker: bool
    ) -> tuple[Fraction, Fraction] | None:
        """Book a fill: its charge and what it realized; None, with nothing changed, when the cash
        does not reach."""
        value = qty * price
        charged = order.charged + self.charge(order, value, maker=maker)
        fee = self.rounded_up(charged) - order.fees
        if not order.buying:
            fee = min(fee, value)  # paid out of what it brings
        left = self.free(OrderSide.BUY) + order.reserved - value - fee
        if order.buying and left < 0:
            return None
        before = self.need(order, order.open, order.reserve_price)
        order.filled += qty
        order.value += value
        order.charged = charged
        order.fees += fee
        self.fees += fee
        self.cash -= fee
        if order.buying:
            freed = before - self.need(order, order.open, order.reserve_price)
            order.reserved = min(max(ZERO, order.reserved - freed), left)
            self.cash -= value
            self.held += qty
            self.cost += value
            realized = ZERO
        else:
            order.reserved = max(ZERO, order.reserved - qty)
            part = self.cost if qty == self.held else _rounded(self.cost * qty / self.held)
            self.cash += value
            self.held -= qty
            self.cost -= part
            realized = value - part
        self.realized += realized
        if not order.open:
            self.end(order, OrderStatus.FILLED)
        return fee, realized

    def end(self, order: Order, status: OrderStatus, reason: str | None = None) -> None:
        """The order is over and holds nothing any more."""
        order.ended = status
        order.reserved = ZERO
        order.reason = reason if reason is not None else order.reason


def _rounded(amount: Fraction) -> Fraction:
    """To the ledger's finest unit, halves to even, as Python rounds."""
    return round(amount / FINEST) * FINEST
