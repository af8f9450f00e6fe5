"""Cells handed to workers: each once, lost ones again, and what ends a sweep."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from offbook.domain.config import AccountConfig, ReplayMarket, SessionConfig
from offbook.domain.errors import BadMarketData, CallbackHung, WorkerLost
from offbook.domain.market_data import DataKind
from offbook.domain.sweeps import CellResult, CellTask
from offbook.services.sweeping.running import ATTEMPTS, SweepRunner
from offbook.testing.markets import BTCUSDT
from offbook.testing.memory_sweep_book import InMemorySweepBook

CONFIG = SessionConfig(
    market=ReplayMarket(path="a.csv", kind=DataKind.QUOTES, instrument=BTCUSDT),
    account=AccountConfig(currency="USDT", initial_cash="1000"),
)
TASKS = [CellTask(session_id=f"s{number}", config=CONFIG, slot=0) for number in range(6)]

Behave = Callable[["Worker", CellTask], None]


class Worker:
    """Runs a cell in no time, or does what the test wants."""

    def __init__(self, office: Office, number: int) -> None:
        self.office = office
        self.number = number
        self.closed = False

    async def run(self, task: CellTask) -> CellResult:
        self.office.runs.append((task.session_id, self.number, task.slot))
        self.office.busy += 1
        if self.office.busy == 2:
            self.office.both_busy.set()
        self.office.most = max(self.office.most, self.office.busy)
        try:
            await asyncio.sleep(0)
            self.office.behave(self, task)
            if self.office.halt is not None:
                await self.office.halt.wait()
        finally:
            self.office.busy -= 1
        return CellResult(session_id=task.session_id, ended="end_of_data")

    async def close(self) -> None:
        self.closed = True


class Office:
    """Makes workers and remembers what they did."""

    def __init__(self, behave: Behave = lambda _worker, _task: None) -> None:
        self.behave = behave
        self.workers: list[Worker] = []
        self.runs: list[tuple[str, int, int]] = []
        self.told: list[CellResult] = []
        self.busy = self.most = 0
        self.both_busy = asyncio.Event()
        self.halt: asyncio.Event | None = None
        self.book = InMemorySweepBook()

    def open(self, number: int) -> Worker:
        self.workers.append(Worker(self, number))
        return self.workers[-1]

    async def run(self, jobs: int, bound: dict[str, int] | None = None) -> None:
        await SweepRunner(self.book, self.open, self.told.append).run(TASKS, bound or {}, jobs)


async def test_every_cell_runs_once_and_no_more_at_a_time_than_asked() -> None:
    office = Office()
    await office.run(3)
    assert sorted(name for name, _, _ in office.runs) == [task.session_id for task in TASKS]
    assert office.most == 3
    assert set(office.book.results()) == {task.session_id for task in TASKS}
    assert all(worker.closed for worker in office.workers)
    assert all(number == slot for _, number, slot in office.runs)


async def test_there_are_no_more_workers_than_cells() -> None:
    office = Office()
    await office.run(50)
    assert len(office.workers) == len(TASKS)


async def test_a_session_that_is_there_is_run_in_its_own_store_first() -> None:
    office = Office()
    await office.run(2, {"s4": 2, "s5": 3})
    assert ("s4", 2, 2) in office.runs
    assert ("s5", 1, 3) in office.runs, "store 3 has one worker, the first"
    assert {name for name, _, _ in office.runs[:2]} == {"s4", "s5"}


async def test_a_cell_whose_worker_is_lost_is_run_again_in_the_same_store() -> None:
    def lose_once(worker: Worker, task: CellTask) -> None:
        if task.session_id == "s1" and [name for name, _, _ in office.runs].count("s1") == 1:
            raise WorkerLost("killed")

    office = Office(lose_once)
    await office.run(2)
    slots = [slot for name, _, slot in office.runs if name == "s1"]
    assert len(slots) == 2
    assert len(set(slots)) == 1
    assert office.book.results()["s1"].error is None
    assert len(office.workers) == 3
    assert all(worker.closed for worker in office.workers)


async def test_a_cell_that_ends_every_worker_is_told_and_not_put_down() -> None:
    """So that the others are run, and running the sweep again tries it again."""

    def lose(worker: Worker, task: CellTask) -> None:
        if task.session_id == "s1":
            raise WorkerLost("killed")

    office = Office(lose)
    await office.run(2)
    assert [name for name, _, _ in office.runs].count("s1") == ATTEMPTS
    assert "s1" not in office.book.results()
    assert len(office.book.results()) == len(TASKS) - 1
    [failed] = [result for result in office.told if result.error is not None]
    assert failed.error is not None
    assert "lost 3 times: killed" in failed.error.message


async def test_a_cell_whose_callback_hung_is_not_tried_again_this_time() -> None:
    """It would hang again; the others are run, and running the sweep again tries it again."""

    def hang(worker: Worker, task: CellTask) -> None:
        if task.session_id == "s1":
            raise CallbackHung("a callback did not return within 9 s")

    office = Office(hang)
    await office.run(2)
    assert [name for name, _, _ in office.runs].count("s1") == 1
    assert set(office.book.results()) == {"s0", "s2", "s3", "s4", "s5"}
    [failed] = [result for result in office.told if result.error is not None]
    assert failed.error is not None
    assert failed.error.message == "a callback did not return within 9 s"
    assert failed.error.code == "callback_hung"


async def test_trouble_of_all_cells_ends_the_sweep_and_keeps_what_is_done() -> None:
    def bad(worker: Worker, task: CellTask) -> None:
        if task.session_id == "s3":
            raise BadMarketData("row 7 is bad")

    office = Office(bad)
    with pytest.raises(BadMarketData, match="row 7"):
        await office.run(1)
    assert set(office.book.results()) == {"s0", "s1", "s2"}
    assert all(worker.closed for worker in office.workers)


async def test_a_caller_that_is_cancelled_closes_every_worker() -> None:
    office = Office()
    office.halt = asyncio.Event()
    running = asyncio.ensure_future(office.run(2))
    await office.both_busy.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [worker.closed for worker in office.workers] == [True, True]
    assert not office.book.results()
