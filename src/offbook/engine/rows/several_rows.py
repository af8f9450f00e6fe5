"""Taking rows of several sources, or prints: one by one in the market's order where somebody looks
at each, else from one that can change anything to the next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from offbook.domain.market_data import (
    Bar,
    BarSlice,
    BookOrderSlice,
    BookOrderUpdate,
    DepthSlice,
    DepthUpdate,
    IntColumn,
    MergedSlice,
    Quote,
    SourceInfo,
    StatusSlice,
    StatusUpdate,
    Trade,
    TradeSlice,
)
from offbook.domain.session import SessionStatus
from offbook.engine.books.book_view import SHOWN_LEVELS, book_view
from offbook.engine.books.books import BOOK_SLICES, take_stretch
from offbook.engine.instants import Instants
from offbook.engine.kernel import Kernel
from offbook.engine.lifecycle import Lifecycle
from offbook.engine.market.statuses import take_status
from offbook.engine.rows.looking_ahead import LookAhead
from offbook.engine.rows.rows import BookUpdate, Row, merged_row, merged_rows
from offbook.engine.rows.shown_several import ShownSeveral
from offbook.engine.strategy.host import StrategyHost
from offbook.engine.venue.venue import Venue

MOST_STRETCH: Final = 32
"""How many rows to take one by one at most, from one that may change something, before the next
that may is looked for: one at first, and twice as many each time that it was near."""
NEAR: Final = 32
"""How many rows may be passed over to one that is near: to look costs about as much as so many."""


class SeveralRows:
    """Takes merged slices for one engine: match, then ledger, then callback."""

    def __init__(
        self, kernel: Kernel, venue: Venue, instants: Instants, lifecycle: Lifecycle
    ) -> None:
        self._kernel = kernel
        self._venue = venue
        self._instants = instants
        self._lifecycle = lifecycle
        self._equity = instants.equity
        self._shown = ShownSeveral(kernel, venue, instants, self._one_by_one)
        self.host: StrategyHost | None = None

    def show_to(self, host: StrategyHost) -> None:
        """Have rows shown to a strategy."""
        self.host = self._shown.host = host

    def take(self, piece: MergedSlice) -> None:
        """Rows in their order, up to where the session stands still or has made enough records."""
        place, stretch = 0, 1
        ahead = LookAhead(self._kernel, self._venue, self._equity, self.host, piece)
        while place < len(piece) and self._instants.may_go_on():
            if self._is_watched() and self._shown.may_show(len(piece) - place):
                shown = self._shown.show(piece, place)
                if shown is None:
                    return
                place = shown
                continue
            begin = place
            if self._kernel.depths or not self._is_watched():
                place, is_hit = self._pass_over(ahead, piece, place)
                # Of a book the next is known, until something is done.
                is_near = place - begin < NEAR and not (is_hit and self._kernel.depths)
                stretch = min(2 * stretch, MOST_STRETCH) if is_near else 1
            else:
                stretch = len(piece)
            stop = min(place + stretch, len(piece))
            if stop == place + 1:
                rows = iter([merged_row(piece, place)])
            else:
                rows = merged_rows(piece.rows(place, stop))
            if not self._one_by_one(rows):
                return
            place = stop

    def _is_watched(self) -> bool:
        host = self.host
        return (
            host is not None
            and host.sees_ticks
            and self._kernel.ledger.status is SessionStatus.RUNNING
        )

    def _one_by_one(self, rows: Iterator[tuple[int, Row]]) -> bool:
        """Take all of these rows; False where it goes on no further before one."""
        market, instants = self._kernel.market, self._instants
        assert market is not None
        for source, row in rows:
            if not instants.may_go_on():
                return False
            instants.finish_before(row.ts)
            if not instants.may_take(row.ts):
                return False
            if isinstance(row, Bar):
                self._bar(market.sources[source], row)
            else:
                instants.begin(row.ts)
                if instants.stands_still():
                    return False
                self._tick(market.sources[source], row)
        return True

    def _bar(self, source: SourceInfo, bar: Bar) -> None:
        kernel = self._kernel
        if bar.ts > kernel.now:
            self._instants.set_now(bar.ts)
        if kernel.pricing[source.symbol] is source:
            self._venue.times.ask_at_bar()
            self._venue.match_bar(bar)
        kernel.saw(source, bar)
        self._equity.look()
        self._instants.end_bar(bar)

    def _tick(self, source: SourceInfo, row: Quote | Trade | BookUpdate | StatusUpdate) -> None:
        kernel = self._kernel
        if isinstance(row, StatusUpdate):
            callback = "on_status"
            take_status(kernel, row)
        elif isinstance(row, DepthUpdate | BookOrderUpdate):
            callback = "on_depth"
            if not self._venue.depth.take(row):
                kernel.saw(source, row)
                return  # within a message nothing has changed
        elif isinstance(row, Quote):
            callback = "on_quote"
            self._venue.match_quote(row)
        else:
            callback = "on_trade"
            self._venue.match_trade(row)
        kernel.saw(source, row)
        self._equity.look()
        if self.host is not None and kernel.ledger.status is SessionStatus.RUNNING:
            self._show(self.host, callback, row)
        self._lifecycle.check_flat()

    def _show(
        self, host: StrategyHost, callback: str, row: Quote | Trade | BookUpdate | StatusUpdate
    ) -> None:
        """Show a row to the strategy; of a book, what it is now that a message has ended."""
        if not isinstance(row, DepthUpdate | BookOrderUpdate):
            host.call(callback, row)
        elif host.sees_books:
            host.call(callback, book_view(self._kernel.depths[row.instrument.symbol], SHOWN_LEVELS))

    # -- passing over -----------------------------------------------------------------------

    def _pass_over(self, ahead: LookAhead, piece: MergedSlice, begin: int) -> tuple[int, bool]:
        """Pass over rows that can change nothing; the place of the first that may, and whether it
        was looked for and found."""
        instants = self._instants
        while begin < len(piece):
            if instants.ended or instants.unbegun or not instants.hours_known:
                break
            if instants.stands_still() or ahead.looks_at_each:
                break
            place, is_hit = ahead.next(begin)
            if place > begin:
                self._saw_last(piece, begin, place)
            begin = place
            if is_hit:
                return begin, True
        return begin, False

    def _saw_last(self, piece: MergedSlice, begin: int, end: int) -> None:
        """The last row of each source among those passed over, in their order."""
        kernel = self._kernel
        assert kernel.market is not None
        lasts = []
        for source, found in piece.rows(begin, end).places():
            part, places = piece.pieces[source], found + begin
            assert not isinstance(part, BarSlice | StatusSlice)
            first, last = int(piece.index[places[0]]), int(places[-1])
            symbol, end_of_part = part.instrument.symbol, first + len(places)
            if isinstance(part, BOOK_SLICES):
                stretch = first, end_of_part, places + piece.start
                if self._pass_messages(part, *stretch):
                    self._venue.book(symbol)
            elif isinstance(part, TradeSlice):
                self._venue.book(symbol)
            elif symbol not in kernel.depths:
                self._venue.book(symbol).pass_over(part, first, end_of_part)
            lasts.append(last)
        for place in sorted(lasts):
            if place == end - 1 or not isinstance(piece.pieces[piece.which[place]], BOOK_SLICES):
                source, row = merged_row(piece, place)
                kernel.saw(kernel.market.sources[source], row)
        ts = int(piece.ts[end - 1])
        if ts > kernel.now:
            self._instants.set_now(ts)

    def _pass_messages(
        self, part: DepthSlice | BookOrderSlice, begin: int, end: int, numbers: IntColumn
    ) -> bool:
        """Pass over rows of a book at these positions; whether a message was complete among
        them."""
        depths = self._kernel.depths
        symbol = part.instrument.symbol
        if part.books is not None and not depths.is_apart(symbol):
            return depths.pass_over(part, begin, end)
        return take_stretch(depths[symbol], part, begin, end, numbers)
