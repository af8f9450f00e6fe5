"""Sessions on one live market: joined anywhere, each by itself, all of them replaying alone."""

import asyncio
from pathlib import Path

import pytest
from tests.live_sessions import attached, verified
from tests.live_stage import LiveStage, ts_of
from tests.stage import chain, kinds, limit_order, market_order

from offbook.adapters.recordings.files import FileRecordings
from offbook.domain.errors import (
    InvalidConfig,
)
from offbook.domain.session import SessionStatus
from offbook.testing.encoding_host import encoding_runner


async def test_a_session_runs_on_a_live_market_and_replays_alone() -> None:
    """Rows come by hand, an order is sent from outside, the session is stopped."""
    stage = LiveStage()
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config("trader"))
        await stage.come(40)
        await manager.submit_order(session.id, market_order())
        await stage.come(30)
        stopped = await manager.stop_session(session.id)
        assert stopped.status is SessionStatus.STOPPED
        assert stopped.cursor.row == 70
        records = await chain(stage.repository, session.id)
        assert kinds(records).count("OrderFilled") > 5
        await verified(manager, session.id)


async def test_all_sessions_share_one_connection_and_one_recording() -> None:
    """Each row is taken once, however many there are; the last to leave closes the market."""
    stage = LiveStage()
    async with stage.manager() as manager:
        ids = [(await manager.start_session(stage.config("trader"))).id for _ in range(5)]
        await stage.come(50)
        assert len(stage.gateway.connections) == 1
        assert stage.shared.log.rows == 50
        assert {(await attached(stage, name)).recording for name in ids} == {stage.shared.id}
        for name in ids[:-1]:
            await manager.stop_session(name)
        await stage.come(5)
        assert stage.hub.shared(stage.market.config) is not None
        await manager.stop_session(ids[-1])
        await stage.hub.close()
        assert stage.gateway.connections[0].closed
        assert stage.hub.shared(stage.market.config) is None
        (recording,) = stage.recordings.recordings.values()  # type: ignore[attr-defined]  # those in memory
        assert recording.rows == 55


async def test_whoever_joins_later_goes_on_from_the_last_row() -> None:
    """Its keyframe is what it knows, its first row is the next, and positions are the market's."""
    stage = LiveStage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config())
        await stage.come(30)
        late = await manager.start_session(stage.config("trader"))
        joined = await attached(stage, late.id)
        assert (joined.row, joined.ts) == (30, ts_of(stage.rows, 29))
        (last,) = joined.last
        assert last.row == 29
        assert last.values["bid_px"] == int(stage.rows.bid_px[29])  # type: ignore[union-attr]  # these are quotes
        # What was known before the first row of its own is enough to trade on.
        view = await manager.submit_order(late.id, limit_order("1.00"))
        assert view.order_status.value in {"PENDING_NEW", "NEW"}
        await stage.come(40)
        stopped = await manager.stop_session(late.id)
        assert stopped.cursor.row == 70
        await verified(manager, late.id)


async def test_the_market_goes_on_while_a_session_is_paused() -> None:
    """Rows are taken, resting orders fill, the strategy sees nothing."""
    stage = LiveStage()
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config("watcher"))
        await stage.come(5)
        await manager.pause_session(session.id)
        await stage.come(20)
        assert (await manager.progress(session.id)).cursor.row == 25
        resumed = await manager.resume_session(session.id)
        assert resumed.status is SessionStatus.RUNNING
        await stage.come(5)
        await manager.stop_session(session.id)
        records = await chain(stage.repository, session.id)
        assert b'"missed_rows":20' in next(raw for raw in records if b"SessionResumed" in raw)
        await verified(manager, session.id)


async def test_the_trouble_of_one_is_no_concern_of_the_others() -> None:
    """A strategy that raises pauses its own session; the journal of the other is the same."""
    chains = []
    for company in ("raiser", ""):
        stage = LiveStage()
        async with stage.manager() as manager:
            session = await manager.start_session(stage.config("trader"), command_id="start")
            if company:
                other = await manager.start_session(stage.config(company))
            await stage.come(60)
            if company:
                assert (await manager.get_session(other.id)).status_reason == "strategy_error"
            stopped = await manager.stop_session(session.id, command_id="stop")
            assert stopped.summary is not None
        chains.append(await chain(stage.repository, session.id))
    assert chains[0][1:] == chains[1][1:]


async def test_the_pace_of_a_live_market_is_its_own() -> None:
    """It cannot be made to run faster."""
    stage = LiveStage()
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config(speed="7"))
        with pytest.raises(InvalidConfig, match="own pace"):
            await manager.set_speed(session.id, "2")
        await stage.come(30)
        assert (await manager.progress(session.id)).cursor.row == 30


async def test_a_market_that_was_just_left_can_be_joined_at_once(tmp_path: Path) -> None:
    """Its recording is finished first, and then continued."""
    stage = LiveStage(recordings=FileRecordings(tmp_path))
    async with stage.manager() as manager:
        rows = []
        for _ in range(4):
            session = await manager.start_session(stage.config("trader"))
            rows.append((await attached(stage, session.id)).row)
            await stage.come(10)
            await manager.stop_session(session.id)
            await verified(manager, session.id)
        assert rows == [0, 10, 20, 30]
    await stage.hub.close()


async def test_messages_may_pass_as_bytes() -> None:
    """Nothing but messages goes between a manager and a runner of a live market either."""
    stage = LiveStage()
    async with stage.manager(runner_factory=encoding_runner) as manager:
        session = await manager.start_session(stage.config("trader"))
        await stage.come(30)
        await manager.submit_order(session.id, market_order())
        assert (await manager.progress(session.id)).cursor.row == 30
        await manager.stop_session(session.id)
        await verified(manager, session.id)


async def test_nothing_is_left_when_all_have_gone() -> None:
    """No task, no connection, nothing in the hub."""
    stage = LiveStage()
    async with stage.manager() as manager:
        for _ in range(3):
            await manager.start_session(stage.config("trader"))
        await stage.come(20)
    await stage.hub.close()
    await stage.hub.close()
    assert not stage.hub._markets
    assert not stage.hub._feeds
    assert all(connection.closed for connection in stage.gateway.connections)
    await stage.rest()
    assert not asyncio.all_tasks() - {asyncio.current_task()}
