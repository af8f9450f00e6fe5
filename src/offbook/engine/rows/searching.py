"""Finding the next row that can change something.

A session that sleeps need not look at its rows: they are searched, a column at a time, for the
first that leaves its band; where the slice has an index, block by block, and only within a block
that is touched row by row.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from offbook.domain.market_data import IntColumn, QuoteSlice, TradeSlice
from offbook.domain.row_index import BLOCK, RowIndex
from offbook.engine.wake import NO_FALL, NO_RISE, Band

NEAR: Final = 256
"""Rows looked at first: where one has changed something, the next is often near."""
FAR: Final = 32_768
"""Rows looked at together at most."""
FIRST_BLOCKS: Final = 32
"""Blocks looked at first."""

Ticks = QuoteSlice | TradeSlice
Edge = tuple[str, bool, int]
"""A column, whether it is a fall that matters, and the price."""


def edges_of(piece: Ticks, band: Band) -> list[Edge]:
    """The edges of a band that prices can reach, each with the column that is held against it."""
    if isinstance(piece, TradeSlice):
        falls, rises = max(band.ask_falls, band.bid_falls), min(band.ask_rises, band.bid_rises)
        edges = [("price_px", True, falls), ("price_px", False, rises)]
    else:
        edges = [
            ("ask_px", True, band.ask_falls),
            ("bid_px", False, band.bid_rises),
            ("ask_px", False, band.ask_rises),
            ("bid_px", True, band.bid_falls),
        ]
    return [
        (name, fall, px) for name, fall, px in edges if (px > NO_FALL if fall else px < NO_RISE)
    ]


def first_outside(piece: Ticks, begin: int, end: int, band: Band) -> int:
    """The first row from ``begin`` on and before ``end`` (places in the slice) that leaves a band;
    ``end`` if none does."""
    edges = edges_of(piece, band)
    if not edges:
        return end
    if piece.index is not None:
        return _by_blocks(piece, begin, end, edges)
    window = NEAR
    while begin < end:
        until = min(begin + window, end)
        found = _scan(piece, begin, until, edges)
        if found < until:
            return found
        begin, window = until, min(4 * window, FAR)
    return end


def _scan(piece: Ticks, begin: int, end: int, edges: list[Edge]) -> int:
    """Row by row."""
    hits: npt.NDArray[np.bool_] | None = None
    for name, fall, px in edges:
        column: IntColumn = getattr(piece, name)[begin:end]
        hit = column <= px if fall else column >= px
        hits = hit if hits is None else np.logical_or(hits, hit, out=hits)
    assert hits is not None
    first = int(hits.argmax()) if end > begin else 0
    return begin + first if end > begin and hits[first] else end


def _by_blocks(piece: Ticks, begin: int, end: int, edges: list[Edge]) -> int:
    """Block by block; within one that is touched, row by row."""
    offset = piece.offset
    block, last = (begin + offset) // BLOCK, -(-(end + offset) // BLOCK)
    window = FIRST_BLOCKS
    while block < last:
        until = min(block + window, last)
        touched = _touched(piece, block, until, edges)
        if touched < until:
            first = max(touched * BLOCK - offset, begin)
            stop = min((touched + 1) * BLOCK - offset, end)
            found = _scan(piece, first, stop, edges)
            if found < stop:
                return found
            block = touched + 1  # it was a row of the block that is not among these
        else:
            block, window = until, 4 * window
    return end


def _touched(piece: Ticks, begin: int, end: int, edges: list[Edge]) -> int:
    """The first block with a price beyond an edge."""
    index = piece.index
    assert index is not None
    if end - begin > FIRST_BLOCKS:
        return _touched_of_many(index, begin, end, edges)
    first = end
    for name, fall, px in edges:
        # So few numbers are compared sooner one by one than by numpy.
        extremes = index.of(name, end)
        if fall:
            lows = extremes.lows[begin:first].tolist()
            if lows and min(lows) <= px:
                first = begin + next(place for place, low in enumerate(lows) if low <= px)
        else:
            highs = extremes.highs[begin:first].tolist()
            if highs and max(highs) >= px:
                first = begin + next(place for place, high in enumerate(highs) if high >= px)
    return first


def _touched_of_many(index: RowIndex, begin: int, end: int, edges: list[Edge]) -> int:
    """The same, by columns."""
    hits: npt.NDArray[np.bool_] | None = None
    for name, fall, px in edges:
        extremes = index.of(name, end)
        hit = extremes.lows[begin:end] <= px if fall else extremes.highs[begin:end] >= px
        hits = hit if hits is None else np.logical_or(hits, hit, out=hits)
    assert hits is not None
    first = int(hits.argmax())
    return begin + first if hits[first] else end
