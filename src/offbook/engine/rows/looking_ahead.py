"""Looking ahead in rows of several sources, or of a book, for the next that can change anything.

What was found in a window of rows stays true as long as what the session waits for stays the same:
then the next row is looked up, not searched for.  Of a book only the last row of a message can
change anything, for it is looked at between messages; what it comes to is told by all of them.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

import numpy as np

from offbook.domain.depth import ASK, BID, LAST, SNAPSHOT
from offbook.domain.market_data import (
    BarSlice,
    BookOrderSlice,
    DepthSlice,
    IntColumn,
    MergedSlice,
    QuoteSlice,
    SourceSlice,
    StatusSlice,
    TradeSlice,
)
from offbook.domain.rows import MadeBooks
from offbook.domain.session import SessionStatus
from offbook.domain.values import MAX_UNITS
from offbook.engine.account.equity_watch import EquityWatch
from offbook.engine.books.depth_book import DepthBook
from offbook.engine.books.order_book import OrderBook
from offbook.engine.kernel import Kernel
from offbook.engine.rows.book_rows import Hits, OrderRows, as_messages, may_leave
from offbook.engine.rows.searching import edges_of
from offbook.engine.strategy.host import StrategyHost
from offbook.engine.venue.book import Book
from offbook.engine.venue.queue_places import QueuePlaces
from offbook.engine.venue.venue import Venue
from offbook.engine.wake import NO_FALL, NO_RISE, UNBOUNDED, Band
from offbook.engine.waking import SHOWN_BY

NEAR: Final = 256
"""How far to look at first; further as long as nothing was found."""
WINDOW: Final = 16_384
"""How far to look ahead at once."""
_NO_ORDERS: Final = Book()


class LookAhead:
    """Finds the rows of one slice that may change anything in one engine."""

    def __init__(
        self,
        kernel: Kernel,
        venue: Venue,
        equity: EquityWatch,
        host: StrategyHost | None,
        piece: MergedSlice,
    ) -> None:
        self._kernel = kernel
        self._venue = venue
        self._equity = equity
        self._host = host
        self._piece = piece
        self._begin = 0
        self._hits: Hits = np.zeros(0, np.bool_)
        self._awaited: object = None
        self._window = NEAR

    def next(self, begin: int) -> tuple[int, bool]:
        """The place of the next row from ``begin`` on that may change anything, and True; or that
        up to which none does, and False."""
        awaited = self._awaits()
        known = awaited == self._awaited
        if not known or begin >= self._begin + len(self._hits):
            self._window = min(4 * self._window, WINDOW) if known else NEAR
            self._hits = self._search(self._piece.rows(begin, self._end(begin)))
            self._begin, self._awaited = begin, awaited
        ahead = self._hits[begin - self._begin :]
        found = int(ahead.argmax())
        if ahead[found]:
            return begin + found, True
        return begin + len(ahead), False

    def _end(self, begin: int) -> int:
        """How far to look from a row on: not beyond the first by which something falls due."""
        ts, end = self._piece.ts, min(begin + self._window, len(self._piece))
        due = self._kernel.agenda.next_due
        if int(ts[end - 1]) < due:
            return end
        return begin + int(ts[begin:end].searchsorted(due)) + 1

    @property
    def looks_at_each(self) -> bool:
        """Whether every row matters: what an account is worth may turn on every price."""
        return self._equity.at_every_row or self._kernel.every_row

    def _book(self, symbol: str) -> Book:
        """The orders of an instrument; looking makes none, for where it is made is part of it."""
        return self._venue.books.get(symbol, _NO_ORDERS)

    @cached_property
    def _symbols(self) -> frozenset[str]:
        """The instruments of the slice."""
        return frozenset(part.instrument.symbol for part in self._piece.pieces)

    def _awaits(self) -> object:
        """All that decides which rows matter: as long as this is equal, what was found is true."""
        kernel = self._kernel
        awaited: list[Any] = [kernel.ledger.seq, kernel.agenda.next_due]
        for symbol in self._symbols:
            book = self._book(symbol)
            awaited += (book.band, book.must_see, len(book), len(book.triggers))
            if symbol in kernel.depths:
                places = self._venue.depth.places(symbol)
                awaited += (not self._is_shared(symbol) and self._is_open(symbol), len(places))
                awaited += (places.concerned(BID), places.concerned(ASK), places.unsettled())
        return awaited

    def _is_shown(self, piece: SourceSlice) -> bool:
        """Whether the strategy is shown rows of this kind, or a book at the end of each message."""
        host = self._host
        running = self._kernel.ledger.status is SessionStatus.RUNNING
        return host is not None and running and host.defines(SHOWN_BY[piece.kind])

    def _search(self, window: MergedSlice) -> Hits:
        """Which rows may change anything."""
        hits = window.ts >= min(self._kernel.agenda.next_due, MAX_UNITS)
        for source, piece in enumerate(window.pieces):
            book = self._book(piece.instrument.symbol)
            is_book = isinstance(piece, DepthSlice | BookOrderSlice)
            if not is_book and book.band is UNBOUNDED and not self._counts_each(piece, book):
                continue
            mine = window.which == source
            if isinstance(piece, DepthSlice):
                hits[mine] |= self._moves(piece, window.index[mine], book)
            elif isinstance(piece, BookOrderSlice):
                hits[mine] |= self._orders_move(piece, window.index[mine], book)
            elif isinstance(piece, QuoteSlice | TradeSlice) and not self._counts_each(piece, book):
                hits[mine] |= _leaves(piece, window.index[mine], book.band)
            else:
                hits |= mine
        return hits

    def _counts_each(self, piece: SourceSlice, book: Book) -> bool:
        """Whether every row of a source may change something, whatever it says."""
        every = isinstance(piece, BarSlice | StatusSlice)
        return every or book.must_see or self._is_shown(piece)

    @cached_property
    def _shared(self) -> frozenset[str]:
        """Instruments whose books others have made of the same rows."""
        pieces = self._piece.pieces
        return frozenset(one.instrument.symbol for one in pieces if one.books is not None)

    def _is_shared(self, symbol: str) -> bool:
        """Whether these are true of the session's book as well."""
        return symbol in self._shared and not self._kernel.depths.is_apart(symbol)

    def _is_open(self, symbol: str) -> bool:
        """Whether every message of a book may change anything: orders wait for a trigger, it is not
        sound, the equity turns on one that may be built anew, an order is satisfied by it as it is;
        or a place is not known of one that is told order by order."""
        depth, book = self._kernel.depths[symbol], self._book(symbol)
        guarded = book.guard_band is not UNBOUNDED and depth.is_rebuilt
        if guarded or len(book.triggers) > 0 or not depth.is_sound:
            return True
        if depth.asks.best <= book.top_buy or depth.bids.best >= book.top_sell:
            # It could not take from it: in a halt, out of hours, beyond a band, or from what was
            # too old. The first message after that lets it take levels of which that tells nothing.
            return True
        return isinstance(depth, OrderBook) and self._venue.depth.places(symbol).is_unsettled

    def _settled(self, piece: DepthSlice | BookOrderSlice, ends: Hits, book: Book) -> Hits | None:
        """Which rows of a book may change anything where its levels need not be looked at."""
        symbol = piece.instrument.symbol
        places = self._venue.depth.places(symbol)
        if book.must_see or self._is_shown(piece):
            return ends
        if book.band is UNBOUNDED and not len(book) and not len(places):
            return np.zeros(len(ends), dtype=np.bool_)
        return ends if not self._is_shared(symbol) and self._is_open(symbol) else None

    def _orders_move(self, piece: BookOrderSlice, index: IntColumn, book: Book) -> Hits:
        """The same of a book that is told order by order: executions count too that go as far as an
        order of the session, and the old price of an order that is modified is not told."""
        symbol = piece.instrument.symbol
        ends: Hits = (piece.flags[index] & LAST) != 0
        settled = self._settled(piece, ends, book)
        if settled is not None:
            return settled
        rows, places = OrderRows(piece, index), self._venue.depth.places(symbol)
        concerned = places.concerned(BID), places.concerned(ASK)
        if piece.books is not None and self._is_shared(symbol):
            if places.is_unsettled:
                return ends
            bears = rows.bears_on(book, *concerned)
            return _shared_hits(piece.books, index + piece.offset, bears, ends, book.band)
        depth = self._kernel.depths[symbol]
        assert isinstance(depth, OrderBook)
        return rows.hits(depth, book, *concerned, ends)

    def _moves(self, piece: DepthSlice, index: IntColumn, book: Book) -> Hits:
        """Which rows of a book may change anything: the last of each message where all count, else
        of those with a snapshot, a level that comes to an order, one on which something of
        the session stands, or the loss of so many levels that the equity must be judged."""
        symbol = piece.instrument.symbol
        places = self._venue.depth.places(symbol)
        ends: Hits = (piece.flags[index] & LAST) != 0
        settled = self._settled(piece, ends, book)
        if settled is not None:
            return settled
        side, px, qty = piece.side[index], piece.price_px[index], piece.size_qty[index]
        if piece.books is not None and self._is_shared(symbol):
            bears = _bears_on(places, side, px, qty)
            return _shared_hits(piece.books, index + piece.offset, bears, ends, book.band)
        depth = self._kernel.depths[symbol]
        assert isinstance(depth, DepthBook)
        hits = np.logical_or.accumulate((piece.flags[index] & SNAPSHOT) != 0)
        hits |= (side == ASK) & (px <= book.top_buy) & (qty > 0)
        hits |= (side == BID) & (px >= book.top_sell) & (qty > 0)
        hits |= _bears_on(places, side, px, qty)
        hits |= may_leave(side, px, qty, depth, book.guard_band)
        hits |= may_leave(side, px, qty, depth, _of_empty_sides(places))
        return as_messages(hits, ends, within=depth.is_within)


