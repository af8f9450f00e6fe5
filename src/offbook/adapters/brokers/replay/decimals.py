"""How many decimals the numbers of a recording have, found by one pass over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from offbook.adapters.brokers.replay import query
from offbook.adapters.brokers.replay.columns import SIZES
from offbook.adapters.brokers.replay.files import find_files
from offbook.adapters.brokers.replay.query import Cell
from offbook.adapters.brokers.replay.reader import RecordingReader
from offbook.adapters.brokers.replay.source import Source, open_source
from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR
from offbook.domain.config import ReplayMarket
from offbook.domain.errors import BadMarketData
from offbook.domain.values import MAX_PRECISION

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FRACTION: Final = "length(rtrim(regexp_extract({text}, '[.]([0-9]*)', 1), '0'))"
_PLAIN: Final = (
    "CASE WHEN contains(lower({text}), 'e') "
    "THEN coalesce(TRY_CAST({text} AS DECIMAL(38,18))::VARCHAR, '') ELSE {text} END"
)


def find_precision(market: ReplayMarket) -> tuple[int, int]:
    """The most decimals that a price and a size of the recording have, zeros at the end left out.

    Raises BadMarketData naming file, row and column where that is more than can be stored, and
    what opening the recording raises.
    """
    prices, sizes = [0], [0]
    for file in find_files(market.path):
        found = _find(msgspec.structs.replace(market, path=file))
        prices += [decimals for ours, decimals in found.items() if ours not in SIZES]
        sizes += [decimals for ours, decimals in found.items() if ours in SIZES]
    return max(prices), max(sizes)


def _find(market: ReplayMarket) -> dict[str, int]:
    import duckdb

    source = open_source(market.path, market.header)
    reader = RecordingReader(source, market, ALWAYS_OPEN_CALENDAR)
    cells = [cell for cell in reader.cells if cell.precision is not None]
    connection = query.connect()
    try:
        columns = ", ".join(f"max({_decimals(source, cell)})" for cell in cells)
        sql = f"SELECT {columns} FROM {query.table(source)}"  # noqa: S608 - names are quoted
        row = connection.execute(sql, [query.literal_path(source.path)]).fetchall()[0]
        found = {cell.ours: int(value or 0) for cell, value in zip(cells, row, strict=True)}
        for cell in cells:
            if found[cell.ours] > MAX_PRECISION:
                raise _too_many(connection, source, cell)
    except duckdb.Error as error:
        raise reader.explained(error) from None
    finally:
        query.release(connection)
    return found


def _decimals(source: Source, cell: Cell) -> str:
    raw = query.column(source, cell)
    # A FLOAT is read by the double that it is.
    text = f"{raw}::DOUBLE::VARCHAR" if cell.is_double else f"{raw}::VARCHAR"
    return _FRACTION.format(text=f"({_PLAIN.format(text=text)})")


def _too_many(connection: DuckDBPyConnection, source: Source, cell: Cell) -> BadMarketData:
    raw, decimals = query.column(source, cell), _decimals(source, cell)
    numbered = (
        f"SELECT row_number() OVER () AS number, {raw}::VARCHAR AS text, {decimals} AS decimals "  # noqa: S608 - names are quoted
        f"FROM {query.table(source)}"
    )
    sql = f"SELECT number, text FROM ({numbered}) WHERE decimals > {MAX_PRECISION} LIMIT 1"  # noqa: S608 - see above
    row, text = connection.execute(sql, [query.literal_path(source.path)]).fetchall()[0]
    return BadMarketData(
        f"{source.path}, row {row}, column {cell.theirs}: {text!r} has more than {MAX_PRECISION} "
        "decimals, which is as many as can be stored. Round them to what was meant: offbook data "
        "convert --decimals 6",
        file=source.path,
        row=int(row),
        column=cell.theirs,
        reason="too_many_decimals",
    )
