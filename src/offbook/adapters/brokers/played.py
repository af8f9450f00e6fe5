"""A recording played as if it were live: one market that many sessions share."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec
import numpy as np

from offbook.domain.calendars import TradingCalendar
from offbook.domain.config import MarketConfig, parse_speed
from offbook.domain.market_data import Cursor, MarketInfo, MarketSlice
from offbook.ports.clock import IClock
from offbook.ports.gateway import IBrokerGateway, MarketFeed
from offbook.ports.live import Arrived, ClockAdvance, MarketEntry

BLOCK_ROWS: Final = 4096
_NS: Final = 1_000_000_000


class PlayedGateway:
    """An ``ILiveGateway`` that plays what another gateway opens, from the first row to the last.

    A market stands at its first row until ``play``, so that all who are to see that can join.
    From then on it is played at ``speed`` seconds per second (decimal text), or as fast as the
    slowest of its sessions follows (None).  Its rows keep their times.
    """

    def __init__(
        self, recorded: IBrokerGateway, *, clock: IClock, speed: str | None = None
    ) -> None:
        """Raises InvalidConfig for a speed that is no positive number."""
        self.endless = False
        self._recorded = recorded
        self._clock = clock
        self._ratio = parse_speed(speed)
        self._playing = asyncio.Event()

    def play(self) -> None:
        """Let the markets run, those that are connected to and those that will be."""
        self._playing.set()

    async def connect(self, market: MarketConfig, after: Cursor) -> PlayedMarket:
        """Open a recording, to go on after what was played of it before.

        Raises what its gateway raises.
        """
        feed = await self._recorded.open(market)
        try:
            first = await feed.read(after.row, BLOCK_ROWS)
        except BaseException:
            await feed.close()
            raise
        start = after.ts if first is None else max(int(first.ts[0]), after.ts)
        return PlayedMarket(feed, first, start, self._playing, self._clock, self._ratio)


class PlayedMarket:
    """One recording being played: a ``LiveMarket``."""

    def __init__(
        self,
        feed: MarketFeed,
        first: MarketSlice | None,
        start: int,
        playing: asyncio.Event,
        clock: IClock,
        ratio: Decimal | None,
    ) -> None:
        self.info: MarketInfo = msgspec.structs.replace(feed.info, clock_stops=False)
        self.waits = ratio is None
        self._feed = feed
        self._next = first
        self._time = start
        self._playing = playing
        self._clock = clock
        self._ratio = ratio
        self._from: tuple[int, float] | None = None

    @property
    def calendars(self) -> tuple[TradingCalendar, ...]:
        """The trading hours of the instruments."""
        return self._feed.calendars

    def now(self) -> int:
        """What has been played to: the last row's time, or by the pace where there is one, though
        never past the next row."""
        if self._from is not None and self._ratio is not None:
            reached = self._paced(self._from, self._ratio)
            if self._next is not None:
                reached = min(reached, int(self._next.ts[0]))
            self._time = max(self._time, reached)
        return self._time

    def seconds_until(self, ts: int) -> float | None:
        """By the pace; None without one, and while the market stands."""
        if self._ratio is None:
            return None
        if self._from is None:
            return 1.0
        return float(Decimal(max(ts - self.now(), 0)) / _NS / self._ratio)

    async def receive(self) -> Sequence[MarketEntry]:
        """The next rows, as soon as their time has come; empty after the last."""
        await self._playing.wait()
        if self._from is None:
            self._from = (self._time, self._clock.monotonic())
        rows = self._next
        if rows is None:
            return ()
        count = len(rows)
        if self._ratio is not None:
            count = await self._until_due(rows, self._from, self._ratio)
        if count < len(rows):
            rows, self._next = rows.rows(0, count), rows.rows(count, len(rows))
        else:
            self._next = await self._feed.read(rows.start + count, BLOCK_ROWS)
        self._time = max(self._time, int(rows.ts[-1]))
        # What is due before the next row is due now, for that is known to be later.
        entries: list[MarketEntry] = [Arrived(rows)]
        if self._ratio is None and self._next is not None and self._next.ts[0] > rows.ts[-1]:
            entries.append(ClockAdvance(int(self._next.ts[0]) - 1))
        return entries

    async def close(self) -> None:
        """Let the recording go."""
        await self._feed.close()

    def _paced(self, begun: tuple[int, float], ratio: Decimal) -> int:
        """The time up to which rows are due (ns UTC)."""
        ts, wall = begun
        return ts + int(Decimal(self._clock.monotonic() - wall) * ratio * _NS)

    async def _until_due(self, rows: MarketSlice, begun: tuple[int, float], ratio: Decimal) -> int:
        """Wait until rows are due; how many are."""
        first = int(rows.ts[0])
        while (reached := self._paced(begun, ratio)) < first:
            await self._clock.sleep(max(float(Decimal(first - reached) / _NS / ratio), 1e-6))
        return int(np.searchsorted(rows.ts, reached, side="right"))
