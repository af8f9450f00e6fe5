"""What orders hold when their terms change at the venue."""

from __future__ import annotations

from offbook.domain.orders import OrderSide, OrderStatus, RejectReason
from offbook.domain.values import Amount
from offbook.engine.agenda import ReplaceArrives
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.lists import mates
from offbook.engine.ledger.state import OrderState


class Reservations:
    """Counts what an order must hold, alone or with the legs that it is OCO with."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def after(self, order: OrderState, order_qty: int, reserve_px: int) -> Amount:
        """What an order must hold, as far as there is anything to hold: a trimmed reduce-only
        order, and a market order beyond its collar, hold less. Legs hold for the dearest."""
        needs = [self._settled(order, order_qty, reserve_px)]
        sharing = mates(self._kernel.ledger, order)
        needs += [self._settled(leg, leg.order_qty, leg.reserve_px) for leg in sharing]
        if any(leg.status is OrderStatus.PENDING_REPLACE for leg in sharing):
            needs.append(order.reserved)  # for terms that are on their way
        return Amount(max(needs))

    def _settled(self, order: OrderState, order_qty: int, reserve_px: int) -> int:
        instrument = self._kernel.instrument(order.symbol)
        return self._kernel.funds.settled(order, order_qty, reserve_px, instrument)

    def price(self, order: OrderState) -> int:
        """The price at which an order reserves; one that is held finds it when it is released."""
        market = self._kernel.prices(order.symbol)
        if not order.held or market is None:
            return order.reserve_px
        return self._kernel.funds.order_px(order.side, order, market)

    def can_pay(self, order: OrderState, order_qty: int) -> bool:
        """Whether the account can pay for a quantity that an order is given."""
        instrument = self._kernel.instrument(order.symbol)
        return self._kernel.funds.can_release(order, order_qty, self.price(order), instrument)

    def lacking(
        self, order: OrderState, order_qty: int, request: ReplaceArrives
    ) -> RejectReason | None:
        """Why new terms cannot be had, None for most: they were asked for before a corporate action
        changed the order, or the order has been released since; nothing was held for it then, and
        now they must be paid for."""
        if self._kernel.ledger.events.changed.get(order.symbol, -1) >= request.sent:
            return RejectReason.CORPORATE_ACTION
        if order.parent is None or order.held or order.sent_ts < request.sent:
            return None
        instrument, funds = self._kernel.instrument(order.symbol), self._kernel.funds
        if funds.can_release(order, order_qty, request.reserve_px, instrument):
            return None
        owns = order.side is OrderSide.SELL and not self._kernel.config.account.is_margin
        if owns:
            return RejectReason.INSUFFICIENT_HOLDINGS
        return RejectReason.INSUFFICIENT_BUYING_POWER
