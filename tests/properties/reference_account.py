"""A plain account and its orders, written to be obvious: fractions, lists, everything counted anew.

It shares no code with the engine.  Prices, quantities and money are exact fractions of whole units
(one dollar, one share), never scaled integers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from tests.properties.reference_charges import Fill, count_together, fee_of_fill, most_charged
from tests.properties.reference_common import Common
from tests.properties.reference_limits import Limits
from tests.properties.reference_money import ONE
from tests.properties.reference_numbers import rounded_down
from tests.properties.reference_orders import ZERO, Order
from tests.properties.reference_position import money_of
from tests.properties.reference_wealth import Market

from offbook.domain.config import (
    AccountConfig,
    CashCheck,
    RiskConfig,
    VenueConfig,
)
from offbook.domain.instruments import Instrument
from offbook.domain.orders import (
    CancelReason,
    OrderStatus,
    RejectReason,
)

DAY = 86_400 * 10**9
Terms = tuple[Fraction | None, Fraction | None, Fraction | None, Fraction | None]
"""Limit, trigger price, trail as a distance and in percent."""


@dataclass
class Account(Limits):
    """What cash and margin accounts share: one instrument, its currency and the account's."""

    instrument: Instrument
    venue: VenueConfig
    risk: RiskConfig
    config: AccountConfig
    common: Common
    market_now: Callable[[], Market | None]
    held: Fraction = ZERO
    cost: Fraction = ZERO
    realized: Fraction = ZERO
    realized_here: Fraction = ZERO
    fees: Fraction = ZERO
    orders: list[Order] = field(default_factory=list)
    """All of the session."""
    traded: list[tuple[int, Fraction, Instrument]] = field(default_factory=list)
    """What was traded: the day, the value in the account's currency, and what it was of."""
    turn: int = 0
    """The fill with which this instrument was first traded."""
    symbol_ended: bool = False
    liquidation_charges: Fraction = ZERO
    unsettled: Fraction = ZERO
    """Of what is held: what may not be sold before its payment has settled."""
    owed: dict[tuple[str, str], Fraction] = field(default_factory=dict)
    """What waits to be paid without a trade: by kind and currency."""

    def __post_init__(self) -> None:
        quote = self.money = money_of(self.instrument)
        self.at_fill = self.config.cash_check is CashCheck.FILL
        self.converts = quote != self.config.currency and quote not in self.config.cash
        self.pays_in = self.config.currency if self.converts else quote
        self.purse = {self.config.currency: Fraction(self.config.initial_cash)}
        self.purse.update({name: Fraction(text) for name, text in self.config.cash.items()})
        for other in self.common.accounts[:1]:  # all have the same money, orders and debts
            self.purse, self.orders, self.traded = other.purse, other.orders, other.traded
            self.owed = other.owed

    def told(self) -> dict[str, object]:
        """All that it comes to, by name; amounts in whole units."""
        return {
            **{f"cash {name}": amount for name, amount in self.purse.items() if amount},
            "holdings": self.held,
            "cost": self.cost,
            "realized": self.realized,
            "realized here": sum(one.realized_here for one in self.all),
            "fees": sum(one.fees for one in self.all),
            "reserved": sum(one.reserved() for one in self.all),
            "position": self.held,
            "open": [order.number for order in self.all_working()],
        }

    # -- what is there ----------------------------------------------------------------------

    def all_working(self) -> list[Order]:
        return [order for order in self.orders if order.ended is None]

    def working(self) -> list[Order]:
        """Those of this instrument."""
        symbol = self.instrument.symbol
        return [order for order in self.orders if order.ended is None and order.symbol == symbol]

    def reserved(self, *, buying: bool | None = None) -> Fraction:
        """What orders hold: those of one side, or all."""
        total, counted = ZERO, set[int]()
        for order in self.working():
            if buying in {None, order.buying} and order.number not in counted:
                total += order.reserved
                if not order.held:
                    counted |= {mate.number for mate in self.mates(order)}
        return total

    def mates(self, order: Order) -> list[Order]:
        """Working legs of an order's list that hold with it what one of them needs."""
        legs = order.group.legs() if order.group else []
        if order not in legs:
            return []
        same = [leg for leg in legs if leg is not order and self.shares_a_pool(leg, order)]
        return [leg for leg in same if not leg.held and leg.ended is None and leg in self.orders]

    def shares_a_pool(self, one: Order, other: Order) -> bool:
        """Whether two orders hold of the same thing."""
        return one.side is other.side

    def shared(self, order: Order) -> Fraction:
        """What an order and its mates hold."""
        return max([order.reserved, *(mate.reserved for mate in self.mates(order))])

    def hold(self, order: Order, amount: Fraction) -> None:
        """Let an order and its mates hold an amount together."""
        if not order.held:
            for one in [order, *self.mates(order)]:
                one.reserved = amount

    def held_together(self, order: Order, qty: Fraction, reserve_price: Fraction) -> Fraction:
        """What an order and its mates hold on settled terms."""
        mates = self.mates(order)
        needs = [self.held_for(order, qty, reserve_price)]
        needs += [self.held_for(mate, mate.qty, mate.reserve_price) for mate in mates]
        if any(mate.asked_replace and not mate.asked_cancel for mate in mates):
            needs.append(order.reserved)
        return max(needs)

    def can_release(self, order: Order, qty: Fraction, price: Fraction, market: Market) -> bool:
        """Whether a held order, or one that is given more, can be paid for."""
        raise NotImplementedError

    # -- charges ----------------------------------------------------------------------------

    def buy_costs(self, order: Order, qty: Fraction, value: Fraction) -> Fraction:
        """What a quantity worth ``value`` may still cost an order, in the instrument's currency."""
        return value + most_charged(
            self.venue, self.instrument, order, qty, value, now=self.now, buys=True
        )

    def in_purse(self, amount: Fraction) -> Fraction:
        """A cost in the currency that pays, rounded up; where its rate moves the collar is for that
        too."""
        if not self.converts:
            return amount
        cost = self.costs(amount)
        if not self.moves(self.money):
            return cost
        return -rounded_down(-cost * (1 + Fraction(self.venue.market_collar)))

    # -- our own risk, in the documented order ----------------------------------------------

    def refuse_new(
        self,
        order: Order,
        *,
        trading: bool,
        paused: bool,
        market: tuple[Fraction, Fraction] | None,
        ahead: int = 0,
    ) -> RejectReason | None:
        """Why a new order is denied, or None; then ``reserve_price`` and ``reserved`` are set."""
        if not trading:
            return RejectReason.SESSION_NOT_TRADING
        if any(other.name == order.name for other in self.orders):
            return RejectReason.DUPLICATE_CLIENT_ORDER_ID
        if self.symbol_ended:
            return RejectReason.SYMBOL_ENDED
        if market is None or self.rate_of(self.money) is None:
            return RejectReason.NO_RATE if market else RejectReason.NO_MARKET_DATA
        if paused and not self.reduces(order.side):
            return RejectReason.NOT_REDUCING
        if self.common.lost_enough and not self.only_reduces(order, order.qty):
            return RejectReason.DAILY_LOSS
        refusal = self.not_allowed(order, order.qty) or self.too_often(order.sent, ahead)
        if refusal is not None:
            return refusal
        most = self.risk.max_open_orders
        if most is not None and len(self.all_working()) + ahead >= most:
            return RejectReason.MAX_OPEN_ORDERS
        refusal = self.refuse_value(order, order.qty, order.bound, order.stop, market)
        if refusal is None and order.held:
            order.reserve_price = self.price_for(order, market)
            return None
        return refusal or self.fund(order, market)

    def fund(self, order: Order, market: tuple[Fraction, Fraction]) -> RejectReason | None:
        """Whether the account can pay; then ``reserve_price`` and ``reserved`` are set."""
        raise NotImplementedError

    # -- what the kinds of account do -------------------------------------------------------

    def price_for(self, order: Order, market: tuple[Fraction, Fraction]) -> Fraction:
        """The price at which an order reserves."""
        terms = (order.bound, order.stop, order.trail, order.percent)
        return self.price_to_hold(order, terms, market[1])

    def price_to_hold(self, order: Order, terms: Terms, ask: Fraction) -> Fraction:
        """The limit, else the collar above the worst of the ask and the trigger price."""
        limit, stop, trail, percent = terms
        if limit is not None:
            return limit
        if order.buying and not trail is percent is None:
            return self.collar(ask + self.distance(ask, trail, percent))
        return self.collar(ask if stop is None else max(ask, stop))

    def price_to_replace(self, order: Order, terms: Terms, market: Market) -> Fraction:
        """The same for new terms of an order."""
        return self.price_to_hold(order, terms, market[1])

    def distance(
        self, mark: Fraction, trail: Fraction | None, percent: Fraction | None
    ) -> Fraction:
        """How far a trailing stop stays behind, rounded up to a price that can be written."""
        if trail is not None:
            return trail
        scale = 10**self.instrument.price_precision
        return Fraction(math.ceil(mark * (percent or 0) / 100 * scale), scale)

    def level(self, order: Order, mark: Fraction) -> Fraction:
        """Where a trailing stop stands."""
        away = self.distance(mark, order.trail, order.percent)
        return mark + away if order.buying else mark - away

    def collar(self, ask: Fraction) -> Fraction:
        """The ask and the collar above it, rounded up to a price that can be written."""
        scale = 10**self.instrument.price_precision
        higher = ask * (1 + Fraction(self.venue.market_collar)) * scale
        return Fraction(-(-higher.numerator // higher.denominator), scale)

    def fund_replace(
        self,
        order: Order,
        qty: Fraction,
        reserve_price: Fraction,
        market: tuple[Fraction, Fraction] | None,
        now: int,
    ) -> RejectReason | Fraction:
        """What an order holds until the venue has answered, or why not."""
        raise NotImplementedError

    def held_for(self, order: Order, qty: Fraction, reserve_price: Fraction) -> Fraction:
        """What an order holds on settled terms."""
        raise NotImplementedError

    def closing_holds(self, qty: Fraction) -> Fraction:
        """What an order holds that closes a position."""
        raise NotImplementedError

    def reducible(self, order: Order) -> Fraction:
        """How much a reducing order may trade."""
        raise NotImplementedError

    def unpaid(
        self,
        order: Order,
        qty: Fraction,
        price: Fraction,
        fee: Fraction,
        market: tuple[Fraction, Fraction] | None,
    ) -> CancelReason | None:
        """Why a fill cannot be paid for, or None."""
        raise NotImplementedError

    def rest_holds(self, order: Order, before: Fraction, qty: Fraction) -> Fraction:
        """What an order holds after a fill of ``qty``; ``before`` is what it held."""
        raise NotImplementedError

    def moved(self) -> list[tuple[int, Fraction]]:
        """Orders that hold something else now than they did, and what."""
        return []

    def margin_used(self, market: tuple[Fraction, Fraction] | None) -> Fraction:
        """What positions bind."""
        return ZERO

    # -- trading ----------------------------------------------------------------------------

    def trade(
        self,
        order: Order,
        qty: Fraction,
        price: Fraction,
        market: tuple[Fraction, Fraction] | None,
        *,
        maker: bool,
    ) -> tuple[Fraction, Fraction] | CancelReason:
        """Book a fill: its charge and what it realized; or why it cannot be paid for."""
        value = self.value(qty, price)
        fill = self._fill(order, qty, value, maker=maker)
        fee = self._fee(order, fill)
        unpaid = self.unpaid(order, qty, price, fee, market)
        if unpaid is not None:
            return unpaid
        self.turn = self.turn or self.next_turn()
        order.filled += qty
        order.value += value
        order.fills.append(fill)
        order.fees += fee
        realized = self._move(qty if order.buying else -qty, price)
        brings = -value if order.buying else value
        cash = (realized if self.contract else brings) - fee
        rate = self.rate
        if self.converts:  # of a sale too that its charges use up
            rate = self.rate_of(self.money, -ONE if cash < 0 else ONE) or ZERO
        self.purse[self.pays_in] += rounded_down(cash * rate) if self.converts else cash
        self.traded.append((self.now // DAY, rounded_down(value * rate), self.instrument))
        self.realized += realized
        self.realized_here += rounded_down(realized * rate)
        self.fees -= rounded_down(-fee * rate)
        self.hold(order, self.rest_holds(order, order.reserved, qty) if order.open else ZERO)
        if not order.open:
            self.end(order, OrderStatus.FILLED)
        return fee, realized

    may_owe = False

    def can_pay(
        self, order: Order, qty: Fraction, price: Fraction, market: Market | None, *, maker: bool
    ) -> bool:
        """Whether a fill could be paid for; nothing is changed."""
        return self.lacking(order, qty, price, market, maker=maker) is None

    def lacking(
        self, order: Order, qty: Fraction, price: Fraction, market: Market | None, *, maker: bool
    ) -> CancelReason | None:
        """Why a fill could not be paid for; nothing is changed."""
        fill = self._fill(order, qty, self.value(qty, price), maker=maker)
        return self.unpaid(order, qty, price, self._fee(order, fill), market)

    def _fill(self, order: Order, qty: Fraction, value: Fraction, *, maker: bool) -> Fill:
        today = self.now // DAY
        counted = [
            some
            for day, some, of in self.traded
            if today - 30 <= day < today and count_together(self.venue.fee, self.instrument, of)
        ]
        before = sum(counted, ZERO)
        return Fill(qty, value, maker, self.now, not order.buying, self.instrument, before)

    def _fee(self, order: Order, fill: Fill) -> Fraction:
        fee = fee_of_fill(self.venue, self.instrument, order, fill)
        if not order.buying and not self.may_owe:
            return min(fee, fill.value)  # paid out of what it brings
        return fee

    def end(self, order: Order, status: OrderStatus, reason: str | None = None) -> None:
        """The order is over and holds nothing any more."""
        order.ended = status
        order.reserved = ZERO
        order.reason = reason if reason is not None else order.reason
