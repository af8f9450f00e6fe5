"""A pump that broke leaves nobody waiting: not its caller, not a shutdown, not the next call."""

import asyncio
from typing import Any

import pytest
from tests.stage import RUNNERS, Stage, Trader, market_order, quiet, settle

from offbook.domain.errors import (
    InvalidTransition,
    ManagerClosed,
    OffbookError,
    SessionFailed,
    StorageUnavailable,
)
from offbook.domain.session import SessionStatus
from offbook.services.paper_trading.command_desk import CommandDesk
from offbook.services.paper_trading.messages import AskOrders, AskProgress, Started, StartRunner
from offbook.services.paper_trading.runner import PaperTradingRunner
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager

IN_TIME = 10.0
"""Seconds of the wall after which a wait counts as one for ever; nothing here takes one."""


class Unforeseen(BaseException):
    """What ``except Exception`` does not see."""


def _break(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def receive(*arguments: Any) -> None:
        raise error

    monkeypatch.setattr(CommandDesk, "receive", receive)


async def _away(operation: str, phase: str, session_id: str) -> None:
    if operation == "save":
        raise StorageUnavailable("the store is away")


async def _shut_down(manager: PaperTradingSessionManager) -> None:
    async with asyncio.timeout(IN_TIME):
        await manager.shutdown()


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("error", [RuntimeError("no"), asyncio.CancelledError(), Unforeseen()])
async def test_a_shutdown_after_a_command_broke_the_pump_ends(
    runner: str, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, and while the failure is still being saved; the caller has its answer."""
    stage = Stage(strategy=Trader, runner=runner)
    manager = stage.manager()
    await manager.start_session(stage.config(speed="1"), session_id="a")
    _break(monkeypatch, error)
    with pytest.raises(OffbookError):
        async with asyncio.timeout(IN_TIME):
            await manager.submit_order("a", market_order())
    await _shut_down(manager)
    await quiet(stage, manager)


async def test_a_shutdown_ends_while_the_store_does_not_take_the_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The session stays as it was, and comes back at the next boot."""
    stage = Stage(strategy=Trader)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        await settle()
        _break(monkeypatch, RuntimeError("no"))
        stage.repository.hook = _away
        with pytest.raises(SessionFailed):
            await manager.submit_order("a", market_order())
        await _shut_down(manager)
        await quiet(stage, manager)
    monkeypatch.undo()
    stage.kill()
    stage.repository.hook = None
    async with stage.manager() as manager:
        assert (await manager.get_session("a")).status is SessionStatus.RUNNING
        assert (await manager.recover_sessions()).recovered == ("a",)
        await _shut_down(manager)


async def test_whoever_comes_after_the_pump_broke_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where it broke on something that is no ordinary exception."""
    stage = Stage(strategy=Trader)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        _break(monkeypatch, Unforeseen())
        for _ in range(2):
            with pytest.raises((SessionFailed, InvalidTransition)):
                async with asyncio.timeout(IN_TIME):
                    await manager.submit_order("a", market_order())
        await _shut_down(manager)
        await quiet(stage, manager)


class LetGo(PaperTradingRunner):
    """Is closed before its pump had a turn."""

    async def start(self, message: StartRunner) -> Started:
        started = await super().start(message)
        await self.close()
        return started


async def test_who_comes_after_a_close_before_the_first_turn_is_not_left_waiting() -> None:
    stage = Stage()
    stage.runner = LetGo
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        runner = manager._active_sessions["a"]
        assert not runner.is_open
        for call in (runner.orders(AskOrders()), runner.progress(AskProgress())):
            with pytest.raises(ManagerClosed):
                async with asyncio.timeout(IN_TIME):
                    await call


async def test_a_stop_that_has_waited_while_its_session_was_let_go_says_so() -> None:
    """As where the manager is shut down while a pause before it is being stored."""
    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        host = manager._registry.hosts["a"]
        async with host.lane:
            stop = asyncio.ensure_future(manager.stop_session("a"))
            await settle()
            await manager._registry.retire(host)
        with pytest.raises(ManagerClosed):
            await stop
        assert (await manager.stop_session("a")).status is SessionStatus.STOPPED
    await quiet(stage, manager)
