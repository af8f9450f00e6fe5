"""The bars in progress of a running market, kept for whoever joins it in the middle of one.

Of each source and timeframe the rows of the present interval are kept as one stretch.  Rows are
looked at when somebody joins or when they leave memory: by minutes, each reduced once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

import msgspec
import numpy as np

from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR, TradingCalendar
from offbook.domain.instruments import Instrument
from offbook.domain.joining import BegunBars, BegunStretch
from offbook.domain.market_data import (
    BarSlice,
    DataKind,
    IntColumn,
    MarketInfo,
    MarketSlice,
    MergedSlice,
    QuoteSlice,
    SourceInfo,
    SourceSlice,
    TradeSlice,
    rows_by_source,
)
from offbook.domain.rows import Stretch
from offbook.domain.timeframes import parse_timeframe
from offbook.engine.market.intervals import Intervals
from offbook.engine.market.stretches import joined, stretch_of, ticks_by_parts

_USUAL: Final = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d")
USUAL_TIMEFRAMES: Final = tuple(map(parse_timeframe, _USUAL))
"""The timeframes whose bars in progress are kept (ns)."""
_MINUTE: Final = USUAL_TIMEFRAMES[0]
_PRICES: Final = {
    DataKind.QUOTES: ("bid", "ask", "mid"),
    DataKind.TRADES: (DataKind.TRADES.value,),
    DataKind.BARS: (DataKind.BARS.value,),
    DataKind.DEPTH: (),
    DataKind.STATUS: (),
    DataKind.ORDERS: (),
}


class _Part(NamedTuple):
    """Rows of one source within one minute: the time by which they belong to an interval, what they
    come to, by price, and the position of the last."""

    ts: int
    stretches: Sequence[Stretch]
    row: int

    def then(self, following: _Part) -> _Part:
        """Both, one after the other."""
        both = zip(self.stretches, following.stretches, strict=True)
        return _Part(self.ts, [joined(*pair) for pair in both], following.row)


class _Interval:
    """The present interval of one timeframe and its rows so far."""

    def __init__(self, intervals: Intervals) -> None:
        self._intervals = intervals
        self.opens = self.ends = 0
        self.rows: _Part | None = None

    def take(self, parts: list[_Part], ends: list[_Part]) -> None:
        """The next rows; ``ends`` are the same from each part on to the last."""
        opens, ends_at = self._intervals.of(parts[-1].ts)
        if opens != self.opens:
            self.opens, self.ends, self.rows = opens, ends_at, None
        first = bisect_left(parts, opens, key=lambda part: part.ts)
        if first < len(parts):
            self.rows = ends[first] if self.rows is None else self.rows.then(ends[first])

    def holds(self, part: _Part) -> bool:
        """Whether there are rows, and these are of the same interval."""
        return self.rows is not None and self._intervals.of(part.ts) == (self.opens, self.ends)


class _Source:
    """The bars in progress of one source."""

    def __init__(self, source: SourceInfo, calendar: TradingCalendar) -> None:
        self.prices = _PRICES[source.kind]
        # A bar is of the interval that holds its last moment, a nanosecond before its end.
        self.back = 1 if source.kind is DataKind.BARS else 0
        own = source.timeframe_ns or 0
        frames = [one for one in USUAL_TIMEFRAMES if not own or (one > own and one % own == 0)]
        self.intervals = [_Interval(Intervals(frame, calendar)) for frame in frames]
        self._edges: IntColumn | None = None
        if not calendar.always_open:
            opens, closes = calendar.spans()
            self._edges = np.array(sorted({*opens, *closes}), np.int64)

    def take_ticks(self, rows: QuoteSlice | TradeSlice) -> None:
        """The next quotes or prints."""
        begins = self._borders(rows.ts)
        made = [ticks_by_parts(rows, begins, price) for price in self.prices]
        parts = [
            _Part(int(rows.ts[begin]), stretches, rows.position(end - 1))
            for begin, end, *stretches in zip(begins, [*begins[1:], len(rows)], *made, strict=True)
        ]
        ends = list(accumulate(reversed(parts), lambda later, part: part.then(later)))[::-1]
        for interval in self.intervals:
            interval.take(parts, ends)

    def take_bar(self, rows: BarSlice, place: int, *, is_late: bool) -> None:
        """The next bar; ``is_late``: another row of the time at which it ends came first, and ended
        what ends then."""
        made = [stretch_of(rows, place, place + 1, price) for price in self.prices]
        part = _Part(int(rows.ts[place]) - 1, made, rows.position(place))
        late = part._replace(ts=part.ts + 1)
        for interval in self.intervals:
            over = is_late and interval.ends == late.ts and interval.holds(part)
            interval.take([late if over else part], [late if over else part])

    def _borders(self, ts: IntColumn) -> list[int]:
        """The places at which another minute, or other hours, begin."""
        minutes = ts // _MINUTE
        new = minutes[1:] != minutes[:-1]
        if self._edges is not None:
            hours = np.searchsorted(self._edges, ts, side="right")
            new |= hours[1:] != hours[:-1]
        return [0, *(np.flatnonzero(new) + 1).tolist()]


class BarsInProgress:
    """The bars in progress of all sources, by the rows of a log in their order."""

    def __init__(self, info: MarketInfo, calendars: Iterable[TradingCalendar]) -> None:
        hours = {calendar.name: calendar for calendar in calendars}
        instruments = {instrument.symbol: instrument for instrument in info.instruments}
        self._since: int | None = None
        self._told: tuple[BegunStretch, ...] = ()
        """What was told last: the same object for all who join before another row."""
        self._last_end = -1
        """The time at which bars were ended last by a row of that time."""
        self._sources = [
            _Source(source, _hours_of(instruments[source.symbol], hours)) for source in info.sources
        ]

    def begin(self, ts: int) -> None:
        """From this session time (ns UTC) on all rows are seen; what follows changes nothing."""
        if self._since is None:
            self._since = ts

    def take(self, rows: MarketSlice) -> None:
        """The next rows of the log."""
        parts = rows_by_source(rows)
        ending = _ending(rows, parts)
        for number, part in parts:
            source = self._sources[number]
            if isinstance(part, BarSlice):
                for place, ts in enumerate(part.ts.tolist()):
                    before = self._end_before(rows, ending, part.position(place))
                    source.take_bar(part, place, is_late=before == ts)
            elif isinstance(part, QuoteSlice | TradeSlice):
                source.take_ticks(part)
        if len(ending):
            self._last_end = int(rows.ts[ending[-1]])

    def _end_before(self, rows: MarketSlice, ending: IntColumn, row: int) -> int:
        """The time at which bars were ended last by a row before a position."""
        place = int(np.searchsorted(ending, row - rows.start))
        return int(rows.ts[ending[place - 1]]) if place else self._last_end

    def at(self, floor: int) -> BegunBars | msgspec.UnsetType:
        """Those that are known whole, where session time has reached ``floor``; UNSET for none."""
        # At the moment of its end a bar is in progress until a row has ended it.
        ts = floor if self._last_end == floor else floor - 1
        known = tuple(
            stretch
            for number, source in enumerate(self._sources)
            for stretch in self._stretches_of(number, source, ts)
        )
        if known != self._told:
            self._told = known
        return BegunBars(ts=ts, stretches=self._told) if known else msgspec.UNSET

    def _stretches_of(self, number: int, source: _Source, ts: int) -> list[BegunStretch]:
        begun: dict[int, _Part] = {}
        for interval in source.intervals:
            present = interval.opens <= ts < interval.ends
            whole = self._since is not None and interval.opens + source.back >= self._since
            if interval.rows is not None and present and whole:
                begun[interval.opens] = interval.rows
        return [
            BegunStretch(number, price, begins, *part.stretches[place], part.row)
            for begins, part in sorted(begun.items())
            for place, price in enumerate(source.prices)
        ]


def _hours_of(instrument: Instrument, hours: dict[str, TradingCalendar]) -> TradingCalendar:
    return hours.get(instrument.calendar, ALWAYS_OPEN_CALENDAR)


def _ending(rows: MarketSlice, parts: list[tuple[int, SourceSlice]]) -> IntColumn:
    """The places of rows before which, or with which, bars that end at their time are ended: all
    but bars of one of several sources, for which others of that time are waited for."""
    if not isinstance(rows, MergedSlice):
        return np.arange(len(rows), dtype=np.int64)
    bars = [number for number, part in parts if isinstance(part, BarSlice)]
    return np.flatnonzero(~np.isin(rows.which, bars)).astype(np.int64)
