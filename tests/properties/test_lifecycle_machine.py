"""Lifecycles of several sessions, in any order and through any failure, against a small model."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.stage import Stage, Trader, chain, settle

from offbook.domain.errors import (
    CommitOutcomeUnknown,
    InvalidTransition,
    SessionNotFound,
    StorageUnavailable,
)
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.paper_trading.verification import ReplayOutcome

NAMES = st.sampled_from(["a", "b"])
FAILURES = st.sampled_from([None, None, None, "before", "after", "unknown"])


class LifecycleMachine(RuleBasedStateMachine):
    """Every answer is the model's; every journal replays, whatever was killed or failed."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stage = Stage(strategy=Trader)
        self.manager: PaperTradingSessionManager = self.stage.manager()
        self.run(self.manager.__aenter__())
        self.model: dict[str, str] = {}
        self.commands = 0

    def run(self, work: Awaitable[Any]) -> Any:
        """Something asynchronous, to its end."""

        async def bounded() -> Any:
            async with asyncio.timeout(20):
                return await work

        return self.loop.run_until_complete(bounded())

    def ask(self, name: str, failure: str | None, command: str, allowed: dict[str, str]) -> None:
        """A command, repeated until it is answered; the model says what the answer must be."""
        self.commands += 1
        method = getattr(self.manager, command)
        if failure is not None:
            options: dict[str, Any] = {
                "before": {},
                "after": {"took_effect": True},
                "unknown": {"error": CommitOutcomeUnknown("broken off")},
            }[failure]
            self.stage.repository.fail_next("save", **options)
        expected = allowed.get(self.model.get(name, "NONE"))

        async def until_answered() -> Any:
            for _ in range(20):
                try:
                    return await method(name, command_id=f"c{self.commands}")
                except StorageUnavailable:
                    await settle()
                    self.stage.clock.advance(10)
                    await settle()
            raise AssertionError("never answered")

        found = None
        try:
            session = self.run(until_answered())
        except (SessionNotFound, InvalidTransition) as error:
            found = error.fields.get("status", "NONE")
            session = None
        if session is None:
            assert (expected, found) == (None, self.model.get(name, "NONE"))
        else:
            assert session.status.value == expected
            self.model[name] = expected
        self.stage.repository._planned.clear()

    @precondition(lambda self: len(self.model) < 2)
    @rule(failure=FAILURES)
    def start(self, failure: str | None) -> None:
        """A new session."""
        name = "ab"[len(self.model)]
        config = self.stage.config(speed="1")
        if failure == "before":
            self.stage.repository.fail_next("save", after=len(self.model) % 2)

        async def until_started() -> Any:
            for _ in range(20):
                try:
                    return await self.manager.start_session(
                        config, session_id=name, command_id=f"start {name}"
                    )
                except StorageUnavailable:
                    await settle()
            raise AssertionError("never started")

        session = self.run(until_started())
        assert session.status.value == "RUNNING"
        self.model[name] = "RUNNING"
        self.stage.repository._planned.clear()

    @rule(name=NAMES, failure=FAILURES)
    def pause(self, name: str, failure: str | None) -> None:
        """Only what runs can be paused."""
        self.ask(name, failure, "pause_session", {"RUNNING": "PAUSED"})

    @rule(name=NAMES, failure=FAILURES)
    def resume(self, name: str, failure: str | None) -> None:
        """Only what is paused can be resumed."""
        self.ask(name, failure, "resume_session", {"PAUSED": "RUNNING"})

    @rule(name=NAMES, failure=FAILURES)
    def stop(self, name: str, failure: str | None) -> None:
        """What is not over can be stopped."""
        self.ask(name, failure, "stop_session", {"RUNNING": "STOPPED", "PAUSED": "STOPPED"})

    @rule(seconds=st.integers(1, 7))
    def time_passes(self, seconds: int) -> None:
        """Rows, timers and fills."""
        self.stage.clock.advance(seconds)
        self.run(settle(100))

    @rule()
    def suspend(self) -> None:
        """The process ends in good order, and another begins."""
        self.run(self.manager.shutdown())
        self.begin_again()

    @rule()
    def kill(self) -> None:
        """The process is gone, and another begins."""
        self.stage.repository, dead = self.stage.repository.after_kill(), self.manager
        dead._registry.repository = self.stage.repository
        self.run(dead.shutdown())
        self.begin_again()

    def begin_again(self) -> None:
        """A new manager over the same store."""
        assert self.stage.gateway.open_feeds == 0
        self.manager = self.stage.manager()
        report = self.run(self.manager.recover_sessions())
        assert report.failed == ()
        assert set(report.recovered) == {n for n, s in self.model.items() if s != "STOPPED"}

    @invariant()
    def the_listing_is_the_model(self) -> None:
        """Nothing else is there."""
        sessions = self.run(self.manager.list_sessions())
        # A session may come to the end of its data by itself.
        for session in sessions:
            if session.status_reason == "end_of_data":
                self.model[session.id] = "STOPPED"
        assert {s.id: s.status.value for s in sessions} == self.model

    def teardown(self) -> None:
        """Every journal is whole and replays to the same bytes; nothing is left running."""
        for name in self.model:
            verdict = self.run(self.manager.verify(name))
            assert verdict.outcome is ReplayOutcome.EQUAL
            session = self.run(self.manager.get_session(name))
            assert len(self.run(chain(self.stage.repository, name))) >= session.last_seq
        self.run(self.manager.shutdown())
        self.run(settle())
        assert self.stage.gateway.open_feeds == 0
        assert not asyncio.all_tasks(self.loop)
        self.loop.close()


LifecycleMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None
)
TestLifecycle = LifecycleMachine.TestCase
