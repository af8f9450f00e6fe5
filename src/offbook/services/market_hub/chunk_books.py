"""The books that the rows of one chunk leave, made once for all sessions that pass over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from offbook.domain.config import BookStart
from offbook.domain.depth import LAST
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import BookOrderSlice, DataKind, DepthSlice, IntColumn
from offbook.engine.books.books import AnyBook, BookSlice, become, book_for, take_stretch
from offbook.engine.books.order_book import OrderBook
from offbook.services.market_hub.followed_book import FollowedBook, Told
from offbook.services.market_hub.followed_orders import FollowedOrders

KEPT: Final = 4
"""How many books within the newest chunk are kept beside the one at its beginning."""


Followed = FollowedBook | FollowedOrders


class ChunkBooks:
    """A ``MadeBooks``: of one source's rows in a chunk, which are taken in their order."""

    def __init__(
        self,
        rows: BookSlice,
        numbers: Callable[[], IntColumn],
        head: Followed,
        look: Callable[[], None],
    ) -> None:
        """``rows`` are the whole columns; of those that are not filled yet nobody asks.  ``head``
        is the book that follows them."""
        self._rows = rows
        self._numbers = numbers
        self.head = head
        self._look = look
        self._bid: IntColumn = np.zeros(len(rows), np.int64)
        self._ask: IntColumn = np.zeros(len(rows), np.int64)
        self._told: npt.NDArray[np.bool_] = np.zeros(len(rows), np.bool_)
        self._taken = 0
        self._first: dict[bool, AnyBook] = {}
        self._known: dict[tuple[int, bool], AnyBook] = {}

    def take(self, part: BookSlice) -> None:
        """The next rows have come."""
        if not self._first:
            self._first = {rebuilt: self._of_head(rebuilt=rebuilt) for rebuilt in (False, True)}
        tops, notes = follow(self.head, part), self.head.notes
        if notes.chunk is not self:
            if isinstance(notes.chunk, ChunkBooks):
                notes.chunk._known.clear()
            notes.chunk = self
        self._taken = part.offset + len(part)
        if tops:
            lasts = part.offset + (part.flags & LAST).nonzero()[0]
            self._bid[lasts], self._ask[lasts], told = np.array(tops, np.int64).T
            self._told[lasts] = told != 0

    def tops(self) -> tuple[IntColumn, IntColumn, npt.NDArray[np.bool_]]:
        """Best bid, best ask, and whether they tell, of each row with which a message ends."""
        self._look()
        return self._bid, self._ask, self._told

    def is_within(self, end: int) -> bool:
        """Whether a message has begun before a row and not ended."""
        if end:
            return not self._rows.flags[end - 1] & LAST
        self._look()
        return self._first[False].is_within

    def at(self, end: int, *, rebuilt: bool) -> AnyBook:
        """The book before row ``end``; not to be changed."""
        self._look()
        if not end:
            return self._first[rebuilt]
        found = self._known.get((end, rebuilt))
        if found is None:
            if end == self._taken and self.head.notes.chunk is self:
                found = self._of_head(rebuilt=rebuilt)
            else:
                found = self._made(end, rebuilt=rebuilt)
            if len(self._known) >= KEPT:
                del self._known[next(iter(self._known))]
            self._known[end, rebuilt] = found
        return found

    def _of_head(self, *, rebuilt: bool) -> AnyBook:
        """The book as all rows that came have left it."""
        other = self.head.rebuilt if rebuilt else None
        return _like(self.head if other is None else other, rebuilt=rebuilt)

    def _made(self, end: int, *, rebuilt: bool) -> AnyBook:
        """The book before a row, made from the nearest that is known."""
        places = [place for place, other in self._known if other is rebuilt and place < end]
        begin = max(places, default=0)
        nearest = self._known[begin, rebuilt] if begin else self._first[rebuilt]
        made = _like(nearest, rebuilt=rebuilt)
        take_stretch(made, self._rows, begin, end, self._numbers()[begin:end])
        return made


def followed(kind: DataKind, instrument: Instrument) -> Followed:
    """A book that is to be followed, of rows of a kind."""
    return FollowedOrders(instrument) if kind is DataKind.ORDERS else FollowedBook(instrument)


def follow(book: Followed, part: BookSlice) -> list[Told]:
    """Have a book follow rows of its own kind."""
    if isinstance(book, FollowedOrders):
        assert isinstance(part, BookOrderSlice)
        return book.follow(part)
    assert isinstance(part, DepthSlice)
    return book.follow(part)


def _like(book: AnyBook, *, rebuilt: bool) -> AnyBook:
    start = BookStart.UPDATES if rebuilt else BookStart.SNAPSHOT
    kind = DataKind.ORDERS if isinstance(book, OrderBook) else DataKind.DEPTH
    made = book_for(kind, book.instrument, start)
    become(made, book)
    return made
