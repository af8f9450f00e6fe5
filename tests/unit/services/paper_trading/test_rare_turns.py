"""Turns that a session seldom takes: a start that meets trouble, a stop that meets another."""

import asyncio
from unittest.mock import AsyncMock

import pytest
from tests.stage import (
    SECOND,
    START,
    Stage,
    Watcher,
    eventually,
    market_order,
    quiet,
    settle,
)

from offbook.domain.errors import (
    CommandConflict,
    GatewayUnavailable,
    InvalidTransition,
    ManagerClosed,
    OffbookError,
    SessionFailed,
    SessionStopped,
    StorageUnavailable,
)
from offbook.domain.session import SessionStatus
from offbook.services.paper_trading.memory_of_commands import CommandMemory
from offbook.services.paper_trading.owner_loop import OwnerLoop
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.testing.memory_repository import InMemoryRepository


class Barrier:
    """A hook of the store that holds one operation back until it is let on."""

    def __init__(self, stage: Stage, operation: str) -> None:
        self.reached = asyncio.Event()
        self.released = asyncio.Event()
        self.operation = operation
        stage.repository.hook = self

    async def __call__(self, operation: str, phase: str, session_id: str) -> None:
        """Hold the operation."""
        if (operation, phase) == (self.operation, "before"):
            self.reached.set()
            await self.released.wait()


async def _is(manager: PaperTradingSessionManager, status: SessionStatus) -> bool:
    return (await manager.get_session("a")).status is status


async def _suspended(stage: Stage, name: str = "a") -> None:
    """A session that ran for a while and was suspended."""
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id=name)
        stage.clock.advance(40)
        await eventually(lambda: _rows(manager, name))


async def _rows(manager: PaperTradingSessionManager, name: str) -> bool:
    return (await manager.progress(name)).cursor.row == 41


# -- the memory of commands -------------------------------------------------------------------


async def test_the_oldest_answers_are_forgotten_but_never_those_under_way() -> None:
    """A command that is still carried out is joined; one that was forgotten is carried out anew."""
    loop = OwnerLoop()
    loop.adopt()
    memory = CommandMemory(loop, InMemoryRepository(), keep=1)
    done: list[str] = []
    gate = asyncio.Event()

    async def work(name: str) -> str:
        if name == "slow":
            await gate.wait()
        done.append(name)
        return name

    async def once(name: str) -> str:
        return await memory.once("a", name, "digest", lambda: work(name), None)

    slow = asyncio.ensure_future(once("slow"))
    await settle()
    for _ in range(2):
        assert await once("first") == "first"
    gate.set()
    assert await slow == await once("slow") == "slow"
    assert done == ["first", "slow"]
    await once("first")
    assert done == ["first", "slow", "first"]


# -- starting ---------------------------------------------------------------------------------


async def test_a_start_that_fails_while_the_store_is_away_is_carried_on_later() -> None:
    """The caller hears of the store, the session stays STARTING, and the same command goes on."""
    stage = Stage(strategy=Watcher)
    stage.gateway.fail_open(GatewayUnavailable("not yet"), times=1)
    stage.repository.fail_next("save", after=1)
    async with stage.manager() as manager:
        with pytest.raises(StorageUnavailable):
            await manager.start_session(stage.config(), session_id="a", command_id="start")
        assert (await manager.get_session("a")).status is SessionStatus.STARTING
        await quiet(stage, manager)
        again = await manager.start_session(stage.config(), session_id="a", command_id="start")
        assert again.status is SessionStatus.RUNNING
        assert (await manager.wait("a")).status is SessionStatus.STOPPED


async def test_a_start_is_found_by_its_command_among_others() -> None:
    """Also by another manager, and after the session has come to its end."""
    stage = Stage(strategy=Watcher)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(), session_id="other")
        first = await manager.start_session(stage.config(), command_id="start")
        await manager.wait(first.id)
    async with stage.manager() as manager:
        again = await manager.start_session(stage.config(), command_id="start")
        assert again == first
        assert len(await manager.list_sessions()) == 2


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("becomes", ["FAILED", "PAUSED", "STOPPED"])
async def test_a_repeated_start_is_answered_as_it_was(becomes: str, named: bool) -> None:
    """By another process too, whatever has become of the session, and although its caller never
    learned its id; with another body it is a conflict."""
    stage = Stage(strategy=Watcher)
    config = stage.config(speed="1")
    async with stage.manager() as manager:
        first = await manager.start_session(config, command_id="start")
        if becomes == "FAILED":
            manager._active_sessions[first.id]._pump._advance = lambda: 1 / 0
            stage.clock.advance(3)
            await manager.wait(first.id)
        elif becomes == "PAUSED":
            await manager.pause_session(first.id)
        else:
            await manager.stop_session(first.id)
        assert (await manager.get_session(first.id)).status.value == becomes
    stage.kill()
    async with stage.manager() as manager:
        again = {"session_id": first.id} if named else {}
        assert await manager.start_session(config, command_id="start", **again) == first
        for other in ({"parent_id": "p"}, {"config": stage.config(speed="2")}):
            body = {"config": config} | again | other
            with pytest.raises(CommandConflict):
                await manager.start_session(command_id="start", **body)
        assert (await manager.get_session(first.id)).status.value == becomes
        assert len(await manager.list_sessions()) == 1


