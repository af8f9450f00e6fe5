"""Tables as other programs write them, made plain: oldest row first, times as ISO 8601, numbers
with a decimal point and nothing else, and the rows of one instrument.

Only text is changed here: what a row says, and whether it can be true, is judged by whoever reads
the table that is written.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec

from offbook.adapters.brokers.replay.adjusting import MOST_DECIMALS, Adjusting
from offbook.adapters.brokers.replay.columns import Found, event_columns, find_times
from offbook.adapters.brokers.replay.names import header_of
from offbook.adapters.brokers.replay.opening import opened_text
from offbook.adapters.brokers.replay.source import (
    CSV_SUFFIXES,
    delimiter_of,
    require_as_named,
    split_line,
    suffix_of,
)
from offbook.domain.errors import BadMarketData, InvalidInput

_NUMBERS: Final = re.compile(r"1([^\d]?)234([^\d])56\Z")
_CLOCK: Final = re.compile(r"%-?[HIMSfpXcs]")
_FINER: Final = re.compile(r"([.,]\d{6})(\d{1,3})(?!\d)")
"""Decimals of a second beyond those that ``strptime`` reads."""
_LONG: Final = re.compile(r"-?[0-9]{0,18}\.[0-9]{1,40}")
"""A number that may have to be rounded: nothing that a Decimal could not hold exactly meanwhile."""
_POWERS: Final = {"K": 3, "M": 6, "B": 9}
_MONEY: Final = "$€£¥ \u00a0"


class Tidying(msgspec.Struct, frozen=True, kw_only=True):
    """What is unusual of a table.

    ``skip_lines`` stand before its header.  ``only`` are texts by column, of the rows to be taken.
    ``newest_first`` turns the rows round.  ``time_format`` is how its times are written, as in
    Python's ``strptime``; one without a time of day gives dates.  ``numbers`` is how it writes
    1234.56, as ``1.234,56``; signs of currencies are left out then, and ``1.2K``, ``M`` and ``B``
    are thousands, millions and billions.  Numbers with more than so many ``decimals`` are rounded,
    halves to even, but for dividends and splits.  ``adjusted``: its prices become adjusted
    ones, by its column of adjusted closes.
    """

    skip_lines: int = 0
    only: Mapping[str, str] = {}
    newest_first: bool = False
    time_format: str | None = None
    numbers: str | None = None
    decimals: int | None = None
    adjusted: bool = False

    def __post_init__(self) -> None:
        if self.decimals is not None and not 0 <= self.decimals <= MOST_DECIMALS:
            raise InvalidInput(f"decimals={self.decimals}: 0 to {MOST_DECIMALS}", field="decimals")
        if self.skip_lines < 0:
            raise InvalidInput(f"skip_lines={self.skip_lines}: no less than 0")
        found = None if self.numbers is None else _NUMBERS.match(self.numbers)
        if self.numbers is not None and (found is None or found[1] == found[2]):
            raise InvalidInput(
                f"numbers {self.numbers!r}: say how 1234.56 is written there, as 1,234.56 or "
                "1.234,56"
            )


def write_tidied(
    source: Path,
    table: Path,
    tidying: Tidying,
    *,
    header: tuple[str, ...] = (),
    columns: Mapping[str, str] | None = None,
    lenient: bool = False,
) -> None:
    """Write a CSV, packed or not, as a plain table with a header.

    ``header`` are the columns of one that has none, ``columns`` ours by the file's where they
    differ, as to find the times.  Cells that are not written as told are refused, with their line,
    or if ``lenient`` left as they are.  Turned round, a table is held in memory whole.  Raises
    InvalidInput for what was told, InvalidConfig (no such file), BadMarketData for what is in the
    file, and OSError.
    """
    suffix = suffix_of(str(source))
    if suffix not in CSV_SUFFIXES:
        raise InvalidInput(f"{source}: only a table ending in .csv or .csv.gz can be made plain")
    require_as_named(str(source), suffix)
    numbered = rows_of(source, tidying.skip_lines)
    names = header_of(header) if header else [name.strip() for name in next(numbered, (0, []))[1]]
    if not names:
        raise BadMarketData(f"{source} is empty after {tidying.skip_lines} lines", file=str(source))
    plain = _Plain(source, names, tidying, columns or {}, lenient=lenient)
    rows: Iterable[list[str]] = (
        plain.row(line, row) for line, row in numbered if plain.is_wanted(row)
    )
    if tidying.newest_first:
        rows = reversed(list(rows))
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        begun = file.tell()
        writer.writerows(rows)
        is_empty = file.tell() == begun
    if tidying.only and is_empty:
        wanted = " and ".join(f"{name}={text}" for name, text in tidying.only.items())
        raise InvalidInput(f"{source} has no row with {wanted}", field="only")


def rows_of(source: Path, skip_lines: int) -> Iterator[tuple[int, list[str]]]:
    """The file's rows after so many lines, with their lines from 1; blank ones are left out."""
    with opened_text(source) as text:
        for _ in range(skip_lines):
            if not text.readline():
                break
        first = text.readline()
        delimiter = delimiter_of(first)
        yield skip_lines + 1, split_line(first, delimiter)
        for row in (reader := csv.reader(text, delimiter=delimiter)):
            if any(cell.strip() for cell in row):
                yield skip_lines + 1 + reader.line_num, row


