"""A recording written anew: as CSV, packed CSV or Parquet, with our names of columns.

Times are integer nanoseconds UTC, numbers exact decimals, rows that cannot be true left out; what
is written is read back as the same rows.  A target comes into being whole or not at all.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import IO

import msgspec

from offbook.adapters.brokers.replay import query
from offbook.adapters.brokers.replay.columns import (
    ACTION,
    AUCTION,
    BOOK_SIDE,
    COUNTS,
    EVENT,
    NUMBERS,
    SEQUENCE,
)
from offbook.adapters.brokers.replay.files import ChainedReader
from offbook.adapters.brokers.replay.gateway import open_recording
from offbook.adapters.brokers.replay.reader import RecordingReader
from offbook.adapters.brokers.replay.source import SUFFIXES
from offbook.adapters.brokers.replay.summing import BarSummer
from offbook.domain.book_orders import ACTION_WORDS
from offbook.domain.config import ReplayMarket
from offbook.domain.errors import InvalidInput
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import (
    BarSlice,
    BookOrderSlice,
    DataKind,
    DepthSlice,
    IntColumn,
    QuoteSlice,
    SourceSlice,
    StatusSlice,
)
from offbook.domain.status import EVENTS
from offbook.domain.values import units_to_text

_SIDES = {1: "buy", -1: "sell"}
_AUCTIONS = {2: "open", 3: "close", 4: "reopen"}
_BOOK_SIDES = {1: "bid", -1: "ask", 0: "none"}


class Conversion(msgspec.Struct, frozen=True, kw_only=True):
    """What was written: where, which kind of rows, how many, and what was left out by reason."""

    path: str
    kind: DataKind
    rows: int
    dropped: dict[str, int]
    bytes: int


Between = tuple[int | None, int | None]
"""From when on, and before when (ns UTC); None for no end."""


def convert_recording(
    market: ReplayMarket,
    target: Path,
    *,
    timeframe_ns: int | None = None,
    between: Between = (None, None),
    replace: bool = False,
) -> Conversion:
    """Write a recording to ``target``, whose name says in which format.

    Only rows ``between`` two times are written, bars by when they begin; a book from its first row
    on, for the later ones build on it.  With ``timeframe_ns`` they are summed up in bars of that
    length.  Raises InvalidInput (a
    target that exists, or is of an unknown format), what reading raises, and OSError.
    """
    suffix = next((s for s in reversed(SUFFIXES) if target.name.lower().endswith(s)), None)
    if suffix is None:
        raise InvalidInput(f"{target}: name it with an ending of {', '.join(SUFFIXES)}")
    if target.exists() and not replace:
        raise InvalidInput(f"{target} exists: name another file, or replace it with --force")
    if timeframe_ns is not None and (market.kind.is_book or market.kind is DataKind.STATUS):
        raise InvalidInput(
            "bars are not made of a book, nor of a status: take its trades, or its quotes"
        )
    if between[0] is not None and market.kind.is_book:
        raise InvalidInput("rows of a book build on those before: leave --since out", field="since")
    opened = open_recording(market, Event())
    try:
        summer = None if timeframe_ns is None else BarSummer(market.instrument, timeframe_ns)
        kind = DataKind.BARS if summer else market.kind
        pieces = _pieces(opened.reader, between, summer)
        times = (*opened.reader.times, *([AUCTION] if market.marks_auctions and not summer else []))
        with _whole(target) as temporary:
            if suffix == ".parquet":
                rows = _write_parquet(pieces, times, temporary, market.instrument)
            else:
                with _text(temporary, packed=suffix == ".csv.gz") as file:
                    rows = _write_csv(pieces, times, file)
        return Conversion(
            path=str(target),
            kind=kind,
            rows=rows,
            dropped=dict(sorted(opened.reader.dropped.items())),
            bytes=target.stat().st_size,
        )
    finally:
        opened.reader.close()


def _pieces(
    reader: RecordingReader | ChainedReader, between: Between, summer: BarSummer | None
) -> Iterator[SourceSlice]:
    for piece in _within(reader, between):
        if summer is None:
            yield piece
        elif (bars := summer.take(piece)) is not None:
            yield bars
    if summer is not None and (last := summer.finish()) is not None:
        yield last


def _within(reader: RecordingReader | ChainedReader, between: Between) -> Iterator[SourceSlice]:
    """The rows between two times; none is read after the second. Raises InvalidInput where both
    leave nothing."""
    since, until = between
    is_empty = between != (None, None)
    while (piece := reader.next()) is not None:
        times = piece.ts_open if isinstance(piece, BarSlice) else piece.ts
        begin = 0 if since is None else int(times.searchsorted(since))
        end = len(piece) if until is None else int(times.searchsorted(until))
        if begin < end:
            is_empty = False
            yield piece.rows(begin, end)
        if end < len(piece):
            break
    if is_empty:
        raise InvalidInput("there is no row in the time that --since and --until tell")


def _write_csv(pieces: Iterator[SourceSlice], times: tuple[str, ...], file: IO[str]) -> int:
    rows = 0
    for piece in pieces:
        names, columns = _texts(piece, times)
        if rows == 0:
            file.write(",".join(names) + "\n")
        file.writelines(",".join(cells) + "\n" for cells in zip(*columns, strict=True))
        rows += len(piece)
    return rows


def _write_parquet(
    pieces: Iterator[SourceSlice], times: tuple[str, ...], target: Path, instrument: Instrument
) -> int:
    """By way of a CSV file beside it, from which duckdb makes the typed columns, in order."""
    written = target.with_name(target.name + ".csv")
    connection = query.connect()
    try:
        with written.open("w", encoding="ascii") as file:
            rows = _write_csv(pieces, times, file)
        with written.open(encoding="ascii") as file:
            names = file.readline().strip().split(",")
        fields = ", ".join(f"'{name}': '{_sql_type(name, instrument)}'" for name in names)
        source = "read_csv(?, header = true, delim = ',', auto_detect = false, columns = {" + fields
        # All names and types are ours.
        connection.execute(
            f"COPY (SELECT * FROM {source}}})) TO '{str(target).replace(chr(39), chr(39) * 2)}' "  # noqa: S608 - see above
            "(FORMAT parquet, COMPRESSION zstd)",
            [query.literal_path(str(written))],
        )
    finally:
        query.release(connection)
        written.unlink(missing_ok=True)
    return rows


def _sql_type(name: str, instrument: Instrument) -> str:
    if name.startswith("ts_") or name in COUNTS:
        return "BIGINT"
    if name in ("side", BOOK_SIDE, AUCTION, EVENT, ACTION):
        return "VARCHAR"
    is_size = name in ("bid_size", "ask_size", "size", "volume")
    precision = instrument.qty_precision if is_size else instrument.price_precision
    return f"DECIMAL({min(20 + precision, 38)},{precision})"


def _texts(piece: SourceSlice, times: tuple[str, ...]) -> tuple[list[str], list[list[str]]]:
    """Our names, and the cells of each column; ``times`` are those that the recording has, and
    ``auction`` where its prints are marked."""
    price, size = piece.instrument.price_precision, piece.instrument.qty_precision
    columns: dict[str, tuple[IntColumn, int]]
    if isinstance(piece, BarSlice):
        columns = {"ts_event": (piece.ts_open, 0)}
        columns |= {"open": (piece.open_px, price), "high": (piece.high_px, price)}
        columns |= {"low": (piece.low_px, price), "close": (piece.close_px, price)}
        columns["volume"] = (piece.volume_qty, size)
        return list(columns), [_decimals(*column) for column in columns.values()]
    columns = {times[0]: (piece.ts, 0)}
    if "ts_event" in times[1:] and piece.ts_event is not None:
        columns["ts_event"] = (piece.ts_event, 0)
    if isinstance(piece, QuoteSlice):
        columns |= {"bid": (piece.bid_px, price), "ask": (piece.ask_px, price)}
        columns |= {"bid_size": (piece.bid_qty, size), "ask_size": (piece.ask_qty, size)}
        return list(columns), [_decimals(*column) for column in columns.values()]
    if isinstance(piece, StatusSlice):
        columns |= {"lower": (piece.lower_px, price), "upper": (piece.upper_px, price)}
        events = [EVENTS[event].value for event in piece.event.tolist()]
        return [*columns, EVENT], [*(_decimals(*c) for c in columns.values()), events]
    columns |= {"price": (piece.price_px, price), "size": (piece.size_qty, size)}
    if isinstance(piece, DepthSlice):
        columns |= {name: (getattr(piece, name), 0) for name in ("flags", *SEQUENCE)}
        sides = [_BOOK_SIDES[side] for side in piece.side.tolist()]
        return [*columns, BOOK_SIDE], [*(_decimals(*c) for c in columns.values()), sides]
    if isinstance(piece, BookOrderSlice):
        columns |= {name: (getattr(piece, name), 0) for name in ("order_id", *NUMBERS)}
        sides = [_BOOK_SIDES[side] for side in piece.side.tolist()]
        actions = [ACTION_WORDS[action] for action in piece.action.tolist()]
        cells = [_decimals(*c) for c in columns.values()]
        return [*columns, BOOK_SIDE, ACTION], [*cells, sides, actions]
    took = piece.aggressor.tolist()
    words = [[_SIDES.get(one, "") for one in took], [_AUCTIONS.get(one, "") for one in took]]
    names = ["side", AUCTION] if AUCTION in times else ["side"]
    return [*columns, *names], [
        *(_decimals(*column) for column in columns.values()),
        *words[: len(names)],
    ]


def _decimals(column: IntColumn, precision: int) -> list[str]:
    if precision == 0:
        return [str(units) for units in column.tolist()]
    return [units_to_text(units, precision) for units in column.tolist()]


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A place beside the target that takes its name when all is written."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        yield temporary
        temporary.replace(target)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def _text(path: Path, *, packed: bool) -> Iterator[IO[str]]:
    """A text file for writing; packed ones hold no name and no time, so equal rows, equal bytes."""
    if not packed:
        with path.open("w", encoding="ascii", newline="\n") as file:
            yield file
        return
    import io

    with (
        path.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as zipped,
        io.TextIOWrapper(zipped, encoding="ascii", newline="\n") as file,
    ):
        yield file
