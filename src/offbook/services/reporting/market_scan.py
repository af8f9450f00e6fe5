"""A market's rows as reports need them: block by block, the rows that give prices alone.

Rows come in blocks and are let go again; what is kept grows with the samples asked for and the
fills, never with the recording.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np

from offbook.domain.calendars import TradingCalendar
from offbook.domain.config import BookStart, CorporateAction
from offbook.domain.market_data import (
    IntColumn,
    MarketInfo,
    MarketSlice,
    MergedSlice,
    QuoteSlice,
    SourceSlice,
    StatusSlice,
    TradeSlice,
)
from offbook.engine.books.books import BOOK_SLICES, book_for
from offbook.ports.gateway import MarketFeed
from offbook.services.paper_trading.opening import joined_of
from offbook.services.reporting.book_tops import BookTops

BLOCK_ROWS: Final = 65_536
"""Rows read at once: a few megabytes."""


class Prices(msgspec.Struct, frozen=True):
    """Rows of one instrument: int64 columns, times in ns UTC and prices in price units.

    A bar's bid and ask are both its close.  ``twice_mid`` is bid plus ask, below 2**63, for each
    is below 2**62.  ``twice_high`` and ``twice_low`` are twice the highest and lowest price of a
    row: a bar's extremes, and a quote's mid for both.
    """

    ts: IntColumn
    bid: IntColumn
    ask: IntColumn
    twice_mid: IntColumn
    twice_high: IntColumn
    twice_low: IntColumn


class Part(msgspec.Struct, frozen=True):
    """One instrument's rows in a block: ``places`` are theirs among the block's rows, None where
    the block has no others."""

    symbol: str
    prices: Prices
    places: IntColumn | None


class Block(msgspec.Struct, frozen=True):
    """Consecutive rows that give prices, of all instruments; at least one. Times in ns UTC."""

    ts: IntColumn
    parts: tuple[Part, ...]


def prices_of(piece: SourceSlice) -> Prices:
    """The columns of a slice that reports need."""
    if isinstance(piece, QuoteSlice):
        twice = piece.bid_px + piece.ask_px
        return Prices(piece.ts, piece.bid_px, piece.ask_px, twice, twice, twice)
    if isinstance(piece, TradeSlice):
        twice = 2 * piece.price_px
        return Prices(piece.ts, piece.price_px, piece.price_px, twice, twice, twice)
    if isinstance(piece, StatusSlice):
        raise TypeError("a status has no price")
    if isinstance(piece, BOOK_SLICES):
        raise TypeError("single updates of a book have no price: take them to BookTops")
    close = piece.close_px
    return Prices(piece.ts, close, close, 2 * close, 2 * piece.high_px, 2 * piece.low_px)


async def blocks(
    feed: MarketFeed,
    end_row: int,
    block_rows: int = BLOCK_ROWS,
    book_start: BookStart = BookStart.SNAPSHOT,
    actions: Sequence[CorporateAction] = (),
) -> AsyncIterator[Block]:
    """The rows of a market before ``end_row``, from the first or from where a session joined it,
    without those of sources that give no price.

    Of a book there is a row where a message ends, with its best bid and ask as the engine had them;
    none from one of the ``actions`` on until it is told anew.
    Raises what ``read`` raises.
    """
    joined = joined_of(feed)
    row = 0 if joined is None else joined.row
    tops = books_of(feed.info, book_start, effects_of(feed.info, feed.calendars, actions))
    for known in joined.books or () if joined is not None else ():
        tops[known.symbol].know(known, book_start)
    while row < end_row:
        piece = await feed.read(row, min(block_rows, end_row - row))
        if piece is None:
            return
        block = block_of(piece, feed.info, tops)
        if len(block.ts):
            yield block
        row = piece.start + len(piece)


def effects_of(
    info: MarketInfo, calendars: Sequence[TradingCalendar], actions: Sequence[CorporateAction]
) -> dict[str, list[int]]:
    """When actions on each instrument take effect (ns UTC); nothing of one without any."""
    named = {one.name: one for one in calendars}
    hours = {one.symbol: named[one.calendar] for one in info.instruments}
    found: dict[str, list[int]] = {}
    for action in actions:
        found.setdefault(action.symbol, []).append(action.takes_effect(hours[action.symbol]))
    return found


def books_of(
    info: MarketInfo, book_start: BookStart, dropped: Mapping[str, Sequence[int]]
) -> dict[str, BookTops]:
    """A book, still empty, of each instrument that a book prices; when each is ``dropped``."""
    kinds = {symbol: info.sources[place].kind for symbol, place in info.pricing_sources().items()}
    return {
        one.symbol: BookTops(
            book_for(kinds[one.symbol], one, book_start), dropped.get(one.symbol, ())
        )
        for one in info.instruments
        if kinds[one.symbol].is_book
    }


def block_of(
    piece: MarketSlice, info: MarketInfo, tops: Mapping[str, BookTops] | None = None
) -> Block:
    """The rows of a slice that give prices; possibly none. ``tops`` are the books so far."""
    known = tops or {}
    if isinstance(piece, BOOK_SLICES):
        piece = known[piece.instrument.symbol].take(piece)
    if not isinstance(piece, MergedSlice):
        return Block(piece.ts, (Part(piece.instrument.symbol, prices_of(piece), None),))
    pricing = set(info.pricing_sources().values())
    found = [
        known[rows.instrument.symbol].take(rows) if isinstance(rows, BOOK_SLICES) else rows
        for source, rows in piece.parts()
        if source in pricing
    ]
    found = [rows for rows in found if len(rows)]
    if len(found) == 1:
        return Block(found[0].ts, (Part(found[0].instrument.symbol, prices_of(found[0]), None),))
    kept = np.zeros(len(piece), dtype=bool)
    for rows in found:
        kept[_numbers(rows) - piece.start] = True
    rank = np.cumsum(kept) - 1
    return Block(
        piece.ts[kept],
        tuple(
            Part(rows.instrument.symbol, prices_of(rows), rank[_numbers(rows) - piece.start])
            for rows in found
        ),
    )


def _numbers(rows: SourceSlice) -> IntColumn:
    # Parts of a merged slice have a number for each row.
    assert rows.numbers is not None
    return rows.numbers


class MarkFinder:
    """The last bid and ask of one instrument at or before each of many moments.

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

    def restate(self, ts: int, mark: Callable[[int], int]) -> None:
        """From ``ts`` on the last prices read otherwise."""
        self._carry(int(np.searchsorted(self._times, ts, side="left")))
        if self._last is not None:
            self._last = mark(self._last[0]), mark(self._last[1])

    def inherit(self, other: MarkFinder) -> None:
        """Begin with the last prices of another, where there are none."""
        self._last = self._last or other._last

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


