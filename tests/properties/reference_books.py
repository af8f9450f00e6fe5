"""Books by price in the plain venue: what they do to the orders of a session, by the rules of
``docs/reference/depth.md``.

The book itself and the places in its queues are those of ``reference_depth``; here orders walk it,
and the account pays.
"""

from __future__ import annotations

from fractions import Fraction

from tests.properties.market_cases import Setup
from tests.properties.reference_common import Common
from tests.properties.reference_crossing import crosses
from tests.properties.reference_orders import ZERO, Order
from tests.properties.reference_prints import ReferencePrints
from tests.properties.reference_slippage import is_maker, slipped
from tests.properties.reference_standing import OrdersOfSession, book_of
from tests.properties.row_cases import (
    LevelRow,
    MadeRow,
    MessageRow,
    PriceRow,
    PrintRow,
    QueuedRow,
    QuoteRow,
)

from offbook.domain.orders import CancelReason, TimeInForce

FARTHEST = Fraction(2**62)
"""Beyond every price."""


class ReferenceBooks(ReferencePrints):
    """Takes messages of a book, and prints beside it."""

    def __init__(self, setup: Setup, of: Common | None = None) -> None:
        super().__init__(setup, of)
        self.book = book_of(self)
        self._message: MessageRow | None = None
        self._print: PrintRow | None = None
        self._traded: int | None = None

    def next_rank(self) -> int:
        """After the parts of icebergs, too."""
        last = self.book.last_turn if self.book else 0
        return max(super().next_rank(), last + 1)

    # -- the book moves ---------------------------------------------------------------------

    def take_message(self, row: MessageRow) -> None:
        """All of it, at once."""
        book = self.book
        assert book is not None
        known = not row.snapshot and book.knows(row)
        self._message = self._message if known else row
        book.halted = not self._trades()
        book.hear(row)

    def shown_at(self, row: MadeRow) -> int:
        """A message that a book knows already shows it once more."""
        told = self._message if isinstance(row, MessageRow) else None
        return super().shown_at(told or row)

    def book_moved(self) -> None:
        """Orders meet a book that can be trusted; what it is away from rests."""
        self.priced = top = self._top()
        if self.trades_now():
            self.pull(top)
        for buying in (True, False):
            for order in self.by_price(buying=buying):
                if not order.ended and crosses(order, top) and self.may_trade(order):
                    self._walk_levels(order)
        for order in self.account.working():
            fresh = order.is_in_book and not order.waits and order.taker
            if fresh and not crosses(order, top):
                self._rest(order)
        self.follow_pegs(top)

    def drop_book(self) -> None:
        """A corporate action: it is another market, of which nothing is known but the last best bid
        and ask."""
        if self.book is not None:
            self.resumed = self.now
            self.book.drop()

    def rejoin_book(self) -> None:
        """Orders that rested stand behind all that the next book holds."""
        if self.book is None:
            return
        for order in self.account.working():
            if self.book.standing(order).place:
                self.book.lift(order)
                self._rest(order)

    def _top(self) -> QuoteRow:
        book, row = self.book, self._message
        assert book is not None
        assert row is not None
        bid, ask = max(book.bids), min(book.asks)
        return QuoteRow(
            number=row.number + len(row.lines) - 1,
            ts=row.ts,
            bid=Fraction(bid, book.prices),
            ask=Fraction(ask, book.prices),
            bid_size=Fraction(book.bids[bid], book.sizes),
            ask_size=Fraction(book.asks[ask], book.sizes),
            symbol=row.symbol,
        )

    def _level(self, px: int, shown: int) -> LevelRow:
        """The evidence that a level is."""
        top, book = self.priced, self.book
        assert isinstance(top, QuoteRow)
        assert book is not None
        return LevelRow(
            number=top.number,
            ts=top.ts,
            bid=top.bid,
            ask=top.ask,
            bid_size=top.bid_size,
            ask_size=top.ask_size,
            price=Fraction(px, book.prices),
            shown=Fraction(shown, book.sizes),
            incomplete=not book.live,
        )

    # -- orders meet it ---------------------------------------------------------------------

    def meet_quote(self, order: Order, quote: QuoteRow) -> None:
        """An order comes to the book; ``quote`` is its top, or what that was when it was last
        sound."""
        if self.book is None:
            super().meet_quote(order, quote)
            return
        self.book.lift(order)
        if not crosses(order, quote):
            self._rest(order)
        elif self.book.sound and self.may_take(quote) and self.may_trade(order):
            self._walk_levels(order)
        self.end_rest(order)

    def _rest(self, order: Order) -> None:
        assert self.book is not None
        order.taker = False
        self.book.rest(self.book.standing(order))

    def trigger(self, order: Order, row: QuoteRow | PrintRow) -> None:
        """The best price of a book triggers an order."""
        if self.book is None or isinstance(row, PrintRow):
            super().trigger(order, row)
            return
        if not self.book.sound:
            return  # it waits for the next that can be trusted
        price, shown = (row.ask, row.ask_size) if order.buying else (row.bid, row.bid_size)
        px = int(price * self.book.prices)
        missing = Fraction(self.book.missing(order.buying, px), self.book.sizes)
        rule = f"{'ask' if order.buying else 'bid'} reached the trigger price"
        seen = self._level(px, int(shown * self.book.sizes))
        if self.triggered(order, seen, rule, max(shown - missing, ZERO)):
            self.meet_quote(order, row)

    def _walk_levels(self, order: Order) -> None:
        """Level by level, the best first, none worse than its limit."""
        book, lot = self.book, Fraction(self.setup.instrument.lot_size)
        assert book is not None
        levels = self._levels_for(order, order.limit)
        offered = [Fraction(book.free(order.buying, px), book.sizes) // lot * lot for px in levels]
        left = self.tradable(order, sum(offered, ZERO))
        if left <= 0:
            self.nothing_to_trade(order)
            return
        together = self._taken_at_once(order, left, offered)
        for place in together[-1:] + together[:1]:  # no other price is dearer than both
            whole = min(left, sum(offered[: together[-1] + 1], ZERO))
            lacking = self._lacking(order, whole, levels[place])
            if lacking is not None:
                self.cancel(order, lacking)
                return
        for place, some in enumerate(offered):
            if left > 0 and some > 0 and not order.ended:
                order.granted = place in together
                left -= self._take_level(order, levels[place], left, more=place in together[:-1])
        order.granted = False

    def _taken_at_once(self, order: Order, left: Fraction, offered: list[Fraction]) -> list[int]:
        """Of which levels it takes what must trade at once, if that is more than one; these are
        paid for as a whole, or not begun."""
        least = left if order.tif is TimeInForce.FOK else min(order.least, left)
        used = [place for place, some in enumerate(offered) if some > 0]
        needs = [place for place in used if sum(offered[:place]) < least]
        return needs if len(needs) > 1 else []

    def _lacking(self, order: Order, together: Fraction, px: int) -> CancelReason | None:
        assert self.book is not None
        row = self._level(px, (self.book.asks if order.buying else self.book.bids)[px])
        price, rule = self._deal_at(order, px)
        maker = is_maker(rule)
        if not maker:
            slip = slipped(self.setup, order, price, together, row, self.bands)
            price = price if slip is None else slip
        return self.account.lacking(order, together, price, self.market(), maker=maker)

    def _deal_at(self, order: Order, px: int) -> tuple[Fraction, str]:
        """Who takes has the price of a level, who rests his own."""
        assert self.book is not None
        side = "ask" if order.buying else "bid"
        if order.limit is None or order.taker:
            return Fraction(px, self.book.prices), f"took the shown {side}"
        return self.into_bands(order.limit), f"{side} reached the limit"

    def _levels_for(self, order: Order, limit: Fraction | None) -> list[int]:
        """Prices of the other side that satisfy a limit, the best first, up to where the bands of
        the exchange end."""
        book = self.book
        assert book is not None
        found = []
        for px in sorted(book.asks) if order.buying else sorted(book.bids, reverse=True):
            price = Fraction(px, book.prices)
            if limit is not None and (price > limit if order.buying else price < limit):
                break
            if not self.within_bands(price):
                break
            found.append(px)
        return found

    def _take_level(self, order: Order, px: int, left: Fraction, *, more: bool) -> Fraction:
        book, lot = self.book, Fraction(self.setup.instrument.lot_size)
        assert book is not None
        shown = (book.asks if order.buying else book.bids)[px]
        free = Fraction(book.free(order.buying, px), book.sizes)
        qty = min(left, free)
        judged = order.tif is TimeInForce.FOK or order.least  # as a whole, before
        qty = qty // lot * lot if judged else self.tradable(order, qty)
        if qty <= 0:
            return ZERO
        if not self.fill(order, qty, self._deal_at(order, px), free, self._level(px, shown)):
            return ZERO
        book.took(order.buying, px, int(qty * book.sizes))
        if order.ended or not more:  # to its list that is one trade
            self.settle(order)
        return qty

    # -- prints -----------------------------------------------------------------------------

    def match_print(self, row: PrintRow, left: Fraction) -> None:
        """Brings queues forward, and fills limits beyond which it went."""
        book = self.book
        if book is None:
            super().match_print(row, left)
            return
        if isinstance(book, OrdersOfSession):
            return  # which tells its own
        self._print, self._traded = row, None
        book.halted = not self._trades()
        seller = {1: False, -1: True, 0: None}[row.took]
        book.print(int(row.price * book.prices), int(left * book.sizes), seller, row.event)

    def print_of_book(self, row: PrintRow, traded: int | None) -> None:
        """An execution that the book tells of is about to serve orders."""
        self._print, self._traded = row, traded

    def _trades(self) -> bool:
        """Whether anything trades now, in regular hours or extended ones."""
        return self.trades_now() or (self.halted is None and self.extra_at(self.now) is not None)

    def take_print(self, number: int, offered: int, px: int, ahead: int | None) -> int:
        """What an order has of the print, of which it is offered so much."""
        book, row = self.book, self._print
        assert book is not None
        assert row is not None
        order = self.account.orders[number - 1]
        if order.ended or not self.within_bands(row.price) or not self.may_trade(order):
            return 0
        some = Fraction(offered, book.sizes)
        qty = self.tradable(order, some)
        if qty <= 0:
            if offered > 0:
                self.nothing_to_trade(order)
            return 0
        assert order.limit is not None
        rule = "print traded through the limit" if ahead is None else "print reached the order"
        deal = (self.into_bands(order.limit), rule)
        if not self.fill(order, qty, deal, some, self._queued(row, ahead)):
            return 0
        units = int(qty * book.sizes)
        if px in (book.asks if order.buying else book.bids):
            book.took(order.buying, px, units)
        self.settle(order)
        return units

    def _queued(self, row: PrintRow, ahead: int | None) -> PriceRow:
        book = self.book
        assert book is not None
        return QueuedRow(
            number=row.number,
            ts=row.ts,
            price=row.price,
            size=row.size,
            took=row.took,
            ahead=None if ahead is None else Fraction(ahead, book.sizes),
            incomplete=not book.live,
            order_id=self._traded,
        )

    # -- what is asked ----------------------------------------------------------------------

    def queue_ahead(self, order: Order) -> Fraction | None:
        """What is shown at the price of a limit that works from now on."""
        book = self.book
        if book is None or order.limit is None or order.held or order.waits:
            return None
        ahead = book.joins_behind(order)
        return None if ahead is None else Fraction(ahead, book.sizes)

    def farthest(self, order: Order) -> Fraction | None:
        """Through all of a book."""
        if self.book is None:
            return super().farthest(order)
        return FARTHEST if order.buying else ZERO

    def stands_before(self, order: Order, other: Order) -> Fraction:
        """All levels that are better, and what is ahead of the other at its own."""
        book, row = self.book, self.priced
        if book is None:
            return super().stands_before(order, other)
        if not isinstance(row, QuoteRow) or not (self.may_take(row) and self.may_trade(order)):
            return ZERO
        if not book.sound:
            return ZERO
        lot, total = Fraction(self.setup.instrument.lot_size), ZERO
        stands = book.standing(other)
        for px in self._levels_for(order, other.limit):
            free = book.free(order.buying, px)
            if px == stands.px:
                free = min(free, book.in_front(stands) or 0) if stands.place else 0
            total += Fraction(free, book.sizes) // lot * lot
        return total
