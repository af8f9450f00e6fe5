"""How long a recording's rows took from the venue to the recorder."""

from __future__ import annotations

from typing import Final

import numpy as np

from offbook.domain.market_data import IntColumn, SourceSlice

QUANTILES: Final = 64
"""So many equally likely delays tell how they are distributed."""


class Delays:
    """Receipt less the venue's time, row by row; 8 bytes are kept of each row."""

    def __init__(self) -> None:
        self._parts: list[IntColumn] = []

    def take(self, piece: SourceSlice) -> None:
        """Rows of a source that has both times; others are passed over."""
        if piece.ts_event is not None:
            self._parts.append(piece.ts - piece.ts_event)

    def quantiles(self) -> tuple[int, ...] | None:
        """Equally likely delays in ascending order (ns), below 0 where the clocks disagree; None
        where the rows do not have both times.  Entry k is the row at (k + 1/2) / 64 of all."""
        if not self._parts:
            return None
        ordered = np.sort(np.concatenate(self._parts))
        places = (2 * np.arange(QUANTILES) + 1) * len(ordered) // (2 * QUANTILES)
        return tuple(ordered[places].tolist())
