"""Showing a strategy every row of a market's only source.

Most rows do no more than be shown: nothing falls due by then, and no price comes to an order.
Where the next row is that may do more is looked up in the columns; up to there the strategy is
called and nothing else is done, until it acts.  From there some rows are taken one by one, each
with everything that it brings, for others like it are likely to be near.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from offbook.domain.errors import EngineFault
from offbook.domain.market_data import (
    Bar,
    BarSlice,
    IntColumn,
    Quote,
    QuoteSlice,
    SourceSlice,
    Trade,
    TradeSlice,
)
from offbook.domain.session import SessionStatus
from offbook.engine.book import Book
from offbook.engine.host import StrategyHost
from offbook.engine.instants import Instants
from offbook.engine.interruption import is_from_a_signal
from offbook.engine.kernel import Kernel
from offbook.engine.lifecycle import Lifecycle
from offbook.engine.price_table import PriceTables
from offbook.engine.rows import Row, each_bar, each_quote, each_trade
from offbook.engine.venue import Venue

BLOCK: Final = 1024
"""Rows made into objects at a time: they stay in the processor's caches. To meet memory anew for
each row costs as much as all else that is done for it."""
STRETCH: Final = 2
"""How many rows are first taken one by one; twice as many each time that the next may do more."""
Hits = npt.NDArray[np.bool_]
_NO_ORDERS: Final = Book()


class Kind(Protocol):
    """How the rows of one kind are taken; slices and rows are of that kind."""

    @property
    def callback(self) -> str:
        """What shows the strategy a row."""

    def each(self, block: Any) -> Iterator[Row]:
        """The rows of a slice as objects, each made when it is asked for."""

    def may_pass(self, book: Book, ahead_ns: int) -> bool:
        """Whether a row so far ahead of session time can do no more than be shown, unless
        something falls due or its price is ``reached``."""

    def reached(self, block: Any, book: Book) -> Hits:
        """At which rows a price comes to what an order in the book waits for."""

    def take(self, row: Any, host: StrategyHost) -> bool:
        """Take a row with everything that it brings; False where it has to wait, and with it all
        that follow."""

    def passed(self, row: Any, since: int) -> None:
        """Rows up to this one were only shown; session time was ``since`` before the first."""


class ShownRows:
    """Shows rows of one kind to the strategy of one engine."""

    def __init__(self, kernel: Kernel, venue: Venue, instants: Instants, kind: Kind) -> None:
        self._kernel = kernel
        self._venue = venue
        self._instants = instants
        self._kind = kind
        self.host: StrategyHost | None = None

    def are_seen(self) -> bool:
        """Whether the strategy is shown each row now."""
        running = self._kernel.ledger.status is SessionStatus.RUNNING
        return (
            running
            and self.host is not None
            and self.host.callback(self._kind.callback) is not None
        )

    def show(self, piece: SourceSlice, begin: int) -> int:
        """Take rows from a place on, at least one of which may be taken, while the strategy sees
        them; the place after the last."""
        place = begin
        if self._kernel.is_full:
            # Its instant has begun: to leave it for later would let a command in between.
            place += self._show_one(piece.rows(place, place + 1))
        while place < len(piece) and self._may_go_on():
            block = piece.rows(place, min(place + BLOCK, len(piece)))
            place += self._show_block(block)
        return place

    def _may_go_on(self) -> bool:
        return self.are_seen() and self._instants.may_go_on()

    def _show_one(self, row: SourceSlice) -> int:
        host = self.host
        assert host is not None
        return int(self._kind.take(next(self._kind.each(row)), host))

    def _show_block(self, block: SourceSlice) -> int:
        """How many rows were taken: all, unless the session goes on no further."""
        kernel, host = self._kernel, self.host
        assert host is not None
        rows, length, stretch, place = self._kind.each(block), len(block), STRETCH, 0
        while place < length and self._may_go_on():
            calm = self._calm(block, place)
            if calm:
                stretch = STRETCH
                coming = rows if place + calm == length else islice(rows, calm)
                place += self._pass(coming, block.start + place)
            else:
                stretch = min(2 * stretch, BLOCK)
            kernel.look_up = True
            for row in islice(rows, min(stretch, length - place)):
                if kernel.look_up and not self._may_go_on():
                    return place
                kernel.look_up = False
                if not self._kind.take(row, host):
                    return place
                place += 1
        return place

    def _calm(self, block: SourceSlice, place: int) -> int:
        """How many rows from a place on do no more than be shown, if the strategy rests."""
        kernel, instants, ts = self._kernel, self._instants, block.ts
        if instants.unbegun or not instants.hours_known or kernel.every_row:
            return 0
        book = self._venue.books.get(block.instrument.symbol, _NO_ORDERS)
        if not self._kind.may_pass(book, int(ts[place]) - kernel.now):
            return 0
        end, due = len(ts), kernel.agenda.next_due
        if due <= int(ts[-1]):
            end = int(np.searchsorted(ts, due))
        if (len(book) or book.looking) and end > place:
            hits = self._kind.reached(block.rows(place, end), book)
            return int(hits.argmax()) if hits.any() else len(hits)
        return max(end - place, 0)

    def _pass(self, rows: Iterator[Row], first: int) -> int:
        """Show rows to the strategy until it acts; how many were shown, from position ``first``."""
        kernel, host = self._kernel, self.host
        assert host is not None
        since = kernel.now
        try:
            self._call(rows, host)
        except EngineFault:
            raise
        except BaseException as error:
            if is_from_a_signal(error):
                raise
            host.acting = False
            host.failed(self._kind.callback, error)
        finally:
            host.acting = False
        assert kernel.last is not None
        self._kind.passed(kernel.last, since)
        return kernel.last.row - first + 1

    def _call(self, rows: Iterator[Row], host: StrategyHost) -> None:
        """All that is done for most rows of a market."""
        kernel, callback = self._kernel, host.callback(self._kind.callback)
        assert callback is not None
        host.acting = True
        kernel.look_up = False
        for row in rows:
            kernel.now = row.ts
            kernel.last = row
            callback(row)
            if kernel.look_up:
                return


class QuoteKind:
    """Quotes: matched if a price comes to an order, then shown."""

    callback: Final = "on_quote"

    def __init__(self, kernel: Kernel, venue: Venue, instants: Instants) -> None:
        self._kernel = kernel
        self._venue = venue
        self._instants = instants
        self._tables = PriceTables()

    def each(self, block: QuoteSlice) -> Iterator[Quote]:
        """See ``Kind``."""
        return each_quote(block, self._tables.of(block.instrument))

    def may_pass(self, book: Book, ahead_ns: int) -> bool:
        """Several may come at one moment."""
        return ahead_ns >= 0 and not (book.watching or self._instants.equity.at_every_row)

    def reached(self, block: QuoteSlice, book: Book) -> Hits:
        """Each side of the market is held against the orders that would hit it."""
        return _reached(block.ask_px, block.bid_px, book)

    def take(self, row: Quote, host: StrategyHost) -> bool:
        """What is due, then matching, then the callback."""
        kernel, book = self._kernel, self._venue.book(row.instrument.symbol)
        if kernel.agenda.next_due <= row.ts:
            if not self._reach(row.ts):
                return False
        elif row.ts > kernel.now:
            kernel.now = row.ts
            self._instants.rounds = 0
        touched = row.ask_px <= book.top_buy or row.bid_px >= book.top_sell
        looks = kernel.every_row or self._instants.equity.at_every_row
        if touched or looks or (book.looking and book.concerns(row)):
            self._venue.match_quote(row)
            kernel.last = row
            self._instants.equity.look()
        kernel.last = row
        if kernel.ledger.status is SessionStatus.RUNNING:
            host.call(self.callback, row)
        return True

    def passed(self, row: Quote, since: int) -> None:
        """An instant of nothing but quotes has no rounds; where any were there is a book."""
        if row.ts > since:
            self._instants.rounds = 0
        self._venue.book(row.instrument.symbol)

    def _reach(self, ts: int) -> bool:
        """Do what is due before a row at ``ts``; whether it may be shown to the strategy then."""
        running = SessionStatus.RUNNING
        self._instants.finish_before(ts)
        if not self._instants.may_take(ts):
            return False
        if self._kernel.ledger.status is running:
            self._instants.begin(ts)
        return self._kernel.ledger.status is running


class TradeKind:
    """Prints: matched, then shown."""

    callback: Final = "on_trade"

    def __init__(
        self, kernel: Kernel, venue: Venue, instants: Instants, lifecycle: Lifecycle
    ) -> None:
        self._kernel = kernel
        self._venue = venue
        self._instants = instants
        self._lifecycle = lifecycle
        self._tables = PriceTables()

    def each(self, block: TradeSlice) -> Iterator[Trade]:
        """See ``Kind``."""
        return each_trade(block, self._tables.of(block.instrument))

    def may_pass(self, book: Book, ahead_ns: int) -> bool:
        """Several may come at one moment; an account's equity may turn on each."""
        return ahead_ns >= 0 and not (book.watching or self._instants.equity.at_every_row)

    def reached(self, block: TradeSlice, book: Book) -> Hits:
        """A print is held against both sides."""
        return _reached(block.price_px, block.price_px, book)

    def take(self, row: Trade, host: StrategyHost) -> bool:
        """What is due, then matching, then the callback."""
        kernel, instants = self._kernel, self._instants
        instants.finish_before(row.ts)
        if not instants.may_take(row.ts):
            return False
        instants.begin(row.ts)
        if instants.stands_still():
            return False
        self._venue.match_trade(row)
        kernel.last = row
        instants.equity.look()
        if kernel.ledger.status is SessionStatus.RUNNING:
            host.call(self.callback, row)
        self._lifecycle.check_flat()
        return True

    def passed(self, row: Trade, since: int) -> None:
        """An instant of nothing but prints has no rounds; where any were there is a book."""
        if row.ts > since:
            self._instants.rounds = 0
        self._venue.book(row.instrument.symbol)


