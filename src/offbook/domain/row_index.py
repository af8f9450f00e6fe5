"""Lowest and highest prices of blocks of rows, so that rows which change nothing are passed over.

An index belongs to the columns of one slice and to all its parts; it is made block by block as far
as somebody asks, so that what is never looked at costs nothing, and sessions that read the same
slice share it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

if TYPE_CHECKING:
    from offbook.domain.market_data import IntColumn

BLOCK: Final = 1024
"""Rows to a block."""
_AT_ONCE: Final = 64
"""Blocks that are made together: a call of numpy costs as much as a thousand rows, and what is in
the processor's cache is read much faster."""

MID: Final = "mid"
"""The middle of bid and ask; one that falls on half a price unit is rounded down."""


class Extremes:
    """The lowest and the highest value of one column in each block.

    ``other``: what is looked at is the middle of both columns.
    """

    __slots__ = ("_column", "_made", "_other", "highs", "lows")

    def __init__(self, column: IntColumn, other: IntColumn | None = None) -> None:
        self._column = column
        self._other = other
        self._made = 0
        blocks = -(-len(column) // BLOCK)
        self.lows: IntColumn = np.empty(blocks, np.int64)
        self.highs: IntColumn = np.empty(blocks, np.int64)

    @classmethod
    def made(cls, column: IntColumn, lows: IntColumn, highs: IntColumn) -> Self:
        """Extremes that were made before, of all blocks of a column."""
        known = cls(column[:0])
        known.lows, known.highs, known._made = lows, highs, len(lows)
        return known

    def make(self, end: int) -> None:
        """Make the blocks before ``end``, as far as there are rows."""
        while self._made < end and self._made < len(self.lows):
            self._make_some(self._made)

    def _make_some(self, begin: int) -> None:
        """The next blocks: so many as stay in the processor's cache."""
        rows = len(self._column)
        end = min(begin + _AT_ONCE, len(self.lows))
        whole = min(end, rows // BLOCK)
        if whole > begin:
            values = self._values(begin * BLOCK, whole * BLOCK).reshape(-1, BLOCK)
            values.min(axis=1, out=self.lows[begin:whole])
            values.max(axis=1, out=self.highs[begin:whole])
        if end > whole:
            rest = self._values(whole * BLOCK, rows)
            self.lows[whole], self.highs[whole] = rest.min(), rest.max()
        self._made = end

    def _values(self, begin: int, end: int) -> IntColumn:
        column = self._column[begin:end]
        return column if self._other is None else middle(column, self._other[begin:end])


class RowIndex:
    """The extremes of price columns of quotes or prints, by the columns' names."""

    __slots__ = ("_extremes", "_piece")

    def __init__(self, piece: Any, known: dict[str, Extremes] | None = None) -> None:
        self._piece = piece
        self._extremes: dict[str, Extremes] = known or {}

    def of(self, name: str, end: int) -> Extremes:
        """The extremes of a price column, or of ``MID``, made for the blocks before ``end``."""
        found = self._extremes.get(name)
        if found is None:
            piece = self._piece
            if name == MID:
                found = Extremes(piece.bid_px, piece.ask_px)
            else:
                found = Extremes(getattr(piece, name))
            self._extremes[name] = found
        found.make(end)
        return found


def middle(bid: IntColumn, ask: IntColumn) -> IntColumn:
    """The middle of bids and asks, halves rounded down; both are below 2**62."""
    both: IntColumn = bid + ask
    both >>= 1
    return both
