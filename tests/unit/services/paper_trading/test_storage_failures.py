"""What is not durable did not happen: the store fails at every save, and says so in every way."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.stage import (
    RUNNERS,
    Forgetful,
    Stage,
    Trader,
    chain,
    eventually,
    market_order,
    quiet,
    settle,
)

from offbook.domain.errors import (
    CommitOutcomeUnknown,
    ConcurrencyConflict,
    LeaseLost,
    OffbookError,
    StorageUnavailable,
)
from offbook.domain.session import PaperTradingSession, SessionHealth, SessionStatus
from offbook.services.paper_trading.messages import AskProgress
from offbook.services.paper_trading.runner import PaperTradingRunner
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.paper_trading.verification import ReplayOutcome


class Driver:
    """A client that repeats every command, under its id, until it is answered."""

    def __init__(self, stage: Stage, manager: PaperTradingSessionManager) -> None:
        self.stage = stage
        self.manager = manager
        self.failures = 0
        self.number = 0

    async def until_done(
        self,
        command: Callable[..., Awaitable[PaperTradingSession]],
        *arguments: object,
        **more: object,
    ) -> object:
        """The command's answer, however often it has to be asked for."""
        self.number += 1
        for _ in range(50):
            try:
                return await command(*arguments, command_id=f"c{self.number}", **more)
            except (StorageUnavailable, ConcurrencyConflict):
                self.failures += 1
                await self.storage_back()
        raise AssertionError("never answered")

    async def storage_back(self) -> None:
        """Time passes, and the store is asked again."""
        for _ in range(3):
            await settle(20)
            if self.stage.clock.sleepers:
                self.stage.clock.advance(10)
        await settle(20)

    async def life(self) -> PaperTradingSession:
        """A whole life: start, order, pause, order, resume, and on to the end of the data.

        The session runs by the wall, so that commands come at the same session time in each run.
        """
        config = self.stage.config(speed="1")
        manager = self.manager
        session = await self.until_done(manager.start_session, config, session_id="a")
        await self.until_done(manager.pause_session, "a")
        await self.until_done(manager.submit_order, "a", market_order())
        await self.until_done(manager.resume_session, "a")
        await self.until_done(manager.pause_session, "a")
        await self.until_done(manager.stop_session, "a")
        assert session.status is SessionStatus.RUNNING
        return await manager.get_session("a")


def failures_of(kind: str) -> dict[str, object]:
    """How a save fails: it did not happen, or it did and nobody was told, or nobody knows."""
    if kind == "unavailable":
        return {"error": StorageUnavailable("the disk is gone")}
    if kind == "unknown, did not happen":
        return {"error": CommitOutcomeUnknown("broken off")}
    return {"took_effect": True}


@pytest.mark.parametrize("kind", ["unavailable", "unknown, did not happen", "unknown, happened"])
@pytest.mark.parametrize("runner", RUNNERS)
async def test_a_failure_at_every_save_loses_and_doubles_nothing(kind: str, runner: str) -> None:
    """For every save of a whole life, until there is no more to fail: the same chain results."""
    whole = None
    for number in range(1000):
        stage = Stage(strategy=Trader, runner=runner)
        stage.repository.fail_next("save", after=number, **failures_of(kind))
        async with stage.manager() as manager:
            driver = Driver(stage, manager)
            session = await driver.life()
            assert session.status is SessionStatus.STOPPED
            records = await chain(stage.repository, "a")
            assert session.last_seq == len(records)
            assert (await manager.verify("a")).outcome is ReplayOutcome.EQUAL
            await quiet(stage, manager)
        left = len(stage.repository._planned)
        if left:
            whole = records
            break
    assert number >= 7, "start, running, pause, order, resume, pause, stop"
    assert whole is not None


