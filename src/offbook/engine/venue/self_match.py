"""Orders of one session that would trade with each other (self-match or self-trade prevention).

An order that begins to act (it arrives, gets a new price, moves with its peg, is triggered or
released) meets the session's own limits on the other side of its instrument that work there, in
price-time priority: those that its limit reaches, or without a limit those that it comes to, and of
these the ones for which anything of it is left once it has taken what stands before them in the
market (``standing_before``).  A venue prevents a trade that would happen, not orders that could
meet; so they are protective orders too that are met.  By ``venue.self_match``:

- ``allow``: nothing; they may trade with others at prices that cross;
- ``cancel_resting``: these are canceled (SELF_MATCH), the best price first, and it goes on;
- ``cancel_arriving``: it keeps what the market has for it before them (a restated order); where
  that is nothing a new order or a replace is rejected (SELF_MATCH), one that moves, is triggered or
  released is canceled;
- ``decrement``: best price first, both lose what the smaller would have traded with the other, and
  which has nothing open then ends (SELF_MATCH).

The names follow FIX SelfMatchPreventionInstruction (2964): cancel passive, cancel aggressive; the
decrement is Coinbase's and CME's "decrease and cancel".  A liquidation is never in anybody's way,
nor is an order for an auction, where everybody has one price.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from offbook.domain import records as r
from offbook.domain.config import SelfMatchPolicy
from offbook.domain.orders import CancelReason, ExecType, OrderSide, Origin, RejectReason
from offbook.engine.desk.terms import Refusal
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.state import OrderState
from offbook.engine.venue.reservations import Reservations
from offbook.engine.venue.standing_before import stands_before

if TYPE_CHECKING:
    from offbook.engine.venue.venue import Venue


_FARTHEST: Final = 2**62
"""Beyond every price."""


class SelfMatch:
    """Keeps a session's orders from trading with each other, where the venue does."""

    def __init__(self, kernel: Kernel, venue: Venue, reserves: Reservations) -> None:
        self._kernel = kernel
        self._venue = venue
        self._reserves = reserves
        self._policy = kernel.config.venue.self_match
        self.allows_all = self._policy is SelfMatchPolicy.ALLOW
        """Whether nothing is kept from anything."""

    def refusal(self, order: OrderState, limit: int | None) -> Refusal | None:
        """Why the venue does not take an order, or new terms with this ``limit``, that would meet
        another of the session."""
        if self._policy is not SelfMatchPolicy.CANCEL_ARRIVING or order.waits:
            return None
        for other, before in self._met(order, limit):
            if before:
                return None
            text = self._kernel.instrument(order.symbol).price_text
            return Refusal(
                reason=RejectReason.SELF_MATCH,
                limit=text(other.price_px or 0),
                value="" if limit is None else text(limit),
            )
        return None

    def admits(self, order: OrderState) -> bool:
        """Do by policy what is due where an order begins to act; whether it still does."""
        if self.allows_all or order.time_in_force.is_auction:
            return True
        for other, before in self._met(order, order.price_px):
            if self._policy is SelfMatchPolicy.CANCEL_RESTING:
                self._venue.end(other, CancelReason.SELF_MATCH)
            elif self._policy is SelfMatchPolicy.DECREMENT:
                self._decrement(order, other, min(order.leaves_qty - before, other.leaves_qty))
            elif before:
                self._restate(order, order.cum_qty + before)
            else:
                self._venue.end(order, CancelReason.SELF_MATCH)
        return not order.status.is_terminal

    def _met(self, order: OrderState, limit: int | None) -> Iterator[tuple[OrderState, int]]:
        """The session's limits on the other side that an order comes to, best price first, each
        with what it takes of the market before (quantity units); asked anew after each, for what
        became of that one may have changed others."""
        reach = self._reach(order, limit)
        if order.origin is Origin.LIQUIDATION or reach is None:
            return
        # Sells that a buy's limit reaches are those that a bid at it would reach.
        for ordinal in list(self._venue.book(order.symbol).crossing(order.side.opposite, reach)):
            if order.status.is_terminal:
                return
            other = self._kernel.ledger.orders[ordinal]
            if other.price_px is None or other.origin is Origin.LIQUIDATION:
                continue
            if other.status.is_terminal:
                continue  # with another of its list
            before = stands_before(self._kernel, self._venue, order, other)
            if before < order.leaves_qty:
                yield other, before

    def _reach(self, order: OrderState, limit: int | None) -> int | None:
        """How far an order goes: to its limit; without one to the best price, and through all of a
        book."""
        if limit is not None:
            return limit
        buying = order.side is OrderSide.BUY
        if order.symbol in self._kernel.depths:
            return _FARTHEST if buying else 0
        prices = self._kernel.prices(order.symbol)
        if prices is None:
            return None
        return prices.ask_px if buying else prices.bid_px

    def _decrement(self, order: OrderState, other: OrderState, qty: int) -> None:
        """Both lose what they would have traded with each other."""
        for one in (other, order):
            if one.status.is_terminal:
                continue
            if one.leaves_qty == qty:
                self._venue.end(one, CancelReason.SELF_MATCH)
            else:
                self._restate(one, one.order_qty - qty)

    def _restate(self, order: OrderState, order_qty: int) -> None:
        kernel = self._kernel
        due = kernel.response_due(order.ordinal, order.symbol)
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
