"""Showing a strategy every row of a market's only source.

Most rows do no more than be shown: nothing falls due by then, and no price comes to an order.
Where the next row is that may do more is looked up in the columns; up to there the strategy is
called and nothing else is done, until it acts.  From there some rows are taken one by one, each
with everything that it brings, for others like it are likely to be near.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from offbook.domain.market_data import SourceSlice
from offbook.domain.session import RUNNING
from offbook.engine.instants import Instants
from offbook.engine.kernel import Kernel
from offbook.engine.rows.packed_rows import PackedBlock
from offbook.engine.rows.row_sources import PackedRowSource, RowSource, SharedRowSource
from offbook.engine.rows.rows import Row, made_rows
from offbook.engine.rows.showing import BlockRows, RunningRows, SteppedRows, show_until_it_acts
from offbook.engine.strategy.host import StrategyHost
from offbook.engine.venue.book import Book
from offbook.engine.venue.venue import Venue

BLOCK: Final = 1024
"""Rows stepped through at a time: they stay in the processor's caches. To meet memory anew for each
row costs as much as all else that is done for it."""
RUN_BLOCK: Final = 4096
"""Rows shown in runs at a time: there is less of each."""
FAR: Final = 1024
"""How far to search for a price that an order waits for: where the strategy has acted, it may soon
act again, and then what it waits for is another."""
STRETCH: Final = 2
"""How many rows are first taken one by one; twice as many each time that the next may do more."""
LEAST_RUN: Final = 64
"""Fewer rows are sooner made whole, and stepped through."""
STEPPED_BLOCKS: Final = 256
"""For how many blocks that is done once the strategy has asked for much of other rows."""
Hits = npt.NDArray[np.bool_]
_NO_ORDERS: Final = Book()


class Kind(Protocol):
    """How the rows of one kind are taken; slices and rows are of that kind."""

    @property
    def callback(self) -> str:
        """What shows the strategy a row."""

    def each(self, block: Any) -> Iterator[Row]:
        """The rows of a slice as objects, each made when it is asked for."""

    def packed(self, block: Any) -> PackedBlock[Any]:
        """The same, packed."""

    def may_pass(self, book: Book, ahead_ns: int) -> bool:
        """Whether a row so far ahead of session time can do no more than be shown, unless
        something falls due or its price is ``reached``."""

    def reached(self, block: Any, book: Book) -> Hits:
        """At which rows a price comes to what an order in the book waits for."""

    def take(self, row: Any, host: StrategyHost) -> bool:
        """Take a row with everything that it brings; False where it has to wait, and with it all
        that follow."""

    def passed(self, row: Any, since: int) -> None:
        """Rows up to this one were only shown; session time was ``since`` before the first."""


class ShownRows:
    """Shows rows of one kind to the strategy of one engine."""

    def __init__(self, kernel: Kernel, venue: Venue, instants: Instants, kind: Kind) -> None:
        self._kernel = kernel
        self._venue = venue
        self._instants = instants
        self._kind = kind
        self._running: RunningRows | None = None
        """The last block, if it was shown in runs."""
        self._stepped_blocks = 0
        """How many blocks to step through, for the strategy asks for much at each row."""
        self._steps = True
        self.host: StrategyHost | None = None

    def are_seen(self) -> bool:
        """Whether the strategy is shown each row now."""
        running = self._kernel.ledger.status is RUNNING
        return (
            running
            and self.host is not None
            and self.host.callback(self._kind.callback) is not None
        )

    def show(self, piece: SourceSlice, begin: int) -> int:
        """Take rows from a place on, at least one of which may be taken, while the strategy sees
        them; the place after the last."""
        place = begin
        if self._kernel.is_full:
            # Its instant has begun: to leave it for later would let a command in between.
            place += self._show_one(piece.rows(place, place + 1))
        while place < len(piece) and self._may_go_on():
            length = BLOCK if self._must_step(piece) else RUN_BLOCK
            block = piece.rows(place, min(place + length, len(piece)))
            rows = self._rows(block)
            place += self._show_block(block, rows)
            rows.let_go()
        return place

    def _may_go_on(self) -> bool:
        return self.are_seen() and self._instants.may_go_on()

    def _show_one(self, row: SourceSlice) -> int:
        host = self.host
        assert host is not None
        return int(self._kind.take(next(self._kind.each(row)), host))

    def _show_block(self, block: SourceSlice, rows: BlockRows) -> int:
        """How many rows were taken: all, unless the session goes on no further."""
        kernel, host = self._kernel, self.host
        assert host is not None
        length, stretch, place = len(block), STRETCH, 0
        while place < length and self._may_go_on():
            calm = self._calm(block, place)
            if calm:
                stretch = STRETCH
                place += self._pass(rows, place, place + calm, block.start)
            else:
                stretch = min(2 * stretch, BLOCK)
            kernel.look_up = True
            for row in rows.some(place, min(place + stretch, length)):
                if kernel.look_up and not self._may_go_on():
                    return place
                kernel.look_up = False
                if not self._kind.take(row, host):
                    return place
                place += 1
        return place

    def _must_step(self, piece: SourceSlice) -> bool:
        """Whether to step through the rows of the next block: they are few, or the strategy asked
        for much when others were shown in runs."""
        running, self._running = self._running, None
        if running is not None and running.is_asked_for_much:
            self._stepped_blocks = STEPPED_BLOCKS
        self._stepped_blocks = max(self._stepped_blocks - 1, 0)
        self._steps = self._stepped_blocks > 0 or len(piece) < LEAST_RUN
        return self._steps

    def _rows(self, block: SourceSlice) -> BlockRows:
        """The rows of a block."""
        if self._steps:
            return SteppedRows(self._kernel, self._kind.each(block))
        assert self.host is not None
        self._running = RunningRows(self._kernel, self.host, self._source(block))
        return self._running

    def _source(self, block: SourceSlice) -> RowSource:
        """Whence rows of a block come that are shown in runs."""
        kind, made = self._kind, made_rows(block)
        if made is not None:
            return SharedRowSource(made)
        return PackedRowSource(
            kind.packed(block),
            lambda begin, end: kind.each(block.rows(begin, end)),
            len(block),
        )

    def _calm(self, block: SourceSlice, place: int) -> int:
        """How many rows from a place on do no more than be shown, if the strategy rests."""
        kernel, instants, ts = self._kernel, self._instants, block.ts
        if instants.unbegun or not instants.hours_known or kernel.every_row:
            return 0
        book = self._venue.books.get(block.instrument.symbol, _NO_ORDERS)
        if not self._kind.may_pass(book, int(ts[place]) - kernel.now):
            return 0
        end, due = len(ts), kernel.agenda.next_due
        if due <= int(ts[-1]):
            end = int(np.searchsorted(ts, due))
        if (len(book) or book.looking) and end > place:
            end = min(end, place + FAR)
            hits = self._kind.reached(block.rows(place, end), book)
            return int(hits.argmax()) if hits.any() else len(hits)
        return max(end - place, 0)

    def _pass(self, rows: BlockRows, begin: int, end: int, start: int) -> int:
        """Show rows of a block, which begins at position ``start``, to the strategy until it acts;
        how many were shown."""
        kernel, host = self._kernel, self.host
        assert host is not None
        callback = host.callback(self._kind.callback)
        assert callback is not None
        since = kernel.now
        show = partial(rows.show, callback, begin, end)
        show_until_it_acts(kernel, host, show, lambda: self._kind.callback)
        assert kernel.last is not None
        self._kind.passed(kernel.last, since)
        return kernel.last.row - (start + begin) + 1
