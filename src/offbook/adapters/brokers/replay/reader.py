"""Walks one recording from any row on, piece by piece, in one thread."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec

from offbook.adapters.brokers.replay import query
from offbook.adapters.brokers.replay.arrow import ArrowBatch, ArrowFailure, ArrowStream
from offbook.adapters.brokers.replay.columns import (
    COUNTS,
    JOINED,
    SIZES,
    TIMES,
    WORDS,
    Found,
    choose_columns,
)
from offbook.adapters.brokers.replay.faults import CellFault, RowFault, reasons
from offbook.adapters.brokers.replay.intervals import BarIntervals, local_clocks
from offbook.adapters.brokers.replay.query import Cell
from offbook.adapters.brokers.replay.rows import RowDecoder
from offbook.adapters.brokers.replay.source import Source
from offbook.adapters.brokers.replay.times import time_from_text
from offbook.adapters.brokers.replay.troubles import explained
from offbook.domain.calendars import TradingCalendar
from offbook.domain.config import ReplayMarket
from offbook.domain.errors import BadMarketData, GatewayUnavailable
from offbook.domain.market_data import DataKind, SourceSlice

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

EXAMPLES: Final = 5
"""So many of the rows left out are kept as examples."""


class _Place(msgspec.Struct, frozen=True):
    """Before a piece: rows of the file, rows kept, and the time reached."""

    file_row: int = 0
    kept: int = 0
    last_ts: int | None = None


class RecordingReader:
    """Gives the kept rows of a recording in pieces; not thread-safe but for ``interrupt``.

    ``names`` are the file's columns, ``cells`` those that are read, that of session time first;
    ``intervals`` is set for bars.  Where it ``may_be_empty``, having no row left is no fault.
    ``dropped`` counts by reason the rows left out so far, each once however often it is read;
    ``examples`` are the first of them: file, row in it (from 1), and why.
    """

    def __init__(
        self,
        source: Source,
        market: ReplayMarket,
        calendar: TradingCalendar,
        *,
        may_be_empty: bool = False,
    ) -> None:
        self.source = source
        self._may_be_empty = may_be_empty
        self.dropped: Counter[str] = Counter()
        self.examples: list[tuple[str, int, RowFault]] = []
        self._market = market
        self._stop = threading.Event()
        self._connection: DuckDBPyConnection | None = None
        self._giving_back = threading.Lock()
        self._relation: DuckDBPyRelation | None = None
        self._stream: ArrowStream | None = None
        self.cells = self._find_cells()
        self.intervals = BarIntervals(market, calendar) if market.kind is DataKind.BARS else None
        self._local = local_clocks(market, self.intervals)
        self._decoder = RowDecoder(market, self.cells, calendar, self._local)
        self._place = _Place()
        self._places = [self._place]
        self._judged_to = 0
        self._error: BadMarketData | None = None

    @property
    def columns(self) -> dict[str, str]:
        """Our names of the columns read -> the file's."""
        return {cell.ours: cell.theirs for cell in self.cells}

    def parquet_rows(self) -> int:
        """Rows of a Parquet file, from its footer."""
        connection = query.connect()
        try:
            return query.parquet_rows(connection, self.source.path)
        finally:
            query.release(connection)

    def first_text(self, cell: Cell) -> str:
        """The first value of a Parquet column as text."""
        import duckdb

        connection = query.connect()
        try:
            name = query.column(self.source, cell)
            sql = f"SELECT {name}::VARCHAR FROM {query.table(self.source)} LIMIT 1"  # noqa: S608 - quoted name
            found = connection.execute(sql, [query.literal_path(self.source.path)]).fetchall()
        except duckdb.Error as error:
            raise self.explained(error) from None
        finally:
            query.release(connection)
        return str(found[0][0]) if found else ""

    def seek(self, row: int) -> int:
        """Let the next piece hold ``row`` or begin before it; returns where it begins.

        Where no rows are dropped, positions are rows of the file and those between are skipped
        unread; otherwise the way leads from the nearest place that was judged before.
        """
        self._end_query()
        self._error = None
        if not self._market.may_drop:
            # From the row before, so that the order of time is watched across the jump.
            before = max(row - 1, 0)
            self._place = _Place(before, before)
        else:
            index = bisect_right(self._places, row, key=lambda place: place.kept) - 1
            self._place = self._places[index]
        return self._place.kept

    @property
    def times(self) -> tuple[str, ...]:
        """Our names of the times that are read, that of session time first."""
        return tuple(cell.ours for cell in self.cells if cell.is_time)

    @property
    def path(self) -> str:
        """The file."""
        return self.source.path

    @property
    def kept(self) -> int:
        """Rows that stayed up to here."""
        return self._place.kept

    def next(self) -> SourceSlice | None:
        """The next piece, of one row at least; None after the last row.

        Raises BadMarketData at a row that is refused, after the rows before it were given, and
        again when called again; GatewayUnavailable when reading fails, after which another call
        tries again from the same row.
        """
        while not self._stop.is_set():
            if self._error is not None:
                raise self._error
            batch = self._next_batch()
            if batch is None:
                self._require_rows()
                return None
            try:
                rows = self._judge(batch)
            finally:
                batch.release()
            if len(rows):
                return rows
        raise GatewayUnavailable(f"{self.source.path} was closed", market=self.source.path)

    def time_of(self, cells: Sequence[str]) -> int:
        """Session time of a CSV line, of a bar that of its label. Raises CellFault."""
        cell = next(cell for cell in self.cells if cell.is_time)
        if len(cells) <= max(cell.places):
            raise CellFault("ragged", "the line has fewer cells than the header")
        text = " ".join(cells[place] for place in cell.places)
        return time_from_text(text, self._local.utc_of)

    def interrupt(self) -> None:
        """End what another thread is doing here, as soon as it can be ended."""
        import duckdb

        self._stop.set()
        with self._giving_back:  # as soon as it is given back it may be another reader's
            if self._connection is not None:
                with suppress(duckdb.Error):
                    self._connection.interrupt()

    def close(self) -> None:
        """Let file and memory go; a second time does nothing."""
        self._stop.set()
        self._end_query()

    def _judge(self, batch: ArrowBatch) -> SourceSlice:
        place = self._place
        self._decoder.last_ts = place.last_ts
        decoded = self._decoder.decode(batch, place.file_row, place.kept)
        self._error = decoded.error
        for row, fault in sorted(decoded.dropped.items()):
            if place.file_row + row >= self._judged_to:
                self.dropped[fault.reason] += 1
                if len(self.examples) < EXAMPLES:
                    row_of_file = place.file_row + row + 1
                    self.examples.append((self.source.path, row_of_file, fault))
        self._place = _Place(
            place.file_row + batch.rows, place.kept + len(decoded.rows), self._decoder.last_ts
        )
        self._judged_to = max(self._judged_to, self._place.file_row)
        if self._place.kept > self._places[-1].kept:
            self._places.append(self._place)
        return decoded.rows

    def _next_batch(self) -> ArrowBatch | None:
        import duckdb

        try:
            if self._stream is None:
                self._stream = self._begin_query()
            batch = self._stream.next()
            if batch is None:
                # Checked at the end, when every byte that was given has been read.
                self.source.check_unchanged()
            return batch
        except (ArrowFailure, duckdb.Error, GatewayUnavailable) as error:
            self._end_query()
            raise self.explained(error) from None

    def _begin_query(self) -> ArrowStream:
        self.source.check_unchanged()
        sql, parameters = query.build(self.source, self.cells, self._place.file_row)
        self._connection = query.connect()
        self._relation = self._connection.sql(sql, params=parameters)
        return ArrowStream(self._relation.__arrow_c_stream__())

    def _end_query(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream = self._relation = None
        with self._giving_back:
            connection, self._connection = self._connection, None
        if connection is not None:
            query.release(connection)

    def _find_cells(self) -> list[Cell]:
        names, types = self.source.header, ("VARCHAR",) * len(self.source.header)
        if self.source.is_parquet:
            schema = self._parquet_schema()
            names = tuple(name for name, _ in schema)
            types = tuple(sql_type for _, sql_type in schema)
        self.names = names
        cells = [
            self._cell(ours, found, names, types)
            for ours, found in choose_columns(self._market, names).items()
        ]
        for cell in cells:
            query.require_readable(self.source.path, cell)
        return cells

    def _cell(
        self, ours: str, found: Found, names: tuple[str, ...], types: tuple[str, ...]
    ) -> Cell:
        theirs, clock, precision = names[found.position], None, None
        if found.clock is not None:
            clock = (found.clock, names[found.clock])
            theirs += JOINED + names[found.clock]
        if ours in COUNTS:
            precision = 0
        elif ours not in (*TIMES, *WORDS):
            instrument = self._market.instrument
            precision = instrument.qty_precision if ours in SIZES else instrument.price_precision
        return Cell(
            ours=ours,
            theirs=theirs,
            position=found.position,
            sql_type=types[found.position],
            precision=precision,
            clock=clock,
            local=self._market.timezone is not None,
        )

    def _parquet_schema(self) -> list[tuple[str, str]]:
        import duckdb

        connection = query.connect()
        try:
            return query.parquet_schema(connection, self.source.path)
        except duckdb.Error as error:
            raise self.explained(error) from None
        finally:
            query.release(connection)

    def _require_rows(self) -> None:
        if self._place.kept == 0 and not self._may_be_empty:
            left = sum(self.dropped.values())
            why = f": all {left} were dropped ({reasons(self.dropped)})" if left else ""
            raise BadMarketData(f"{self.source.path} has no rows{why}", file=self.source.path)

    def explained(self, error: Exception) -> Exception:
        """The error as ours: trouble in the file's text, or in reaching it."""
        if isinstance(error, GatewayUnavailable):
            return error
        return explained(self.source.path, self.source.headed, error)
