"""One book of a running market, made once of its rows for all sessions."""

from __future__ import annotations

import msgspec
import numpy as np

from offbook.domain.book_states import BookPhase, ByOrder, DepthState, KnownBook
from offbook.domain.config import BookStart
from offbook.domain.depth import LAST, SNAPSHOT
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import DepthSlice
from offbook.engine.books.books import AnyBook, BookSlice
from offbook.engine.books.depth_book import DepthBook
from offbook.services.market_hub.wake_index import NOWHERE, Reach

Told = tuple[int, int, bool]
"""Best bid and ask of a book after a message, and whether these tell all that this did beside its
levels; 0, 0 and no where it is not sound."""


class Notes:
    """What the messages of a book have left, beside it.

    ``since`` is when all of it was last told, ``begun`` when a message began that has not ended
    (both ns UTC), ``chunk`` where the rows that came last stand.
    """

    def __init__(self) -> None:
        self.since: int | msgspec.UnsetType = msgspec.UNSET
        self.begun: int | msgspec.UnsetType = msgspec.UNSET
        self.chunk: object = None
        self.known: KnownBook | None = None
        self.tops: list[Told] = []
        self._reach = NOWHERE

    def begin(self) -> None:
        """More rows come."""
        self.known, self.tops = None, []

    def came(self, part: BookSlice, *, is_within: bool) -> None:
        """They have been taken; whether the last message among them has not ended."""
        if not is_within:
            self.begun = msgspec.UNSET
            return
        (ends,) = (part.flags & LAST).nonzero()
        if len(ends) or self.begun is msgspec.UNSET:
            self.begun = int(part.ts[int(ends[-1]) + 1 if len(ends) else 0])

    def take_over(self, known: KnownBook) -> None:
        """Go on from what was known at some place."""
        self.since, self.begun, self.known = known.since, known.begun, known

    def note(self, book: AnyBook, *, is_told: bool) -> None:
        """A message has ended; whether the best prices of a sound book tell what it did beside its
        levels."""
        if not book.is_sound:
            self.tops.append((0, 0, False))
            return
        self.tops.append((book.bids.best, book.asks.best, is_told))
        self.saw(book.bids.best, book.asks.best)

    def saw(self, bid: int, ask: int) -> None:
        """The market has reached so far."""
        self._reach = self._reach.with_(bid, ask)

    def reach(self) -> Reach:
        """How far it has since this was asked last."""
        found, self._reach = self._reach, NOWHERE
        return found


class FollowedBook(DepthBook):
    """The book of one instrument, as sessions have it that wait for a snapshot.

    ``rebuilt`` is the one of sessions that build it anew where something was missed, as long as it
    is another.
    """

    def __init__(self, instrument: Instrument) -> None:
        super().__init__(instrument)
        self.rebuilt: DepthBook | None = DepthBook(instrument, BookStart.UPDATES)
        self.notes = Notes()

    def know(self, known: KnownBook) -> None:
        """Become what was known at some place."""
        assert isinstance(known.state, DepthState)
        self.load(known.state)
        self.rebuilt = None
        if known.rebuilt is not None:
            assert not isinstance(known.rebuilt, ByOrder)
            self.rebuilt = _rebuilding(self.instrument, known.rebuilt)
        self.notes.take_over(known)

    def known(self) -> KnownBook:
        """What is known now: the same object until another row comes."""
        notes = self.notes
        if notes.known is None:
            rebuilt = None if self.rebuilt is None else self.rebuilt.dump()
            notes.known = KnownBook(
                symbol=self.instrument.symbol,
                state=self.dump(),
                rebuilt=rebuilt,
                since=notes.since,
                begun=notes.begun,
            )
        return notes.known

    def follow(self, part: DepthSlice) -> list[Told]:
        """The next rows of the book; what is told of each message that ends among them."""
        self.notes.begin()
        self.take_all(part, 0, len(part), np.array(part.positions(), dtype=np.int64))
        if self.rebuilt is not None:
            self.rebuilt.wait_with(self)
        self.notes.came(part, is_within=self.is_within)
        return self.notes.tops

    def _end(
        self, flags: int, numbers: tuple[int, int, int], row: int, ts: int, ts_event: int | None
    ) -> None:
        """A message is complete, for both."""
        other = self.rebuilt
        if other is not None:
            other.wait_with(self)
        elif not flags & SNAPSHOT and self.misses(numbers):
            other = self.rebuilt = _rebuilding(self.instrument, self.dump())
        super()._end(flags, numbers, row, ts, ts_event)
        if flags & SNAPSHOT:
            self.notes.since = ts
        if other is not None:
            other.end(flags, numbers, row, ts, ts_event)
            live = self.phase is BookPhase.LIVE and other.phase is BookPhase.LIVE
            if live and self.is_sound:
                self.rebuilt = None  # they differ in nothing that is ever asked for
        self.notes.note(self, is_told=not flags & SNAPSHOT and other is None)
        if other is not None and other.is_sound:
            self.notes.saw(other.bids.best, other.asks.best)


def _rebuilding(instrument: Instrument, state: DepthState) -> DepthBook:
    made = DepthBook(instrument, BookStart.UPDATES)
    made.load(state)
    return made
