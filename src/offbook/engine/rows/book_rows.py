"""Which rows of a book may change anything: found in whole columns.

Of a book only the last row of a message can change anything, for it is looked at between messages;
what it comes to is told by all of them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from offbook.domain import book_orders as a
from offbook.domain.book_states import OrderRow
from offbook.domain.depth import ASK, BID, SNAPSHOT
from offbook.domain.market_data import BookOrderSlice, IntColumn
from offbook.engine.books.depth_book import DepthBook
from offbook.engine.books.order_book import OrderBook
from offbook.engine.venue.book import Book
from offbook.engine.wake import NO_FALL, NO_RISE, Band

Hits = npt.NDArray[np.bool_]


class OrderRows:
    """Some rows of a book that is told order by order."""

    def __init__(self, piece: BookOrderSlice, index: IntColumn) -> None:
        self._action = piece.action[index]
        self._side = piece.side[index]
        self._px = piece.price_px[index]
        self._flags = piece.flags[index]

    def hits(
        self, depth: OrderBook, book: Book, bids: list[int], asks: list[int], ends: Hits
    ) -> Hits:
        """The last rows of messages that may change anything: ``bids`` and ``asks`` are the prices
        whose level must be looked at as it changes."""
        action, side, px = self._action, self._side, self._px
        anew = ((self._flags & SNAPSHOT) != 0) | (action == a.CLEAR)
        hits: Hits = np.logical_or.accumulate(anew)
        if any(row.action == a.CLEAR for row in depth.begun):
            return ends  # what the book is when its message ends is not known here
        comes = (action == a.ADD) | (action == a.MODIFY)
        hits |= comes & (side == ASK) & (px <= book.top_buy)
        hits |= comes & (side == BID) & (px >= book.top_sell)
        hits |= self.bears_on(book, bids, asks)
        hits |= self._may_leave(depth, book.guard_band)
        return as_messages(hits, ends, within=depth.is_within)

    def bears_on(self, book: Book, bids: list[int], asks: list[int]) -> Hits:
        """The rows that may change anything whatever the best prices are: executions as far as an
        order goes, and what changes a level at these prices, as any modification may."""
        action, side, px = self._action, self._side, self._px
        traded = (action == a.EXECUTE) | (action == a.HIDDEN)
        hits: Hits = traded & ((px <= book.top_buy) | (px >= book.top_sell))
        for which, prices in ((BID, bids), (ASK, asks)):
            for price in prices:
                hits |= (side == which) & (px == price)
            if prices:
                hits |= (side == which) & (action == a.MODIFY)
        return hits

    def _may_leave(self, depth: OrderBook, band: Band) -> Hits:
        """From where on the best prices may have left a band: each row takes one order away at
        most, and a modified one may have stood anywhere.  Those of a message that has begun are
        still to be taken."""
        left: Hits = np.zeros(len(self._px), np.bool_)
        for which, edge, is_told in (
            (BID, band.bid_falls, band.bid_falls > NO_FALL),
            (ASK, band.ask_rises, band.ask_rises < NO_RISE),
        ):
            if is_told:
                gone = (self._side == which) & self._takes_away(which, edge)
                begun = sum(_takes_away(row, which, edge) for row in depth.begun)
                left |= begun + gone.cumsum() >= depth.count_orders_better(which, edge)
        return left

    def _takes_away(self, side: int, edge: int) -> Hits:
        action = self._action
        within = self._px > edge if side == BID else self._px < edge
        gone = (action == a.CANCEL) | (action == a.DELETE) | (action == a.EXECUTE)
        hits: Hits = (gone & within) | (action == a.MODIFY)
        return hits


def _takes_away(row: OrderRow, side: int, edge: int) -> bool:
    """The same of one row."""
    if row.side != side or row.action == a.MODIFY:
        return row.side == side
    return row.action in (a.CANCEL, a.DELETE, a.EXECUTE) and (row.px - edge) * side > 0


def may_leave(side: IntColumn, px: IntColumn, qty: IntColumn, depth: DepthBook, band: Band) -> Hits:
    """From where on the best prices may have left a band.

    Each deletion takes one level away.  As long as fewer are taken than the book has within the
    band, one is left that is no worse.  Those of a message that has begun are still to be taken.
    """
    left: Hits = np.zeros(len(px), np.bool_)
    if band.bid_falls > NO_FALL:
        gone = (side == BID) & (qty == 0) & (px > band.bid_falls)
        begun = sum(s == BID and not q and at > band.bid_falls for s, at, q in depth.begun)
        left |= begun + gone.cumsum() >= depth.bids.count_better(band.bid_falls)
    if band.ask_rises < NO_RISE:
        gone = (side == ASK) & (qty == 0) & (px < band.ask_rises)
        begun = sum(s == ASK and not q and at < band.ask_rises for s, at, q in depth.begun)
        left |= begun + gone.cumsum() >= depth.asks.count_better(band.ask_rises)
    return left


def as_messages(rows: Hits, ends: Hits, *, within: bool) -> Hits:
    """The last rows of the messages to which rows belong; ``within`` one that counts, there may be
    rows before the first."""
    (last,) = ends.nonzero()
    # How many messages have ended before each row: the number of its own.
    numbers = np.searchsorted(last, rows.nonzero()[0])
    if within:
        numbers = np.append(numbers, 0)
    hits: Hits = np.zeros(len(rows), np.bool_)
    hits[last[numbers[numbers < len(last)]]] = True
    return hits
