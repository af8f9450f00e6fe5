"""Sessions that sleep, and sessions that are too slow: what they take, when, and what is told."""

from typing import Any

import pytest
from tests.live_sessions import MINE, Slow, health, verified
from tests.live_stage import LiveStage, ts_of
from tests.stage import SECOND, chain, eventually, kinds, limit_order, market_order, wave

from offbook.domain.commands import SkipRows
from offbook.domain.journal import OperationKind
from offbook.domain.records import (
    CommandTaken,
    SessionPaused,
    TimerFired,
    decode_record,
)
from offbook.domain.session import SessionHealth, SessionStatus
from offbook.services.market_hub.shared_market import HubLimits
from offbook.services.paper_trading.limits import Limits


async def test_a_resting_order_sleeps_until_its_price_comes() -> None:
    """No row is given to a session that none concerns, and none is lost when one does."""
    market = wave(60)
    stage = LiveStage(market)
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config())
        await stage.come(1)
        lowest = min(int(px) for px in market.slices[0].ask_px[:40])  # type: ignore[union-attr]  # these are quotes
        await manager.submit_order(session.id, limit_order(f"{(lowest - 1) / 100:.2f}"))
        await stage.rest()
        engine = stage.engines[session.id]
        await stage.come(2)
        row = engine.cursor.row
        for _ in range(30):
            await stage.come(1)
        assert engine.cursor.row == row
        assert stage.shared.index.sleeping == 1
        # Whoever asks is told how it stands by now.
        assert (await manager.progress(session.id)).cursor.row == 33
        await manager.stop_session(session.id)
        await verified(manager, session.id)


async def test_timers_fall_due_by_the_logs_clock_rows() -> None:
    """Not by the event loop: without a clock row nothing rings, however long it takes."""
    stage = LiveStage(strategies=MINE)
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config("alarm"))
        begun = stage.gateway.time
        stage.clock.advance(1000)
        await stage.rest()
        assert "TimerFired" not in kinds(await chain(stage.repository, session.id))
        stage.gateway.advance(begun + 12 * SECOND)
        await eventually(lambda: stage.engines[session.id].now == begun + 10 * SECOND)
        await stage.rest()
        records = [decode_record(raw) for raw in await chain(stage.repository, session.id)]
        rung = [record.due for record in records if isinstance(record, TimerFired)]
        assert rung == [begun + 5 * SECOND, begun + 10 * SECOND]
        # It was told under the clock row, and no row had come.
        assert stage.shared.log.durable.ts > rung[-1]
        await manager.stop_session(session.id)
        await verified(manager, session.id)


async def test_a_command_comes_at_the_time_that_the_market_has_reached() -> None:
    """After all rows that had come, also those that were slept through."""
    stage = LiveStage()
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config())
        await stage.come(20)
        stage.gateway.advance(ts_of(stage.rows, 19) + 300)
        await stage.rest()
        await manager.pause_session(session.id)
        records = [decode_record(raw) for raw in await chain(stage.repository, session.id)]
        taken = [record for record in records if isinstance(record, CommandTaken)]
        assert (taken[-1].row, taken[-1].ts) == (20, ts_of(stage.rows, 19) + 301)
        await manager.stop_session(session.id)
        await verified(manager, session.id)


async def test_a_scheduled_command_waits_for_its_time() -> None:
    """It is taken when the market's clock has come to it, with or without a row."""
    stage = LiveStage()
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config())
        await stage.come(3)
        at = ts_of(stage.rows, 2) + 400
        await manager.pause_session(session.id, at=at)
        stage.gateway.advance(at - 2)
        await stage.rest()
        assert (await manager.get_session(session.id)).status is SessionStatus.RUNNING
        stage.gateway.advance(at - 1)
        await eventually(lambda: stage.engines[session.id].status is SessionStatus.PAUSED)
        assert stage.engines[session.id].now == at
        await manager.stop_session(session.id)
        await verified(manager, session.id)


async def test_a_session_that_lags_says_so_and_reads_on() -> None:
    """Its health tells; nothing is left out; a pause is taken where it is, an order is not."""
    limits = Limits(call_seconds=1e-9, call_rows=16, block_rows=16)
    stage = LiveStage(wave(3000), strategies=MINE, limits=limits)
    Slow.clock = None
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config("slow"))
        other = await manager.start_session(stage.config("trader"))
        Slow.clock = stage.clock
        stage.push(3000)
        await eventually(lambda: health(manager, session.id, SessionHealth.LAGGING))
        assert (await manager.list_sessions())[0].health is SessionHealth.LAGGING
        await manager.pause_session(session.id)
        records = [decode_record(raw) for raw in await chain(stage.repository, session.id)]
        (paused,) = [record for record in records if isinstance(record, SessionPaused)]
        assert paused.row < 3000
        await manager.resume_session(session.id)
        await manager.submit_order(session.id, market_order())
        records = [decode_record(raw) for raw in await chain(stage.repository, session.id)]
        taken = [record for record in records if isinstance(record, CommandTaken)]
        assert taken[-1].row == 3000
        await eventually(lambda: health(manager, session.id, SessionHealth.OK))
        await eventually(lambda: stage.engines[other.id].cursor.row == 3000)
        await manager.stop_session(session.id)
        await verified(manager, session.id)


