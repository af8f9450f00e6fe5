"""When an exchange's auctions are: at both ends of its days, and where it has them at a break."""

from __future__ import annotations

from bisect import bisect_right

from offbook.domain.calendars import DAY_NS, NEVER, TradingCalendar
from offbook.domain.config import AtBreak


class AuctionTimes:
    """The openings and closes of one calendar that are auctions.

    Between two openings there may be no close, where trading goes on after a break with an auction
    and stopped without one.
    """

    def __init__(self, calendar: TradingCalendar, at_break: AtBreak) -> None:
        self._calendar = calendar
        opens, closes = calendar.opens, calendar.closes
        if at_break in {AtBreak.OPEN, AtBreak.BOTH}:
            opens = tuple(sorted((*opens, *calendar.break_ends)))
        if at_break is AtBreak.BOTH:
            closes = tuple(sorted((*closes, *calendar.break_starts)))
        self._opens, self._closes = opens, closes

    def opening(self, ts: int) -> tuple[int, int]:
        """The first opening after ``ts``, and the close at which its price has not come; ``NEVER``
        past the end of the table."""
        at = _after(self._opens, ts)
        return at, _after(self._closes, at)

    def close(self, ts: int) -> tuple[int, int]:
        """The first close after ``ts``, and the opening at which its price has not come.

        Raises InvalidConfig past the end of the table.
        """
        at = min(_after(self._closes, ts), self._calendar.day_end(ts))
        after = _after(self._opens, at)
        # After the calendar's last session no opening comes: a day is long enough.
        return at, at + DAY_NS if after == NEVER else after


def _after(times: tuple[int, ...], ts: int) -> int:
    index = bisect_right(times, ts)
    return times[index] if index < len(times) else NEVER
