"""Commands: repeated, scheduled, too many; and what is told of them as it is committed."""

import asyncio

import pytest
from tests.stage import (
    RUNNERS,
    SECOND,
    START,
    Stage,
    Trader,
    chain,
    eventually,
    kinds,
    limit_order,
    market_order,
    quiet,
    settle,
)

from offbook.domain.errors import (
    CommandConflict,
    CommandTooLate,
    InvalidOrder,
    InvalidTransition,
    MailboxFull,
    ManagerClosed,
    OrderNotFound,
)
from offbook.domain.journal import OperationKind
from offbook.domain.orders import (
    OrderSide,
    OrderStatus,
    ReplaceRequest,
)
from offbook.domain.session import SessionStatus
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.verification import ReplayOutcome


@pytest.fixture(params=RUNNERS)
def stage(request: pytest.FixtureRequest) -> Stage:
    """A stage without a strategy: orders come from outside."""
    return Stage(runner=request.param)


async def test_a_repeated_command_is_carried_out_once(stage: Stage) -> None:
    """At the same time, afterwards, and with another manager: the same answer."""
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        both = await asyncio.gather(
            *(manager.submit_order("a", market_order(), command_id="buy") for _ in range(2))
        )
        assert both[0] == both[1]
        paused = await manager.pause_session("a", command_id="pause")
        assert await manager.pause_session("a", command_id="pause") == paused
        assert await manager.submit_order("a", market_order(), command_id="buy") == both[0]
        assert len(await manager.orders("a")) == 1
    async with stage.manager() as manager:
        assert await manager.pause_session("a", command_id="pause") == paused
        assert await manager.submit_order("a", market_order(), command_id="buy") == both[0]
        stopped = await manager.stop_session("a", command_id="stop")
        assert await manager.stop_session("a", command_id="stop") == stopped
    async with stage.manager() as manager:
        assert await manager.stop_session("a", command_id="stop") == stopped


async def test_the_same_id_with_another_body_is_a_conflict(stage: Stage) -> None:
    """In memory and from the store."""
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        await manager.submit_order("a", market_order(), command_id="buy")
        with pytest.raises(CommandConflict):
            await manager.submit_order("a", market_order(qty="0.02"), command_id="buy")
    async with stage.manager() as manager:
        with pytest.raises(CommandConflict):
            await manager.submit_order("a", market_order(qty="0.02"), command_id="buy")
        with pytest.raises(CommandConflict):
            await manager.pause_session("a", command_id="buy")


async def test_a_refused_command_may_be_sent_again(stage: Stage) -> None:
    """A refusal changed nothing, so it is not kept."""
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        with pytest.raises(InvalidTransition):
            await manager.resume_session("a", command_id="go on")
        await manager.pause_session("a")
        resumed = await manager.resume_session("a", command_id="go on")
        assert resumed.status is SessionStatus.RUNNING


async def test_scheduled_commands_are_taken_exactly_at_their_time(stage: Stage) -> None:
    """Before the rows of that time, in order of arrival, durable from the answer on."""
    at = START + 10 * SECOND
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        view = await manager.submit_order(
            "a", market_order(client_order_id="x"), command_id="x", at=at
        )
        assert view.order_status is OrderStatus.PENDING_NEW
        assert view.submitted_ts == at
        assert "scheduled" in view.text
        await manager.submit_order("a", market_order(OrderSide.SELL), command_id="y", at=at)
        low = limit_order("50.00", client_order_id="low")
        await manager.submit_order("a", low, at=at + 1)
        canceled = await manager.cancel_order("a", "low", at=at + 2 * SECOND)
        assert canceled.client_order_id == "low"
        paused = await manager.pause_session("a", at=at + 5 * SECOND)
        assert paused.status is SessionStatus.RUNNING
        assert len(await stage.repository.scheduled_commands("a")) == 5
        await manager.set_speed("a", None)
        await eventually(lambda: _paused(manager))
        session = await manager.get_session("a")
        assert session.cursor.row == 15
        assert session.cursor.ts == at + 5 * SECOND
        orders = {view.client_order_id: view for view in await manager.orders("a")}
        assert orders["x"].submitted_ts == at
        assert orders["low"].submitted_ts == at + 1
        assert orders["low"].order_status is OrderStatus.CANCELED
        assert await stage.repository.scheduled_commands("a") == ()
        await manager.stop_session("a")
        assert (await manager.verify("a", slice_rows=3)).outcome is ReplayOutcome.EQUAL
        await quiet(stage, manager)


