"""Taking rows of several sources, or prints: one by one in the market's order where somebody looks
at each, else from one that can change anything to the next."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import numpy as np

from offbook.domain.depth import ASK, BID, SNAPSHOT
from offbook.domain.market_data import (
    Bar,
    BarSlice,
    DataKind,
    DepthSlice,
    DepthUpdate,
    IntColumn,
    MergedSlice,
    Quote,
    QuoteSlice,
    SourceInfo,
    Trade,
    TradeSlice,
)
from offbook.domain.session import SessionStatus
from offbook.domain.values import MAX_UNITS
from offbook.engine.book import Book
from offbook.engine.book_view import SHOWN_LEVELS, book_view
from offbook.engine.host import StrategyHost
from offbook.engine.instants import Instants
from offbook.engine.kernel import Kernel
from offbook.engine.lifecycle import Lifecycle
from offbook.engine.rows import each_update, merged_rows, tick_at
from offbook.engine.searching import edges_of
from offbook.engine.venue import Venue
from offbook.engine.wake import UNBOUNDED, Band

WINDOW: Final = 4096
"""How far to look ahead at once."""
STRETCH: Final = 32
"""How many rows to take one by one from one that may change something: others may be near."""


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
        self.host: StrategyHost | None = None

    def take(self, piece: MergedSlice) -> None:
        """Rows in their order, up to where the session stands still or has made enough records."""
        place = 0
        while place < len(piece) and self._instants.may_go_on():
            if not self._is_watched():
                place = self._pass_over(piece, place)
            stop = len(piece) if self._is_watched() else min(place + STRETCH, len(piece))
            if not self._one_by_one(piece.rows(place, stop)):
                return
            place = stop

    def _is_watched(self) -> bool:
        host = self.host
        return (
            host is not None
            and host.sees_ticks
            and self._kernel.ledger.status is SessionStatus.RUNNING
        )

    def _one_by_one(self, piece: MergedSlice) -> bool:
        """Take all of these rows; False where it goes on no further before one."""
        market, instants = self._kernel.market, self._instants
        assert market is not None
        for source, row in merged_rows(piece):
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
            self._venue.match_bar(bar)
        kernel.saw(source, bar)
        self._equity.look()
        self._instants.end_bar(bar)

    def _tick(self, source: SourceInfo, row: Quote | Trade | DepthUpdate) -> None:
        kernel = self._kernel
        if isinstance(row, DepthUpdate):
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

    def _show(self, host: StrategyHost, callback: str, row: Quote | Trade | DepthUpdate) -> None:
        """Show a row to the strategy; of a book, what it is now that a message has ended."""
        if not isinstance(row, DepthUpdate):
            host.call(callback, row)
        elif host.sees_books:
            host.call(callback, book_view(self._kernel.depths[row.instrument.symbol], SHOWN_LEVELS))

    # -- passing over -----------------------------------------------------------------------

    def _pass_over(self, piece: MergedSlice, begin: int) -> int:
        """Pass over rows that can change nothing; the place of the first that may."""
        instants = self._instants
        while begin < len(piece):
            if instants.ended or instants.unbegun or not instants.hours_known:
                break
            if instants.stands_still() or self._looks_at_each():
                break
            window = piece.rows(begin, min(begin + WINDOW, len(piece)))
            hits = self._hits(window)
            count = int(np.argmax(hits)) if hits.any() else len(hits)
            if count:
                self._saw_last(window.rows(0, count))
            begin += count
            if count < len(hits):
                break
        return begin

    def _looks_at_each(self) -> bool:
        """Whether every row matters: what an account is worth may turn on every price, and what
        was taken be told by several sources of quotes in turn."""
        if self._equity.at_every_row or self._kernel.every_row:
            return True
        books = self._venue.books.items()
        return any(book.remembers and symbol in self._quoted_twice for symbol, book in books)

    @cached_property
    def _quoted_twice(self) -> frozenset[str]:
        """Instruments with more than one source of quotes."""
        market = self._kernel.market
        assert market is not None
        quoted = [s.symbol for s in market.sources if s.kind is DataKind.QUOTES]
        return frozenset(symbol for symbol in quoted if quoted.count(symbol) > 1)

    def _hits(self, window: MergedSlice) -> np.typing.NDArray[np.bool_]:
        """Which rows may change anything."""
        hits = window.ts >= min(self._kernel.agenda.next_due, MAX_UNITS)
        for source, piece in enumerate(window.pieces):
            mine = window.which == source
            book = self._venue.book(piece.instrument.symbol)
            if book.must_see or isinstance(piece, BarSlice):
                hits |= mine
            elif isinstance(piece, DepthSlice):
                hits[mine] |= self._moves(piece, window.index[mine], book)
            elif book.band is not UNBOUNDED:
                hits[mine] |= _reached(piece, window.index[mine], book.band)
        return hits

    def _moves(
        self, piece: DepthSlice, index: IntColumn, book: Book
    ) -> np.typing.NDArray[np.bool_]:
        """Which rows of a book may change anything: all while it is not sound, or within a message,
        while orders or the equity wait for prices, or a place is not known; else snapshots, levels
        that come to an order, and those on which something of the session stands."""
        symbol = piece.instrument.symbol
        depth, places = self._kernel.depths[symbol], self._venue.depth.places(symbol)
        if book.band is UNBOUNDED and not len(book) and not len(places):
            return np.zeros(len(index), dtype=np.bool_)
        waits = len(book.triggers) > 0 or book.guard_band is not UNBOUNDED
        if waits or depth.is_within or not depth.is_sound or places.is_unsettled:
            return np.ones(len(index), dtype=np.bool_)
        side, px, there = piece.side[index], piece.price_px[index], piece.size_qty[index] > 0
        hits: np.typing.NDArray[np.bool_] = (piece.flags[index] & SNAPSHOT) != 0
        hits |= (side == ASK) & (px <= book.top_buy) & there
        hits |= (side == BID) & (px >= book.top_sell) & there
        for which in (BID, ASK):
            prices = places.concerned(which)
            if prices:
                hits |= (side == which) & np.isin(px, prices)
        return hits

    def _saw_last(self, passed: MergedSlice) -> None:
        """The last row of each source among those passed over, in their order."""
        kernel = self._kernel
        assert kernel.market is not None
        lasts = []
        for source, part in passed.parts():
            assert not isinstance(part, BarSlice)
            row: Quote | Trade | DepthUpdate
            if isinstance(part, DepthSlice):
                kernel.depths[part.instrument.symbol].take_all(part)
                (row,) = each_update(part.rows(len(part) - 1, len(part)))
            else:
                if isinstance(part, QuoteSlice):
                    self._venue.book(part.instrument.symbol).pass_over(part, 0, len(part))
                row = tick_at(part, len(part) - 1)
            lasts.append((row.row, source, row))
        for _, source, row in sorted(lasts, key=lambda last: last[0]):
            kernel.saw(kernel.market.sources[source], row)
        ts = int(passed.ts[-1])
        if ts > kernel.now:
            self._instants.set_now(ts)


def _reached(
    piece: QuoteSlice | TradeSlice, index: IntColumn, band: Band
) -> np.typing.NDArray[np.bool_]:
    """Which of some rows leave a band."""
    hits = np.zeros(len(index), np.bool_)
    for name, fall, px in edges_of(piece, band):
        column: IntColumn = getattr(piece, name)[index]
        hits |= column <= px if fall else column >= px
    return hits
