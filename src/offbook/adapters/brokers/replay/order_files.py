"""Files that tell a book order by order in the words of those who publish them, made into tables
with offbook's names: LOBSTER's message files, and Databento's MBO as CSV.

*LOBSTER* (``TICKER_DATE_START_END_message_LEVELS.csv``, without a header): time in seconds after
midnight in New York, type, order, size, price in 1/10000 dollars, direction.  Types 1 to 5 are a
new order, a part of one canceled, one deleted, a visible execution and a hidden one; 6 is a cross,
which sums up executions that have rows of their own
(help.lobsterdata.com/en/articles/859578-event-type-6) and is left out; 7 is a halt, which is
another kind of row (``status``).
Where its orderbook file stands beside it, the book begins with what this shows before the first
message: orders that nobody tells apart.  It then follows the range of that file
(``lobster_range``).

*Databento* (CSV of the schema ``mbo``, with its header): trades (``T``) and fills (``F``) do not
change its book, cancels that follow do.  A fill becomes an execution, and of the cancel the part
that was filled is left out; of a trade what no fill accounts for is a hidden execution.
``F_LAST`` ends a message, ``F_SNAPSHOT`` makes it a snapshot, ``F_MAYBE_BAD_BOOK`` says that
something is missing.  Its sequence numbers are those of a channel with other instruments in it: no
gap can be seen in them, and none is written.
"""

from __future__ import annotations

import csv
import enum
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Final

import msgspec

from offbook.adapters.brokers.replay.databento_orders import databento_rows
from offbook.adapters.brokers.replay.lobster_orders import lobster_halts, lobster_rows
from offbook.adapters.brokers.replay.zones import load_zone
from offbook.domain.errors import BadMarketData, GatewayUnavailable, InvalidInput
from offbook.domain.market_data import DataKind

NEW_YORK: Final = "America/New_York"
_LOBSTER_NAME: Final = re.compile(r".*_(\d{4}-\d\d-\d\d)_\d+_\d+_message_\d+\.csv(\.gz)?\Z")
_DATABENTO: Final = {"ts_event", "action", "side", "price", "size", "order_id"}


class Layout(enum.Enum):
    """Who publishes files like this one."""

    LOBSTER = "lobster"
    DATABENTO = "databento"


class OrderFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file to be written anew: how it is laid out, and of LOBSTER's the day that it is of, in
    which zone."""

    path: Path
    layout: Layout
    day: date | None = None
    timezone: str = NEW_YORK


def order_file(
    path: Path, layout: str | None = None, day: str | None = None, timezone: str | None = None
) -> OrderFile | None:
    """What a file is, as told, else by its name or header; None if it is none of these.

    Raises InvalidInput for a layout that is not known, or a day that is none or is missing.
    """
    named = _LOBSTER_NAME.match(path.name)
    if layout is None:
        if named is None and not _is_databento(path):
            return None
        found = Layout.DATABENTO if named is None else Layout.LOBSTER
    else:
        try:
            found = Layout(layout)
        except ValueError:
            names = " or ".join(one.value for one in Layout)
            raise InvalidInput(f"layout {layout!r}: expected {names}") from None
    if found is Layout.DATABENTO:
        return OrderFile(path=path, layout=found)
    text = day or (named.group(1) if named is not None else None)
    if text is None:
        raise InvalidInput(
            f"{path.name}: times are seconds after midnight; name the day with --date 2012-06-21"
        )
    try:
        of = date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"date {text!r}: expected one like 2012-06-21") from None
    return OrderFile(path=path, layout=found, day=of, timezone=timezone or NEW_YORK)


def write_orders(file: OrderFile, kind: DataKind, target: Path) -> int:
    """Write the rows of one kind in such a file as CSV: its orders, or LOBSTER's halts as a status;
    how many there are.

    Raises InvalidInput (a kind that it does not have), BadMarketData naming the row that cannot be
    read, or where there is none, GatewayUnavailable (it cannot be read) and OSError.
    """
    make = _maker(file, kind)
    count = 0
    with (
        target.open("w", encoding="ascii", newline="\n") as out,
        _reading(file.path) as text,
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


Made = tuple[tuple[str, ...], Iterator[tuple[str, ...]]]


def _maker(
    file: OrderFile, kind: DataKind
) -> Callable[[Iterator[list[str]], Iterator[list[str]] | None], Made]:
    if file.layout is Layout.DATABENTO:
        if kind is not DataKind.ORDERS:
            raise InvalidInput("a file of Databento's mbo has orders: name no other kind")
        return lambda cells, _: databento_rows(cells, str(file.path))
    assert file.day is not None
    zone = load_zone(file.timezone)
    wall = datetime(file.day.year, file.day.month, file.day.day, tzinfo=UTC)
    begins = zone.utc_of(int(wall.timestamp()) * 1_000_000_000, f"{file.day} 00:00")
    if kind is DataKind.STATUS:
        return lambda cells, _: lobster_halts(cells, begins, str(file.path))
    if kind is not DataKind.ORDERS:
        raise InvalidInput("a message file of LOBSTER has orders and status: name one with --kind")
    return lambda cells, shown: lobster_rows(cells, begins, shown, str(file.path))


@contextmanager
def _reading_beside(file: OrderFile) -> Iterator[Iterator[list[str]] | None]:
    """The rows of the orderbook file beside a message file of LOBSTER, None where there is none."""
    beside = file.path.with_name(file.path.name.replace("_message_", "_orderbook_"))
    if file.layout is not Layout.LOBSTER or beside == file.path or not beside.exists():
        yield None
        return
    with _reading(beside) as text:
        yield (line for line in csv.reader(text) if line)


def _is_databento(path: Path) -> bool:
    """By the header: the names of its columns, and none of ours for the side."""
    if not path.name.lower().endswith((".csv", ".csv.gz")) or not path.is_file():
        return False
    try:
        with _reading(path) as text:
            names = set(next(csv.reader(text), []))
    except (BadMarketData, GatewayUnavailable):
        return False
    return names >= _DATABENTO and bool(names & {"sequence", "rtype", "ts_recv", "channel_id"})


@contextmanager
def _reading(path: Path) -> Iterator[IO[str]]:
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        with (
            gzip.open(path, "rb") if packed else path.open("rb") as file,
            io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text,
        ):
            yield text
    except (gzip.BadGzipFile, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise BadMarketData(
            f"{path} cannot be read: {error}; fetch it again", file=str(path), reason="unreadable"
        ) from None
    except FileNotFoundError as error:
        raise GatewayUnavailable(f"{path} cannot be read: {error}", market=str(path)) from None
