"""Leaving out rows of a live market: when it is done, and when it is given up."""

from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.domain.joined_examples import SKIP_ROWS

from offbook.domain.session import SessionStatus
from offbook.engine.inputs import Take
from offbook.services.paper_trading.leaving_out import LeavingOut
from offbook.testing.manual_clock import ManualClock


class Session:
    """An engine at time 10 and a market at time 20; ``answers`` tell how each call ends."""

    def __init__(self, answers: list[str]) -> None:
        self.taken: list[Any] = []
        self.logged: list[str] = []
        self.answers = answers
        self.engine = SimpleNamespace(now=10, cut_short=False, status=SessionStatus.RUNNING)
        live: Any = SimpleNamespace(skip=lambda: SKIP_ROWS, market_ts=lambda: 20)
        kept: Any = SimpleNamespace(engine=self.engine)
        outbox: Any = SimpleNamespace(log=lambda _ts, _kind, detail: self.logged.append(detail))
        self.leaving = LeavingOut(
            kept, live, outbox, ManualClock(), self.taken.append, lambda ts: self._reach(ts)
        )

    def _reach(self, ts: int) -> bool:
        answer = self.answers.pop(0)
        self.engine.cut_short = answer == "cut"
        if answer in ("PAUSED", "FAILED"):
            self.engine.status = SessionStatus[answer]
        self.engine.now = 11 if answer == "cut" else ts - 1
        return answer == "reached"


@pytest.mark.parametrize("end", ["reached", "PAUSED"])
def test_it_takes_as_many_calls_as_it_takes(end: str) -> None:
    """Also a session that is paused on the way is beyond the rows, and leaves them out."""
    session = Session(["cut", "cut", end])
    assert session.leaving.begin()
    for _ in range(2):
        assert session.leaving.is_under_way
        assert not session.taken
        session.leaving.go_on()
    assert not session.leaving.is_under_way
    assert session.taken == [Take(command=SKIP_ROWS, ts=20)]
    assert session.logged


def test_a_session_that_ends_on_the_way_leaves_nothing_out() -> None:
    session = Session(["cut", "FAILED"])
    assert session.leaving.begin()
    session.leaving.go_on()
    assert not session.leaving.is_under_way
    assert not session.taken
