"""Trouble stays at home: what breaks fails or pauses its own session alone."""

import asyncio

import pytest
from tests.stage import (
    Raiser,
    Stage,
    Trader,
    chain,
    market_order,
    quiet,
    settle,
)

from offbook.domain.errors import (
    GatewayUnavailable,
    InvalidTransition,
    SessionFailed,
)
from offbook.domain.session import SessionStatus
from offbook.services.paper_trading.verification import ReplayOutcome


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
