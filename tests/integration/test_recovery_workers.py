"""A recovery's worker processes: they read, rebuild, and are gone; whoever dies is no loss."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import shutil
import sqlite3
from multiprocessing import resource_tracker
from pathlib import Path
from unittest.mock import Mock

import msgspec
import pytest
from tests import recovery_workers
from tests.integration.cli.conftest import DESCRIPTION, recording
from tests.stage import Stage, settle

from offbook.adapters.persistence.connections import DATABASE_FILE
from offbook.adapters.persistence.sqlite_repository import SqliteRepository
from offbook.adapters.recovery import crew as crews
from offbook.adapters.recovery.crew import RecoveryCrew
from offbook.adapters.workers import process as processes
from offbook.adapters.workers.process import Target
from offbook.bootstrap import make_manager, open_manager, open_store
from offbook.bootstrap.recovery import crew_for
from offbook.config.sessions import SessionRequest, build_config
from offbook.domain.config import AtEnd, LifecycleConfig
from offbook.domain.errors import InvalidInput
from offbook.domain.market_data import Cursor
from offbook.domain.orders import OrderRequest, OrderSide
from offbook.domain.session import PaperTradingSession
from offbook.ports.recovery import IRecoveryCrew
from offbook.services.paper_trading import rebuilding
from offbook.testing.memory_repository import InMemoryRepository
from offbook.testing.sessions import new_session

STRATEGIES = '''\
from offbook import Strategy


class Keeps(Strategy):
    """Trades at every tenth quote, and saves what it has seen."""

    def on_start(self):
        self.seen = 0

    def on_quote(self, quote):
        self.seen += 1
        if self.seen % 10 == 0:
            self.buy("XYZUSDT", "0.01")

    def save_state(self):
        return self.seen

    def load_state(self, seen):
        self.seen = seen
'''


def _session(name: str, records: int = 1000, rows: int = 0) -> PaperTradingSession:
    session = new_session(config=Stage().config())
    return msgspec.structs.replace(
        session, id=name, last_seq=records, cursor=Cursor(row=rows, ts=1)
    )


async def _killed(folder: Path) -> Path:
    """The store of a process that was killed with two sessions in it, before any snapshot."""
    (folder / "mine.py").write_text(STRATEGIES)
    (folder / "quotes.csv").write_text(recording(400))
    (folder / "quotes.csv.toml").write_text(DESCRIPTION)
    request = SessionRequest(
        data=str(folder / "quotes.csv"), strategy=f"{folder / 'mine.py'}:Keeps"
    )
    config = build_config(request)
    config = msgspec.structs.replace(config, lifecycle=LifecycleConfig(at_end=AtEnd.PAUSE))
    order = OrderRequest(symbol="XYZUSDT", side=OrderSide.BUY, order_qty="0.01")
    async with open_manager(folder / "data", recovery_jobs=1) as manager:
        for strategy in (config.strategy, None):
            session = msgspec.structs.replace(config, strategy=strategy)
            session_id = (await manager.start_session(session)).id
            await manager.wait(session_id)
            await manager.submit_order(session_id, order)
        shutil.copytree(folder / "data" / "store", folder / "left")
    with contextlib.closing(sqlite3.connect(folder / "left" / DATABASE_FILE)) as database:
        database.execute("DELETE FROM snapshots")
        database.commit()
    return folder / "left"


async def _taken_up(store: Path, jobs: int) -> dict[str, list[bytes]]:
    """The journals of a store's sessions, which are taken up and stopped."""
    found = {}
    async with (
        open_store(store, exact=store) as repository,
        make_manager(repository, recovery_jobs=jobs) as manager,
    ):
        report = await manager.recover_sessions()
        assert not report.failed
        assert len(report.recovered) == 2
        for session_id in report.recovered:
            await manager.stop_session(session_id, flatten=True, command_id="stop")
            records = await repository.read_journal(session_id, limit=10**6)
            found[session_id] = [record.raw for record in records]
    return found


class _NotHere(rebuilding.Replay):
    """Running a journal again, in the process that must not."""

    async def run(self, *arguments: object) -> None:
        """Raise."""
        raise AssertionError("the parent ran a journal again")


