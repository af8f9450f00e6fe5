"""One pass over a recording beside an account's path: marks, extremes and drawdowns.

Rows come in blocks and are let go again; what is kept grows with the samples asked for and the
fills, never with the recording.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

import msgspec
import numpy as np

from offbook.domain.errors import EngineFault
from offbook.domain.market_data import IntColumn, MergedSlice, QuoteSlice, SourceSlice, TradeSlice
from offbook.ports.gateway import MarketFeed
from offbook.services.reporting.account_path import AccountStep
from offbook.services.reporting.drawdown import DrawdownTracker

BLOCK_ROWS: Final = 65_536
"""Rows read at once: a few megabytes."""


class Prices(msgspec.Struct, frozen=True):
    """Rows as reports need them: int64 columns, times in ns UTC and prices in price units.

    A bar's bid and ask are both its close.  ``twice_high`` and ``twice_low`` are twice the highest
    and lowest price of a row: a bar's extremes, and a quote's mid for both.
    """

    ts: IntColumn
    bid: IntColumn
    ask: IntColumn
    twice_high: IntColumn
    twice_low: IntColumn

    @property
    def twice_mid(self) -> IntColumn:
        """Bid plus ask; below 2**63, for each is below 2**62."""
        return self.bid + self.ask

    def part(self, begin: int, end: int) -> Prices:
        """Rows ``begin`` to ``end``, without copying."""
        return Prices(
            self.ts[begin:end],
            self.bid[begin:end],
            self.ask[begin:end],
            self.twice_high[begin:end],
            self.twice_low[begin:end],
        )


def prices_of(piece: SourceSlice) -> Prices:
    """The columns of a slice that reports need."""
    if isinstance(piece, QuoteSlice):
        twice = piece.bid_px + piece.ask_px
        return Prices(piece.ts, piece.bid_px, piece.ask_px, twice, twice)
    if isinstance(piece, TradeSlice):
        twice = 2 * piece.price_px
        return Prices(piece.ts, piece.price_px, piece.price_px, twice, twice)
    close = piece.close_px
    return Prices(piece.ts, close, close, 2 * piece.high_px, 2 * piece.low_px)


async def blocks(
    feed: MarketFeed, end_row: int, block_rows: int = BLOCK_ROWS
) -> AsyncIterator[Prices]:
    """The first ``end_row`` rows of a market, block by block. Raises what ``read`` raises."""
    row = 0
    while row < end_row:
        piece = await feed.read(row, min(block_rows, end_row - row))
        if piece is None:
            return
        if isinstance(piece, MergedSlice):
            raise EngineFault("a report covers one source", reason="several_sources")
        yield prices_of(piece)
        row = piece.start + len(piece)


class Marks:
    """The last bid and ask at or before each of many moments.

    ``times`` (ns UTC) need not be sorted and may repeat; answers come in the same order.
    """

    def __init__(self, times: Sequence[int]) -> None:
        wanted = np.array(times, dtype=np.int64)
        self._times, self._back = np.unique(wanted, return_inverse=True)
        self._bid = np.zeros(len(self._times), dtype=np.int64)
        self._ask = np.zeros(len(self._times), dtype=np.int64)
        self._done = 0
        self._last: tuple[int, int] | None = None

    def take(self, prices: Prices) -> None:
        """Look at the next rows."""
        if not len(prices.ts):
            return
        first = int(np.searchsorted(self._times, prices.ts[0], side="left"))
        self._carry(first)
        # The next block may begin at this one's last moment, so that one is asked again.
        end = int(np.searchsorted(self._times, prices.ts[-1], side="right"))
        if first < end:
            rows = np.searchsorted(prices.ts, self._times[first:end], side="right") - 1
            self._bid[first:end] = prices.bid[rows]
            self._ask[first:end] = prices.ask[rows]
        self._done = max(self._done, end)
        self._last = int(prices.bid[-1]), int(prices.ask[-1])

    def result(self) -> list[tuple[int, int] | None]:
        """(bid, ask) in price units for each time, None where no row had come yet."""
        self._carry(len(self._times))
        bid, ask = self._bid[self._back].tolist(), self._ask[self._back].tolist()
        return [(b, a) if a else None for b, a in zip(bid, ask, strict=True)]

    def _carry(self, until: int) -> None:
        """Times between the last row seen and the next have the last row's mark."""
        if self._last is not None and until > self._done:
            self._bid[self._done : until], self._ask[self._done : until] = self._last
        self._done = max(self._done, until)


class PathScan:
    """Goes through rows and an account's steps together.

    At one moment the account changes first and the rows of that moment are valued with what is
    held then.  Where no row is at a step's moment, the last row before it gives the mark.
    """

    def __init__(self, steps: Sequence[AccountStep], notional_scale: int) -> None:
        self._steps = steps
        self._times = np.array([step.ts for step in steps[1:]], dtype=np.int64)
        self._scale = notional_scale
        self._at = 0
        self._last_twice: int | None = None
        self.drawdown = DrawdownTracker(notional_scale)
        self.highest = np.full(len(steps), -1, dtype=np.int64)
        self.lowest = np.full(len(steps), -1, dtype=np.int64)
        self.first_ts: int | None = None
        self.first_twice: int | None = None
        self.last_twice: int | None = None

    def take(self, prices: Prices) -> None:
        """Look at the next rows."""
        if not len(prices.ts):
            return
        if self.first_ts is None:
            self.first_ts = int(prices.ts[0])
            self.first_twice = int(prices.twice_mid[0])
        begin = 0
        until = int(np.searchsorted(self._times, prices.ts[-1], side="right"))
        for index in range(self._at, until):
            end = int(np.searchsorted(prices.ts, self._times[index], side="left"))
            self._stretch(prices.part(begin, end))
            self._next_step(int(prices.ts[end]))
            begin = end
        self._stretch(prices.part(begin, len(prices.ts)))

    def finish(self, end_ts: int) -> None:
        """No more rows: take the steps up to ``end_ts`` that no row followed, and its moment."""
        while self._at < len(self._times) and int(self._times[self._at]) <= end_ts:
            self._next_step(None)
        if self._last_twice is not None:
            self._point(end_ts)
        self.last_twice = self._last_twice

    def _next_step(self, next_row_ts: int | None) -> None:
        self._at += 1
        ts = self._steps[self._at].ts
        if ts != next_row_ts and self._last_twice is not None:
            self._point(ts)
            self._extremes(self._last_twice, self._last_twice)

    def _point(self, ts: int) -> None:
        step = self._steps[self._at]
        assert self._last_twice is not None
        self.drawdown.point(ts, 2 * step.cash + step.qty * self._scale * self._last_twice)

    def _stretch(self, prices: Prices) -> None:
        if not len(prices.ts):
            return
        twice = prices.twice_mid
        self.drawdown.stretch(self._steps[self._at], prices.ts, twice)
        self._extremes(int(prices.twice_high.max()), int(prices.twice_low.min()))
        self._last_twice = int(twice[-1])

    def _extremes(self, high: int, low: int) -> None:
        at = self._at
        self.highest[at] = max(int(self.highest[at]), high)
        known = int(self.lowest[at])
        self.lowest[at] = low if known < 0 else min(known, low)
