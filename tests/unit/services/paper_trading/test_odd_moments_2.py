"""The rare moments of whole sessions: commands that cross, and engines that misbehave."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from tests.rehearsal import rehearse
from tests.stage import (
    SECOND,
    START,
    Stage,
    Trader,
    eventually,
    market_order,
    quiet,
    settle,
    wave,
)

from offbook.domain.commands import Pause, SubmitOrder
from offbook.domain.config import PauseOrders, ResumeTimers
from offbook.domain.errors import (
    InvalidConfig,
    InvalidTransition,
    MailboxFull,
    SessionFailed,
)
from offbook.domain.market_data import QuoteSlice
from offbook.domain.records import CommandTaken, Record
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.engine.inputs import EndOfData, EngineInput
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy.strategy import Strategy
from offbook.services.paper_trading.command_desk import CommandDesk
from offbook.services.paper_trading.kept_engine import KeptEngine
from offbook.services.paper_trading.messages import (
    Done,
    Message,
    SetSpeed,
    TakeCommand,
)
from offbook.services.paper_trading.outbox import Outbox
from offbook.services.paper_trading.runner import PaperTradingRunner
from offbook.testing.manual_clock import ManualClock
from offbook.testing.sessions import new_session

KEEP = Pause(command_id="keep", orders=PauseOrders.KEEP)
BUY = SubmitOrder(command_id="buy", order=market_order())

# -- commands ---------------------------------------------------------------------------------


async def test_a_pause_and_a_resume_may_say_what_becomes_of_things() -> None:
    """Instead of what the session's configuration says."""
    stage = Stage(strategy=Trader)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        paused = await manager.pause_session("a", orders=PauseOrders.KEEP)
        resumed = await manager.resume_session("a", timers=ResumeTimers.SKIP)
        assert (paused.status, resumed.status) == (SessionStatus.PAUSED, SessionStatus.RUNNING)
        await manager.stop_session("a")
        await quiet(stage, manager)


async def test_an_order_during_a_start_is_refused() -> None:
    """The session takes none yet, and starts all the same."""
    stage = Stage()
    gate = stage.gateway.block_open()
    async with stage.manager() as manager:
        starting = asyncio.ensure_future(manager.start_session(stage.config(), session_id="a"))
        await gate.reached.wait()
        with pytest.raises(InvalidTransition):
            await manager.submit_order("a", market_order())
        gate.release()
        assert (await starting).status is SessionStatus.RUNNING
        assert await manager.orders("a") == ()


async def test_a_runner_that_answers_without_an_order_is_told_on() -> None:
    """No order is made up for it."""

    class Silent(PaperTradingRunner):
        async def take(self, message: TakeCommand) -> Any:
            return Done()

    stage = Stage()
    async with stage.manager(runner_factory=Silent) as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        with pytest.raises(SessionFailed, match="no order"):
            await manager.submit_order("a", market_order())


async def test_a_second_pause_finds_the_engine_paused_already() -> None:
    """Refused with the session as it is then, after the commit of the first."""
    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        runner = manager._active_sessions["a"]
        second = msgspec.structs.replace(KEEP, command_id="second")
        first, refused = await asyncio.gather(
            *(runner.pause(TakeCommand(command=c, digest=c.command_id)) for c in (KEEP, second)),
            return_exceptions=True,
        )
        assert first.session.status is SessionStatus.PAUSED
        assert isinstance(refused, InvalidTransition)
        assert (await manager.get_session("a")).status is SessionStatus.PAUSED


async def test_a_pace_that_is_none_is_refused_by_the_runner_too() -> None:
    """And the pace stays as it was."""
    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="2"), session_id="a")
        with pytest.raises(InvalidConfig):
            await manager._active_sessions["a"].set_speed(SetSpeed(speed="-1"))
        assert (await manager.progress("a")).speed == "2"


async def test_a_command_while_the_next_rows_are_not_here_comes_at_the_last_instant() -> None:
    """Session time does not run past rows that nobody knows yet."""
    stage = Stage()
    gate = stage.gateway.block_at(2)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        stage.clock.advance(1)
        await gate.reached.wait()
        await settle()
        stage.clock.advance(30)
        order = await manager.submit_order("a", market_order())
        assert START <= order.submitted_ts <= START + SECOND
        gate.release()


