"""Whatever statement fails, the store holds the state before or the state after, and says which."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from offbook.adapters.persistence.connections import DATABASE_FILE
from offbook.adapters.persistence.sqlite_repository import SqliteRepository
from offbook.domain import chain
from offbook.domain.errors import CommitOutcomeUnknown, JournalDamaged, StorageUnavailable
from offbook.domain.journal import CommandAnswer, Operation, OperationKind
from offbook.testing.sessions import EPOCH, new_session, scheduled, snapshot, step

# More than any change or opening has; running past the last statement ends each search.
STATEMENTS_MAX = 200


def full_step(session):
    """A save that touches every table."""
    seq = session.last_seq
    return step(
        session,
        3,
        answers=(CommandAnswer(command_id=f"a{seq}", body_digest="d", answer=b"x"),),
        scheduled=(scheduled(seq, 1, f"s{seq}"),),
        taken=(f"s{seq - 3}",),
        snapshot=snapshot(seq + 3),
        operations=(Operation(at=EPOCH, kind=OperationKind.COMMAND, detail=str(seq)),),
    )


async def whole_state(repository, session_id):
    """Everything that a store tells of a session."""
    return (
        await repository.get(session_id),
        tuple(await repository.read_journal(session_id)),
        await repository.latest_snapshot(session_id),
        [await repository.find_answer(session_id, f"a{seq}") for seq in range(0, 10, 3)],
        tuple(await repository.scheduled_commands(session_id)),
        tuple(await repository.operations(session_id)),
    )


async def states_before_and_after(tmp_path: Path):
    """What a store without faults tells before and after the second full step."""
    repository = SqliteRepository.open(tmp_path / "model")
    session = await prepared(repository)
    before = await whole_state(repository, session.id)
    after_session, batch = full_step(session)
    await repository.save(after_session, batch, expected_version=session.version, epoch=1)
    after = await whole_state(repository, session.id)
    await repository.close()
    return before, after


async def prepared(repository):
    """A store with an owned session after one full step."""
    session = new_session()
    await repository.save(session, expected_version=0, epoch=0)
    await repository.acquire_lease(session.id, "owner")
    session, batch = full_step(session)
    await repository.save(session, batch, expected_version=1, epoch=1)
    return session


@pytest.mark.parametrize("after_running", [False, True])
async def test_any_statement_of_a_save_may_fail(tmp_path: Path, control, after_running) -> None:
    before, after = await states_before_and_after(tmp_path)
    failed = 0
    for number in range(1, STATEMENTS_MAX):
        store = tmp_path / str(number)
        repository = SqliteRepository.open(store, connection_type=control.connection_type)
        session = await prepared(repository)
        stepped, batch = full_step(session)
        control.fail(number, after_running=after_running)
        try:
            await repository.save(stepped, batch, expected_version=session.version, epoch=1)
            expected = after
        except CommitOutcomeUnknown:
            assert control.statements[-1] == "COMMIT"
            expected = after if after_running else before
            failed += 1
        except StorageUnavailable:
            expected = before
            failed += 1
        done = control.fail_at is not None
        control.fail_at = None
        assert await whole_state(repository, session.id) == expected, number
        await goes_on(repository, session.id)
        await repository.close()
        if done:
            break
    assert failed == number - 1 > 10


async def goes_on(repository, session_id: str) -> None:
    """After a failure the same repository takes the next save, and the chain verifies."""
    session = await repository.get(session_id)
    stepped, batch = step(session, 2)
    await repository.save(stepped, batch, expected_version=session.version, epoch=1)
    raws = [one.raw for one in await repository.read_journal(session_id)]
    assert chain.extend_all(chain.GENESIS, raws).hex() == stepped.chain_head


@pytest.mark.parametrize("after_running", [False, True])
async def test_any_statement_of_taking_a_lease_may_fail(
    tmp_path: Path, control, after_running
) -> None:
    repository = SqliteRepository.open(tmp_path, connection_type=control.connection_type)
    session = new_session()
    await repository.save(session, expected_version=0, epoch=0)
    epochs = []
    for number in range(1, STATEMENTS_MAX):
        control.fail(number, after_running=after_running)
        try:
            epochs.append(await repository.acquire_lease(session.id, "owner"))
        except StorageUnavailable:
            continue
        if control.fail_at is not None:
            break
    control.fail_at = None
    assert epochs == sorted(set(epochs))
    assert await repository.acquire_lease(session.id, "owner") > epochs[-1]
    await repository.close()


@pytest.mark.parametrize("after_running", [False, True])
async def test_any_statement_of_opening_may_fail(tmp_path: Path, control, after_running) -> None:
    for number in range(1, STATEMENTS_MAX):
        store = tmp_path / str(number)
        first = SqliteRepository.open(store)
        session = await prepared(first)
        expected = await whole_state(first, session.id)
        await first.close()
        control.fail(number, after_running=after_running)
        try:
            second = SqliteRepository.open(store, connection_type=control.connection_type)
        except StorageUnavailable:
            control.fail_at = None
            second = SqliteRepository.open(store)
        done = control.fail_at is not None
        control.fail_at = None
        assert await whole_state(second, session.id) == expected
        await second.close()
        if done:
            break
    assert number > 10


async def test_a_full_disk_takes_nothing_and_recovers(tmp_path: Path, control) -> None:
    SqliteRepository.open(tmp_path)._lock.release()
    repository = await reopened_with(tmp_path, control, "PRAGMA max_page_count = 40")
    session = new_session()
    await repository.save(session, expected_version=0, epoch=0)
    caught = None
    while caught is None:
        stepped, batch = step(session, 5, "x" * 2000)
        try:
            await repository.save(stepped, batch, expected_version=session.version, epoch=0)
            session = stepped
        except StorageUnavailable as error:
            caught = error
    assert caught.fields["reason"] == "full"
    assert caught.fields["sqlite"] == "SQLITE_FULL"
    assert not isinstance(caught, CommitOutcomeUnknown)
    assert await repository.get(session.id) == session
    control.settings.clear()
    await repository.save(stepped, batch, expected_version=session.version, epoch=0)
    assert len(await repository.read_journal(session.id)) == stepped.last_seq
    await repository.close()


async def reopened_with(store: Path, control, setting: str):
    """A repository whose connections begin with a setting."""
    control.settings.append(setting)
    return SqliteRepository.open(store, connection_type=control.connection_type)


async def test_a_database_held_by_another_program_is_told_so(tmp_path: Path, control) -> None:
    repository = await reopened_with(tmp_path, control, "PRAGMA busy_timeout = 0")
    await repository.save(new_session(), expected_version=0, epoch=0)
    intruder = sqlite3.connect(tmp_path / DATABASE_FILE, isolation_level=None)
    intruder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable) as caught:
        await repository.save(new_session(2), expected_version=0, epoch=0)
    assert caught.value.fields["reason"] == "locked"
    intruder.close()
    await repository.save(new_session(2), expected_version=0, epoch=0)
    await repository.close()


async def test_a_suspect_log_is_not_added_to_while_a_reader_keeps_it_in_use(
    tmp_path: Path, control
) -> None:
    repository = await reopened_with(tmp_path, control, "PRAGMA busy_timeout = 0")
    await repository.save(new_session(1), expected_version=0, epoch=0)
    reader = sqlite3.connect(tmp_path / DATABASE_FILE, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM sessions").fetchall()
    control.fail_statement("COMMIT", sqlite3.OperationalError("disk I/O error"))
    for number in (2, 3):
        with pytest.raises(StorageUnavailable):
            await repository.save(new_session(number), expected_version=0, epoch=0)
    reader.close()
    await repository.save(new_session(4), expected_version=0, epoch=0)
    assert await repository.list() == (new_session(1), new_session(4))
    await repository.close()


async def test_a_reader_of_long_standing_does_not_keep_a_store_from_opening(
    tmp_path: Path, control
) -> None:
    await SqliteRepository.open(tmp_path).close()
    reader = sqlite3.connect(tmp_path / DATABASE_FILE, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM sessions").fetchall()
    repository = await reopened_with(tmp_path, control, "PRAGMA busy_timeout = 0")
    await repository.save(new_session(), expected_version=0, epoch=0)
    reader.close()
    await repository.close()


async def test_a_damaged_file_is_told_so(tmp_path: Path) -> None:
    (tmp_path / DATABASE_FILE).write_bytes(b"no database at all" * 1000)
    with pytest.raises(StorageUnavailable) as caught:
        SqliteRepository.open(tmp_path)
    assert caught.value.fields["reason"] == "damaged"


async def test_a_store_that_cannot_be_made_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageUnavailable):
        SqliteRepository.open(tmp_path / "file" / "store")


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE journal SET records = records || x'0a' || records WHERE first_seq = 4",
        "DELETE FROM journal WHERE first_seq = 4",
        "UPDATE sessions SET document = '{}'",
    ],
)
async def test_damaged_rows_are_never_read_as_sound(tmp_path: Path, damage: str) -> None:
    repository = SqliteRepository.open(tmp_path)
    session = new_session()
    await repository.save(session, expected_version=0, epoch=0)
    for _ in range(3):
        before = session.version
        session, batch = step(session, 3)
        await repository.save(session, batch, expected_version=before, epoch=0)
    intruder = sqlite3.connect(tmp_path / DATABASE_FILE)
    intruder.execute(damage)
    intruder.commit()
    intruder.close()
    with pytest.raises(JournalDamaged):
        await asyncio.gather(repository.read_journal(session.id), repository.get(session.id))
    await repository.close()
