"""A sweep's worker process whose callback does not return, or returns late."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from offbook.adapters.sweeps import processes
from offbook.adapters.sweeps.messages import CellDone, FromWorker, Returned, Stuck, encode
from offbook.adapters.sweeps.processes import SpawnedWorker
from offbook.domain.config import AccountConfig, ReplayMarket, SessionConfig
from offbook.domain.errors import CallbackHung, WorkerLost
from offbook.domain.market_data import DataKind
from offbook.domain.sweeps import CellResult, CellTask
from offbook.testing.markets import BTCUSDT

STACK = '  File "mine.py", line 3, in on_quote\n    while True: pass\n'
CONFIG = SessionConfig(
    market=ReplayMarket(path="a.csv", kind=DataKind.QUOTES, instrument=BTCUSDT),
    account=AccountConfig(currency="USDT", initial_cash="1000"),
)
TASK = CellTask(session_id="s1", config=CONFIG, slot=1)


class Process:
    """Stands in for the process: says what the test has it say."""

    pid = 7
    exit_code = -9
    how_it_ended = "was ended by signal 9"

    def __init__(
        self,
        target: Any,
        arguments: Any,
        *,
        name: str,
        on_message: Callable[[bytes], None],
        on_end: Callable[[], None],
    ) -> None:
        self.on_message, self.on_end = on_message, on_end
        self.ended, self.asked, self.killed = asyncio.Event(), asyncio.Event(), False

    def send(self, raw: bytes) -> bool:
        self.asked.set()
        return True

    def kill(self) -> None:
        self.killed = True
        self.ended.set()
        self.on_end()

    def say(self, message: FromWorker) -> None:
        self.on_message(encode(message))


class Stage:
    """A worker that is running a cell."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, give_up: float) -> None:
        monkeypatch.setattr(processes, "WorkerProcess", Process)
        self.told: list[Stuck] = []
        self.worker = SpawnedWorker(
            lambda: None, (), log=Path("worker.log"), on_stuck=self.told.append, give_up=give_up
        )
        self.running = asyncio.ensure_future(self.worker.run(TASK))

    async def process(self) -> Process:
        found = self.worker._process
        assert isinstance(found, Process)
        await found.asked.wait()
        return found


async def test_a_process_whose_callback_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, give_up=0.001)
    process = await stage.process()
    process.say(Stuck("s1", STACK))
    with pytest.raises(
        CallbackHung, match=r"within 0\.001 s: .*line 3.* while True: pass"
    ) as caught:
        await stage.running
    assert process.killed
    assert caught.value.fields["seconds"] == 0.001
    assert [stuck.session_id for stuck in stage.told] == ["s1"]


async def test_one_that_returns_after_all_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a process that ends later of itself was lost, not hung."""
    stage = Stage(monkeypatch, give_up=3600.0)
    process = await stage.process()
    process.say(Stuck("s1", STACK))
    assert stage.worker._patience is not None
    process.say(Returned("s1"))
    assert stage.worker._patience is None
    process.say(CellDone(CellResult(session_id="s1")))
    assert (await stage.running).session_id == "s1"
    again = asyncio.ensure_future(stage.worker.run(TASK))
    await asyncio.sleep(0)
    process.kill()
    with pytest.raises(WorkerLost) as caught:
        await again
    assert not isinstance(caught.value, CallbackHung)


async def test_nobody_waits_for_the_callback_of_a_cell_that_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage(monkeypatch, give_up=3600.0)
    process = await stage.process()
    process.say(Stuck("s1", STACK))
    process.say(CellDone(CellResult(session_id="s1")))
    await stage.running
    assert stage.worker._patience is None
    assert not process.killed
