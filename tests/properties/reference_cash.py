"""Plain cash accounts: what is asked for, and what is held."""

from __future__ import annotations

from fractions import Fraction

from tests.properties.reference_account import Account, Market
from tests.properties.reference_orders import ZERO, Order

from offbook.domain.orders import CancelReason, OrderSide, RejectReason


class CashAccount(Account):
    """Buys hold cash, sells what they deliver."""

    def free(self, side: OrderSide) -> Fraction:
        """What a new order of a side may still reserve: cash for a buy, holdings for a sell."""
        if side is OrderSide.BUY:
            payers = [one for one in self.all if one.pays_in == self.pays_in]
            free = self.purse[self.pays_in] - sum(one.reserved(buying=True) for one in payers)
        else:
            free = self.held - self.reserved(buying=False)
        return free - self.untouchable(side)

    def untouchable(self, side: OrderSide) -> Fraction:
        """What is there and has not settled."""
        if side is OrderSide.BUY:
            waits = self.common.waiting.get(self.pays_in, ZERO)
            return min(waits, max(self.purse[self.pays_in], ZERO))
        return min(self.unsettled, max(self.held, ZERO))

    def lacks(self, side: OrderSide, missing: Fraction) -> RejectReason:
        """Why something cannot be had."""
        if 0 < missing <= self.untouchable(side):
            return RejectReason.UNSETTLED
        if side is OrderSide.BUY:
            return RejectReason.INSUFFICIENT_BUYING_POWER
        return RejectReason.INSUFFICIENT_HOLDINGS

    def need(self, order: Order, open_qty: Fraction, price: Fraction) -> Fraction:
        """What an order has to hold for a quantity still to trade at its reserve price."""
        if self.at_fill:
            return ZERO
        if not order.buying:
            return open_qty
        if order.reduce_only:
            return ZERO  # there is nothing short in a cash account
        return self.in_purse(self.buy_costs(order, open_qty, open_qty * price))

    def fund(self, order: Order, market: Market) -> RejectReason | None:
        free = self.free(order.side)
        if order.buying:
            order.reserve_price = self.price_for(order, market)
            order.reserved = self.need(order, order.qty, order.reserve_price)
            short = order.reserved > free
            return self.lacks(order.side, order.reserved - free) if short else None
        order.reserved = ZERO
        if self.at_fill:
            return None
        order.reserved = min(order.qty, free) if order.reduce_only else order.qty
        short = order.reserved > free or order.reserved <= 0
        return self.lacks(order.side, order.qty - free) if short else None

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
        free = self.free(order.side) + order.reserved
        wanted = max(ZERO, qty - order.filled)
        if self.at_fill:
            need = ZERO
        elif not order.buying:
            need = wanted
        elif order.reduce_only:
            need = ZERO
        else:
            before = min(wanted, order.open)  # what may trade on the old terms first
            raced = before * order.reserve_price + (wanted - before) * reserve_price
            value = max(wanted * reserve_price, raced)
            need = self.in_purse(self.buy_costs(order, wanted, value))
        if order.reduce_only:
            need = min(need, free)
        if need > free:
            return self.lacks(order.side, need - free)
        return max(order.reserved, need)

    def held_for(self, order: Order, qty: Fraction, reserve_price: Fraction) -> Fraction:
        """Its need, as far as there is anything to hold."""
        if order.ended:
            return ZERO
        need = self.need(order, qty - order.filled, reserve_price)
        return max(min(need, self.free(order.side) + self.shared(order)), ZERO)

    def price_for(self, order: Order, market: Market) -> Fraction:
        """A sell holds what it delivers, at whatever price."""
        return super().price_for(order, market) if order.buying else ZERO

    def can_release(self, order: Order, qty: Fraction, price: Fraction, market: Market) -> bool:
        need = self.need(order, qty - order.filled, price)
        return order.reduce_only or need <= self.free(order.side) + self.shared(order)

    def closing_holds(self, qty: Fraction) -> Fraction:
        return ZERO if self.at_fill else qty

    def reducible(self, order: Order) -> Fraction:
        """Not what another order holds."""
        if order.buying:
            return ZERO
        return min(self.held, self.free(order.side) + order.reserved)

    def unpaid(
        self, order: Order, qty: Fraction, price: Fraction, fee: Fraction, market: Market | None
    ) -> CancelReason | None:
        if not order.buying:
            short = self.at_fill and qty > self.held
            return CancelReason.INSUFFICIENT_HOLDINGS if short else None
        self._needed = self.need(order, order.open, order.reserve_price)
        cost = qty * price + fee
        cost = -self.changed(-cost) if self.converts else cost
        if cost <= self.free(order.side) + order.reserved:
            return None
        if order.bound is not None or self.at_fill or self.converts:
            return CancelReason.INSUFFICIENT_BUYING_POWER
        return CancelReason.COLLAR_EXCEEDED

    def rest_holds(self, order: Order, before: Fraction, qty: Fraction) -> Fraction:
        """What it needs less now is released."""
        if self.at_fill:
            return ZERO
        if not order.buying:
            return max(ZERO, before - qty)
        freed = self._needed - self.need(order, order.open, order.reserve_price)
        return min(max(ZERO, before - freed), self.free(order.side) + before)
