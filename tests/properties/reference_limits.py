"""The limits of a session's own risk in the reference."""

from __future__ import annotations

from fractions import Fraction

from tests.properties.reference_orders import Order, most_open
from tests.properties.reference_wealth import Wealth

from offbook.domain.config import RiskConfig
from offbook.domain.orders import OrderSide, RejectReason


class Limits(Wealth):
    """What one instrument's orders are held to."""

    risk: RiskConfig

    def working(self) -> list[Order]:
        """Orders of this instrument."""
        raise NotImplementedError

    def reduces(self, side: OrderSide) -> bool:
        return self.held < 0 if side is OrderSide.BUY else self.held > 0

    def held_after(self, order: Order, qty: Fraction) -> Fraction:
        """The position if an order of this quantity and all others of its side traded."""
        others = [o for o in self.working() if o.side is order.side and o is not order]
        added = most_open(others) + qty - order.filled
        return self.held + (added if order.buying else -added)

    def only_reduces(self, order: Order, qty: Fraction) -> bool:
        """Whether an order of this quantity would make the position smaller, and no more."""
        through_flat = self.held * self.held_after(order, qty) < 0
        return order.reduce_only or (self.reduces(order.side) and not through_flat)

    def not_allowed(self, order: Order, qty: Fraction) -> RejectReason | None:
        """Limits on what may be traded at all; what only reduces may be of either side."""
        symbols, sides = self.risk.allowed_symbols, self.risk.allowed_sides
        if symbols is not None and order.symbol not in symbols:
            return RejectReason.SYMBOL_NOT_ALLOWED
        if sides is None or order.side in sides or self.only_reduces(order, qty):
            return None
        return RejectReason.SIDE_NOT_ALLOWED

    def too_often(self, now: int, ahead: int = 0) -> RejectReason | None:
        """The limit on orders and new terms in a time, of which this would be one more."""
        most = self.risk.max_order_rate
        if most is None:
            return None
        lately = [at for at in self.common.sent_at if at > now - most.per_ns]
        return RejectReason.ORDER_RATE if len(lately) + ahead >= most.count else None

    def refuse_value(
        self,
        order: Order,
        qty: Fraction,
        limit: Fraction | None,
        stop: Fraction | None,
        market: tuple[Fraction, Fraction],
    ) -> RejectReason | None:
        """Order value, then position value: all that this side would hold if everything traded,
        at this order's price."""
        price = limit if limit is not None else stop
        price = price if price is not None else market[1 if order.buying else 0]
        most = self.risk.max_order_qty
        if most is not None and qty > Fraction(most):
            return RejectReason.MAX_ORDER_QTY
        most = self.risk.max_order_notional
        if most is not None and self.value(qty, price) * self.rate > Fraction(most):
            return RejectReason.MAX_ORDER_NOTIONAL
        if self.risk.price_collar is not None and limit is not None:
            share = Fraction(self.risk.price_collar)
            edge = market[1] * (1 + share) if order.buying else market[0] * (1 - share)
            if limit > edge if order.buying else limit < edge:
                return RejectReason.PRICE_COLLAR
        after = self.held_after(order, qty)
        total, flips = abs(after), after * self.held < 0
        if order.reduce_only or (total <= abs(self.held) and not flips):
            return None
        most = self.risk.max_position_qty
        if most is not None and total > Fraction(most):
            return RejectReason.MAX_POSITION_QTY
        most = self.risk.max_position_notional
        if most is not None and self.value(total, price) * self.rate > Fraction(most):
            return RejectReason.MAX_POSITION_NOTIONAL
        return None
