"""The SQL that fetches a recording's columns, and the duckdb connection that runs it.

Every cell comes either as an exact value or, where the quick way is not sure of it, as its text, so
that ``rows`` can decide; a value is never rounded on the way.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import msgspec

from offbook.adapters.brokers.replay.columns import JOINED, WORDS
from offbook.adapters.brokers.replay.numbers import PLAIN_DECIMAL_SQL
from offbook.adapters.brokers.replay.sides import side_sql
from offbook.adapters.brokers.replay.source import Source
from offbook.adapters.brokers.replay.times import (
    ISO_LOCAL_SQL,
    ISO_OFFSET_SQL,
    ISO_UTC_SQL,
    ISO_ZERO_SQL,
)
from offbook.domain.errors import BadMarketData
from offbook.domain.values import MAX_UNITS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SPARE_CELLS: Final = 16
"""Columns read beyond a CSV's own, so that longer lines are seen as such and told by row."""

LONGEST_LINE: Final = 65_536
BUFFER_BYTES: Final = 1 << 20
"""Of a CSV; by default duckdb takes 32 MB a buffer and several of them, for every feed."""

SETTINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "threads": "1",
        "memory_limit": "256MB",
        "temp_directory": "",
        "enable_external_file_cache": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "python_enable_replacements": "false",
        "preserve_insertion_order": "true",
    }
)
"""One thread keeps the rows in order and leaves the other cores to other sessions; nothing is
installed, spilled to disk or fetched from a network."""

_INTEGERS: Final = frozenset(
    f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG", "HUGE")
) | {"INTEGER", "UINTEGER"}
_TIMESTAMPS: Final = frozenset(
    {
        "DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS",
        "TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS",
    }
)  # fmt: skip
_DECIMAL_TYPE = re.compile(r"DECIMAL\((\d+),(\d+)\)\Z")


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One column to fetch: ours, the file's name for it, its place and SQL type.

    ``precision`` is that of a number, None for a time or a side.  A time may be in two columns:
    ``clock`` is then the place and name of its time of day.  ``local`` tells that times without an
    offset are those of wall clocks somewhere.
    """

    ours: str
    theirs: str
    position: int
    sql_type: str
    precision: int | None = None
    clock: tuple[int, str] | None = None
    local: bool = False

    @property
    def is_double(self) -> bool:
        """Whether the value comes as DOUBLE, to be judged against its precision."""
        return self.precision is not None and self.sql_type in {"DOUBLE", "FLOAT"}

    @property
    def is_time(self) -> bool:
        """Whether it is a time."""
        return self.precision is None and self.ours not in WORDS

    @property
    def places(self) -> tuple[int, ...]:
        """Where its text is in a line."""
        return (self.position,) if self.clock is None else (self.position, self.clock[0])

    @property
    def raw(self) -> str:
        """What the query calls the cell as it came."""
        return f"r{self.position}" if self.clock is None else f"j{self.position}"


_MOST_IDLE: Final = 4
_idle: Final[list[DuckDBPyConnection]] = []
_of_the_parent: Final[list[DuckDBPyConnection]] = []


def _set_aside() -> None:
    """In a process that was forked: what the other kept waits for threads that are not here, when
    it is used and maybe when it is closed."""
    _of_the_parent.extend(_idle)
    _idle.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_set_aside)


def connect() -> DuckDBPyConnection:
    """A private in-memory database with all doors shut but that to local files.

    Give it back with ``release``, which keeps a few for the next: one costs about 20 ms to make.
    Safe from any thread; one connection serves one at a time.
    """
    import duckdb

    while _idle:
        try:
            connection = _idle.pop()
            connection.execute("SELECT 1").fetchall()
        except (IndexError, duckdb.Error):
            continue  # another thread was quicker, or what it ran last has spoilt it for good
        return connection
    connection = duckdb.connect(":memory:", config=dict(SETTINGS))
    connection.execute("SET streaming_buffer_size = '4MB'")
    # It would be drawn on stdout, where answers go.
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET lock_configuration = true")
    return connection


def release(connection: DuckDBPyConnection) -> None:
    """Take back what ``connect`` gave; nothing may be reading from it any more."""
    if len(_idle) < _MOST_IDLE:
        _idle.append(connection)
    else:
        connection.close()


def parquet_schema(connection: DuckDBPyConnection, path: str) -> list[tuple[str, str]]:
    """Names and SQL types of a Parquet file's columns. Raises duckdb.Error."""
    found = connection.execute(f"DESCRIBE FROM {_PARQUET}", [literal_path(path)])
    return [(str(row[0]), str(row[1])) for row in found.fetchall()]


