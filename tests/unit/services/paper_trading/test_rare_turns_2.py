"""Turns that taking a session up seldom takes: several at once, interrupted, or out of order."""

import asyncio
from typing import Any
from unittest.mock import AsyncMock

import msgspec
import pytest
from tests.stage import (
    SECOND,
    START,
    Stage,
    Trader,
    Watcher,
    eventually,
    market_order,
    quiet,
    settle,
)

from offbook.domain import storing
from offbook.domain.errors import (
    ConcurrencyConflict,
    GatewayUnavailable,
    InvalidTransition,
    JournalMismatch,
    NotComparable,
    NotFound,
)
from offbook.domain.journal import JournalBatch
from offbook.domain.records import ENGINE_SEMANTICS, SessionAttached, decode_record, encode_record
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.engine.processing_engine import ProcessingEngine
from offbook.services.paper_trading.rebuilding import compare_attached
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.paper_trading.verification import ReplayOutcome


async def _suspended(stage: Stage) -> None:
    """A session that ran for a while and was suspended."""
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        stage.clock.advance(40)
        await eventually(lambda: _rows(manager))


async def _rows(manager: PaperTradingSessionManager) -> bool:
    return (await manager.progress("a")).cursor.row == 41


async def _is(manager: PaperTradingSessionManager, status: SessionStatus) -> bool:
    return (await manager.get_session("a")).status is status


async def test_a_session_is_taken_up_once_by_all_who_ask_at_the_same_time() -> None:
    """Two recoveries and a pause meet; one feed is opened and none of them is refused."""
    stage = Stage(strategy=Watcher)
    await _suspended(stage)
    gate = stage.gateway.block_open()
    async with stage.manager() as manager:
        both = asyncio.gather(manager.recover_sessions(), manager.recover_sessions())
        await gate.reached.wait()
        pausing = asyncio.gather(
            manager.pause_session("a"), manager.resume_session("a"), return_exceptions=True
        )
        await settle()
        gate.release()
        assert {report.recovered for report in await both} == {("a",)}
        assert not any(isinstance(found, NotFound) for found in await pausing)
        assert stage.gateway.opened == 2


async def test_a_shutdown_gives_up_what_is_being_taken_up() -> None:
    """The session stays as it was in the store, for the next boot."""
    stage = Stage(strategy=Watcher)
    await _suspended(stage)
    before = await stage.repository.get("a")
    gate = stage.gateway.block_open()
    async with stage.manager() as manager:
        recovering = asyncio.ensure_future(manager.recover_sessions())
        await gate.reached.wait()
    await asyncio.gather(recovering, return_exceptions=True)
    after = await stage.repository.get("a")
    assert (after.status, after.cursor) == (SessionStatus.RUNNING, before.cursor)
    gate.release()
    async with stage.manager() as manager:
        assert (await manager.recover_sessions()).recovered == ("a",)


async def test_a_session_that_ended_elsewhere_in_the_meantime_is_left_alone() -> None:
    """Another manager stopped it between the look and the lease."""
    stage = Stage(strategy=Watcher)
    await _suspended(stage)
    async with stage.manager() as manager, stage.manager() as other:

        async def hook(operation: str, phase: str, session_id: str) -> None:
            if (operation, phase) == ("acquire_lease", "before"):
                stage.repository.hook = None
                await other.stop_session("a")

        stage.repository.hook = hook
        report = await manager.recover_sessions()
        assert [entry.session_id for entry in report.failed] == ["a"]
        assert "STOPPED" in report.failed[0].message
        assert (await manager.get_session("a")).status is SessionStatus.STOPPED
        await settle()
        assert manager._registry.hosts == {}


async def test_a_store_that_goes_away_during_a_recovery_fails_no_session() -> None:
    """It is told, the session stays RUNNING, and a later recovery takes it up."""
    stage = Stage(strategy=Trader)
    await _suspended(stage)
    stage.repository.fail_next("read_journal")
    async with stage.manager() as manager:
        report = await manager.recover_sessions()
        assert [entry.session_id for entry in report.failed] == ["a"]
        assert (await manager.get_session("a")).status is SessionStatus.RUNNING
        await settle()
        assert (await manager.recover_sessions()).recovered == ("a",)