class PriceTrack:
    """How far one instrument's price went in each leg of its position, and from where to where.

    Leg 0 lasts to the first of ``times`` (ns UTC, rising), the others from one of them to the
    next, the last to the end.  A leg has the rows from its moment on; where no row is at that
    moment, the last mid before it counts too.  All prices are doubled.
    """

    def __init__(self, times: Sequence[int]) -> None:
        self._times = np.array(times, dtype=np.int64)
        self._begun = 0
        self._highest = np.full(len(times) + 1, -1, dtype=np.int64)
        self._lowest = np.full(len(times) + 1, -1, dtype=np.int64)
        self.first: int | None = None
        self.last: int | None = None

    def take(self, prices: Prices) -> None:
        """Look at the next rows."""
        ts, mid = prices.ts, prices.twice_mid
        if not len(ts):
            return
        until = int(np.searchsorted(self._times, ts[-1], side="right"))
        first_rows = np.searchsorted(ts, self._times[self._begun : until], side="left")
        legs = np.arange(self._begun, until + 1)
        starts = np.concatenate(([0], first_rows))
        some = np.diff(starts, append=len(ts)) > 0
        starts, legs = starts[some], legs[some]
        self._widen(
            legs,
            np.maximum.reduceat(prices.twice_high, starts),
            np.minimum.reduceat(prices.twice_low, starts),
        )
        absent = ts[first_rows] != self._times[self._begun : until]
        self._inherit(np.flatnonzero(absent), first_rows[absent], mid)
        self._begun = until
        self.first = int(mid[0]) if self.first is None else self.first
        self.last = int(mid[-1])

    def restate(self, mark: Callable[[int], int]) -> None:
        """From now on the last price reads otherwise."""
        self.last = None if self.last is None else mark(self.last)

    def extremes(self) -> list[tuple[int, int] | None]:
        """(highest, lowest), doubled, of each leg; None where no row came."""
        if self.last is not None:
            legs = np.arange(self._begun + 1, len(self._highest))
            self._widen(legs, np.full(len(legs), self.last), np.full(len(legs), self.last))
            self._begun = len(self._times)
        pairs = zip(self._highest.tolist(), self._lowest.tolist(), strict=True)
        return [(high, low) if high >= 0 else None for high, low in pairs]

    def _inherit(self, begun: IntColumn, first_rows: IntColumn, mid: IntColumn) -> None:
        """Legs that began between rows have the mid of their moment."""
        last = -1 if self.last is None else self.last
        before = np.where(first_rows > 0, mid[first_rows - 1], last)
        known = before >= 0
        self._widen(self._begun + 1 + begun[known], before[known], before[known])

    def _widen(self, legs: IntColumn, high: IntColumn, low: IntColumn) -> None:
        known = self._lowest[legs]
        self._highest[legs] = np.maximum(self._highest[legs], high)
        self._lowest[legs] = np.where(known < 0, low, np.minimum(known, low))
