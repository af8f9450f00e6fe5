"""A market that does not open: stop and shutdown wait for it no longer than anybody else."""

import asyncio
from typing import Any

import pytest
from tests.stage import RUNNERS, Stage, Trader, chain, eventually, kinds, limit_order, quiet, settle

from offbook.domain.errors import ManagerClosed, SessionStopped
from offbook.domain.session import SessionStatus
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.paper_trading.verification import ReplayOutcome
from offbook.testing.scripted_gateway import Gate

IN_TIME = 10.0
"""Seconds of the wall after which a wait counts as one for ever; nothing here takes one."""


class Deaf:
    """A gateway whose ``open`` goes on although it is cancelled, until it is let."""

    def __init__(self, stage: Stage) -> None:
        self._open = stage.gateway.open
        self.reached = asyncio.Event()
        self.released = asyncio.Event()
        stage.gateway.open = self.open  # type: ignore[method-assign]  # another way of opening

    async def open(self, market: Any) -> Any:
        """Open late."""
        self.reached.set()
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                continue
        return await self._open(market)

    def release(self) -> None:
        """Let it open."""
        self.released.set()


def _hang(stage: Stage, deaf: bool) -> Gate | Deaf:
    return Deaf(stage) if deaf else stage.gateway.block_open()


@pytest.fixture(params=RUNNERS)
def stage(request: pytest.FixtureRequest) -> Stage:
    """A stage with a trader."""
    return Stage(strategy=Trader, runner=request.param)


async def _suspended(stage: Stage) -> None:
    """A session with an open order and a position, suspended in the midst of its data."""
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        await manager.submit_order("a", limit_order("50.00", client_order_id="low"))
        stage.clock.advance(33)
        await eventually(lambda: _row(manager, 34))


async def _row(manager: PaperTradingSessionManager, row: int) -> bool:
    return (await manager.progress("a")).cursor.row == row


async def _stop(manager: PaperTradingSessionManager, **options: Any) -> Any:
    async with asyncio.timeout(IN_TIME):
        return await manager.stop_session("a", **options)


@pytest.mark.parametrize("deaf", [False, True])
async def test_a_stop_breaks_off_a_recovery_whose_market_does_not_open(
    stage: Stage, deaf: bool
) -> None:
    """The session is ended by its records: open orders canceled, the answer kept, all bytes
    verified; the recovery tells that it was stopped."""
    await _suspended(stage)
    hanging = _hang(stage, deaf)
    async with stage.manager() as manager:
        recovering = asyncio.ensure_future(manager.recover_sessions())
        await hanging.reached.wait()
        stopped = await _stop(manager, command_id="stop")
        assert (stopped.status, stopped.status_reason) == (SessionStatus.STOPPED, "requested")
        (failed,) = (await recovering).failed
        assert failed.reason == "session_stopped"
        assert kinds(await chain(stage.repository, "a"))[-2:] == ["OrderCanceled", "SessionStopped"]
        assert await _stop(manager, command_id="stop") == stopped
        hanging.release()
        assert (await manager.verify("a", slice_rows=5)).outcome is ReplayOutcome.EQUAL
        await quiet(stage, manager)


@pytest.mark.parametrize("deaf", [False, True])
async def test_a_shutdown_breaks_off_recoveries_starts_and_verifications(
    stage: Stage, deaf: bool
) -> None:
    """Many more recoveries than are made at a time; what was asked for is told of the end, the
    sessions stay as they were, and come back at the next boot."""
    names = [f"s{number}" for number in range(20)]
    async with stage.manager() as manager:
        for name in ("a", *names):
            await manager.start_session(stage.config(speed="1"), session_id=name)
    hanging = _hang(stage, deaf)
    manager = stage.manager()
    calls = [
        asyncio.ensure_future(call)
        for call in (
            manager.recover_sessions(names),
            manager.start_session(stage.config(), session_id="new"),
            manager.pause_session("a"),
            manager.verify("a"),
        )
    ]
    await hanging.reached.wait()
    await settle()
    async with asyncio.timeout(IN_TIME):
        await manager.shutdown()
        report, *others = await asyncio.gather(*calls, return_exceptions=True)
    assert {entry.reason for entry in report.failed} == {"manager_closed"}
    assert len(report.failed) == len(names)
    assert [type(error) for error in others] == [ManagerClosed] * 3
    hanging.release()
    await quiet(stage, manager)
    async with stage.manager() as manager:
        statuses = {s.id: s.status for s in await manager.list_sessions()}
        assert statuses.pop("new") is SessionStatus.STARTING
        assert set(statuses.values()) == {SessionStatus.RUNNING}
        assert len((await manager.recover_sessions()).recovered) == 22
        await manager.shutdown()
        await quiet(stage, manager)


