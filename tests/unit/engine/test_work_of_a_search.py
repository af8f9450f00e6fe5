"""What is looked at where rows are passed over: no more than the next thing due needs."""

from typing import Any

import numpy as np
import pytest
from tests.rehearsal import rehearse

from offbook.domain.market_data import MergedSlice, QuoteSlice
from offbook.domain.orders import OrderSide
from offbook.domain.row_index import BLOCK
from offbook.engine.rows import passing, searching
from offbook.engine.rows.book_rows import Hits
from offbook.engine.rows.looking_ahead import LookAhead
from offbook.engine.rows.searching import first_outside
from offbook.engine.strategy.strategy import Strategy
from offbook.engine.wake import Band
from offbook.testing.markets import SECOND, XYZ, combined, quotes_market, trades_market

ROWS = 2000
PERIOD = 50


class Clocked(Strategy):
    """Wakes by its timer alone."""

    def on_start(self) -> None:
        self.ticks = 0
        self.set_timer("tick", every=PERIOD * SECOND)

    def on_timer(self, name: str) -> None:
        self.ticks += 1


def test_of_what_is_indexed_only_blocks_that_are_touched_are_searched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else an index would be a cost and no gain, and no result would tell."""
    looked: list[tuple[int, int]] = []
    scan = searching._scan

    def counted(piece: Any, begin: int, end: int, edges: Any) -> int:
        looked.append((begin, end))
        return scan(piece, begin, end, edges)

    monkeypatch.setattr(searching, "_scan", counted)
    count = 100 * BLOCK
    bid, ones = np.full(count, 1000, np.int64), np.ones(count, np.int64)
    bid[70 * BLOCK + 5] = 900
    rows = QuoteSlice(XYZ, 0, np.arange(count, dtype=np.int64), bid, bid + 1, ones, ones).indexed()
    assert first_outside(rows, 0, count, Band(ask_rises=1100)) == count
    assert looked == []
    assert first_outside(rows, 0, count, Band(bid_falls=900)) == 70 * BLOCK + 5
    assert looked == [(70 * BLOCK, 71 * BLOCK)]


def test_a_search_goes_no_further_than_the_next_thing_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a strategy that acts each minute would search the rest of the day for each of them."""
    looked = []

    def counted(piece: Any, begin: int, end: int, band: Band) -> int:
        looked.append(end - begin)
        return first_outside(piece, begin, end, band)

    monkeypatch.setattr(passing, "first_outside", counted)
    strategy = Clocked()
    rehearsal = rehearse(quotes_market([("100", "101")] * ROWS, instrument=XYZ), strategy)
    rehearsal.send("A", OrderSide.BUY, "1", "50")
    rehearsal.rest()
    assert strategy.ticks == (ROWS - 1) // PERIOD
    assert ROWS // 2 < sum(looked) <= ROWS


def test_nor_does_one_of_several_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the row by which it falls due, which is looked at once more."""
    looked = []
    search = LookAhead._search

    def counted(ahead: LookAhead, window: MergedSlice) -> Hits:
        looked.append(len(window))
        return search(ahead, window)

    monkeypatch.setattr(LookAhead, "_search", counted)
    strategy = Clocked()
    market = combined(
        quotes_market([("100", "101")] * ROWS, instrument=XYZ),
        trades_market([("100.5", "1", "buy")] * ROWS, instrument=XYZ),
    )
    rehearsal = rehearse(market, strategy)
    rehearsal.send("A", OrderSide.BUY, "1", "50")
    rehearsal.rest()
    assert strategy.ticks == (ROWS - 1) // PERIOD
    assert ROWS // 2 < sum(looked) <= 2 * ROWS + len(looked)
