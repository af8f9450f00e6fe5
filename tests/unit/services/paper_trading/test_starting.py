"""Starts that fail, that are repeated, stopped, paused, and whose caller goes away."""

import asyncio

import pytest
from tests.stage import (
    RUNNERS,
    FailsToStart,
    Stage,
    Trader,
    Watcher,
    chain,
    eventually,
    kinds,
    quiet,
    settle,
    wave,
)

from offbook.domain.errors import (
    CommandConflict,
    GatewayUnavailable,
    InvalidStrategy,
    InvalidTransition,
    ManagerClosed,
    SessionFailed,
    SessionNotFound,
    SessionStopped,
)
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.engine.processing_engine import ProcessingEngine


@pytest.fixture(params=RUNNERS)
def stage(request: pytest.FixtureRequest) -> Stage:
    """A stage with a strategy that looks on."""
    return Stage(strategy=Watcher, runner=request.param)


async def test_a_gateway_that_cannot_open_fails_the_start(stage: Stage) -> None:
    """FAILED with the reason, everything let go, and the caller told why."""
    stage.gateway.fail_open(GatewayUnavailable("no such file", market="replay"))
    async with stage.manager() as manager:
        with pytest.raises(GatewayUnavailable, match="no such file"):
            await manager.start_session(stage.config(), session_id="a")
        session = await manager.get_session("a")
        assert (session.status, session.status_reason) == (
            SessionStatus.FAILED,
            "gateway_unavailable",
        )
        assert session.error is not None
        assert session.error.message == "no such file"
        await quiet(stage, manager)


async def test_a_failed_start_can_be_resumed_once_the_gateway_opens(stage: Stage) -> None:
    """FAILED is no dead end."""
    stage.gateway.fail_open(GatewayUnavailable("not yet"), times=1)
    async with stage.manager() as manager:
        with pytest.raises(GatewayUnavailable):
            await manager.start_session(stage.config(), session_id="a")
        resumed = await manager.resume_session("a", command_id="again")
        assert resumed.status is SessionStatus.RUNNING
        assert (await manager.wait("a")).status is SessionStatus.STOPPED
        assert await manager.resume_session("a", command_id="again") == resumed
        await quiet(stage, manager)


async def test_a_failed_start_can_be_stopped(stage: Stage) -> None:
    """Nothing ran, so nothing is recorded."""
    stage.gateway.fail_open(GatewayUnavailable("never"))
    async with stage.manager() as manager:
        with pytest.raises(GatewayUnavailable):
            await manager.start_session(stage.config(), session_id="a")
        stopped = await manager.stop_session("a")
        assert (stopped.status, stopped.status_reason) == (SessionStatus.STOPPED, "never_ran")
        assert await chain(stage.repository, "a") == []
        await quiet(stage, manager)


async def test_a_strategy_that_raises_at_its_start_fails_the_session(stage: Stage) -> None:
    """It did not begin: nothing is journaled, and the text of the error is kept."""
    stage.strategy = FailsToStart
    async with stage.manager() as manager:
        with pytest.raises(SessionFailed, match="not today"):
            await manager.start_session(stage.config(), session_id="a")
        session = await manager.get_session("a")
        assert (session.status, session.status_reason) == (SessionStatus.FAILED, "strategy_error")
        assert session.error is not None
        assert "on_start" in session.error.detail
        assert session.last_seq == 0
        await quiet(stage, manager)


async def test_an_engine_that_cannot_be_made_fails_the_session(stage: Stage) -> None:
    """As a strategy that cannot be loaded does."""
    manager = stage.manager()
    manager._registry.make_engine = ProcessingEngine
    async with manager:
        with pytest.raises(InvalidStrategy):
            await manager.start_session(stage.config(), session_id="a")
        assert (await manager.get_session("a")).status_reason == "invalid_strategy"
        await quiet(stage, manager)


async def test_a_runner_that_breaks_in_its_start_fails_the_session(stage: Stage) -> None:
    """A defect is told as a failed session, with its cause."""

    def broken(*_: object, **__: object) -> object:
        raise RuntimeError("a defect")

    async with stage.manager(runner_factory=broken) as manager:
        with pytest.raises(SessionFailed, match="a defect") as caught:
            await manager.start_session(stage.config(), session_id="a")
        assert isinstance(caught.value.__cause__, RuntimeError)
        assert (await manager.get_session("a")).status_reason == "runner_crash"
        await quiet(stage, manager)


