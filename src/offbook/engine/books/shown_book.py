"""What every order book is to those who trade on it, whatever a venue's messages tell of it.

The best bid and ask are the ends of the book and stand nowhere else.  What the book says is the
state after the last whole message; rows of a message that has not ended wait.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator

from offbook.domain.book_states import BookPhase as BookPhase
from offbook.domain.config import BookStart
from offbook.domain.depth import BID, NO_SEQ
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import Quote
from offbook.domain.orders import OrderSide

Ends = tuple[int, int, int, int, int, int, int | None]
"""The top of a book: prices and sizes of bid and ask, and when and in which row it was that."""


class Levels:
    """One side of a book: sizes by price, best first."""

    __slots__ = ("_is_shared", "_sign", "keys", "sizes")

    def __init__(self, side: int) -> None:
        self._sign = side
        self._is_shared = False
        self.keys: list[int] = []
        """Prices such that more is better, the best last."""
        self.sizes: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self.keys)

    def put(self, px: int, qty: int) -> None:
        """A level's new size; 0 deletes it."""
        if self._is_shared:
            self.keys, self.sizes, self._is_shared = self.keys.copy(), self.sizes.copy(), False
        if qty:
            if px not in self.sizes:
                insort(self.keys, self._sign * px)
            self.sizes[px] = qty
        elif self.sizes.pop(px, None) is not None:
            del self.keys[bisect_left(self.keys, self._sign * px)]

    def clear(self) -> None:
        """No level is left."""
        self.keys, self.sizes, self._is_shared = [], {}, False

    def share(self, other: Levels) -> None:
        """Have the same levels as another of this side; whoever changes his copies them first."""
        self.keys, self.sizes = other.keys, other.sizes
        self._is_shared = other._is_shared = True

    @property
    def best(self) -> int:
        """The best price; there must be one."""
        return self._sign * self.keys[-1]

    def count_better(self, px: int) -> int:
        """How many levels are better than a price."""
        return len(self.keys) - bisect_right(self.keys, self._sign * px)

    def covers(self, px: int) -> bool:
        """Whether a price is no worse than the worst level, so that its absence means 0."""
        return bool(self.keys) and self._sign * px >= self.keys[0]

    def walk(self, limit_px: int | None = None) -> Iterator[tuple[int, int]]:
        """Levels, price and size, best first, none worse than a limit of the other side."""
        for key in reversed(self.keys):
            px = self._sign * key
            if limit_px is not None and key < self._sign * limit_px:
                return
            yield px, self.sizes[px]


class ShownBook:
    """The book of one instrument: its levels, and what they are worth.

    ``row``, ``ts`` and ``ts_event`` are those of the last row of the last message, ``gaps`` counts
    the messages that were missed (times at which some were).  ``dropped_at`` is the session time
    (ns UTC) at which all that it held was dropped, until it is sound again by what a venue has
    told as a whole; 0 where that is so.
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
        self.clears = 0
        """How often a venue has cleared it."""
        self.wholes = 0
        """How often all of it was told."""
        self.dropped_at = 0
        self.is_cut = False
        """Whether it was dropped within a message that has not ended: this is of before, too."""
        self.begun_at = 0
        """When a message began with which the book was handed on; 0 of one that the session has
        seen begin."""
        self._shown: Ends | None = None
        """Of what the top is made that the last message left."""
        self._top: Quote | None = None
        self._mark: Quote | None = None

    def _is_old(self, last: int, previous: int) -> bool:
        """Whether a message is from before the one known last, by its number. One that says that
        it follows that one is not: venues may begin to count anew, as OKX does after maintenance
        (*Order book channel: sequence reset*)."""
        return NO_SEQ < last < self.last_seq and not last < previous == self.last_seq

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

    def drop(self, now: int, mark: Quote | None, due: int | None = None) -> None:
        """Nothing that the book held is true from ``now`` on (ns UTC): it waits for a snapshot, or
        is built anew of what comes.  ``mark`` is what it reads as meanwhile, ``due`` when that was
        for which it is dropped, if it was earlier."""
        self.dropped_at = now
        self.is_cut = self.is_within and self.begun_at < (now if due is None else due)
        self._forsake()
        self._top = self._shown = None
        self._mark = mark

    def read_as(self, mark: Quote) -> None:
        """What a book that was never sound reads as until it is."""
        self._mark = mark

    def _forsake(self) -> None:
        """All that is known is of before."""
        if self._start is not BookStart.SNAPSHOT:
            self.phase = BookPhase.INCOMPLETE
        elif self.phase is BookPhase.LIVE:
            self.phase = BookPhase.STALE
        self.resets += 1
        self._empty()

    def _empty(self) -> None:
        """Nothing is left."""
        self.bids.clear()
        self.asks.clear()

    def _ends(self) -> Ends | None:
        """Of what the top of the book is made, None unless it is sound."""
        if not self.is_sound:
            return None
        bids, asks = self.bids, self.asks
        bid, ask = bids.keys[-1], -asks.keys[-1]
        return (
            bid, ask, bids.sizes[bid], asks.sizes[ask], self.ts, self.row, self.ts_event
        )  # fmt: skip

    def _came(self, row: int, ts: int, ts_event: int | None, before: Ends | None) -> None:
        """A message is in the book; ``before`` are the ends that it had."""
        self.row, self.ts, self.ts_event = row, ts, ts_event
        if self.is_cut:
            self.is_cut = False
            self._forsake()
        self._top, self._shown = None, self._ends()
        if self._shown is None:
            if before is not None:
                self._mark = self._quote(*before)
        elif self.phase is BookPhase.LIVE:
            self.dropped_at = 0

    @property
    def is_within(self) -> bool:
        """Whether a message has begun and not ended."""
        raise NotImplementedError

    @property
    def lost(self) -> int:
        """How often all that it held was gone, to be told anew by and by."""
        return self.resets + self.clears

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
        bids, asks = self.bids.keys, self.asks.keys
        return bool(bids and asks) and bids[-1] <= -asks[-1] and self.is_followed

    @property
    def is_complete(self) -> bool:
        """Whether a level that is not there is known to be empty."""
        return self.phase is BookPhase.LIVE

    def side(self, side: OrderSide) -> Levels:
        """The side on which orders of a side rest."""
        return self.bids if side is OrderSide.BUY else self.asks

    def top(self) -> Quote | None:
        """Best bid and ask as a quote, None unless the book is sound."""
        if self._top is None and self._shown is not None:
            self._top = self._quote(*self._shown)
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

    def _mark_state(self) -> Ends | None:
        mark = self._mark
        if mark is None or self._shown is not None:
            return None  # while the book is sound nobody asks for it
        sizes = mark.bid_qty, mark.ask_qty
        return mark.bid_px, mark.ask_px, *sizes, mark.ts, mark.row, mark.ts_event

    def _load_mark(self, at: tuple[int, int, int | None], mark: Ends | None) -> None:
        self.row, self.ts, self.ts_event = at
        self.dropped_at, self.is_cut = 0, False
        self._top, self._shown = None, self._ends()
        self._mark = None if mark is None else self._quote(*mark)