@pytest.mark.parametrize("status", [SessionStatus.STARTING, SessionStatus.PAUSED])
async def test_a_runner_without_a_journal_is_taken_up_too(status: SessionStatus) -> None:
    """Its sessions are saved by the manager: as they were, or RUNNING after a start; what it does
    not tell of is read from the store."""
    stage = Stage(strategy=Watcher)
    gate = stage.gateway.block_open()
    async with stage.manager() as manager:
        starting = asyncio.ensure_future(
            manager.start_session(stage.config(speed="1"), session_id="a")
        )
        await gate.reached.wait()
        if status is SessionStatus.PAUSED:
            gate.release()
            await starting
            await manager.pause_session("a")
        stage.kill()
    await asyncio.gather(starting, return_exceptions=True)
    runner = AsyncMock()
    async with stage.manager(runner_factory=lambda *_, **__: runner) as manager:
        assert (await manager.recover_sessions()).recovered == ("a",)
        expected = SessionStatus.PAUSED if status is SessionStatus.PAUSED else SessionStatus.RUNNING
        assert await _is(manager, expected)
        assert (await manager.progress("a")).status is expected
        assert await manager.orders("a") == ()
        runner.progress.assert_awaited_once()
        runner.orders.assert_awaited_once()
        assert (await manager.stop_session("a")).status is SessionStatus.STOPPED


async def test_a_scheduled_stop_that_a_crash_interrupts_is_not_answered_twice() -> None:
    """It was answered when it was scheduled; the flattening goes on after the crash."""
    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        await manager.submit_order("a", market_order())
        at = START + 5 * SECOND
        told = await manager.stop_session("a", flatten=True, at=at, command_id="stop")
        stage.clock.advance(5)
        await eventually(lambda: _is(manager, SessionStatus.STOPPING))
        stage.kill()
    async with stage.manager() as manager:
        assert (await manager.recover_sessions()).recovered == ("a",)
        await manager.set_speed("a", None)
        stopped = await manager.wait("a")
        assert stopped.status is SessionStatus.STOPPED
        assert stopped.summary is not None
        assert stopped.summary.positions == {}
        again = await manager.stop_session("a", flatten=True, at=at, command_id="stop")
        assert again == told


async def test_a_failure_that_cannot_be_saved_lets_the_session_go() -> None:
    """Somebody else wrote: nothing is left open here, and the store keeps what it has."""
    stage = Stage(strategy=Watcher)
    stage.gateway.fail_at(20, GatewayUnavailable("unplugged"))
    save = stage.repository.save

    async def conflicting(
        session: PaperTradingSession, batch: JournalBatch | None = None, **more: Any
    ) -> object:
        if session.status is SessionStatus.FAILED:
            raise ConcurrencyConflict("somebody else wrote")
        return await save(session, batch, **more)

    stage.repository.save = conflicting
    async with stage.manager() as manager:
        await manager.start_session(stage.config(), session_id="a")
        await eventually(lambda: not manager._registry.hosts)
        assert await _is(manager, SessionStatus.RUNNING)
        await quiet(stage, manager)


async def test_a_forced_stop_that_comes_too_late_gives_the_end_as_it_is() -> None:
    """The flattening came to its end by itself in the meantime."""
    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        await manager.submit_order("a", market_order())
        stage.clock.advance(5)
        await eventually(lambda: _rowed(manager))
        first = asyncio.ensure_future(manager.stop_session("a", flatten=True))
        await eventually(lambda: _is(manager, SessionStatus.STOPPING))
        runner = manager._active_sessions["a"]
        runner.stop = AsyncMock(side_effect=InvalidTransition("it is STOPPED"))
        forced = asyncio.ensure_future(manager.stop_session("a", force=True))
        await eventually(lambda: runner.stop.await_count == 1)
        await manager.set_speed("a", None)
        assert await first == await forced
        assert (await first).status_reason != "forced"


async def _rowed(manager: PaperTradingSessionManager) -> bool:
    return (await manager.progress("a")).cursor.row == 6


# -- journals that are not what they should be ------------------------------------------------


async def test_records_that_are_gone_are_told_to_readers() -> None:
    """Orders cannot be told, and a reader of events waits for no more than there is."""
    stage = Stage(strategy=Trader)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(), session_id="a")
        session = await manager.wait("a")
        await quiet(stage, manager)
        del stage.repository._rows["a"].records[-3:]
        with pytest.raises(NotFound, match="incomplete"):
            await manager.orders("a")
        assert await manager.next_events("a", session.last_seq - 3) == ((), True)


