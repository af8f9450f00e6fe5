"""Market data in columns, as the engine is fed: slices of one source, and of several merged.

Session time ``ts`` never decreases within a market.  A row's *position* is its place in the
market, dense from 0 over all sources together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

import msgspec
import numpy as np

from offbook.domain.book_orders import BookOrderSlice as BookOrderSlice
from offbook.domain.book_orders import BookOrderUpdate as BookOrderUpdate
from offbook.domain.columns import Columns, check_columns
from offbook.domain.columns import IntColumn as IntColumn
from offbook.domain.depth import DepthSlice as DepthSlice
from offbook.domain.depth import DepthUpdate as DepthUpdate
from offbook.domain.errors import BadMarketData
from offbook.domain.instruments import Instrument
from offbook.domain.market_info import DataKind as DataKind
from offbook.domain.market_info import MarketInfo as MarketInfo
from offbook.domain.market_info import SourceInfo as SourceInfo
from offbook.domain.rows import Bar as Bar
from offbook.domain.rows import Quote as Quote
from offbook.domain.rows import Trade as Trade
from offbook.domain.status import StatusSlice as StatusSlice
from offbook.domain.status import StatusUpdate as StatusUpdate


class Cursor(msgspec.Struct, frozen=True, order=True, gc=False):
    """A place in a session's market: ``row`` rows taken, session time ``ts`` reached (ns UTC)."""

    row: int = 0
    ts: int = 0


class QuoteSlice(Columns):
    """Quotes of one instrument, in columns.

    ``ts`` never decreases; prices are positive with ``bid_px <= ask_px``; sizes are not negative;
    all below ``2**62``.
    """

    __slots__ = ("ask_px", "ask_qty", "bid_px", "bid_qty", "ts_event")

    kind: Final = DataKind.QUOTES
    COLUMNS = ("ts", "bid_px", "ask_px", "bid_qty", "ask_qty")

    def __init__(
        self,
        instrument: Instrument,
        start: int,
        ts: IntColumn,
        bid_px: IntColumn,
        ask_px: IntColumn,
        bid_qty: IntColumn,
        ask_qty: IntColumn,
        ts_event: IntColumn | None = None,
    ) -> None:
        self._begin(instrument, start, ts)
        self.bid_px = bid_px
        self.ask_px = ask_px
        self.bid_qty = bid_qty
        self.ask_qty = ask_qty
        self.ts_event = ts_event

    def _part(self, begin: int, end: int) -> QuoteSlice:
        return QuoteSlice(
            self.instrument,
            self.start,
            self.ts[begin:end],
            self.bid_px[begin:end],
            self.ask_px[begin:end],
            self.bid_qty[begin:end],
            self.ask_qty[begin:end],
            None if self.ts_event is None else self.ts_event[begin:end],
        )

    def check(self) -> None:
        """Raise BadMarketData unless the columns keep what the class promises."""
        columns = [self.ts, self.bid_px, self.ask_px, self.bid_qty, self.ask_qty]
        if self.ts_event is not None:
            columns.append(self.ts_event)
        check_columns(columns, self.start)
        if len(self) and not (
            bool(np.all(self.bid_px > 0))
            and bool(np.all(self.ask_px >= self.bid_px))
            and bool(np.all(self.bid_qty >= 0))
            and bool(np.all(self.ask_qty >= 0))
        ):
            raise BadMarketData("a quote slice holds a crossed, negative or zero price or size")


class TradeSlice(Columns):
    """Prints of one instrument, in columns.

    ``ts`` never decreases; prices and sizes are positive and below ``2**62``; ``aggressor`` is 1
    where a buyer took, -1 where a seller did, 0 where that is not known; 2, 3 and 4 say that the
    print is the official price of an opening, a closing or a reopening auction.
    """

    __slots__ = ("aggressor", "price_px", "size_qty", "ts_event")

    kind: Final = DataKind.TRADES
    COLUMNS = ("ts", "price_px", "size_qty", "aggressor")

    def __init__(
        self,
        instrument: Instrument,
        start: int,
        ts: IntColumn,
        price_px: IntColumn,
        size_qty: IntColumn,
        aggressor: IntColumn,
        ts_event: IntColumn | None = None,
    ) -> None:
        self._begin(instrument, start, ts)
        self.price_px = price_px
        self.size_qty = size_qty
        self.aggressor = aggressor
        self.ts_event = ts_event

    def _part(self, begin: int, end: int) -> TradeSlice:
        return TradeSlice(
            self.instrument,
            self.start,
            self.ts[begin:end],
            self.price_px[begin:end],
            self.size_qty[begin:end],
            self.aggressor[begin:end],
            None if self.ts_event is None else self.ts_event[begin:end],
        )

    def check(self) -> None:
        """Raise BadMarketData unless the columns keep what the class promises."""
        columns = [self.ts, self.price_px, self.size_qty, self.aggressor]
        if self.ts_event is not None:
            columns.append(self.ts_event)
        check_columns(columns, self.start)
        if len(self) and not (
            bool(np.all(self.price_px > 0))
            and bool(np.all(self.size_qty > 0))
            and bool(np.all((self.aggressor >= -1) & (self.aggressor <= 4)))
        ):
            raise BadMarketData("a trade slice holds a price, size or side that cannot be")