@pytest.mark.parametrize("deaf", [False, True])
async def test_a_stop_breaks_off_a_start_whose_market_does_not_open(
    stage: Stage, deaf: bool
) -> None:
    """STOPPED(never_ran); a feed that opens after all is closed."""
    hanging = _hang(stage, deaf)
    async with stage.manager() as manager:
        starting = asyncio.ensure_future(manager.start_session(stage.config(), session_id="a"))
        await hanging.reached.wait()
        stopped = await _stop(manager)
        assert (stopped.status, stopped.status_reason) == (SessionStatus.STOPPED, "never_ran")
        with pytest.raises(SessionStopped):
            await starting
        hanging.release()
        await quiet(stage, manager)


@pytest.mark.parametrize("first", ["stop", "pause"])
async def test_a_stop_breaks_off_whatever_takes_the_session_up(stage: Stage, first: str) -> None:
    """Also another stop, which wanted it closed properly: both are told that it has stopped."""
    await _suspended(stage)
    hanging = stage.gateway.block_open()
    async with stage.manager() as manager:
        other = asyncio.ensure_future(
            manager.stop_session("a", flatten=True)
            if first == "stop"
            else manager.pause_session("a")
        )
        await hanging.reached.wait()
        stopped = await _stop(manager)
        assert stopped.status is SessionStatus.STOPPED
        if first == "stop":
            assert await other == stopped
        else:
            with pytest.raises(SessionStopped):
                await other
        await quiet(stage, manager)


async def test_a_stop_breaks_off_the_resuming_of_a_failed_session(stage: Stage) -> None:
    """Its journal tells of what has to be ended."""
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        await manager.submit_order("a", limit_order("50.00", client_order_id="low"))
        await settle()
        stage.engines[-1].process = lambda *_, **__: 1 / 0  # type: ignore[method-assign,return-value]  # broken on purpose
        stage.clock.advance(3)
        assert (await manager.wait("a")).status is SessionStatus.FAILED
        hanging = stage.gateway.block_open()
        resuming = asyncio.ensure_future(manager.resume_session("a"))
        await hanging.reached.wait()
        stopped = await _stop(manager)
        assert (stopped.status, stopped.status_reason) == (SessionStatus.STOPPED, "requested")
        with pytest.raises(SessionStopped):
            await resuming
        hanging.release()
        assert (await manager.verify("a")).outcome is ReplayOutcome.EQUAL
        await quiet(stage, manager)


async def test_what_is_closing_positions_is_broken_off_by_force_alone(stage: Stage) -> None:
    """A plain stop joins the one from before the crash; force ends it, and answers both."""
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        stage.clock.advance(33)
        await eventually(lambda: _row(manager, 34))
        closing = asyncio.ensure_future(manager.stop_session("a", flatten=True, command_id="close"))
        await eventually(lambda: _is(manager, SessionStatus.STOPPING))
        stage.kill()
        closing.cancel()
    hanging = stage.gateway.block_open()
    async with stage.manager() as manager:
        recovering = asyncio.ensure_future(manager.recover_sessions())
        await hanging.reached.wait()
        joining = asyncio.ensure_future(manager.stop_session("a"))
        await settle()
        assert not joining.done()
        forced = await _stop(manager, force=True)
        assert forced.status is SessionStatus.STOPPED
        assert (await joining).status is SessionStatus.STOPPED
        assert [entry.reason for entry in (await recovering).failed] == ["session_stopped"]
        assert await stage.repository.find_answer("a", "close") is not None
        hanging.release()
        assert (await manager.verify("a")).outcome is ReplayOutcome.EQUAL
        await quiet(stage, manager)


async def _is(manager: PaperTradingSessionManager, status: SessionStatus) -> bool:
    return (await manager.get_session("a")).status is status
