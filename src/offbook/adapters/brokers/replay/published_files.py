"""Files in the words of those who publish them, made into tables with offbook's names: LOBSTER's
message files, Databento's CSV, Tardis's CSV of books.

*LOBSTER* (``TICKER_DATE_START_END_message_LEVELS.csv``, without a header): time in seconds after
midnight in New York, type, order, size, price in 1/10000 dollars, direction.  Types 1 to 5 are a
new order, a part of one canceled, one deleted, a visible execution and a hidden one; 6 is a cross,
which sums up executions that have rows of their own
(help.lobsterdata.com/en/articles/859578-event-type-6) and is left out; 7 is a halt, which is
another kind of row (``status``).
Where its orderbook file stands beside it, the book begins with what this shows before the first
message: orders that nobody tells apart.  It then follows the range of that file
(``lobster_range``).

*Databento*, schema ``mbo`` (with its header): trades (``T``) and fills (``F``) do not
change its book, cancels that follow do.  A fill becomes an execution, and of the cancel the part
that was filled is left out; of a trade what no fill accounts for is a hidden execution.
``F_LAST`` ends a message, ``F_SNAPSHOT`` makes it a snapshot, ``F_MAYBE_BAD_BOOK`` says that
something is missing.  Its sequence numbers are those of a channel with other instruments in it: no
gap can be seen in them, and none is written.  Other schemas: ``databento_schemas``.

*Tardis*: ``tardis_levels``.
"""

from __future__ import annotations

import csv
import enum
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import msgspec

from offbook.adapters.brokers.replay.databento_orders import databento_rows
from offbook.adapters.brokers.replay.databento_schemas import is_databento, kinds_of, schema_rows
from offbook.adapters.brokers.replay.lobster_orders import lobster_halts, lobster_rows
from offbook.adapters.brokers.replay.opening import opened_text
from offbook.adapters.brokers.replay.source import CSV_SUFFIXES
from offbook.adapters.brokers.replay.tardis_levels import SNAPSHOTS, UPDATES, tardis_rows
from offbook.adapters.brokers.replay.zones import load_zone
from offbook.domain.errors import (
    BadMarketData,
    GatewayUnavailable,
    InvalidConfig,
    InvalidInput,
)
from offbook.domain.market_data import DataKind

NEW_YORK: Final = "America/New_York"
_LOBSTER_NAME: Final = re.compile(r".*_(\d{4}-\d\d-\d\d)_\d+_\d+_message_\d+\.csv(\.gz)?\Z")


class Layout(enum.Enum):
    """Who publishes files like this one."""

    LOBSTER = "lobster"
    DATABENTO = "databento"
    TARDIS = "tardis"


class PublishedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file to be written anew: how it is laid out, the kinds of rows that it has, the one that is
    meant where none is named first, and of LOBSTER's the day that it is of, in which zone."""

    path: Path
    layout: Layout
    kinds: tuple[DataKind, ...]
    day: date | None = None
    timezone: str = NEW_YORK


def published_file(
    path: Path, layout: str | None = None, day: str | None = None, timezone: str | None = None
) -> PublishedFile | None:
    """What a file is, as told, else by its name or header; None if it is none of these, or one that
    is read as it is (bars whose prices have a point).

    Raises InvalidInput for a layout that is not known, or a day that is none or is missing.
    """
    named = _LOBSTER_NAME.match(path.name)
    if layout is None:
        by_header = None if named is not None else layout_of(*_first_rows(path))
        if named is None and by_header is None:
            return None
        found = by_header or Layout.LOBSTER
    else:
        try:
            found = Layout(layout)
        except ValueError:
            lean = (f"lean-{what}" for what in ("equity", "forex", "crypto"))
            names = ", ".join([*(one.value for one in Layout), "itch", *lean])
            raise InvalidInput(f"layout {layout!r}: expected one of {names}") from None
    if found is Layout.LOBSTER:
        return _lobster_file(path, day or (named.group(1) if named is not None else None), timezone)
    if found is Layout.TARDIS:
        return PublishedFile(path=path, layout=found, kinds=(DataKind.DEPTH,))
    kinds = kinds_of(set(_first_rows(path)[0])) or (DataKind.ORDERS,)
    return PublishedFile(path=path, layout=found, kinds=kinds)


def has_no_header(path: Path, layout: str | None = None) -> bool:
    """Whether it is of a publisher whose files have none: LOBSTER, as told or by its name."""
    return layout == Layout.LOBSTER.value or _LOBSTER_NAME.match(path.name) is not None


def layout_of(header: list[str], row: list[str]) -> Layout | None:
    """Whose files have such a header, and have to be written anew before they are read; ``row`` is
    the first below it."""
    names = set(header)
    if names >= UPDATES or names >= SNAPSHOTS:
        return Layout.TARDIS
    kinds = kinds_of(names) if is_databento(names) else ()
    if kinds == (DataKind.BARS,) and "." in dict(zip(header, row, strict=False)).get("open", "."):
        return None
    return Layout.DATABENTO if kinds else None


