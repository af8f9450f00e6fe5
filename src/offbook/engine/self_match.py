"""Orders of one session that would trade with each other (self-match or self-trade prevention).

An order that begins to act (it arrives, gets a new price, moves with its peg, is triggered or
released) meets the
session's own limits on the other side of its instrument that work there: those that its limit
reaches, or without a limit those at the market's best price on that side or better.  By
``venue.self_match``:

- ``allow``: nothing; they may trade with others at prices that cross;
- ``cancel_resting``: these are canceled (SELF_MATCH), the best price first, and it goes on;
- ``cancel_arriving``: a new order or a replace is rejected (SELF_MATCH), one that moves, is
  triggered or released is canceled;
- ``decrement``: best price first, both lose what the smaller has open, which ends (SELF_MATCH); of
  two equal ones both end.

The names follow FIX SelfMatchPreventionInstruction (2964): cancel passive, cancel aggressive; the
decrement is Coinbase's and CME's "decrease and cancel".  A liquidation is never in anybody's way,
nor is an order for an auction, where everybody has one price.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from offbook.domain import records as r
from offbook.domain.config import SelfMatchPolicy
from offbook.domain.orders import CancelReason, ExecType, OrderSide, Origin, RejectReason
from offbook.engine.kernel import Kernel
from offbook.engine.reservations import Reservations
from offbook.engine.state import OrderState
from offbook.engine.terms import Refusal

if TYPE_CHECKING:
    from offbook.engine.venue import Venue


class SelfMatch:
    """Keeps a session's orders from trading with each other, where the venue does."""

    def __init__(self, kernel: Kernel, venue: Venue, reserves: Reservations) -> None:
        self._kernel = kernel
        self._venue = venue
        self._reserves = reserves
        self._policy = kernel.config.venue.self_match

    def refusal(self, order: OrderState, limit: int | None) -> Refusal | None:
        """Why the venue does not take an order, or new terms with this ``limit``, that would meet
        another of the session."""
        if self._policy is not SelfMatchPolicy.CANCEL_ARRIVING or order.waits:
            return None
        for other in self._met(order, limit):
            text = self._kernel.instrument(order.symbol).price_text
            return Refusal(
                reason=RejectReason.SELF_MATCH,
                limit=text(other.price_px or 0),
                value="" if limit is None else text(limit),
            )
        return None

    def admits(self, order: OrderState) -> bool:
        """Do by policy what is due where an order begins to act; whether it still does."""
        if self._policy is SelfMatchPolicy.ALLOW:
            return True
        for other in list(self._met(order, order.price_px)):
            if order.status.is_terminal:
                return False
            if other.status.is_terminal:
                continue  # with another of its list
            if self._policy is SelfMatchPolicy.CANCEL_RESTING:
                self._venue.end(other, CancelReason.SELF_MATCH)
            elif self._policy is SelfMatchPolicy.CANCEL_ARRIVING:
                self._venue.end(order, CancelReason.SELF_MATCH)
            else:
                self._decrement(order, other)
        return not order.status.is_terminal

    def _met(self, order: OrderState, limit: int | None) -> Iterator[OrderState]:
        """The session's limits on the other side that an order reaches, best price first."""
        if order.origin is Origin.LIQUIDATION:
            return
        reach = limit
        if reach is None:
            prices = self._kernel.prices(order.symbol)
            if prices is None:
                return
            reach = prices.ask_px if order.side is OrderSide.BUY else prices.bid_px
        # Sells that a buy's limit reaches are those that a bid at it would reach.
        for ordinal in self._venue.book(order.symbol).crossing(order.side.opposite, reach):
            other = self._kernel.ledger.orders[ordinal]
            if other.price_px is not None and other.origin is not Origin.LIQUIDATION:
                yield other

    def _decrement(self, order: OrderState, other: OrderState) -> None:
        """Both lose what the smaller has open."""
        qty = min(order.leaves_qty, other.leaves_qty)
        for one in (other, order):
            if one.status.is_terminal:
                continue
            if one.leaves_qty == qty:
                self._venue.end(one, CancelReason.SELF_MATCH)
            else:
                self._restate(one, one.order_qty - qty)

    def _restate(self, order: OrderState, order_qty: int) -> None:
        kernel = self._kernel
        due = kernel.response_due(order.ordinal)
        kernel.emit(
            r.OrderRestated,
            order=order.ordinal,
            order_qty=order_qty,
            given_qty=order.given_qty,
            mates_qty=order.mates_qty,
            released=False,
            reserve_px=order.reserve_px,
            reserved=self._reserves.after(order, order_qty, order.reserve_px),
            due=due,
        )
        kernel.report(order, ExecType.RESTATED, due)
        self._venue.settle(order)
