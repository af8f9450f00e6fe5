"""Recordings written and read for tests, in every format that can be read."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import duckdb
import msgspec
import pytest

from offbook.adapters.brokers.replay.gateway import ReplayGateway
from offbook.domain.calendars import DAY_NS
from offbook.domain.config import ReplayMarket
from offbook.domain.errors import OffbookError
from offbook.domain.market_data import BarSlice, DataKind, QuoteSlice
from offbook.testing.markets import BTCUSDT, XYZ, BuiltMarket, csv_text

HEADER = "ts_init,bid,ask,bid_size,ask_size"
ROW = "1704205800,100.00,100.01,1,1"
NS = 1_704_205_800 * 10**9


def quotes(path: Path, **options: object) -> ReplayMarket:
    """Quotes of BTCUSDT, other options as named."""
    base = ReplayMarket(path=str(path), kind=DataKind.QUOTES, instrument=BTCUSDT)
    return msgspec.structs.replace(base, **options)


def daily(path: Path, label: str = "open", calendar: str = "XNYS") -> ReplayMarket:
    """Daily bars of XYZ, by default in New York."""
    return ReplayMarket(
        path=str(path),
        kind=DataKind.BARS,
        instrument=msgspec.structs.replace(XYZ, calendar=calendar),
        timeframe_ns=DAY_NS,
        label=label,
    )


def csv(path: Path, *lines: str) -> Path:
    """Write these lines."""
    path.write_text("\n".join([*lines, ""]))
    return path


async def first_slice(config: ReplayMarket) -> QuoteSlice | BarSlice:
    """The first rows of a recording; an empty one fails."""
    feed = await ReplayGateway().open(config)
    try:
        part = await feed.read(0, 1000)
        assert part is not None
        return part
    finally:
        await feed.close()


async def trouble(config: ReplayMarket) -> OffbookError:
    """The error with which opening ends."""
    with pytest.raises(OffbookError) as caught:
        await ReplayGateway().open(config)
    return caught.value


def write_gzip(market: BuiltMarket, path: Path) -> ReplayMarket:
    """Write the market as packed CSV and return the configuration that reads it."""
    path.write_bytes(gzip.compress(csv_text(market).encode("ascii"), mtime=0))
    return msgspec.structs.replace(market.config, path=str(path))


def write_parquet(market: BuiltMarket, path: Path) -> ReplayMarket:
    """Write the market as Parquet: times as integers, numbers as DECIMAL."""
    header, *lines = csv_text(market).splitlines()
    names = header.split(",")
    columns = dict(zip(names, zip(*(line.split(",") for line in lines), strict=True), strict=True))
    whole = {"ts_init", "ts_event", "aggressor", "book_side"}
    types = {name: "BIGINT" if name in whole else "DECIMAL(28,8)" for name in names}
    types |= {name: "VARCHAR" for name in names if name == "action"}
    parquet(path, columns, types)
    return msgspec.structs.replace(market.config, path=str(path))


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One for all the files that a process writes: making one costs more than using it."""
    return duckdb.connect(":memory:", config={"threads": "1"})


def parquet(
    path: Path,
    columns: Mapping[str, Sequence[object]],
    types: Mapping[str, str],
    *,
    row_group: int = 122_880,
) -> Path:
    """Write columns of values (text is best) as a Parquet file with these SQL types."""
    connection = _database().cursor()
    fields = ", ".join(f'"{name}" {sql_type}' for name, sql_type in types.items())
    connection.execute(f"CREATE TEMP TABLE recording ({fields})")
    rows = list(zip(*(columns[name] for name in types), strict=True))
    marks = ", ".join("?" for _ in types)
    connection.executemany(f"INSERT INTO recording VALUES ({marks})", rows)
    connection.execute(f"COPY recording TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE {row_group})")
    connection.close()
    return path
