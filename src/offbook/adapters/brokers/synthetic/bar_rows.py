"""Bars of the walk: what a recorder of trades would have made of it."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

import msgspec
import numpy as np

from offbook.adapters.brokers.synthetic.quote_rows import end_of, walk_length
from offbook.adapters.brokers.synthetic.tables import bits
from offbook.adapters.brokers.synthetic.walk import PAGE_ROWS, Page, Walk
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import BarSlice, IntColumn
from offbook.domain.synthetic import MAX_STEPS_IN_BARS

_SHARE_BITS: Final = 6


class _Trades(msgspec.Struct, frozen=True):
    """One trade a row of the walk: the bar that it falls into, price and size."""

    cells: IntColumn
    px: IntColumn
    qty: IntColumn

    def rows(self, begin: int, end: int) -> _Trades:
        return _Trades(self.cells[begin:end], self.px[begin:end], self.qty[begin:end])


class BarRows:
    """The bars of a market by number; where no row falls into a timeframe there is none.

    Each row of the walk is one trade at bid or ask, of a part of the size shown there.  How many
    bars begin in each page is counted once, from the times alone.  Raises InvalidConfig where the
    market's hours do not suffice.
    """

    def __init__(self, walk: Walk, instrument: Instrument) -> None:
        timeframe = walk.recipe.timeframe_ns
        assert timeframe is not None
        self._walk = walk
        self._instrument = instrument
        self._timeframe = timeframe
        self._first_bars = [0]
        self._last_cells = [-1]
        self._kept: tuple[int, _Trades] | None = None
        rows = walk.recipe.rows
        if rows is None:
            self._steps = walk_length(walk, None, MAX_STEPS_IN_BARS)
            self.total = self._count_all()
        else:
            self._steps = min(walk.rows, MAX_STEPS_IN_BARS)
            self.total = self._count_to(rows)

    def piece(self, row: int) -> BarSlice:
        """The bars that begin in the same page of the walk as ``row`` does."""
        number = bisect_right(self._first_bars, row) - 1
        begun = self._first_bars[number]
        here = self._trades(number)
        carried = int(np.searchsorted(here.cells, self._last_cells[number], side="right"))
        parts = [here.rows(carried, len(here.cells))]
        last = int(here.cells[-1])
        while (number := number + 1) * PAGE_ROWS < self._steps:
            # The last bar goes on until another begins.
            more = self._trades(number)
            belonging = int(np.searchsorted(more.cells, last, side="right"))
            parts.append(more.rows(0, belonging))
            if belonging < len(more.cells):
                break
        whole = self._bars(begun, parts)
        return whole.rows(0, min(len(whole), self.total - begun))

    def last_ts(self) -> int:
        """Session time of the last bar (ns UTC)."""
        return int(self.piece(self.total - 1).rows(0, self.total).ts[-1])

    def _bars(self, begun: int, parts: list[_Trades]) -> BarSlice:
        cells = np.concatenate([part.cells for part in parts])
        px = np.concatenate([part.px for part in parts])
        qty = np.concatenate([part.qty for part in parts])
        begins = np.flatnonzero(np.diff(cells, prepend=-1))
        ends = np.append(begins[1:], len(cells)) - 1
        opened = cells[begins]
        return BarSlice(
            self._instrument,
            begun,
            ts=self._walk.time.cell_ends(opened, self._timeframe),
            ts_open=opened,
            open_px=px[begins],
            high_px=np.maximum.reduceat(px, begins),
            low_px=np.minimum.reduceat(px, begins),
            close_px=px[ends],
            volume_qty=np.add.reduceat(qty, begins),
        )

    def _trades(self, number: int) -> _Trades:
        """A page as trades; the last one made is kept, for the next piece begins with it."""
        if self._kept is not None and self._kept[0] == number:
            return self._kept[1]
        page = self._walk.page(number).cut(self._steps - number * PAGE_ROWS)
        trades = _Trades(self._cells(number, page), *self._traded(page))
        self._kept = (number, trades)
        return trades

    def _cells(self, number: int, page: Page) -> IntColumn:
        return self._walk.time.cells(page.ts, page.sessions, self._timeframe)

    def _traded(self, page: Page) -> tuple[IntColumn, IntColumn]:
        """Prices and sizes: which side, and how many 64ths of what it shows, the draws say."""
        grain = self._walk.recipe.size_grain
        at_ask = bits(page.draws, 0, 1) == 1
        shown = np.where(at_ask, page.ask_qty, page.bid_qty) // grain
        taken = shown * bits(page.draws, 1, (1 << _SHARE_BITS) - 1) >> _SHARE_BITS
        return np.where(at_ask, page.ask_px, page.bid_px), np.maximum(taken, 1) * grain

    def _count_to(self, rows: int) -> int:
        """Count on until so many bars are complete."""
        # Without a step there is no bar, so counting would be in vain for more of them.
        pages = -(-self._steps // PAGE_ROWS) if rows <= self._steps else 0
        while self._first_bars[-1] <= rows and len(self._first_bars) <= pages:
            self._count_page()
        if self._first_bars[-1] < rows:
            raise InvalidConfig(
                f"market.rows={rows}: there is room for {self._steps} steps of "
                f"{self._walk.recipe.step_ns} ns, and they make fewer bars: lengthen step_ns, "
                "or begin earlier",
                field="market.rows",
            )
        return rows

    def _count_all(self) -> int:
        """Count the bars that are complete when the market ends."""
        while len(self._first_bars) <= -(-self._steps // PAGE_ROWS):
            self._count_page()
        last = np.array(self._last_cells[-1:], dtype=np.int64)
        known = int(self._walk.time.cell_ends(last, self._timeframe)[0])
        total = self._first_bars[-1] - (known > end_of(self._walk.recipe))
        if not total:
            raise InvalidConfig(
                "market.duration_ns: no bar is complete in that time", field="market.duration_ns"
            )
        return total

    def _count_page(self) -> None:
        number = len(self._first_bars) - 1
        ts, sessions = self._walk.times(number)
        cells = self._walk.time.cells(ts, sessions, self._timeframe)
        cells = cells[: self._steps - number * PAGE_ROWS]
        begun = int(np.count_nonzero(np.diff(cells, prepend=self._last_cells[-1])))
        self._first_bars.append(self._first_bars[-1] + begun)
        self._last_cells.append(int(cells[-1]))
