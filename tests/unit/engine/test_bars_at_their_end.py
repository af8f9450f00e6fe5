"""Bars built of shorter ones, where other rows of the moment at which they end come first."""

import numpy as np
import pytest
from tests.rehearsal import Snapshotting, rehearse, restored

from offbook.domain.market_data import Bar, MergedSlice
from offbook.testing.markets import MINUTE, SECOND, START, bars_market, combined, quotes_market

FIRST = START - START % MINUTE
TICKS = [70, 125, 240, 241, 260, 360, 365, 420, 430, 490]
BARS = [130, 140, 190, 240, 360, 370, 380, 440, 480]
MARKET = combined(
    quotes_market([("99", "100")] * len(TICKS), times=[FIRST + at * SECOND for at in TICKS]),
    bars_market(
        [("100", "101", "99", "100", str(n)) for n in range(len(BARS))],
        times=[FIRST + (at - 10) * SECOND for at in BARS],
        timeframe_ns=10 * SECOND,
    ),
)


class Minutes(Snapshotting):
    """Notes the minutes that it is shown."""

    def on_start(self) -> None:
        self.shown: list[list[int]] = []
        self.subscribe_bars("BTCUSDT", "1m")

    def on_bar(self, bar: Bar) -> None:
        if bar.timeframe_ns == MINUTE:
            self.shown.append([(bar.ts - FIRST) // SECOND, bar.row])


def quotes_first() -> MergedSlice:
    """The rows of the market with the quotes of a moment before its bars."""
    (rows,) = MARKET.slices
    assert isinstance(rows, MergedSlice)
    quotes = next(n for n, piece in enumerate(rows.pieces) if len(piece) == len(TICKS))
    order = np.lexsort((rows.index, rows.which != quotes, rows.ts))
    made = MergedSlice(0, rows.ts[order], rows.which[order], rows.index[order], rows.pieces)
    made.check()
    return made


@pytest.mark.parametrize("moves", [True, False])
@pytest.mark.parametrize("cut", [1, 2, 3, 99])
def test_a_bar_that_comes_late_ends_an_empty_interval_and_is_never_lost(
    cut: int, moves: bool
) -> None:
    """One that follows others of its minute, which has been ended, goes into the next; the only
    one of its minute ends it. However the rows are cut, and from any snapshot."""
    rows, strategy = quotes_first(), Minutes()
    rehearsal = rehearse(MARKET, strategy)
    engine = rehearsal.engine
    for begin in range(0, len(rows), cut):
        engine.process([rows.rows(begin, min(begin + cut, len(rows)))])
        state = engine.snapshot() if moves else None
        if state is not None:
            engine = restored(rehearsal, strategy := Minutes(), state)
    # Positions: a quote at 240 s stands before the bar that ends there, and one at 360 s too.
    assert strategy.shown == [[180, 3], [240, 4], [300, 6], [360, 10], [420, 13], [480, 17]]