@pytest.mark.parametrize("first", ["boot", "repeat"])
async def test_a_start_that_a_crash_broke_off_is_answered_once_it_was_carried_on(
    first: str,
) -> None:
    """Whoever carries it on, the answer is kept under its command."""
    stage = Stage(strategy=Watcher)
    config = stage.config(speed="1")
    gate = stage.gateway.block_open()
    async with stage.manager() as manager:
        starting = asyncio.ensure_future(manager.start_session(config, command_id="start"))
        await gate.reached.wait()
        stage.kill()
        gate.release()
        with pytest.raises(OffbookError):
            await starting
    async with stage.manager() as manager:
        (session,) = await manager.list_sessions()
        assert session.status is SessionStatus.STARTING
        if first == "boot":
            assert (await manager.recover_sessions()).recovered == (session.id,)
        answer = await manager.start_session(config, command_id="start")
        assert (answer.id, answer.status) == (session.id, SessionStatus.RUNNING)
        await manager.stop_session(session.id)
    async with stage.manager() as manager:
        assert await manager.start_session(config, command_id="start") == answer
        kept = await stage.repository.find_answer(session.id, "start")
        assert kept is not None


async def test_a_repeated_start_joins_the_one_under_way() -> None:
    """Even when the first caller did not name the session."""
    stage = Stage(strategy=Watcher)
    gate = stage.gateway.block_open()
    async with stage.manager() as manager:
        first = asyncio.ensure_future(
            manager.start_session(stage.config(speed="1"), command_id="start")
        )
        await gate.reached.wait()
        (session,) = await manager.list_sessions()
        second = asyncio.ensure_future(
            manager.start_session(
                stage.config(speed="1"), session_id=session.id, command_id="start"
            )
        )
        await settle()
        gate.release()
        assert await first == await second
        assert stage.gateway.opened == 1


async def test_a_repeated_start_is_told_how_the_first_ended() -> None:
    """That it failed, or that it was stopped before it ran."""
    stage = Stage(strategy=Watcher)
    stage.gateway.fail_open(GatewayUnavailable("no"), times=1)
    async with stage.manager() as manager:
        with pytest.raises(GatewayUnavailable):
            await manager.start_session(stage.config(), session_id="a", command_id="start")
        with pytest.raises(SessionFailed, match="gateway_unavailable"):
            await manager.start_session(stage.config(), session_id="a", command_id="start")
        gate = stage.gateway.block_open()
        starting = asyncio.ensure_future(
            manager.start_session(stage.config(), session_id="b", command_id="start b")
        )
        await gate.reached.wait()
        await manager.stop_session("b")
        with pytest.raises(SessionStopped):
            await starting
        with pytest.raises(SessionStopped):
            await manager.start_session(stage.config(), session_id="b", command_id="start b")


async def test_commands_for_a_later_time_are_refused_while_a_session_starts() -> None:
    """It has no session time yet."""
    stage = Stage(strategy=Watcher)
    gate = stage.gateway.block_open()
    async with stage.manager() as manager:
        starting = asyncio.ensure_future(
            manager.start_session(stage.config(speed="1"), session_id="a")
        )
        await gate.reached.wait()
        with pytest.raises(InvalidTransition):
            await manager.pause_session("a", at=START + 10 * SECOND)
        assert (await manager.progress("a")).status is SessionStatus.STARTING
        assert await manager.orders("a") == ()
        gate.release()
        assert (await starting).status is SessionStatus.RUNNING


# -- stopping ---------------------------------------------------------------------------------


async def test_a_forced_stop_of_what_is_not_flattening_is_a_plain_stop() -> None:
    """It waits for the stop and has nothing to drop."""
    stage = Stage(strategy=Watcher)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        stopped = await manager.stop_session("a", force=True)
        assert (stopped.status, stopped.status_reason) == (SessionStatus.STOPPED, "requested")
        await quiet(stage, manager)


