"""A session that sleeps is folded up, and goes on as if it had not been."""

import asyncio
import random
from typing import Any

import msgspec
import pytest
from tests.stage import Stage, Trader, chain, eventually, limit_order, market_order, quiet, wave

from offbook.domain.journal import Snapshot
from offbook.domain.orders import OrderSide
from offbook.engine.inputs import Attach
from offbook.services.paper_trading import kept_engine, snapshotting
from offbook.services.paper_trading.bell import Bell
from offbook.services.paper_trading.kept_engine import Folder, KeptEngine, unfold
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.nap import Nap
from offbook.services.paper_trading.shared_configs import SharedConfigs
from offbook.services.paper_trading.snapshotting import unpacked
from offbook.services.paper_trading.verification import ReplayOutcome
from offbook.testing.sessions import CONFIG


def pump_of(manager: Any, session_id: str) -> Any:
    return manager._active_sessions[session_id]._pump


def asleep(pump: Any) -> bool:
    """Whether nothing is under way in it."""
    waits = pump._wake._waiter is not None
    return waits and pump.outbox.empty and pump.line.is_at_rest


async def traded(seed: int, folding: bool) -> tuple[list[bytes], list[Any], int]:
    """A session with orders from outside on a slow replay, folded at drawn moments or never:
    its records, its orders, and how often it was folded."""
    chance = random.Random(seed)
    stage = Stage(wave(60))
    folded = 0
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        pump = pump_of(manager, "a")
        for number in range(40):
            kind = chance.random()
            side = chance.choice(list(OrderSide))
            if kind < 0.3:
                await manager.submit_order("a", market_order(side))
            elif kind < 0.6:
                await manager.submit_order("a", limit_order(f"{chance.randint(98, 101)}.00", side))
            elif kind < 0.7 and number > 5:
                orders = await manager.orders("a")
                if orders:
                    await manager.cancel_order("a", chance.choice(orders).client_order_id)
            else:
                before = pump.engine.cursor.row
                stage.clock.advance(1)
                await eventually(lambda before=before: pump.engine.cursor.row > before)
            if chance.random() < 0.5 and folding:
                await eventually(lambda: asleep(pump))
                pump.fold_up()
                folded += pump._kept.is_folded
        orders = [msgspec.to_builtins(order) for order in await manager.orders("a")]
        await manager.stop_session("a")
        found = await manager.verify("a")
        assert found.outcome is ReplayOutcome.EQUAL, (seed, found)
    await quiet(stage, manager)
    return await chain(stage.repository, "a"), orders, folded


@pytest.mark.parametrize("seed", range(5))
async def test_folding_leaves_no_trace(seed: int) -> None:
    plain = await traded(seed, folding=False)
    folded = await traded(seed, folding=True)
    assert folded[:2] == plain[:2], seed
    assert folded[2] > 3, seed
    assert plain[2] == 0


async def test_a_long_sleep_folds_and_a_command_unfolds() -> None:
    """By the event loop's time: no clock of the session's is asked."""
    stage = Stage(limits=Limits(fold_seconds=1e-6))
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        pump = pump_of(manager, "a")
        await eventually(lambda: pump._kept.is_folded)
        assert (await manager.get_session("a")).id == "a"
        assert pump._kept.is_folded, "to be looked at is no reason to unfold"
        view = await manager.submit_order("a", limit_order("90.00"))
        assert [one.client_order_id for one in await manager.orders("a")] == [view.client_order_id]
        await eventually(lambda: pump._kept.is_folded)
    await quiet(stage, manager)


async def test_the_end_of_a_commit_wakes_nobody_who_has_nothing_to_do() -> None:
    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        pump = pump_of(manager, "a")
        await eventually(lambda: asleep(pump))
        sleeping = pump._wake._waiter
        pump.outbox.urgent = True
        pump.line.begin()
        await eventually(lambda: pump.line.is_at_rest)
        assert pump._wake._waiter is sleeping
        pump.outbox.urgent = True
        pump.line.begin()
        pump.outbox.urgent = True
        await eventually(lambda: pump._wake._waiter is not sleeping and asleep(pump))
        assert not pump.outbox.urgent, "what came meanwhile was stored too"
    await quiet(stage, manager)


