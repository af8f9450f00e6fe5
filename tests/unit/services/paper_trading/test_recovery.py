"""After a crash at any commit: the same chain as if nothing had been."""

import asyncio

import msgspec
import pytest
from tests.stage import (
    RUNNERS,
    SECOND,
    START,
    Forgetful,
    Raiser,
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
from offbook.domain.errors import (
    GatewayUnavailable,
    InvalidTransition,
    JournalDamaged,
    JournalMismatch,
    LeaseHeld,
    NotComparable,
    OffbookError,
    SessionFailed,
    StorageUnavailable,
)
from offbook.domain.orders import OrderSide, OrderStatus
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.paper_trading.verification import ReplayOutcome


class Life:
    """A scripted life that outlives crashes: a client repeats what was not answered."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.crashes = 0

    async def run(self) -> PaperTradingSession:
        """Until the session has stopped, through as many managers as it takes."""
        while True:
            manager = self.stage.manager()
            try:
                if self.crashes:
                    await manager.recover_sessions()
                session = await self._live(manager)
            except StorageUnavailable:
                self.crashes += 1
                await self._bury(manager)
                self.stage.kill()
                continue
            await manager.shutdown()
            return session

    async def _live(self, manager: PaperTradingSessionManager) -> PaperTradingSession:
        config = self.stage.config(speed="1", at_end=AtEnd.PAUSE)
        await manager.start_session(config, session_id="a", command_id="start")
        at = START + 20 * SECOND
        await manager.submit_order("a", market_order(), command_id="buy", at=at)
        await manager.submit_order(
            "a", limit_order("99.00", client_order_id="low"), command_id="low", at=at + 5
        )
        await manager.pause_session("a", command_id="pause", at=at + 30 * SECOND)
        await self._until(manager, SessionStatus.PAUSED, "requested")
        sold = market_order(OrderSide.SELL, client_order_id="out")
        await manager.submit_order("a", sold, command_id="sell")
        await manager.resume_session("a", command_id="resume")
        await self._until(manager, SessionStatus.PAUSED, "end_of_data")
        return await manager.stop_session("a", flatten=True, command_id="stop")

    async def _until(
        self, manager: PaperTradingSessionManager, status: SessionStatus, reason: str
    ) -> None:
        """Run as fast as possible until the session is so, or has been and is past it."""
        for _ in range(5000):
            session = await manager.get_session("a")
            if (session.status, session.status_reason) == (status, reason):
                return
            answer = await self.stage.repository.find_answer("a", "resume")
            if reason == "requested" and answer is not None:
                return
            if session.status is SessionStatus.STOPPED:
                return
            if session.health.value == "STORAGE_DOWN":
                raise StorageUnavailable("the process is gone")
            if session.status is SessionStatus.RUNNING:
                await manager.set_speed("a", None)
            await asyncio.sleep(0)
        raise AssertionError(f"never {status} {reason}: {session}")

    async def _bury(self, manager: PaperTradingSessionManager) -> None:
        """What is left of a dead process in this one."""
        self.stage.repository._gone = self.stage.repository._gone or "killed"
        await manager.shutdown()
        await quiet(self.stage, manager)


def crash_at(stage: Stage, number: int, phase: str) -> list[int]:
    """Kill the process around its ``number``-th save; gives a counter of saves."""
    saves = [0]
    repository = stage.repository

    async def hook(operation: str, when: str, session_id: str) -> None:
        if operation != "save" or repository is not stage.repository:
            return
        if when == phase:
            saves[0] += 1
            if saves[0] == number:
                repository._gone = "killed"
                raise StorageUnavailable("killed")

    repository.hook = hook
    return saves


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("strategy", [Trader, Forgetful, None])
@pytest.mark.parametrize("runner", RUNNERS)
async def test_a_crash_at_every_commit_changes_no_byte(
    phase: str, strategy: type | None, runner: str
) -> None:
    """The client repeats what was not answered; the chain is that of the run without a crash."""
    calm = Stage(strategy=strategy, runner=runner)
    expected = await Life(calm).run()
    records = await chain(calm.repository, "a")
    assert kinds(records).count("OrderFilled") >= 1
    number = 0
    while True:
        number += 1
        stage = Stage(strategy=strategy, runner=runner)
        saves = crash_at(stage, number, phase)
        life = Life(stage)
        session = await life.run()
        assert await chain(stage.repository, "a") == records, f"crash at save {number}"
        assert session.chain_head == expected.chain_head
        assert session.summary == expected.summary
        if saves[0] < number:
            break
        assert life.crashes == 1
    assert number > 8


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


async def test_a_runner_that_breaks_fails_its_session_alone() -> None:
    """Its neighbours go on; a resume brings it back through recovery, to the same bytes."""
    stage = Stage(strategy=Trader)
    async with stage.manager() as manager:
        config = stage.config(speed="1")
        await manager.start_session(config, session_id="a", command_id="go")
        await manager.start_session(config, session_id="b", command_id="go")
        runner = manager._active_sessions["a"]
        runner._pump._advance = lambda: 1 / 0
        stage.clock.advance(3)
        session = await manager.wait("a")
        assert (session.status, session.status_reason) == (SessionStatus.FAILED, "runner_crash")
        assert session.error is not None
        assert "ZeroDivisionError" in session.error.detail
        assert set(manager._active_sessions) == {"b"}
        with pytest.raises(InvalidTransition):
            await manager.pause_session("a")
        await manager.resume_session("a")
        for name in ("a", "b"):
            await manager.set_speed(name, None)
            await manager.wait(name)
        assert await chain(stage.repository, "a") == await chain(stage.repository, "b")
        await quiet(stage, manager)


async def test_an_engine_that_raises_fails_its_session() -> None:
    """FAILED(engine_fault); whoever waits is told; what was not committed is gone."""
    stage = Stage(strategy=Trader)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        before = await chain(stage.repository, "a")

        def broken(inputs: object) -> None:
            raise RuntimeError("impossible")

        stage.engines[-1].process = broken
        with pytest.raises(SessionFailed):
            await manager.submit_order("a", market_order())
        session = await manager.wait("a")
        assert (session.status, session.status_reason) == (SessionStatus.FAILED, "engine_fault")
        assert (await chain(stage.repository, "a"))[: len(before)] == before
        await quiet(stage, manager)


async def test_rows_that_cannot_be_read_fail_the_session_with_the_reason() -> None:
    """And a resume reads them again."""
    stage = Stage(strategy=Trader)
    stage.gateway.fail_at(64, GatewayUnavailable("torn"), times=1)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(), session_id="a")
        session = await manager.wait("a")
        assert (session.status, session.status_reason) == (
            SessionStatus.FAILED,
            "gateway_unavailable",
        )
        await manager.resume_session("a")
        assert (await manager.wait("a")).cursor.row == stage.market.rows
        assert (await manager.verify("a")).outcome is ReplayOutcome.EQUAL
        await quiet(stage, manager)


async def test_a_strategy_that_raises_pauses_its_session_and_no_other() -> None:
    """The text is kept; the neighbour's bytes are those of a run alone."""
    stage = Stage(strategy=Trader)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(), session_id="alone", command_id="go")
        await manager.wait("alone")
        both = [
            manager.start_session(stage.config(name=name), session_id=name, command_id="go")
            for name in ("raiser", "trader")
        ]
        await asyncio.gather(*both)
        raised = await manager.wait("raiser")
        assert (raised.status, raised.status_reason) == (SessionStatus.PAUSED, "strategy_error")
        assert raised.error is not None
        assert "five is too many" in raised.error.message
        assert raised.cursor.row == 5
        await manager.wait("trader")
        assert await chain(stage.repository, "trader") == await chain(stage.repository, "alone")
        stage.kill()
    async with stage.manager() as manager:
        await manager.recover_sessions()
        session = await manager.get_session("raiser")
        assert session.error is not None
        assert "five is too many" in session.error.message
        assert Raiser.__name__ in session.error.message
        await manager.resume_session("raiser")
        assert (await manager.wait("raiser")).status is SessionStatus.STOPPED
        assert (await manager.verify("raiser")).outcome is ReplayOutcome.EQUAL


@pytest.mark.parametrize("slice_rows", [1, 2, 7, 64, 10_000])
async def test_a_session_verifies_however_its_rows_are_cut(slice_rows: int) -> None:
    """Slices, batches and speeds leave no trace."""
    stage = Stage(strategy=Trader)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="5"), session_id="a")
        for _ in range(10):
            stage.clock.advance(0.7)
            await settle(200)
        await manager.pause_session("a")
        partly = await manager.verify("a", slice_rows=slice_rows)
        assert partly.outcome is ReplayOutcome.EQUAL
        await manager.resume_session("a")
        await manager.set_speed("a", None)
        await manager.wait("a")
        verdict = await manager.verify("a", slice_rows=slice_rows)
        assert verdict.outcome is ReplayOutcome.EQUAL
        assert verdict.records == (await manager.get_session("a")).last_seq
        await quiet(stage, manager)
