"""The last rows taken of each source, kept for ``history``, whatever slices they came in."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from offbook.domain.instruments import Instrument
from offbook.domain.joining import LastRow
from offbook.domain.market_data import (
    SLICES,
    DataKind,
    MarketInfo,
    SourceInfo,
    SourceSlice,
)
from offbook.engine.rows.rows import Row, rows_of


class HistoryState(msgspec.Struct, frozen=True, kw_only=True):
    """Rows kept of one source, in columns, as they stand in a snapshot; ``numbers`` are their
    positions in the market."""

    numbers: list[int] = []
    columns: dict[str, list[int]] = {}


class History:
    """The last rows taken of one source, at most ``limit`` of them."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._pieces: deque[SourceSlice] = deque()
        self._count = 0

    def begin(self, piece: SourceSlice) -> None:
        """A slice is about to be taken row by row."""
        if not len(piece):
            return
        kept = self._count
        while self._pieces and self._pieces[-1].start >= piece.start:
            kept -= len(self._pieces.pop())
        if self._pieces:
            last = self._pieces[-1]
            before = rows_before(last, piece.start)
            if before < len(last):
                self._pieces[-1] = last.rows(0, before)
                kept -= len(last) - before
        self._pieces.append(piece)
        while kept - len(self._pieces[0]) >= self.limit:
            kept -= len(self._pieces.popleft())
        self._count = kept + len(piece)

    def last(self, count: int, taken: int) -> tuple[Row, ...]:
        """The last ``count`` rows at positions below ``taken``, oldest first."""
        parts: list[list[Row]] = []
        wanted = count
        for piece in reversed(self._pieces):
            end = rows_before(piece, taken)
            first = max(end - wanted, 0)
            if first < end:
                parts.append(list(rows_of(piece.rows(first, end))))
                wanted -= end - first
            if not wanted:
                break
        return tuple(row for part in reversed(parts) for row in part)

    def dump(self, taken: int) -> HistoryState:
        """The rows kept, in columns, for a snapshot."""
        numbers: list[int] = []
        columns: dict[str, list[int]] = {}
        wanted = self.limit
        kept: list[SourceSlice] = []
        for piece in reversed(self._pieces):
            end = rows_before(piece, taken)
            first = max(end - wanted, 0)
            if first < end:
                kept.append(piece.rows(first, end))
                wanted -= end - first
        for piece in reversed(kept):
            numbers.extend(piece.positions())
            for name in piece.present:
                columns.setdefault(name, []).extend(getattr(piece, name).tolist())
        return HistoryState(numbers=numbers, columns=columns)

    def load(self, instrument: Instrument, kind: DataKind, state: HistoryState) -> None:
        """Take a snapshot's rows back."""
        self._pieces.clear()
        self._count = len(state.numbers)
        if state.numbers:
            columns = {name: np.array(column, np.int64) for name, column in state.columns.items()}
            piece = SLICES[kind](instrument, state.numbers[0], **columns)
            self._pieces.append(piece.numbered(np.array(state.numbers, np.int64)))


class Histories:
    """The histories of a market's sources."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._sources: tuple[SourceInfo, ...] = ()
        self._instruments: dict[str, Instrument] = {}
        self._kept: list[History] = []

    def join(self, market: MarketInfo) -> None:
        """Learn what sources there are."""
        self._sources = market.sources
        self._instruments = {instrument.symbol: instrument for instrument in market.instruments}
        self._kept = [History(self.limit) for _ in market.sources]

    def take_over(self, rows: Iterable[LastRow]) -> None:
        """Know the last row of some sources, and of these no other, for others were not taken."""
        for row in rows:
            source = self._sources[row.source]
            columns = {name: [value] for name, value in row.values.items()}
            state = HistoryState(numbers=[row.row], columns=columns)
            self._kept[row.source].load(self._instruments[source.symbol], source.kind, state)

    def begin(self, parts: Sequence[tuple[int, SourceSlice]]) -> None:
        """Slices of sources are about to be taken row by row."""
        for source, part in parts:
            self._kept[source].begin(part)

    def last(self, symbol: str, count: int, taken: int) -> tuple[Row, ...]:
        """The last rows of a symbol's first source among the first ``taken`` of the market; a
        status is none."""
        for source, kept in zip(self._sources, self._kept, strict=True):
            if source.symbol == symbol and source.kind is not DataKind.STATUS:
                return kept.last(count, taken)
        return ()

    def source_of_bars(self, symbol: str, timeframe_ns: int) -> int | None:
        """The source that gives bars of a timeframe, if one does."""
        for number, source in enumerate(self._sources):
            if source.symbol == symbol and source.timeframe_ns == timeframe_ns:
                return number
        return None

    def last_of(self, source: int, count: int, taken: int) -> tuple[Row, ...]:
        """The last rows of one source among the first ``taken`` of the market."""
        return self._kept[source].last(count, taken)

    def dump(self, taken: int) -> list[HistoryState]:
        """The rows kept, by source, for a snapshot."""
        return [kept.dump(taken) for kept in self._kept]

    def load(self, states: list[HistoryState]) -> None:
        """Take a snapshot's rows back."""
        for source, kept, state in zip(self._sources, self._kept, states, strict=True):
            kept.load(self._instruments[source.symbol], source.kind, state)


def rows_before(piece: SourceSlice, taken: int) -> int:
    """How many rows of a slice stand at positions below ``taken``."""
    if piece.numbers is not None:
        return int(piece.numbers.searchsorted(taken))
    return bisect_left(piece.positions(), taken)
