"""Many sessions share one flush, and none suffers from another."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from offbook.adapters.persistence import log_length, writer
from offbook.adapters.persistence.changes import ReleaseLease
from offbook.adapters.persistence.log_length import LogLength
from offbook.adapters.persistence.sqlite_repository import SqliteRepository
from offbook.adapters.persistence.statements import MOVE_LOG
from offbook.domain.errors import (
    CommitOutcomeUnknown,
    ConcurrencyConflict,
    LeaseLost,
    StorageUnavailable,
)
from offbook.domain.identifiers import hashed_uuid
from offbook.domain.journal import CommandAnswer
from offbook.testing.sessions import later, new_session, step


@pytest.fixture
async def repository(tmp_path: Path, control):
    repository = SqliteRepository.open(tmp_path, connection_type=control.connection_type)
    yield repository
    await repository.close()


async def held_commit(repository, control):
    """Bring the writer into a COMMIT that does not end; (the save in it, how to end it)."""
    arrived, go_on = control.hold("COMMIT")
    save = asyncio.create_task(repository.save(new_session(0), expected_version=0, epoch=0))
    await asyncio.to_thread(arrived.wait, 30)
    return save, go_on


async def begun(*calls):
    """The calls as tasks that wait for the writer."""
    tasks = [asyncio.create_task(call) for call in calls]
    await asyncio.sleep(0)
    return tasks


async def test_all_that_waits_is_committed_at_once(repository, control) -> None:
    first, go_on = await held_commit(repository, control)
    control.statements.clear()
    sessions = [new_session(number) for number in range(1, 101)]
    rest = await begun(*(repository.save(one, expected_version=0, epoch=0) for one in sessions))
    go_on.set()
    await asyncio.gather(first, *rest)
    assert control.count("COMMIT") == 1
    assert len(await repository.list()) == 101


async def test_a_group_is_bounded(repository, control, monkeypatch) -> None:
    monkeypatch.setattr(writer, "GROUP_CHANGES_MAX", 10)
    first, go_on = await held_commit(repository, control)
    control.statements.clear()
    sessions = [new_session(number) for number in range(1, 31)]
    rest = await begun(*(repository.save(one, expected_version=0, epoch=0) for one in sessions))
    go_on.set()
    await asyncio.gather(first, *rest)
    assert control.count("COMMIT") == 3


async def test_a_refused_save_harms_no_other_of_its_group(repository, control) -> None:
    one, two = new_session(1), new_session(2)
    await repository.save(one, expected_version=0, epoch=0)
    await repository.save(two, expected_version=0, epoch=0)
    epoch = await repository.acquire_lease(two.id, "owner")
    first, go_on = await held_commit(repository, control)
    stepped, batch = step(one, 2)
    tasks = await begun(
        repository.save(stepped, batch, expected_version=1, epoch=0),
        repository.save(stepped, batch, expected_version=1, epoch=0),
        repository.save(later(two), expected_version=1, epoch=epoch + 1),
        repository.save(later(two), expected_version=1, epoch=epoch),
    )
    go_on.set()
    await first
    good, conflict, lost, also_good = await asyncio.gather(*tasks, return_exceptions=True)
    assert good is None
    assert also_good is None
    assert isinstance(conflict, ConcurrencyConflict)
    assert isinstance(lost, LeaseLost)
    assert await repository.get(one.id) == stepped
    assert len(await repository.read_journal(one.id)) == 2


async def test_a_value_that_cannot_be_stored_harms_no_other_of_its_group(
    repository, control
) -> None:
    first, go_on = await held_commit(repository, control)
    tasks = await begun(
        repository.release_lease("no session", 2**63),  # more than the database's integers hold
        repository.save(new_session(3), expected_version=0, epoch=0),
    )
    go_on.set()
    await first
    bad, good = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(bad, StorageUnavailable)
    assert good is None


async def test_a_failed_commit_fails_everyone_in_it(repository, control) -> None:
    first, go_on = await held_commit(repository, control)
    tasks = await begun(
        *(repository.save(new_session(n), expected_version=0, epoch=0) for n in (1, 2)),
        repository.save(new_session(0), expected_version=0, epoch=0),
    )
    control.fail_statement("COMMIT", sqlite3.OperationalError("disk I/O error"))
    go_on.set()
    await asyncio.wait([first])
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(one, CommitOutcomeUnknown) for one in results), results


async def test_a_commit_that_surely_did_not_happen_says_so(repository, control) -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    control.fail_statement("COMMIT", full)
    with pytest.raises(StorageUnavailable) as caught:
        await repository.save(new_session(), expected_version=0, epoch=0)
    assert not isinstance(caught.value, CommitOutcomeUnknown)
    assert caught.value.fields["reason"] == "full"
    assert await repository.list() == ()
    await repository.save(new_session(), expected_version=0, epoch=0)


async def test_after_an_error_the_log_is_settled_before_anything_is_added(
    repository, control
) -> None:
    await repository.save(new_session(1), expected_version=0, epoch=0)
    control.fail_statement("COMMIT", sqlite3.OperationalError("disk I/O error"))
    with pytest.raises(CommitOutcomeUnknown):
        await repository.save(new_session(2), expected_version=0, epoch=0)
    control.statements.clear()
    await repository.save(new_session(3), expected_version=0, epoch=0)
    checkpoint = control.statements.index("PRAGMA wal_checkpoint(TRUNCATE)")
    assert checkpoint < control.statements.index("BEGIN IMMEDIATE")


async def test_reading_does_not_wait_for_writing(repository, control) -> None:
    await repository.save(new_session(1), expected_version=0, epoch=0)
    first, go_on = await held_commit(repository, control)
    assert await repository.list() == (new_session(1),)
    go_on.set()
    await first


async def test_too_many_waiting_changes_are_refused(repository, control, monkeypatch) -> None:
    monkeypatch.setattr(writer, "WAITING_MAX", 3)
    first, go_on = await held_commit(repository, control)
    tasks = await begun(
        *(repository.save(new_session(n), expected_version=0, epoch=0) for n in range(1, 4))
    )
    with pytest.raises(StorageUnavailable) as caught:
        await repository.save(new_session(4), expected_version=0, epoch=0)
    assert caught.value.fields["reason"] == "overloaded"
    go_on.set()
    await asyncio.gather(first, *tasks)
    assert len(await repository.list()) == 4


async def test_canceled_callers_neither_block_nor_break_the_writer(repository, control) -> None:
    first, go_on = await held_commit(repository, control)
    tasks = await begun(
        *(repository.save(new_session(n), expected_version=0, epoch=0) for n in range(1, 11))
    )
    for task in tasks[::2]:
        task.cancel()
    go_on.set()
    await first
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert results[1::2] == [None] * 5
    assert all(isinstance(one, asyncio.CancelledError) for one in results[::2])
    await repository.save(new_session(11), expected_version=0, epoch=0)


async def test_the_loop_of_a_caller_may_be_gone(tmp_path: Path, control) -> None:
    repository = SqliteRepository.open(tmp_path / "x", connection_type=control.connection_type)
    arrived, go_on = control.hold("COMMIT")

    async def leave() -> None:
        task = asyncio.create_task(repository.save(new_session(), expected_version=0, epoch=0))
        await asyncio.to_thread(arrived.wait, 30)
        task.cancel()

    await asyncio.to_thread(asyncio.run, leave())
    go_on.set()
    await repository.save(new_session(2), expected_version=0, epoch=0)
    assert len(await repository.list()) == 2
    await repository.close()


def moves(commits, held):
    """After which commits a log is moved, each given as its rows and bytes; it then tells that it
    held so many pages."""
    asked = []

    class Connection:
        total_changes = 17  # of what was done before

        def execute(self, statement):
            asked.append(statement)
            return self

        def fetchone(self):
            return (0, held, held)

    log, connection, moved = LogLength(), Connection(), []
    log.take_over(connection)
    for number, (rows, size) in enumerate(commits, start=1):
        connection.total_changes += rows
        log.grow([ReleaseLease("s", 1, size)], connection)
        log.shorten_if_due(connection)
        if asked[1:]:
            moved.append(number)
            assert asked.pop() == "PRAGMA wal_checkpoint(PASSIVE)"
    assert asked == ["PRAGMA wal_autocheckpoint = 0"]
    return moved


def test_the_log_is_moved_when_it_is_long() -> None:
    assert moves([(1, 0)] * 600, held=1000) == [200, 400, 600]
    assert moves([(96, 0)] * 20, held=1000) == [10, 20]
    assert moves([(1, 8 << 20)], held=1000) == [1]
    assert moves([(1, 40_000)] * 80, held=1000) == [72]


def test_the_next_log_is_awaited_as_the_last_one_was_counted() -> None:
    assert moves([(96, 0)] * 99, held=500) == [10, 30, 70]
    assert moves([(96, 0)] * 100, held=1) == [10, 50, 90]
    assert moves([(96, 0)] * 20, held=2000) == [10, 15, 18, 20]
    assert moves([(96, 0)] * 20, held=-1) == [10, 20]  # it was not looked at


def test_where_somebody_always_reads_it_is_tried_after_each_group() -> None:
    """A log of which the database has all is begun anew only when a group finds no reader there."""
    assert moves([(96, 0)] * 14, held=90_000) == [10, 11, 12, 13, 14]


@pytest.mark.parametrize(("sessions", "answers"), [(1, 64), (40, 0)])
async def test_a_log_grows_to_about_what_it_may(
    repository, control, tmp_path, monkeypatch, sessions: int, answers: int
) -> None:
    """Whether a commit holds many answers, each in a place of its own, or many short saves."""
    monkeypatch.setattr(log_length, "PAGES_MAX", 200)
    now = [new_session(number) for number in range(sessions)]
    await asyncio.gather(*(repository.save(one, expected_version=0, epoch=0) for one in now))
    for turn in range(24):
        saves = []
        for place, before in enumerate(now):
            names = [hashed_uuid(f"{turn} {number}") for number in range(answers)]
            given = tuple(
                CommandAnswer(command_id=name, body_digest="", answer=b"x" * 500) for name in names
            )
            now[place], batch = step(before, answers=given)
            saves.append(repository.save(now[place], batch, expected_version=1 + turn, epoch=0))
        await asyncio.gather(*saves)
    pages = (tmp_path / "sessions.sqlite3-wal").stat().st_size / 4096
    assert 100 < pages < 400
    assert 1 <= control.count(MOVE_LOG) <= 9


async def test_what_lost_its_transaction_is_not_told_as_done(repository) -> None:
    class Lost(ReleaseLease):
        def apply(self, connection):
            connection.execute("ROLLBACK")

    with pytest.raises(CommitOutcomeUnknown):
        await repository._writer.submit(Lost("s", 1))


async def test_the_log_is_moved_after_callers_are_answered(tmp_path, control, monkeypatch) -> None:
    monkeypatch.setattr(log_length, "PAGES_MAX", 1)
    repository = SqliteRepository.open(tmp_path, connection_type=control.connection_type)
    arrived, go_on = control.hold(MOVE_LOG)
    await repository.save(new_session(1), expected_version=0, epoch=0)
    assert await asyncio.to_thread(arrived.wait, 30)
    second = asyncio.create_task(repository.save(new_session(2), expected_version=0, epoch=0))
    go_on.set()
    await second
    await repository.close()
    moved, committed = control.statements.index(MOVE_LOG), control.statements.index("COMMIT")
    assert committed < moved


async def test_a_log_that_cannot_be_moved_is_settled_before_anything_is_added(
    repository, control, monkeypatch
) -> None:
    monkeypatch.setattr(log_length, "PAGES_MAX", 1)
    control.fail_statement(MOVE_LOG, sqlite3.OperationalError("disk I/O error"))
    arrived, go_on = control.hold(MOVE_LOG)
    await repository.save(new_session(1), expected_version=0, epoch=0)
    assert await asyncio.to_thread(arrived.wait, 30)
    monkeypatch.setattr(log_length, "PAGES_MAX", 1_000_000)
    go_on.set()
    await repository.save(new_session(2), expected_version=0, epoch=0)
    failed = control.statements.index(MOVE_LOG)
    after = control.statements[failed:]
    assert after.index("PRAGMA wal_checkpoint(TRUNCATE)") < after.index("BEGIN IMMEDIATE")
    assert len(await repository.list()) == 2
