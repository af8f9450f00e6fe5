"""Sessions taken up again: as they were, or FAILED with the reason."""

import asyncio

import msgspec
import pytest
from tests.stage import (
    Forgetful,
    Stage,
    Trader,
    Watcher,
    eventually,
    limit_order,
    market_order,
    quiet,
    settle,
    wave,
)

from offbook.domain.errors import (
    GatewayUnavailable,
    InvalidTransition,
    JournalDamaged,
    JournalMismatch,
    LeaseHeld,
    NotComparable,
    OffbookError,
)
from offbook.domain.orders import OrderStatus
from offbook.domain.session import SessionStatus
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.paper_trading.verification import ReplayOutcome


async def test_sessions_come_back_as_they_were() -> None:
    """RUNNING runs, PAUSED waits, STOPPED and FAILED are left alone."""
    stage = Stage(strategy=Watcher)
    async with stage.manager() as manager:
        config = stage.config(speed="1")
        for name in ("running", "paused", "stopped"):
            await manager.start_session(config, session_id=name)
        await manager.pause_session("paused")
        await manager.stop_session("stopped")
        stage.gateway.fail_open(GatewayUnavailable("no"), times=1)
        with pytest.raises(GatewayUnavailable):
            await manager.start_session(config, session_id="failed")
        stage.kill()
    async with stage.manager() as manager:
        report = await manager.recover_sessions()
        assert set(report.recovered) == {"running", "paused"}
        assert report.failed == ()
        found = {session.id: session.status.value for session in await manager.list_sessions()}
        assert found == {name: name.upper() for name in found}
        assert set(manager._active_sessions) == {"running", "paused"}
        assert (await manager.recover_sessions()).recovered == ()
        await manager.set_speed("running", None)
        assert (await manager.wait("running")).status is SessionStatus.STOPPED
        assert (await manager.get_session("paused")).cursor.row <= 1


async def test_an_interrupted_flattening_is_finished_and_answered() -> None:
    """With its durable parameters; whoever asks again gets the answer."""
    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        await manager.submit_order("a", market_order())
        stage.clock.advance(3)
        await eventually(lambda: _filled(manager))
        stopping = asyncio.ensure_future(manager.stop_session("a", flatten=True, command_id="stop"))
        await eventually(lambda: _is(manager, SessionStatus.STOPPING))
        stage.kill()
    await asyncio.gather(stopping, return_exceptions=True)
    async with stage.manager() as manager:
        assert (await manager.recover_sessions()).recovered == ("a",)
        joined = asyncio.ensure_future(manager.stop_session("a", command_id="other"))
        await settle()
        await manager.set_speed("a", None)
        stopped = await joined
        assert stopped.summary is not None
        assert stopped.summary.positions == {}
        assert await manager.stop_session("a", flatten=True, command_id="stop") == stopped
        assert (await manager.verify("a")).outcome is ReplayOutcome.EQUAL
        await quiet(stage, manager)


async def _filled(manager: PaperTradingSessionManager) -> bool:
    return all(view.order_status is OrderStatus.FILLED for view in await manager.orders("a"))


async def _is(manager: PaperTradingSessionManager, status: SessionStatus) -> bool:
    return (await manager.get_session("a")).status is status


async def _suspended(stage: Stage, name: str = "a", seconds: float = 40) -> None:
    """A session that ran for a while and was suspended."""
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id=name)
        stage.clock.advance(seconds)
        await eventually(lambda: _rows(manager, name, int(seconds) + 1))


async def _rows(manager: PaperTradingSessionManager, name: str, rows: int) -> bool:
    return (await manager.progress(name)).cursor.row == rows


@pytest.mark.parametrize("strategy", [Trader, Forgetful])
async def test_a_snapshot_and_its_tail_are_worth_the_whole(strategy: type) -> None:
    """With a memory that is saved the engine starts from the snapshot, else from the first row."""
    stage = Stage(strategy=strategy)
    await _suspended(stage)
    session = await stage.repository.get("a")
    assert session.cursor.row == 41
    snapshot = await stage.repository.latest_snapshot("a")
    assert (snapshot is not None) == (strategy is Trader)
    stage.gateway.fail_at(0, OffbookError("read from the start"))
    async with stage.manager() as manager:
        report = await manager.recover_sessions()
        assert bool(report.recovered) == (strategy is Trader)


async def test_changed_data_fails_the_session_which_can_still_be_stopped() -> None:
    """Its orders are canceled by what its records tell."""
    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        await manager.submit_order("a", limit_order("50.00", client_order_id="low"))
        stage.clock.advance(3)
        await eventually(lambda: _rows(manager, "a", 4))
    other = Stage(wave(130))
    other.repository = stage.repository
    async with other.manager() as manager:
        report = await manager.recover_sessions()
        assert [entry.reason for entry in report.failed] == ["data_changed"]
        session = await manager.get_session("a")
        assert (session.status, session.status_reason) == (SessionStatus.FAILED, "data_changed")
        assert (await manager.orders("a"))[0].order_status is OrderStatus.NEW
        with pytest.raises(NotComparable):
            await manager.resume_session("a")
        verdict = await manager.verify("a")
        assert (verdict.outcome, verdict.what) == (ReplayOutcome.NOT_COMPARABLE, "data")
        stopped = await manager.stop_session("a", command_id="stop")
        assert stopped.status is SessionStatus.STOPPED
        assert (await manager.orders("a"))[0].order_status is OrderStatus.CANCELED
        assert stopped.summary is not None
        assert stopped.summary.open_orders == 0
        assert await manager.stop_session("a", command_id="stop") == stopped
        await quiet(other, manager)
    async with stage.manager() as manager:
        assert (await manager.verify("a")).outcome is ReplayOutcome.EQUAL
        with pytest.raises(InvalidTransition):
            await manager.resume_session("a")


