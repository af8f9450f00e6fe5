"""Several instruments share one account: its money, its margin and its day's loss are those that
fills and last prices come to, whatever was traded where."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from tests.properties.naive_portfolio import NaivePortfolio
from tests.properties.random_conditions import ACCOUNTS, TOGETHER
from tests.properties.random_sessions import Improvised, fresh, improvise

from offbook.domain.market_data import MergedSlice
from offbook.domain.session import SessionStatus
from offbook.engine.inputs import Advance, EndOfData, EngineInput, Take
from offbook.engine.processing_engine import ProcessingEngine

LIVE = {SessionStatus.RUNNING, SessionStatus.PAUSED}
OVER = {SessionStatus.STOPPED, SessionStatus.FAILED}


class Auditor:
    """Feeds an engine what a session was fed, row by row, and a portfolio what it records."""

    def __init__(self, done: Improvised) -> None:
        self.done = done
        self.engine: ProcessingEngine = fresh(done)
        self.portfolio = NaivePortfolio(done.rehearsal.session.config)
        self.seen: Counter[str] = Counter()

    def run(self) -> None:
        """All of it."""
        done, engine = self.done, self.engine
        self._feed(done.rehearsal.attach)
        last = done.rehearsal.engine.cursor
        for entry in done.fed:
            self._rows_to(entry.row)
            if entry.command is None:
                self._feed(EndOfData())
            else:
                self._feed(Take(command=entry.command, ts=entry.ts))
        self._rows_to(last.row)
        if engine.status not in OVER and engine.now < last.ts:
            self._feed(Advance(ts=last.ts))

    def _rows_to(self, row: int) -> None:
        rows = self.done.rehearsal.all_rows
        assert isinstance(rows, MergedSlice)
        while (begin := self.engine.cursor.row) < row and self.engine.status not in OVER:
            before = dict(self.portfolio.mids)
            piece = rows.rows(begin, begin + 1)
            ((source, only),) = piece.parts()
            self.portfolio.row(source, only)
            self._feed(piece, before)
            assert self.engine.cursor.row > begin or self.engine.status in OVER
            if self.engine.status in LIVE:
                self.portfolio.judge()

    def _feed(self, item: EngineInput, before: dict[str, Fraction] | None = None) -> None:
        mids = self.portfolio.mids if before is None else before
        for record in self.engine.process([item]):
            self.seen[type(record).__name__] += 1
            self.portfolio.take(record, mids)


@pytest.mark.parametrize(
    ("seeds", "accounts", "shown"),
    [
        (range(6000, 6014), ACCOUNTS, ("DayBegan", "DailyLossReached")),
        (range(6657, 6671), ACCOUNTS[-2:], ("MarginCalled", "MarginRestored")),
        (range(6745, 6751), TOGETHER, ("MarginCalled", "MarginRestored")),
    ],
)
def test_an_account_is_what_fills_and_last_prices_come_to(
    seeds: range, accounts: list[tuple[str, dict[str, Any]]], shown: tuple[str, ...]
) -> None:
    """At every fill, call, loss and end; and no call or loss goes unnoticed."""
    seen: Counter[str] = Counter()
    for seed in seeds:
        done = improvise(seed, "several", rows=90, accounts=accounts, events=False)
        auditor = Auditor(done)
        auditor.run()
        seen += auditor.seen
    for name in ("OrderFilled", "SessionStopped", *shown):
        assert seen[name], f"no {name} among {seen}"