@pytest.mark.parametrize("runner", RUNNERS)
async def test_while_the_store_is_down_the_session_stands_still(runner: str) -> None:
    """Health tells, the status stays, commands fail at once; then all goes on as if nothing
    had been."""
    stage = Stage(strategy=Forgetful, runner=runner)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        for _ in range(3):
            stage.repository.fail_next("save")
            stage.repository.fail_next("get")
        stage.clock.advance(5)
        await eventually(lambda: _health(manager, SessionHealth.STORAGE_DOWN))
        assert (await manager.get_session("a")).status is SessionStatus.RUNNING
        for ask in (manager.pause_session, manager.stop_session):
            with pytest.raises(StorageUnavailable):
                await ask("a")
        with pytest.raises(StorageUnavailable):
            await manager.submit_order("a", market_order())
        runner = manager._active_sessions["a"]
        if isinstance(runner, PaperTradingRunner):
            # Whoever asks on and on while it is down gathers nothing in what he is told.
            depths = set()
            for _ in range(3):
                with pytest.raises(StorageUnavailable) as told:
                    await runner.progress(AskProgress())
                depths.add(len(told.traceback))
            assert len(depths) == 1
        stored = await manager.get_session("a")
        assert stored.summary is not None
        assert len(await manager.orders("a")) == stored.summary.orders
        assert (await manager.progress("a")).last_seq == stored.last_seq
        listed = (await manager.list_sessions())[0]
        assert listed.health is SessionHealth.STORAGE_DOWN
        waits = []
        for _ in range(40):
            await settle(30)
            if await _health(manager, SessionHealth.OK):
                break
            waits.append(stage.clock.next_wake)
            stage.clock.advance(stage.clock.next_wake or 0)
        assert waits[:3] == pytest.approx([0.1, 0.2, 0.4])
        await manager.set_speed("a", None)
        assert (await manager.wait("a")).status is SessionStatus.STOPPED
        assert (await manager.verify("a")).outcome is ReplayOutcome.EQUAL
        await quiet(stage, manager)


async def _health(manager: PaperTradingSessionManager, health: SessionHealth) -> bool:
    return (await manager.get_session("a")).health is health


async def test_an_order_whose_record_turned_out_durable_is_answered_on_retry() -> None:
    """The answer is stored with the record, so it is found."""
    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        stage.repository.fail_next("save", took_effect=True)
        stage.repository.fail_next("get")
        with pytest.raises(CommitOutcomeUnknown):
            await manager.submit_order("a", market_order(), command_id="buy")
        await stage.clock.until_sleeping()
        stage.clock.advance(1)
        await eventually(lambda: _health(manager, SessionHealth.OK))
        view = await manager.submit_order("a", market_order(), command_id="buy")
        orders = await manager.orders("a")
        assert [order.client_order_id for order in orders] == [view.client_order_id]
        await manager.stop_session("a")
        await quiet(stage, manager)


async def test_a_lost_lease_ends_the_pump_and_writes_nothing_more() -> None:
    """Another owner holds the session: whoever waits is told, and the rest is left to him."""
    stage = Stage(strategy=Trader)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        # As when the owner was taken for dead.
        stage.repository._rows["a"].owner = None
        epoch = await stage.repository.acquire_lease("a", "another")
        before = await chain(stage.repository, "a")
        with pytest.raises(LeaseLost):
            await manager.submit_order("a", market_order())
        await quiet(stage, manager)
        assert await chain(stage.repository, "a") == before
        session = await manager.get_session("a")
        assert session.status is SessionStatus.RUNNING
        assert stage.repository._rows["a"].owner == "another"
        assert epoch == 2


async def test_a_suspension_that_cannot_be_stored_did_not_happen() -> None:
    """The session is as it was last stored, and comes back from there."""
    stage = Stage(strategy=Trader)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        stage.clock.advance(20)
        await settle()
        stage.repository.fail_next("save")
    await quiet(stage, manager)
    async with stage.manager() as manager:
        assert (await manager.recover_sessions()).recovered == ("a",)
        await manager.set_speed("a", None)
        assert (await manager.wait("a")).status is SessionStatus.STOPPED
        assert (await manager.verify("a")).outcome is ReplayOutcome.EQUAL


async def test_failed_is_saved_when_the_store_comes_back() -> None:
    """A failure does not get lost because the store is down at that moment."""
    stage = Stage(strategy=Trader)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        stage.gateway.fail_at(64, OffbookError("the file is gone"))
        stage.clock.advance(30)
        await settle()
        stage.repository.fail_next("save", after=1)
        stage.repository.fail_next("save", after=1)
        await manager.set_speed("a", None)
        for _ in range(20):
            await settle()
            if (await stage.repository.get("a")).status is SessionStatus.FAILED:
                break
            stage.clock.advance(10)
        session = await manager.wait("a")
        assert session.status is SessionStatus.FAILED
        assert session.error is not None
        assert session.error.message == "the file is gone"
        await quiet(stage, manager)


async def test_shutting_down_while_the_store_is_down_ends() -> None:
    """Nothing waits for ever."""
    stage = Stage(strategy=Trader)
    manager = stage.manager()
    async with asyncio.timeout(5):
        async with manager:
            await manager.start_session(stage.config(speed="1"), session_id="a")
            for _ in range(100):
                stage.repository.fail_next("save")
                stage.repository.fail_next("get")
            stage.clock.advance(5)
            await eventually(lambda: _health(manager, SessionHealth.STORAGE_DOWN))
    await quiet(stage, manager)
