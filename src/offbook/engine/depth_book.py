"""An order book by price, made of the updates that a venue sent.

The best bid and ask are the ends of the book and stand nowhere else.  What the book says is the
state after the last whole message; rows of a message that has not ended wait.
"""

from __future__ import annotations

import enum
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator

import msgspec

from offbook.domain.columns import IntColumn
from offbook.domain.config import BookStart
from offbook.domain.depth import BID, LAST, NO_SEQ, SNAPSHOT, DepthSlice, DepthUpdate
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import Quote
from offbook.domain.orders import OrderSide


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


class DepthState(msgspec.Struct, frozen=True, kw_only=True):
    """A book as it stands in a snapshot of an engine."""

    phase: BookPhase
    last_seq: int
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]
    at: tuple[int, int, int | None]
    mark: tuple[int, int, int, int, int, int, int | None] | None
    begun: list[tuple[int, int, int]]
    gaps: int


class DepthBook:
    """The book of one instrument.

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
        self._begun: list[tuple[int, int, int]] = []
        self._top: Quote | None = None
        self._mark: Quote | None = None

    # -- taking rows ------------------------------------------------------------------------

    def take(self, update: DepthUpdate) -> bool:
        """Take one row; whether its message is complete, and the book is another now."""
        self._begun.append((update.side, update.price_px, update.size_qty))
        if not update.flags & LAST:
            return False
        self._end(
            update.flags, (update.first_seq, update.last_seq, update.prev_seq), update.row,
            update.ts, update.ts_event,
        )  # fmt: skip
        return True

    def take_all(self, piece: DepthSlice, begin: int, end: int, numbers: IntColumn) -> bool:
        """Take rows of a slice, from ``begin`` to ``end`` (places within it) at these positions in
        the market, as ``take`` would one by one; whether a message was complete among them."""
        begun, first = self._begun, 0
        events = piece.ts_event
        rows = list(
            zip(
                piece.side[begin:end].tolist(), piece.price_px[begin:end].tolist(),
                piece.size_qty[begin:end].tolist(), strict=True,
            )
        )  # fmt: skip
        for last in (piece.flags[begin:end] & LAST).nonzero()[0].tolist():
            begun.extend(rows[first : last + 1])
            first, at = last + 1, begin + last
            told = int(piece.first_seq[at]), int(piece.last_seq[at]), int(piece.prev_seq[at])
            event = None if events is None else int(events[at])
            self._end(int(piece.flags[at]), told, int(numbers[last]), int(piece.ts[at]), event)
        begun.extend(rows[first:])
        return first > 0

    def _end(
        self,
        flags: int,
        numbers: tuple[int, int, int],
        row: int,
        ts: int,
        ts_event: int | None,
    ) -> None:
        """A message is complete."""
        before = self.top()
        first, last, previous = numbers
        snapshot = bool(flags & SNAPSHOT)
        if snapshot:
            self.bids.clear()
            self.asks.clear()
            self.phase = BookPhase.LIVE
        elif NO_SEQ < last <= self.last_seq:
            self._begun.clear()  # what the book knows already
            return
        elif self._missed(first, previous):
            self._lose()
        if last > NO_SEQ or snapshot:
            self.last_seq = last
        bids, asks = self.bids, self.asks
        for side, px, qty in self._begun:
            if side:
                (bids if side == BID else asks).put(px, qty)
        self._begun.clear()
        self.row, self.ts, self.ts_event = row, ts, ts_event
        self._top = None
        if before is not None and not self.is_sound:
            self._mark = before

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
        self.bids.clear()
        self.asks.clear()
        self.phase = BookPhase.INCOMPLETE

    # -- asking -----------------------------------------------------------------------------

    @property
    def is_rebuilt(self) -> bool:
        """Whether the book is built anew where something was missed."""
        return self._start is not BookStart.SNAPSHOT

    @property
    def is_within(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._begun)

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

    def dump(self) -> DepthState:
        """All that the book knows."""
        mark = self._mark
        return DepthState(
            phase=self.phase,
            last_seq=self.last_seq,
            bids=list(self.bids.walk()),
            asks=list(self.asks.walk()),
            at=(self.row, self.ts, self.ts_event),
            mark=None
            if mark is None
            else (
                mark.bid_px, mark.ask_px, mark.bid_qty, mark.ask_qty, mark.ts, mark.row,
                mark.ts_event,
            ),
            begun=list(self._begun),
            gaps=self.gaps,
        )  # fmt: skip

    def load(self, state: DepthState) -> None:
        """Become what was dumped."""
        self.phase, self.last_seq, self.gaps = state.phase, state.last_seq, state.gaps
        for levels, kept in ((self.bids, state.bids), (self.asks, state.asks)):
            levels.clear()
            for px, qty in kept:
                levels.put(px, qty)
        self.row, self.ts, self.ts_event = state.at
        self._begun = list(state.begun)
        self._top = None
        self._mark = None if state.mark is None else self._quote(*state.mark)