class BarKind:
    """Bars, each when it has ended: orders are matched against it before all that its end brings
    (expiry, ``on_bar``, timers, messages), for its trades lie before."""

    callback: Final = "on_bar"

    def __init__(self, kernel: Kernel, venue: Venue, instants: Instants) -> None:
        self._kernel = kernel
        self._venue = venue
        self._instants = instants
        self._tables = PriceTables()

    def each(self, block: BarSlice) -> Iterator[Bar]:
        """See ``Kind``."""
        return each_bar(block, self._tables.of(block.instrument))

    def may_pass(self, book: Book, ahead_ns: int) -> bool:
        """Every bar is held against whatever orders there are; an account's equity may turn on
        each."""
        return ahead_ns > 0 and not (
            len(book) or book.looking or self._instants.equity.at_every_row
        )

    def reached(self, block: BarSlice, book: Book) -> Hits:
        """None: there are no orders."""
        return np.zeros(len(block), np.bool_)

    def take(self, row: Bar, host: StrategyHost | None = None) -> bool:
        """What is due before, then matching, then the round that its end brings."""
        kernel, instants = self._kernel, self._instants
        instants.finish_before(row.ts)
        if not instants.may_take(row.ts):
            return False
        if row.ts > kernel.now:
            instants.set_now(row.ts)
        self._venue.match_bar(row)
        kernel.last = row
        instants.equity.look()
        instants.round((row,))
        return True

    def passed(self, row: Bar, since: int) -> None:
        """Each had one round, and has something that orders might take."""
        self._instants.rounds = 1
        self._venue.match_bar(row)


def _reached(asked: IntColumn, bid: IntColumn, book: Book) -> Hits:
    """Where prices reach the best order on either side, or one that waits for a price."""
    hits = asked <= book.top_buy
    hits |= bid >= book.top_sell
    if book.looking:
        hits |= asked >= book.rise
        hits |= bid <= book.fall
    return hits
