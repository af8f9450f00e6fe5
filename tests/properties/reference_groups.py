"""Lists of orders in the reference: one thing is done at a time, then all is looked at again."""

from __future__ import annotations

from fractions import Fraction

from tests.properties.reference_hours import ReferenceHours
from tests.properties.reference_orders import ZERO, Group, Order

from offbook.domain.config import SelfMatchPolicy
from offbook.domain.orders import CancelReason, ContingencyType, OrderStatus


class ReferenceGroups(ReferenceHours):
    """What happens to the others of a list."""

    def cancel(self, order: Order, reason: CancelReason) -> None:
        """End an order at the venue."""
        raise NotImplementedError

    def meet_last(self, order: Order) -> None:
        """Let an order meet the market."""
        raise NotImplementedError

    def next_rank(self) -> int:
        return max((order.rank for order in self.account.orders), default=0) + 1

    @staticmethod
    def parent_of(order: Order) -> Order | None:
        """The order whose trades release this one."""
        group = order.group
        if group is None or group.kind is ContingencyType.OCO or group.orders[0] is order:
            return None
        return group.orders[0]

    def start_trail(self, order: Order) -> None:
        """A trailing stop begins to follow where the market is."""
        if order.trails:
            bid, ask = self.market() or (ZERO, ZERO)
            order.mark = ask if order.buying else bid
            order.stop = self.account.level(order, order.mark)

    def settle(self, order: Order) -> None:
        """Do what is due in an order's list until nothing is."""
        group = order.group
        settling = self.common.settling
        if group is None or group in settling:
            return
        settling.append(group)
        while self._one_thing(group):
            pass
        settling.remove(group)

    def _one_thing(self, group: Group) -> bool:
        for leg in group.legs():
            if not leg.ended and self.venue_of(leg.symbol).because_of_legs(group, leg):
                return True
        if group.kind is ContingencyType.OCO:
            return False
        parent, *children = group.orders
        done = any(child.ended is OrderStatus.FILLED for child in children)
        if group.kind is ContingencyType.BRACKET and done and not parent.ended:
            self.cancel(parent, CancelReason.EXIT_FILLED)
            return True
        if parent.ended is OrderStatus.REJECTED:  # the others will be, as they arrive
            children = [child for child in children if child.accepted is not None]
        return any(
            self.venue_of(child.symbol).because_of_parent(child, parent)
            for child in children
            if not child.ended
        )

    def because_of_legs(self, group: Group, leg: Order) -> bool:
        """What follows for one of several that cancel each other; whether anything did."""
        others = [other for other in group.legs() if other is not leg]
        over = [other for other in others if other.ended not in {None, OrderStatus.REJECTED}]
        traded = sum((other.filled for other in others), ZERO)
        less = traded - leg.mates_traded if leg.is_at_venue else ZERO
        if over or leg.open <= less:
            self.cancel(leg, CancelReason.OCO)
            return True
        if less:
            leg.mates_traded = traded
            self._restate(leg, leg.qty - less, released=False)
        return less > 0

    def because_of_parent(self, child: Order, parent: Order) -> bool:
        """What follows for an order that a parent's trades release; whether anything did."""
        lot = Fraction(self.setup.instrument.lot_size)
        share = parent.progress(parent.filled) - child.progress(child.given)
        more = share * child.sent_qty * child.split_by // lot * lot
        more = ZERO if child.accepted is None else more
        if more > 0:
            qty = more if child.held else child.qty + more
            market = self.market()
            assert market is not None
            price = self.account.price_for(child, market) if child.held else child.reserve_price
            if self.account.can_release(child, qty, price, market):
                child.given += more
                self._work(child, qty, price)
                return True
            if child.held:
                self.cancel(child, CancelReason.INSUFFICIENT_FUNDS)
                return True
        if child.held and parent.ended and (child.accepted is not None or not parent.filled):
            self.cancel(child, CancelReason.PARENT_ENDED)
            return True
        return False

    def _work(self, child: Order, qty: Fraction, price: Fraction) -> None:
        """A child works with so much; one that was held meets the market."""
        was_held = child.held
        child.reserve_price = price
        if was_held:
            child.sent = child.released = self.now
            self.start_trail(child)
        self._restate(child, qty, released=was_held)
        if not was_held:
            return
        child.rank = self.next_rank()
        assert child.group is not None
        if child in child.group.legs():
            while not child.ended and self.because_of_legs(child.group, child):
                pass
        if child.ended:
            return
        market = self.market()
        if child.post_only and market and child.limit is not None:
            takes = child.limit >= market[1] if child.buying else child.limit <= market[0]
            if takes:
                self.cancel(child, CancelReason.WOULD_TAKE)
                return
        if self.is_locked(child):
            self.cancel(child, CancelReason.AUCTION_CUTOFF)
        elif child.auction is None and (child.waits or self.keeps_off_itself(child)):
            self.meet_last(child)

    def is_locked(self, order: Order) -> bool:
        raise NotImplementedError

    def stands_before(self, order: Order, other: Order) -> Fraction:
        """What an order finds in the market before it comes to another of the session."""
        raise NotImplementedError

    def comes_to(self, order: Order, other: Order) -> bool:
        """Whether anything of it is left then."""
        return self.stands_before(order, other) < order.open

    def own_orders_met(self, order: Order, limit: Fraction | None) -> list[Order]:
        """Limits of the session on the other side that an order would reach, best price first."""
        reach = limit if limit is not None else self.farthest(order)
        if order.liquidates or reach is None:
            return []
        found = [
            other
            for other in self.account.working()
            if other.is_at_venue
            and not other.waits
            and other.auction is None
            and other.buying is not order.buying
            and other is not order
            and other.limit is not None
            and (other.limit <= reach if order.buying else other.limit >= reach)
        ]
        sign = 1 if order.buying else -1
        return sorted(found, key=lambda o: (sign * (o.limit or 0), o.hidden, o.rank))

    def farthest(self, order: Order) -> Fraction | None:
        """How far an order goes that has no limit: to the best price."""
        market = self.market()
        return None if market is None else market[1 if order.buying else 0]

    def keeps_off_itself(self, order: Order) -> bool:
        """An order begins to act: what becomes of it and of others that it would meet."""
        policy = self.setup.venue.self_match
        if policy is SelfMatchPolicy.ALLOW:
            return True
        for other in self.own_orders_met(order, order.limit):
            if order.ended:
                return False
            if other.ended or not self.comes_to(order, other):
                continue
            self._prevents(policy, order, other)
        return not order.ended

    def _prevents(self, policy: SelfMatchPolicy, order: Order, other: Order) -> None:
        before = self.stands_before(order, other)
        qty = min(order.open - before, other.open)
        if policy is SelfMatchPolicy.CANCEL_RESTING:
            self.cancel(other, CancelReason.SELF_MATCH)
        elif policy is SelfMatchPolicy.CANCEL_ARRIVING and before:
            self._restate(order, order.qty - order.open + before, released=False)
            self.settle(order)
        elif policy is SelfMatchPolicy.CANCEL_ARRIVING:
            self.cancel(order, CancelReason.SELF_MATCH)
        else:
            for one in (other, order):
                if one.ended:
                    continue
                if one.open == qty:
                    self.cancel(one, CancelReason.SELF_MATCH)
                else:
                    self._restate(one, one.qty - qty, released=False)
                    self.settle(one)

    def _restate(self, order: Order, qty: Fraction, *, released: bool) -> None:
        amount = self.account.held_together(order, qty, order.reserve_price)
        order.qty, order.held = qty, False
        self.account.hold(order, amount)
        stop = order.stop if released else None
        self.tell(
            "OrderRestated", order.number, qty, order.given, order.mates_traded, released, amount,
            stop, self.report(order.number),
        )  # fmt: skip
