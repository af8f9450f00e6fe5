"""Recordings that cannot be written, markets that end or break, and crashes."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.live_sessions import MINE, attached, verified
from tests.live_stage import LiveStage, ts_of
from tests.stage import eventually, limit_order, market_order, wave

from offbook.adapters.recordings.files import FileRecordings
from offbook.domain.config import AtEnd, PauseOrders
from offbook.domain.errors import (
    GatewayUnavailable,
    SessionFailed,
    StorageUnavailable,
)
from offbook.domain.market_data import Cursor
from offbook.domain.session import SessionHealth, SessionStatus
from offbook.services.market_hub.shared_market import HubLimits
from offbook.testing.live_gateway import HandDrivenMarket
from offbook.testing.memory_recordings import InMemoryRecording


async def test_rows_are_durable_before_what_was_made_of_them() -> None:
    """A journal never refers to a row that the recording does not hold."""
    stage = LiveStage()
    behind: list[tuple[int, int]] = []

    async def look(operation: str, phase: str, session_id: str) -> None:
        if operation == "save" and session_id in stage.engines and stage.hub._markets:
            (shared,) = stage.hub._markets.values()
            stored = await stage.repository.get(session_id) if phase == "after" else None
            if stored is not None and stored.last_seq:
                behind.append((stored.cursor.row, shared.recording.rows))

    stage.repository.hook = look
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config("trader"))
        for _ in range(40):
            await stage.come(1, turns=3)
        await manager.stop_session(session.id)
    assert len(behind) > 5
    assert all(cursor <= durable for cursor, durable in behind)


async def test_a_recording_that_cannot_be_written_holds_commits_up() -> None:
    """What is not durable did not happen; when it can be written again all goes on."""
    stage = LiveStage()
    recordings: Any = stage.recordings
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config("trader"))
        await stage.come(20)
        before = await manager.get_session(session.id)
        recordings.fail_with = StorageUnavailable("the disk is full")
        await stage.come(20)
        down = await manager.get_session(session.id)
        assert down.health is SessionHealth.STORAGE_DOWN
        assert down.last_seq == before.last_seq
        with pytest.raises(StorageUnavailable):
            await manager.submit_order(session.id, market_order())
        recordings.fail_with = None
        for _ in range(20):
            stage.clock.advance(5)
            await stage.rest()
        assert (await manager.get_session(session.id)).health is SessionHealth.OK
        await stage.come(20)
        stopped = await manager.stop_session(session.id)
        assert stopped.cursor.row == 60
        await verified(manager, session.id)


async def test_so_much_waits_for_a_recording_that_cannot_be_written_and_no_more() -> None:
    """Then nothing is received and no time passes; when it can be written all of it comes."""
    stage = LiveStage(hub_limits=HubLimits(unsaved_rows=30))
    recordings: Any = stage.recordings
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config())
        await stage.come(10)
        stage.clock.advance(2)
        await stage.rest()
        recordings.fail_with = StorageUnavailable("the disk is full")
        for _ in range(40):
            await stage.come(2, turns=5)
            stage.clock.advance(2)
            await stage.rest(5)
        shared = stage.shared
        assert shared.log.waiting == 32
        assert shared.log.rows == 10 + 32
        reached = shared.log.floor
        assert reached == ts_of(stage.rows, 41)
        for _ in range(9):
            assert shared.pass_time() == reached, "those rows are not late, when they come"
        recordings.fail_with = None
        stage.clock.advance(2)
        await stage.rest(200)
        assert shared.log.rows == 90
        assert shared.log.late == 0
        await manager.stop_session(session.id)
        await verified(manager, session.id)


async def test_a_market_that_is_held_up_asks_for_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is due does not fall due before rows can be taken again: nobody looks meanwhile."""
    asked: list[int] = []

    def seconds_until(market: HandDrivenMarket, ts: int) -> float:
        asked.append(ts)
        return 0.0

    monkeypatch.setattr(HandDrivenMarket, "seconds_until", seconds_until)
    stage = LiveStage(strategies=MINE, hub_limits=HubLimits(unsaved_rows=30))
    recordings: Any = stage.recordings
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config("alarm"))
        await stage.come(3)
        recordings.fail_with = StorageUnavailable("the disk is full")
        for _ in range(4):
            await stage.come(10)
        await _pass_by_millis(stage, 3)
        before = len(asked)
        await _pass_by_millis(stage, 40)
        assert len(asked) <= before + 1
        recordings.fail_with = None
        stage.clock.advance(1.0)
        await eventually(lambda: stage.shared.log.durable.row == 43)
        await _pass_by_millis(stage, 40)
        assert len(asked) > before + 10
        await manager.stop_session(session.id)
        await verified(manager, session.id)