async def _paused(manager: object) -> bool:
    session = await manager.get_session("a")
    return session.status is SessionStatus.PAUSED


async def test_scheduled_commands_outlive_a_crash(stage: Stage) -> None:
    """They sit in the store until they are taken."""
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        await manager.stop_session("a", at=START + 30 * SECOND, command_id="stop at thirty")
        stage.kill()
    async with stage.manager() as manager:
        await manager.recover_sessions()
        await manager.set_speed("a", None)
        stopped = await manager.wait("a")
        assert (stopped.status, stopped.cursor.row) == (SessionStatus.STOPPED, 30)
        answer = await manager.stop_session(
            "a", at=START + 30 * SECOND, command_id="stop at thirty"
        )
        assert answer.status is SessionStatus.RUNNING, "what was answered then"


async def test_a_time_that_has_passed_is_too_late(stage: Stage) -> None:
    """Also the present moment is."""
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config(speed="1"), session_id="a")
        with pytest.raises(CommandTooLate):
            await manager.submit_order("a", market_order(), at=session.cursor.ts)
        with pytest.raises(CommandTooLate):
            await manager.pause_session("a", at=START)


async def test_what_cannot_be_scheduled_is_refused_at_once(stage: Stage) -> None:
    """Where it can be known already."""
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        later = START + 10 * SECOND
        with pytest.raises(InvalidOrder):
            await manager.submit_order("a", market_order(qty="0"), at=later)
        with pytest.raises(OrderNotFound):
            await manager.replace_order("a", "nobody", ReplaceRequest(price="1.00"), at=later)
        assert await stage.repository.scheduled_commands("a") == ()


async def test_a_scheduled_command_that_became_impossible_is_dropped(stage: Stage) -> None:
    """With a line in the operations log; what is left at the end is dropped too."""
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        at = START + 10 * SECOND
        one = market_order(client_order_id="one")
        await manager.submit_order("a", one, command_id="first", at=at)
        await manager.submit_order("a", one, command_id="second", at=at)
        await manager.pause_session("a", at=START + 10_000 * SECOND)
        await manager.set_speed("a", None)
        await manager.wait("a")
        dropped = [
            operation.detail
            for operation in await stage.repository.operations("a")
            if operation.kind is OperationKind.ERROR
        ]
        assert len(dropped) == 2
        assert "second" in dropped[0]
        assert "Pause" in dropped[1]
        assert len(await manager.orders("a")) == 1
        assert await stage.repository.scheduled_commands("a") == ()


async def test_commands_wait_through_a_pause_of_a_replay(stage: Stage) -> None:
    """The clock stands still, so their time does not come."""
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        await manager.submit_order("a", market_order(), at=START + 5 * SECOND)
        await manager.pause_session("a")
        stage.clock.advance(60)
        await settle()
        assert await manager.orders("a") == ()
        with pytest.raises(InvalidTransition):
            await manager.pause_session("a")
        await manager.resume_session("a")
        stage.clock.advance(6)
        await eventually(lambda: _one_order(manager))


async def _one_order(manager: object) -> bool:
    return len(await manager.orders("a")) == 1


async def test_too_many_commands_are_refused(stage: Stage) -> None:
    """Those within the bound are carried out, in order; a stop always has room."""
    stage.limits = Limits(mailbox=5)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        outcomes = await asyncio.gather(
            *(manager.submit_order("a", market_order()) for _ in range(8)),
            manager.stop_session("a"),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes[5:8]] == [MailboxFull] * 3
        taken = [outcome.client_order_id for outcome in outcomes[:5]]
        assert taken == [f"S-{i}" for i in range(1, 6)]
        assert outcomes[8].status is SessionStatus.STOPPED
        await quiet(stage, manager)


async def test_events_are_what_is_committed_in_order_and_end_with_the_session() -> None:
    """From the beginning or from anywhere, before, during and after the run."""
    stage = Stage(strategy=Trader)
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config(speed="1"), session_id="a")
        seen: list[int] = []

        async def follow(after: int) -> list[int]:
            found = []
            async for seq, record in manager.events("a", after):
                assert record.seq == seq
                assert seq <= (await manager.get_session("a")).last_seq
                found.append(seq)
                seen.append(seq)
            return found

        early = asyncio.ensure_future(follow(0))
        late = asyncio.ensure_future(follow(session.last_seq))
        await eventually(lambda: len(seen) >= session.last_seq)
        assert not early.done()
        await manager.set_speed("a", None)
        ended = await manager.wait("a")
        assert await early == list(range(1, ended.last_seq + 1))
        assert await late == list(range(session.last_seq + 1, ended.last_seq + 1))
        assert await follow(ended.last_seq) == []
        await quiet(stage, manager)


