"""Trading calendars of exchanges from the package exchange_calendars, where that is installed.

They come from the release that is installed, over a span of days that is the same whenever they are
asked for: the same release gives the same calendar, and thus the same digest.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any, Final

from offbook.domain.calendars import TradingCalendar
from offbook.domain.errors import InvalidConfig

FIRST: Final = "1990-01-01"
LAST: Final = "2027-12-31"
"""Asked for without these, the package's calendars would end a year from today."""

_PACKAGE: Final = "exchange_calendars"


def is_installed() -> bool:
    """Whether there is the package; loads it, which takes a second or so."""
    try:
        import_module(_PACKAGE)
    except ImportError:
        return False
    return True


def load_installed(name: str) -> TradingCalendar | None:
    """The package's calendar of that name, from ``FIRST`` or its own first day to ``LAST`` or its
    own last; None where it has none, or is not installed.

    Raises InvalidConfig when the package fails to make it, and for hours that are none.
    """
    if not is_installed():
        return None
    package = import_module(_PACKAGE)
    if name not in package.get_calendar_names():
        return None
    try:
        made = _made(package, name)
    except Exception as error:  # the package's, or of whatever it is built on
        version = getattr(package, "__version__", "")
        why = f"{type(error).__name__}: {error}"
        raise InvalidConfig(
            f"{_PACKAGE} {version} cannot make calendar {name!r} ({why}); another release of it, "
            "or of pandas, may",
            field="instrument.calendar",
        ) from error
    rests = zip(_moments(made.break_starts), _moments(made.break_ends), strict=True)
    # A day without a break has the missing time of pandas there, which is below all times.
    breaks = [(begin, end) for begin, end in rests if begin >= 0]
    return TradingCalendar(
        name=name,
        opens=_moments(made.opens),
        closes=_moments(made.closes),
        break_starts=tuple(begin for begin, _ in breaks),
        break_ends=tuple(end for _, end in breaks),
    )


def _made(package: Any, name: str) -> Any:
    try:
        return package.get_calendar(name, start=FIRST, end=LAST)
    except ValueError:
        # It knows fewer days than that, and tells only of a calendar that is made.
        known = package.get_calendar(name)
        least, most = known.bound_min(), known.bound_max()
        if least is None and most is None:
            raise
    start = FIRST if least is None else max(FIRST, least.date().isoformat())
    end = LAST if most is None else min(LAST, most.date().isoformat())
    return package.get_calendar(name, start=start, end=end)


def _moments(times: Iterable[Any]) -> tuple[int, ...]:
    """Times of pandas as ns UTC."""
    return tuple(int(moment.value) for moment in times)