async def test_the_same_start_twice_gives_one_session(stage: Stage) -> None:
    """At once, afterwards, and from another manager."""
    async with stage.manager() as manager:
        config = stage.config(speed="1")
        both = await asyncio.gather(
            manager.start_session(config, command_id="go"),
            manager.start_session(config, command_id="go"),
        )
        assert both[0] == both[1]
        assert await manager.start_session(config, command_id="go") == both[0]
        assert stage.gateway.opened == 1
    async with stage.manager() as manager:
        again = await manager.start_session(config, command_id="go")
        assert (again.id, again.status) == (both[0].id, SessionStatus.RUNNING)
        assert len(await manager.list_sessions()) == 1


async def test_another_start_under_the_same_name_is_a_conflict(stage: Stage) -> None:
    """Whether it is the command's id or the session's that is taken."""
    async with stage.manager() as manager:
        config = stage.config(speed="1")
        await manager.start_session(config, session_id="a", command_id="go")
        for changed in ({"session_id": "a", "command_id": "other"}, {"session_id": "a"}):
            with pytest.raises(CommandConflict):
                await manager.start_session(config, **changed)
        with pytest.raises(CommandConflict):
            await manager.start_session(stage.config(speed="2"), session_id="a", command_id="go")
        assert len(await manager.list_sessions()) == 1


async def test_a_stop_breaks_a_start_off(stage: Stage) -> None:
    """STOPPED(never_ran); whoever started it is told."""
    gate = stage.gateway.block_open()
    async with stage.manager() as manager:
        starting = asyncio.ensure_future(manager.start_session(stage.config(), session_id="a"))
        await gate.reached.wait()
        stopped = await manager.stop_session("a")
        assert (stopped.status, stopped.status_reason) == (SessionStatus.STOPPED, "never_ran")
        assert stopped.stopped_at is not None
        with pytest.raises(SessionStopped):
            await starting
        assert await chain(stage.repository, "a") == []
        await quiet(stage, manager)


@pytest.mark.parametrize("turns", range(40))
async def test_a_stop_at_any_moment_of_a_start_ends_in_stopped(stage: Stage, turns: int) -> None:
    """However far the start has come, one of two things is told, and it is true."""
    async with stage.manager() as manager:
        starting = asyncio.ensure_future(
            manager.start_session(stage.config(speed="1"), session_id="a")
        )
        for _ in range(turns):
            await asyncio.sleep(0)
        try:
            stopped = await manager.stop_session("a")
        except SessionNotFound:
            await starting
            stopped = await manager.stop_session("a")
        assert stopped.status is SessionStatus.STOPPED
        outcome = (await asyncio.gather(starting, return_exceptions=True))[0]
        if stopped.status_reason == "never_ran":
            assert isinstance(outcome, SessionStopped)
        else:
            assert outcome.status is SessionStatus.RUNNING
        await quiet(stage, manager)


async def test_a_pause_during_a_start_comes_before_the_first_row(stage: Stage) -> None:
    """Kept until the start is done; no market callback in between."""
    gate = stage.gateway.block_open()
    async with stage.manager() as manager:
        starting = asyncio.ensure_future(manager.start_session(stage.config(), session_id="a"))
        await gate.reached.wait()
        pausing = asyncio.ensure_future(manager.pause_session("a"))
        await settle()
        assert not pausing.done()
        gate.release()
        assert (await starting).status is SessionStatus.RUNNING
        paused = await pausing
        assert paused.status is SessionStatus.PAUSED
        assert paused.cursor.row == 0
        assert Watcher.shown == []
        assert kinds(await chain(stage.repository, "a"))[-2:] == ["CommandTaken", "SessionPaused"]
        await manager.resume_session("a")
        await manager.wait("a")
        assert len(Watcher.shown) == stage.market.rows
        await quiet(stage, manager)