async def _pass_by_millis(stage: LiveStage, count: int) -> None:
    for _ in range(count):
        stage.clock.advance(0.001)
        await stage.rest(5)


async def test_who_is_mended_does_not_sleep_on_for_the_engine_that_was_thrown_away() -> None:
    """That one was paused, its order cancelled; the one that is durable waits for its price."""
    stage = LiveStage()
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config())
        await stage.come(5)
        await manager.submit_order(session.id, limit_order("99.80"))
        await stage.come(1)
        stage.repository.fail_next("save")
        with pytest.raises(StorageUnavailable):
            await manager.pause_session(session.id, orders=PauseOrders.CANCEL_ALL)
        stage.clock.advance(5)
        await stage.rest()
        assert (await manager.get_session(session.id)).health is SessionHealth.OK
        assert stage.shared.index.sleeping == 1
        await stage.come(8)
        assert int(stage.rows.ask_px[13]) < 99_80  # type: ignore[union-attr]  # these are quotes
        assert stage.engines[session.id].cursor.row == 14, "nobody asked: it woke by itself"
        (found,) = await manager.orders(session.id)
        assert found.order_status.value == "FILLED"
        await manager.stop_session(session.id)
        await verified(manager, session.id)


async def test_the_end_of_the_market_ends_its_sessions() -> None:
    """Each by its own policy, also one that sleeps."""
    stage = LiveStage()
    async with stage.manager() as manager:
        stops = await manager.start_session(stage.config("trader"))
        pauses = await manager.start_session(stage.config(at_end=AtEnd.PAUSE))
        await stage.come(50)
        stage.gateway.end()
        ended = await manager.wait(stops.id)
        assert (ended.status, ended.status_reason) == (SessionStatus.STOPPED, "end_of_data")
        paused = await manager.wait(pauses.id)
        assert (paused.status, paused.cursor.row) == (SessionStatus.PAUSED, 50)
        await verified(manager, stops.id)
        await verified(manager, pauses.id)


async def test_a_market_that_breaks_fails_its_sessions_and_can_be_joined_again() -> None:
    """They keep what they have; resumed, they go on in the same recording."""
    stage = LiveStage()
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config("trader"))
        await stage.come(30)
        stage.gateway.break_with(GatewayUnavailable("the line is dead"))
        await eventually(lambda: not manager._active_sessions)
        failed = await manager.get_session(session.id)
        assert failed.status is SessionStatus.FAILED
        resumed = await manager.resume_session(session.id)
        assert resumed.status is SessionStatus.RUNNING
        assert len(stage.gateway.connections) == 2
        assert stage.gateway.after[1].row == 30
        await stage.come(30)
        stopped = await manager.stop_session(session.id)
        assert stopped.cursor.row == 60
        await verified(manager, session.id)


