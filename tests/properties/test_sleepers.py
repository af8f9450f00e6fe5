"""Sessions that sleep, are folded up, write snapshots in pieces, and store slowly or not at all: no
pump sleeps while there is something to do, and every snapshot is the state that it was taken of."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from random import Random
from typing import Any

import msgspec
import pytest
from tests.stage import (
    SECOND,
    SMALL,
    START,
    Stage,
    Trader,
    eventually,
    limit_order,
    market_order,
    settle,
    wave,
)

from offbook.domain.config import PauseOrders
from offbook.domain.errors import OffbookError
from offbook.domain.orders import OrderSide, ReplaceRequest
from offbook.domain.session import SessionStatus
from offbook.engine import capture as capturing
from offbook.engine.ledger.changed_orders import Mark
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.snapshots import ENCODER, state_of
from offbook.services.paper_trading import snapshotting
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.paper_trading.snapshotting import unpacked
from offbook.services.paper_trading.verification import ReplayOutcome

LIVES = 3
_OVER = (SessionStatus.STOPPED, SessionStatus.FAILED)


class Slow:
    """Saves that take as many turns of the event loop as the seed says, or until told."""

    def __init__(self, rng: Random) -> None:
        self.patient = False
        self._rng = rng
        self._open = asyncio.Event()

    async def __call__(self, operation: str, phase: str, session_id: str) -> None:
        if operation != "save" or self.patient:
            return
        if self._rng.random() < 0.2:
            self._open.clear()
            await self._open.wait()
        await settle(self._rng.choice([0, 0, 1, 3, 9]))

    def go(self) -> None:
        """Whatever waits goes on."""
        self._open.set()


class Taken:
    """The states that were taken hold of, written down at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.states: dict[tuple[int, int], set[bytes]] = {}
        self.compared = self.spared = 0
        capture = ProcessingEngine.capture

        def noted(engine: ProcessingEngine, since: Mark | None = None) -> Any:
            captured = capture(engine, since)
            if captured is not None:
                memory = captured._rest[-1].rpartition(b'"memory":')[2][:-1]
                naive = ENCODER.encode(state_of(engine._parts, engine.cursor.row, memory))
                key = engine.last_seq, engine.cursor.row
                self.states.setdefault(key, set()).add(naive)
                self.spared += captured.relies
            return captured

        monkeypatch.setattr(ProcessingEngine, "capture", noted)

    def check(self, snapshot: Any) -> None:
        """A snapshot that is stored is one of them."""
        assert unpacked(snapshot.state) in self.states[snapshot.seq, snapshot.cursor.row]
        self.compared += 1


class Lives:
    """One session through several managers, and whoever calls them."""

    def __init__(self, seed: int, taken: Taken) -> None:
        self.rng = rng = Random(seed)
        self.slow = Slow(rng)
        limits = msgspec.structs.replace(
            SMALL, fold_seconds=rng.choice([1e-6, 100.0]), snapshot_records=rng.choice([2, 5, 10])
        )
        market = wave(rng.choice([40, 120, 400]))
        self.stage = Stage(market, rng.choice([None, None, Trader]), limits=limits)
        self.stage.repository.hook = self.slow
        self.told: Counter[str] = Counter()
        self.folded = 0
        self.names: list[str] = []
        self._taken = taken
        self._calls: list[asyncio.Task[Any]] = []

    def watch(self) -> None:
        """Look at each snapshot that is stored."""
        save = self.stage.repository.save

        async def saved(session: Any, batch: Any = None, **more: Any) -> None:
            if batch is not None and batch.snapshot is not None:
                self._taken.check(batch.snapshot)
            await save(session, batch, **more)

        self.stage.repository.save = saved  # type: ignore[method-assign]  # a stand-in

    def do(self, manager: PaperTradingSessionManager) -> None:
        """Anything."""
        rng, draw = self.rng, self.rng.random()
        if draw < 0.5:
            self._calls.append(asyncio.ensure_future(self._called(manager)))
        elif draw < 0.6 and self._calls:
            rng.choice(self._calls).cancel()
        elif draw < 0.66:
            self.stage.repository.fail_next(
                "save", after=rng.choice([0, 0, 1, 3]), took_effect=rng.random() < 0.4
            )
        elif draw < 0.75:
            self.slow.go()
        elif draw < 0.9:
            self.stage.clock.advance(rng.choice([0.1, 1.0, 1.0, 7.0]))
        else:
            pump = self.pump(manager)
            if pump is not None and pump._wake._waiter is not None:
                pump.fold_up()
                self.folded += pump._kept.is_folded

    def pump(self, manager: PaperTradingSessionManager) -> Any:
        """What turns the session, if it is run."""
        runner: Any = manager._active_sessions.get("a")
        return None if runner is None else runner._pump

    async def _called(self, manager: PaperTradingSessionManager) -> Any:
        rng, draw = self.rng, self.rng.random()
        side = rng.choice(list(OrderSide))
        at = START + rng.randint(1, 60) * SECOND if rng.random() < 0.1 else None
        name = f"x{rng.randrange(30)}" if rng.random() < 0.5 else None
        if draw < 0.25:
            return await manager.submit_order("a", market_order(side), command_id=name, at=at)
        if draw < 0.5:
            order = limit_order(f"{rng.randint(96, 103)}.00", side)
            view = await manager.submit_order("a", order, command_id=name, at=at)
            self.names.append(view.client_order_id)
            return view
        if draw < 0.6 and self.names:
            return await manager.cancel_order("a", rng.choice(self.names), at=at)
        if draw < 0.66 and self.names:
            terms = ReplaceRequest(price=f"{rng.randint(96, 103)}.50")
            return await manager.replace_order("a", rng.choice(self.names), terms)
        if draw < 0.73:
            orders = rng.choice([None, *PauseOrders])
            return await manager.pause_session("a", orders=orders, at=at)
        if draw < 0.83:
            return await manager.resume_session("a")
        if draw < 0.84:
            return await manager.stop_session("a", flatten=rng.random() < 0.5, at=at)
        if draw < 0.88:
            return await manager.set_speed("a", rng.choice(["1", "0.5", "30"]))
        if draw < 0.94:
            return await manager.progress("a")
        return await manager.orders("a")

    async def outcomes(self) -> None:
        """Everybody is told something, once the store answers."""
        for _ in range(40):
            self.slow.go()
            await settle(60)
            if all(call.done() for call in self._calls):
                break
            self.stage.clock.advance(8.0)
        assert all(call.done() for call in self._calls), [c for c in self._calls if not c.done()]
        for one in await asyncio.gather(*self._calls, return_exceptions=True):
            known = not isinstance(one, BaseException)
            assert known or isinstance(one, OffbookError | asyncio.CancelledError), repr(one)
            self.told["answer" if known else type(one).__name__] += 1
        self._calls = []

    async def at_rest(self, manager: PaperTradingSessionManager) -> None:
        """Nothing is left to do for a pump that sleeps."""
        self.slow.patient = True
        self.slow.go()
        await settle(60)
        pump = self.pump(manager)
        if pump is not None and pump._wake._waiter is not None:
            # A large snapshot may be under way, whose end begins a commit.
            await eventually(lambda: self.pump(manager) is not pump or nothing_left(pump))
            self.told["asleep"] += 1
        self.slow.patient = False


