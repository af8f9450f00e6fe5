"""What a strategy's host checks of texts, names and times that come from the strategy."""

from __future__ import annotations

from offbook.domain.calendars import NEVER
from offbook.domain.errors import InvalidStrategy
from offbook.domain.identifiers import plain_text


def read_name(name: object) -> str:
    """A timer's name as it can be recorded. Raises InvalidStrategy unless it may be called so."""
    if not isinstance(name, str) or not name.isprintable():
        raise InvalidStrategy(f"timer {name!r}: a name is printable text")
    return plain_text(name)


def check_time(name: str, field: str, value: object) -> None:
    """Raise InvalidStrategy unless a timer may fall due then."""
    if type(value) is not int or not value < NEVER:  # of other kinds no record is made
        raise InvalidStrategy(f"timer {name!r}: {field}={value!r} is no time in nanoseconds")
