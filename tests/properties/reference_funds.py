"""Plain margin accounts: what is asked for, and what is held."""

from __future__ import annotations

from fractions import Fraction

from tests.properties.reference_account import Account, Market, Terms
from tests.properties.reference_charges import most_charged
from tests.properties.reference_margins import Margins, shares_of
from tests.properties.reference_numbers import rounded_down
from tests.properties.reference_orders import ZERO, Order

from offbook.domain.config import MarginRules
from offbook.domain.orders import CancelReason, RejectReason


class MarginAccount(Margins, Account):
    """Orders hold the margin of what they add, and the charges on it."""

    may_owe = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.initial, self.maintenance = shares_of(self.config)

    def margin_used(self, market: Market | None) -> Fraction:
        if self.isolated:
            return sum((one.bound_here() for one in self.all), ZERO)
        return self.required(market, opens=True)

    def required(self, market: Market | None, *, opens: bool) -> Fraction:
        """A share of all that is held or owed, or an amount for each contract."""
        if self.stress is not None:
            return self.together(market, opens=opens)
        worth = need = ZERO
        for one in self.all:
            own = one.own_margin(abs(one.held), opens=opens)
            if own is None:
                worth += one.worth_of_position(self.its_market(one, market))
            else:
                need += one.costs(own)
        if opens:
            return need - rounded_down(-worth * self.initial) + self._beyond(market)
        return need - rounded_down(-worth * self.maintenance)

    def must_be_kept(self, market: Market | None) -> Fraction:
        """The equity below which a margin call comes: what each position needs, or a share of all
        of them."""
        if self.config.margin_rules is MarginRules.REG_T or self.tiers():
            return sum(one.kept_here(self.its_market(one, market)) for one in self.all)
        return self.required(market, opens=False)

    def kept_here(self, market: Market | None) -> Fraction:
        """What this position needs by itself."""
        if not self.held:
            return ZERO
        if self.config.margin_rules is MarginRules.REG_T:
            value = -self._at_mid(-abs(self.held), market)
            return self._by_regulation(value, market)
        own = self.own_margin(abs(self.held), opens=False)
        if own is not None:
            return self.costs(own)
        worth, tiers = self.worth_of_position(market), self.tiers()
        if not tiers:
            return -rounded_down(-worth * self.maintenance)
        ends = [start for start, _ in tiers[1:]] + [worth]
        parts = zip(tiers, ends, strict=True)
        need = sum((max(min(worth, e) - s, ZERO) * rate for (s, rate), e in parts), ZERO)
        return -rounded_down(-need)

    def too_small(self, market: Market | None) -> bool:
        """Whether its equity is below the least that a portfolio margin asks for."""
        least = Fraction("0" if self.stress is None else self.stress.minimum_equity)
        return least > 0 and self.equity(market) < least

    def free(self, market: Market | None) -> Fraction:
        """Equity that nothing binds; an isolated position's gains are its own."""
        free = self.equity(market) - self.margin_used(market) - self.held_by_all()
        if self.isolated:
            free -= sum(one.gain(self.its_market(one, market)) for one in self.all)
        return free

    def held_by_all(self) -> Fraction:
        """What open orders hold."""
        return sum((one.reserved() for one in self.all), ZERO)

    def is_called(self) -> bool:
        """Whether nothing may be added to the position."""
        return self.closing if self.isolated else self.common.called

    def adds(self) -> dict[int, Fraction]:
        """How much each working order would add, the earlier ones reducing first."""
        room = {True: max(-self.held, ZERO), False: max(self.held, ZERO)}
        found = {}
        reduced: dict[tuple[str, bool], Fraction] = {}
        for order in self.working():
            if order.held:
                continue
            open_qty = max(order.open, order.asked_qty - order.filled)
            key = (self.unit(order), order.buying)
            already = reduced.get(key, ZERO)  # by a leg that would cancel this one
            reducing = min(open_qty, room[order.buying] + already)
            reduced[key] = max(reducing, already)
            room[order.buying] -= reduced[key] - already
            found[order.number] = ZERO if order.reduce_only else open_qty - reducing
        return found

    def unit(self, order: Order) -> str:
        """Orders that cancel each other are one."""
        group = order.group
        is_leg = group is not None and order in group.legs()
        return group.name if group is not None and is_leg else f"order {order.number}"

    def shares_a_pool(self, one: Order, other: Order) -> bool:
        """All hold of the equity."""
        return True

    def price_for(self, order: Order, market: Market) -> Fraction:
        """A sell may trade above its limit; of an inverse contract a lower price is the dearer."""
        if self.inverse:
            if order.bound is not None:
                return min(order.bound, market[1]) if order.buying else order.bound
            return self._lowest(order, market[0], order.stop, order.trail, order.percent)
        price = super().price_for(order, market)
        return price if order.buying else max(price, market[1])

    def price_to_replace(self, order: Order, terms: Terms, market: Market) -> Fraction:
        """Of an inverse contract too the limit, else the worst price, the lowest."""
        if self.inverse and terms[0] is None:
            return self._lowest(order, market[0], *terms[1:])
        return super().price_to_replace(order, terms, market)

    def _lowest(
        self,
        order: Order,
        bid: Fraction,
        stop: Fraction | None,
        trail: Fraction | None,
        percent: Fraction | None,
    ) -> Fraction:
        """The collar below the bid or the trigger, whichever is lower."""
        price = bid if stop is None else min(bid, stop)
        if not order.buying and not trail is percent is None:
            price = bid - self.distance(bid, trail, percent)
        finest = Fraction(1, 10**self.instrument.price_precision)
        return max(2 * price - self.collar(price), finest)

    def can_release(self, order: Order, qty: Fraction, price: Fraction, market: Market) -> bool:
        adding, need = self._released(order, qty, price)
        if adding and (self.is_called() or self.too_small(market)):
            return False
        return not need or need <= self.free(market) + self.shared(order)

    def _released(self, order: Order, qty: Fraction, price: Fraction) -> tuple[Fraction, Fraction]:
        """What an order adds with a quantity, and needs; one that was held comes last."""
        was = order.qty, order.asked_qty, order.held
        order.qty, order.asked_qty, order.held = qty, ZERO, False
        place = self.orders.index(order)
        if was[2]:
            self.orders.append(self.orders.pop(place))
        adding = self.adds()[order.number]
        if was[2]:
            self.orders.insert(place, self.orders.pop())
        order.qty, order.asked_qty, order.held = was
        return adding, self.need(order, adding, price)

    def need(self, order: Order, adding: Fraction, price: Fraction) -> Fraction:
        if self.at_fill or not adding:
            return ZERO
        value = self.value(adding, price)
        charges = most_charged(self.venue, self.instrument, order, adding, value, now=self.now)
        margin = self.to_open(adding, price, buying=order.buying)
        return self.costs(margin + max(charges, ZERO))

    def _needs(self, order: Order) -> Fraction:
        dearer = max(order.reserve_price, order.asked_price)
        if self.inverse and order.reserve_price and order.asked_price:
            dearer = min(order.reserve_price, order.asked_price)
        return self.need(order, self.adds()[order.number], dearer)

    def fund(self, order: Order, market: Market) -> RejectReason | None:
        order.reserve_price = self.price_for(order, market)
        self.orders.append(order)
        adding = self.adds()[order.number]
        self.orders.pop()
        order.reserved = ZERO
        if adding and not order.buying and not self.is_lent(order.sent):
            return RejectReason.NOT_BORROWABLE
        if adding and self.is_called():
            return RejectReason.MARGIN_CALL
        if adding and self.too_small(market):
            return RejectReason.MINIMUM_EQUITY
        need = self.need(order, adding, order.reserve_price)
        if need and need > self.free(market):
            return RejectReason.INSUFFICIENT_BUYING_POWER
        order.reserved = need
        return None

    def freed(self, market: Market | None, closes: Fraction) -> Fraction:
        """The margin of what a fill closes before it opens the other side."""
        held = self.held
        if self.isolated and held:
            return self._freed_of_position(market, closes)
        before = self.margin_used(market)
        left = max(abs(held) - closes, ZERO)
        self.held = left if held > 0 else -left
        after = self.margin_used(market)
        self.held = held
        return before - after

    def fund_replace(
        self,
        order: Order,
        qty: Fraction,
        reserve_price: Fraction,
        market: Market | None,
        now: int,
    ) -> RejectReason | Fraction:
        if order.held:
            return ZERO
        grows = not order.buying and qty > order.qty and not self.is_lent(now)
        if grows and self._released(order, qty, ZERO)[0]:
            return RejectReason.NOT_BORROWABLE
        before = order.asked_qty, order.asked_price
        order.asked_qty, order.asked_price = qty, reserve_price
        need, adding = self._needs(order), self.adds()[order.number]
        order.asked_qty, order.asked_price = before
        if adding and self.is_called():
            return RejectReason.MARGIN_CALL
        if adding and self.too_small(market):
            return RejectReason.MINIMUM_EQUITY
        if need > max(order.reserved, self.free(market) + order.reserved):
            return RejectReason.INSUFFICIENT_BUYING_POWER
        return need

    def held_for(self, order: Order, qty: Fraction, reserve_price: Fraction) -> Fraction:
        if order.ended:
            return ZERO
        return self._released(order, qty, reserve_price)[1]

    def closing_holds(self, qty: Fraction) -> Fraction:
        return ZERO

    def reducible(self, order: Order) -> Fraction:
        return abs(self.held) if self.reduces(order.side) else ZERO

    def unpaid(
        self, order: Order, qty: Fraction, price: Fraction, fee: Fraction, market: Market | None
    ) -> CancelReason | None:
        """Asked only where nothing was before: at the fill, or beyond the collar."""
        adding = qty - (min(qty, abs(self.held)) if self.reduces(order.side) else ZERO)
        worse = price - order.reserve_price
        beyond = order.bound is None and (worse < 0 if self.inverse else worse > 0)
        if not adding or order.granted or not (self.at_fill or beyond):
            return None
        margin = self.to_open(adding, price, buying=order.buying)
        cost = self.costs(margin + fee)
        if cost <= self.free(market) + self.freed(market, qty - adding) + order.reserved:
            return None
        short = CancelReason.INSUFFICIENT_BUYING_POWER
        return short if self.at_fill else CancelReason.COLLAR_EXCEEDED

    def rest_holds(self, order: Order, before: Fraction, qty: Fraction) -> Fraction:
        return self._needs(order)

    def moved(self) -> list[tuple[int, Fraction]]:
        needs: dict[str, Fraction] = {}
        working = [order for order in self.working() if not order.held]
        for order in working:
            unit = self.unit(order)
            needs[unit] = max(needs.get(unit, ZERO), self._needs(order))
        found = []
        for order in working:
            need = needs[self.unit(order)]
            if need != order.reserved:
                found.append((order.number, need))
        for order in working:
            order.reserved = needs[self.unit(order)]
        return found
