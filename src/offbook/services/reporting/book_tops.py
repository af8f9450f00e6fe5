"""The best bid and ask of a book as quotes, a row where each of its messages ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np

from offbook.domain.book_states import KnownBook
from offbook.domain.config import BookStart
from offbook.domain.market_data import BookOrderSlice, DepthSlice, Quote, QuoteSlice
from offbook.engine.books.books import AnyBook, load_book, take_update
from offbook.engine.rows.rows import each_book_update


class BookTops:
    """Follows one book from its first row on."""

    def __init__(self, depth: AnyBook, dropped: Iterable[int] = ()) -> None:
        """``dropped`` are the times (ns UTC) of corporate actions, at which what the book holds is
        of before: it gives no rows then until it is told anew."""
        self._depth = depth
        self._to_drop = deque(sorted(dropped))

    def know(self, known: KnownBook, start: BookStart) -> None:
        """Go on from a book as it was handed on."""
        load_book(self._depth, known.of(start))
        self._depth.begun_at = known.begun or 0
        self._to_drop = deque(ts for ts in self._to_drop if ts > (known.since or 0))

    def take(self, piece: DepthSlice | BookOrderSlice) -> QuoteSlice:
        """What the best bid and ask are at the end of each message of the next rows, as the engine
        prices by them; messages before the first sound book give none."""
        tops: list[Quote] = []
        places: list[int] = []
        for place, update in enumerate(each_book_update(piece)):
            while self._to_drop and self._to_drop[0] <= update.ts:
                self._depth.drop(self._to_drop.popleft(), None)
            if take_update(self._depth, update) and (top := self._depth.quote()) is not None:
                tops.append(top)
                places.append(place)
        columns = [
            np.array([getattr(top, name) for top in tops], dtype=np.int64)
            for name in ("bid_px", "ask_px", "bid_qty", "ask_qty")
        ]
        found = QuoteSlice(piece.instrument, piece.start, piece.ts[places], *columns)
        numbers = [piece.position(place) for place in places]
        return found.numbered(np.array(numbers, dtype=np.int64))