async def test_an_abandoned_stream_leaves_nothing_behind(stage: Stage) -> None:
    """Its reader is cancelled in the middle of waiting."""
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")

        async def follow() -> None:
            async for _ in manager.events("a"):
                pass

        reader = asyncio.ensure_future(follow())
        await settle()
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        await manager.stop_session("a")
        await quiet(stage, manager)


async def test_streams_end_when_the_manager_is_shut_down(stage: Stage) -> None:
    """Told apart from the end of the session; later calls are refused."""
    manager = stage.manager()
    async with manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")

        async def follow() -> None:
            async for _ in manager.events("a"):
                pass

        reader = asyncio.ensure_future(follow())
        waiting = asyncio.ensure_future(manager.wait("a"))
        await settle()
    for task in (reader, waiting):
        with pytest.raises(ManagerClosed):
            await task
    for call in (manager.list_sessions(), manager.stop_session("a"), manager.wait("a")):
        with pytest.raises(ManagerClosed):
            await call
    await manager.shutdown()
    await quiet(stage, manager)


async def test_a_session_run_by_others_is_followed_too() -> None:
    """By asking the store now and then."""
    stage = Stage(strategy=Trader)
    other = stage.manager()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")

        async def follow() -> list[int]:
            return [seq async for seq, _ in other.events("a")]

        reader = asyncio.ensure_future(follow())
        await settle()
        await manager.set_speed("a", None)
        ended = await manager.wait("a")
        await eventually(lambda: stage.clock.sleepers == 1)
        stage.clock.advance(1)
        assert await reader == list(range(1, ended.last_seq + 1))
    await other.shutdown()


async def test_the_second_stop_joins_the_first_and_force_drops_the_flatten(stage: Stage) -> None:
    """All are answered with the same end, and each keeps its answer."""
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        await manager.submit_order("a", market_order())
        stage.clock.advance(5)
        await eventually(lambda: _flat(manager, "0.01"))
        first = asyncio.ensure_future(manager.stop_session("a", flatten=True, command_id="first"))
        second = asyncio.ensure_future(manager.stop_session("a", command_id="second"))
        await eventually(lambda: _status(manager, SessionStatus.STOPPING))
        for refused in (manager.pause_session, manager.resume_session):
            with pytest.raises(InvalidTransition):
                await refused("a")
        denied = await manager.submit_order("a", market_order())
        assert denied.order_status is OrderStatus.DENIED
        forced = await manager.stop_session("a", force=True, command_id="third")
        assert forced.status is SessionStatus.STOPPED
        assert forced.status_reason == "forced"
        assert forced.summary.positions == {"BTCUSDT": "0.01"}
        assert await first == await second == forced
        records = await chain(stage.repository, "a")
        assert kinds(records).count("SessionStopped") == 1
        assert (await manager.verify("a")).outcome is ReplayOutcome.EQUAL
        await quiet(stage, manager)
    async with stage.manager() as manager:
        for command_id, flatten in (("first", True), ("second", False)):
            again = await manager.stop_session("a", flatten=flatten, command_id=command_id)
            assert again == forced


async def _status(manager: object, status: SessionStatus) -> bool:
    return (await manager.get_session("a")).status is status


async def _flat(manager: object, qty: str) -> bool:
    summary = (await manager.progress("a")).summary
    return summary.positions == {"BTCUSDT": qty}


async def test_a_stop_goes_before_all_that_waits(stage: Stage) -> None:
    """What had come before it, and was not begun, is refused."""
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        released = asyncio.Event()

        async def hook(operation: str, phase: str, session_id: str) -> None:
            if operation == "save" and phase == "before":
                await released.wait()

        stage.repository.hook = hook
        asked = []
        for ask in (manager.pause_session, manager.resume_session, manager.stop_session):
            asked.append(asyncio.ensure_future(ask("a")))
            await settle()
        released.set()
        paused, resumed, stopped = await asyncio.gather(*asked, return_exceptions=True)
        assert paused.status is SessionStatus.PAUSED
        assert isinstance(resumed, InvalidTransition)
        assert stopped.status is SessionStatus.STOPPED
        await quiet(stage, manager)
