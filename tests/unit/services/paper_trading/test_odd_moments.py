"""The rare moments of the small parts: somebody went away, a loop is gone, a journal is cut."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest
from tests.rehearsal import Rehearsal, rehearse, session_of
from tests.stage import Stage, Trader, wave

from offbook.domain.chain import GENESIS, extend_all
from offbook.domain.commands import Pause
from offbook.domain.config import PauseOrders
from offbook.domain.errors import JournalDamaged, JournalMismatch, ManagerClosed
from offbook.domain.journal import ScheduledCommand, StoredRecord
from offbook.domain.market_data import Cursor
from offbook.domain.orders import OrderSide
from offbook.domain.session import SessionStatus
from offbook.engine.processing_engine import ProcessingEngine
from offbook.services.paper_trading.journal_reader import ReadPage, survey
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.messages import Done, SetSpeed
from offbook.services.paper_trading.outbox import Outbox, Waiter
from offbook.services.paper_trading.owner_loop import OwnerLoop
from offbook.services.paper_trading.pacing import Pacer
from offbook.services.paper_trading.pump import Mail
from offbook.services.paper_trading.replaying import Replay
from offbook.services.paper_trading.report import make_report, read_report
from offbook.services.paper_trading.row_reader import RowReader
from offbook.services.paper_trading.verification import ReplayOutcome, verify
from offbook.testing.manual_clock import ManualClock
from offbook.testing.markets import SECOND, XYZ, quotes_market
from offbook.testing.memory_repository import InMemoryRepository
from offbook.testing.scripted_gateway import ScriptedGateway

# -- the owner loop ---------------------------------------------------------------------------


class TwoLoops:
    """A loop that owns and a loop that calls, turned by hand on one thread."""

    def __init__(self) -> None:
        self.there, self.here = asyncio.new_event_loop(), asyncio.new_event_loop()
        self.owner = OwnerLoop()
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.there.run_until_complete(self._adopt())
        self.gate = asyncio.Event()

    async def _adopt(self) -> None:
        self.owner.adopt()

    async def _pass(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def work(self) -> str:
        """Begins, and waits to be let on."""
        self.begun.append("work")
        try:
            await self.gate.wait()
        finally:
            self.ended.append("work")
        return "done"

    def call(self, **options: Any) -> asyncio.Task[str]:
        """A call from the other loop, sent and not taken yet."""
        task = self.here.create_task(self.owner.call(self.work, "work", **options))
        self.turn_here()
        return task

    def turn_here(self) -> None:
        """Let the caller's loop turn."""
        self.here.run_until_complete(self._pass())

    def turn_there(self) -> None:
        """Let the owner loop turn."""
        self.there.run_until_complete(self._pass())

    def close(self) -> None:
        """Both loops end."""
        self.gate.set()
        self.turn_there()
        self.here.close()
        self.there.close()


@pytest.fixture
def loops() -> Iterator[TwoLoops]:
    """Two loops."""
    loops = TwoLoops()
    yield loops
    loops.close()


def test_outside_of_any_loop_nobody_is_on_the_owner_loop() -> None:
    """A plain thread asks too."""
    assert OwnerLoop().is_here is False


def test_a_call_withdrawn_before_it_arrived_is_never_begun(loops: TwoLoops) -> None:
    """Nothing happened yet, so nothing has to."""
    task = loops.call()
    task.cancel()
    loops.turn_here()
    loops.turn_there()
    assert task.cancelled()
    assert loops.begun == []


def test_a_withdrawn_reading_is_broken_off_on_the_owner_loop(loops: TwoLoops) -> None:
    """Nobody wants what it would have read."""
    task = loops.call(detached=False)
    loops.turn_there()
    assert loops.begun == ["work"]
    task.cancel()
    loops.turn_here()
    loops.turn_there()
    assert task.cancelled()
    assert loops.ended == ["work"]


def test_a_withdrawn_command_goes_on_on_the_owner_loop(loops: TwoLoops) -> None:
    """A cancelled caller takes only itself away."""
    task = loops.call()
    loops.turn_there()
    task.cancel()
    loops.turn_here()
    loops.turn_there()
    assert task.cancelled()
    assert loops.ended == []


def test_work_that_is_broken_off_there_is_told_as_a_closed_manager(loops: TwoLoops) -> None:
    """The caller was not cancelled, so it hears an error and no cancellation."""
    task = loops.call()
    loops.turn_there()
    for work in asyncio.all_tasks(loops.there):
        work.cancel()
    loops.turn_there()
    loops.turn_here()
    assert isinstance(task.exception(), ManagerClosed)


