"""An account's equity at every row of its market, against its peaks."""

from __future__ import annotations

import numpy as np

from offbook.services.reporting.account_path import AccountPath, Restatement
from offbook.services.reporting.drawdown import DrawdownTracker
from offbook.services.reporting.equity_levels import FixedRates, MovingRates, rates_stand
from offbook.services.reporting.market_scan import Block
from offbook.services.reporting.restatements import restated_mark
from offbook.services.reporting.row_prices import RowPrices, prices_by_row


class EquityScan:
    """Goes through a market's blocks and an account's steps together.

    At one moment the account changes first and the rows of that moment are valued with what is
    held then.  Where no row is at a step's moment, the last rows before it give the marks.  The
    opening is the first moment of all, so that a fill of the first row is a fall from it.
    """

    def __init__(self, path: AccountPath) -> None:
        self._steps = path.steps
        self._restated = path.restated
        self._times = np.array([step.ts for step in path.steps[1:]], dtype=np.int64)
        self._places = {found.symbol: place for place, found in enumerate(path.instruments)}
        self._mids = np.zeros(len(path.instruments), dtype=np.int64)
        self._levels = FixedRates(path) if rates_stand(path) else MovingRates(path)
        self._at = 0
        self._seen = False
        self.drawdown = DrawdownTracker(self._levels.unit)

    def take(self, block: Block) -> None:
        """Look at the next rows."""
        if not self._seen and not self._steps[0].positions:
            equity = self._levels.equity(self._steps[0], self._mids.tolist())
            self.drawdown.point(int(block.ts[0]), equity)
        first = int(block.ts[0])
        while self._at < len(self._times) and int(self._times[self._at]) <= first:
            self._next_step(first)  # before the marks are looked at: a split restates them
        rows = prices_by_row(block, self._places, self._mids)
        until = int(np.searchsorted(self._times, block.ts[-1], side="right"))
        moments = self._times[self._at : until]
        begin = 0
        for end in np.searchsorted(block.ts, moments, side="left").tolist():
            self._stretch(rows, begin, end)
            self._next_step(int(block.ts[end]))
            begin = end
        self._stretch(rows, begin, len(block.ts))

    def finish(self, end_ts: int) -> None:
        """No more rows: take the steps up to ``end_ts`` that no row followed, and its moment."""
        while self._at < len(self._times) and int(self._times[self._at]) <= end_ts:
            self._next_step(None)
        if self._seen:
            self._point(end_ts)

    def _next_step(self, next_row_ts: int | None) -> None:
        self._at += 1
        ts = self._steps[self._at].ts
        for one in self._restated:
            if one.ts == ts:
                self._restate(one)
        if ts != next_row_ts and self._seen:
            self._point(ts)

    def _restate(self, one: Restatement) -> None:
        old, new = self._places[one.symbol], self._places[one.new_symbol]
        if self._mids[old]:
            self._mids[old] = restated_mark(int(self._mids[old]), one)
        self._mids[new] = self._mids[new] or self._mids[old]

    def _point(self, ts: int) -> None:
        equity = self._levels.equity(self._steps[self._at], self._mids.tolist())
        self.drawdown.point(ts, equity)

    def _stretch(self, rows: RowPrices, begin: int, end: int) -> None:
        """Rows ``begin`` to ``end`` of a block, with the account as it stands."""
        if begin == end:
            return
        part = rows.part(begin, end)
        self._levels.stretch(self.drawdown, self._steps[self._at], part, self._mids.tolist())
        part.leave(self._mids)
        self._seen = True