async def test_a_pause_during_a_start_that_fails_is_told_so(stage: Stage) -> None:
    """There is nothing to pause."""
    gate = stage.gateway.block_open()
    stage.gateway.fail_open(GatewayUnavailable("no"))
    async with stage.manager() as manager:
        starting = asyncio.ensure_future(manager.start_session(stage.config(), session_id="a"))
        await gate.reached.wait()
        pausing = asyncio.ensure_future(manager.pause_session("a"))
        await settle()
        gate.release()
        with pytest.raises(GatewayUnavailable):
            await starting
        with pytest.raises((SessionFailed, InvalidTransition)):
            await pausing
        await quiet(stage, manager)


async def test_a_resume_during_a_start_is_invalid(stage: Stage) -> None:
    """The table says so."""
    gate = stage.gateway.block_open()
    async with stage.manager() as manager:
        starting = asyncio.ensure_future(manager.start_session(stage.config(), session_id="a"))
        await gate.reached.wait()
        with pytest.raises(InvalidTransition):
            await manager.resume_session("a")
        gate.release()
        await starting
        await manager.wait("a")


async def test_a_cancelled_caller_takes_only_itself_away(stage: Stage) -> None:
    """The start goes on without it."""
    gate = stage.gateway.block_open()
    async with stage.manager() as manager:
        starting = asyncio.ensure_future(manager.start_session(stage.config(), session_id="a"))
        await gate.reached.wait()
        starting.cancel()
        await settle()
        assert starting.cancelled()
        gate.release()
        await eventually(lambda: "a" in manager._active_sessions)
        assert (await manager.wait("a")).status is SessionStatus.STOPPED
        await quiet(stage, manager)


async def test_shutting_down_during_a_start_leaves_it_to_the_next_boot(stage: Stage) -> None:
    """STARTING in the store; the next manager carries it on under the same command."""
    gate = stage.gateway.block_open()
    manager = stage.manager()
    async with manager:
        starting = asyncio.ensure_future(
            manager.start_session(stage.config(), session_id="a", command_id="go")
        )
        await gate.reached.wait()
    with pytest.raises(ManagerClosed):
        await starting
    assert (await stage.repository.get("a")).status is SessionStatus.STARTING
    await quiet(stage, manager)
    gate.release()
    async with stage.manager() as manager:
        report = await manager.recover_sessions()
        assert report.recovered == ("a",)
        session = await manager.start_session(stage.config(), session_id="a", command_id="go")
        assert session.id == "a"
        assert (await manager.wait("a")).status is SessionStatus.STOPPED
        await quiet(stage, manager)


async def test_a_start_that_nobody_carries_on_can_be_stopped(stage: Stage) -> None:
    """Without running anything."""
    gate = stage.gateway.block_open()
    manager = stage.manager()
    async with manager:
        starting = asyncio.ensure_future(manager.start_session(stage.config(), session_id="a"))
        await gate.reached.wait()
    await asyncio.gather(starting, return_exceptions=True)
    async with stage.manager() as manager:
        assert (await manager.stop_session("a")).status_reason == "never_ran"
        assert stage.gateway.opened == 0
        await quiet(stage, manager)


async def test_sessions_live_side_by_side() -> None:
    """Each in its own world: many at once give what each alone gives."""
    stage = Stage(wave(60), Trader)
    async with stage.manager() as manager:
        started = await asyncio.gather(
            *(
                manager.start_session(stage.config(), session_id=f"s{i}", command_id="go")
                for i in range(10)
            )
        )
        for session in started:
            assert (await manager.wait(session.id)).status is SessionStatus.STOPPED
        chains = [await chain(stage.repository, session.id) for session in started]
        assert all(records == chains[0] for records in chains)
        await quiet(stage, manager)


async def test_a_shutdown_before_a_start_has_begun_lets_it_not_begin(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is still being looked for in the store; it would have run, and nobody ended it."""
    get, asked, go_on = stage.repository.get, asyncio.Event(), asyncio.Event()

    async def slow(session_id: str) -> PaperTradingSession:
        asked.set()
        await go_on.wait()
        return await get(session_id)

    monkeypatch.setattr(stage.repository, "get", slow)
    async with stage.manager() as manager:
        starting = asyncio.ensure_future(manager.start_session(stage.config(), session_id="a"))
        await asked.wait()
        ending = asyncio.ensure_future(manager.shutdown())
        await settle()
        go_on.set()
        await ending
        with pytest.raises(ManagerClosed):
            await starting
    assert await stage.repository.list() == ()
