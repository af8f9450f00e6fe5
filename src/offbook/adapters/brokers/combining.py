"""Several opened markets as one: their rows merged as they are read, a window of each in memory.

Rows are ordered by time; bars that ended come before quotes and trades of that moment, then the
order of the sources decides, then that of the rows (``offbook.domain.merging``).
"""

from __future__ import annotations

import asyncio
import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from offbook.domain.calendars import TradingCalendar
from offbook.domain.config import CombinedMarket, instruments_of, sources_of
from offbook.domain.config.market import SourceConfig
from offbook.domain.errors import BadMarketData, GatewayUnavailable
from offbook.domain.market_data import (
    SLICES,
    BarSlice,
    MarketInfo,
    MarketSlice,
    MergedSlice,
    SourceSlice,
)
from offbook.domain.merging import merge, rows_by_source, safe_horizon
from offbook.ports.gateway import FeedExtent, MarketFeed

MERGER_VERSION: Final = 1
"""Part of the identity: raised when the same sources would be merged otherwise."""
WINDOW: Final = 16_384
"""Rows of each source that are read at a time."""
CHECKPOINT_ROWS: Final = 65_536
"""About so many rows apart lie the places from which reading can go on without a new start."""


class CombinedFeed:
    """A ``MarketFeed`` over the feeds of its sources, which it owns and closes.

    Reading on is fast; a jump goes back to the nearest place that was passed before, and merges
    from there.
    """

    def __init__(self, market: CombinedMarket, feeds: Sequence[MarketFeed]) -> None:
        self._market = market
        self._sources = [
            _Source(feed, source) for feed, source in zip(feeds, market.sources, strict=True)
        ]
        calendars = {c.name: c for feed in feeds for c in feed.calendars}
        self._calendars = tuple(calendars.values())
        self._info = MarketInfo(
            sources=sources_of(market),
            instruments=instruments_of(market),
            data_identity=_digest(MERGER_VERSION, [feed.info.data_identity for feed in feeds]),
            calendar_identity=_digest(0, [calendar.digest() for calendar in self._calendars]),
            clock_stops=all(feed.info.clock_stops for feed in feeds),
        )
        self._lock = asyncio.Lock()
        self._piece: MergedSlice | None = None
        self._row = 0
        self._places = [(0, (0,) * len(feeds))]
        self._closed = False

    @property
    def info(self) -> MarketInfo:
        """Instruments, sources and identity of the data."""
        return self._info

    @property
    def calendars(self) -> tuple[TradingCalendar, ...]:
        """The trading hours of the instruments, each calendar once."""
        return self._calendars

    @property
    def extent(self) -> FeedExtent | None:
        """Rows, first and last time, where those of every source are known."""
        extents = [e for source in self._sources if (e := source.feed.extent) is not None]
        if len(extents) < len(self._sources):
            return None
        return FeedExtent(
            rows=sum(extent.rows for extent in extents),
            first_ts=min(extent.first_ts for extent in extents),
            last_ts=max(extent.last_ts for extent in extents),
        )

    async def read(self, row: int, limit: int) -> MarketSlice | None:
        """Rows from position ``row``, at least one and at most ``limit``; None past the end.

        Raises what the sources raise: all rows that are certain to come before are given first.
        """
        if row < 0 or limit < 1:
            raise ValueError(f"read(row={row}, limit={limit}): expected row >= 0 and limit >= 1")
        async with self._lock:
            self._require_open()
            piece = self._piece
            if piece is None or not piece.start <= row < piece.start + len(piece):
                piece = await self._piece_with(row)
        if piece is None:
            return None
        begin = row - piece.start
        return piece.rows(begin, min(begin + limit, len(piece)))

    async def close(self) -> None:
        """Close every source. Twice is allowed."""
        self._closed = True
        self._piece = None
        await close_all([source.feed for source in self._sources])

    async def _piece_with(self, row: int) -> MergedSlice | None:
        nearest = self._places[bisect_right(self._places, row, key=lambda place: place[0]) - 1]
        if row < self._row or nearest[0] > self._row:
            self._row = nearest[0]
            for source, position in zip(self._sources, nearest[1], strict=True):
                source.go_to(position)
        while (piece := await self._next()) is not None:
            if row < piece.start + len(piece):
                return piece
        return None

    async def _next(self) -> MergedSlice | None:
        """The next rows that are certain to be in order; None at the end of all sources."""
        if self._row - self._places[-1][0] >= CHECKPOINT_ROWS:
            self._places.append((self._row, tuple(source.position for source in self._sources)))
        for source in self._sources:
            if source.stands_still:
                await source.read_on()
        while True:
            self._require_open()
            windows = [source.window for source in self._sources]
            horizon = safe_horizon(windows, [source.done for source in self._sources])
            merged = merge(self._row, windows, horizon)
            if len(merged):
                break
            if horizon is None:
                return None
            for source in self._sources:
                if source.holds_up(horizon):
                    source.raise_trouble()
                    await source.read_on()
        for source, count in zip(self._sources, rows_by_source(merged), strict=True):
            source.take(count)
        self._row += len(merged)
        self._piece = merged
        return merged

    def _require_open(self) -> None:
        if self._closed:
            raise GatewayUnavailable("the market was closed", market=self._market.source)


