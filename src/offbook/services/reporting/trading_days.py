"""Where a session's days end, and how many of them are a year.

A trading day is the calendar's.  In a session of several markets a day ends when the last of them
closes on that date (UTC); where one of them never closes, at midnight UTC.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final

from offbook.domain.calendars import DAY_NS, TradingCalendar

ALWAYS_OPEN_DAYS: Final = 365
EXCHANGE_DAYS: Final = 252


def days_per_year(calendars: Sequence[TradingCalendar]) -> int:
    """365 where a market never closes, 252 for exchanges alone."""
    return ALWAYS_OPEN_DAYS if _never_closes(calendars) else EXCHANGE_DAYS


def day_ends(calendars: Sequence[TradingCalendar], begin: int, end: int) -> list[int]:
    """Ends of trading days in ``(begin, end)``, and ``end`` itself: where daily samples are taken.

    A day's sample includes the moment of its end, since a bar that ends then is the day's last.
    """
    if _never_closes(calendars):
        return [*range((begin // DAY_NS + 1) * DAY_NS, end, DAY_NS), end]
    last: dict[int, int] = {}
    for calendar in calendars:
        first = bisect_right(calendar.closes, begin)
        for close in calendar.closes[first : bisect_left(calendar.closes, end)]:
            date = close // DAY_NS
            last[date] = max(last.get(date, close), close)
    return [*sorted(last.values()), end]


def _never_closes(calendars: Sequence[TradingCalendar]) -> bool:
    return any(calendar.always_open for calendar in calendars)