async def test_commands_wait_until_a_session_is_let_go() -> None:
    """One that comes while its lease is given up finds it stopped."""
    stage = Stage(strategy=Watcher)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        barrier = Barrier(stage, "release_lease")
        stopping = asyncio.ensure_future(manager.stop_session("a"))
        await barrier.reached.wait()
        pausing = asyncio.ensure_future(manager.pause_session("a"))
        assert (await manager.progress("a")).status is SessionStatus.STOPPED
        assert await manager.orders("a") == ()
        await settle()
        assert not pausing.done()
        barrier.released.set()
        with pytest.raises(InvalidTransition, match="STOPPED"):
            await pausing
        assert (await stopping).status is SessionStatus.STOPPED
        await quiet(stage, manager)


async def test_a_stop_that_fails_on_its_way_is_told_as_a_failure() -> None:
    """A flattening from before a crash meets data that cannot be read."""
    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        await manager.submit_order("a", market_order())
        stage.clock.advance(3)
        await eventually(lambda: _long(manager))
        stopping = asyncio.ensure_future(manager.stop_session("a", flatten=True))
        await eventually(lambda: _is(manager, SessionStatus.STOPPING))
        stage.kill()
    await asyncio.gather(stopping, return_exceptions=True)
    row = (await stage.repository.get("a")).cursor.row
    gate = stage.gateway.block_at(row)
    stage.gateway.fail_at(row, GatewayUnavailable("unplugged"))
    async with stage.manager() as manager:
        await manager.recover_sessions()
        joined = asyncio.ensure_future(manager.stop_session("a"))
        await settle()
        assert not joined.done()
        gate.release()
        with pytest.raises(SessionFailed):
            await joined
        assert await _is(manager, SessionStatus.FAILED)


async def _long(manager: PaperTradingSessionManager) -> bool:
    summary = (await manager.progress("a")).summary
    return summary is not None and bool(summary.positions)


async def test_a_command_that_meets_the_shutdown_is_refused() -> None:
    """It is not carried out on a session that is being suspended."""
    stage = Stage(strategy=Watcher)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        _, refused = await asyncio.gather(
            manager.shutdown(), manager.pause_session("a"), return_exceptions=True
        )
        assert isinstance(refused, ManagerClosed)
    assert (await stage.repository.get("a")).status is SessionStatus.RUNNING


async def test_a_command_in_the_queue_of_a_session_that_fails_is_refused() -> None:
    """It is told that the session has FAILED, not that it is stopping."""
    stage = Stage(strategy=Watcher)
    gate = stage.gateway.block_at(1)
    stage.gateway.fail_at(1, GatewayUnavailable("unplugged"))
    async with stage.manager() as manager:
        await manager.start_session(stage.config(), session_id="a")
        async with manager._registry.hosts["a"].lane:
            pausing = asyncio.ensure_future(manager.pause_session("a"))
            await settle()
            gate.release()
            await eventually(lambda: _is(manager, SessionStatus.FAILED))
            assert not pausing.done()
        with pytest.raises(InvalidTransition, match="FAILED") as caught:
            await pausing
        assert caught.value.session.status is SessionStatus.FAILED
        await quiet(stage, manager)


async def test_who_gives_up_waiting_for_a_start_does_not_break_it_off() -> None:
    """The session runs all the same."""
    stage = Stage(strategy=Watcher)
    gate = stage.gateway.block_open()
    async with stage.manager() as manager:
        starting = asyncio.ensure_future(
            manager._starter.start(
                stage.config(speed="1"),
                session_id="a",
                command_id=None,
                parent_id=None,
                digest="",
            )
        )
        await gate.reached.wait()
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        gate.release()
        await eventually(lambda: _is(manager, SessionStatus.RUNNING))


async def test_a_runner_that_will_not_be_broken_off_does_not_run_either() -> None:
    """Its start comes to an end after the stop, and is not saved."""
    stage = Stage(strategy=Watcher)
    runner = AsyncMock()
    begun, ended = asyncio.Event(), asyncio.Event()

    async def stubborn(message: object) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.set()

    runner.start = stubborn
    async with stage.manager(runner_factory=lambda *_, **__: runner) as manager:
        starting = asyncio.ensure_future(manager.start_session(stage.config(), session_id="a"))
        await begun.wait()
        stopped = await manager.stop_session("a")
        assert ended.is_set()
        assert (stopped.status, stopped.status_reason) == (SessionStatus.STOPPED, "never_ran")
        with pytest.raises(SessionStopped):
            await starting
        runner.close.assert_awaited()
        await quiet(stage, manager)