async def test_how_long_a_row_waits_is_reckoned_from_when_it_came() -> None:
    """Not from when the rows after it came."""
    stage = LiveStage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config())
        began = stage.clock.monotonic()
        for _ in range(3):
            await stage.come(10)
            stage.clock.advance(7)
        came = [stage.shared.arrived_at(row) - began for row in (0, 5, 9, 10, 15, 20, 29)]
        assert came == [0, 0, 0, 7, 7, 14, 14]
        # Of what came before all that is remembered no more is known than that.
        del stage.shared._marks[0]
        assert stage.shared.arrived_at(5) - began == 7


async def test_rows_that_came_late_are_counted_for_whoever_asks() -> None:
    """They are taken under the time that had been reached."""
    stage = LiveStage()
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config())
        await stage.come(5)
        assert (await manager.progress(session.id)).late_rows == 0
        stage.gateway.advance(ts_of(stage.rows, 6))
        await stage.come(4)
        assert (await manager.progress(session.id)).late_rows == 2
        stopped = await manager.stop_session(session.id)
        assert stopped.cursor.row == 9
        assert (await manager.progress(session.id)).late_rows is None
        await verified(manager, session.id)


async def test_a_session_far_behind_reads_the_recording() -> None:
    """What is no longer in memory comes from the recording, and in the end it has followed."""
    stage = LiveStage(wave(13_000), hub_limits=HubLimits(memory_rows=100))
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config())
        await stage.rest()
        for _ in range(13):
            await stage.come(1000, turns=5)
            stage.clock.advance(2)
            await stage.rest()
        assert stage.engines[session.id].cursor.row == 0
        assert stage.shared.log.in_memory > 8000
        assert (await manager.progress(session.id)).cursor.row == 13_000
        await manager.stop_session(session.id)
        await verified(manager, session.id)


async def test_rows_that_must_be_read_again_are_left_out_when_they_are_past() -> None:
    """Not at the time that the session has come to: what is due there belongs before them."""
    limits = Limits(call_seconds=1e-9, call_rows=16, call_records=4, lag_rows=100)
    memory = HubLimits(memory_rows=100)
    stage = LiveStage(wave(3000), strategies=MINE, limits=limits, hub_limits=memory)
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config("builder"))
        await stage.come(20)
        for _ in range(30):
            await stage.come(50, turns=1)
        await eventually(lambda: stage.engines[session.id].cursor.row == 1520)
        stopped = await manager.stop_session(session.id)
        assert stopped.cursor.row == 1520
        await verified(manager, session.id)
        records = [decode_record(raw) for raw in await chain(stage.repository, session.id)]
        left_out = [
            (record.ts, record.command.to_row)
            for record in records
            if isinstance(record, CommandTaken) and isinstance(record.command, SkipRows)
        ]
        assert left_out
        assert all(ts >= ts_of(stage.rows, to_row - 1) for ts, to_row in left_out)


@pytest.mark.parametrize("stops", [False, True])
async def test_a_command_at_a_time_that_is_left_out_is_taken_at_that_time(stops: bool) -> None:
    """Before what is due after it, and before the rows are past."""
    limits = Limits(call_seconds=1e-9, call_rows=16, call_records=4, lag_rows=100)
    stage = LiveStage(wave(3000), strategies=MINE, limits=limits)
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config("builder"))
        await stage.come(20)
        at = ts_of(stage.rows, 1000) + 1
        command = manager.stop_session if stops else manager.pause_session
        await command(session.id, at=at)
        for _ in range(30):
            await stage.come(50, turns=1)
        ends = SessionStatus.STOPPED if stops else SessionStatus.PAUSED
        await eventually(lambda: stage.engines[session.id].status is ends)
        await stage.rest()
        records = [decode_record(raw) for raw in await chain(stage.repository, session.id)]
        taken = [record for record in records if isinstance(record, CommandTaken)]
        assert any(record.ts == at for record in taken)
        assert stage.engines[session.id].cursor.row == (70 if stops else 1520)
        if not stops:
            await manager.stop_session(session.id)
        await verified(manager, session.id)