class RaisesAtHalf(Strategy):
    """Raises half a second after the start."""

    def on_start(self) -> None:
        self.set_timer("half", after=SECOND // 2)

    def on_timer(self, name: str) -> None:
        raise ValueError("half is enough")


async def test_a_scheduled_command_waits_when_the_session_stops_before_its_time() -> None:
    """The strategy raised and paused it: session time goes no further."""
    stage = Stage(strategy=RaisesAtHalf)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        at = START + SECOND * 3 // 4
        await manager.submit_order("a", market_order(), command_id="later", at=at)
        stage.clock.advance(2)
        paused = await manager.wait("a")
        assert paused.status is SessionStatus.PAUSED
        assert await manager.orders("a") == ()
        waiting = await stage.repository.scheduled_commands("a")
        assert [entry.command.command_id for entry in waiting] == ["later"]


# -- engines that misbehave -------------------------------------------------------------------


Step = Callable[[Sequence[EngineInput]], list[Record]]


class Twisted(Stage):
    """A stage whose engines make their steps in another way than they should."""

    def __init__(self, twist: Callable[[Step, EngineInput], list[Record]]) -> None:
        super().__init__()
        self.twist = twist

    def engine(self, session: PaperTradingSession) -> ProcessingEngine:
        """An engine with a process of its own."""
        engine = super().engine(session)
        step = engine.process
        setattr(engine, "process", lambda inputs, **_: self.twist(step, inputs[0]))  # noqa: B010  # a twisted step
        return engine


@pytest.mark.parametrize(("kind", "said"), [(QuoteSlice, "no row at row 0"), (EndOfData, "no end")])
async def test_an_engine_that_does_not_move_fails_its_session(kind: Any, said: str) -> None:
    """Rather than be asked for ever: it took no row, or went on after the end."""

    def twist(step: Step, item: EngineInput) -> list[Record]:
        return [] if isinstance(item, kind) else step([item])

    stage = Twisted(twist)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(), session_id="a")
        ended = await manager.wait("a")
        assert (ended.status, ended.status_reason) == (SessionStatus.FAILED, "engine_fault")
        assert ended.error is not None
        assert said in ended.error.message
        await quiet(stage, manager)


async def test_an_engine_that_makes_no_order_of_a_command_is_an_error() -> None:
    """No answer is made up, and none is kept."""
    taken = CommandTaken(seq=1, ts=1, row=0, command=BUY)
    rehearsal = rehearse(wave(2))
    outbox = Outbox(0, b"", rehearsal.engine.cursor)
    kept = KeptEngine(rehearsal.engine, new_session())
    desk = CommandDesk(kept, outbox, lambda take: [taken], clock=ManualClock())
    reply: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    with pytest.raises(RuntimeError, match="made no order of command buy"):
        desk.receive(TakeCommand(command=BUY, digest="d"), 1, reply)
    assert not outbox.waiters
    assert not reply.done()


async def test_who_goes_away_while_a_session_is_taken_up_for_his_order_does_not_hold_it() -> None:
    """The order is not sent; the session runs on as one that was taken up at boot."""
    stage = Stage(strategy=Trader)
    before = stage.manager()
    await before.start_session(stage.config(speed="1"), session_id="a")
    stage.kill()
    under_way = asyncio.Event()

    async def wait(operation: str, phase: str, session_id: str) -> None:
        if operation == "read_journal" and not under_way.is_set():
            under_way.set()
            await settle(10)

    stage.repository.hook = wait
    async with stage.manager() as manager:
        asking = asyncio.ensure_future(manager.submit_order("a", market_order()))
        await under_way.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await eventually(lambda: bool(manager._active_sessions))
        await settle()
        row = stage.engines[-1].cursor.row
        stage.clock.advance(5)
        await eventually(lambda: stage.engines[-1].cursor.row > row)
        await manager.stop_session("a")
    await before.shutdown()


async def test_who_is_refused_where_a_session_was_taken_up_for_his_order_does_not_hold_it() -> None:
    """As where very many come at once."""
    stage = Stage(strategy=Trader)
    before = stage.manager()
    await before.start_session(stage.config(speed="1"), session_id="a")
    stage.kill()
    async with stage.manager() as manager:
        enter = manager._transitions.enter

        def refuse(host: Any) -> None:
            raise MailboxFull("all at once", session_id="a")

        manager._transitions.enter = refuse  # type: ignore[method-assign]  # a flood at that moment
        with pytest.raises(MailboxFull):
            await manager.submit_order("a", market_order())
        manager._transitions.enter = enter  # type: ignore[method-assign]  # it has passed
        row = stage.engines[-1].cursor.row
        await settle()
        stage.clock.advance(5)
        await eventually(lambda: stage.engines[-1].cursor.row > row)
        await manager.stop_session("a")
    await before.shutdown()
