"""Rows as objects, made once for all sessions of a market."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from offbook.domain.market_data import SourceSlice
from offbook.engine.rows.rows import Row, rows_of

KEPT: Final = 8
"""Of how many chunks rows are kept as objects: about as many as sessions that are shown every row
are apart, when none of them lags."""
FEW: Final = 32
"""So few rows are made by whoever needs them, unless they are here."""


class RowsMaker:
    """Keeps the objects of the chunks that were asked for last.

    While ``shared`` is False rows are not kept: a single session had better make its own, each as
    it needs it.
    """

    def __init__(self) -> None:
        self.shared = False
        self._kept: deque[SharedRows] = deque()

    def keep(self, rows: SharedRows) -> None:
        """Rows of one more chunk are made; those that were made first are forgotten."""
        self._kept.append(rows)
        if len(self._kept) > KEPT:
            self._kept.popleft().forget()


class SharedRows:
    """The rows of one chunk of a market's only source, as far as somebody asked for them."""

    def __init__(
        self, start: int, view: Callable[[int, int], SourceSlice], maker: RowsMaker
    ) -> None:
        """``view`` gives rows of the chunk, by their places in it."""
        self._start = start
        self._view = view
        self._maker = maker
        self._rows: list[Row] = []

    def of(self, first: int, count: int) -> list[Row] | None:
        """So many rows from position ``first`` on; None for few that are not made yet."""
        begin, made = first - self._start, len(self._rows)
        end = begin + count
        if end > made:
            if count < FEW or not self._maker.shared:
                return None
            if not made:
                self._maker.keep(self)
            self._rows += rows_of(self._view(made, end))
        return self._rows[begin:end]

    def forget(self) -> None:
        """Let the objects go; they are made again if somebody asks."""
        self._rows = []