async def test_a_command_comes_no_later_than_rows_that_must_be_read_again() -> None:
    """Far behind, where the next rows are in the recording alone: their times are not known yet, so
    the session stays where it is, and does not go on to where the market stands."""
    stage = LiveStage(wave(13_000), hub_limits=HubLimits(memory_rows=100))
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config())
        await stage.rest()
        for _ in range(13):
            await stage.come(1000, turns=5)
            stage.clock.advance(2)
            await stage.rest()
        pump = manager._registry.active[session.id]._pump  # type: ignore[attr-defined]  # the runner's own
        assert stage.engines[session.id].cursor.row == 0
        assert pump._rows.loaded(0) is None
        assert stage.shared.log.floor > ts_of(stage.rows, 0)
        assert pump._live.now(None) == 0
        began = stage.engines[session.id].now
        assert pump._command_ts() == began
        assert (await manager.progress(session.id)).cursor.row == 13_000
        assert pump._live.now(None) == stage.shared.log.floor
        await manager.stop_session(session.id)


async def test_rows_left_out_by_policy_stand_in_the_journal() -> None:
    """With their range; nothing is matched against them, and the session runs again the same."""
    limits = Limits(call_seconds=1e-9, call_rows=16, call_records=4, lag_rows=100)
    stage = LiveStage(wave(3000), strategies=MINE, limits=limits)
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config("builder"))
        sleeper = await manager.start_session(stage.config())
        await stage.come(20)
        for _ in range(30):
            await stage.come(50, turns=1)
        await eventually(lambda: stage.engines[session.id].cursor.row == 1520)
        await stage.come(50)
        await manager.submit_order(session.id, market_order())
        await stage.come(50)
        for one in (session, sleeper):
            stopped = await manager.stop_session(one.id)
            assert stopped.cursor.row == 1620
            await verified(manager, one.id)
        records = [decode_record(raw) for raw in await chain(stage.repository, session.id)]
        left_out = [
            record.command
            for record in records
            if isinstance(record, CommandTaken) and isinstance(record.command, SkipRows)
        ]
        assert left_out
        assert all(one.to_row - one.first_row > 100 for one in left_out)
        operations = await stage.repository.operations(session.id)
        assert OperationKind.LAGGED in {line.kind for line in operations}
        # Who slept was not behind: all that it slept through was taken.
        assert not any(b"skip_rows" in raw for raw in await chain(stage.repository, sleeper.id))


async def test_who_sleeps_may_be_folded_up_and_wakes_all_the_same() -> None:
    """Also before the first row of its own: what it joined with is in what is kept."""
    stage = LiveStage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config())
        await stage.come(30)
        session = await manager.start_session(stage.config())
        await manager.submit_order(session.id, limit_order("99.00"))
        await manager.submit_order(session.id, limit_order("101.50", client_order_id="filled"))
        pump: Any = manager._active_sessions[session.id]._pump
        for count in (0, 1, 3, 20, 1):
            await stage.come(count)
            pump.fold_up()
            assert pump._kept.is_folded
        found = {view.client_order_id: view for view in await manager.orders(session.id)}
        assert found["filled"].order_status.value == "FILLED"
        assert (await manager.progress(session.id)).cursor.row == 55
        pump.fold_up()
        await manager.stop_session(session.id)
        await verified(manager, session.id)


class Ringing(Slow):
    """A timer that rings many times in a gap, more often than one call may record."""

    def on_start(self) -> None:
        super().on_start()
        self.set_timer("tick", every=SECOND // 2)

    def on_timer(self, name: str) -> None:
        self.buy("BTCUSDT", "0.001", price="50.00")


async def test_rows_are_left_out_whole_or_not_at_all() -> None:
    """What is due before they are past may take several calls: nothing is stored between, for
    whoever went on from there would take rows of the past."""
    limits = Limits(call_seconds=1e-9, call_rows=16, call_records=4, lag_rows=100, commit_records=1)
    mine = {**MINE, "ringing": Ringing}
    stage = LiveStage(wave(3000), strategies=mine, limits=limits)
    Slow.clock = None
    stored: list[tuple[int, int]] = []
    save = stage.repository.save

    async def seen(session: Any, batch: Any, **more: Any) -> Any:
        raws = () if batch is None else batch.records
        stored.extend((batch.cursor.row, decode_record(raw).ts) for raw in raws)
        return await save(session, batch, **more)

    stage.repository.save = seen  # type: ignore[method-assign]  # what is stored is looked at
    async with stage.manager() as manager:
        session = await manager.start_session(stage.config("ringing"))
        await stage.come(20)
        for _ in range(10):
            await stage.come(150, turns=1)
        await eventually(lambda: stage.engines[session.id].cursor.row == 1520)
        await manager.stop_session(session.id)
        await verified(manager, session.id)
    records = await chain(stage.repository, session.id)
    assert any(b"skip_rows" in raw for raw in records)
    late = [(row, ts) for row, ts in stored if row < 1520 and ts > ts_of(stage.rows, row)]
    assert not late, f"stored beyond rows that were to come: {late[:3]}"