def require_read_as_it_is(path: str, header: Sequence[str], *, is_told: bool = False) -> None:
    """Raise InvalidConfig for a file that has to be written anew before it is read, saying how.

    Where it is told what its rows are, that is only for prices which are whole 10**-9."""
    if layout_of(list(header), ["0"] * len(header)) is None:
        return
    names, row = _first_rows(Path(path))
    layout = layout_of(names, row)
    if layout is None or (is_told and not _has_nanos(dict(zip(names, row, strict=False)))):
        return
    kinds = kinds_of(set(header)) if layout is Layout.DATABENTO else (DataKind.DEPTH,)
    rest = f" (or with --kind {', '.join(k.value for k in kinds[1:])})" if len(kinds) > 1 else ""
    raise InvalidConfig(
        f"{path} is a file of {layout.value} with {kinds[0].value} in it{rest}. Write it anew, and "
        f"use what is written: offbook data convert {path} {kinds[0].value}.csv.gz",
        field="market.path",
        file=path,
    )


def _has_nanos(row: Mapping[str, str]) -> bool:
    told = [row.get(name, "") for name in ("price", "open", "bid_px_00", "ask_px_00")]
    return "publisher_id" in row and any(text.isdigit() for text in told)


def write_published(file: PublishedFile, kind: DataKind | None, target: Path) -> int:
    """Write the rows of one kind in such a file as CSV, of the first that it has where none is
    named; how many there are.

    Raises InvalidInput (a kind that it does not have), BadMarketData naming the row that cannot be
    read, or where there is none, GatewayUnavailable (it cannot be read) and OSError.
    """
    kind = kind or file.kinds[0]
    if kind not in file.kinds:
        names = " and ".join(known.value for known in file.kinds)
        raise InvalidInput(
            f"{file.path.name} is a file of {file.layout.value} and has {names}: name "
            f"{'one of them' if len(file.kinds) > 1 else 'no other kind'} with --kind"
        )
    make = _maker(file, kind)
    count = 0
    with (
        target.open("w", encoding="ascii", newline="\n") as out,
        opened_text(file.path) as text,
        _reading_beside(file) as shown,
    ):
        header, rows = make(csv.reader(text), shown)
        out.write(",".join(header) + "\n")
        for row in rows:
            out.write(",".join(row) + "\n")
            count += 1
    if not count:
        raise BadMarketData(f"{file.path} has no {kind.value}", file=str(file.path))
    return count


def _lobster_file(path: Path, text: str | None, timezone: str | None) -> PublishedFile:
    if text is None:
        raise InvalidInput(
            f"{path.name}: times are seconds after midnight; name the day with --date 2012-06-21"
        )
    try:
        of = date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"date {text!r}: expected one like 2012-06-21") from None
    return PublishedFile(
        path=path,
        layout=Layout.LOBSTER,
        kinds=(DataKind.ORDERS, DataKind.STATUS),
        day=of,
        timezone=timezone or NEW_YORK,
    )


Made = tuple[tuple[str, ...], Iterator[tuple[str, ...]]]


def _maker(
    file: PublishedFile, kind: DataKind
) -> Callable[[Iterator[list[str]], Iterator[list[str]] | None], Made]:
    path = str(file.path)
    if file.layout is Layout.TARDIS:
        return lambda cells, _: tardis_rows(cells, path)
    if file.layout is Layout.DATABENTO:
        if kind is DataKind.ORDERS:
            return lambda cells, _: databento_rows(cells, path)
        return lambda cells, _: schema_rows(cells, kind, path)
    assert file.day is not None
    zone = load_zone(file.timezone)
    wall = datetime(file.day.year, file.day.month, file.day.day, tzinfo=UTC)
    begins = zone.utc_of(int(wall.timestamp()) * 1_000_000_000, f"{file.day} 00:00")
    if kind is DataKind.STATUS:
        return lambda cells, _: lobster_halts(cells, begins, path)
    return lambda cells, shown: lobster_rows(cells, begins, shown, path)


@contextmanager
def _reading_beside(file: PublishedFile) -> Iterator[Iterator[list[str]] | None]:
    """The rows of the orderbook file beside a message file of LOBSTER, None where there is none."""
    beside = file.path.with_name(file.path.name.replace("_message_", "_orderbook_"))
    if file.layout is not Layout.LOBSTER or beside == file.path or not beside.exists():
        yield None
        return
    with opened_text(beside) as text:
        yield (line for line in csv.reader(text) if line)


def _first_rows(path: Path) -> tuple[list[str], list[str]]:
    """The header of a CSV and the row below it; nothing of another file, or of one that cannot be
    read."""
    if not path.name.lower().endswith(CSV_SUFFIXES) or not path.is_file():
        return [], []
    try:
        with opened_text(path) as text:
            rows = csv.reader(text)
            return next(rows, []), next(rows, [])
    except (BadMarketData, GatewayUnavailable):
        return [], []
