"""One book of a running market, made once of its rows for all sessions."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from offbook.domain.book_states import BookPhase, DepthState, KnownBook
from offbook.domain.config import BookStart
from offbook.domain.depth import SNAPSHOT
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import DepthSlice
from offbook.engine.books.depth_book import DepthBook
from offbook.services.market_hub.wake_index import NOWHERE, Reach

_READ_ROWS: Final = 65_536


class FollowedBook(DepthBook):
    """The book of one instrument, as sessions have it that wait for a snapshot.

    ``rebuilt`` is the one of sessions that build it anew where something was missed, as long as it
    is another.
    """

    def __init__(self, instrument: Instrument) -> None:
        super().__init__(instrument)
        self.rebuilt: DepthBook | None = DepthBook(instrument, BookStart.UPDATES)
        self.chunk: object = None
        """Where the rows that came last stand."""
        self.since: int | msgspec.UnsetType = msgspec.UNSET
        self._known: KnownBook | None = None
        self._reach = NOWHERE
        self._tops: list[tuple[int, int, bool]] = []

    def know(self, known: KnownBook) -> None:
        """Become what was known at some place."""
        self.load(known.state)
        self.since = known.since
        self.rebuilt = None
        if known.rebuilt is not None:
            self.rebuilt = _rebuilding(self.instrument, known.rebuilt)
        self._known = known

    def known(self) -> KnownBook:
        """What is known now: the same object until another row comes."""
        if self._known is None:
            rebuilt = None if self.rebuilt is None else self.rebuilt.dump()
            symbol = self.instrument.symbol
            self._known = KnownBook(
                symbol=symbol, state=self.dump(), rebuilt=rebuilt, since=self.since
            )
        return self._known

    def reach(self) -> Reach:
        """How far the best prices have reached, as messages left them, since this was asked last:
        of both books where there are two."""
        found, self._reach = self._reach, NOWHERE
        return found

    def follow(self, part: DepthSlice) -> list[tuple[int, int, bool]]:
        """The next rows of the book; for each message that ends among them the best bid and ask,
        and whether these tell all that it did beside its levels."""
        self._known, self._tops = None, []
        self.take_all(part, 0, len(part), np.array(part.positions(), dtype=np.int64))
        if self.rebuilt is not None:
            self.rebuilt.wait_with(self)
        return self._tops

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
            self.since = ts
        if other is not None:
            other.end(flags, numbers, row, ts, ts_event)
            live = self.phase is BookPhase.LIVE and other.phase is BookPhase.LIVE
            if live and self.is_sound:
                self.rebuilt = None  # they differ in nothing that is ever asked for
        self._note(is_told=not flags & SNAPSHOT and other is None)
        if other is not None and other.is_sound:
            self._reach = self._reach.with_(other.bids.best, other.asks.best)

    def _note(self, *, is_told: bool) -> None:
        """A message has ended; whether the best prices of a sound book tell what it did beside its
        levels."""
        if not self.is_sound:
            self._tops.append((0, 0, False))
            return
        bid, ask = self.bids.best, self.asks.best
        self._tops.append((bid, ask, is_told))
        self._reach = self._reach.with_(bid, ask)


def _rebuilding(instrument: Instrument, state: DepthState) -> DepthBook:
    made = DepthBook(instrument, BookStart.UPDATES)
    made.load(state)
    return made