async def test_processes_rebuild_sessions_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One with a strategy from a file, and one whose orders came from outside."""
    left = await _killed(tmp_path)
    again = shutil.copytree(left, tmp_path / "again")
    here = await _taken_up(again, jobs=1)
    monkeypatch.setattr(rebuilding, "Replay", _NotHere)
    monkeypatch.setattr(crews, "LEAST_EVENTS", 1)
    apart = await _taken_up(left, jobs=2)
    assert apart == here
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize(
    "target",
    [recovery_workers.dies, recovery_workers.babbles, recovery_workers.falls_silent],
)
async def test_a_worker_that_is_killed_or_mad_is_no_loss(target: Target) -> None:
    """Its session, and all that come after the last worker, are rebuilt by the parent."""
    stage = Stage()
    files = _open_files()
    async with stage.manager() as manager:
        for name in "abc":
            await manager.start_session(stage.config(speed="1"), session_id=name)
        stage.clock.advance(40)
        await settle(300)
        stage.kill()
    crew = RecoveryCrew(target, (), jobs=2)
    log = Mock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crews, "LEAST_EVENTS", 1)
        patch.setattr(crews, "_log", log)
        patch.setattr(processes, "REAP_SECONDS", 0.01)
        async with stage.manager(recovery_crew=crew) as manager:
            report = await manager.recover_sessions()
    assert set(report.recovered) == set("abc")
    lost = [call.kwargs["how"] for call in log.warning.mock_calls]
    assert len(lost) == (0 if target is recovery_workers.babbles else 2)
    assert all("signal 9" in how for how in lost)
    assert multiprocessing.active_children() == []
    assert _open_files() == files


def _open_files() -> int | None:
    """How many files this process has open, where that can be told.  The process that looks after
    shared memory, which is begun with the first worker and stays, is begun before."""
    if not Path("/proc/self/fd").is_dir():
        return None
    resource_tracker.ensure_running()
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_worker_that_hangs_is_ended_with_the_recovery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It holds nobody else up: what waits behind it is rebuilt elsewhere."""
    monkeypatch.setattr(crews, "LEAVE_SECONDS", 0.01)
    told: list[tuple[str, float, str]] = []
    crew = RecoveryCrew(recovery_workers.hangs, (), jobs=2)
    hung, other = _session("hung"), _session("other")
    async with crew.at_work([hung], lambda *stuck: told.append(stuck)) as made:
        assert made is not None
        assert made.places == crews.AHEAD
        asking = asyncio.ensure_future(made.rebuilt(hung))
        await settle()  # so that it has been asked for first
        assert await made.rebuilt(other) is None
        assert told == [("hung", 3.0, "where it is")]
        assert await made.rebuilt(other) is None
        assert not asking.done()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert len(multiprocessing.active_children()) == 1
    assert multiprocessing.active_children() == []


async def test_a_worker_that_is_stopped_from_outside_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It says nothing more, and its session is left to whoever asked."""
    monkeypatch.setattr(crews, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(crews, "SILENT_BEATS", 10**9)  # until it has started
    crew = RecoveryCrew(recovery_workers.freezes, (), jobs=2)
    async with crew.at_work([_session("a")], lambda *_: None) as made:
        assert made is not None
        assert await made.rebuilt(_session("a")) is None
        assert made.places == crews.AHEAD
        monkeypatch.setattr(crews, "SILENT_BEATS", 12)
        assert await made.rebuilt(_session("b")) is None
        assert made.places == 0
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize(
    ("jobs", "cores", "records", "size"),
    [
        (None, 8, [30_000, 30_000, 30_000], 3),
        (None, 8, [5_000] * 20, 4),
        (None, 2, [5_000] * 20, 2),
        (None, 8, [10_000, 10_000], 0),
        (None, 8, [1_000_000], 1),
        (None, 1, [30_000] * 9, 0),
        (1, 8, [30_000] * 9, 0),
        (3, 1, [200, 200], 2),
        (3, 8, [99, 99], 0),
        (None, 8, [], 0),
    ],
)
def test_how_many_processes_there_are(
    jobs: int | None, cores: int, records: list[int], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By themselves as many as cores, where there is enough to do; else as many as were asked for;
    never more than sessions that are worth handing over."""
    monkeypatch.setattr(crews, "cores", lambda: cores)
    sessions = [_session(str(place), count) for place, count in enumerate(records)]
    assert RecoveryCrew(recovery_workers.dies, (), jobs).size(sessions) == size


def test_rows_count_too() -> None:
    """But not more of them than there may be since the last snapshot."""
    assert crews.weight(_session("a", 10, 2_500)) == 110
    assert crews.weight(_session("a", 10, 10**9)) == 10_010


async def test_who_helps_a_manager() -> None:
    """Nobody where the store is no file, or where that is asked for."""
    assert crew_for(InMemoryRepository(), None) is None
    on_disk = Mock(spec=SqliteRepository, store=Path("store"))
    assert isinstance(crew_for(on_disk, None), IRecoveryCrew)
    assert isinstance(crew_for(on_disk, 2), IRecoveryCrew)
    assert crew_for(on_disk, 1) is None
    with pytest.raises(InvalidInput, match="recovery_jobs"):
        crew_for(InMemoryRepository(), 0)
    with pytest.raises(InvalidInput, match="recovery_jobs"):
        crew_for(InMemoryRepository(), True)
