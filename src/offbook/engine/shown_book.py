"""What every order book is to those who trade on it, whatever a venue's messages tell of it.

The best bid and ask are the ends of the book and stand nowhere else.  What the book says is the
state after the last whole message; rows of a message that has not ended wait.
"""

from __future__ import annotations

import enum
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator

from offbook.domain.config import BookStart
from offbook.domain.depth import BID, NO_SEQ
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import Quote
from offbook.domain.orders import OrderSide

Mark = tuple[int, int, int, int, int, int, int | None]
"""A top of a book as it stands in a snapshot of an engine."""


class BookPhase(enum.Enum):
    """What a book is worth: nothing of it before was known (INCOMPLETE), it began with a snapshot
    and missed nothing since (LIVE), or it missed something (STALE)."""

    INCOMPLETE = "incomplete"
    LIVE = "live"
    STALE = "stale"


class Levels:
    """One side of a book: sizes by price, best first."""

    __slots__ = ("_keys", "_sign", "sizes")

    def __init__(self, side: int) -> None:
        self._sign = side
        self._keys: list[int] = []
        self.sizes: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def put(self, px: int, qty: int) -> None:
        """A level's new size; 0 deletes it."""
        if qty:
            if px not in self.sizes:
                insort(self._keys, self._sign * px)
            self.sizes[px] = qty
        elif self.sizes.pop(px, None) is not None:
            del self._keys[bisect_left(self._keys, self._sign * px)]

    def clear(self) -> None:
        """No level is left."""
        self._keys.clear()
        self.sizes.clear()

    @property
    def best(self) -> int:
        """The best price; there must be one."""
        return self._sign * self._keys[-1]

    def count_better(self, px: int) -> int:
        """How many levels are better than a price."""
        return len(self._keys) - bisect_right(self._keys, self._sign * px)

    def covers(self, px: int) -> bool:
        """Whether a price is no worse than the worst level, so that its absence means 0."""
        return bool(self._keys) and self._sign * px >= self._keys[0]

    def walk(self, limit_px: int | None = None) -> Iterator[tuple[int, int]]:
        """Levels, price and size, best first, none worse than a limit of the other side."""
        for key in reversed(self._keys):
            px = self._sign * key
            if limit_px is not None and key < self._sign * limit_px:
                return
            yield px, self.sizes[px]


class ShownBook:
    """The book of one instrument: its levels, and what they are worth.

    ``row``, ``ts`` and ``ts_event`` are those of the last row of the last message, ``gaps`` counts
    the messages that were missed (times at which some were).
    """

    def __init__(self, instrument: Instrument, start: BookStart = BookStart.SNAPSHOT) -> None:
        self.instrument = instrument
        self._start = start
        self.bids = Levels(BID)
        self.asks = Levels(-BID)
        self.phase = BookPhase.INCOMPLETE
        self.last_seq: int = NO_SEQ
        self.row = 0
        self.ts = 0
        self.ts_event: int | None = None
        self.gaps = 0
        self.resets = 0
        """How often the book was begun anew, for want of a snapshot."""
        self._top: Quote | None = None
        self._mark: Quote | None = None

    def _missed(self, first: int, previous: int) -> bool:
        """Whether messages lie between the book and one that begins with these numbers."""
        if self.last_seq == NO_SEQ:
            return False
        if previous > NO_SEQ:
            return previous > self.last_seq
        return first > self.last_seq + 1

    def _lose(self) -> None:
        """Something was missed: the book waits for a snapshot, or is built anew."""
        self.gaps += 1
        if self._start is BookStart.SNAPSHOT:
            if self.phase is BookPhase.LIVE:
                self.phase = BookPhase.STALE
            return
        self.resets += 1
        self._empty()
        self.phase = BookPhase.INCOMPLETE

    def _empty(self) -> None:
        """Nothing is left."""
        self.bids.clear()
        self.asks.clear()

    def _came(self, row: int, ts: int, ts_event: int | None, before: Quote | None) -> None:
        """A message is in the book; ``before`` was its top."""
        self.row, self.ts, self.ts_event = row, ts, ts_event
        self._top = None
        if before is not None and not self.is_sound:
            self._mark = before

    @property
    def is_within(self) -> bool:
        """Whether a message has begun and not ended."""
        raise NotImplementedError

    # -- asking -----------------------------------------------------------------------------

    @property
    def is_rebuilt(self) -> bool:
        """Whether the book is built anew where something was missed."""
        return self._start is not BookStart.SNAPSHOT

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid lies above the best ask, which no venue's book does for long."""
        return bool(self.bids) and bool(self.asks) and self.bids.best > self.asks.best

    @property
    def is_followed(self) -> bool:
        """Whether nothing is missing between what it began with and now, as far as it may begin."""
        if self.phase is BookPhase.INCOMPLETE:
            return self._start is BookStart.UPDATES
        return self.phase is BookPhase.LIVE

    @property
    def is_sound(self) -> bool:
        """Whether orders may be matched on it: followed, with both sides, and not crossed."""
        return self.is_followed and bool(self.bids) and bool(self.asks) and not self.is_crossed

    @property
    def is_complete(self) -> bool:
        """Whether a level that is not there is known to be empty."""
        return self.phase is BookPhase.LIVE

    def side(self, side: OrderSide) -> Levels:
        """The side on which orders of a side rest."""
        return self.bids if side is OrderSide.BUY else self.asks

    def top(self) -> Quote | None:
        """Best bid and ask as a quote, None unless the book is sound."""
        if self._top is None and self.is_sound:
            bid, ask = self.bids.best, self.asks.best
            sizes = self.bids.sizes[bid], self.asks.sizes[ask]
            self._top = self._quote(bid, ask, *sizes, self.ts, self.row, self.ts_event)
        return self._top

    def quote(self) -> Quote | None:
        """Best bid and ask, those of the last sound book where it is not; None before the first."""
        return self.top() or self._mark

    def _quote(
        self, bid: int, ask: int, bid_qty: int, ask_qty: int, ts: int, row: int, event: int | None
    ) -> Quote:
        scale = 10**self.instrument.price_precision
        return Quote(
            ts, bid / scale, ask / scale, bid, ask, bid_qty, ask_qty, event, row, self.instrument
        )

    # -- snapshots of an engine -------------------------------------------------------------

    def _mark_state(self) -> Mark | None:
        mark = self._mark
        if mark is None:
            return None
        sizes = mark.bid_qty, mark.ask_qty
        return mark.bid_px, mark.ask_px, *sizes, mark.ts, mark.row, mark.ts_event

    def _load_mark(self, at: tuple[int, int, int | None], mark: Mark | None) -> None:
        self.row, self.ts, self.ts_event = at
        self._top = None
        self._mark = None if mark is None else self._quote(*mark)
