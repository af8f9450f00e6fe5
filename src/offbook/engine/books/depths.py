"""The books of one session: its own, or lent by those who make them once for many.

A session that shares its market need not take every row of a book: what the rows it has passed over
have left is known to others too.  So its book is *lent*, told by the place in the shared rows up to
which it has come, and becomes its own, at that place, when it is asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NoReturn

from offbook.domain.depth import LAST
from offbook.domain.rows import MadeBooks, Quote
from offbook.engine.books.books import AnyBook, BookSlice, become
from offbook.engine.market.history import rows_before


class Depths(dict[str, AnyBook]):
    """Books by symbol; one that is looked up is the session's own, and true.

    Only to look one up gives it: ``[]``.  Whether there is one is asked for every row.
    """

    def __init__(self) -> None:
        super().__init__()
        self.since: dict[str, int] = {}
        """When all of a book was last told that was handed on (ns UTC)."""
        self._lent: dict[str, tuple[MadeBooks, int]] = {}
        self._seen: dict[str, tuple[BookSlice, MadeBooks]] = {}

    def __getitem__(self, symbol: str) -> AnyBook:
        book = super().__getitem__(symbol)
        if symbol in self._lent:
            books, end = self._lent.pop(symbol)
            become(book, books.at(end, rebuilt=book.is_rebuilt))
        return book

    def get(self, *_: object) -> NoReturn:
        """Gives nothing: it would not know what is lent."""
        raise TypeError("look the book up")

    values = items = get

    def all(self) -> list[tuple[str, AnyBook]]:
        """All of them, each the session's own."""
        return [(symbol, self[symbol]) for symbol in self]

    def known(self) -> dict[str, AnyBook]:
        """Books that are to become others, whatever they were."""
        return {symbol: self.know(symbol) for symbol in self}

    def know(self, symbol: str) -> AnyBook:
        """A book that is to become another, whatever it was."""
        self._lent.pop(symbol, None)
        self._seen.pop(symbol, None)
        return super().__getitem__(symbol)

    def is_apart(self, symbol: str) -> bool:
        """Whether a book was dropped, and is another than others have until it is told anew."""
        return super().__getitem__(symbol).dropped_at > 0

    def apart(self) -> set[str]:
        """The instruments of these."""
        return {symbol for symbol in self if self.is_apart(symbol)}

    def was_dropped(self, symbol: str) -> tuple[int, Quote | None]:
        """When a book was dropped, if it is apart for that, and what it reads as since."""
        if not self.is_apart(symbol):
            return 0, None
        book = super().__getitem__(symbol)
        return book.dropped_at, book.quote()

    def dropped(self) -> dict[str, tuple[int, bool]]:
        """When each was, and whether within a message that has not ended."""
        books = [(symbol, super(Depths, self).__getitem__(symbol)) for symbol in self.apart()]
        return {symbol: (book.dropped_at, book.is_cut) for symbol, book in sorted(books)}

    def know_dropped(self, dropped: Mapping[str, tuple[int, bool]]) -> None:
        """The same, of books that were loaded."""
        for symbol, told in dropped.items():
            book = super().__getitem__(symbol)
            book.dropped_at, book.is_cut = told

    def see(self, part: BookSlice) -> None:
        """Rows of a book are about to be taken, some or all."""
        symbol = part.instrument.symbol
        if part.books is None:
            self._seen.pop(symbol, None)
        else:
            self._seen[symbol] = part, part.books

    def pass_over(self, part: BookSlice, begin: int, end: int) -> bool:
        """Shared rows of a book, from ``begin`` to ``end`` (places within the slice), are passed
        over; whether a message was complete among them."""
        assert part.books is not None
        self._lent[part.instrument.symbol] = part.books, part.offset + end
        return bool((part.flags[begin:end] & LAST).any())

    def rest(self, row: int, but: Collection[str]) -> None:
        """The session has taken all rows before position ``row`` and looks at no book for now
        ``but`` these: those that others have too are lent from here on."""
        for symbol, (part, books) in self._seen.items():
            if symbol not in self._lent and symbol not in but and not self.is_apart(symbol):
                self._lent[symbol] = books, part.offset + rows_before(part, row)
                super().__getitem__(symbol).let_go()
