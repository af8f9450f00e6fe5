"""Rows of a market in columns that grow: filled once, then only read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

import numpy as np

from offbook.domain.instruments import Instrument
from offbook.domain.market_data import (
    SLICES,
    DataKind,
    IntColumn,
    MarketInfo,
    MarketSlice,
    MergedSlice,
    SourceSlice,
)
from offbook.domain.rows import MadeBooks, MadeStretches
from offbook.engine.books.books import BOOK_SLICES
from offbook.services.market_hub.followed_books import FollowedBooks
from offbook.services.market_hub.made_bars import BarsMaker
from offbook.services.market_hub.made_rows import RowsMaker, SharedRows

CHUNK_ROWS: Final = 4096
"""How many rows one chunk holds."""


SHARED_KINDS: Final[tuple[DataKind, ...]] = (
    DataKind.QUOTES,
    DataKind.TRADES,
    DataKind.BARS,
    DataKind.DEPTH,
    DataKind.ORDERS,
    DataKind.STATUS,
)
"""Of what kinds the rows of a live market can be."""


class Chunk(Protocol):
    """So many rows of one market from position ``start`` on. What was put in never changes, so
    that every view stays true, whoever holds it."""

    start: int

    @property
    def filled(self) -> int:
        """How many rows there are."""

    def put(self, source: int, rows: SourceSlice, ts: IntColumn) -> None:
        """Add rows of one source under these session times; there must be room."""

    def put_merged(self, rows: MergedSlice, ts: IntColumn) -> None:
        """Add merged rows under these session times; there must be room."""

    def view(self, begin: int, end: int) -> MarketSlice:
        """Rows ``begin`` to ``end`` (places within the chunk), without copying."""

    def takes(self, source: int, rows: MarketSlice) -> bool:
        """Whether rows have the columns that this chunk keeps."""


class _Columns:
    """The columns of one source."""

    def __init__(self, kind: DataKind, instrument: Instrument, events: bool) -> None:
        self._kind = SLICES[kind]
        self._instrument = instrument
        names = self._kind.COLUMNS + (("ts_event",) if events else ())
        self._columns: dict[str, IntColumn] = {
            name: np.empty(CHUNK_ROWS, dtype=np.int64) for name in names
        }
        self._times = self._columns["ts"]
        self._others = [item for item in self._columns.items() if item[0] != "ts"]
        self.filled = 0
        self.stretches: MadeStretches | None = None
        self.books: MadeBooks | None = None

    def whole(self) -> SourceSlice:
        """All columns, with what is not filled yet."""
        return self._kind(self._instrument, 0, **self._columns)

    def put(self, rows: SourceSlice, ts: IntColumn) -> None:
        begin = self.filled
        end = begin + len(ts)
        self._times[begin:end] = ts
        for name, column in self._others:
            column[begin:end] = getattr(rows, name)
        self.filled = end

    def view(self, begin: int, end: int, start: int) -> SourceSlice:
        columns = {name: column[begin:end] for name, column in self._columns.items()}
        rows = self._kind(self._instrument, start, **columns)
        rows.stretches, rows.books, rows.offset = self.stretches, self.books, begin
        return rows


class SoleChunk:
    """Rows of a market with one source."""

    def __init__(
        self, info: MarketInfo, start: int, like: MarketSlice, maker: RowsMaker, made: Made
    ) -> None:
        self.start = start
        self._events = _events(0, like)
        source = info.sources[0]
        (instrument,) = info.instruments
        self._columns = _Columns(source.kind, instrument, self._events[0])
        made.beside(self._columns, 0, lambda: np.arange(start, start + self.filled))
        self._made = SharedRows(start, self._rows, maker)

    @property
    def filled(self) -> int:
        """How many rows there are."""
        return self._columns.filled

    def put(self, source: int, rows: SourceSlice, ts: IntColumn) -> None:
        """Add rows under these session times."""
        self._columns.put(rows, ts)

    def put_merged(self, rows: MergedSlice, ts: IntColumn) -> None:
        """Add rows that are called merged although there is one source."""
        for _, part in rows.parts():
            self._columns.put(part, ts)

    def view(self, begin: int, end: int) -> MarketSlice:
        """Rows of the chunk, without copying."""
        rows = self._rows(begin, end)
        rows.made = self._made
        return rows

    def _rows(self, begin: int, end: int) -> SourceSlice:
        return self._columns.view(begin, end, self.start + begin)

    def takes(self, source: int, rows: MarketSlice) -> bool:
        """Whether rows have the columns that this chunk keeps."""
        return _events(0, rows) == self._events


class SeveralChunk:
    """Rows of a market with several sources, in the order in which they came."""

    def __init__(self, info: MarketInfo, start: int, made: Made) -> None:
        self.start = start
        self.filled = 0
        self._made = made
        instruments = {one.symbol: one for one in info.instruments}
        self._events: dict[int, bool] = {}
        self._ts = np.empty(CHUNK_ROWS, dtype=np.int64)
        self._which = np.empty(CHUNK_ROWS, dtype=np.int64)
        self._index = np.empty(CHUNK_ROWS, dtype=np.int64)
        self._kinds = [(source.kind, instruments[source.symbol]) for source in info.sources]
        self._columns: dict[int, _Columns] = {}
        self._nothing = [
            SLICES[kind](instrument, 0, *(self._ts[:0] for _ in SLICES[kind].COLUMNS))
            for kind, instrument in self._kinds
        ]

    def put(self, source: int, rows: SourceSlice, ts: IntColumn) -> None:
        """Add rows of one source under these session times."""
        begin, end = self.filled, self.filled + len(ts)
        columns = self._of(source, rows)
        self._ts[begin:end] = ts
        self._which[begin:end] = source
        self._index[begin:end] = np.arange(columns.filled, columns.filled + len(ts))
        columns.put(rows, ts)
        self.filled = end

    def put_merged(self, rows: MergedSlice, ts: IntColumn) -> None:
        """Add merged rows under these session times."""
        begin, end = self.filled, self.filled + len(ts)
        self._ts[begin:end] = ts
        self._which[begin:end] = rows.which
        index = self._index[begin:end]
        for source, part in rows.parts():
            mine = rows.which == source
            columns = self._of(source, part)
            index[mine] = np.arange(columns.filled, columns.filled + len(part))
            columns.put(part, ts[mine])
        self.filled = end

    def view(self, begin: int, end: int) -> MarketSlice:
        """Rows of the chunk, without copying."""
        pieces = tuple(
            self._nothing[source]
            if (columns := self._columns.get(source)) is None
            else columns.view(0, columns.filled, self.start)
            for source in range(len(self._kinds))
        )
        return MergedSlice(
            self.start + begin,
            self._ts[begin:end],
            self._which[begin:end],
            self._index[begin:end],
            pieces,
        )

    def takes(self, source: int, rows: MarketSlice) -> bool:
        """Whether rows have the columns that this chunk keeps."""
        events = _events(source, rows)
        return all(self._events.get(place, has) == has for place, has in events.items())

    def _of(self, source: int, rows: SourceSlice) -> _Columns:
        found = self._columns.get(source)
        if found is None:
            kind, instrument = self._kinds[source]
            events = rows.ts_event is not None
            self._events[source] = events
            found = self._columns[source] = _Columns(kind, instrument, events)
            self._made.beside(found, source, lambda: self._numbers(source))
        return found

    def _numbers(self, source: int) -> IntColumn:
        """The positions of a source's rows."""
        (places,) = (self._which[: self.filled] == source).nonzero()
        numbers: IntColumn = self.start + places.astype(np.int64)
        return numbers


def _events(source: int, rows: MarketSlice) -> dict[int, bool]:
    """Which sources of some rows tell the venue's times."""
    if not isinstance(rows, MergedSlice):
        return {source: rows.ts_event is not None}
    return {
        place: piece.ts_event is not None for place, piece in enumerate(rows.pieces) if len(piece)
    }


class Made(NamedTuple):
    """What is made of a chunk's rows once for all sessions; ``look`` has rows that came taken."""

    bars: BarsMaker
    books: FollowedBooks
    look: Callable[[], None]

    def beside(self, columns: _Columns, source: int, numbers: Callable[[], IntColumn]) -> None:
        """Put it beside the columns of a source; ``numbers`` gives the positions of its rows."""
        whole = columns.whole()
        columns.stretches = self.bars.of(source, whole)
        if isinstance(whole, BOOK_SLICES):
            columns.books = self.books.of_chunk(whole, numbers, self.look)


def new_chunk(
    info: MarketInfo, start: int, like: MarketSlice, maker: RowsMaker, made: Made
) -> Chunk:
    """An empty chunk for rows like these, the first of which stands at ``start``."""
    if len(info.sources) == 1:
        return SoleChunk(info, start, like, maker, made)
    return SeveralChunk(info, start, made)