class _Source:
    """One source: the rows read of it and not merged yet, the first of them at ``position``."""

    def __init__(self, feed: MarketFeed, config: SourceConfig) -> None:
        self.feed = feed
        none = np.zeros(0, dtype=np.int64)
        kind = SLICES[config.kind]
        self._nothing: SourceSlice = kind(config.instrument, 0, *(none for _ in kind.COLUMNS))
        self.go_to(0)

    def go_to(self, position: int) -> None:
        """Go on reading from another place."""
        self.position = position
        self.window = self._nothing
        self.done = False
        self._trouble: Exception | None = None

    @property
    def stands_still(self) -> bool:
        """Whether nothing in the window can be merged before more is read."""
        if self.done or self._trouble is not None:
            return False
        return len(self.window) == 0 or bool(self.window.ts[0] == self.window.ts[-1])

    def holds_up(self, horizon: int) -> bool:
        """Whether no source can get beyond ``horizon`` before more of this one is read."""
        return not self.done and (len(self.window) == 0 or int(self.window.ts[-1]) == horizon)

    async def read_on(self) -> None:
        """Read more rows into the window; trouble is kept until the rows before it are given."""
        try:
            more = await self.feed.read(self.position + len(self.window), WINDOW)
        except (BadMarketData, GatewayUnavailable) as trouble:
            self._trouble = trouble
            return
        if more is None:
            self.done = True
            return
        assert not isinstance(more, MergedSlice)
        self.window = _joined(self.window, more) if len(self.window) else more

    def raise_trouble(self) -> None:
        """Raise what went wrong; the next attempt reads again."""
        trouble, self._trouble = self._trouble, None
        if trouble is not None:
            raise trouble

    def take(self, count: int) -> None:
        """The first rows of the window are merged."""
        self.window = self.window.rows(count, len(self.window))
        self.position += count


async def close_all(feeds: Sequence[MarketFeed]) -> None:
    """Close every feed, also when closing one of them fails; the first failure is raised."""
    outcomes = await asyncio.gather(*(feed.close() for feed in feeds), return_exceptions=True)
    for outcome in outcomes:
        if outcome is not None:
            raise outcome


def _joined(one: SourceSlice, other: SourceSlice) -> SourceSlice:
    columns = {
        name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in one.COLUMNS
    }
    if not isinstance(one, BarSlice) and not isinstance(other, BarSlice):
        events = [part.ts_event for part in (one, other) if part.ts_event is not None]
        if len(events) == 2:
            columns["ts_event"] = np.concatenate(events)
    return type(one)(one.instrument, one.start, **columns)


def _digest(version: int, identities: Sequence[str]) -> str:
    return hashlib.sha256(msgspec.json.encode([version, *identities])).hexdigest()
