"""What a stretch of rows comes to as a bar, block by block where the slice has an index."""

from __future__ import annotations

import numpy as np

from offbook.domain.market_data import (
    BarSlice,
    BookOrderSlice,
    DepthSlice,
    IntColumn,
    QuoteSlice,
    SourceSlice,
    StatusSlice,
    TradeSlice,
)
from offbook.domain.row_index import BLOCK, MID, middle
from offbook.domain.rows import Stretch
from offbook.domain.values import MAX_UNITS

_COLUMNS = {"bid": "bid_px", "ask": "ask_px", "mid": MID}


def stretch_of(piece: SourceSlice, begin: int, end: int, price: str) -> Stretch:
    """Rows ``begin`` to ``end`` of a slice (at least one); of quotes their bid, ask or mid.

    Taken from those who share the slice where it has ``stretches``; then ``begin`` may be negative,
    for rows before it.
    """
    if piece.stretches is not None:
        return piece.stretches.of(piece.offset + begin, piece.offset + end, price)
    if isinstance(piece, BarSlice):
        return Stretch(
            int(piece.open_px[begin]),
            int(piece.high_px[begin:end].max()),
            int(piece.low_px[begin:end].min()),
            int(piece.close_px[end - 1]),
            _total(piece.volume_qty[begin:end]),
        )
    if isinstance(piece, DepthSlice | BookOrderSlice | StatusSlice):
        raise TypeError("no bars are built of single updates of a book, or of a status")
    name, traded = "price_px", 0
    if isinstance(piece, QuoteSlice):
        name = _COLUMNS[price]
    else:
        traded = _total(piece.size_qty[begin:end])
    low, high = extremes_of(piece, begin, end, name)
    return Stretch(
        _value_at(piece, begin, name), high, low, _value_at(piece, end - 1, name), traded
    )


def ticks_by_parts(piece: QuoteSlice | TradeSlice, begins: list[int], price: str) -> list[Stretch]:
    """All rows of a slice of ticks cut at these places, the first of which is 0, at one go."""
    name = _COLUMNS[price] if isinstance(piece, QuoteSlice) else "price_px"
    values = values_of(piece, 0, len(piece), name)
    ends = [*begins[1:], len(piece)]
    traded = [0] * len(begins)
    if isinstance(piece, TradeSlice):
        traded = [_total(piece.size_qty[at:end]) for at, end in zip(begins, ends, strict=True)]
    columns = (
        values[begins],
        np.maximum.reduceat(values, begins),
        np.minimum.reduceat(values, begins),
        values[np.array(ends) - 1],
    )
    return list(map(Stretch, *(column.tolist() for column in columns), traded))


def joined(one: Stretch, following: Stretch) -> Stretch:
    """What two stretches come to, one after the other."""
    return Stretch(
        one.open_px,
        max(one.high_px, following.high_px),
        min(one.low_px, following.low_px),
        following.close_px,
        one.volume_qty + following.volume_qty,
    )


def extremes_of(piece: QuoteSlice | TradeSlice, begin: int, end: int, name: str) -> tuple[int, int]:
    """The lowest and the highest value of a price column, or of ``MID``, in rows of a slice (at
    least one)."""
    offset = piece.offset
    block, last = -(-(begin + offset) // BLOCK), (end + offset) // BLOCK
    if piece.index is None or last <= block:
        values = values_of(piece, begin, end, name)
        return int(values.min()), int(values.max())
    extremes = piece.index.of(name, last + 1)
    low, high = int(extremes.lows[block:last].min()), int(extremes.highs[block:last].max())
    for other, first, stop in (
        (block - 1, begin, block * BLOCK - offset),
        (last, last * BLOCK - offset, end),
    ):
        # A block of which these are a part may go no further than the whole ones.
        if first < stop and not (extremes.lows[other] >= low and extremes.highs[other] <= high):
            values = values_of(piece, first, stop, name)
            low, high = min(low, int(values.min())), max(high, int(values.max()))
    return low, high


def values_of(piece: QuoteSlice | TradeSlice, begin: int, end: int, name: str) -> IntColumn:
    """A price column, or ``MID``, of rows of a slice."""
    if name == MID:
        assert isinstance(piece, QuoteSlice)
        return middle(piece.bid_px[begin:end], piece.ask_px[begin:end])
    column: IntColumn = getattr(piece, name)
    return column[begin:end]


def _value_at(piece: QuoteSlice | TradeSlice, place: int, name: str) -> int:
    if name == MID:
        assert isinstance(piece, QuoteSlice)
        return (int(piece.bid_px[place]) + int(piece.ask_px[place])) // 2
    return int(getattr(piece, name)[place])


def _total(volume: IntColumn) -> int:
    """The sum of a column, exact also where it exceeds int64."""
    if int(volume.max()) < MAX_UNITS // len(volume):
        return int(volume.sum())
    return sum(volume.tolist())
