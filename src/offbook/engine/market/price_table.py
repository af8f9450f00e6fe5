"""Prices as Python numbers, made once for many rows.

A market comes to the same prices again and again: to look a number up and share it costs less than
to make it anew, and to take it away again, for every row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from offbook.domain.instruments import Instrument
from offbook.domain.market_data import IntColumn

LEAST_ROWS: Final = 256
"""Fewer rows are not worth looking at."""
REACH: Final = 256
"""How far the table goes beyond the prices for which it is made."""
WIDEST: Final = 256
"""Prices farther apart are not looked up: every session that is shown rows may have a table."""
PATIENCE: Final = 16
"""For how many blocks of rows a table must have stood before another is made: it costs about four
times what it saves in one."""


class PriceTable:
    """Numbers for the prices of one instrument, about where its market is."""

    def __init__(self, scale: int) -> None:
        """``scale`` units make 1."""
        self._scale = scale
        self._low = self._high = 0
        self._stood = PATIENCE
        self._units: npt.NDArray[np.object_] = np.empty(0, object)
        self._floats = self._units

    def numbers(
        self, columns: Sequence[IntColumn], low: IntColumn, high: IntColumn
    ) -> tuple[list[list[float]], list[list[int]]] | None:
        """Each column as floats, and each as integers; ``low`` holds the lowest of all their
        prices, ``high`` the highest. None where the table does not have them."""
        if len(low) < LEAST_ROWS or not self._covers(_least(low), _most(high)):
            return None
        places = [column - self._low for column in columns]
        floats: list[Any] = [self._floats.take(place).tolist() for place in places]
        return floats, [self._units.take(place).tolist() for place in places]

    def floats(self, columns: Sequence[IntColumn]) -> list[list[float]]:
        """Each column as floats, out of the table where it has them."""
        first, last = columns[0], columns[-1]  # the lowest of all, and the highest
        if len(first) < LEAST_ROWS or not self._covers(_least(first), _most(last)):
            return [(column / self._scale).tolist() for column in columns]
        return [self._floats.take(column - self._low).tolist() for column in columns]

    def _covers(self, low: int, high: int) -> bool:
        """Whether the table has all prices from one to another, now if not before."""
        self._stood += 1
        if self._low <= low and high < self._high:
            return True
        if self._stood < PATIENCE or high - low > WIDEST:
            return False
        self._low, self._high, self._stood = low - REACH, high + REACH + 1, 0
        units = np.arange(self._low, self._high)
        self._units = units.astype(object)
        self._floats = (units / self._scale).astype(object)
        return True


def _least(column: IntColumn) -> int:
    # As the methods do it, without their detour: for some hundred rows that takes as long.
    return int(np.minimum.reduce(column))


def _most(column: IntColumn) -> int:
    return int(np.maximum.reduce(column))


class PriceTables:
    """One table for each instrument."""

    def __init__(self) -> None:
        self._tables: dict[str, PriceTable] = {}

    def of(self, instrument: Instrument) -> PriceTable:
        """The table of an instrument, the same each time."""
        table = self._tables.get(instrument.symbol)
        if table is None:
            table = PriceTable(10**instrument.price_precision)
            self._tables[instrument.symbol] = table
        return table
