"""The loops in which a strategy is shown rows of several sources, and nothing else is done.

Where session time stands, which row is the last, and which is the last of each source, is found
out when the strategy turns to the engine; where it does so often, it is kept up row by row.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, cast

import numpy as np

from offbook.domain.market_data import IntColumn, Quote, QuoteSlice, TradeSlice
from offbook.engine.kernel import Kernel
from offbook.engine.rows.row_sources import MOST_READS
from offbook.engine.rows.rows import Row, merged_row, merged_rows, tick_at
from offbook.engine.rows.several_block import SeveralBlock
from offbook.engine.rows.showing import TURNS, Turning, call_with, stand_before
from offbook.engine.strategy.host import StrategyHost
from offbook.engine.strategy.strategy import StrategyContext
from offbook.engine.venue.venue import Venue

FEW: Final = 16
"""The last rows of so many are sooner found one by one than in columns."""


class SeveralStand:
    """Where an engine stands in a block of rows that are only shown."""

    def __init__(self, kernel: Kernel, venue: Venue, block: SeveralBlock) -> None:
        assert kernel.market is not None
        self.kernel = kernel
        self.block = block
        self._venue = venue
        self._sources = kernel.market.sources
        self._seen = 0

    def begin(self, place: int) -> None:
        """All rows before a place were taken."""
        self._seen = place

    def reach(self, place: int) -> None:
        """Rows up to a place were taken: session time, the last row of all, and the last of each
        source, are those of these."""
        rows, kernel, begin = self.block.rows, self.kernel, self._seen
        if place <= begin:
            return
        self._seen = place
        for source, at in _lasts(rows.which[begin:place]):
            part, told = rows.pieces[source], self._sources[source]
            assert isinstance(part, QuoteSlice | TradeSlice)
            self._venue.book(part.instrument.symbol)
            if kernel.pricing[told.symbol] is told:
                here = begin + at
                row = tick_at(part, rows.index.item(here), rows.start + here)
                kernel.latest[told.symbol] = row
        _, kernel.last = merged_row(rows, place - 1)
        kernel.now = kernel.last.ts

    def step(self, source: int, row: Row) -> None:
        """The next row is shown."""
        self._venue.book(row.instrument.symbol)
        self.kernel.now = row.ts
        self.kernel.saw(self._sources[source], row)


def _lasts(which: IntColumn) -> list[tuple[int, int]]:
    """The sources of some rows, in the order of their first, each with the place of its last."""
    if len(which) <= FEW:
        return list({source: place for place, source in enumerate(which.tolist())}.items())
    places, count = np.arange(len(which)), int(which.max()) + 1
    # Of several the one that is put there last stays.
    firsts, lasts = np.full(count, -1), np.empty(count, np.int64)
    firsts[which[::-1]], lasts[which] = places[::-1], places
    (sources,) = (firsts >= 0).nonzero()
    sources = sources[firsts[sources].argsort()]
    return list(zip(sources.tolist(), lasts[sources].tolist(), strict=True))


class SteppedSeveral:
    """Rows that come one after another, shown with all that is known of them kept up."""

    def __init__(self, stand: SeveralStand, rows: Iterator[tuple[int, Row]]) -> None:
        self._stand = stand
        self._rows = rows

    def show(self, begin: int, end: int) -> None:
        """Call the strategy with rows ``begin`` to ``end`` of the block until it acts; in the end
        the engine stands at the last that was shown."""
        stand, kernel = self._stand, self._stand.kernel
        callbacks = stand.block.callbacks
        on_quote, on_trade = callbacks.get("on_quote"), callbacks.get("on_trade")
        for source, row in islice(self._rows, end - begin):
            stand.step(source, row)
            callback = on_quote if isinstance(row, Quote) else on_trade
            if callback is not None:
                callback(row)
                if kernel.look_up:
                    return

    def some(self, begin: int, end: int) -> Iterator[tuple[int, Row]]:
        """Rows ``begin`` to ``end``, each with its source, not to be shown by ``show``."""
        return islice(self._rows, end - begin)

    def let_go(self) -> None:
        """No more of them are asked for."""


class RunningSeveral:
    """Rows shown in a loop that does nothing else, for as long as the strategy leaves the engine
    alone."""

    def __init__(self, stand: SeveralStand, host: StrategyHost) -> None:
        self._stand = stand
        self._block = stand.block
        self._host = host
        self._stepped: SteppedSeveral | None = None
        self._turns = 0
        """How often the strategy turned to the engine, but did not act."""

    @property
    def is_asked_for_much(self) -> bool:
        """Whether it would have cost less to step from row to row."""
        block = self._block
        return self._turns >= TURNS or block.reads > len(block.rows) * MOST_READS

    def show(self, begin: int, end: int) -> None:
        """See ``SteppedSeveral``."""
        kernel, place = self._stand.kernel, begin
        self._stand.begin(begin)
        while place < end and not kernel.look_up:
            if self._turns >= TURNS:
                if self._stepped is None:
                    rows = self._block.rows
                    rest = merged_rows(rows.rows(place, len(rows)))
                    self._stepped = SteppedSeveral(self._stand, rest)
                self._stepped.show(place, end)
                return
            place = self._run(place, end)
            self._turns += place < end and not kernel.look_up

    def some(self, begin: int, end: int) -> Iterator[tuple[int, Row]]:
        """See ``SteppedSeveral``."""
        if self._stepped is not None:
            return self._stepped.some(begin, end)
        rows = self._block.rows
        return (merged_row(rows, place) for place in range(begin, end))

    def let_go(self) -> None:
        """No more of them are asked for."""
        self._block.let_go()

    def _run(self, begin: int, end: int) -> int:
        """Show rows until the strategy turns to the engine; the place after the last."""
        block, strategy = self._block, self._host.strategy
        first, last = block.between(begin, end)
        if first < last:
            coming, callback, callbacks = block.coming(first, last)
            turning = Turning(self, coming.ahead, first, last)
            stand_before(strategy, cast(StrategyContext, turning))
            try:
                if callback is None:
                    for row, each in zip(coming.rows, callbacks, strict=False):
                        each(row)
                else:
                    call_with(callback, coming.rows)
            finally:
                shown = turning.turn()
            if shown < last or self._stand.kernel.look_up:
                return block.places[shown - 1] + 1
        self._stand.reach(end)
        return end

    def turn(self, place: int | None) -> None:
        """The strategy has its host again, with the engine at the row before a place among those
        that are shown; None where no row was."""
        stand_before(self._host.strategy, self._host)
        if place is not None:
            self._stand.reach(self._block.places[place - 1] + 1)

    def stand_in(self, name: str) -> Any:
        """What the strategy turned to the engine for."""
        return getattr(self._host, name)
