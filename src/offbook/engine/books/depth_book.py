"""An order book by price (L2), made of the updates that a venue sent."""

from __future__ import annotations

from collections.abc import Sequence

from offbook.domain.book_states import DepthState as DepthState
from offbook.domain.columns import IntColumn
from offbook.domain.config import BookStart
from offbook.domain.depth import BID, LAST, NO_SEQ, SNAPSHOT, DepthSlice, DepthUpdate
from offbook.domain.instruments import Instrument
from offbook.engine.books.shown_book import BookPhase, ShownBook


class DepthBook(ShownBook):
    """The book of one instrument, by price."""

    def __init__(self, instrument: Instrument, start: BookStart = BookStart.SNAPSHOT) -> None:
        super().__init__(instrument, start)
        self._begun: list[tuple[int, int, int]] = []

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

    def end(
        self, flags: int, numbers: tuple[int, int, int], row: int, ts: int, ts_event: int | None
    ) -> None:
        """The message of which all rows wait is complete: its flags, sequence numbers (first, last
        and previous), and the position and times of its last row."""
        self._end(flags, numbers, row, ts, ts_event)

    def wait_with(self, other: DepthBook) -> None:
        """Have the rows of the message that another book of this instrument has begun."""
        self._begun = list(other._begun)

    def misses(self, numbers: tuple[int, int, int]) -> bool:
        """Whether something was missed before an update with these numbers, unless it is old."""
        first, _, previous = numbers
        return not self._knows(numbers) and self._missed(first, previous)

    def _knows(self, numbers: tuple[int, int, int]) -> bool:
        """Whether an update with these numbers tells nothing that the book does not know."""
        _, last, previous = numbers
        return NO_SEQ < last == self.last_seq or self._is_old(last, previous)

    def _end(
        self,
        flags: int,
        numbers: tuple[int, int, int],
        row: int,
        ts: int,
        ts_event: int | None,
    ) -> None:
        """A message is complete."""
        before = self._shown
        _, last, _ = numbers
        snapshot = bool(flags & SNAPSHOT)
        if snapshot:
            self._empty()
            self.phase = BookPhase.LIVE
            self.wholes += 1
        elif self._knows(numbers):
            self._begun.clear()  # what the book knows already
            self.is_cut = False
            return
        elif self.misses(numbers):
            self._lose()
        if last > NO_SEQ or snapshot:
            self.last_seq = last
        bids, asks = self.bids, self.asks
        for side, px, qty in self._begun:
            if side:
                (bids if side == BID else asks).put(px, qty)
        self._begun.clear()
        self._came(row, ts, ts_event, before)

    @property
    def begun(self) -> Sequence[tuple[int, int, int]]:
        """Side, price and size of the levels of a message that has begun and not ended."""
        return self._begun

    @property
    def is_within(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._begun)

    # -- others of the same instrument ------------------------------------------------------

    def become(self, other: DepthBook) -> None:
        """Know what another knows, without copying its levels."""
        self.phase, self.last_seq, self.gaps = other.phase, other.last_seq, other.gaps
        self.bids.share(other.bids)
        self.asks.share(other.asks)
        self.row, self.ts, self.ts_event = other.row, other.ts, other.ts_event
        self._begun = list(other._begun)
        self._top, self._shown, self._mark = None, self._ends(), other._mark

    def let_go(self) -> None:
        """Keep no levels: the book becomes another before it is asked for."""
        self.bids.clear()
        self.asks.clear()
        self._begun.clear()

    # -- snapshots of an engine -------------------------------------------------------------

    def dump(self) -> DepthState:
        """All that the book knows and may ever be asked for."""
        return DepthState(
            phase=self.phase,
            last_seq=self.last_seq,
            bids=list(self.bids.walk()),
            asks=list(self.asks.walk()),
            at=(self.row, self.ts, self.ts_event),
            mark=self._mark_state(),
            begun=list(self._begun),
            gaps=self.gaps,
        )

    def load(self, state: DepthState) -> None:
        """Become what was dumped."""
        self.phase, self.last_seq, self.gaps = state.phase, state.last_seq, state.gaps
        for levels, kept in ((self.bids, state.bids), (self.asks, state.asks)):
            levels.clear()
            for px, qty in kept:
                levels.put(px, qty)
        self._begun = list(state.begun)
        self._load_mark(state.at, state.mark)
