"""Whether the venue takes an order on its terms: the first reason of ``risk`` why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from offbook.domain.config import BeyondBand, SelfMatchPolicy, WhileClosed, WhileHalted
from offbook.domain.orders import LIQUIDATION, OrderSide, OrderStatus, Origin, RejectReason
from offbook.engine.agenda import ReplaceArrives
from offbook.engine.desk.risk import venue_refusal
from offbook.engine.desk.terms import Refusal
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.lists import members
from offbook.engine.ledger.state import Amendment, OrderState

if TYPE_CHECKING:
    from offbook.engine.venue.venue import Venue


class Acceptance:
    """The venue's checks of what arrives."""

    def __init__(self, kernel: Kernel, venue: Venue) -> None:
        self._kernel = kernel
        self._venue = venue
        venue_config = kernel.config.venue
        # Looked up once: most venues ask none of these of the orders that come by the thousand.
        self._closes = venue_config.while_closed is WhileClosed.REJECT
        self._asks_age = venue_config.freshness is not None
        self._asks_self = venue_config.self_match is SelfMatchPolicy.CANCEL_ARRIVING

    def new_order(self, order: OrderState) -> Refusal | None:
        """Why an order is not taken, for itself or for its list."""
        refusal = self.terms(order, order)
        if refusal is not None or order.order_list_id is None:
            return refusal
        return self._list_refusal(order)

    def _list_refusal(self, order: OrderState) -> Refusal | None:
        """The venue takes a list whole or not at all; its orders arrive at one moment. What is told
        is why one was refused for itself, where that is known."""
        reason = RejectReason.ORDER_LIST_REFUSED
        mates = members(self._kernel.ledger, order)
        reasons = [why for why in (self._why_refused(order, mate) for mate in mates) if why]
        if not reasons:
            return None
        own = next((why for why in reasons if why != reason.value), reasons[0])
        return Refusal(reason=reason, limit=own)

    def _why_refused(self, order: OrderState, other: OrderState) -> str | None:
        """Why another of an order's list was refused, or is about to be. One that was is not asked
        again: it has ended, and so would meet no order of the session any more. Of those of another
        venue it is only known what was refused there before."""
        if other.status is OrderStatus.REJECTED:
            return str(other.reason)
        if self._kernel.is_apart(order.symbol, other.symbol):
            return None
        if other.accepted_ts is not None or other.status.is_terminal:
            return None
        refusal = self.terms(other, other)
        return None if refusal is None else refusal.reason.value

    def terms(self, order: OrderState, terms: OrderState | Amendment) -> Refusal | None:
        """Why an order is not taken, or kept, on these terms."""
        kernel = self._kernel
        if order.origin is LIQUIDATION:
            return None  # the venue's own, sent once: however little it is worth, it must go
        limit = terms.price_px
        refusal = venue_refusal(
            terms,
            order.order_type.has_limit,
            self._value_px(order, terms) if limit is None else limit,
            kernel.instruments[order.symbol],
            order.cap_px,
        )
        if order.display_qty is not None or order.min_qty:
            refusal = self._with_its_parts(order, refusal)
        if refusal is not None:
            return refusal
        if order.expire_time is not None and order.expire_time <= kernel.now:
            return Refusal(
                reason=RejectReason.EXPIRE_TIME_PASSED,
                limit=str(kernel.now),
                value=str(order.expire_time),
            )
        if order.accepted_ts is None:
            refusal = self._arrival_refusal(order)
        if refusal is not None or order.time_in_force.is_auction or order.peg is not None:
            return refusal
        if order.held:
            return None  # where the market will be when it is released, nobody knows
        return (
            (kernel.bands and self._beyond_band(order, limit))
            or (order.post_only and self.would_take(order, limit))
            or (self._asks_age and self._venue.freshness.refusal(order, limit))
            or (self._asks_self and self._venue.self_match.refusal(order, limit))
            or None
        )

    def _value_px(self, order: OrderState, terms: OrderState | Amendment) -> int:
        """What values an order without a limit on these terms: its trigger price, else the bid."""
        if terms.stop_px is not None:
            return terms.stop_px
        prices = self._kernel.prices(order.symbol)
        return 0 if prices is None else prices.bid_px

    def _with_its_parts(self, order: OrderState, of_whole: Refusal | None) -> Refusal | None:
        """What is shown, and the least that may trade, are whole lots too, which is asked before
        what the whole order is worth."""
        if of_whole is not None and of_whole.reason is not RejectReason.MIN_NOTIONAL:
            return of_whole
        instrument = self._kernel.instrument(order.symbol)
        for qty in (order.display_qty or 0, order.min_qty):
            if qty % instrument.lot_units:
                return Refusal(
                    reason=RejectReason.LOT_SIZE,
                    limit=instrument.lot_size,
                    value=instrument.qty_text(qty),
                )
        return of_whole

    def _arrival_refusal(self, order: OrderState) -> Refusal | None:
        """Why the venue, as it is now, has no place for a new order."""
        if order.extended_hours and not self._has_extended_hours(order):
            return Refusal(reason=RejectReason.NO_EXTENDED_HOURS)
        if self._closes and self._comes_out_of_hours(order):
            return Refusal(reason=RejectReason.MARKET_CLOSED)
        if self._kernel.halted and self._is_shut_out(order):
            return Refusal(reason=RejectReason.HALTED)
        if order.time_in_force.is_auction:
            return self._venue.auctions.refusal(order)
        return None if order.peg is None else self._venue.pegs.refusal(order)

    def _has_extended_hours(self, order: OrderState) -> bool:
        calendar = self._kernel.calendar_of(self._kernel.instrument(order.symbol))
        return not calendar.always_open and self._kernel.config.venue.extended_hours is not None

    def _comes_out_of_hours(self, order: OrderState) -> bool:
        if order.time_in_force.is_auction or order.origin is Origin.FLATTEN:
            return False  # an auction has its own hours; a stop awaits the opening, as a halt's end
        return not self._venue.times.would_take_part(order)

    def _is_shut_out(self, order: OrderState) -> bool:
        if order.symbol not in self._kernel.halted or order.origin is Origin.FLATTEN:
            return False  # sent once; a stop awaits the resumption up to its deadline
        return self._kernel.config.venue.while_halted is WhileHalted.REJECT

    def _beyond_band(self, order: OrderState, limit: int | None) -> Refusal | None:
        """Why a limit is not taken that the exchange's bands, as they are now, do not let trade."""
        band = self._kernel.bands.get(order.symbol)
        if band is None or limit is None:
            return None
        if self._kernel.config.venue.beyond_band is not BeyondBand.REJECT:
            return None
        bound = band[1] if order.side is OrderSide.BUY else band[0]
        if (limit - bound) * order.side.sign <= 0:
            return None
        instrument = self._kernel.instrument(order.symbol)
        return Refusal(
            reason=RejectReason.PRICE_BAND,
            limit=instrument.price_text(bound),
            value=instrument.price_text(limit),
        )

    def would_take(self, order: OrderState, limit: int | None) -> Refusal | None:
        """Why an order that may only make the market is not taken where it is now."""
        prices = self._kernel.prices(order.symbol) if order.post_only else None
        if prices is None or limit is None:
            return None
        other = prices.ask_px if order.side is OrderSide.BUY else prices.bid_px
        if (other - limit) * order.side.sign > 0:
            return None
        instrument = self._kernel.instrument(order.symbol)
        return Refusal(
            reason=RejectReason.WOULD_TAKE,
            limit=instrument.price_text(other),
            value=instrument.price_text(limit),
        )


def new_terms(order: OrderState, request: ReplaceArrives) -> Amendment:
    """What a replace asks for, as it is now that the order was restated, or has followed the
    market, while the request travelled."""
    new = request.terms.restated(order.order_qty)
    if order.peg is None:
        return new
    return msgspec.structs.replace(new, price_px=order.price_px)
