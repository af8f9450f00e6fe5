"""Auctions in the plain venue: one price, and whom it serves."""

from __future__ import annotations

from fractions import Fraction

from tests.properties.reference_clock import DAY
from tests.properties.reference_orders import ZERO, Order
from tests.properties.reference_pegs import ReferencePegs
from tests.properties.row_cases import BarRow, PriceRow, PrintRow

from offbook.domain.config import AtBreak, AuctionLimit
from offbook.domain.orders import CancelReason, TimeInForce

WORDS = {"open": "opening", "close": "closing"}


class ReferenceAuctions(ReferencePegs):
    """Serves orders at official prices."""

    def auction_of(self, order: Order) -> tuple[int, int]:
        """When the next auction of an order's kind is, and when its price has not come: with the
        next of the other kind."""
        rests, rule = self.setup.breaks, self._at_break()
        opens = [at for at, _ in self.setup.hours]
        closes = [at for _, at in self.setup.hours]
        if rule in {AtBreak.OPEN, AtBreak.BOTH}:
            opens += [end for _, end in rests]
        if rule is AtBreak.BOTH:
            closes += [begin for begin, _ in rests]
        mine, others = (opens, closes) if order.tif is TimeInForce.OPG else (closes, opens)
        at = min(one for one in mine if one > self.now)
        return at, min(one for one in others if one > at)

    def _at_break(self) -> AtBreak:
        """What auctions there are at noon; bars of a day show none."""
        rule = self.setup.venue.auctions.at_break
        if self.setup.bars and self.setup.timeframe >= DAY:
            return AtBreak.NONE
        if rule is AtBreak.CALENDAR:
            tokyo = self.setup.instrument.calendar == "XTKS"
            return AtBreak.BOTH if tokyo else AtBreak.NONE
        return rule

    def print_of_auction(self, row: PrintRow) -> Fraction:
        """A print that is the price of an auction; how much of it was taken there."""
        if row.mark == "reopen":
            return self._reopening(row)
        if not row.mark:
            return ZERO
        force = TimeInForce.OPG if row.mark == "open" else TimeInForce.CLS
        mine = [o for o in self._for_auctions(force) if (o.auction or 0) <= row.ts]
        return self._serve(mine, (row.price, f"official {WORDS[row.mark]} price"), row, row.size)

    def _reopening(self, row: PrintRow) -> Fraction:
        """The auction that ends a halt is for the orders of the book, which it leaves there."""
        if self.halted is None:
            return ZERO
        mine = [o for o in self.account.working() if o.is_in_book and not o.waits]
        mine = [o for o in mine if self.takes_part(o)]
        deal = (row.price, "official reopening price")
        return self._serve(self._by_wish(mine), deal, row, row.size, ends=False)

    def auction_of_bar(self, bar: BarRow, force: TimeInForce, left: Fraction) -> Fraction:
        """A bar that begins as a session opens, or ends as it closes; a day's bar has both."""
        opening = force is TimeInForce.OPG
        mine = [
            o for o in self._for_auctions(force) if self._shows(bar, o.auction, opening=opening)
        ]
        price, end, word = (bar.open, "first", "open") if opening else (bar.close, "last", "close")
        return self._serve(mine, (price, f"{word} of the session's {end} bar"), bar, left)

    def _serve(
        self,
        orders: list[Order],
        deal: tuple[Fraction, str],
        row: PriceRow,
        size: Fraction,
        *,
        ends: bool = True,
    ) -> Fraction:
        """Market orders and better limits, all of them at most the size; how much they took."""
        left = size
        for order in orders:
            if order.ended:
                continue
            if self._is_satisfied(order, deal[0]):
                qty = self.tradable(order, left)
                if qty > 0 and self.fill(order, qty, deal, left, row):
                    left -= qty
                    self.settle(order)
            if ends and not order.ended:
                self.end_as_expired(order, CancelReason.AUCTION_OVER)
        return size - left

    def _is_satisfied(self, order: Order, price: Fraction) -> bool:
        if order.limit is None:
            return True
        better = order.limit - price if order.buying else price - order.limit
        equal = self.setup.venue.auctions.limit is AuctionLimit.EQUAL
        return better > 0 or (equal and better == 0)

    def _for_auctions(self, force: TimeInForce) -> list[Order]:
        mine = [o for o in self.account.working() if o.tif is force and not o.held]
        return self._by_wish([o for o in mine if o.auction is not None])

    @staticmethod
    def _by_wish(orders: list[Order]) -> list[Order]:
        """Market orders, then buys with the best limit, then such sells; then the earliest."""

        def wish(order: Order) -> Fraction:
            limit = order.limit or ZERO
            return -limit if order.buying else limit

        return sorted(orders, key=lambda o: (o.limit is not None, wish(o), o.rank))

    def _shows(self, bar: BarRow, at: int | None, *, opening: bool) -> bool:
        """Whether a bar's first, or last, price is that of the auction at a time."""
        assert at is not None
        day = bar.ts - bar.opened >= DAY
        if opening:
            early = any(o < at and c > bar.opened for o, c in self.setup.hours)
            return bar.opened == at or (bar.opened < at < bar.ts and day and not early)
        late = any(at <= o < bar.ts for o, _ in self.setup.hours)
        return bar.ts == at or (bar.opened < at < bar.ts and day and not late)

    def end_as_expired(self, order: Order, reason: CancelReason) -> None:
        raise NotImplementedError
