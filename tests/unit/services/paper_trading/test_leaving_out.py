"""Leaving out rows of a live market: when it is done, and when it is given up."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.unit.domain.joined_examples import SKIP_ROWS

from offbook.domain.calendars import NEVER
from offbook.domain.session import SessionStatus
from offbook.engine.inputs import Take
from offbook.services.paper_trading.leaving_out import LeavingOut
from offbook.testing.manual_clock import ManualClock


class Session:
    """An engine at time 10 and a market at time 20; ``answers`` tell how each call ends.

    ``scheduled`` are the times of commands, of which the last is a stop.
    """

    def __init__(self, answers: list[str], scheduled: Sequence[int] = ()) -> None:
        self.taken: list[Any] = []
        self.logged: list[str] = []
        self.answers = answers
        self.engine = SimpleNamespace(now=10, cut_short=False, status=SessionStatus.RUNNING)
        live: Any = SimpleNamespace(skip=lambda: SKIP_ROWS, market_ts=lambda: 20)
        kept: Any = SimpleNamespace(engine=self.engine)
        outbox: Any = SimpleNamespace(log=lambda _ts, _kind, detail: self.logged.append(detail))
        self.scheduled = list(scheduled)
        self.leaving = LeavingOut(
            kept,
            live,
            cast("Any", self),
            outbox,
            ManualClock(),
            self.taken.append,
            lambda ts: self._reach(ts),
        )

    @property
    def next_at(self) -> int:
        """As a desk's."""
        return self.scheduled[0] if self.scheduled else NEVER

    def take_scheduled(self) -> None:
        """As a desk does."""
        self.engine.now = self.scheduled.pop(0)
        self.taken.append(self.engine.now)
        if not self.scheduled:
            self.engine.status = SessionStatus.STOPPED

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


def test_a_scheduled_command_is_taken_at_its_time_on_the_way() -> None:
    """Else what is due after it would happen as if it had not been given."""
    session = Session(["cut", "reached", "reached"], scheduled=[15, 21])
    assert session.leaving.begin()
    while session.leaving.is_under_way:
        session.leaving.go_on()
    assert session.taken == [15, Take(command=SKIP_ROWS, ts=20)]
    assert session.scheduled == [21]


def test_a_scheduled_stop_on_the_way_leaves_nothing_out() -> None:
    session = Session(["reached"], scheduled=[15])
    assert session.leaving.begin()
    session.leaving.go_on()
    assert not session.leaving.is_under_way
    assert session.taken == [15]
    assert not session.logged
