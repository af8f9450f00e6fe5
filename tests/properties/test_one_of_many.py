"""Any session out of many on one live market replays alone, exactly, from what was recorded."""

import asyncio
from pathlib import Path

import pytest
from tests.properties.many_sessions import SHARED, ManySessions
from tests.properties.random_markets import Kind

from offbook.adapters.recordings.files import FileRecordings
from offbook.domain.market_data import DataKind
from offbook.domain.session import SessionStatus
from offbook.services.paper_trading.runner import PaperTradingRunner
from offbook.services.paper_trading.verification import ReplayOutcome


@pytest.mark.parametrize("kind", SHARED)
async def test_those_of_a_process_that_was_killed_come_back_and_go_on(kind: Kind) -> None:
    """At any moment: each is rebuilt from its journal and the recording, alone, and goes on."""
    many = ManySessions(2, kind, rows=200)
    killed = many.stage.manager()
    await many.play(killed, 25, until=100)
    before = list(many.ids)
    many.stage.kill()
    many.stage.repository.hook = many.slowly
    async with many.stage.manager() as manager:
        report = await manager.recover_sessions()
        assert not report.failed, report.failed
        assert report.recovered
        await many.play(manager, 40)
        assert len(many.ids) > len(before) > 10
        for session_id in many.ids:
            found = await manager.verify(session_id)
            assert found.outcome is ReplayOutcome.EQUAL, (session_id, found)
    await many.stage.hub.close()
    await killed.shutdown()


@pytest.mark.parametrize(("seed", "kind"), [*enumerate(SHARED), (7, "several")])
async def test_each_of_them_verifies_alone(kind: Kind, seed: int, tmp_path: Path) -> None:
    """Joined at any moment, given commands, slow or asleep: nothing of that shows."""
    # Rows of a book come several to a message.
    rows = 360 if kind in (DataKind.DEPTH, DataKind.ORDERS) else 200
    many = ManySessions(seed, kind, rows=rows, recordings=FileRecordings(tmp_path))
    async with many.stage.manager() as manager:
        await many.play(manager, 60)
        assert len(many.ids) > 25
        floor = many.stage.shared.log.floor
        async with asyncio.timeout(20):
            # Nobody sleeps through what is due, whatever it was that set it; some may be about to
            # do it, for the recording is written in a thread.
            runners = manager._active_sessions
            while not all(_is_past(one, floor) for one in runners.values()):  # noqa: ASYNC110  # they tell nobody
                await asyncio.sleep(0)
        for number, session_id in enumerate(many.ids):
            found = await manager.verify(session_id, slice_rows=[1, 3, 4096][number % 3])
            assert found.outcome is ReplayOutcome.EQUAL, (session_id, found)
            session = await manager.get_session(session_id)
            # Its strategy may have been told to fail it; nothing else may.
            failed = session.status is SessionStatus.FAILED
            assert not failed or session.status_reason in {"strategy_error", "livelock"}, session
    await many.stage.hub.close()


def _is_past(runner: PaperTradingRunner, floor: int) -> bool:
    """Whether a session has done what was due up to a time."""
    pump = runner._pump
    assert pump is not None
    return pump.engine.wake().at >= floor and pump.desk.next_at > floor
