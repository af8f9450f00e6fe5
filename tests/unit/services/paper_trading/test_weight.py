"""What is kept of a session that sleeps: there may be ten thousand."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from types import CoroutineType
from typing import Any

from tests.stage import Stage, eventually, limit_order, quiet

from offbook.services.paper_trading.limits import Limits

SESSIONS = 10


def counted() -> Counter[type]:
    """The objects in memory by their type."""
    gc.collect()
    return Counter(map(type, gc.get_objects()))


async def test_a_session_that_sleeps_keeps_little() -> None:
    """Two tasks, the calls in which they wait, and no containers without content."""
    stage = Stage(limits=Limits(fold_seconds=1e-6))
    gate = stage.gateway.block_at(1)  # silent: no session knows when it has to wake
    async with stage.manager() as manager:

        async def load(names: list[str]) -> None:
            for name in names:
                await manager.start_session(stage.config(speed="1"), session_id=name)
                for number in range(3):
                    await manager.submit_order(name, limit_order(f"{90 - number}.00"))
            pumps: list[Any] = [manager._active_sessions[name]._pump for name in names]
            await eventually(lambda: all(pump._kept.is_folded for pump in pumps))

        await load(["first"])
        before = counted()
        names = [f"{number}" for number in range(SESSIONS)]
        await load(names)
        more = counted() - before
        assert more[asyncio.Task] <= 2 * SESSIONS
        assert more[CoroutineType] <= 4 * SESSIONS
        for name in names:
            host, runner = manager._registry.hosts[name], manager._active_sessions[name]
            pump: Any = runner._pump
            assert host.committed is pump.line.session is pump._kept.session
            for part in (host, pump.outbox, pump.line, pump.desk):
                kept = [getattr(part, slot) for slot in type(part).__slots__]
                assert not [one for one in kept if isinstance(one, list | dict | set)]
        gate.release()
    await quiet(stage, manager)
