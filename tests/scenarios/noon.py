"""Trading days with a break at noon, as those of Tokyo and of Hong Kong."""

from __future__ import annotations

from typing import Final

from offbook.adapters.calendars import load_calendar
from offbook.domain.calendars import TradingCalendar
from tests.scenarios.wording import moment

DAYS: Final = ("2024-01-02", "2024-01-03", "2024-01-04")
HOURS: Final = {
    "XTKS": ("00:00:00", "02:30:00", "03:30:00", "06:00:00"),
    "XHKG": ("01:30:00", "04:00:00", "05:00:00", "08:00:00"),
}
"""In UTC; Tokyo trades from 9:00 to 11:30 and from 12:30 to 15:00, Hong Kong from 9:30 to 12:00 and
from 13:00 to 16:00."""


def calendar(name: str) -> TradingCalendar:
    """The hours of some days of an exchange that rests at noon, or those of another."""
    if name not in HOURS:
        return load_calendar(name)
    times = [tuple(moment(day, clock) for day in DAYS) for clock in HOURS[name]]
    return TradingCalendar(
        name=name, opens=times[0], break_starts=times[1], break_ends=times[2], closes=times[3]
    )
