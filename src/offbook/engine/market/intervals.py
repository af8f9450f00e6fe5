"""The intervals that bars of one timeframe cover: aligned to the epoch UTC, or the sessions of
hours."""

from __future__ import annotations

from bisect import bisect_right

from offbook.domain.calendars import DAY_NS, NEVER, TradingCalendar
from offbook.domain.values import MAX_UNITS


class Intervals:
    """The intervals of one timeframe: a day is the UTC day, or where there are trading hours, their
    session (``by_session``)."""

    def __init__(self, timeframe_ns: int, calendar: TradingCalendar) -> None:
        self.timeframe_ns = timeframe_ns
        self.by_session = timeframe_ns == DAY_NS and not calendar.always_open
        self._calendar = calendar

    def of(self, ts: int) -> tuple[int, int]:
        """When the interval that holds a time (ns UTC) opens and ends; of hours, the session that
        ends next, which may open later, and none after the last."""
        if not self.by_session:
            opens = ts - ts % self.timeframe_ns
            return opens, opens + self.timeframe_ns
        index = bisect_right(self._calendar.closes, ts)
        if index == len(self._calendar.closes):
            return MAX_UNITS, NEVER
        return self._calendar.opens[index], self._calendar.closes[index]
