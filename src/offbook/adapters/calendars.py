"""Trading calendars by name: ``24/7``, the session tables that ship with the package, and those of
exchange_calendars where that is installed."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import msgspec

from offbook.adapters.installed_calendars import is_installed, load_installed
from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR, TradingCalendar
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import ALWAYS_OPEN

MINUTE_NS: Final = 60_000_000_000


class _SessionTable(msgspec.Struct, frozen=True):
    """A shipped file: each session's date, and its open and close in minutes since 1970 UTC."""

    calendar: str
    unit: str
    columns: tuple[str, ...]
    sessions: tuple[tuple[str, int, int], ...]


@cache
def load_calendar(name: str) -> TradingCalendar:
    """The calendar called ``name``: ``"24/7"``, ``"24/5"`` or an exchange's MIC such as ``"XNYS"``.

    A table that ships goes before a calendar of the same name in exchange_calendars.
    Raises InvalidConfig, listing the shipped names, when there is none.
    """
    if name == ALWAYS_OPEN:
        return ALWAYS_OPEN_CALENDAR
    # Looked up among the names that exist, so that a name can never lead to another folder.
    if name not in known_calendars():
        found = load_installed(name)
        if found is None:
            raise _unknown(name)
        return found
    return parse_calendar((_tables() / f"{name.replace('/', '-')}.json").read_bytes())


@cache
def known_calendars() -> tuple[str, ...]:
    """The names that ``load_calendar`` always takes, ``"24/7"`` first."""
    shipped = (entry.name for entry in _tables().iterdir())
    tables = (name.removesuffix(".json") for name in shipped if name.endswith(".json"))
    return (ALWAYS_OPEN, *sorted(name.replace("-", "/") for name in tables))


def parse_calendar(raw: bytes) -> TradingCalendar:
    """Read a session table. Raises InvalidConfig when it is not one, or is out of order."""
    try:
        table = msgspec.json.decode(raw, type=_SessionTable)
    except msgspec.MsgspecError as error:
        raise InvalidConfig(f"not a session table: {error}") from None
    if table.columns != ("date", "open", "close") or not table.unit.startswith("minutes"):
        raise InvalidConfig(f"session table {table.calendar}: unknown columns or unit")
    opens = tuple(minute * MINUTE_NS for _, minute, _ in table.sessions)
    closes = tuple(minute * MINUTE_NS for _, _, minute in table.sessions)
    ends = (0, *closes)
    if not all(end <= o < c for end, o, c in zip(ends, opens, closes, strict=False)):
        raise InvalidConfig(f"session table {table.calendar}: sessions overlap or run backwards")
    return TradingCalendar(name=table.calendar, opens=opens, closes=closes)


def _unknown(name: str) -> InvalidConfig:
    more = (
        "exchange_calendars, which is installed, has none of that name either"
        if is_installed()
        else 'more come with exchange_calendars: pip install "offbook[calendars]"'
    )
    return InvalidConfig(
        f"no calendar is called {name!r}; known: {', '.join(known_calendars())}; {more}",
        field="instrument.calendar",
    )


def _tables() -> Traversable:
    return files("offbook") / "data" / "calendars"