def _of_empty_sides(places: QueuePlaces) -> Band:
    """What best prices leave where a side on which a place is unsettled is empty, which tells that
    nothing is ahead of it."""
    bids, asks = places.unsettled()
    return Band(
        bid_falls=NO_FALL if bids == NO_FALL else NO_FALL + 1,
        ask_rises=NO_RISE if asks == NO_RISE else NO_RISE - 1,
    )


def _shared_hits(books: MadeBooks, at: IntColumn, bears: Hits, ends: Hits, band: Band) -> Hits:
    """The last rows of messages with a row that ``bears`` on something, or after which the best
    prices leave a band; ``at`` are the rows' places in the columns that others share."""
    within = len(at) > 0 and books.is_within(int(at[0]))
    return as_messages(bears, ends, within=within) | ends & _tops_leave(books, at, band)


def _tops_leave(books: MadeBooks, at: IntColumn, band: Band) -> Hits:
    """After which rows the best prices are not within a band, or do not tell."""
    bid, ask, told = (column[at] for column in books.tops())
    left: Hits = ~told | (ask <= band.ask_falls) | (ask >= band.ask_rises)
    left |= (bid >= band.bid_rises) | (bid <= band.bid_falls)
    return left


def _bears_on(places: QueuePlaces, side: IntColumn, px: IntColumn, qty: IntColumn) -> Hits:
    """Which rows change a level on which an order queues, or of which something was taken, or tell
    where one queues."""
    bids, asks = places.unsettled()
    hits: Hits = (side == BID) & (px <= bids) & (qty > 0)
    hits |= (side == ASK) & (px >= asks) & (qty > 0)
    for which in (BID, ASK):
        for price in places.concerned(which):
            hits |= (side == which) & (px == price)
    return hits


def _leaves(piece: QuoteSlice | TradeSlice, index: IntColumn, band: Band) -> Hits:
    """Which of some rows leave a band."""
    hits = np.zeros(len(index), np.bool_)
    for name, fall, px in edges_of(piece, band):
        column: IntColumn = getattr(piece, name)[index]
        hits |= column <= px if fall else column >= px
    return hits
