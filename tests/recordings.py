"""Recordings written for tests, in every format that can be read."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import msgspec

from offbook.domain.config import ReplayMarket
from offbook.testing.markets import BuiltMarket, csv_text


def write_gzip(market: BuiltMarket, path: Path) -> ReplayMarket:
    """Write the market as packed CSV and return the configuration that reads it."""
    path.write_bytes(gzip.compress(csv_text(market).encode("ascii"), mtime=0))
    return msgspec.structs.replace(market.config, path=str(path))


def write_parquet(market: BuiltMarket, path: Path) -> ReplayMarket:
    """Write the market as Parquet: times as integers, numbers as DECIMAL."""
    header, *lines = csv_text(market).splitlines()
    names = header.split(",")
    columns = dict(zip(names, zip(*(line.split(",") for line in lines), strict=True), strict=True))
    types = {name: "BIGINT" if name.startswith("ts_") else "DECIMAL(28,8)" for name in names}
    parquet(path, columns, types)
    return msgspec.structs.replace(market.config, path=str(path))


def parquet(
    path: Path,
    columns: Mapping[str, Sequence[object]],
    types: Mapping[str, str],
    *,
    row_group: int = 122_880,
) -> Path:
    """Write columns of values (text is best) as a Parquet file with these SQL types."""
    connection = duckdb.connect(":memory:")
    fields = ", ".join(f'"{name}" {sql_type}' for name, sql_type in types.items())
    connection.execute(f"CREATE TABLE recording ({fields})")
    rows = list(zip(*(columns[name] for name in types), strict=True))
    marks = ", ".join("?" for _ in types)
    connection.executemany(f"INSERT INTO recording VALUES ({marks})", rows)
    connection.execute(f"COPY recording TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE {row_group})")
    connection.close()
    return path
