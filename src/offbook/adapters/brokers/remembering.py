"""A gateway that keeps the rows of small markets, for many sessions on the same ones in turn."""

from __future__ import annotations

import asyncio
import bisect
from typing import Final

from offbook.domain.calendars import TradingCalendar
from offbook.domain.config import MarketConfig, market_key
from offbook.domain.errors import GatewayUnavailable
from offbook.domain.market_data import MarketInfo, MarketSlice, MergedSlice, SourceSlice
from offbook.ports.gateway import FeedExtent, IBrokerGateway, MarketFeed

MEMORY_BYTES: Final = 256 << 20
"""Columns kept by default, of all markets together."""

_PIECE_ROWS: Final = 65_536
_LEAST_ROW_BYTES: Final = 24
"""A time, a price and a size: what a row takes at the least."""


def may_fit(extent: FeedExtent | None, memory_bytes: int = MEMORY_BYTES) -> bool:
    """Whether so many rows may be kept, as far as their number alone tells."""
    return extent is None or extent.rows * _LEAST_ROW_BYTES <= memory_bytes


class RememberingGateway:
    """An ``IBrokerGateway`` over another: the rows that a first session reads from its beginning on
    are kept, and given to the sessions after it without reading, checking or digesting again.

    A market whose columns take more than ``memory_bytes`` is read anew each time; of one with far
    too many rows nothing is kept to begin with.  What was kept
    stays as it was read, whatever becomes of the files: sessions get the rows that their data
    identity names.
    """

    def __init__(self, inner: IBrokerGateway, *, memory_bytes: int = MEMORY_BYTES) -> None:
        self._inner = inner
        self._left = memory_bytes
        self._kept: dict[str, _Rows] = {}
        self._too_large: set[str] = set()
        self._opening: dict[str, asyncio.Lock] = {}

    async def open(self, market: MarketConfig) -> MarketFeed:
        """The market, from memory where it is. Raises what the gateway below raises."""
        key = market_key(market)
        async with self._opening.setdefault(key, asyncio.Lock()):
            rows = self._kept.get(key)
            if rows is None and key not in self._too_large:
                feed = await self._inner.open(market)
                if not may_fit(feed.extent, self._left):
                    self._too_large.add(key)
                    return feed
                rows = self._kept[key] = _Rows(feed)
        return (
            await self._inner.open(market) if rows is None else RememberedFeed(self, market, rows)
        )

    async def open_anew(self, market: MarketConfig) -> MarketFeed:
        """The market past the memory."""
        return await self._inner.open(market)

    async def close(self) -> None:
        """Let everything go."""
        for rows in self._kept.values():
            await rows.feed.close()
        self._kept.clear()

    async def keep(self, market: MarketConfig, rows: _Rows, piece: MarketSlice) -> None:
        """Note one more piece, unless it is too much: then the market is forgotten."""
        size = _bytes_of(piece, rows)
        if size <= self._left:
            self._left -= size
            rows.add(piece, size)
            return
        key = market_key(market)
        self._left += rows.size
        self._too_large.add(key)
        self._kept.pop(key, None)
        rows.forget()
        await rows.feed.close()


class _Rows:
    """The rows of one market as far as they were read, and the feed that has the others."""

    def __init__(self, feed: MarketFeed) -> None:
        self.feed = feed
        self.info: MarketInfo = feed.info
        self.calendars: tuple[TradingCalendar, ...] = feed.calendars
        self.extent: FeedExtent | None = feed.extent
        self.size = 0
        self.whole = False
        self.counted: set[int] = set()
        self.forgotten = False
        self._pieces: list[MarketSlice] = []
        self._starts: list[int] = []

    @property
    def end(self) -> int:
        """The position after the last row that is kept."""
        return self._starts[-1] + len(self._pieces[-1]) if self._pieces else 0

    def add(self, piece: MarketSlice, size: int) -> None:
        self._pieces.append(piece)
        self._starts.append(piece.start)
        self.size += size

    def at(self, row: int, limit: int) -> MarketSlice | None:
        """At most ``limit`` kept rows from ``row`` on."""
        if row >= self.end:
            return None
        place = bisect.bisect_right(self._starts, row) - 1
        piece = self._pieces[place]
        begin = row - piece.start
        return piece.rows(begin, min(begin + limit, len(piece)))

    def forget(self) -> None:
        """Too much to keep: whoever reads it goes on with the feed."""
        self.forgotten = True
        self._pieces.clear()
        self._starts.clear()


class RememberedFeed:
    """A ``MarketFeed`` of rows that are kept, or are being kept as it reads them."""

    def __init__(self, gateway: RememberingGateway, market: MarketConfig, rows: _Rows) -> None:
        self._gateway = gateway
        self._market = market
        self._rows = rows
        self._own: MarketFeed | None = None
        self._closed = False

    @property
    def info(self) -> MarketInfo:
        """That of the first feed."""
        return self._rows.info

    @property
    def calendars(self) -> tuple[TradingCalendar, ...]:
        """Those of the first feed."""
        return self._rows.calendars

    @property
    def extent(self) -> FeedExtent | None:
        """That of the first feed."""
        return self._rows.extent

    async def read(self, row: int, limit: int) -> MarketSlice | None:
        """Rows from ``row`` on, as the feed below gives them; raises what it raises."""
        if row < 0 or limit < 1:
            raise ValueError(f"read(row={row}, limit={limit}): expected row >= 0 and limit >= 1")
        if self._closed:
            raise GatewayUnavailable("the market was closed", market=self._market.source)
        rows = self._rows
        while not rows.forgotten:
            found = rows.at(row, limit)
            if found is not None or rows.whole:
                return found
            before = rows.end
            piece = await rows.feed.read(before, _PIECE_ROWS)
            if rows.end != before or rows.forgotten:
                continue  # another reader was faster
            if piece is None:
                rows.whole = True
                await rows.feed.close()
                return None
            await self._gateway.keep(self._market, rows, piece)
        if self._own is None:
            self._own = await self._gateway.open_anew(self._market)
        return await self._own.read(row, limit)

    async def close(self) -> None:
        """What is kept stays with the gateway."""
        self._closed = True
        if self._own is not None:
            await self._own.close()


def _bytes_of(piece: MarketSlice, rows: _Rows) -> int:
    """What the piece takes; columns that several pieces share count once."""
    if not isinstance(piece, MergedSlice):
        return _columns(piece)
    size = piece.ts.nbytes + piece.which.nbytes + piece.index.nbytes
    for part in piece.pieces:
        mark = id(part.ts.base if part.ts.base is not None else part.ts)
        if mark not in rows.counted:
            rows.counted.add(mark)
            size += _columns(part)
    return size


def _columns(piece: SourceSlice) -> int:
    return sum(getattr(piece, name).nbytes for name in piece.present)
