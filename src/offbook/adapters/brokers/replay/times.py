"""Times from cells, as integer nanoseconds UTC; without an offset they are UTC, or local.

* Whole numbers count s, ms, us or ns since 1970; which of them, their size tells.  A number is
  taken if it lies between 1990-01-01 and 2100-01-01 in one of the units; these ranges do not
  touch, so at most one unit fits.
* ISO 8601 text: a date, or date and time to at most nanoseconds, with ``Z``, ``UTC`` or an offset
  (``+01:00``, ``GMT+0100``); without one it is UTC, or of the time zone that was told.  Dates may
  also be written ``20240102``, ``2024.01.02`` and, the day first, ``02.01.2024``, times of day
  after such a date ``143000`` and ``143000250``; between the two may stand several spaces, or the
  ``D`` of kdb+ and BitMEX.
* Parquet timestamps of any unit; without a time zone as text without an offset.

All lie from 1970-01-01 on and below 2**62 ns (the year 2116).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import numpy as np

from offbook.adapters.brokers.replay.faults import CellFault
from offbook.adapters.brokers.replay.numbers import BoolColumn, units_from_text
from offbook.domain.market_data import IntColumn
from offbook.domain.values import MAX_UNITS

FIRST_SECOND: Final = 631_152_000
"""1990-01-01T00:00:00Z, the least whole number taken as a time, in seconds."""
END_SECOND: Final = 4_102_444_800
"""2100-01-01T00:00:00Z, the first that is no longer taken."""
UNITS: Final = ((1, 10**9), (10**3, 10**6), (10**6, 10**3), (10**9, 1))
"""Per second, and nanoseconds in one: s, ms, us, ns."""

_CLOCK_SQL: Final = "[ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?"
ISO_UTC_SQL: Final = f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}({_CLOCK_SQL}(Z|[+-]00:00)?)?"
ISO_LOCAL_SQL: Final = f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}({_CLOCK_SQL})?"
ISO_ZERO_SQL: Final = f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}{_CLOCK_SQL}(Z|[+-]00:00)"
ISO_OFFSET_SQL: Final = (
    f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}{_CLOCK_SQL}[+-]([01][0-9]|2[0-3]):[0-5][0-9]"
)
"""Text whose cast by duckdb is trusted: to TIMESTAMP_NS, which heeds no offset, and to
TIMESTAMPTZ_NS, which takes text without one for local time.  Other text it may read by halves."""

_NUMBER = re.compile(r"\d+(\.\d*)?\Z", re.ASCII)
_ISO = re.compile(
    r"(\d{4}([-.]?)\d\d\2\d\d)(?:(?: +|[TtD])(\d\d:?\d\d(?::?\d\d)?)(?:[.,](\d+))?)?"
    r" ?(Z|z|UTC|[+-]\d\d(?::?\d\d)?)?\Z",
    re.ASCII,
)
_FOREIGN: Final = (
    (re.compile(r"(\d\d)\.(\d\d)\.(\d{4})(?=\Z|[ T])", re.ASCII), r"\3-\2-\1"),  # Dukascopy
    (re.compile(r" GMT([+-]\d\d:?\d\d)\Z", re.ASCII), r"\1"),
    (re.compile(r"(\d{4}([-.])\d\d\2\d\d)D(?=\d\d:)", re.ASCII), r"\1T"),  # kdb+, BitMEX
    (re.compile(r"(\d{8} \d{6})(\d{3})\Z", re.ASCII), r"\1.\2"),  # HistData
)
"""How some write what ISO 8601 writes otherwise."""
_DATE = re.compile(r"(19|20)\d\d(0\d|1[0-2])[0-3]\d\Z", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def scale_times(numbers: IntColumn) -> tuple[IntColumn, BoolColumn]:
    """Whole numbers to ns by the rule of size, and where it gave an answer."""
    times = np.zeros_like(numbers)
    known = np.zeros(len(numbers), dtype=np.bool_)
    for per_second, ns in UNITS:
        fits = (numbers >= FIRST_SECOND * per_second) & (numbers < END_SECOND * per_second)
        times[fits] = numbers[fits] * ns
        known |= fits
    return times, known


def time_from_text(text: str, local: Callable[[int, str], int] | None = None) -> int:
    """A time in any of the ways above, also fractional seconds, to ns.

    ``local`` makes UTC of a wall clock's reading.  Raises CellFault.
    """
    stripped = text.strip()
    if not stripped:
        raise CellFault("empty", "the cell is empty")
    if _NUMBER.match(stripped) and not _DATE.match(stripped):
        return _time_from_number(stripped)
    match = _ISO.match(stripped) or _ISO.match(_as_iso(stripped))
    if match is None:
        raise CellFault("bad_time", f"{text!r} is not a time")
    date, _, clock, fraction, zone = match.groups()
    offset = "+00:00" if zone in (None, "Z", "z", "UTC") else zone
    try:
        moment = datetime.fromisoformat(f"{date.replace('.', '-')}T{clock or '00:00'}{offset}")
    except ValueError:
        # What Python says of it differs from version to version, and what is told must not.
        reason = "there is no such day or hour"
        raise CellFault("bad_time", f"{text!r} is not a time ({reason})") from None
    seconds = (moment - _EPOCH) // timedelta(seconds=1)
    ns = seconds * 10**9 + _nanoseconds(fraction or "", text)
    return checked_time(ns if zone or local is None else local(ns, text), text)


def _as_iso(text: str) -> str:
    for pattern, iso_text in _FOREIGN:
        text = pattern.sub(iso_text, text)
    return text


def unit_of(text: str, timezone: str | None) -> str:
    """In what a time is told, for people: ``ms since 1970``, ``text with an offset``."""
    stripped = text.strip()
    if _NUMBER.match(stripped) and not _DATE.match(stripped):
        for name, (per_second, _) in zip(("s", "ms", "us", "ns"), UNITS, strict=True):
            if FIRST_SECOND * per_second <= Decimal(stripped) < END_SECOND * per_second:
                return f"{name} since 1970"
        return "unknown"
    found = _ISO.match(stripped) or _ISO.match(_as_iso(stripped))
    if found is None:
        return "unknown"
    _, _, clock, _, zone = found.groups()
    if zone:
        return "text with an offset"
    what = "text without an offset" if clock else "dates"
    return f"{what}, taken as {timezone or 'UTC'}"


def checked_time(ns: int, text: str) -> int:
    """``ns`` itself, if it lies in the range of all times. Raises CellFault."""
    if not 0 <= ns < MAX_UNITS:
        raise CellFault("bad_time", f"{text!r} lies before 1970 or after 2115")
    return ns


def iso(ns: int) -> str:
    """A time for people: ISO 8601 in UTC, with as many decimals as it has."""
    seconds, rest = divmod(ns, 10**9)
    moment = _EPOCH + timedelta(seconds=seconds)
    fraction = f".{rest:09d}".rstrip("0").rstrip(".")
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _time_from_number(text: str) -> int:
    number = Decimal(text)
    for per_second, ns in UNITS:
        if FIRST_SECOND * per_second <= number < END_SECOND * per_second:
            try:
                return units_from_text(text, len(str(ns)) - 1)
            except CellFault:
                raise CellFault("bad_time", f"{text!r} is finer than a nanosecond") from None
    raise CellFault("bad_time", f"{text!r} is no time from 1990 to 2099 in s, ms, us or ns")


def _nanoseconds(fraction: str, text: str) -> int:
    if len(fraction.rstrip("0")) > 9:
        raise CellFault("bad_time", f"{text!r} is finer than a nanosecond")
    return int(fraction[:9].ljust(9, "0"))