def parquet_rows(connection: DuckDBPyConnection, path: str) -> int:
    """Rows of a Parquet file, from its footer. Raises duckdb.Error."""
    sql = f"SELECT count(*) FROM {_PARQUET}"  # noqa: S608 - made of constants
    found = connection.execute(sql, [literal_path(path)])
    (count,) = found.fetchall()[0]
    return int(count)


def build(source: Source, cells: list[Cell], first_row: int) -> tuple[str, list[str]]:
    """The query for all rows from ``first_row`` (from 0) in file order, and its parameters.

    A number or side gives ``v_<ours>``, a time ``n_<ours>`` (a whole number), ``t_<ours>`` (ns) or,
    where it is local, ``w_<ours>`` (ns on the wall clock), and all ``x_<ours>``: the text where
    none of these holds a value.  ``ragged`` is 0 for a row of the header's length, -1 for a
    shorter, 1 for a longer one.
    """
    if source.is_parquet:
        raws = [f"{_quoted(cell.theirs)} AS r{cell.position}" for cell in cells if not cell.clock]
        ragged = "0::BIGINT AS ragged"
    else:
        length = len(source.header)
        raws = [f"c{cell.position} AS r{cell.position}" for cell in cells if not cell.clock]
        raws += [f"c{length - 1} AS last_cell", f"c{length} AS spare_cell"]
        ragged = (
            "CASE WHEN last_cell IS NULL THEN -1 WHEN spare_cell IS NOT NULL THEN 1 "
            "ELSE 0 END::BIGINT AS ragged"
        )
    raws += [_joined(source, cell, cell.clock) for cell in cells if cell.clock]
    # The file's names of columns are quoted; all else is ours.
    # Skipping below the conversions keeps a jump cheap: Parquet drops whole row groups.
    inner = f"SELECT {', '.join(dict.fromkeys(raws))} FROM {table(source)} OFFSET {first_row}"  # noqa: S608 - see above
    casts, values, texts = [], [], []
    for cell in cells:
        if cell.precision is not None:
            cast, value, text = _number(cell)
        else:
            cast, value, text = _time(cell) if cell.is_time else _side(cell)
        casts.append(cast)
        values.append(value)
        texts.append(text)
    judged = f"SELECT *, {', '.join(casts)}, {ragged} FROM ({inner})"  # noqa: S608 - see above
    valued = f"SELECT *, {', '.join(values)} FROM ({judged})"  # noqa: S608 - see above
    sql = f"SELECT {', '.join(texts)}, ragged FROM ({valued})"  # noqa: S608 - see above
    return sql, [literal_path(source.path)]


def table(source: Source) -> str:
    """The file as a table; its path (``literal_path``) is the one parameter."""
    return _PARQUET if source.is_parquet else _csv(source)


def column(source: Source, cell: Cell) -> str:
    """What that table calls the column of a cell."""
    return _quoted(cell.theirs) if source.is_parquet else f"c{cell.position}"


def literal_path(path: str) -> str:
    """The path with everything escaped that duckdb would take as a pattern."""
    return re.sub(r"([*?\[])", r"[\1]", path)


