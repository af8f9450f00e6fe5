"""A report as JSON, CSV and Parquet. Files appear whole or not at all; folders are made."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import msgspec

from offbook.adapters.reports.tables import Column, ColumnKind, ReportTable, tables
from offbook.services.reporting.full_report import FullReport


def write_json(report: FullReport, path: Path) -> Path:
    """The whole document, indented. Raises OSError."""
    with whole(path) as unfinished:
        unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    return path


def write_csv(report: FullReport, directory: Path) -> tuple[Path, ...]:
    """``fills.csv``, ``orders.csv``, ``flows.csv``, ``round_trips.csv``, ``instruments.csv`` and
    ``equity.csv``, each with a header.

    Numbers are exact decimal text, empty where there is none. Raises OSError.
    """
    return _each(report, directory, "csv", _write_table)


def write_parquet(report: FullReport, directory: Path) -> tuple[Path, ...]:
    """The same tables as Parquet: exact decimals with 18 places, times as UTC timestamps in ns.

    Raises OSError, and duckdb.Error for an amount of 10**20 or more, which does not fit.
    """
    return _each(report, directory, "parquet", _write_typed)


def write_table(table: ReportTable, path: Path) -> Path:
    """One table as CSV or, to a name ending in ``.parquet``, as Parquet. Raises OSError."""
    with whole(path) as unfinished:
        (_write_typed if path.suffix == ".parquet" else _write_table)(table, unfinished)
    return path


def _each(
    report: FullReport, directory: Path, suffix: str, write: Callable[[ReportTable, Path], None]
) -> tuple[Path, ...]:
    written = []
    for table in tables(report):
        path = directory / f"{table.name}.{suffix}"
        with whole(path) as unfinished:
            write(table, unfinished)
        written.append(path)
    return tuple(written)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A file to be written, which takes its name when it is finished. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _write_table(table: ReportTable, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([column.name for column in table.columns])
        writer.writerows(table.rows)


def _write_typed(table: ReportTable, path: Path) -> None:
    """Through a CSV file of text, which duckdb casts column by column."""
    with TemporaryDirectory() as folder:
        source = Path(folder) / "table.csv"
        _write_table(table, source)
        texts = ", ".join(f"{_quoted(column.name)}: 'VARCHAR'" for column in table.columns)
        casts = ", ".join(_cast(column) for column in table.columns)
        query = (
            f"COPY (SELECT {casts} FROM read_csv({_quoted(str(source))}, header = true, "  # noqa: S608 - names are ours, paths are quoted
            f"delim = ',', quote = '\"', escape = '\"', columns = {{{texts}}})) "
            f"TO {_quoted(str(path))} (FORMAT parquet)"
        )
        with duckdb.connect() as connection:
            connection.execute(query)


def _cast(column: Column) -> str:
    name = '"' + column.name.replace('"', '""') + '"'
    if column.kind is ColumnKind.TIME:
        return f"CAST(rtrim({name}, 'Z') AS TIMESTAMP_NS) AS {name}"
    return f"CAST({name} AS {column.kind.value}) AS {name}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
