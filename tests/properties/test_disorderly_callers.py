"""Orders of callers who repeat themselves, go away, pause and resume, over a store that fails and
through a shutdown or a kill: each is carried out once, and told only after it is stored."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from random import Random
from typing import Any

import msgspec
import pytest
from tests.stage import Stage, chain, limit_order, settle

from offbook.domain.errors import OffbookError
from offbook.domain.orders import OrderView
from offbook.domain.session import PaperTradingSession
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager

IDS = [f"x{n}" for n in range(12)]
LIMITS = Limits(mailbox=6, answers=4)
LIVES = 3


class Callers:
    """Whoever calls in one life of a manager."""

    def __init__(self, stage: Stage, rng: Random) -> None:
        self.told: list[tuple[str | None, str, OrderView]] = []
        self.done: Counter[str] = Counter()
        self._stage = stage
        self._rng = rng
        self._orders: list[asyncio.Task[None]] = []
        self._others: list[asyncio.Task[PaperTradingSession]] = []

    async def call(self, manager: PaperTradingSessionManager) -> None:
        """Do anything."""
        rng = self._rng
        draw = rng.random()
        if draw < 0.6:
            self._send(manager)
        elif draw < 0.75 and self._orders:
            rng.choice(self._orders).cancel()
        elif draw < 0.78:
            self._others.append(asyncio.ensure_future(manager.pause_session("a")))
        elif draw < 0.82:
            self._others.append(asyncio.ensure_future(manager.resume_session("a")))
        elif draw < 0.85:
            self._stage.repository.fail_next("save", took_effect=rng.random() < 0.3)
        elif draw < 0.9:
            self._stage.clock.advance(rng.choice([0.1, 1.0, 7.0]))
        await settle(rng.choice([0, 0, 1, 2, 3, 5, 20]))

    def _send(self, manager: PaperTradingSessionManager) -> None:
        rng = self._rng
        name = rng.choice(IDS) if rng.random() < 0.8 else None
        price = "90.00" if rng.random() < 0.9 else "91.00"
        late = rng.random() < 0.3

        async def send() -> None:
            if late:
                await asyncio.sleep(0)
            view = await manager.submit_order("a", limit_order(price), command_id=name)
            self.told.append((name, price, view))

        self._orders.append(asyncio.ensure_future(send()))

    async def outcomes(self) -> None:
        """Everybody was told something, and nobody anything that is not for callers."""
        async with asyncio.timeout(20):
            found = await asyncio.gather(*self._orders, *self._others, return_exceptions=True)
        self._orders, self._others = [], []
        for one in found:
            told = (OffbookError, asyncio.CancelledError, PaperTradingSession)
            assert one is None or isinstance(one, told), repr(one)
            self.done[type(one).__name__] += 1


async def _lives(seed: int) -> Counter[str]:
    rng = Random(seed)
    stage = Stage()
    callers = Callers(stage, rng)
    for life in range(LIVES):
        async with stage.manager(limits=LIMITS) as manager:
            if life == 0:
                await manager.start_session(stage.config(speed="1"), session_id="a")
            elif rng.random() < 0.7:
                await manager.recover_sessions()
            for _ in range(rng.randint(5, 40)):
                await callers.call(manager)
            if rng.random() < 0.3:
                stage.kill()
            host = manager._registry.hosts.get("a")
        await callers.outcomes()
        await settle()
        assert host is None or host.waiting == 0
        assert not asyncio.all_tasks() - {asyncio.current_task()}
        _compare(callers, [msgspec.json.decode(raw) for raw in await chain(stage.repository, "a")])
    return callers.done


def _compare(callers: Callers, records: list[dict[str, Any]]) -> None:
    taken = Counter(
        record["command"]["command_id"]
        for record in records
        if record["kind"].startswith("CommandTaken")
    )
    assert set(taken.values()) == {1}
    made = Counter(
        record["client_order_id"]
        for record in records
        if record["kind"].startswith(("OrderSubmitted", "OrderDenied"))
    )
    first: dict[str, tuple[str, str]] = {}
    for name, price, view in callers.told:
        assert made[view.client_order_id] == 1
        assert view.price == price
        if name is not None:
            assert taken[name] == 1
            assert first.setdefault(name, (price, view.client_order_id))[1] == view.client_order_id


@pytest.mark.parametrize("seeds", [range(8), range(8, 16)], ids=str)
async def test_each_order_is_carried_out_once_and_told_when_it_is_stored(seeds: range) -> None:
    unhandled: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: unhandled.append(context))
    done: Counter[str] = Counter()
    for seed in seeds:
        try:
            done += await _lives(seed)
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise
    gc.collect()
    assert not unhandled
    for kind in ("NoneType", "CancelledError", "CommandConflict", "StorageUnavailable"):
        assert done[kind], f"no {kind} among {done}"
