"""A block's rows as changes of prices: which instrument each is of, and its doubled mid."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from offbook.domain.market_data import IntColumn
from offbook.services.reporting.drawdown import FITS, Levels
from offbook.services.reporting.market_scan import Block


class RowPrices:
    """Rows of one instrument, which is named by its place in the market.

    ``highest`` is its highest doubled mid.
    """

    def __init__(self, ts: IntColumn, place: int, twice_mid: IntColumn) -> None:
        self.ts = ts
        self.highest: dict[int, int] = {place: 0}
        self._place = place
        self._mid = twice_mid

    def part(self, begin: int, end: int) -> RowPrices:
        """Rows ``begin`` to ``end``."""
        return RowPrices(self.ts[begin:end], self._place, self._mid[begin:end])

    def column(self, place: int, before: int) -> IntColumn | int:
        """The doubled mid of an instrument at each row, ``before`` them it was that; one number
        where no row changes it."""
        return self._mid if place == self._place else before

    def levels(self, shares: Mapping[int, int], now: int) -> Levels:
        """The sum of ``share * twice_mid`` at each row; ``now`` is the sum before them.

        One instrument's share is 1 or -1, since the slope is what is held of it.
        """
        return self._mid if shares[self._place] > 0 else -self._mid

    def leave(self, mids: IntColumn) -> None:
        """Write down the last mids."""
        mids[self._place] = self._mid[-1]


class MixedRowPrices(RowPrices):
    """Rows of several instruments, each with the change of price that it brings."""

    def __init__(
        self,
        ts: IntColumn,
        which: IntColumn,
        twice_mid: IntColumn,
        change: IntColumn,
        highest: dict[int, int],
    ) -> None:
        self.ts = ts
        self.highest = highest
        self._which = which
        self._mid = twice_mid
        self._change = change

    def part(self, begin: int, end: int) -> MixedRowPrices:
        return MixedRowPrices(
            self.ts[begin:end],
            self._which[begin:end],
            self._mid[begin:end],
            self._change[begin:end],
            self.highest,
        )

    def column(self, place: int, before: int) -> IntColumn | int:
        own = np.flatnonzero(self._which == place)
        if not len(own):
            return before
        last = np.searchsorted(own, np.arange(len(self.ts)), side="right") - 1
        return np.where(last >= 0, self._mid[own[last]], before)

    def levels(self, shares: Mapping[int, int], now: int) -> Levels:
        most = sum(abs(share) * self.highest[place] for place, share in shares.items())
        if most < FITS:
            each = np.zeros(max(self.highest) + 1, dtype=np.int64)
            each[list(shares)] = list(shares.values())
            fitting: Levels = np.cumsum(each[self._which] * self._change) + now
            return fitting
        exact = np.zeros(max(self.highest) + 1, dtype=object)
        for place, share in shares.items():
            exact[place] = share
        wide: Levels = np.cumsum(exact[self._which] * self._change.astype(object)) + now
        return wide

    def leave(self, mids: IntColumn) -> None:
        # Of several rows of one instrument the last stays.
        mids[self._which] = self._mid


def prices_by_row(block: Block, places: Mapping[str, int], mids: IntColumn) -> RowPrices:
    """The rows of a block; ``mids`` are the doubled mids before it."""
    if len(block.parts) == 1:
        (part,) = block.parts
        return RowPrices(block.ts, places[part.symbol], part.prices.twice_mid)
    length = len(block.ts)
    which, twice_mid, change = (np.empty(length, dtype=np.int64) for _ in range(3))
    highest = {}
    for part in block.parts:
        place, mid = places[part.symbol], part.prices.twice_mid
        before = int(mids[place])
        which[part.places] = place
        twice_mid[part.places] = mid
        change[part.places] = np.diff(mid, prepend=before)
        highest[place] = max(before, int(mid.max()))
    return MixedRowPrices(block.ts, which, twice_mid, change, highest)