class _Plain:
    """One table's cells, made plain row by row."""

    def __init__(
        self,
        source: Path,
        names: Sequence[str],
        tidying: Tidying,
        columns: Mapping[str, str],
        *,
        lenient: bool,
    ) -> None:
        self._source, self._lenient = source, lenient
        self._format = tidying.time_format
        self._times: Sequence[Found] = find_times(columns, names) if self._format else ()
        if self._format and not self._times:
            raise InvalidInput(
                f"{source}: which column of {', '.join(names)} is the time? "
                "Say it with --column ts_event=NAME"
            )
        self._only = {self._place(names, name): text for name, text in tidying.only.items()}
        marks = None if tidying.numbers is None else _NUMBERS.match(tidying.numbers)
        self._marks = None if marks is None else (marks[1], marks[2])
        self._decimals = tidying.decimals
        self._words = {place for found in self._times for place in _places(found)}
        times = [place for found in find_times(columns, names) for place in _places(found)]
        self._exact = {*times, *(names.index(name) for name in event_columns(names))}
        self._adjusting = Adjusting(str(source), names, columns) if tidying.adjusted else None

    def _place(self, names: Sequence[str], name: str) -> int:
        if name in names:
            return names.index(name)
        raise InvalidInput(f"{self._source}: there is no column {name}; it has {', '.join(names)}")

    def is_wanted(self, row: Sequence[str]) -> bool:
        """Whether it is one of the rows to be taken."""
        return all(
            place < len(row) and row[place].strip() == text for place, text in self._only.items()
        )

    def row(self, line: int, row: Sequence[str]) -> list[str]:
        """Its cells, made plain."""
        cells = [cell.strip() for cell in row]
        self._plain_times(line, cells)
        for place in range(len(cells)) if self._marks or self._decimals is not None else ():
            if place not in self._words:
                cells[place] = self._number(cells[place], place)
        if self._adjusting is not None:
            self._adjusting.row(line, cells, lenient=self._lenient)
        return cells

    def _plain_times(self, line: int, cells: list[str]) -> None:
        for found in self._times:
            places = _places(found)
            if max(places) < len(cells):
                told = self._time(line, " ".join(cells[place] for place in places))
                for place, text in zip(places, told, strict=False):
                    cells[place] = text

    def _number(self, cell: str, place: int) -> str:
        if self._marks is not None:
            cell = _number(cell, *self._marks)
        if self._decimals is None or place in self._exact:
            return cell
        return _rounded(cell, self._decimals)

    def _time(self, line: int, text: str) -> tuple[str, ...]:
        """As ISO 8601: one text, or a date and a time of day for two columns."""
        assert self._format is not None
        finer = _FINER.search(text) if "%f" in self._format else None
        try:
            short = text if finer is None else text[: finer.start(2)] + text[finer.end(2) :]
            moment = datetime.strptime(short, self._format)  # noqa: DTZ007 - any wall clock's
        except ValueError:
            if self._lenient:
                return ()
            raise BadMarketData(
                f"{self._source}, line {line}: {text!r} is not a time written as {self._format!r}",
                file=str(self._source),
                reason="bad_time",
            ) from None
        date = f"{moment:%Y-%m-%d}"
        if not _CLOCK.search(self._format):
            return (date,)
        clock = f"{moment:%H:%M:%S.%f}" + ("" if finer is None else finer[2])
        clock += moment.isoformat()[-6:] if moment.tzinfo is not None else ""
        is_split = any(found.clock is not None for found in self._times)
        return (date, clock) if is_split else (f"{date} {clock}",)


def _places(found: Found) -> tuple[int, ...]:
    """Where the parts of a time are."""
    return (found.position,) if found.clock is None else (found.position, found.clock)


def _number(cell: str, thousands: str, point: str) -> str:
    """A number with a decimal point alone; any other text as it is."""
    digits = cell.strip(_MONEY)
    power = _POWERS.get(digits[-1:].upper(), 0)
    digits = digits[:-1] if power else digits
    parts = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+" if thousands else r"(?!)"
    if re.fullmatch(rf"[-+]?(?:{parts}|\d+)(?:{re.escape(point)}\d+)?", digits) is None:
        return cell
    if thousands:
        digits = digits.replace(thousands, "")
    return f"{Decimal(digits.replace(point, '.')).scaleb(power):f}"


def _rounded(cell: str, decimals: int) -> str:
    """A number with at most so many decimals, halves to even; any other text as it is."""
    if _LONG.fullmatch(cell) is None or len(cell.partition(".")[2]) <= decimals:
        return cell
    return f"{Decimal(cell).quantize(Decimal(1).scaleb(-decimals)):f}"
