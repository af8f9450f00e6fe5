"""Stored first, told afterwards; and the engine never far ahead of the store."""

import asyncio

import pytest
from tests.stage import (
    RUNNERS,
    SECOND,
    Stage,
    Trader,
    chain,
    eventually,
    market_order,
    quiet,
    settle,
    wave,
)

from offbook.domain.journal import OperationKind
from offbook.domain.session import SessionStatus
from offbook.engine.strategy.strategy import Strategy
from offbook.services.paper_trading.limits import Limits


class Gate:
    """Holds every save back until it is let through, and counts them."""

    def __init__(self, stage: Stage) -> None:
        self.waiting = 0
        self.most = 0
        self.open = asyncio.Event()
        stage.repository.hook = self.hook

    async def hook(self, operation: str, phase: str, session_id: str) -> None:
        """A save waits before it takes effect."""
        if operation != "save" or phase != "before":
            return
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        await self.open.wait()
        self.waiting -= 1


class Busy(Strategy):
    """Makes a record of every quote."""

    def on_quote(self, quote: object) -> None:
        self.set_timer("t", after=3600 * SECOND)


@pytest.mark.parametrize("runner", RUNNERS)
async def test_nothing_is_told_before_it_is_stored(runner: str) -> None:
    """Not the answer, not the events, not the session."""
    stage = Stage(runner=runner)
    async with stage.manager() as manager:
        started = await manager.start_session(stage.config(speed="1"), session_id="a")
        gate = Gate(stage)
        asking = asyncio.ensure_future(manager.submit_order("a", market_order()))
        await eventually(lambda: gate.waiting == 1)
        await settle()
        assert not asking.done()
        assert (await manager.get_session("a")).last_seq == started.last_seq
        assert (await manager.progress("a")).last_seq > started.last_seq
        gate.open.set()
        view = await asking
        assert view.client_order_id == "S-1"
        assert (await manager.get_session("a")).last_seq > started.last_seq


async def test_the_engine_stays_within_its_bound_of_records() -> None:
    """With one commit in flight at most."""
    limits = Limits(ahead_records=64, commit_records=8, call_rows=4, block_rows=64)
    stage = Stage(wave(1000), Busy, limits=limits)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        gate = Gate(stage)
        await manager.set_speed("a", None)
        await settle(2000)
        stored = len(await chain(stage.repository, "a"))
        made = (await manager.progress("a")).last_seq
        assert 64 <= made - stored <= 64 + 16, "the bound, and what one call may add"
        gate.open.set()
        await manager.wait("a")
        assert gate.most == 1
        await quiet(stage, manager)


async def test_the_engine_stays_within_its_bound_of_time() -> None:
    """However few records there are."""
    limits = Limits(ahead_seconds=0.05, commit_records=1, call_rows=1, block_rows=64)
    stage = Stage(wave(1000), Busy, limits=limits)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        gate = Gate(stage)
        await manager.set_speed("a", None)
        await eventually(lambda: gate.waiting == 1)
        stage.clock.advance(0.06)
        await settle(20)
        made = (await manager.progress("a")).last_seq
        await settle(2000)
        assert (await manager.progress("a")).last_seq == made
        gate.open.set()
        assert (await manager.wait("a")).status is SessionStatus.STOPPED


async def test_rows_without_records_are_committed_now_and_then() -> None:
    """So that a crash does not lead far back."""
    limits = Limits(call_rows=16, block_rows=64, snapshot_rows=100, pass_snapshot_rows=100)
    stage = Stage(wave(1000), None, limits=limits)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(), session_id="a")
        await manager.wait("a")
        assert stage.repository.calls["save"] > 8
        snapshot = await stage.repository.latest_snapshot("a")
        assert snapshot is not None
        assert snapshot.cursor.row >= 800


async def test_a_memory_that_cannot_be_saved_is_done_without() -> None:
    """It is noted; the session goes on and is run again from the start when it has to be."""

    class Unsaveable(Trader):
        def save_state(self) -> object:
            raise ValueError("no")

    stage = Stage(strategy=Unsaveable)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        await manager.pause_session("a")
    assert await stage.repository.latest_snapshot("a") is None
    log = await stage.repository.operations("a")
    assert any("no snapshot" in entry.detail for entry in log)
    async with stage.manager() as manager:
        assert (await manager.recover_sessions()).recovered == ("a",)


async def test_the_operations_log_tells_what_the_chain_does_not() -> None:
    """When what was asked, and who ran the session."""
    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a", command_id="go")
        await manager.submit_order("a", market_order(), command_id="buy")
        await manager.set_speed("a", "2")
    async with stage.manager() as manager:
        await manager.recover_sessions()
    log = await stage.repository.operations("a")
    kinds = [entry.kind for entry in log]
    assert kinds == [
        OperationKind.CREATED,
        OperationKind.COMMAND,
        OperationKind.SPEED,
        OperationKind.RELEASED,
        OperationKind.RECOVERED,
        OperationKind.RELEASED,
    ]
    assert log[1].detail == "SubmitOrder buy"
    assert log[4].detail.startswith("epoch 2")
    assert all(entry.at == stage.clock.now() for entry in log)