def test_work_under_way_is_waited_for_at_the_end(loops: TwoLoops) -> None:
    """Draining ends with the last of it."""
    task = loops.call()
    loops.turn_there()
    drained = loops.there.create_task(loops.owner.drain())
    loops.turn_there()
    assert not drained.done()
    loops.gate.set()
    loops.turn_there()
    loops.turn_here()
    assert drained.done()
    assert task.result() == "done"


def test_a_loop_that_closes_as_it_is_called_is_a_closed_manager(
    loops: TwoLoops, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at it and the call."""

    def closed(*_: object) -> None:
        raise RuntimeError("Event loop is closed")

    monkeypatch.setattr(loops.there, "call_soon_threadsafe", closed)
    task = loops.call()
    assert isinstance(task.exception(), ManagerClosed)
    assert loops.begun == []


# -- who waits --------------------------------------------------------------------------------


async def test_whoever_went_away_is_told_nothing() -> None:
    """Neither an answer nor a refusal, and the reply is not even made."""
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    future.cancel()
    made: list[object] = []
    waiter = Waiter(future, lambda session: made.append(session) or Done())
    waiter.tell(session_of(wave(2)))
    waiter.refuse(ManagerClosed("gone"))
    mail = Mail(SetSpeed(speed=None), future)
    mail.answer(Done())
    mail.refuse(ManagerClosed("gone"))
    assert made == []
    assert future.cancelled()


def test_a_command_taken_before_it_was_stored_leaves_no_trace_in_the_batch() -> None:
    """One that was stored has to be removed there."""
    command = Pause(command_id="p", orders=PauseOrders.KEEP)
    outbox = Outbox(0, b"", Cursor())
    outbox.schedule(ScheduledCommand(at=5, ordinal=1, command=command))
    outbox.unschedule("p")
    assert outbox.empty
    outbox.unschedule("stored before")
    batch = outbox.cut(Cursor(), None)
    assert batch.scheduled == ()
    assert batch.taken == ("stored before",)


def test_a_standing_pace_lets_nothing_happen_and_waits_for_nothing() -> None:
    """Session time has no limit at full speed, and does not move while it stands."""
    clock = ManualClock()
    pacer = Pacer(clock, "2")
    assert (pacer.limit(), pacer.seconds_until(9 * SECOND)) == (0, 0.0)
    pacer.run_from(SECOND)
    assert pacer.seconds_until(9 * SECOND) == 4.0
    pacer.stand_still()
    clock.advance(3)
    assert (pacer.limit(), pacer.seconds_until(9 * SECOND)) == (0, 0.0)


# -- a journal that is not whole --------------------------------------------------------------


def reader_of(stored: Sequence[StoredRecord]) -> ReadPage:
    """Pages of these records."""

    async def read(after_seq: int, limit: int) -> Sequence[StoredRecord]:
        return stored[after_seq : after_seq + limit]

    return read


def bought() -> Rehearsal:
    """A short session with one order."""
    rehearsal = rehearse(quotes_market([("100", "101")] * 3, instrument=XYZ))
    rehearsal.rows(1)
    rehearsal.send("A", OrderSide.BUY, "1")
    rehearsal.rest()
    return rehearsal


async def look(stored: Sequence[StoredRecord]) -> JournalDamaged:
    """What a survey of damaged records says."""
    head = extend_all(GENESIS, [record.raw for record in stored]).hex()
    with pytest.raises(JournalDamaged) as caught:
        await survey("s", reader_of(stored), last_seq=len(stored), chain_head=head, page_records=2)
    return caught.value


async def test_an_empty_journal_is_whole() -> None:
    """It has no first record, and nothing in it."""
    facts = await survey("s", reader_of(()), last_seq=0, chain_head="", page_records=2)
    assert (facts.last_seq, facts.attached, facts.inputs) == (0, None, ())


async def test_a_gap_in_the_journal_is_named() -> None:
    """The first record that is missing."""
    raws = bought().raws
    error = await look(
        [StoredRecord(seq if seq < 3 else seq + 1, r) for seq, r in enumerate(raws, 1)]
    )
    assert error.fields["seq"] == 3
    assert "record 3 is missing" in str(error)


async def test_a_journal_begins_with_what_the_session_was_joined_to() -> None:
    """Anything else is no journal of ours."""
    raws = bought().raws[1:]
    error = await look([StoredRecord(seq, raw) for seq, raw in enumerate(raws, 1)])
    assert error.fields["seq"] == 1
    assert "SessionAttached" in str(error)


async def test_a_record_that_cannot_be_read_is_named() -> None:
    """Though the chain over it is right."""
    raws = [*bought().raws[:2], b'{"kind":"CommandTaken.1","seq":"three"}']
    error = await look([StoredRecord(seq, raw) for seq, raw in enumerate(raws, 1)])
    assert error.fields["seq"] == 3
    assert "unreadable" in str(error)


async def replayed(
    rehearsal: Rehearsal, raws: Sequence[bytes], until: Cursor
) -> JournalMismatch | None:
    """A replay of these records by a fresh engine: how it differs."""
    feed = await ScriptedGateway([rehearsal.all_rows]).open(rehearsal.session.config.market)
    rows = RowReader(feed, 2, lambda: None)
    read = reader_of([StoredRecord(seq, raw) for seq, raw in enumerate(raws, 1)])
    facts = await survey(
        "s", read, last_seq=len(raws), chain_head=extend_all(GENESIS, raws).hex(), page_records=9
    )
    engine = ProcessingEngine(rehearsal.session, None, "source")
    engine.process([rehearsal.attach])
    replay = Replay(
        "s",
        engine,
        rows,
        read,
        after_seq=1,
        last_seq=len(raws),
        slice_rows=9,
        page_records=9,
        tells_strategy=False,
    )
    try:
        await replay.run(facts.inputs, until)
    except JournalMismatch as error:
        return error
    finally:
        await rows.close()
    return None


async def test_a_stored_record_that_nothing_makes_is_a_difference() -> None:
    """The journal has one more than the inputs give, before and at the end of the data."""
    rehearsal = bought()
    last = rehearsal.raws[-1]
    for until in (rehearsal.engine.cursor, Cursor(row=99, ts=rehearsal.engine.now)):
        error = await replayed(rehearsal, [*rehearsal.raws, last], until)
        assert error is not None
        assert error.fields["seq"] == len(rehearsal.raws) + 1
        assert error.fields["expected"] == last


async def test_rows_beyond_the_end_of_the_data_are_not_waited_for() -> None:
    """All records were made, and that is what counts."""
    rehearsal = bought()
    until = Cursor(row=99, ts=rehearsal.engine.now)
    assert await replayed(rehearsal, rehearsal.raws, until) is None


async def test_rows_are_not_pressed_on_a_session_that_stands_still() -> None:
    """A paused engine takes none, and the replay ends there."""
    rehearsal = rehearse(quotes_market([("100", "101")] * 3, instrument=XYZ))
    rehearsal.rows(1)
    rehearsal.take(lambda name: Pause(command_id=name, orders=PauseOrders.KEEP))
    assert rehearsal.engine.status is SessionStatus.PAUSED
    until = Cursor(row=3, ts=rehearsal.engine.now)
    assert await replayed(rehearsal, rehearsal.raws, until) is None


async def test_a_session_without_records_verifies() -> None:
    """There is nothing to differ, and the market is not even opened."""
    stage = Stage()
    verdict = await verify(
        session_of(stage.market), stage.gateway, stage.engine, stage.repository, Limits()
    )
    assert (verdict.outcome, verdict.records) == (ReplayOutcome.EQUAL, 0)
    assert stage.gateway.opened == 0


async def test_a_session_without_records_has_an_empty_report() -> None:
    """One without cash to divide by, too."""
    session = session_of(wave(2), cash="0")
    report = await read_report(session, InMemoryRepository())
    assert report == make_report(session, ())
    assert (report.fills, report.moments, report.return_pct) == ((), (), "0")


async def test_no_report_is_made_of_a_part_of_the_journal() -> None:
    """Nor of records that are not those of the session's chain."""
    session = msgspec.structs.replace(session_of(wave(2)), last_seq=3)
    with pytest.raises(JournalDamaged, match="ends at record 0 of 3"):
        await read_report(session, InMemoryRepository())
    stage = Stage(strategy=Trader)
    async with stage.manager() as manager:
        await manager.start_session(stage.config(), session_id="a")
        ended = await manager.wait("a")
    assert (await read_report(ended, stage.repository)).fills
    other = msgspec.structs.replace(ended, chain_head="00" * 32)
    with pytest.raises(JournalDamaged, match="another chain"):
        await read_report(other, stage.repository)
