"""A strategy that sees the market late, beside a session told plainly: everything in one time, with
rows that the venue has had and that are kept to be shown later.

The engine takes each row once and moves clocks instead; both must come to the same: what the
strategy is called for, when by its clock, with which quote before its eyes, and which quote each
order meets.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from tests.properties.reference_late_view import LateView, RecordedView, earliest
from tests.rehearsal import Snapshotting, rehearse

from offbook.domain import records as r
from offbook.domain.config import EmpiricalDelay, LatencyConfig, RecordedDelay, RowTimes
from offbook.domain.orders import ExecType
from offbook.testing.markets import SECOND, START, XYZ, quotes_market

ROWS = 40
Called = tuple[str, int, int]
"""What for, when by the strategy's clock, and the last quote that it has been shown."""
Actions = list[tuple[str, int]]


def actions(luck: int, call: int) -> Actions:
    """What the strategy does at its so-many-th call: buy, or set a timer so much later."""
    rng = Random(f"{luck} {call}")
    roll = rng.random()
    if roll < 0.25:
        return [("buy", 0)]
    if roll < 0.5:
        return [("timer", rng.randint(1, 3 * SECOND))]
    return [("buy", 0), ("timer", rng.randint(1, SECOND))] if roll < 0.55 else []


class Looker(Snapshotting):
    """Acts so, and notes each call."""

    luck: int = 0

    def on_start(self) -> None:
        self.calls = 0
        self.log: list[Called] = []

    def on_quote(self, quote: Any) -> None:
        self._called(f"quote {quote.row}")

    def on_timer(self, name: str) -> None:
        self._called(f"timer {name}")

    def on_order(self, order: Any) -> None:
        assert order.ts == self.now
        self._called(f"order {order.client_order_id} {order.exec_type.value}")

    def _called(self, what: str) -> None:
        self.log.append((what, self.now, self.history("XYZ", 1)[-1].row))
        self.calls += 1
        for act, after in actions(self.luck, self.calls):
            if act == "buy":
                self.buy("XYZ", 1, client_order_id=f"o{self.calls}")
            else:
                self.set_timer(f"t{self.calls}", after=after)


class InOneTime:
    """The same told plainly: the venue's rows, the strategy's, and messages, each at its moment of
    the one time that there is."""

    def __init__(self, luck: int, rows: list[tuple[int, int]], clock: Callable[[int], int]) -> None:
        """``rows`` are when the venue has each, and when the strategy is shown it; ``clock`` what
        the strategy's clock shows first, at a time or later."""
        self._luck = luck
        self._clock = clock
        self._events: list[Any] = []
        self._count = 0
        self._calls = 0
        self._at_venue = self._shown = -1
        self.log: list[Called] = []
        self.fills: dict[str, tuple[int, int]] = {}
        """When each order is at the venue, and the quote that it meets there."""
        for place, (has, shown) in enumerate(rows):
            self._later(has, 9, 0, lambda row=place: self._venue_has(row))
            self._later(shown, 2, has, lambda row=place, at=shown: self._show(row, at))

    def run(self, entry: int, seen: Callable[[int], int], told: Callable[[int], int]) -> None:
        """Let all happen up to the last row; an order takes ``entry``, and a report that leaves at
        a time is ``told``, not before a row that the venue has then would be ``seen``."""
        self._entry, self._seen, self._told = entry, seen, told
        while self._shown < ROWS - 1:
            *_, do = heapq.heappop(self._events)
            do()

    def _later(self, at: int, rank: int, of: int, do: Callable[[], None]) -> None:
        """At one moment timers come first, then reports, then rows and the reports that came with
        them by the venue's time ``of``; the venue has its rows last."""
        self._count += 1
        heapq.heappush(self._events, (at, rank, of, self._count, do))

    def _venue_has(self, row: int) -> None:
        self._at_venue = row

    def _show(self, row: int, at: int) -> None:
        self._shown = row
        self._call(f"quote {row}", at)

    def _call(self, what: str, at: int) -> None:
        self.log.append((what, at, self._shown))
        self._calls += 1
        for act, after in actions(self._luck, self._calls):
            name = self._calls
            if act == "buy":
                due = at + self._entry
                self._later(due, 8, 0, lambda name=f"o{name}", at=due: self._arrive(name, at))
            else:
                due = self._clock(at + after)
                self._later(due, 0, 0, lambda n=name, at=due: self._call(f"timer t{n}", at))

    def _arrive(self, name: str, at: int) -> None:
        self.fills[name] = (at, self._at_venue)
        told = self._told(at)
        rank = (1, 0) if told > self._seen(at) else (2, at)
        for kind in (ExecType.NEW, ExecType.FILL):
            what = f"order {name} {kind.value}"
            self._later(told, *rank, lambda what=what: self._call(what, told))


