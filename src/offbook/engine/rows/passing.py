"""Passing over quotes or prints that nobody looks at, to the next that can change anything."""

from __future__ import annotations

from typing import Final

from offbook.domain.market_data import Quote, QuoteSlice, Trade, TradeSlice
from offbook.domain.values import MAX_UNITS
from offbook.engine.instants import Instants
from offbook.engine.kernel import Kernel
from offbook.engine.lifecycle import Lifecycle
from offbook.engine.rows.rows import tick_at
from offbook.engine.rows.searching import first_outside
from offbook.engine.venue.venue import Venue

FEW: Final = 4
"""Rows that are sooner looked at one by one than searched, as those of a live market mostly are."""


class TickPassing:
    """Takes quotes or prints of a market's only source while the strategy is shown none."""

    def __init__(
        self, kernel: Kernel, venue: Venue, instants: Instants, lifecycle: Lifecycle
    ) -> None:
        self._kernel = kernel
        self._venue = venue
        self._instants = instants
        self._lifecycle = lifecycle
        self._equity = instants.equity

    def take(self, piece: QuoteSlice | TradeSlice, begin: int) -> int:
        """Pass over the rows that change nothing and take the next; the position after it, or
        where the session stands still before it."""
        book = self._venue.book(piece.instrument.symbol)
        position = begin
        if len(piece) - begin > FEW and not (book.must_see or self._looks_at_each):
            end = self._before_due(piece, begin)
            position = first_outside(piece, begin, end, book.band)
            if position > begin:
                self._pass_over(piece, begin, position, tick_at(piece, position - 1))
            if position == len(piece):
                return position
        return self._take(piece, position)

    @property
    def _looks_at_each(self) -> bool:
        return self._kernel.every_row or self._equity.at_every_row

    def _before_due(self, piece: QuoteSlice | TradeSlice, begin: int) -> int:
        """The first row at or after the time at which something falls due."""
        due = min(self._kernel.agenda.next_due, MAX_UNITS)
        if int(piece.ts[-1]) < due:
            return len(piece)
        return begin + int(piece.ts[begin:].searchsorted(due))

    def _pass_over(
        self, piece: QuoteSlice | TradeSlice, begin: int, end: int, last: Quote | Trade
    ) -> None:
        """Rows that changed nothing, the last of them ``last``."""
        kernel = self._kernel
        if isinstance(piece, QuoteSlice):
            self._venue.book(piece.instrument.symbol).pass_over(piece, begin, end)
        kernel.last = last
        if last.ts > kernel.now:
            self._instants.set_now(last.ts)

    def _take(self, piece: QuoteSlice | TradeSlice, position: int) -> int:
        """One row, after all that is due before it."""
        kernel, instants = self._kernel, self._instants
        ts = int(piece.ts[position])
        instants.finish_before(ts)
        if not instants.may_take(ts):
            return position
        kernel.turns += 1
        instants.begin(ts)
        if instants.stands_still():
            return position
        book, row = self._venue.book(piece.instrument.symbol), tick_at(piece, position)
        if not (self._looks_at_each or book.must_see or book.band.is_left_by(row)):
            self._pass_over(piece, position, position + 1, row)  # it was the time that woke
            return position + 1
        if isinstance(row, Quote):
            self._venue.match_quote(row)
        else:
            self._venue.match_trade(row)
        kernel.last = row
        self._equity.look()
        self._lifecycle.check_flat()
        return position + 1
