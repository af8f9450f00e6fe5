"""What all slices of market data are: rows of one instrument in columns, at their positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from offbook.domain.errors import BadMarketData
from offbook.domain.instruments import Instrument
from offbook.domain.row_index import RowIndex
from offbook.domain.rows import MadeBooks, MadeRows, MadeStretches
from offbook.domain.values import MAX_UNITS

IntColumn = npt.NDArray[np.int64]


class Columns:
    """Rows of one instrument in columns, immutable by convention.

    ``start`` is the position of the first row in the market; the others follow it without gaps
    unless ``numbers`` gives the position of each.  ``index``, where there is one, tells the lowest
    and highest prices of blocks of rows; the first row is row ``offset`` of what it is made of.
    ``made`` may hold the same rows as objects, and ``stretches`` and ``books``, which count rows as
    an index does, what some of them come to as bars, and the books that rows of depth leave.
    """

    __slots__ = (
        "books", "index", "instrument", "made", "numbers", "offset", "start", "stretches", "ts",
    )  # fmt: skip

    COLUMNS: ClassVar[tuple[str, ...]]
    """The columns that every such slice has, in the order of the constructor."""

    books: MadeBooks | None
    instrument: Instrument
    index: RowIndex | None
    made: MadeRows | None
    numbers: IntColumn | None
    offset: int
    start: int
    stretches: MadeStretches | None
    ts: IntColumn
    ts_event: IntColumn | None
    """When the venue had each row, where that is told (ns UTC)."""

    @property
    def present(self) -> tuple[str, ...]:
        """The columns that this slice has: those of every such slice, and the venue's times."""
        return self.COLUMNS if self.ts_event is None else (*self.COLUMNS, "ts_event")

    def _begin(self, instrument: Instrument, start: int, ts: IntColumn) -> None:
        """What every slice has, and as yet nothing that is shared or found out of its rows."""
        self.instrument = instrument
        self.books = self.index = self.made = self.numbers = self.stretches = None
        self.offset = 0
        self.start = start
        self.ts = ts

    def __len__(self) -> int:
        return len(self.ts)

    def rows(self, begin: int, end: int, numbers: IntColumn | None = None) -> Self:
        """Rows ``begin`` to ``end`` of this slice (places within it), without copying; at other
        positions of the market where ``numbers`` gives some."""
        part = self._part(begin, end)
        part.index, part.offset = self.index, self.offset + begin
        part.stretches, part.books = self.stretches, self.books
        if numbers is None and self.numbers is not None:
            numbers = self.numbers[begin:end]
        if numbers is None:
            part.start, part.made = self.start + begin, self.made
        else:
            part.numbers, part.start = numbers, int(numbers[0]) if len(numbers) else 0
        return part

    def numbered(self, numbers: IntColumn) -> Self:
        """The same rows at these positions of the market."""
        return self.rows(0, len(self), numbers)

    def positions(self) -> Sequence[int]:
        """The position of each row in the market."""
        if self.numbers is not None:
            numbers: list[int] = self.numbers.tolist()
            return numbers
        return range(self.start, self.start + len(self))

    def position(self, index: int) -> int:
        """The position of one row in the market."""
        return self.start + index if self.numbers is None else int(self.numbers[index])

    def indexed(self) -> Self:
        """The same rows with an index, which is made as far as it is used; of ticks.

        Worth it for long slices that are read more than once, or of which most is passed over.
        """
        whole = self.rows(0, len(self))
        if self.index is None:
            whole.index, whole.offset, whole.stretches = RowIndex(self), 0, None
        return whole

    def _part(self, begin: int, end: int) -> Self:
        raise NotImplementedError


def check_columns(columns: Sequence[IntColumn], start: int) -> None:
    """Raise BadMarketData unless columns are int64, of one length, within bounds, and the first of
    them, session time, never decreases."""
    length = len(columns[0])
    for column in columns:
        if column.dtype != np.int64 or len(column) != length:
            raise BadMarketData("market columns must be int64 and of one length")
        if length and not -MAX_UNITS < int(np.min(column)) <= int(np.max(column)) < MAX_UNITS:
            raise BadMarketData(f"a market column exceeds 2**62 after row {start}")
    if length and bool(np.any(np.diff(columns[0]) < 0)):
        raise BadMarketData(f"session time runs backwards after row {start}")