def require_readable(path: str, cell: Cell) -> None:
    """Raise BadMarketData unless the type of a Parquet column can be read exactly."""
    kind = cell.sql_type
    if kind == "VARCHAR" or kind in _INTEGERS:
        return
    if cell.is_time:
        fits = kind in _TIMESTAMPS or cell.clock is not None
        expected = "TIMESTAMP, DATE, whole numbers or text"
    elif cell.precision is None:
        fits, expected = kind == "BOOLEAN", "BOOLEAN, whole numbers or text"
    else:
        fits = kind in {"DOUBLE", "FLOAT"} or _DECIMAL_TYPE.match(kind) is not None
        expected = "DECIMAL, whole numbers, DOUBLE or text"
    if not fits:
        raise BadMarketData(
            f"{path}, column {cell.theirs} is of type {kind}, expected {expected}",
            file=path,
            column=cell.theirs,
        )


LINES_OF_ZST: Final = (
    "SELECT * FROM read_csv(?, auto_detect = false, header = false, "  # noqa: S608 - see above
    "delim = '\x01', quote = '', "
    "escape = '', nullstr = '\x02', compression = 'zstd', hive_partitioning = false, "
    "columns = {'line': 'VARCHAR'}, "
    f"buffer_size = {BUFFER_BYTES}, max_line_size = {LONGEST_LINE})"
)
"""The lines of a text that is packed as ``.zst``; its path (``literal_path``) is the one
parameter."""
_PARQUET: Final = "read_parquet(?, hive_partitioning = false)"


def _csv(source: Source) -> str:
    length = len(source.header) + SPARE_CELLS
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(length))
    packing = "gzip" if source.suffix == ".csv.gz" else "none"
    # Cells that a short line lacks come as NULL; empty ones do not, for no cell is this nullstr.
    return (
        f"read_csv(?, auto_detect = false, header = {str(source.headed).lower()}, "
        f"delim = '{source.delimiter}', "
        f"""quote = '"', escape = '"', nullstr = '\x01', null_padding = true, """
        f"compression = '{packing}', hive_partitioning = false, buffer_size = {BUFFER_BYTES}, "
        f"max_line_size = {LONGEST_LINE}, columns = {{{columns}}})"
    )


def _number(cell: Cell) -> tuple[str, str, str]:
    """Cast, value and text of a number, one for each level of the query."""
    raw, cast, value = cell.raw, f"d_{cell.ours}", f"v_{cell.ours}"
    precision = cell.precision or 0
    text = f"{value}, CASE WHEN {value} IS NULL THEN {raw}::VARCHAR END AS x_{cell.ours}"
    if cell.is_double:
        return f"{raw}::DOUBLE AS {cast}", f"{cast} AS {value}", text
    decimal = _DECIMAL_TYPE.match(cell.sql_type)
    if decimal is not None:
        width, scale = int(decimal[1]), int(decimal[2])
        if scale <= precision and width - scale + precision <= 38:
            return f"{raw}::DECIMAL(38,{precision}) AS {cast}", f"{cast} AS {value}", text
    if cell.sql_type in _INTEGERS:
        exact = f"TRY_CAST({raw} AS DECIMAL(38,{precision})) AS {cast}"
        return exact, f"{cast} AS {value}", text
    # Up to 18 digits duckdb computes in 64 bits; precisions that leave few of them take 128.
    width = 18 if precision <= 9 else 38
    written = raw if cell.sql_type == "VARCHAR" else f"{raw}::VARCHAR"
    pattern = PLAIN_DECIMAL_SQL.format(precision=precision)
    checked = (
        f"CASE WHEN {cast}::VARCHAR = {written} THEN {cast} "
        f"WHEN regexp_full_match({written}, '{pattern}') THEN {cast} END AS {value}"
    )
    return f"TRY_CAST({written} AS DECIMAL({width},{precision})) AS {cast}", checked, text


