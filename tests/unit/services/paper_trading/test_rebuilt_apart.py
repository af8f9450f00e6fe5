"""Sessions that other processes rebuild: what they cannot do costs nothing but their time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec
import pytest
from tests.recovered_apart import CrewHere
from tests.stage import Stage, Trader, Watcher, chain, eventually, market_order, quiet, settle, wave

from offbook.domain.errors import GatewayUnavailable, SessionStopped
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.ports.recovery import EndState, TellStuck
from offbook.services.paper_trading.recovering import RecoveryReport
from offbook.services.paper_trading.watchdog import StuckCallback


class Spoiled(CrewHere):
    """Hands over what is not the session's state."""

    def __init__(self, stage: Stage, kind: str) -> None:
        super().__init__(stage)
        self._kind = kind

    async def rebuilt(self, session: PaperTradingSession) -> EndState | None:
        """Something else."""
        end = await super().rebuilt(session)
        assert end is not None
        replace = msgspec.structs.replace
        match self._kind:
            case "no state":
                return replace(end, snapshot=replace(end.snapshot, state=b"{}"))
            case "another record":
                return replace(end, snapshot=replace(end.snapshot, seq=end.snapshot.seq - 1))
            case "a later record":
                return replace(end, snapshot=replace(end.snapshot, seq=10**9))
            case "no first":
                return replace(end, attached=b"{")
            case "another chain":
                return replace(end, snapshot=replace(end.snapshot, head=bytes(32)))
            case _:
                return replace(end, attached=end.attached.replace(b'"source"', b'"else"'))


class Hanging(CrewHere):
    """Never answers for one session, and tells that it hangs."""

    @asynccontextmanager
    async def at_work(
        self, sessions: Sequence[PaperTradingSession], on_stuck: TellStuck
    ) -> AsyncIterator[Hanging]:
        """As the crew's, and gone afterwards."""
        self._on_stuck = on_stuck
        yield self
        self._on_stuck = _nobody

    async def rebuilt(self, session: PaperTradingSession) -> EndState | None:
        """Nothing for ``a``."""
        if session.id == "a":
            self._on_stuck("a", 3.0, "where it is")
            await asyncio.Event().wait()
        return await super().rebuilt(session)


def _nobody(session_id: str, seconds: float, stack: str) -> None:
    raise AssertionError(f"told of {session_id} after {seconds} s, after all was over: {stack}")


async def _killed(stage: Stage, *names: str) -> None:
    async with stage.manager() as manager:
        for name in names:
            await manager.start_session(stage.config(speed="1"), session_id=name)
        stage.clock.advance(40)
        await settle(300)
        stage.kill()


async def _recovered(stage: Stage, crew: CrewHere | None) -> RecoveryReport:
    async with stage.manager(recovery_crew=crew) as manager:
        return await manager.recover_sessions()


@pytest.mark.parametrize(
    "kind",
    ["no state", "another record", "a later record", "another chain", "another first", "no first"],
)
async def test_what_is_not_the_sessions_state_is_not_taken_over(kind: str) -> None:
    """It is rebuilt here, as if nobody had helped."""
    chains = []
    for helped in (True, False):
        stage = Stage(strategy=Trader)
        await _killed(stage, "a")
        crew = Spoiled(stage, kind) if helped else None
        async with stage.manager(recovery_crew=crew) as manager:
            assert (await manager.recover_sessions()).recovered == ("a",)
            await manager.set_speed("a", None)
            assert (await manager.wait("a")).status is SessionStatus.STOPPED
            await quiet(stage, manager)
        assert crew is None or crew.made == ["a"]
        chains.append(await chain(stage.repository, "a"))
    assert chains[0] == chains[1]


@pytest.mark.parametrize("trouble", ["journal", "data", "strategy", "engine", "gateway"])
async def test_what_goes_wrong_is_told_as_without_help(trouble: str) -> None:
    """The same reason, the same words, and the same session afterwards."""
    found = []
    for helped in (True, False):
        stage = Stage(strategy=Trader)
        await _killed(stage, "a", "b")
        stage = _in_trouble(stage, trouble)
        crew = CrewHere(stage)
        report = await _recovered(stage, crew if helped else None)
        assert len(report.failed) == (1 if trouble == "journal" else 2)
        session = await stage.repository.get("a")
        assert session.error is not None
        found.append((report, session.status_reason, session.error.code, session.error.message))
    assert found[0] == found[1]


def _in_trouble(stage: Stage, trouble: str) -> Stage:
    row = stage.repository._rows["a"]
    if trouble == "journal":
        row.records[2] = row.records[2].replace(b'"ts":17', b'"ts":18')
    elif trouble == "data":
        other = Stage(wave(130), strategy=Trader)
        other.repository = stage.repository
        return other
    elif trouble == "strategy":
        stage.source = "another source"
    elif trouble == "engine":
        stage.strategy = type("Trader", (Trader,), {"on_quote": Watcher.on_quote, "calls": []})
        for name in ("a", "b"):
            stage.repository._rows[name].snapshots.clear()
    else:
        stage.gateway.fail_open(GatewayUnavailable("unplugged"), times=4)
    return stage


async def test_others_are_used_while_one_is_still_being_rebuilt() -> None:
    """And a stop breaks that one off, whatever holds it up; who asked is told where it hangs."""
    stage = Stage()
    await _killed(stage, "a", "b")
    told: list[StuckCallback] = []
    crew = Hanging(stage)
    async with stage.manager(recovery_crew=crew, on_stuck=told.append) as manager:
        recovering = asyncio.ensure_future(manager.recover_sessions())
        await eventually(lambda: "b" in manager._active_sessions and bool(told))
        order = await manager.submit_order("b", market_order())
        assert order.client_order_id
        assert not recovering.done()
        stopped = await manager.stop_session("a", force=True)
        assert stopped.status is SessionStatus.STOPPED
        report = await recovering
        assert report.recovered == ("b",)
        assert [entry.reason for entry in report.failed] == [SessionStopped.code]
        assert [(stuck.session_id, stuck.stack) for stuck in told] == [("a", "where it is")]
        await manager.stop_session("b")
        await quiet(stage, manager)


async def test_a_shutdown_leaves_nothing_of_a_recovery_behind() -> None:
    """What hangs is given up, and is there for the next."""
    stage = Stage()
    await _killed(stage, "a", "b")
    manager = stage.manager(recovery_crew=Hanging(stage), on_stuck=lambda stuck: None)
    recovering = asyncio.ensure_future(manager.recover_sessions())
    await eventually(lambda: "b" in manager._active_sessions)
    await manager.submit_order("b", market_order())  # which waits until it has been taken up
    await manager.shutdown()
    report = await recovering
    assert [entry.session_id for entry in report.failed] == ["a"]
    await quiet(stage, manager)
    stage.kill()
    assert set((await _recovered(stage, CrewHere(stage))).recovered) == {"a", "b"}