def nothing_left(pump: Any) -> bool:
    """Whether a turn of the pump would find nothing to do."""
    line, engine, outbox = pump.line, pump._kept.engine, pump.outbox
    stored = line.is_at_rest and line._flying is None and outbox.empty
    busy = line._maker is not None and (line._maker.is_busy or line._maker.is_ready)
    # That rows without records went by may wait for whatever wakes it next: it is run again.
    due = engine.status in _OVER or engine.status is not line._cut_status
    return stored and not (busy or due or pump._mail)


async def lives(seed: int, taken: Taken) -> Lives:
    """Several managers, one after the other, each let go in order or killed."""
    told = Lives(seed, taken)
    rng, stage = told.rng, told.stage
    told.watch()
    for life in range(LIVES):
        told.slow.patient = True
        async with stage.manager() as manager:
            if life == 0:
                await manager.start_session(stage.config(speed="1"), session_id="a")
            else:
                report = await manager.recover_sessions()
                assert report.failed == (), report
            told.slow.patient = False
            if "a" not in manager._active_sessions:
                break
            for _ in range(rng.randint(10, 60)):
                told.do(manager)
                await settle(rng.choice([0, 0, 1, 2, 3, 5, 20]))
                if rng.random() < 0.05:
                    await told.outcomes()
                    await told.at_rest(manager)
            if rng.random() < 0.6:
                await told.outcomes()
                await told.at_rest(manager)
            told.slow.patient = True
            told.slow.go()
            stage.repository._planned.clear()
            if rng.random() < 0.4:
                stage.kill()
                told.watch()
        await told.outcomes()
        await settle()
        assert not asyncio.all_tasks() - {asyncio.current_task()}
        assert stage.gateway.open_feeds == 0
        stage.repository._planned.clear()
    log = await stage.repository.operations("a")
    assert not [line for line in log if "no snapshot" in line.detail or "damaged" in line.detail]
    async with stage.manager() as manager:
        assert (await manager.verify("a")).outcome is ReplayOutcome.EQUAL
    return told


SEEDS = range(10)


async def _at_once(work: Any, *arguments: Any) -> Any:
    """In place of another thread, for the sake of the same outcome each time."""
    await asyncio.sleep(0)
    return work(*arguments)


async def test_no_pump_sleeps_while_there_is_something_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unhandled: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
    monkeypatch.setattr(asyncio, "to_thread", _at_once)
    taken, told, folded = Taken(monkeypatch), Counter[str](), 0
    for seed in SEEDS:
        chance = Random(seed)
        monkeypatch.setattr(capturing, "PIECE", chance.randint(1, 4))
        monkeypatch.setattr(snapshotting, "AT_ONCE", chance.choice([-1, 3, 512]))
        monkeypatch.setattr(snapshotting, "_FLUSH_BYTES", chance.choice([1, 500]))
        try:
            async with asyncio.timeout(10):
                found = await lives(seed, taken)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
        told += found.told
        folded += found.folded
    gc.collect()
    assert not unhandled
    assert min(folded, taken.compared, taken.spared, told["asleep"]) > 0