class BarSlice(Columns):
    """Bars of one instrument and timeframe, in columns.

    ``ts`` is when each bar ended and became known, ``ts_open`` when it began.  Intervals do not
    overlap; ``low <= open, close <= high``; prices positive; volume not negative.
    """

    __slots__ = ("close_px", "high_px", "low_px", "open_px", "ts_open", "volume_qty")

    kind: Final = DataKind.BARS
    ts_event = None  # a bar has no time of an event
    COLUMNS = ("ts", "ts_open", "open_px", "high_px", "low_px", "close_px", "volume_qty")

    def __init__(
        self,
        instrument: Instrument,
        start: int,
        ts: IntColumn,
        ts_open: IntColumn,
        open_px: IntColumn,
        high_px: IntColumn,
        low_px: IntColumn,
        close_px: IntColumn,
        volume_qty: IntColumn,
    ) -> None:
        self._begin(instrument, start, ts)
        self.ts_open = ts_open
        self.open_px = open_px
        self.high_px = high_px
        self.low_px = low_px
        self.close_px = close_px
        self.volume_qty = volume_qty

    def _part(self, begin: int, end: int) -> BarSlice:
        return BarSlice(
            self.instrument,
            self.start,
            self.ts[begin:end],
            self.ts_open[begin:end],
            self.open_px[begin:end],
            self.high_px[begin:end],
            self.low_px[begin:end],
            self.close_px[begin:end],
            self.volume_qty[begin:end],
        )

    def check(self) -> None:
        """Raise BadMarketData unless the columns keep what the class promises."""
        prices = (self.open_px, self.high_px, self.low_px, self.close_px)
        check_columns((self.ts, self.ts_open, *prices, self.volume_qty), self.start)
        if len(self) and not (
            bool(np.all(self.low_px > 0))
            and bool(np.all(self.low_px <= np.minimum(self.open_px, self.close_px)))
            and bool(np.all(self.high_px >= np.maximum(self.open_px, self.close_px)))
            and bool(np.all(self.volume_qty >= 0))
            and bool(np.all(self.ts_open < self.ts))
            and bool(np.all(self.ts_open[1:] >= self.ts[:-1]))
        ):
            raise BadMarketData("a bar slice holds an impossible bar or overlapping intervals")


SourceSlice = QuoteSlice | TradeSlice | BarSlice | DepthSlice | StatusSlice | BookOrderSlice
"""Rows of one source."""

SLICES: Final[Mapping[DataKind, type[SourceSlice]]] = MappingProxyType(
    {
        DataKind.QUOTES: QuoteSlice,
        DataKind.TRADES: TradeSlice,
        DataKind.BARS: BarSlice,
        DataKind.DEPTH: DepthSlice,
        DataKind.STATUS: StatusSlice,
        DataKind.ORDERS: BookOrderSlice,
    }
)
"""What the rows of each kind come in."""


_FEW_SOURCES: Final = 2**15


class MergedSlice:
    """Rows of several sources in the order in which a session takes them.

    Row i (at position ``start + i``, session time ``ts[i]``) is row ``index[i]`` of
    ``pieces[which[i]]``.  Within a piece the rows taken follow one another without gaps.
    """

    __slots__ = ("index", "pieces", "start", "ts", "which")

    def __init__(
        self,
        start: int,
        ts: IntColumn,
        which: IntColumn,
        index: IntColumn,
        pieces: tuple[SourceSlice, ...],
    ) -> None:
        self.start = start
        self.ts = ts
        self.which = which
        self.index = index
        self.pieces = pieces

    def __len__(self) -> int:
        return len(self.ts)

    def rows(self, begin: int, end: int) -> MergedSlice:
        """Rows ``begin`` to ``end`` of this slice (places within it), without copying."""
        return MergedSlice(
            self.start + begin,
            self.ts[begin:end],
            self.which[begin:end],
            self.index[begin:end],
            self.pieces,
        )

    def parts(self) -> Iterator[tuple[int, SourceSlice]]:
        """The rows of each source that are in this slice, at their positions in the market:
        (source, rows), by source; sources without a row are left out."""
        for source, places in self.places():
            begin = int(self.index[places[0]])
            part = self.pieces[source].rows(begin, begin + len(places), places + self.start)
            yield source, part

    def places(self) -> Iterator[tuple[int, IntColumn]]:
        """The places of each source's rows in this slice, by source; those without are left out.

        All are sorted at once, for there may be a hundred sources.
        """
        count = len(self.pieces)
        # Numbers so small are sorted by counting.
        which = self.which.astype(np.int16) if count <= _FEW_SOURCES else self.which
        order = which.argsort(kind="stable").astype(np.int64, copy=False)
        begin = 0
        for source, end in enumerate(np.bincount(self.which, minlength=count).cumsum().tolist()):
            if end > begin:
                yield source, order[begin:end]
            begin = end

    def check(self) -> None:
        """Raise BadMarketData unless pieces and order keep what the class promises."""
        check_columns((self.ts, self.which, self.index), self.start)
        for source, piece in enumerate(self.pieces):
            piece.check()
            chosen = self.which == source
            index = self.index[chosen]
            if len(index) and not (
                bool(np.all(np.diff(index) == 1))
                and 0 <= int(index[0]) <= int(index[-1]) < len(piece)
                and bool(np.all(piece.ts[index] == self.ts[chosen]))
            ):
                raise BadMarketData(f"source {source} of a merged slice is out of order")
        if len(self) and not 0 <= int(self.which.min()) <= int(self.which.max()) < len(self.pieces):
            raise BadMarketData("a merged slice names a source that it does not have")


MarketSlice = SourceSlice | MergedSlice


def rows_by_source(rows: MarketSlice) -> list[tuple[int, SourceSlice]]:
    """The rows of each source that has some in a slice: (source, rows), by source, at their
    positions in the market; those of a market of one source are of source 0."""
    return list(rows.parts()) if isinstance(rows, MergedSlice) else [(0, rows)]
