"""Orders that depend on one another, at the venue.

- OTO and BRACKET: the first order is the parent, the others are HELD.  When the parent trades, each
  gets its share, ``list_qty * cum_qty / list_qty of the parent`` in whole lots, and works with it
  from that moment on; later trades of the parent give it more.  A split of the one's instrument
  changes nothing for the other's: the share of the parent that has traded is what counts.  Where
  the parent ends without having traded, or a share is less than a lot, the held orders end
  (PARENT_ENDED).  At a venue that is farther away than the parent's it is released as it arrives.
- OCO, and the exits of a BRACKET: what one of them trades, the others have less; when one is filled
  or ends otherwise, the others end (OCO).
- BRACKET: when an exit is filled while the entry still works, the entry ends (EXIT_FILLED), for
  what it would still open could not be closed by its exits any more.
- A held order reserves nothing.  On its release it reserves what it needs, one that only reduces as
  much of it as there is; where that is not there, it ends (INSUFFICIENT_FUNDS).  OCO orders reserve
  once, for the dearest of them.

What is due follows from the orders as they stand: one thing is done at a time, the first in the
order above and in that of the list, and then all is looked at again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from offbook.domain import records as r
from offbook.domain.orders import CancelReason, ContingencyType, ExecType, OrderStatus
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.lists import legs, members, owed
from offbook.engine.ledger.state import OrderState
from offbook.engine.venue.reservations import Reservations

if TYPE_CHECKING:
    from offbook.engine.venue.venue import Venue


class Groups:
    """Sees to it that the orders of a list follow one another."""

    def __init__(self, kernel: Kernel, venue: Venue, reserves: Reservations) -> None:
        self._kernel = kernel
        self._venue = venue
        self._reserves = reserves
        self._settling: set[str] = set()

    def settle(self, order: OrderState) -> None:
        """Something happened to an order: do what follows for the others of its list."""
        if order.order_list_id is None or order.order_list_id in self._settling:
            return
        self._settling.add(order.order_list_id)
        try:
            while self._step(members(self._kernel.ledger, order)):
                pass
        finally:
            self._settling.remove(order.order_list_id)

    def _step(self, orders: list[OrderState]) -> bool:
        """Do the first thing that is due; False when nothing is."""
        if any(self._follow_legs(leg) for leg in orders if leg.is_leg):
            return True
        first = orders[0]
        if first.contingency_type is ContingencyType.OCO:
            return False
        children = [order for order in orders if order.parent == first.ordinal]
        if self._is_done(first, children):
            self._venue.end(first, CancelReason.EXIT_FILLED)
            return True
        return any(self._follow_parent(child, first) for child in children)

    def _follow_legs(self, leg: OrderState) -> bool:
        """One of several that cancel each other: the others have traded, or ended."""
        if leg.status.is_terminal:
            return False
        others = legs(self._kernel.ledger, leg)
        traded = sum(other.cum_qty for other in others)
        works = leg.accepted_ts is not None and not leg.held
        less = traded - leg.mates_qty if works else 0
        if any(_has_ended(other) for other in others) or leg.order_qty - less <= leg.cum_qty:
            self._venue.end(leg, CancelReason.OCO)
            return True
        if less > 0:
            self._restate(leg, leg.order_qty - less, leg.given_qty, traded)
        return less > 0

    @staticmethod
    def _is_done(parent: OrderState, children: list[OrderState]) -> bool:
        """Whether an entry still works though an exit was filled."""
        is_bracket = parent.contingency_type is ContingencyType.BRACKET
        filled = any(child.status is OrderStatus.FILLED for child in children)
        return is_bracket and filled and not parent.status.is_terminal

    def _follow_parent(self, child: OrderState, parent: OrderState) -> bool:
        """An order that a parent's trades release."""
        is_late = child.accepted_ts is None
        rejected = parent.status is OrderStatus.REJECTED and is_late  # so will be it, as it arrives
        if child.status.is_terminal or rejected:
            return False
        more = 0
        if child.accepted_ts is not None:
            more = owed(child, parent, self._kernel.instrument(child.symbol).lot_units)
        if more > 0 and self._give(child, more):
            return True
        waits_in_vain = child.accepted_ts is not None or not parent.cum_qty
        if child.held and parent.status.is_terminal and waits_in_vain:
            self._venue.end(child, CancelReason.PARENT_ENDED)
            return True
        return False

    def _give(self, child: OrderState, more: int) -> bool:
        """Let a child work with so much (more) of its quantity; False where that cannot be paid
        and it goes on with what it has."""
        released = child.held
        order_qty = more if released else child.order_qty + more
        if not self._reserves.can_pay(child, order_qty):
            if released:
                self._venue.end(child, CancelReason.INSUFFICIENT_FUNDS)
            return released
        self._restate(child, order_qty, child.given_qty + more, child.mates_qty)
        if released:
            while self._follow_legs(child):  # others may have traded while it was held
                pass
            if not child.status.is_terminal:
                self._venue.enter_released(child)
        return True

    def _restate(self, order: OrderState, order_qty: int, given: int, mates: int) -> None:
        kernel, venue = self._kernel, self._venue
        due = kernel.response_due(order.ordinal, order.symbol)
        reserve_px = self._reserves.price(order)
        kernel.emit(
            r.OrderRestated,
            order=order.ordinal,
            order_qty=order_qty,
            given_qty=given,
            mates_qty=mates,
            released=order.held,
            reserve_px=reserve_px,
            reserved=self._reserves.after(order, order_qty, reserve_px),
            stop_px=venue.first_stop_px(order) if order.held else None,
            due=due,
        )
        kernel.report(order, ExecType.RESTATED, due)


def _has_ended(order: OrderState) -> bool:
    return order.status.is_terminal and order.status is not OrderStatus.REJECTED
