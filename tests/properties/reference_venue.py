"""A plain venue: what becomes of the messages that arrive there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from tests.properties.reference_bars import ReferenceBars
from tests.properties.reference_clock import VENUE_STAGE
from tests.properties.reference_crossing import shows_bid_and_ask
from tests.properties.reference_orders import ZERO, Order
from tests.properties.row_cases import QuoteRow

from offbook.domain.config import (
    BeyondBand,
    ReplacePriority,
    SelfMatchPolicy,
    StalePolicy,
    WhileClosed,
    WhileHalted,
)
from offbook.domain.orders import CancelReason, OrderStatus, RejectReason, TimeInForce
from offbook.domain.session import SessionStatus as Status


@dataclass
class NewTerms:
    """What a replace asks for."""

    qty: Fraction
    limit: Fraction | None
    stop: Fraction | None
    trail: Fraction | None
    percent: Fraction | None
    reserve_price: Fraction
    sent: int
    from_qty: Fraction


class ReferenceVenue(ReferenceBars):
    """Takes messages."""

    # -- messages that arrive ---------------------------------------------------------------

    def venue_refuses(
        self, order: Order, qty: Fraction, limit: Fraction | None, stop: Fraction | None
    ) -> RejectReason | None:
        if order.liquidates:
            return None
        refusal = self._unfit_terms(order, qty, limit, stop)
        if refusal is None and order.accepted is None:
            refusal = self._no_place(order)
        if refusal or order.tif.is_auction or order.peg:
            return refusal
        if self._lies_beyond(order, limit):
            return RejectReason.PRICE_BAND
        market = self.market()
        if order.post_only and market and limit is not None and not order.held:
            takes = limit >= market[1] if order.buying else limit <= market[0]
            if takes:
                return RejectReason.WOULD_TAKE
        return self._refuses_old(order, limit) or self._refuses_own(order, limit)

    def _unfit_terms(
        self, order: Order, qty: Fraction, limit: Fraction | None, stop: Fraction | None
    ) -> RejectReason | None:
        """Terms that fit no instrument, or no time."""
        instrument, market = self.setup.instrument, self.market()
        tick = Fraction(instrument.tick_size)
        if any((price or ZERO) % tick for price in (limit, stop, order.cap)):
            return RejectReason.TICK_SIZE
        lot = Fraction(instrument.lot_size)
        if any(part % lot for part in (qty, order.display or ZERO, order.least)):
            return RejectReason.LOT_SIZE
        price = limit if limit is not None else stop
        if price is None:
            price = market[0] if market else ZERO
        if self.account.value(qty, price) < Fraction(instrument.min_notional):
            return RejectReason.MIN_NOTIONAL
        if order.expires is not None and order.expires <= self.now:
            return RejectReason.EXPIRE_TIME_PASSED
        return None

    def _lies_beyond(self, order: Order, limit: Fraction | None) -> bool:
        """Whether the bands do not let an order trade at its limit, where that is refused."""
        refused = self.setup.venue.beyond_band is BeyondBand.REJECT
        if not refused or order.held or limit is None:
            return False
        lower, upper = self.bands
        if order.buying:
            return upper is not None and limit > upper
        return lower is not None and limit < lower

    def _refuses_own(self, order: Order, limit: Fraction | None) -> RejectReason | None:
        """Nothing may meet an order of the session, where the one that comes is refused."""
        if self.setup.venue.self_match is not SelfMatchPolicy.CANCEL_ARRIVING:
            return None
        if order.waits or order.held:
            return None
        met = [o for o in self.own_orders_met(order, limit) if self.comes_to(order, o)]
        nothing_before = met and not self.stands_before(order, met[0])
        return RejectReason.SELF_MATCH if nothing_before else None

    def _refuses_old(self, order: Order, limit: Fraction | None) -> RejectReason | None:
        """Nothing may be taken from an old quote, where that is refused."""
        rule, row = self.setup.venue.freshness, self.present or self.priced
        if rule is None or rule.policy is not StalePolicy.REJECT or order.waits or order.held:
            return None
        if order.flattens or not isinstance(row, QuoteRow) or not self.is_old(row):
            return None
        crosses = limit is None or (limit >= row.ask if order.buying else limit <= row.bid)
        return RejectReason.STALE_MARKET_DATA if crosses else None

    def _no_place(self, order: Order) -> RejectReason | None:
        """Why a new order comes at the wrong time, or to the wrong market."""
        venue = self.setup.venue
        if order.extended and (venue.extended_hours is None or not self.setup.hours):
            return RejectReason.NO_EXTENDED_HOURS
        closed = not (order.tif.is_auction or order.flattens or self.takes_part(order))
        if closed and venue.while_closed is WhileClosed.REJECT:
            return RejectReason.MARKET_CLOSED
        shut = self.halted is not None and not order.flattens
        if shut and venue.while_halted is WhileHalted.REJECT:
            return RejectReason.HALTED
        if order.peg and not shows_bid_and_ask(self.setup):
            return RejectReason.NO_PEG_PRICE
        return self._no_auction(order) if order.tif.is_auction else None

    def _no_auction(self, order: Order) -> RejectReason | None:
        """Bars show auctions, and prints that are marked, where the market closes."""
        if not self.setup.has_auctions:
            return RejectReason.NO_AUCTION
        late = self.now >= self.auction_of(order)[0] - self._cutoff(order)
        return RejectReason.AUCTION_CUTOFF if late else None

    def _cutoff(self, order: Order) -> int:
        rules = self.setup.venue.auctions
        return rules.open_cutoff_ns if order.tif is TimeInForce.OPG else rules.close_cutoff_ns

    def is_locked(self, order: Order) -> bool:
        return order.auction is not None and self.now >= order.auction - self._cutoff(order)

    def _refuses(self, order: Order) -> RejectReason | None:
        """An order is refused for itself, else for another of its list."""
        own = self.venue_refuses(order, order.qty, order.limit, order.stop)
        if own is not None or order.group is None:
            return own
        for other in order.group.orders:
            if other.ended is OrderStatus.REJECTED:
                return RejectReason.ORDER_LIST_REFUSED
            if other.accepted is not None or other.ended or self.is_apart(order, other):
                continue
            venue = self.venue_of(other.symbol)
            if venue.venue_refuses(other, other.qty, other.limit, other.stop):
                return RejectReason.ORDER_LIST_REFUSED
        return None

    def new_arrives(self, order: Order) -> None:
        if order.ended:
            return
        refusal = self._refuses(order)
        if refusal:
            self.account.end(order, OrderStatus.REJECTED, refusal.value)
            self.tell("OrderRejected", order.number, refusal, self.report(order.number))
            self.settle(order)
            return
        order.accepted, order.rank = self.now, self.next_rank()
        order.taker = not order.post_only
        expires = self.day_end_of(order) if order.tif is TimeInForce.DAY else order.expires
        if order.tif.is_auction:
            order.auction, expires = self.auction_of(order)
        if not order.held:
            self.start_trail(order)
        self.tell(
            "OrderAccepted",
            order.number,
            expires,
            order.stop,
            order.held,
            self.queue_ahead(order),
            self.report(order.number),
        )
        if expires is not None:
            self.later(expires, VENUE_STAGE, lambda: self._expire(order))
        works = not order.held
        self.settle(order)
        if works and not order.ended and order.auction is None:
            self.begins_to_act(order)
            self.settle(order)

    def queue_ahead(self, order: Order) -> Fraction | None:
        """What an order finds ahead of it in a queue, where there are any."""
        return None

    def begins_to_act(self, order: Order) -> None:
        if order.peg:
            self.place(order)
        elif order.waits or self.keeps_off_itself(order):
            self.meet_last(order)

    def cancel_arrives(self, order: Order) -> None:
        order.asked_cancel = False
        if order.ended:
            self.tell(
                "CancelRejected", order.number, RejectReason.ORDER_CLOSED, self.report(order.number)
            )
        elif self.is_locked(order):
            self._keeps(order)
        else:
            self.cancel(order, CancelReason.REQUESTED)

    def _keeps(self, order: Order) -> None:
        """It is too late to take an order out of its auction; whoever asked hears so later."""
        order.unheard_cancel = self.setup.listener is not None

        def heard() -> None:
            order.unheard_cancel = False

        due = self.report(order.number, heard)
        self.tell("CancelRejected", order.number, RejectReason.AUCTION_CUTOFF, due)

    def replace_arrives(self, order: Order, new: NewTerms) -> None:
        order.asked_replace = False
        order.asked_qty = order.asked_price = ZERO
        new = replace(new, qty=new.qty + order.qty - new.from_qty)
        if order.peg:
            new.limit = order.limit  # it has moved meanwhile

        def heard() -> None:
            order.unheard_replace = False

        due = self.report(order.number, heard)
        reason = self._refuses_new_terms(order, new)
        if reason:
            terms = order.qty, order.reserve_price
            amount = ZERO if order.held else self.account.held_together(order, *terms)
            if not order.ended:  # else it holds nothing, and the others of its list as before
                self.account.hold(order, amount)
            self.tell("ReplaceRejected", order.number, reason, amount, due)
            return
        before = (order.limit, order.stop)
        order.limit, order.trail, order.percent = new.limit, new.trail, new.percent
        if not order.trails:
            order.stop = new.stop
        elif order.waits and not order.held:
            order.stop = self.account.level(order, order.mark)
        smaller = (order.limit, order.stop) == before and new.qty <= order.qty
        keeps = smaller and self.setup.venue.replace_priority is ReplacePriority.SMALLER
        self.account.hold(order, self.account.held_together(order, new.qty, new.reserve_price))
        order.qty, order.reserve_price = new.qty, new.reserve_price
        if order.held:
            order.sent_qty = order.qty
        self.tell(
            "OrderReplaced", order.number, order.qty, order.limit, order.stop, order.reserved,
            keeps, due,
        )  # fmt: skip
        if not keeps:
            order.rank, order.sent, order.bars = self.next_rank(), new.sent, 0
            order.taker = not order.post_only
            if not order.held and order.auction is None:
                self.begins_to_act(order)

    def _refuses_new_terms(self, order: Order, new: NewTerms) -> RejectReason | None:
        if order.ended:
            return RejectReason.ORDER_CLOSED
        if self.is_locked(order):
            return RejectReason.AUCTION_CUTOFF
        if new.qty <= order.filled:
            return RejectReason.QTY_BELOW_FILLED
        if self._was_triggered(order, new):
            return RejectReason.ALREADY_TRIGGERED
        refusal = self.venue_refuses(order, new.qty, new.limit, new.stop)
        if refusal is None and self.changed >= new.sent:
            return RejectReason.CORPORATE_ACTION  # they were meant for the shares as they were
        return refusal or self._cannot_pay(order, new)

    def _cannot_pay(self, order: Order, new: NewTerms) -> RejectReason | None:
        """An order that was held when it asked had nothing reserved for its new terms."""
        market = self.market()
        if self.parent_of(order) is None or order.held or order.sent < new.sent or not market:
            return None
        if self.account.can_release(order, new.qty, new.reserve_price, market):
            return None
        if order.buying or self.account.may_owe:
            return RejectReason.INSUFFICIENT_BUYING_POWER
        return RejectReason.INSUFFICIENT_HOLDINGS

    @staticmethod
    def _was_triggered(order: Order, new: NewTerms) -> bool:
        """Whether a replace would change a trigger that has done its work."""
        if order.waits:
            return False
        moved = not order.trails and new.stop != order.stop
        return moved or (new.trail, new.percent) != (order.trail, order.percent)

    def _expire(self, order: Order) -> None:
        if not order.ended:
            timed = order.tif is TimeInForce.GTD
            reason = CancelReason.EXPIRE_TIME if timed else CancelReason.DAY_END
            self.end_as_expired(order, CancelReason.NO_AUCTION_PRICE if order.auction else reason)

    def end_as_expired(self, order: Order, reason: CancelReason) -> None:
        self.common.expired_while_paused += self.status is Status.PAUSED
        self.account.end(order, OrderStatus.EXPIRED, reason.value)
        self.tell("OrderExpired", order.number, reason, self.report(order.number))
        self.settle(order)
