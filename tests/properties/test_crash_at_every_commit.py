"""A crash at any commit: the same chain as if nothing had been."""

import asyncio

import pytest
from tests.stage import (
    RUNNERS,
    SECOND,
    START,
    Forgetful,
    Stage,
    Trader,
    chain,
    kinds,
    limit_order,
    market_order,
    quiet,
)

from offbook.domain.config import AtEnd
from offbook.domain.errors import (
    StorageUnavailable,
)
from offbook.domain.orders import OrderSide
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager


class Life:
    """A scripted life that outlives crashes: a client repeats what was not answered."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.crashes = 0

    async def run(self) -> PaperTradingSession:
        """Until the session has stopped, through as many managers as it takes."""
        while True:
            manager = self.stage.manager()
            try:
                if self.crashes:
                    await manager.recover_sessions()
                session = await self._live(manager)
            except StorageUnavailable:
                self.crashes += 1
                await self._bury(manager)
                self.stage.kill()
                continue
            await manager.shutdown()
            return session

    async def _live(self, manager: PaperTradingSessionManager) -> PaperTradingSession:
        config = self.stage.config(speed="1", at_end=AtEnd.PAUSE)
        await manager.start_session(config, session_id="a", command_id="start")
        at = START + 20 * SECOND
        await manager.submit_order("a", market_order(), command_id="buy", at=at)
        await manager.submit_order(
            "a", limit_order("99.00", client_order_id="low"), command_id="low", at=at + 5
        )
        await manager.pause_session("a", command_id="pause", at=at + 30 * SECOND)
        await self._until(manager, SessionStatus.PAUSED, "requested")
        sold = market_order(OrderSide.SELL, client_order_id="out")
        await manager.submit_order("a", sold, command_id="sell")
        await manager.resume_session("a", command_id="resume")
        await self._until(manager, SessionStatus.PAUSED, "end_of_data")
        return await manager.stop_session("a", flatten=True, command_id="stop")

    async def _until(
        self, manager: PaperTradingSessionManager, status: SessionStatus, reason: str
    ) -> None:
        """Run as fast as possible until the session is so, or has been and is past it."""
        for _ in range(5000):
            session = await manager.get_session("a")
            if (session.status, session.status_reason) == (status, reason):
                return
            answer = await self.stage.repository.find_answer("a", "resume")
            if reason == "requested" and answer is not None:
                return
            if session.status is SessionStatus.STOPPED:
                return
            if session.health.value == "STORAGE_DOWN":
                raise StorageUnavailable("the process is gone")
            if session.status is SessionStatus.RUNNING:
                await manager.set_speed("a", None)
            await asyncio.sleep(0)
        raise AssertionError(f"never {status} {reason}: {session}")

    async def _bury(self, manager: PaperTradingSessionManager) -> None:
        """What is left of a dead process in this one."""
        self.stage.repository._gone = self.stage.repository._gone or "killed"
        await manager.shutdown()
        await quiet(self.stage, manager)


def crash_at(stage: Stage, number: int, phase: str) -> list[int]:
    """Kill the process around its ``number``-th save; gives a counter of saves."""
    saves = [0]
    repository = stage.repository

    async def hook(operation: str, when: str, session_id: str) -> None:
        if operation != "save" or repository is not stage.repository:
            return
        if when == phase:
            saves[0] += 1
            if saves[0] == number:
                repository._gone = "killed"
                raise StorageUnavailable("killed")

    repository.hook = hook
    return saves


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("strategy", [Trader, Forgetful, None])
@pytest.mark.parametrize("runner", RUNNERS)
async def test_a_crash_at_every_commit_changes_no_byte(
    phase: str, strategy: type | None, runner: str
) -> None:
    """The client repeats what was not answered; the chain is that of the run without a crash."""
    calm = Stage(strategy=strategy, runner=runner)
    expected = await Life(calm).run()
    records = await chain(calm.repository, "a")
    assert kinds(records).count("OrderFilled") >= 1
    number = 0
    while True:
        number += 1
        stage = Stage(strategy=strategy, runner=runner)
        saves = crash_at(stage, number, phase)
        life = Life(stage)
        session = await life.run()
        assert await chain(stage.repository, "a") == records, f"crash at save {number}"
        assert session.chain_head == expected.chain_head
        assert session.summary == expected.summary
        if saves[0] < number:
            break
        assert life.crashes == 1
    assert number > 8
