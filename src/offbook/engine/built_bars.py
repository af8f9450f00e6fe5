"""Bars that a market does not give, built from its quotes, prints or shorter bars.

A bar holds the rows of ``[opens, ends)``: intervals are aligned to the epoch UTC; a day is the UTC
day, or where an instrument has trading hours, its session, and rows outside belong to no day.  An
interval without rows makes no bar.  Quotes give bid, ask or mid (a mid that falls on half a price
unit is rounded down) and no volume; prints and bars give their own prices and volume.  A bar
belongs to the interval that holds its last moment.  A row that comes after its interval was closed
is taken into the next.

Rows are not looked at as they come: they stand in the columns of a slice, and the stretch that one
bar holds is taken in at once when the bar ends or a snapshot is made.  The first row of a bar,
seen ahead in the slice, tells when it will end; that is what the agenda waits for.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from offbook.domain.calendars import DAY_NS, NEVER, TradingCalendar
from offbook.domain.errors import InvalidStrategy
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import (
    Bar,
    DataKind,
    SourceInfo,
    SourceSlice,
)
from offbook.domain.timeframes import format_timeframe
from offbook.domain.values import MAX_UNITS
from offbook.engine.history import rows_before
from offbook.engine.kernel import Kernel
from offbook.engine.stretches import stretch_of

LONGEST_NS: Final = 366 * DAY_NS
PRICES: Final = ("bid", "ask", "mid")


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
    bars: list[tuple[int, int, int, int, int, int, int, int]]


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
        self._calendar = calendar
        self._by_session = timeframe_ns == DAY_NS and not calendar.always_open
        # A bar is of the interval that holds its last moment, a nanosecond before its end.
        self._back = 1 if self.info.kind is DataKind.BARS else 0
        self._piece: SourceSlice | None = None
        self._done = 0
        self._growing: Growing | None = None
        self._opens = 0
        self._closed = 0

    def begin(self, piece: SourceSlice, taken: int, now: int) -> None:
        """A slice of the source is about to be taken, from the row at position ``taken`` on."""
        self.absorb(taken)
        self._piece, self._done = piece, rows_before(piece, taken)
        if self._growing is None:
            self._look_ahead(now)

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
            self.ends = NEVER  # its row is to come in another slice, which will tell again
        return ended

    def absorb(self, taken: int) -> None:
        """Take in the rows at positions below ``taken``: all are of one interval."""
        piece, begin = self._piece, self._done
        if piece is None:
            return
        end = self._done = max(rows_before(piece, taken), begin)
        if self._by_session:
            begin = max(begin, int(np.searchsorted(piece.ts, self._opens + self._back)))
        if begin >= end:
            return
        made = stretch_of(piece, begin, end, self.price)
        row = piece.position(end - 1)
        growing = self._growing
        if growing is None:
            self._growing = Growing(*made, row)
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

    def _look_ahead(self, now: int) -> None:
        """Find the interval of the next row in the slice at hand."""
        self.ends = NEVER
        if self._piece is not None and self._done < len(self._piece):
            ts = int(self._piece.ts[self._done])
            self._opens, self.ends = self._interval(
                max(ts - self._back, self._closed, now - self._back)
            )

    def _interval(self, ts: int) -> tuple[int, int]:
        if not self._by_session:
            opens = ts - ts % self.timeframe_ns
            return opens, opens + self.timeframe_ns
        index = bisect_right(self._calendar.closes, ts)
        if index == len(self._calendar.closes):
            return MAX_UNITS, NEVER
        return self._calendar.opens[index], self._calendar.closes[index]

    def _bar(self, growing: Growing) -> Bar:
        prices = (growing.open_px, growing.high_px, growing.low_px, growing.close_px)
        return self._made((self.ends, self._opens, *prices, growing.volume_qty, growing.row))

    def _made(self, units: tuple[int, int, int, int, int, int, int, int]) -> Bar:
        ts, opens, first, high, low, last, volume, row = units
        scale = 10**self._instrument.price_precision
        floats = (first / scale, high / scale, low / scale, last / scale)
        return Bar(ts, opens, *floats, first, high, low, last, volume, row, self._instrument)

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
        self.kept.extend(map(self._made, state.bars))


class BuiltBars:
    """All bars that a session has built, in the order in which they were asked for."""

    def __init__(self, kernel: Kernel, limit: int) -> None:
        self._kernel = kernel
        self._limit = limit
        self._parts: Sequence[tuple[int, SourceSlice]] = ()
        self._builders: list[BarBuilder] = []

    def __len__(self) -> int:
        return len(self._builders)

    def subscribe(self, symbol: str, timeframe_ns: int, price: str | None) -> None:
        """Have bars of a symbol built, unless the market gives them; twice is once.

        Prints make the best bars, then the longest shorter bars that fit, then quotes; a ``price``
        asks for quotes.  Raises InvalidStrategy where nothing can make them.
        """
        known = self._of(symbol, timeframe_ns)
        source = self._source_for(symbol, timeframe_ns, price)
        if source is None:
            return
        if known is None:
            kind = source[1].kind
            known = self._add(
                source, timeframe_ns, price or ("mid" if kind is DataKind.QUOTES else kind.value)
            )
            for number, piece in self._parts:
                if number == known.source:
                    known.begin(piece, self._taken, self._kernel.now)
            self._wait()
        elif price not in {None, known.price} or known.source != source[0]:
            raise InvalidStrategy(
                f"{format_timeframe(timeframe_ns)} bars of {symbol} are built of {known.price} "
                "already: one kind to a timeframe",
                field="price",
            )

    def bars(self, symbol: str, timeframe_ns: int) -> tuple[Bar, ...] | None:
        """The bars built and kept, oldest first; None where none are being built."""
        found = self._of(symbol, timeframe_ns)
        return None if found is None else tuple(found.kept)

    def begin(self, parts: Sequence[tuple[int, SourceSlice]]) -> None:
        """Slices of sources are about to be taken row by row."""
        self._parts = parts
        if self._builders:
            pieces = dict(parts)
            for builder in self._builders:
                if builder.source in pieces:
                    builder.begin(pieces[builder.source], self._taken, self._kernel.now)
            self._wait()

    def leave_slices(self) -> None:
        """The rows that follow in the slices at hand are left out."""
        self._parts = ()
        for builder in self._builders:
            builder.leave_slice(self._taken)
        self._wait()

    def unbegun_symbols(self) -> set[str]:
        """Instruments of which the next row begins a bar, whose end is not known before."""
        return {builder.info.symbol for builder in self._builders if builder.ends == NEVER}

    def end(self) -> list[Bar]:
        """The bars that have ended by now, in the order in which they were asked for."""
        now = self._kernel.now
        due = [builder for builder in self._builders if builder.ends <= now]
        bars = [bar for b in due if (bar := b.end(self._taken, now)) is not None]
        self._wait()
        return bars

    def dump(self) -> list[BuilderState]:
        """The state, for a snapshot."""
        return [builder.dump(self._taken) for builder in self._builders]

    def load(self, states: list[BuilderState]) -> None:
        """Take a snapshot's state back."""
        market = self._kernel.market
        assert market is not None
        for state in states:
            source = (state.source, market.sources[state.source])
            self._add(source, state.timeframe_ns, state.price).load(state)
        self._wait()

    @property
    def _taken(self) -> int:
        last = self._kernel.last
        return 0 if last is None else last.row + 1

    def _wait(self) -> None:
        self._kernel.agenda.await_bars(min((b.ends for b in self._builders), default=NEVER))

    def _of(self, symbol: str, timeframe_ns: int) -> BarBuilder | None:
        for builder in self._builders:
            if builder.info.symbol == symbol and builder.timeframe_ns == timeframe_ns:
                return builder
        return None

    def _add(self, source: tuple[int, SourceInfo], timeframe_ns: int, price: str) -> BarBuilder:
        instrument = self._kernel.instrument(source[1].symbol)
        made = BarBuilder(
            source,
            instrument,
            self._kernel.calendar_of(instrument),
            timeframe_ns,
            price,
            self._limit,
        )
        self._builders.append(made)
        return made

    def _source_for(
        self, symbol: str, timeframe_ns: int, price: str | None
    ) -> tuple[int, SourceInfo] | None:
        """What to build from; None where the market gives the bars."""
        market = self._kernel.market
        assert market is not None
        mine = [(n, source) for n, source in enumerate(market.sources) if source.symbol == symbol]
        of = {kind: [one for one in mine if one[1].kind is kind] for kind in DataKind}
        if price is not None and price not in PRICES:
            raise InvalidStrategy(
                f"price={price!r}: expected one of {', '.join(PRICES)}", field="price"
            )
        if price is None and any(s.timeframe_ns == timeframe_ns for _, s in of[DataKind.BARS]):
            return None
        self._require_buildable(symbol, timeframe_ns)
        shorter = [
            one for one in of[DataKind.BARS] if timeframe_ns % (one[1].timeframe_ns or 1) == 0
        ]
        shorter.sort(key=lambda one: -(one[1].timeframe_ns or 0))
        best = [*of[DataKind.TRADES], *shorter, *of[DataKind.QUOTES]]
        if price is not None:
            best = of[DataKind.QUOTES]
        if not best:
            given = ", ".join(described(source) for _, source in mine)
            needs = "" if price is None else f" of its {price} prices"
            raise InvalidStrategy(
                f"{format_timeframe(timeframe_ns)} bars of {symbol}{needs}: this market has "
                f"{given} to build them from",
                field="timeframe",
            )
        return best[0]

    def _require_buildable(self, symbol: str, timeframe_ns: int) -> None:
        calendar = self._kernel.calendar_of(self._kernel.instrument(symbol))
        days = timeframe_ns > DAY_NS and not calendar.always_open
        if days or timeframe_ns > LONGEST_NS:
            longest = "1d" if days else "366d"
            raise InvalidStrategy(
                f"{format_timeframe(timeframe_ns)} bars of {symbol}: the longest that can be "
                f"built are {longest}",
                field="timeframe",
            )


def described(source: SourceInfo) -> str:
    """A source in words: ``quotes``, ``trades`` or ``1m bars``."""
    if source.timeframe_ns is None:
        return source.kind.value
    return f"{format_timeframe(source.timeframe_ns)} {source.kind.value}"
