"""The books of a running market, each made once of its rows for all who join."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from offbook.domain.book_states import KnownBook
from offbook.domain.market_data import (
    IntColumn,
    MarketInfo,
    MarketSlice,
    rows_by_source,
)
from offbook.engine.books.books import BOOK_SLICES, BookSlice
from offbook.ports.recordings import MarketRecording
from offbook.services.market_hub.chunk_books import ChunkBooks, follow, followed
from offbook.services.market_hub.wake_index import Reach

_READ_ROWS: Final = 65_536


class FollowedBooks:
    """All books of a market."""

    def __init__(self, info: MarketInfo) -> None:
        instruments = {instrument.symbol: instrument for instrument in info.instruments}
        self._books = {
            one.symbol: followed(one.kind, instruments[one.symbol])
            for one in info.sources
            if one.kind.is_book
        }

    def __len__(self) -> int:
        return len(self._books)

    def know(self, known: Iterable[KnownBook]) -> None:
        """Become what was known at some place."""
        for one in known:
            self._books[one.symbol].know(one)

    def take(self, rows: MarketSlice) -> None:
        """The next rows of the market."""
        if not self._books:
            return
        for _, part in rows_by_source(rows):
            if isinstance(part, BOOK_SLICES):
                book, beside = self._books[part.instrument.symbol], part.books
                if isinstance(beside, ChunkBooks) and beside.head is book:
                    beside.take(part)
                else:
                    follow(book, part)

    def of_chunk(
        self, rows: BookSlice, numbers: Callable[[], IntColumn], look: Callable[[], None]
    ) -> ChunkBooks:
        """The books that rows of one chunk leave: its columns, as far as they are filled by and by,
        the positions of their rows, and what has rows that came taken here."""
        return ChunkBooks(rows, numbers, self._books[rows.instrument.symbol], look)

    def reach(self, symbol: str) -> Reach:
        """How far the best prices of one have reached since this was asked last."""
        return self._books[symbol].notes.reach()

    def all(self) -> tuple[KnownBook, ...]:
        """The books as they are now."""
        return tuple(book.known() for book in self._books.values())

    def told(self) -> tuple[KnownBook, ...] | msgspec.UnsetType:
        """The same for a record; UNSET where the market has no books."""
        return self.all() if self._books else msgspec.UNSET


async def books_of(recording: MarketRecording) -> FollowedBooks:
    """The books where a recording ends, made of its rows since books stood in it.

    Raises what reading the recording raises.
    """
    books, row = FollowedBooks(recording.about.info), 0
    if not len(books):
        return books
    if recording.books is not None:
        books.know(recording.books.books)
        row = recording.books.row
    while row < recording.rows and (rows := await recording.read(row, _READ_ROWS)) is not None:
        books.take(rows)
        row = rows.start + len(rows)
    return books
