"""Every status and every command: what the manager does is what the table says."""

import asyncio

import pytest
from tests.stage import RUNNERS, Stage, eventually, market_order, settle

from offbook.domain.errors import GatewayUnavailable, InvalidTransition
from offbook.domain.session import LIFECYCLE, LifecycleCommand, SessionStatus, Verdict
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager

_S, _C = SessionStatus, LifecycleCommand
ENDS = {
    Verdict.AWAIT_START: _S.PAUSED,
    Verdict.CANCEL_START: _S.STOPPED,
    Verdict.PAUSE: _S.PAUSED,
    Verdict.RESUME: _S.RUNNING,
    Verdict.STOP: _S.STOPPED,
    Verdict.JOIN_STOP: _S.STOPPED,
    Verdict.RECOVER_AND_RUN: _S.RUNNING,
    Verdict.STOP_BY_FOLD: _S.STOPPED,
}
COMMANDS = [_C.PAUSE, _C.RESUME, _C.STOP]


async def bring_to(
    status: SessionStatus, stage: Stage, manager: PaperTradingSessionManager
) -> list[asyncio.Future[object]]:
    """A session in the status; gives what is still under way."""
    config = stage.config(speed="1")
    if status is _S.STARTING:
        gate = stage.gateway.block_open()
        task = asyncio.ensure_future(manager.start_session(config, session_id="a"))
        await gate.reached.wait()
        asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(_later(gate)))
        return [task]
    if status is _S.FAILED:
        stage.gateway.fail_open(GatewayUnavailable("no"), times=1)
        with pytest.raises(GatewayUnavailable):
            await manager.start_session(config, session_id="a")
        return []
    await manager.start_session(config, session_id="a")
    if status is _S.PAUSED:
        await manager.pause_session("a")
    elif status is _S.STOPPED:
        await manager.stop_session("a")
    elif status is _S.STOPPING:
        await manager.submit_order("a", market_order())
        stage.clock.advance(3)
        await eventually(lambda: _held(manager))
        task = asyncio.ensure_future(manager.stop_session("a", flatten=True))
        await eventually(lambda: _is(manager, _S.STOPPING))
        asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(_flatten(manager)))
        return [task]
    return []


async def _later(gate: object) -> None:
    await settle()
    gate.release()


async def _flatten(manager: PaperTradingSessionManager) -> None:
    await settle()
    await manager.set_speed("a", None)


async def _held(manager: PaperTradingSessionManager) -> bool:
    summary = (await manager.progress("a")).summary
    return bool(summary is not None and summary.positions)


async def _is(manager: PaperTradingSessionManager, status: SessionStatus) -> bool:
    return (await manager.get_session("a")).status is status


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.value)
@pytest.mark.parametrize("status", _S, ids=lambda status: status.value)
@pytest.mark.parametrize("runner", RUNNERS)
async def test_the_table_is_kept(
    runner: str, status: SessionStatus, command: LifecycleCommand
) -> None:
    """Allowed commands end where they should; others change nothing and show the session."""
    stage = Stage(runner=runner)
    async with stage.manager() as manager:
        under_way = await bring_to(status, stage, manager)
        before = await manager.get_session("a")
        assert before.status is status
        methods = {
            _C.PAUSE: manager.pause_session,
            _C.RESUME: manager.resume_session,
            _C.STOP: manager.stop_session,
        }
        verdict = LIFECYCLE[status][command]
        if verdict is Verdict.INVALID:
            with pytest.raises(InvalidTransition) as caught:
                await methods[command]("a")
            assert caught.value.session == before
            assert caught.value.fields["command"] == command.value
            if not under_way:
                assert await manager.get_session("a") == before
        else:
            after = await methods[command]("a")
            assert after.status is ENDS[verdict]
        await asyncio.gather(*under_way, return_exceptions=True)


@pytest.mark.parametrize("status", _S, ids=lambda status: status.value)
async def test_the_table_is_kept_at_a_boot(status: SessionStatus) -> None:
    """What was killed in any status comes back as the table says."""
    stage = Stage()
    async with stage.manager() as manager:
        under_way = await bring_to(status, stage, manager)
        stage.kill()
    await asyncio.gather(*under_way, return_exceptions=True)
    stage.gateway._open_gate = None
    async with stage.manager() as manager:
        await manager.recover_sessions()
        verdict = LIFECYCLE[status][_C.BOOT]
        if verdict is Verdict.NOTHING:
            assert manager._active_sessions == {}
            assert await _is(manager, status)
        elif verdict is Verdict.CARRY_ON_START:
            assert await _is(manager, _S.RUNNING)
        elif verdict is Verdict.FINISH_STOP:
            await manager.set_speed("a", None)
            assert (await manager.wait("a")).status is _S.STOPPED
        else:
            assert verdict is Verdict.RECOVER
            assert await _is(manager, status)
