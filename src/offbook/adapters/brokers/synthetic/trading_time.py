"""Trading time: ns of open market since the first row, and the clock times that they are."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from offbook.domain.calendars import DAY_NS, NEVER, TradingCalendar
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import IntColumn

Sessions = IntColumn | np.int64
"""A session's number for each row, or the one that all rows share."""


class TradingTime:
    """The open hours of a market from a start on, laid end to end.

    Sessions are numbered from 0, which is the one of the first row; what a break parts is two of
    them here; an always-open market is one session without end.  Raises InvalidConfig when the
    calendar ends before ``start_ns``.
    """

    def __init__(self, calendar: TradingCalendar, start_ns: int) -> None:
        self.always_open = calendar.always_open
        begins, ends = calendar.spans()
        first = bisect_right(ends, start_ns)
        if self.always_open:
            opens, closes = [start_ns], [NEVER]
            self._anchors = np.zeros(1, dtype=np.int64)
            days = np.zeros(1, dtype=np.int64), np.array(closes, dtype=np.int64)
        elif first == len(ends):
            raise InvalidConfig(
                f"market.start_ns: calendar {calendar.name} has no session at or after it",
                field="market.start_ns",
            )
        else:
            opens, closes = list(begins[first:]), list(ends[first:])
            self._anchors = np.array(opens, dtype=np.int64)
            opens[0] = max(opens[0], start_ns)
            day = np.searchsorted(calendar.closes, closes)
            days = np.array(calendar.opens)[day], np.array(calendar.closes)[day]
        self._opens = np.array(opens, dtype=np.int64)
        self._closes = np.array(closes, dtype=np.int64)
        self._day_opens, self._day_closes = days
        self.ends_day = self._closes == self._day_closes
        """Whether a night comes after a session, and not the break at noon."""
        lengths = self._closes - self._opens
        self._begins = np.cumsum(lengths) - lengths
        self._shifts = self._opens - self._begins
        self.capacity = int(self._begins[-1] + lengths[-1])
        """How much trading time there is."""

    @property
    def sessions(self) -> int:
        """How many sessions there are."""
        return len(self._opens)

    def until(self, ts: int) -> int:
        """The trading time that has passed at clock time ``ts``."""
        session = max(int(np.searchsorted(self._opens, ts, side="right")) - 1, 0)
        inside = min(ts, int(self._closes[session])) - int(self._opens[session])
        return int(self._begins[session]) + max(inside, 0)

    def session_at(self, spent: IntColumn) -> Sessions:
        """The number of the session of each trading time; the times ascend."""
        first, last = np.searchsorted(self._begins, spent[[0, -1]], side="right") - 1
        if first == last:
            return np.int64(first)
        # A page meets few openings and has many rows: each opening is looked up among the rows.
        cuts = np.searchsorted(spent, self._begins[first + 1 : last + 1], side="left")
        counts = np.diff(cuts, prepend=0, append=len(spent))
        return np.repeat(np.arange(first, last + 1), counts)

    def clock(self, spent: IntColumn, sessions: Sessions) -> IntColumn:
        """Clock times (ns UTC) of trading times in these sessions."""
        ts: IntColumn = spent + self._shifts[sessions]
        return ts

    def day_share(self, ts: IntColumn, sessions: Sessions) -> IntColumn:
        """How much of the trading day has passed at each clock time, in 1024ths."""
        if self.always_open:
            opens, closes = ts - ts % DAY_NS, ts - ts % DAY_NS + DAY_NS
        else:
            opens, closes = self._day_opens[sessions], self._day_closes[sessions]
        share: IntColumn = (ts - opens << 10) // (closes - opens)
        return share

    def cells(self, ts: IntColumn, sessions: Sessions, timeframe_ns: int) -> IntColumn:
        """When the bar of each clock time opens: multiples of the timeframe since 1970, or since
        the session's opening, those of a day since the day's."""
        anchors, _ = self._spans_of_bars(timeframe_ns)
        cells: IntColumn = ts - (ts - anchors[sessions]) % timeframe_ns
        return cells

    def cell_ends(self, cells: IntColumn, timeframe_ns: int) -> IntColumn:
        """When the bars that open at ``cells`` end: after a timeframe, or with their session;
        those of a day with the day."""
        anchors, closes = self._spans_of_bars(timeframe_ns)
        sessions = np.searchsorted(anchors, cells, side="right") - 1
        return np.minimum(cells + timeframe_ns, closes[sessions])

    def _spans_of_bars(self, timeframe_ns: int) -> tuple[IntColumn, IntColumn]:
        """Of each session, since when its bars are counted, and with what the last ends."""
        if timeframe_ns >= DAY_NS:
            return self._day_opens, self._day_closes
        return self._anchors, self._closes
