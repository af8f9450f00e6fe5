"""Builds the bars of one timeframe from the rows of one source.

Rows are not looked at as they come: they stand in the columns of a slice, and the stretch that one
bar holds is taken in at once when the bar ends or a snapshot is made.  The first row of a bar,
seen ahead in the slice, tells when it will end; that is what the agenda waits for.

Where slices are cut from the same columns one after the other, what an earlier one gave is taken in
with the later: so sessions of one market, however their slices are cut, ask for the same stretches.
"""

from __future__ import annotations

from collections import deque

import msgspec
import numpy as np

from offbook.domain.calendars import NEVER, TradingCalendar
from offbook.domain.instruments import Instrument
from offbook.domain.joining import BegunBars
from offbook.domain.market_data import Bar, DataKind, SourceInfo, SourceSlice
from offbook.domain.rows import BarUnits, bar_of
from offbook.engine.market.history import rows_before
from offbook.engine.market.intervals import Intervals
from offbook.engine.market.stretches import stretch_of


class Growing(msgspec.Struct, array_like=True):
    """A bar that has not ended: what the rows so far make of it; ``row`` is the last of them."""

    open_px: int
    high_px: int
    low_px: int
    close_px: int
    volume_qty: int
    row: int


class BuilderState(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of bar being built, as it stands in a snapshot.

    ``bars`` are those kept for ``history``: ts, ts_open, four prices, volume and row of each.
    """

    source: int
    timeframe_ns: int
    price: str
    growing: Growing | None
    opens: int
    ends: int
    closed: int
    bars: list[BarUnits]


class BarBuilder:
    """Builds the bars of one timeframe from the rows of one source."""

    def __init__(
        self,
        source: tuple[int, SourceInfo],
        instrument: Instrument,
        calendar: TradingCalendar,
        timeframe_ns: int,
        price: str,
        limit: int,
    ) -> None:
        self.source, self.info = source
        self.timeframe_ns = timeframe_ns
        self.price = price
        self.ends = NEVER
        """When the bar ends that the next row belongs to, or the rows taken; NEVER without one."""
        self.kept: deque[Bar] = deque(maxlen=limit)
        self._instrument = instrument
        self._intervals = Intervals(timeframe_ns, calendar)
        # A bar is of the interval that holds its last moment, a nanosecond before its end.
        self._back = 1 if self.info.kind is DataKind.BARS else 0
        self._piece: SourceSlice | None = None
        self._done = 0
        self._row = 0
        self._growing: Growing | None = None
        self._opens = 0
        self._closed = 0
        self._overdue = NEVER

    def go_on_from(self, begun: BegunBars, now: int) -> None:
        """Take over the bar in progress from others, if it is known whole and has not ended."""
        opens, ends = self._intervals.of(begun.ts)
        for known in begun.stretches:
            mine = known.source == self.source and known.price == self.price
            if mine and known.begins == opens and ends >= now:
                prices = (known.open_px, known.high_px, known.low_px, known.close_px)
                self._growing = Growing(*prices, known.volume_qty, known.row)
                self._opens, self.ends = opens, ends

    def begin(self, piece: SourceSlice, taken: int, now: int) -> None:
        """A slice of the source is about to be taken, from the row at position ``taken`` on."""
        place = rows_before(piece, taken)
        if self._goes_on(piece):
            self._note_row(taken)
            assert self._piece is not None
            self._done += self._piece.offset - piece.offset
        else:
            self.absorb(taken)
            self._done = place
        self._piece = piece
        if self._growing is None and self._done == place:
            self._look_ahead(now)

    def is_due(self, taken: int, now: int) -> bool:
        """Whether a bar may have ended by now."""
        if self._overdue < NEVER:
            self.absorb(taken)
        return self.ends <= now

    def end(self, taken: int, now: int) -> Bar | None:
        """The bar that has ended by now, if it holds any row."""
        self.absorb(taken)
        growing, ended = self._growing, None
        if growing is not None:
            ended = self._bar(growing)
            self.kept.append(ended)
            self._growing, self._closed = None, self.ends
        self._look_ahead(now)
        if self.ends <= now:
            # The next row is of this moment too, and ends its bar once it is taken.
            self._overdue, self.ends = self.ends, NEVER
        return ended

    def absorb(self, taken: int) -> None:
        """Take in the rows at positions below ``taken``: all are of one interval."""
        piece, begin = self._piece, self._done
        if piece is None:
            return
        end = self._done = max(rows_before(piece, taken), begin)
        if self._intervals.by_session:
            begin = max(begin, int(np.searchsorted(piece.ts, self._opens + self._back)))
        if begin >= end:
            return
        made = stretch_of(piece, begin, end, self.price)
        row = piece.position(end - 1) if end > 0 else self._row
        growing = self._growing
        if growing is None:
            self._growing = Growing(*made, row)
            self.ends = min(self.ends, self._overdue)
            return
        growing.high_px = max(growing.high_px, made.high_px)
        growing.low_px = min(growing.low_px, made.low_px)
        growing.close_px, growing.row = made.close_px, row
        growing.volume_qty += made.volume_qty

    def leave_slice(self, taken: int) -> None:
        """Of the slice at hand no more rows are taken than those at positions below ``taken``."""
        self.absorb(taken)
        self._piece = None
        if self._growing is None:
            self.ends = NEVER

    def _goes_on(self, piece: SourceSlice) -> bool:
        """Whether a slice is cut from the columns of the one at hand, so that what is not taken in
        yet may wait. A session's rows may lie outside it, and are taken in slice by slice."""
        shared = piece.stretches
        if shared is None or self.ends == NEVER or self._intervals.by_session:
            return False
        return self._piece is not None and self._piece.stretches is shared

    def _note_row(self, taken: int) -> None:
        """Remember the last row that waits, which the next slice does not hold."""
        piece = self._piece
        assert piece is not None
        place = rows_before(piece, taken)
        if place:
            self._row = piece.position(place - 1)

    def _look_ahead(self, now: int) -> None:
        """Find the interval of the next row in the slice at hand."""
        self.ends = self._overdue = NEVER
        if self._piece is not None and self._done < len(self._piece):
            ts = int(self._piece.ts[self._done])
            self._opens, self.ends = self._intervals.of(
                max(ts - self._back, self._closed, now - self._back)
            )

    def _bar(self, growing: Growing) -> Bar:
        prices = (growing.open_px, growing.high_px, growing.low_px, growing.close_px)
        units = (self.ends, self._opens, *prices, growing.volume_qty, growing.row)
        piece = self._piece
        # A session that trades whole units alone has an instrument of its own.
        if piece is None or piece.stretches is None or piece.instrument is not self._instrument:
            return bar_of(units, self._instrument)
        return piece.stretches.bar(units)

    def dump(self, taken: int) -> BuilderState:
        """The state, for a snapshot."""
        self.absorb(taken)
        growing = self._growing
        return BuilderState(
            source=self.source,
            timeframe_ns=self.timeframe_ns,
            price=self.price,
            growing=growing,
            opens=0 if growing is None else self._opens,
            ends=0 if growing is None else self.ends,
            closed=self._closed,
            bars=[
                (b.ts, b.ts_open, b.open_px, b.high_px, b.low_px, b.close_px, b.volume_qty, b.row)
                for b in self.kept
            ],
        )

    def load(self, state: BuilderState) -> None:
        """Take a snapshot's state back."""
        self._growing, self._closed = state.growing, state.closed
        if state.growing is not None:
            self._opens, self.ends = state.opens, state.ends
        self.kept.extend(bar_of(units, self._instrument) for units in state.bars)
