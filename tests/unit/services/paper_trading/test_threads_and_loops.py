"""Any thread and any loop may call any method."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import pytest
from tests.stage import (
    RUNNERS,
    Stage,
    Trader,
    Watcher,
    eventually,
    market_order,
    quiet,
    settle,
    wave,
)

from offbook.domain.errors import InvalidTransition, ManagerClosed, OffbookError
from offbook.domain.session import SessionHealth, SessionStatus
from offbook.engine.strategy.strategy import Strategy
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.paper_trading.verification import ReplayOutcome
from offbook.services.paper_trading.watchdog import StuckCallback


class Elsewhere:
    """A thread with a loop of its own, which runs one coroutine."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        self.outcome: Any = None
        self._thread = threading.Thread(target=self._run, args=(work,))
        self._thread.start()

    def _run(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        try:
            self.outcome = asyncio.run(work())
        except BaseException as error:
            self.outcome = error

    async def joined(self) -> Any:
        """What came of it."""
        await asyncio.to_thread(self._thread.join)
        return self.outcome


@pytest.mark.parametrize("runner", RUNNERS)
async def test_ten_threads_and_two_loops_at_once(runner: str) -> None:
    """Every command is carried out once, in some order; what is told is true."""
    stage = Stage(runner=runner)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")

        def client(number: int) -> Callable[[], Coroutine[Any, Any, list[str]]]:
            async def work() -> list[str]:
                told = []
                for turn in range(5):
                    view = await manager.submit_order(
                        "a", market_order(), command_id=f"{number}-{turn}"
                    )
                    told.append(view.client_order_id)
                    for ask in (manager.pause_session, manager.resume_session):
                        with suppress(InvalidTransition):
                            await ask("a")
                    await manager.list_sessions()
                return told

            return work

        here = [asyncio.ensure_future(client(number)()) for number in range(2)]
        away = [Elsewhere(client(number)) for number in range(2, 12)]
        outcomes = [await task for task in here] + [await there.joined() for there in away]
        ids = [order for outcome in outcomes for order in outcome]
        orders = await manager.orders("a")
        assert sorted(ids) == sorted(view.client_order_id for view in orders)
        assert len(set(ids)) == 60
        await manager.stop_session("a")
        assert (await manager.verify("a")).outcome is ReplayOutcome.EQUAL
        await quiet(stage, manager)


async def test_a_stop_from_another_thread_while_a_callback_runs() -> None:
    """It waits for the callback, comes before the next one, and ends the session."""
    entered, released = threading.Event(), threading.Event()

    class Holds(Strategy):
        calls = 0

        def on_quote(self, quote: object) -> None:
            type(self).calls += 1
            if self.calls == 3:
                entered.set()
                released.wait(10)

    stage = Stage(wave(2000), Holds)
    async with stage.manager() as manager:
        loop_thread: dict[str, Any] = {}

        async def stop() -> Any:
            await asyncio.to_thread(entered.wait, 10)
            asking = asyncio.ensure_future(manager.stop_session("a"))
            # The session can be looked at although the owner loop is held up.
            loop_thread["seen"] = (await manager.get_session("a")).status
            await asyncio.sleep(0)
            released.set()
            return await asking

        there = Elsewhere(stop)
        await manager.start_session(stage.config(), session_id="a")
        stopped = await there.joined()
        assert stopped.status is SessionStatus.STOPPED
        assert loop_thread["seen"] is SessionStatus.RUNNING
        assert stopped.cursor.row < stage.market.rows
        assert Holds.calls == stopped.cursor.row
        await quiet(stage, manager)


async def test_a_caller_cancelled_on_another_loop_takes_only_itself_away() -> None:
    """The command is carried out all the same."""
    stage = Stage(strategy=Watcher)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        # Nothing is answered while the store waits.
        reached, released = threading.Event(), asyncio.Event()

        async def hook(operation: str, phase: str, session_id: str) -> None:
            if operation == "save" and phase == "before":
                reached.set()
                await released.wait()

        stage.repository.hook = hook

        async def pause() -> None:
            asking = asyncio.ensure_future(manager.pause_session("a"))
            await asyncio.to_thread(reached.wait, 10)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            assert asking.cancelled()

        there = Elsewhere(pause)
        assert await there.joined() is None
        released.set()
        stage.repository.hook = None
        await settle(200)
        assert (await manager.get_session("a")).status is SessionStatus.PAUSED


async def test_a_reader_cancelled_on_another_loop_gives_its_work_up() -> None:
    """Nothing of it is left on the owner loop."""
    stage = Stage(strategy=Watcher)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")

        async def wait() -> None:
            async with asyncio.timeout(0.01):
                await manager.wait("a")

        there = Elsewhere(wait)
        assert isinstance(await there.joined(), TimeoutError)
        await manager.stop_session("a")
        await quiet(stage, manager)


def test_the_first_call_makes_its_loop_the_owner() -> None:
    """Without ``async with`` too; when that loop is gone, the next call's is."""
    stage = Stage(strategy=Trader)
    manager = stage.manager()
    session = asyncio.run(_whole(manager, stage))
    assert session.status is SessionStatus.STOPPED
    assert asyncio.run(_listed(manager)) == (session,)


async def _whole(manager: PaperTradingSessionManager, stage: Stage) -> Any:
    started = await manager.start_session(stage.config())
    return await manager.wait(started.id)


async def _listed(manager: PaperTradingSessionManager) -> Any:
    return await manager.list_sessions()


async def test_calls_to_a_loop_that_is_gone_are_refused() -> None:
    """Nobody waits for an answer that cannot come."""
    stage = Stage(strategy=Trader)
    manager = stage.manager()

    async def enter_and_leave() -> None:
        await manager.__aenter__()

    await asyncio.to_thread(lambda: asyncio.run(enter_and_leave()))
    # The owner loop is closed, so this one takes over.
    assert await manager.list_sessions() == ()
    await manager.shutdown()
    with pytest.raises(ManagerClosed):
        await manager.list_sessions()


async def test_a_stuck_callback_is_reported_and_shown() -> None:
    """By a thread of its own, with the stack; the health is back once it returns."""
    reports: list[StuckCallback] = []
    shown: list[SessionHealth] = []
    release = threading.Event()

    class Hangs(Strategy):
        def on_quote(self, quote: object) -> None:
            if not reports:
                stage.clock.advance(3)
                release.wait(10)

    def on_stuck(stuck: StuckCallback) -> None:
        reports.append(stuck)
        shown.append(manager._registry.seen(manager._registry.hosts["a"].committed).health)
        release.set()

    stage = Stage(strategy=Hangs)
    async with stage.manager(on_stuck=on_stuck) as manager:
        manager._registry._watchdog._wait = lambda end, seconds: end.wait(0.001)
        await manager.start_session(stage.config(), session_id="a")
        assert (await manager.wait("a")).health is SessionHealth.OK
        assert len(reports) == 1
        assert reports[0].session_id == "a"
        assert reports[0].seconds == pytest.approx(3)
        assert "release.wait" in reports[0].stack
        assert shown == [SessionHealth.CALLBACK_STUCK]
        await quiet(stage, manager)


@pytest.mark.parametrize("raising", [False, True])
async def test_whoever_is_told_of_a_stuck_callback_may_call_the_manager(raising: bool) -> None:
    """And wait for its answer, even until the session is over: the owner loop waits for nobody
    there.  What the handler raises is logged, and the next stuck callback is told all the same."""
    told: list[object] = []
    release = threading.Event()

    class Hangs(Strategy):
        def on_quote(self, quote: object) -> None:
            if not release.is_set():
                stage.clock.advance(3)
                release.wait(10)

    def on_stuck(stuck: StuckCallback) -> None:
        release.set()
        told.append(asyncio.run(manager.wait(stuck.session_id)).status)
        if raising:
            raise ValueError("and now?")

    stage = Stage(strategy=Hangs)
    async with stage.manager(on_stuck=on_stuck) as manager:
        manager._registry._watchdog._wait = lambda end, seconds: end.wait(0.001)
        for name in ("a", "b"):
            release.clear()
            await manager.start_session(stage.config(), session_id=name)
            async with asyncio.timeout(10):
                assert (await manager.wait(name)).health is SessionHealth.OK
        await eventually(lambda: len(told) == 2)
        assert told == [SessionStatus.STOPPED] * 2
        await quiet(stage, manager)


async def test_an_error_told_to_several_is_told_whole() -> None:
    """Each caller gets the error with its fields."""
    stage = Stage(strategy=Watcher)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        outcomes = await asyncio.gather(
            *(manager.resume_session("a", command_id="x") for _ in range(3)),
            return_exceptions=True,
        )
        assert all(isinstance(outcome, OffbookError) for outcome in outcomes)
        assert {outcome.fields["status"] for outcome in outcomes} == {"RUNNING"}