@pytest.mark.parametrize("what", ["clock", "flush", "recording"])
async def test_whatever_of_a_market_breaks_is_told_to_its_sessions(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its clock and its flushes as much as its connection: nobody waits for what does not come."""
    stage = LiveStage()
    monkeypatch.setattr(HandDrivenMarket, "seconds_until", lambda self, ts: 1.0)
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config())
        await stage.come(5)
        shared = stage.shared

        def broken(*arguments: object) -> Any:
            raise RuntimeError(f"the {what} is broken")

        if what == "clock":
            monkeypatch.setattr(HandDrivenMarket, "seconds_until", broken)
        elif what == "flush":
            monkeypatch.setattr(shared.log, "unsaved", broken)
        else:
            monkeypatch.setattr(InMemoryRecording, "append", broken)
        await stage.come(1)
        stage.clock.advance(2)
        await eventually(lambda: not manager._active_sessions)
        failed = await manager.get_session(session.id)
        assert failed.status is SessionStatus.FAILED
        assert failed.error is not None
        assert f"RuntimeError: the {what} is broken" in failed.error.message
        assert shared._tasks[0].done(), "nothing more is taken in"
    monkeypatch.undo()


async def test_what_broke_a_market_is_told_to_each_of_its_sessions_as_to_one() -> None:
    """However many there are: none is told of the others' places in the code."""
    stage = LiveStage()
    async with stage.manager() as manager:
        sessions = [await manager.start_session(stage.config("trader")) for _ in range(6)]
        await stage.come(3)
        stage.gateway.break_with(GatewayUnavailable("the line is dead"))
        await eventually(lambda: not manager._active_sessions)
        details = []
        for session in sessions:
            failed = await manager.get_session(session.id)
            assert failed.error is not None
            assert (failed.error.code, failed.error.message) == (
                "gateway_unavailable",
                "the line is dead",
            )
            assert "in receive" in failed.error.detail, "where it came from is told"
            details.append(failed.error.detail)
        assert len(set(details)) == 1


@pytest.mark.parametrize("breaks", [True, False])
async def test_who_comes_while_a_dead_market_is_still_held_gets_a_recording_of_its_own(
    breaks: bool, tmp_path: Path
) -> None:
    """What was recorded has one writer: whoever is in it still goes on reading what there is."""
    stage = LiveStage(recordings=FileRecordings(tmp_path))
    async with stage.manager() as manager:
        held = await manager.start_session(stage.config(at_end=AtEnd.PAUSE))
        await stage.come(20)
        dead = stage.shared
        pump: Any = manager._active_sessions[held.id]._pump
        pump.held = breaks  # as one that has not heard yet
        if breaks:
            stage.gateway.break_with(GatewayUnavailable("the line is dead"))
        else:
            stage.gateway.end()
        await eventually(lambda: stage.hub.shared(stage.market.config) is None)
        stage.gateway.reopen()
        late = await manager.start_session(stage.config("trader"))
        assert stage.shared.id != dead.id
        await stage.come(30)
        await dead.secure(Cursor(row=20, ts=dead.log.floor))
        stopped = await manager.stop_session(late.id)
        assert stopped.cursor.row == 30
        await verified(manager, late.id)
        recorded = await stage.hub.recorded(stage.market.config, await attached(stage, held.id))
        rows = await recorded.read(0, 1000)
        assert rows is not None
        assert len(rows) == 20


@pytest.mark.parametrize("name", ["trader", "forgetful", "alarm"])
async def test_a_session_comes_back_after_a_crash_in_the_same_recording(name: str) -> None:
    """Rebuilt from snapshot, journal and recording, it goes on; what came meanwhile is missing."""
    stage = LiveStage(strategies=MINE)
    manager = stage.manager()
    await manager.start_session(stage.config())
    await stage.come(10)
    session = await manager.start_session(stage.config(name))
    await stage.come(40)
    await manager.submit_order(session.id, market_order())
    await stage.rest(200)
    stage.kill()
    async with stage.manager() as again:
        report = await again.recover_sessions()
        assert session.id in report.recovered, report
        await stage.come(40)
        await again.submit_order(session.id, market_order())
        stopped = await again.stop_session(session.id)
        assert stopped.cursor.row == 90
        await verified(again, session.id)
    await manager.shutdown()


async def test_who_begins_after_a_restart_joins_what_was_recorded_before() -> None:
    """One market has one recording, as long as its gateway continues it."""
    for endless in (True, False):
        stage = LiveStage(endless=endless)
        rows = []
        for _ in range(2):
            async with stage.manager() as manager:
                session = await manager.start_session(stage.config("watcher"))
                rows.append((await attached(stage, session.id)).row)
                await stage.come(10)
                await manager.stop_session(session.id)
                await verified(manager, session.id)
            await stage.hub.close()
            stage.new_hub()
        assert rows == ([0, 10] if endless else [0, 0])


async def test_a_market_that_cannot_be_recorded_is_not_joined() -> None:
    """The start fails with everything let go."""
    stage = LiveStage()

    async def refuse(about: object) -> Any:
        raise StorageUnavailable("the disk is full")

    stage.recordings.create = refuse  # type: ignore[method-assign]  # a disk that is full
    async with stage.manager() as manager:
        with pytest.raises((StorageUnavailable, SessionFailed)):
            await manager.start_session(stage.config())
        assert stage.gateway.connections[0].closed
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert not others


async def test_all_markets_are_left_though_one_cannot_be_finished() -> None:
    """The others' recordings are whole and closed when that is told."""
    stage = LiveStage()
    await stage.hub.open(stage.market.config)
    await stage.hub.open(wave(path="other.csv").config)
    bad, good = list(stage.hub._markets.values())

    async def refuse(piece: object) -> None:
        raise StorageUnavailable("the disk is full")

    async def slowly(piece: Any) -> None:
        await stage.rest(20)
        await append(piece)

    append = good.recording.append
    bad.recording.append, good.recording.append = refuse, slowly  # type: ignore[method-assign]  # a full disk, a slow one
    bad.pass_time()
    good.pass_time()
    with pytest.raises(StorageUnavailable, match="is full"):
        await stage.hub.close()
    assert all(connection.closed for connection in stage.gateway.connections)
    assert (bad.log.unsaved() is None, good.log.unsaved() is None) == (False, True)
    for shared in (bad, good):
        await (await stage.recordings.open(shared.id, to_append=True)).close()
