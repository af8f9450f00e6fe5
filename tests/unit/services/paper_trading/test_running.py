"""Whole sessions with real parts: from the first row to the end."""

import asyncio

import pytest
from tests.stage import (
    RUNNERS,
    SECOND,
    START,
    Stage,
    Trader,
    Watcher,
    chain,
    eventually,
    kinds,
    limit_order,
    market_order,
    quiet,
    settle,
    wave,
)

from offbook.domain.config import AtEnd
from offbook.domain.errors import InvalidConfig, InvalidOrder, InvalidTransition, OrderNotFound
from offbook.domain.orders import OrderSide, OrderStatus, ReplaceRequest
from offbook.domain.session import SessionStatus
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.paper_trading.verification import ReplayOutcome


@pytest.fixture(params=RUNNERS)
def stage(request: pytest.FixtureRequest) -> Stage:
    """A short market and a strategy that trades, near and through bytes."""
    return Stage(strategy=Trader, runner=request.param)


async def test_a_session_runs_to_the_end_of_its_data(stage: Stage) -> None:
    """STOPPED, everything committed, everything let go."""
    async with stage.manager() as manager:
        started = await manager.start_session(stage.config())
        assert started.status is SessionStatus.RUNNING
        ended = await manager.wait(started.id)
        assert (ended.status, ended.status_reason) == (SessionStatus.STOPPED, "end_of_data")
        assert ended.cursor.row == stage.market.rows
        assert ended.stopped_at == stage.clock.now()
        assert ended.summary is not None
        assert ended.summary.fills > 10
        records = await chain(stage.repository, started.id)
        assert len(records) == ended.last_seq
        assert kinds(records)[-1] == "SessionStopped"
        assert (await manager.verify(started.id)).outcome is ReplayOutcome.EQUAL
        await quiet(stage, manager)


async def test_commands_are_answered_while_a_replay_runs_at_full_speed() -> None:
    """A session does not have to end before it listens."""
    stage = Stage(wave(20_000), Watcher)
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config())
        paused = await manager.pause_session(session.id)
        assert paused.status is SessionStatus.PAUSED
        assert paused.cursor.row < stage.market.rows
        before = len(Watcher.shown)
        await settle()
        assert len(Watcher.shown) == before
        assert (await manager.resume_session(session.id)).status is SessionStatus.RUNNING
        ended = await manager.wait(session.id)
        assert ended.cursor.row == stage.market.rows
        assert len(Watcher.shown) == stage.market.rows
        await quiet(stage, manager)


async def test_at_the_end_of_its_data_a_session_may_pause(stage: Stage) -> None:
    """``wait`` returns then too, and a resume comes to the same end again."""
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config(at_end=AtEnd.PAUSE))
        ended = await manager.wait(session.id)
        assert (ended.status, ended.status_reason) == (SessionStatus.PAUSED, "end_of_data")
        assert (await manager.resume_session(session.id)).status is SessionStatus.RUNNING
        again = await manager.wait(session.id)
        assert (again.status, again.status_reason) == (SessionStatus.PAUSED, "end_of_data")
        assert (await manager.verify(session.id)).outcome is ReplayOutcome.EQUAL
        await manager.stop_session(session.id)
        assert (await manager.verify(session.id)).outcome is ReplayOutcome.EQUAL
        await quiet(stage, manager)


async def test_an_outside_bot_trades(stage: Stage) -> None:
    """Orders, cancels and replaces are answered with the order once they are durable."""
    async with stage.manager() as manager:
        config = stage.config(speed="1", strategy=None)
        session_id = (await manager.start_session(config)).id
        stage.clock.advance(2)
        order = await manager.submit_order(session_id, market_order())
        assert order.order_status is OrderStatus.PENDING_NEW
        low = await manager.submit_order(session_id, limit_order("90.00", client_order_id="low"))
        stage.clock.advance(2)
        moved = await manager.replace_order(session_id, "low", ReplaceRequest(price="91.00"))
        assert moved.order_status is OrderStatus.PENDING_REPLACE
        stage.clock.advance(2)
        gone = await manager.cancel_order(session_id, low.client_order_id)
        assert gone.order_status is OrderStatus.PENDING_CANCEL
        stage.clock.advance(2)
        await eventually(lambda: _closed(manager, session_id))
        views = {view.client_order_id: view for view in await manager.orders(session_id)}
        assert views[order.client_order_id].order_status is OrderStatus.FILLED
        assert views["low"].order_status is OrderStatus.CANCELED
        assert views["low"].price == "91.00"
        stopped = await manager.stop_session(session_id)
        assert {view.client_order_id for view in await manager.orders(session_id)} == set(views)
        assert stopped.summary is not None
        assert stopped.summary.positions == {"BTCUSDT": "0.01"}
        assert (await manager.verify(session_id)).outcome is ReplayOutcome.EQUAL
        await quiet(stage, manager)


async def _closed(manager: PaperTradingSessionManager, session_id: str) -> bool:
    views = await manager.orders(session_id)
    return all(view.order_status.is_terminal for view in views)


