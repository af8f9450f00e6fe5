"""The rows of Lean's files (``lean_files``), with offbook's names.

Times are milliseconds since midnight, or ``20131007 09:00``, on the clock of the data's time zone,
which is asked for each row of a day on which it is put forward or back.

The columns, after the time: trades are price and size; of shares an exchange and conditions follow,
then of all a mark of suspicion, and what is suspicious is left out, as Lean's own bars leave it
out.  Bars of trades are open, high, low, close and volume.  Quotes are bid and ask (forex), or each
with its size (crypto).  Bars of quotes are open, high, low, close and last size of the bid, then of
the ask: what is made of each is the quote with which it ended, at its end.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from pathlib import Path
from typing import IO, Final

from offbook.adapters.brokers.replay.faults import CellFault
from offbook.adapters.brokers.replay.lean_files import (
    FIRST_YEAR,
    LAST_YEAR,
    LeanFiles,
    Resolution,
    Security,
    inner_name,
    zipped,
)
from offbook.adapters.brokers.replay.opening import opened_text
from offbook.adapters.brokers.replay.zones import Zone, load_zone
from offbook.domain.calendars import DAY_NS
from offbook.domain.errors import BadMarketData
from offbook.domain.market_data import DataKind

_LONG_TIME: Final = re.compile(r"(\d{8}) (\d\d):(\d\d)\Z")
_NUMBER: Final = re.compile(r"\d{1,18}(?:\.\d{1,18})?(?:[eE]-\d{1,2})?\Z", re.ASCII)
_EXACT: Final = Context(prec=80)
"""Whatever precision other code may have set."""

_SCALE: Final = 4
"""Prices of shares are in units of ten to minus so many dollars."""


def write_lean(found: LeanFiles, target: Path) -> int:
    """Write the rows as CSV; how many there are.

    Raises InvalidInput (a zip with several files), BadMarketData naming the row that cannot be
    read, or where there is none, GatewayUnavailable (a file cannot be read) and OSError.
    """
    rows = _Rows(found)
    count = 0
    with target.open("w", encoding="ascii", newline="\n") as out:
        for place, file in enumerate(found.files):
            day = found.days[place] if found.days else None
            with _text_of(file) as text:
                for row in rows.of(file, day, text):
                    if not count:
                        out.write(rows.header + "\n")
                    out.write(row + "\n")
                    count += 1
    if not count:
        raise BadMarketData(f"{found.files[0]} has no {found.kind.value}", file=str(found.files[0]))
    return count


@contextmanager
def _text_of(path: Path) -> Iterator[IO[str]]:
    if not path.name.lower().endswith(".zip"):
        with opened_text(path) as text:
            yield text
        return
    name = str(inner_name(path))
    with (
        zipped(path) as archive,
        archive.open(name) as raw,
        io.TextIOWrapper(raw, "utf-8-sig", errors="replace", newline="") as text,
    ):
        yield text


class _Rows:
    """Makes rows of the files, one after another; ``header`` is known with the first."""

    def __init__(self, found: LeanFiles) -> None:
        self._found = found
        self._zone = load_zone(found.timezone)
        self._scale = _SCALE if found.security is Security.EQUITY else 0
        self._sized: bool | None = None
        self._make = {
            DataKind.TRADES: self._trade,
            DataKind.BARS: self._bar,
            DataKind.QUOTES: self._quote,
        }[found.kind]

    @property
    def header(self) -> str:
        """The names of the columns."""
        if self._found.kind is DataKind.TRADES:
            return "ts_event,price,size"
        if self._found.kind is DataKind.BARS:
            return "ts_event,open,high,low,close,volume"
        return "ts_event,bid,ask" + (",bid_size,ask_size" if self._sized else "")

    def of(self, path: Path, day: date | None, text: IO[str]) -> Iterator[str]:
        """The rows of a file. Raises BadMarketData."""
        clock = _Clock(self._zone, day)
        for number, cells in enumerate(csv.reader(text), 1):
            if not cells:
                continue
            try:
                row = self._make(clock, [cell.strip() for cell in cells])
            except CellFault as fault:
                raise _refused(path, number, fault.what, fault.reason) from None
            except (IndexError, ValueError):
                what = f"{','.join(cells)!r} is no row of {self._found.kind.value} of Lean"
                raise _refused(path, number, what, "unreadable") from None
            if row:
                yield row

    def _trade(self, clock: _Clock, cells: list[str]) -> str:
        if _is_suspicious(cells, 5 if self._found.security is Security.EQUITY else 3):
            return ""
        return f"{clock.ns(cells[0])},{self._price(cells[1])},{_plain(cells[2])}"

    def _bar(self, clock: _Clock, cells: list[str]) -> str:
        prices = ",".join(self._price(cell) for cell in cells[1:5])
        at = clock.date(cells[0]) if self._is_daily else clock.ns(cells[0])
        return f"{at},{prices},{_plain(cells[5])}"

    def _quote(self, clock: _Clock, cells: list[str]) -> str:
        bid, bid_size, ask, ask_size = self._sides(cells)
        if not bid or not ask:
            return ""  # one side alone, as it may be before the market opens
        if self._found.resolution is Resolution.TICK and _is_suspicious(cells, 5):
            return ""
        if self._sized is None:
            self._sized = any(_number(size) for size in (bid_size, ask_size) if size)
        at = clock.ns(cells[0]) + self._found.resolution.ns
        row = f"{at},{self._price(bid)},{self._price(ask)}"
        return f"{row},{_plain(bid_size or '0')},{_plain(ask_size or '0')}" if self._sized else row

    def _sides(self, cells: list[str]) -> tuple[str, str, str, str]:
        if self._found.resolution is not Resolution.TICK:
            return cells[4], cells[5], cells[9], cells[10]
        if self._found.security is Security.FOREX:
            return cells[1], "", cells[2], ""
        return cells[1], cells[2], cells[3], cells[4]

    @property
    def _is_daily(self) -> bool:
        return self._found.resolution is Resolution.DAILY

    def _price(self, text: str) -> str:
        return _plain(text, self._scale)


class _Clock:
    """Reads a file's times, which are of one day or name theirs."""

    def __init__(self, zone: Zone, day: date | None) -> None:
        self._zone = zone
        self._wall = 0 if day is None else _wall(day)
        self._begins: int | None = None
        if day is not None:
            begins, ends = (self._begin_of(self._wall + more) for more in (0, DAY_NS))
            # Of most days the clock goes evenly, and only its beginning has to be looked up.
            if begins is not None and ends is not None and ends - begins == DAY_NS:
                self._begins = begins

    def ns(self, text: str) -> int:
        """A time as ns UTC. Raises CellFault and ValueError."""
        past = _LONG_TIME.match(text)
        if past is not None:
            return self._zone.utc_of(_long(past), text)
        passed = int(_EXACT.multiply(_number(text), Decimal(1_000_000)))
        if self._wall == 0 or not 0 <= passed <= DAY_NS:
            raise CellFault("bad_time", f"{text!r} is no time of a day in milliseconds")
        if self._begins is not None:
            return self._begins + passed
        return self._zone.utc_of(self._wall + passed, text)

    def date(self, text: str) -> str:
        """The day that a time names. Raises ValueError."""
        past = _LONG_TIME.match(text)
        if past is None:
            raise ValueError
        return date.fromisoformat(past[1]).isoformat()

    def _begin_of(self, wall: int) -> int | None:
        try:
            return self._zone.utc_of(wall, "")
        except CellFault:
            return None


def _wall(day: date) -> int:
    """Raises ValueError for a day that is too far away to be counted in ns."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000_000


def _long(found: re.Match[str]) -> int:
    minutes = int(found[2]) * 60 + int(found[3])
    return _wall(date.fromisoformat(found[1])) + minutes * 60_000_000_000


def _number(text: str) -> Decimal:
    """A number, of few enough digits that all that is done with it is exact."""
    if not _NUMBER.match(text):
        raise ValueError(text)
    return Decimal(text)


def _plain(text: str, scale: int = 0) -> str:
    """A number without a power or trailing zeros, divided by ten so many times."""
    told = format(_number(text).scaleb(-scale, _EXACT), "f")
    return told.rstrip("0").rstrip(".") if "." in told else told


def _is_suspicious(cells: list[str], place: int) -> bool:
    """Whether a tick is marked as such; older files of crypto have no such column."""
    return len(cells) > place and cells[place].lower() in ("1", "true")


def _refused(path: Path, row: int, what: str, reason: str) -> BadMarketData:
    return BadMarketData(
        f"{path}, row {row}: {what}. Mend the file",
        file=str(path),
        row=row,
        column="",
        reason=reason,
    )
