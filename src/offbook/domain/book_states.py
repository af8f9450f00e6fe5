"""What a book, or a status, comes to at one place of a market: as it is kept and handed on."""

from __future__ import annotations

import enum
from typing import NamedTuple

import msgspec

from offbook.domain.book_start import BookStart


class BookPhase(enum.Enum):
    """What a book is worth: nothing of it before was known (INCOMPLETE), it began with a snapshot
    and missed nothing since (LIVE), or it missed something (STALE)."""

    INCOMPLETE = "incomplete"
    LIVE = "live"
    STALE = "stale"


class DepthState(msgspec.Struct, frozen=True, kw_only=True):
    """A book at one place of its market: levels as (price units, quantity units), best first.

    ``at`` is the row, session time and venue's time of its last message, ``mark`` the best bid and
    ask when it was last sound, if it is not, and ``begun`` the levels of a message that has not
    ended.
    """

    phase: BookPhase
    last_seq: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]
    at: tuple[int, int, int | None]
    mark: tuple[int, int, int, int, int, int, int | None] | None
    begun: list[tuple[int, int, int]]
    gaps: int


class Resting(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One order in a book that is told order by order: price and quantity units.

    ``key`` is its number, or below 0 for all those at a price that are not told apart.  ``rank``
    tells who is served first at a price: the lower.
    """

    key: int
    side: int
    px: int
    qty: int
    rank: int


class OrderRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What a row of a message that has not ended says of one order."""

    action: int
    side: int
    px: int
    qty: int
    order_id: int
    row: int
    ts: int
    ts_event: int | None


class OrderBookState(msgspec.Struct, frozen=True, kw_only=True):
    """A book that is told order by order, at one place of its market: orders by rank, the rest as
    of a book by price; ``next_rank`` is above all ranks, and ``strangers`` are the numbers of those
    that it did not know and that have traded."""

    phase: BookPhase
    last_seq: int
    orders: list[Resting]
    next_rank: int
    at: tuple[int, int, int | None]
    mark: tuple[int, int, int, int, int, int, int | None] | None
    begun: list[OrderRow]
    gaps: int
    unknown: int
    duplicates: int
    strangers: list[int] = []


class ByOrder(NamedTuple):
    """A book order by order among others by price."""

    book: OrderBookState


class KnownBook(msgspec.Struct, frozen=True, kw_only=True):
    """The book of one instrument; ``rebuilt`` is that of a session which builds it anew where
    something was missed (``BookStart.UPDATES``), where it is another.  ``since`` is when all of it
    was last told (session time, ns UTC): what a corporate action has done later is not in it.
    ``begun`` is when the first row came of a message that has begun and not ended, if one has.
    """

    symbol: str
    state: DepthState | ByOrder
    rebuilt: DepthState | ByOrder | None = None
    since: int | msgspec.UnsetType = msgspec.UNSET
    begun: int | msgspec.UnsetType = msgspec.UNSET

    def of(self, start: BookStart) -> DepthState | OrderBookState:
        """The one of a session whose book begins so."""
        found = self.alone(start).state
        return found.book if isinstance(found, ByOrder) else found

    def alone(self, start: BookStart) -> KnownBook:
        """The same without the book of sessions whose book begins otherwise."""
        other = self.rebuilt if start is BookStart.UPDATES else None
        return msgspec.structs.replace(self, state=other or self.state, rebuilt=None)


class KnownStatus(msgspec.Struct, frozen=True, array_like=True):
    """What an exchange last said of one instrument; None for what it has not said.

    ``halted`` is since when it is halted, if it is, ``resumed`` when it was last resumed (session
    time, ns UTC), and ``bands`` between which prices trades may be (price units, 0 for no bound),
    with the position of the row that said so.
    """

    symbol: str
    halted: int | None = None
    resumed: int | None = None
    bands: tuple[int, int, int] | None = None


class BooksAt(msgspec.Struct, frozen=True, kw_only=True):
    """All books of a market as the rows before position ``row`` have left them."""

    row: int
    books: tuple[KnownBook, ...]