async def test_a_malformed_order_is_refused_and_nothing_is_recorded(stage: Stage) -> None:
    """It never became an order."""
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config(speed="1", strategy=None))
        before = await chain(stage.repository, session.id)
        with pytest.raises(InvalidOrder):
            await manager.submit_order(session.id, market_order(qty="0"))
        with pytest.raises(OrderNotFound):
            await manager.cancel_order(session.id, "nobody")
        assert await chain(stage.repository, session.id) == before
        await manager.stop_session(session.id)
        with pytest.raises(InvalidTransition, match="takes no orders"):
            await manager.submit_order(session.id, market_order())
        await quiet(stage, manager)


async def test_flattening_closes_the_position_before_the_stop(stage: Stage) -> None:
    """Also in a paced replay, where the clock has to run on for it."""
    async with stage.manager() as manager:
        session_id = (await manager.start_session(stage.config(speed="1", strategy=None))).id
        await manager.submit_order(session_id, market_order())
        stage.clock.advance(3)
        await eventually(lambda: _closed(manager, session_id))
        task = asyncio.ensure_future(manager.stop_session(session_id, flatten=True))
        await eventually(lambda: _is(manager, session_id, SessionStatus.STOPPING))
        assert (await manager.get_session(session_id)).stop_parameters.flatten is True
        await settle()
        assert not task.done()
        stage.clock.advance(3)
        stopped = await task
        assert stopped.status is SessionStatus.STOPPED
        assert stopped.summary.positions == {}
        assert (await manager.verify(session_id)).outcome is ReplayOutcome.EQUAL
        await quiet(stage, manager)


async def _is(manager: PaperTradingSessionManager, session_id: str, status: SessionStatus) -> bool:
    session = await manager.get_session(session_id)
    return session.status is status


async def test_flattening_a_paused_replay_lets_the_clock_run_on(stage: Stage) -> None:
    """The one thing that moves a paused recording."""
    async with stage.manager() as manager:
        session_id = (await manager.start_session(stage.config(speed="1", strategy=None))).id
        await manager.submit_order(session_id, market_order())
        stage.clock.advance(3)
        await eventually(lambda: _closed(manager, session_id))
        await manager.pause_session(session_id)
        await manager.set_speed(session_id, None)
        stopped = await manager.stop_session(session_id, flatten=True)
        assert stopped.summary.positions == {}
        assert (await manager.verify(session_id)).outcome is ReplayOutcome.EQUAL


async def test_a_paced_replay_follows_the_wall(stage: Stage) -> None:
    """Row by row as the clock allows, timers between rows included."""
    async with stage.manager() as manager:
        session_id = (await manager.start_session(stage.config(speed="2"))).id
        await stage.clock.until_sleeping()
        assert (await manager.progress(session_id)).cursor.row == 1
        assert stage.clock.next_wake == 0.025  # the order is at the venue 50 ms later
        stage.clock.advance(5)
        await eventually(lambda: _row(manager, session_id, 11))
        await settle()
        progress = await manager.progress(session_id)
        assert progress.cursor.row == 11
        assert progress.now == START + 10 * SECOND
        assert progress.rows == stage.market.rows
        assert progress.speed == "2"


async def _row(manager: PaperTradingSessionManager, session_id: str, row: int) -> bool:
    return (await manager.progress(session_id)).cursor.row == row


async def test_the_speed_can_be_changed_while_running(stage: Stage) -> None:
    """Without a jump, and without a trace in the chain."""
    async with stage.manager() as manager:
        slow = await manager.start_session(stage.config(speed="1"), command_id="go")
        stage.clock.advance(2)
        await eventually(lambda: _row(manager, slow.id, 3))
        await manager.set_speed(slow.id, "10")
        stage.clock.advance(1)
        await eventually(lambda: _row(manager, slow.id, 13))
        with pytest.raises(InvalidConfig):
            await manager.set_speed(slow.id, "0")
        await manager.set_speed(slow.id, None)
        assert (await manager.wait(slow.id)).status is SessionStatus.STOPPED
        with pytest.raises(InvalidTransition):
            await manager.set_speed(slow.id, "1")
    other = Stage(strategy=Trader)
    async with other.manager() as manager:
        full = await manager.start_session(other.config(), command_id="go")
        await manager.wait(full.id)
    assert await chain(stage.repository, slow.id) == await chain(other.repository, full.id)


async def test_a_command_in_a_paced_replay_opens_an_instant_of_its_own(stage: Stage) -> None:
    """At the paced time, after the last row and before the next."""
    async with stage.manager() as manager:
        session_id = (await manager.start_session(stage.config(speed="1", strategy=None))).id
        stage.clock.advance(2.5)
        await eventually(lambda: _row(manager, session_id, 3))
        view = await manager.submit_order(session_id, market_order())
        assert view.submitted_ts == START + 2 * SECOND + SECOND // 2
        again = await manager.submit_order(session_id, market_order(OrderSide.SELL))
        assert again.submitted_ts == view.submitted_ts + 1
        stage.clock.advance(60)
        late = await manager.submit_order(session_id, market_order())
        assert late.submitted_ts == START + 3 * SECOND, "not past a row that is to come"
        await manager.stop_session(session_id)
        assert (await manager.verify(session_id)).outcome is ReplayOutcome.EQUAL
