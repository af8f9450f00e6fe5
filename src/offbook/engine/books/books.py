"""Either kind of book: made level by level (L2) or order by order (L3)."""

from __future__ import annotations

from collections.abc import Mapping

from offbook.domain.columns import IntColumn
from offbook.domain.config import BookStart
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import (
    BookOrderSlice,
    BookOrderUpdate,
    DataKind,
    DepthSlice,
    DepthUpdate,
)
from offbook.engine.books.depth_book import DepthBook, DepthState
from offbook.engine.books.order_book import OrderBook, OrderBookState, Seen

AnyBook = DepthBook | OrderBook
BookSlice = DepthSlice | BookOrderSlice
BOOK_SLICES = (DepthSlice, BookOrderSlice)


def book_for(kind: DataKind, instrument: Instrument, start: BookStart) -> AnyBook:
    """An empty book of an instrument, for rows of a kind."""
    if kind is DataKind.ORDERS:
        return OrderBook(instrument, start)
    return DepthBook(instrument, start)


def take_stretch(
    book: AnyBook,
    piece: BookSlice,
    begin: int,
    end: int,
    numbers: IntColumn,
) -> bool:
    """Have a book take rows of its own kind as its ``take_all`` does."""
    if isinstance(book, OrderBook):
        assert isinstance(piece, BookOrderSlice)
        return book.take_all(piece, begin, end, numbers)
    assert isinstance(piece, DepthSlice)
    return book.take_all(piece, begin, end, numbers)


def take_update(
    book: AnyBook, update: DepthUpdate | BookOrderUpdate, seen: Seen | None = None
) -> bool:
    """Have a book take one row of its own kind as its ``take`` does."""
    if isinstance(book, OrderBook):
        assert isinstance(update, BookOrderUpdate)
        return book.take(update, seen)
    assert isinstance(update, DepthUpdate)
    return book.take(update)


def become(book: AnyBook, other: AnyBook) -> None:
    """Have a book know what another of its own kind knows."""
    if isinstance(book, OrderBook):
        assert isinstance(other, OrderBook)
        book.become(other)
    else:
        assert isinstance(other, DepthBook)
        book.become(other)


def load_book(book: AnyBook, state: DepthState | OrderBookState) -> None:
    """Have a book become what was dumped of one of its own kind."""
    if isinstance(book, OrderBook):
        assert isinstance(state, OrderBookState)
        book.load(state)
    else:
        assert isinstance(state, DepthState)
        book.load(state)


def load_books(
    books: Mapping[str, AnyBook],
    depths: Mapping[str, DepthState],
    order_books: Mapping[str, OrderBookState],
) -> None:
    """Have books become what was dumped."""
    for symbol, book in books.items():
        load_book(book, (order_books if isinstance(book, OrderBook) else depths)[symbol])