def _time(cell: Cell) -> tuple[str, str, str]:
    """Cast, value and text of a time, one for each level of the query."""
    raw, number, stamp, wall = cell.raw, *(f"{sign}_{cell.ours}" for sign in "ntw")
    cast = f"k_{cell.ours}"
    text = (
        f"{number}, {stamp}, {wall}, CASE WHEN coalesce({number}, {stamp}, {wall}) IS NULL "
        f"THEN {raw}::VARCHAR END AS x_{cell.ours}"
    )
    none = "NULL::BIGINT"
    if cell.sql_type in _TIMESTAMPS and not cell.clock:
        # Nanoseconds of a far future would overflow, which ends a query; it is a row's fault.
        micro = f"epoch_us({raw}::TIMESTAMP)" if cell.sql_type == "DATE" else f"epoch_us({raw})"
        scaled = f"CASE WHEN {micro} BETWEEN 0 AND {MAX_UNITS // 1000} THEN {micro} * 1000 END"
        stamped = f"epoch_ns({raw})" if "_NS" in cell.sql_type else scaled
        here, there = (wall, stamp) if cell.local and "TZ" not in _plainly(cell) else (stamp, wall)
        value = f"{none} AS {number}, {cast} AS {here}, {none} AS {there}"
        return f"{stamped} AS {cast}", value, text
    if cell.sql_type in _INTEGERS and not cell.clock:
        whole = f"TRY_CAST({raw} AS BIGINT) AS {cast}"
        return whole, f"{cast} AS {number}, {none} AS {stamp}, {none} AS {wall}", text
    utc, local = (ISO_ZERO_SQL, ISO_LOCAL_SQL) if cell.local else (ISO_UTC_SQL, "")
    value = (
        f"CASE WHEN {cast}::VARCHAR = {raw} THEN {cast} END AS {number}, "
        f"CASE WHEN {cast} IS NOT NULL THEN NULL "
        f"WHEN regexp_full_match({raw}, '{utc}') "
        f"THEN epoch_ns(TRY_CAST({raw} AS TIMESTAMP_NS)) "
        f"WHEN regexp_full_match({raw}, '{ISO_OFFSET_SQL}') "
        f"THEN epoch_ns(TRY_CAST({raw} AS TIMESTAMPTZ_NS)) END AS {stamp}, "
        + (
            f"CASE WHEN regexp_full_match({raw}, '{local}') "
            f"THEN epoch_ns(TRY_CAST({raw} AS TIMESTAMP_NS)) END AS {wall}"
            if local
            else f"{none} AS {wall}"
        )
    )
    return f"TRY_CAST({raw} AS BIGINT) AS {cast}", value, text


def _side(cell: Cell) -> tuple[str, str, str]:
    """Cast, value and text of a side, one for each level of the query."""
    cast, value = f"s_{cell.ours}", f"v_{cell.ours}"
    text = f"{value}, CASE WHEN {value} IS NULL THEN {cast} END AS x_{cell.ours}"
    written = f"coalesce(lower(trim({cell.raw}::VARCHAR)), '') AS {cast}"
    return written, f"{side_sql(cell.ours, cast)} AS {value}", text


def _joined(source: Source, cell: Cell, clock: tuple[int, str]) -> str:
    """A date and a time of day as one text; dates may have points: 2024.01.02."""
    date, time = f"c{cell.position}", f"c{clock[0]}"
    if source.is_parquet:
        date = f"{_quoted(cell.theirs.removesuffix(JOINED + clock[1]))}::VARCHAR"
        time = f"{_quoted(clock[1])}::VARCHAR"
    return f"replace({date}, '.', '-') || ' ' || {time} AS {cell.raw}"


def _quoted(name: str) -> str:
    return f'"{name.replace(chr(34), chr(34) * 2)}"'


def _plainly(cell: Cell) -> str:
    return cell.sql_type.replace("WITH TIME ZONE", "TZ")
