"""Rows out of columns: the objects that strategies see, and the last rows kept for ``history``.

No numpy scalar leaves here: everything handed out is a Python int or float.
"""

from __future__ import annotations

from collections import deque
from itertools import repeat
from typing import Final

import msgspec
import numpy as np

from offbook.domain.instruments import Instrument
from offbook.domain.market_data import (
    Bar,
    BarSlice,
    DataKind,
    MarketSlice,
    Quote,
    QuoteSlice,
)

Row = Quote | Bar


def quotes_of(piece: QuoteSlice) -> list[Quote]:
    """All rows of a slice as objects."""
    scale = 10**piece.instrument.price_precision
    events = repeat(None) if piece.ts_event is None else piece.ts_event.tolist()
    return list(
        map(
            Quote,
            piece.ts.tolist(),
            (piece.bid_px / scale).tolist(),
            (piece.ask_px / scale).tolist(),
            piece.bid_px.tolist(),
            piece.ask_px.tolist(),
            piece.bid_qty.tolist(),
            piece.ask_qty.tolist(),
            events,
            range(piece.start, piece.start + len(piece)),
            repeat(piece.instrument),
        )
    )


def bars_of(piece: BarSlice) -> list[Bar]:
    """All rows of a slice as objects."""
    scale = 10**piece.instrument.price_precision
    prices = (piece.open_px, piece.high_px, piece.low_px, piece.close_px)
    return list(
        map(
            Bar,
            piece.ts.tolist(),
            piece.ts_open.tolist(),
            *[(column / scale).tolist() for column in prices],
            *[column.tolist() for column in prices],
            piece.volume_qty.tolist(),
            range(piece.start, piece.start + len(piece)),
            repeat(piece.instrument),
        )
    )


def rows_of(piece: MarketSlice) -> list[Quote] | list[Bar]:
    """All rows of a slice as objects."""
    return quotes_of(piece) if isinstance(piece, QuoteSlice) else bars_of(piece)


_COLUMNS: Final = {
    DataKind.QUOTES: ("ts", "bid_px", "ask_px", "bid_qty", "ask_qty", "ts_event"),
    DataKind.BARS: (
        "ts",
        "ts_open",
        "open_px",
        "high_px",
        "low_px",
        "close_px",
        "volume_qty",
    ),
}


class HistoryState(msgspec.Struct, frozen=True, kw_only=True):
    """Rows kept, in columns, as they stand in a snapshot; ``kind`` is None when there are none."""

    kind: DataKind | None
    start: int
    columns: dict[str, list[int]]


class History:
    """The last rows taken, at most ``limit`` of them, whatever slices they came in."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._pieces: deque[MarketSlice] = deque()

    def begin(self, piece: MarketSlice) -> None:
        """A slice is about to be taken row by row."""
        if not len(piece):
            return
        while self._pieces and self._pieces[-1].start >= piece.start:
            self._pieces.pop()
        if self._pieces:
            last = self._pieces[-1]
            if last.start + len(last) > piece.start:
                self._pieces[-1] = last.rows(0, piece.start - last.start)
        self._pieces.append(piece)
        oldest = piece.start - self.limit
        while self._pieces[0].start + len(self._pieces[0]) <= oldest:
            self._pieces.popleft()

    def last(self, count: int, taken: int) -> tuple[Row, ...]:
        """The last ``count`` rows of the first ``taken`` rows of the market, oldest first."""
        begin = max(0, taken - count)
        parts: list[list[Quote] | list[Bar]] = []
        for piece in reversed(self._pieces):
            first = max(begin - piece.start, 0)
            end = min(taken - piece.start, len(piece))
            if first < end:
                parts.append(rows_of(piece.rows(first, end)))
            if piece.start <= begin:
                break
        return tuple(row for part in reversed(parts) for row in part)

    def dump(self, taken: int) -> HistoryState:
        """The rows kept, in columns, for a snapshot."""
        begin = max(0, taken - self.limit)
        columns: dict[str, list[int]] = {}
        kind = None
        for piece in self._pieces:
            first = max(begin - piece.start, 0)
            end = min(taken - piece.start, len(piece))
            if first < end:
                kind = piece.kind
                for name in _COLUMNS[kind]:
                    column = getattr(piece, name)
                    if column is not None:
                        columns.setdefault(name, []).extend(column[first:end].tolist())
        kept = len(columns["ts"]) if columns else 0
        return HistoryState(kind=kind, start=taken - kept, columns=columns)

    def load(self, instrument: Instrument, state: HistoryState) -> None:
        """Take a snapshot's rows back."""
        self._pieces.clear()
        columns = {name: np.array(values, dtype=np.int64) for name, values in state.columns.items()}
        if state.kind is DataKind.QUOTES:
            self._pieces.append(QuoteSlice(instrument, state.start, **columns))
        elif state.kind is DataKind.BARS:
            self._pieces.append(BarSlice(instrument, state.start, **columns))
