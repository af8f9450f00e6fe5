"""A market that is seen late: the delay that moves, and what is told of fills."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.rehearsal import Snapshotting, rehearse

from offbook.domain import records as r
from offbook.domain.config import EmpiricalDelay, LatencyConfig, RowTimes
from offbook.domain.receipts import Receipts
from offbook.engine.models.latency import delays
from offbook.engine.models.market_data_delay import (
    AheadClock,
    DrawnFeed,
    ReceivedClock,
    RecordedFeed,
    SameClock,
    strategy_clock,
)
from offbook.engine.strategy.host import StrategyHost
from offbook.engine.strategy.late_host import LateHost
from offbook.testing.markets import SECOND, START, XYZ, quotes_market

MS = 1_000_000
QUOTES = [("100.00", "100.02"), ("100.10", "100.12"), ("100.20", "100.22"), ("100.30", "100.32")]
TABLES = st.lists(st.integers(0, 5 * SECOND), min_size=1, max_size=6).map(sorted).map(tuple)


@settings(max_examples=60, deadline=None)
@given(TABLES, st.integers(0, 99), st.lists(st.integers(0, 9 * SECOND), min_size=2, max_size=12))
def test_no_row_is_seen_before_an_earlier_one(
    table: tuple[int, ...], seed: int, after: list[int]
) -> None:
    """Nor before the venue has it; and the first row of a moment is found again by it."""
    feed = DrawnFeed(table, seed)
    times = [START + one for one in sorted(after)]
    seen = [feed.seen(ts) for ts in times]
    assert seen == sorted(seen)
    for ts, at in zip(times, seen, strict=True):
        assert ts + table[0] <= at
        first = feed.first(at)
        assert first <= ts
        assert feed.seen(first) >= at > feed.seen(first - 1)


def test_a_delay_at_whole_seconds_is_one_of_those_that_were_given() -> None:
    """About equally often; between two it is between theirs."""
    feed = DrawnFeed((0, 200 * MS, 400 * MS), 3)
    late = [feed.seen(second * SECOND) - second * SECOND for second in range(3000)]
    assert {late.count(one) // 100 for one in (0, 200 * MS, 400 * MS)} <= {9, 10}
    half = feed.seen(7 * SECOND + SECOND // 2) - 7 * SECOND - SECOND // 2
    assert half == (late[7] + late[8]) // 2


def test_a_delay_depends_on_the_seed_and_the_time_alone() -> None:
    """Whatever was asked before."""
    table = delays(EmpiricalDelay(quantiles_ns=tuple(range(0, 900 * MS, MS))))
    asked, other = DrawnFeed(table, 5), DrawnFeed(table, 5)
    for second in range(500):
        asked.seen(START + second * SECOND)
    assert asked.seen(START + 7) == other.seen(START + 7)
    assert DrawnFeed(table, 6).seen(START + 7) != other.seen(START + 7)


@pytest.mark.parametrize(
    ("row_times", "received", "kind"),
    [
        (None, False, AheadClock),
        (None, True, ReceivedClock),
        (RowTimes.VENUE, True, AheadClock),
        (RowTimes.RECEIVED, False, ReceivedClock),
    ],
)
def test_whose_clock_is_session_time(row_times: Any, received: bool, kind: type[object]) -> None:
    """The strategy's where rows have the times of their reception, unless it is said."""
    late = LatencyConfig(market_data_ns=5, row_times=row_times)
    assert type(strategy_clock(late, 0, received=received)) is kind


class Buys(Snapshotting):
    """One at the second quote."""

    def on_quote(self, quote: Any) -> None:
        if quote.row == 1:
            self.buy("XYZ", 1)


def test_a_decision_is_told_with_the_market_that_was_seen() -> None:
    """Not with that of the moment at which it was sent; so the difference is slippage."""
    late = LatencyConfig(entry_ns=0, response_ns=0, market_data_ns=3 * SECOND // 2)
    going = rehearse(quotes_market(QUOTES, instrument=XYZ), Buys(), latency=late)
    going.rest()
    (sent,) = going.of(r.OrderSubmitted)
    (fill,) = going.fills
    assert (sent.ts, sent.due) == (START + SECOND, START + 5 * SECOND // 2)
    assert (sent.decision_bid_px, sent.decision_ask_px) == (10010, 10012)
    assert (fill.ts, fill.last_px, fill.evidence.row) == (sent.due, 10022, 2)


@pytest.mark.parametrize("row_times", RowTimes)
@pytest.mark.parametrize("quick", [0, SECOND // 4])
def test_no_report_is_there_before_the_venue_sent_it(row_times: RowTimes, quick: int) -> None:
    """However late the market is seen beside it: with the row it came of at the earliest."""
    late = LatencyConfig(
        entry_ns=0, response_ns=quick, market_data_ns=SECOND // 2, row_times=row_times
    )
    going = rehearse(quotes_market(QUOTES, instrument=XYZ), Buys(), latency=late)
    going.rest()
    (fill,) = going.fills
    assert fill.due == fill.ts


def test_who_sees_the_market_at_once_has_no_second_clock() -> None:
    """Its host and its delays are those that there were before."""
    market = quotes_market(QUOTES, instrument=XYZ)
    usual = rehearse(market, Buys(), latency=LatencyConfig()).engine
    assert type(usual._host) is StrategyHost
    assert type(usual._kernel.clock) is SameClock
    late = rehearse(market, Buys(), latency=LatencyConfig(market_data_ns=1)).engine
    assert type(late._host) is LateHost


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 60)), min_size=1, max_size=9),
    st.integers(-30, 200),
)
@example([(10, 9), (0, 1)], 5)  # between two that were received together
def test_what_arrives_comes_between_the_rows_that_are_before_and_after_it_there(
    told: list[tuple[int, int]], ts: int
) -> None:
    """After all that the venue had before, and ahead of the next, unless that was received together
    with those; and the venue's time is found again, or one before which nothing else came."""
    received = list(accumulate(gap for gap, _ in told))
    events = [at - late for at, (_, late) in zip(received, told, strict=True)]
    rows = Receipts.of(np.array(events), np.array(received))
    feed, had = RecordedFeed(rows), [int(one) for one in rows.had]
    seen = feed.seen(ts)
    assert ts <= seen <= feed.seen(ts + 1)
    before = [at for one, at in zip(had, received, strict=True) if one < ts]
    after = [at for one, at in zip(had, received, strict=True) if one >= ts]
    assert all(at < seen for at in before)
    assert not after or seen <= after[0] or after[0] in before
    assert feed.had(seen) <= feed.had(seen + 1) <= seen + 1
    assert feed.had(seen) >= ts or after[0] in before
    for one, at in zip(had, received, strict=True):
        assert feed.had(at) >= one
