"""One session has one chain, whatever it is cut into and however fast it is run."""

import asyncio
from typing import Any

import pytest
from tests.stage import (
    RUNNERS,
    Stage,
    Trader,
    chain,
    eventually,
    limit_order,
    market_order,
    quiet,
    settle,
    wave,
)

from offbook.domain.errors import InvalidTransition
from offbook.domain.session import SessionStatus
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.testing.markets import SECOND, START

LARGE = Limits()
TINY = Limits(
    commit_records=1,
    ahead_records=1,
    call_rows=1,
    block_rows=1,
    snapshot_rows=1,
    pass_snapshot_rows=1,
    snapshot_records=1,
    page_records=1,
)
ODD = Limits(
    commit_records=5,
    ahead_records=7,
    call_rows=3,
    block_rows=11,
    snapshot_rows=13,
    pass_snapshot_rows=13,
)
WAYS: list[dict[str, Any]] = [
    {"limits": LARGE, "cut": None, "speed": None},
    {"limits": LARGE, "cut": 7, "speed": "1"},
    {"limits": LARGE, "cut": 1, "speed": None},
    {"limits": TINY, "cut": None, "speed": None},
    {"limits": TINY, "cut": 1, "speed": "1000"},
    {"limits": ODD, "cut": 5, "speed": "3.5", "change": True},
    {"limits": ODD, "cut": 64, "speed": "60", "suspend": True},
]


async def whole_life(runner: str, way: dict[str, Any]) -> list[bytes]:
    """A strategy and an outside bot together, run in one of the ways; all records."""
    stage = Stage(wave(90, cut=way["cut"]), Trader, runner=runner, limits=way["limits"])
    async with stage.manager() as manager:
        config = stage.config(speed="0.001")
        await manager.start_session(config, session_id="a", command_id="start")
        asked = [
            asyncio.ensure_future(work)
            for work in (
                manager.submit_order("a", market_order(), command_id="1", at=START + 9 * SECOND),
                manager.submit_order(
                    "a", limit_order("99.99"), command_id="2", at=START + 20 * SECOND + 1
                ),
                manager.stop_session("a", command_id="3", at=START + 80 * SECOND),
            )
        ]
        await settle()
        await manager.set_speed("a", way["speed"])
        if way.get("change"):
            await advance_to(stage, manager, 30)
            await manager.set_speed("a", "700")
        if way.get("suspend"):
            await advance_to(stage, manager, 30)
        else:
            await to_the_end(stage, manager)
    await asyncio.gather(*asked, return_exceptions=True)
    if way.get("suspend"):
        async with stage.manager() as manager:
            await manager.recover_sessions()
            await manager.set_speed("a", None)
            await manager.wait("a")
    await quiet(stage, manager)
    assert (await stage.repository.get("a")).status is SessionStatus.STOPPED
    return await chain(stage.repository, "a")


async def advance_to(stage: Stage, manager: PaperTradingSessionManager, row: int) -> None:
    """Let the wall go on until the session is at a row."""

    async def there() -> bool:
        stage.clock.advance(0.05)
        return (await manager.progress("a")).cursor.row >= row

    await eventually(there)


async def to_the_end(stage: Stage, manager: PaperTradingSessionManager) -> None:
    """Let the wall go on until the session is over."""

    async def over() -> bool:
        stage.clock.advance(1)
        return (await manager.get_session("a")).status is SessionStatus.STOPPED

    await eventually(over)


@pytest.mark.parametrize("runner", RUNNERS)
async def test_slices_commits_snapshots_speed_and_suspension_leave_no_trace(runner: str) -> None:
    """Strategy, orders from outside and a stop at its time: byte for byte the same records."""
    first = await whole_life(runner, WAYS[0])
    assert len(first) > 60
    for way in WAYS[1:]:
        assert await whole_life(runner, way) == first, way


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("flatten", [False, True])
async def test_a_pause_that_comes_during_a_stop_is_refused(runner: str, flatten: bool) -> None:
    """Also before the stop is stored; the session ends as if nobody had asked."""
    stage = Stage(runner=runner)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        reached, released = asyncio.Event(), asyncio.Event()

        async def hook(operation: str, phase: str, session_id: str) -> None:
            if operation == "save" and phase == "before":
                reached.set()
                await released.wait()

        stage.repository.hook = hook
        stopping = asyncio.ensure_future(manager.stop_session("a", flatten=flatten))
        await reached.wait()
        pausing = asyncio.ensure_future(manager.pause_session("a"))
        await settle()
        released.set()
        with pytest.raises(InvalidTransition) as caught:
            await pausing
        assert caught.value.fields["command"] == "pause"
        assert (await stopping).status is SessionStatus.STOPPED
        with pytest.raises(InvalidTransition):
            await manager.pause_session("a")
        kinds = [raw for raw in await chain(stage.repository, "a") if b"SessionPaused" in raw]
        assert kinds == []
        await quiet(stage, manager)
