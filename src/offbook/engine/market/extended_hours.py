"""The hours before an opening and after a close in which orders that say so trade."""

from __future__ import annotations

from offbook.domain.calendars import NEVER, TradingCalendar
from offbook.domain.config import ExtendedHours

Span = tuple[int, int]


def span_at(calendar: TradingCalendar, extended: ExtendedHours | None, ts: int) -> Span | None:
    """The extended hours, ``[begin, end)``, in which a time lies; None in regular and closed ones.

    They never reach into a session, nor its break at noon; where those after a close meet those
    before the next opening, the former come first.
    """
    if extended is None or calendar.always_open or calendar.is_within_day(ts):
        return None
    after, before = _around(calendar, extended, ts)
    if after[0] <= ts < after[1]:
        return after
    return before if before[0] <= ts < before[1] else None


def next_change(calendar: TradingCalendar, extended: ExtendedHours | None, ts: int) -> int:
    """The first time after ``ts`` at which other hours begin; NEVER if there is none."""
    change = calendar.next_change(ts)
    if extended is None or calendar.always_open or calendar.is_within_day(ts):
        return change
    times = [at for span in _around(calendar, extended, ts) for at in span if at > ts]
    return min([change, *times])


def day_end(calendar: TradingCalendar, extended: ExtendedHours | None, ts: int) -> int:
    """When a DAY order for extended hours expires that arrives at ``ts``: at the end of those after
    the close of its day. Raises InvalidConfig past the end of the table."""
    if extended is None or calendar.always_open:
        return calendar.day_end(ts)
    if not calendar.is_within_day(ts):
        after, _ = _around(calendar, extended, ts)
        if after[0] <= ts < after[1]:
            return after[1]
    close = calendar.day_end(ts)
    return min(close + extended.post_ns, calendar.next_open(close))


def _around(calendar: TradingCalendar, extended: ExtendedHours, ts: int) -> tuple[Span, Span]:
    """The extended hours after the last close, and before the next opening, of a closed moment."""
    close, opening = calendar.last_close(ts), calendar.next_open(ts)
    end = close if close < 0 else min(close + extended.post_ns, opening)
    begin = opening if opening == NEVER else max(opening - extended.pre_ns, end, 0)
    return (close, end), (begin, opening)