async def test_another_strategy_is_not_taken_for_the_old_one() -> None:
    """Its source is part of the chain."""
    stage = Stage(strategy=Trader)
    await _suspended(stage)
    stage.source = "another source"
    async with stage.manager() as manager:
        report = await manager.recover_sessions()
        assert [entry.reason for entry in report.failed] == ["strategy_changed"]
        assert (await manager.verify("a")).what == "strategy"
        stage.source = "source"
        assert (await manager.resume_session("a")).status is SessionStatus.RUNNING


async def test_data_that_is_gone_fails_the_session_until_it_is_back() -> None:
    """FAILED with the gateway's reason; a resume recovers it."""
    stage = Stage(strategy=Trader)
    await _suspended(stage)
    stage.gateway.fail_open(GatewayUnavailable("unplugged"), times=2)
    async with stage.manager() as manager:
        report = await manager.recover_sessions()
        assert [entry.reason for entry in report.failed] == ["gateway_unavailable"]
        assert (await manager.verify("a")).what == "data"
        await manager.resume_session("a")
        await manager.set_speed("a", None)
        assert (await manager.wait("a")).status is SessionStatus.STOPPED
        assert (await manager.verify("a")).outcome is ReplayOutcome.EQUAL
        await quiet(stage, manager)


@pytest.mark.parametrize("edit", ["changed", "missing", "unreadable"])
async def test_a_damaged_journal_is_told_and_never_traded_on(edit: str) -> None:
    """FAILED(journal_damaged); a resume is refused, a stop is not; others are recovered."""
    stage = Stage(strategy=Trader)
    await _suspended(stage)
    await _suspended(stage, "b")
    records = stage.repository._rows["a"].records
    if edit == "changed":
        records[2] = records[2].replace(b'"ts":17', b'"ts":18')
    elif edit == "missing":
        del records[-1]
        stage.repository._rows["a"].state = msgspec.structs.replace(
            stage.repository._rows["a"].state, last_seq=len(records)
        )
    else:
        records[0] = b'{"kind":"Nothing.1"}'
    async with stage.manager() as manager:
        report = await manager.recover_sessions()
        assert report.recovered == ("b",)
        assert [entry.reason for entry in report.failed] == ["journal_damaged"]
        with pytest.raises(JournalDamaged):
            await manager.resume_session("a")
        assert (await manager.get_session("a")).status is SessionStatus.FAILED
        with pytest.raises(JournalDamaged):
            await manager.verify("a")
        assert (await manager.stop_session("a")).status is SessionStatus.STOPPED


async def test_an_engine_that_does_otherwise_is_found_out() -> None:
    """The first record that differs is named."""
    stage = Stage(strategy=Trader)
    await _suspended(stage, seconds=90)
    stage.strategy = type("Trader", (Trader,), {"on_quote": Watcher.on_quote, "calls": []})
    stage.repository._rows["a"].snapshots.clear()
    async with stage.manager() as manager:
        report = await manager.recover_sessions()
        assert [entry.reason for entry in report.failed] == ["journal_mismatch"]
        verdict = await manager.verify("a")
        assert verdict.outcome is ReplayOutcome.DIVERGED
        assert verdict.seq == 5
        assert verdict.expected is not None
        assert b"OrderSubmitted" in verdict.expected
        with pytest.raises(JournalMismatch):
            await manager.resume_session("a")


async def test_a_session_of_the_store_is_taken_up_when_it_is_asked_for() -> None:
    """And takes no row before what was asked is done."""
    stage = Stage(strategy=Watcher)
    await _suspended(stage)
    async with stage.manager() as manager:
        stage.clock.advance(100)
        paused = await manager.pause_session("a")
        assert paused.cursor.row == 41
    async with stage.manager() as manager:
        with pytest.raises(InvalidTransition):
            await manager.pause_session("a")
        await manager.resume_session("a")
        await manager.set_speed("a", None)
        assert (await manager.wait("a")).cursor.row == stage.market.rows
        await quiet(stage, manager)


async def test_a_refused_command_does_not_hold_a_taken_up_session_back() -> None:
    """It runs on."""
    stage = Stage(strategy=Watcher)
    await _suspended(stage)
    async with stage.manager() as manager:
        with pytest.raises(InvalidTransition):
            await manager.resume_session("a")
        await manager.set_speed("a", None)
        assert (await manager.wait("a")).status is SessionStatus.STOPPED


async def test_a_session_of_a_living_manager_is_left_to_it() -> None:
    """Nobody takes a lease that is held."""
    stage = Stage(strategy=Watcher)
    async with stage.manager() as manager, stage.manager() as other:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        report = await other.recover_sessions()
        assert [entry.reason for entry in report.failed] == ["lease_held"]
        with pytest.raises(LeaseHeld):
            await other.stop_session("a")
        assert (await manager.pause_session("a")).status is SessionStatus.PAUSED