async def test_a_session_that_is_folded_lets_the_pieces_of_its_last_snapshot_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They hold the orders themselves; the next snapshot is made anew, and whole."""
    monkeypatch.setattr(snapshotting, "AT_ONCE", -1)
    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        pump = pump_of(manager, "a")
        states = []
        for price in ("90.00", "89.00"):
            await manager.submit_order("a", limit_order(price))
            await manager.pause_session("a")
            await eventually(lambda: asleep(pump) and not pump.line._maker.is_busy)
            assert pump.line._maker._known
            stored = await stage.repository.latest_snapshot("a")
            assert stored is not None
            states.append(unpacked(stored.state))
            assert states[-1] == pump.engine.snapshot()
            pump.fold_up()
            assert pump._kept.is_folded
            assert pump.line._maker is None
            await manager.resume_session("a")
        assert states[0] != states[1]
    await quiet(stage, manager)


async def test_a_snapshot_that_is_being_made_is_stored_though_its_engine_is_folded_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on, made = asyncio.Event(), snapshotting._made

    async def slow(*arguments: Any) -> Snapshot:
        await go_on.wait()
        return await made(*arguments)

    monkeypatch.setattr(snapshotting, "AT_ONCE", -1)
    monkeypatch.setattr(snapshotting, "_made", slow)
    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        pump = pump_of(manager, "a")
        await manager.pause_session("a")
        await eventually(lambda: asleep(pump) and pump.line._maker.is_busy)
        pump.fold_up()
        assert pump._kept.is_folded
        go_on.set()
        await eventually(lambda: not pump.line._maker.is_busy and asleep(pump))
        assert await stage.repository.latest_snapshot("a") is not None
    await quiet(stage, manager)


async def test_who_asks_for_progress_leaves_a_session_folded() -> None:
    """It is unfolded to be asked, and folded again when it has slept on."""
    stage = Stage(limits=Limits(fold_seconds=1e-6))
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        pump = pump_of(manager, "a")
        for _ in range(3):
            await eventually(lambda: pump._kept.is_folded)
            row = (await manager.progress("a")).cursor.row
            assert row == stage.engines[-1].cursor.row
        await eventually(lambda: pump._kept.is_folded)
    await quiet(stage, manager)


async def test_a_session_that_is_let_go_is_not_unfolded_for_that() -> None:
    stage = Stage(limits=Limits(fold_seconds=1e-6))
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        pump = pump_of(manager, "a")
        await eventually(lambda: pump._kept.is_folded)
        made = len(stage.engines)
        await manager._active_sessions["a"].close()
        assert pump._kept.is_folded
        assert len(stage.engines) == made
    await quiet(stage, manager)


async def test_a_session_with_a_strategy_is_not_folded() -> None:
    stage = Stage(strategy=Trader, limits=Limits(fold_seconds=1e-6))
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        pump = pump_of(manager, "a")
        await eventually(lambda: pump._wake._waiter is not None)
        pump.fold_up()
        assert not pump._kept.is_folded
    await quiet(stage, manager)


def test_an_engine_without_a_way_back_is_not_folded() -> None:
    stage = Stage()
    session = object()
    kept = KeptEngine(stage, session)  # type: ignore[arg-type]  # nothing is asked of either
    assert not kept.may_fold
    kept.fold()
    assert kept.engine is stage


def test_states_are_folded_by_how_they_differ() -> None:
    folder, kind = Folder(), object()
    states = [b'{"orders":%d,"text":"' % n + b"abc%d" % n * 400 + b'"}' for n in range(300)]
    for state in states:
        folded, sample = folder.fold(state, kind)
        assert unfold(folded, sample) == state
    assert len(folder.fold(states[0], kind)[0]) < 50
    for state in states:  # more kinds than samples are kept of
        folded, sample = folder.fold(state, object())
        assert unfold(folded, sample) == state


def test_large_states_come_back_whole_too() -> None:
    """They are packed in a quicker way, around the size at which a sample ends."""
    folder, kind = Folder(), object()
    for size in (32_767, 32_768, 32_769, 200_000):
        state = b"".join(b'{"order":%d}' % (n * n) for n in range(size))[:size]
        folded, sample = folder.fold(state, kind)
        assert unfold(folded, sample) == state
        assert len(folded) < size / 2


def test_a_sample_that_tells_little_of_a_state_gives_way_to_it() -> None:
    """A few times: states that are never alike do not take turns for ever."""
    folder, kind, chance = Folder(), object(), random.Random(5)
    folder.fold(b'{"orders":{}}', kind)
    text = b'{"orders":{%s}}' % chance.randbytes(500).hex().encode()
    assert len(folder.fold(text, kind)[0]) > 400
    assert len(folder.fold(text, kind)[0]) < 30
    samples = set()
    for _ in range(100):
        state = chance.randbytes(100)
        folded, sample = folder.fold(state, kind)
        assert unfold(folded, sample) == state
        samples.add(sample)
    assert 2 < len(samples) < 10


async def test_a_nap_that_ends_early_is_no_long_one() -> None:
    calls: list[int] = []
    nap = Nap(0.0)
    nap.begin(lambda: calls.append(1))
    nap.end()
    for _ in range(5):
        await asyncio.sleep(0)
    assert calls == []
    nap.begin(lambda: calls.append(1))
    await eventually(lambda: calls == [1])
    nap.begin(lambda: calls.append(2))
    nap.close()
    nap.close()
    for _ in range(5):
        await asyncio.sleep(0)
    assert calls == [1]


async def test_a_nap_counts_from_the_last_time_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    nap = Nap(100.0)

    def slept() -> None:
        calls.append("long")

    loop = asyncio.get_running_loop()
    now = loop.time()
    nap.begin(slept)
    monkeypatch.setattr(loop, "time", lambda: now + 60)
    nap.begin(slept)
    monkeypatch.setattr(loop, "time", lambda: now + 101)
    nap._look(slept)
    assert calls == []
    monkeypatch.setattr(loop, "time", lambda: now + 161)
    nap._look(slept)
    assert calls == ["long"]
    nap.close()


async def test_a_bell_wakes_who_waits_and_who_comes_later() -> None:
    bell = Bell()
    waiting = asyncio.ensure_future(bell.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    bell.set()
    bell.set()
    await waiting
    await bell.wait()
    assert bell.is_set()
    bell.clear()
    again = asyncio.ensure_future(bell.wait())
    await asyncio.sleep(0)
    again.cancel()
    await asyncio.gather(again, return_exceptions=True)
    bell.set()
    await bell.wait()


def test_equal_parts_of_configurations_are_kept_once() -> None:
    configs = SharedConfigs()
    raw = msgspec.json.encode(CONFIG)
    one, two = (msgspec.json.decode(raw, type=type(CONFIG)) for _ in range(2))
    other = msgspec.structs.replace(two, seed=7)
    first, second, third = configs.shared(one), configs.shared(two), configs.shared(other)
    assert first is second
    assert first == CONFIG
    assert third == other
    assert third.market is first.market
    assert third.account is first.account
    assert third.strategy is None


def test_only_so_many_parts_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("offbook.services.paper_trading.shared_configs.MOST", 8)
    configs = SharedConfigs()
    for seed in range(30):
        config = msgspec.structs.replace(CONFIG, seed=seed)
        assert configs.shared(config) == config
    assert len(configs._parts) <= 8


def test_attach_is_what_an_engine_is_restored_with() -> None:
    """A fold keeps it: were it to change, so would the meaning of what is kept."""
    fields = {"market", "calendars", "joined", "receipts", "received"}
    assert set(Attach.__struct_fields__) == fields


async def test_a_session_that_was_too_large_is_not_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What its next snapshot is spared it is told by the mark of the last state taken hold of."""
    stage = Stage()
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        await manager.submit_order("a", limit_order("90.00"))
        pump = pump_of(manager, "a")
        await eventually(lambda: asleep(pump))
        monkeypatch.setattr(kept_engine, "MOST_FOLDED", 0)
        pump.fold_up()
        assert not pump._kept.is_folded
        assert not pump._kept.may_fold
        monkeypatch.setattr(type(pump.engine), "capture", None)
        pump.fold_up()
        assert not pump._kept.is_folded
    await quiet(stage, manager)