Case = tuple[LatencyConfig, list[int], list[int] | None]
"""Delays, the times of the rows, and the venue's where they have both."""


def case_of(seed: int) -> Case:
    """At random; odd numbers that do not meet by chance."""
    rng = Random(seed)
    times, ts = [], START
    for _ in range(ROWS):
        ts += rng.choice([10**5, 10**6, 10**8, SECOND, 4 * SECOND]) + rng.randint(0, 10**6)
        times.append(ts)
    most = 10 ** rng.randint(5, 9)
    parts: dict[str, Any] = {
        "entry_ns": rng.randint(0, most),
        "response_ns": rng.randint(0, 2 * most),
    }
    events = None
    if seed % 4 in {1, 2}:
        parts["market_data_ns"] = rng.randint(1, most)
        parts["row_times"] = rng.choice([None, *RowTimes])
    elif seed % 4 == 0:
        delays = sorted(rng.randint(0, 3 * SECOND) for _ in range(5))
        parts["market_data"] = EmpiricalDelay(quantiles_ns=tuple(delays))
    else:
        parts["market_data"] = RecordedDelay()
        events = [ts - rng.randint(10**6, 6 * 10**8) for ts in times]
    return LatencyConfig(**parts), times, events


def played(seed: int, *, every: int) -> tuple[Looker, list[r.Record]]:
    """The engine's session, its rows in slices of so many."""
    latency, times, events = case_of(seed)
    prices = [(f"{100 + row}", f"{100 + row}.50", "9999", "9999") for row in range(ROWS)]
    market = quotes_market(prices, instrument=XYZ, times=times, events=events)
    strategy = Looker(luck=seed)
    going = rehearse(market, strategy, latency=latency, cash="1000000000", seed=seed)
    while going.engine.cursor.row < ROWS:
        going.rows(every)
    return strategy, going.records


def plainly(seed: int) -> tuple[InOneTime, Callable[[int], int]]:
    """The same session told plainly, and which session time a time of the venue is."""
    latency, times, events = case_of(seed)
    back = latency.response_ns
    if events is not None:
        recorded = RecordedView(list(zip(events, times, strict=True)))
        plain = InOneTime(seed, recorded.rows, lambda at: at)
        plain.run(latency.entry_ns, recorded.seen, lambda at: recorded.told(at, back))
        return plain, recorded.seen
    view = LateView(latency, seed, is_live=False)
    if latency.row_times is RowTimes.RECEIVED:
        rows = [(ts - latency.market_data_ns, ts) for ts in times]
        plain = InOneTime(seed, rows, lambda at: at)
        plain.run(latency.entry_ns, view.seen, lambda at: max(view.seen(at), at + back))
        return plain, view.seen

    def clock(at: int) -> int:
        return view.seen(earliest(lambda ts: view.seen(ts) >= at, at - 60 * SECOND))

    plain = InOneTime(seed, [(ts, view.seen(ts)) for ts in times], clock)
    plain.run(latency.entry_ns, view.seen, lambda at: max(view.seen(at), clock(at + back)))
    return plain, lambda at: at


@pytest.mark.parametrize("seed", range(8))
def test_clocks_that_are_moved_tell_what_one_time_would(seed: int) -> None:
    """Calls, clocks, what is seen, and what each order meets, up to the last row."""
    strategy, records = played(seed, every=ROWS)
    plain, session_time = plainly(seed)
    last = f"quote {ROWS - 1}"
    end = [what for what, *_ in strategy.log].index(last) + 1
    assert len({what.split()[0] for what, *_ in strategy.log[:end]}) == 3
    assert strategy.log[:end] == plain.log
    names = {one.order: one.client_order_id for one in records if isinstance(one, r.OrderSubmitted)}
    fills = [one for one in records if isinstance(one, r.OrderFilled)]
    # The others were at the venue after the strategy was shown the last row.
    fills = [one for one in fills if names[one.order] in plain.fills]
    assert len(fills) > 4
    for fill in fills:
        at, row = plain.fills[names[fill.order]]
        assert (fill.ts, fill.evidence.row) == (session_time(at), row)


@pytest.mark.parametrize("seed", range(4))
def test_slices_change_nothing_of_it(seed: int) -> None:
    """Row by row as all at once."""
    assert played(seed, every=ROWS)[1] == played(seed, every=1)[1]