async def test_a_journal_that_goes_on_after_the_cursor_is_a_mismatch() -> None:
    """What the rows up to the cursor give must be all the records there are."""
    stage = Stage(strategy=Trader)
    await _suspended(stage)
    row = stage.repository._rows["a"]
    row.snapshots.clear()
    session = storing.decode_session(row.document)
    cursor = msgspec.structs.replace(session.cursor, row=3, ts=START + 2 * SECOND)
    row.document = storing.encode_session(msgspec.structs.replace(session, cursor=cursor))
    async with stage.manager() as manager:
        report = await manager.recover_sessions()
        assert [entry.reason for entry in report.failed] == ["journal_mismatch"]
        with pytest.raises(JournalMismatch):
            await manager.resume_session("a")


async def test_an_engine_that_begins_otherwise_cannot_continue_a_journal() -> None:
    """Whether it says nothing at all, or other things than before."""
    stage = Stage(strategy=Trader)
    await _suspended(stage)

    class Silent(ProcessingEngine):
        def process(self, inputs: Any, **bounds: Any) -> Any:
            super().process(inputs, **bounds)
            return []

    def silent(session: PaperTradingSession) -> ProcessingEngine:
        return Silent(session, Trader(), stage.source)

    stage.engine = silent
    async with stage.manager() as manager:
        report = await manager.recover_sessions()
        assert [entry.reason for entry in report.failed] != []
        assert "no longer begins" in report.failed[0].message


async def test_two_first_records_are_told_apart_by_what_differs() -> None:
    """The engine, when it is neither the data nor the strategy; of an older one that is said
    before anything else, with what can be done."""
    stage = Stage(strategy=Trader)
    await _suspended(stage)
    raws = [stored.raw for stored in await stage.repository.read_journal("a", limit=2)]
    attached = decode_record(raws[0])
    assert isinstance(attached, SessionAttached)
    newer = encode_record(msgspec.structs.replace(attached, semantics=attached.semantics + 1))
    compare_attached(raws[0], raws[0])
    renamed = encode_record(msgspec.structs.replace(decode_record(newer), strategy_name="Other"))
    for other, told in (
        (newer, f"semantics {ENGINE_SEMANTICS}.*semantics {ENGINE_SEMANTICS + 1}"),
        (renamed, "semantics"),
        (raws[1], "engine"),
    ):
        with pytest.raises(NotComparable, match=told) as caught:
            compare_attached(raws[0], other)
        assert caught.value.fields["what"] == "engine"


async def test_other_trading_hours_are_told_apart_from_other_rows() -> None:
    """As a new release of a calendar's package brings them."""
    stage = Stage(strategy=Trader)
    await _suspended(stage)
    raw = (await stage.repository.read_journal("a", limit=1))[0].raw
    attached = decode_record(raw)
    assert isinstance(attached, SessionAttached)
    hours, rows = {"calendar_identity": "other"}, {"data_identity": "other"}
    for parts, told in (
        (hours, "trading hours are not"),
        (rows, "data is not"),
        (hours | rows, "trading hours, and with them its data, are not"),
    ):
        market = msgspec.structs.replace(attached.market, **parts)
        other = encode_record(msgspec.structs.replace(attached, market=market))
        with pytest.raises(NotComparable, match=f"the session's {told} ") as caught:
            compare_attached(raw, other)
        assert caught.value.fields["what"] == "data"


async def test_a_journal_of_older_rules_is_not_taken_for_a_damaged_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is told by verify and by recovery, in words."""
    stage = Stage(strategy=Trader)
    with monkeypatch.context() as older:
        older.setattr("offbook.engine.processing_engine.ENGINE_SEMANTICS", 1)
        await _suspended(stage)
    async with stage.manager() as manager:
        found = await manager.verify("a")
        assert (found.outcome, found.what) == (ReplayOutcome.NOT_COMPARABLE, "engine")
        told = f"an engine of semantics 1, and this one has semantics {ENGINE_SEMANTICS}"
        assert told in found.detail
        report = await manager.recover_sessions()
        assert [entry.reason for entry in report.failed] == ["engine_changed"]
        assert "with the version of offbook that wrote it" in report.failed[0].message


async def test_a_cursor_that_the_data_never_reaches_is_a_mismatch() -> None:
    """All records are made again, and yet the engine stands elsewhere than the session says."""
    stage = Stage(strategy=Watcher)
    await _suspended(stage)
    row = stage.repository._rows["a"]
    session = storing.decode_session(row.document)
    cursor = msgspec.structs.replace(session.cursor, row=500)
    row.document = storing.encode_session(msgspec.structs.replace(session, cursor=cursor))
    async with stage.manager() as manager:
        report = await manager.recover_sessions()
        assert [entry.reason for entry in report.failed] == ["journal_mismatch"]
        assert "rebuilt up to" in report.failed[0].message
