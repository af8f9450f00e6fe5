"""A store whose files are taken away while it is open acknowledges nothing into the void."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.stage import Stage, Trader, eventually, market_order, quiet

from offbook.adapters.persistence import reads
from offbook.adapters.persistence.connections import DATABASE_FILE, open_reader
from offbook.adapters.persistence.sqlite_repository import (
    ReadOnlySqliteRepository,
    SqliteRepository,
)
from offbook.domain.errors import CommitOutcomeUnknown, StorageUnavailable
from offbook.domain.session import SessionHealth, SessionStatus
from offbook.services.paper_trading.verification import ReplayOutcome
from offbook.testing.sessions import new_session

if sys.platform == "win32":
    pytest.skip("an open file cannot be taken away there", allow_module_level=True)

LOG_FILE = DATABASE_FILE + "-wal"


def replaced(path: Path) -> None:
    """Another database under the same name."""
    path.rename(path.with_name("aside"))
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE t (x)")
    other.close()


@pytest.mark.parametrize(
    ("take_away", "file", "reason", "told"),
    [
        (Path.unlink, DATABASE_FILE, "deleted", "was deleted or moved away"),
        (replaced, DATABASE_FILE, "replaced", "was replaced by another file"),
        (Path.unlink, LOG_FILE, "deleted", "was deleted or moved away"),
        (replaced, LOG_FILE, "replaced", "was replaced by another file"),
    ],
)
async def test_nothing_is_acknowledged_once_a_file_is_gone(
    tmp_path: Path, take_away: Callable[[Path], None], file: str, reason: str, told: str
) -> None:
    repository = SqliteRepository.open(tmp_path)
    await repository.save(new_session(1), expected_version=0, epoch=0)
    assert len(await repository.list()) == 1
    take_away(tmp_path / file)
    before = set(os.listdir(tmp_path))
    for _ in range(2):
        with pytest.raises(StorageUnavailable, match=told) as caught:
            await repository.save(new_session(2), expected_version=0, epoch=0)
        assert type(caught.value) is StorageUnavailable, "it surely did not happen"
        assert caught.value.fields == {"path": str(tmp_path / file), "reason": reason}
        with pytest.raises(StorageUnavailable, match=told):
            await repository.list()
    assert set(os.listdir(tmp_path)) == before, "no empty database is made in its place"
    await repository.close()


async def test_a_file_that_goes_during_a_commit_leaves_its_outcome_open(
    tmp_path: Path, control
) -> None:
    """Nor may it be looked up in the lost file; once that is back, it is found there."""
    repository = SqliteRepository.open(tmp_path, connection_type=control.connection_type)
    await repository.save(new_session(1), expected_version=0, epoch=0)
    await repository.list()  # a reader has the file open, too
    database, aside = tmp_path / DATABASE_FILE, tmp_path / "aside"
    run = control._run

    def moving(statement: str, execute: Callable[[], sqlite3.Cursor]) -> sqlite3.Cursor:
        if statement == "COMMIT" and not aside.exists():
            database.rename(aside)
        return run(statement, execute)

    control._run = moving
    with pytest.raises(CommitOutcomeUnknown, match="was deleted or moved away"):
        await repository.save(new_session(2), expected_version=0, epoch=0)
    with pytest.raises(StorageUnavailable):
        await repository.get(new_session(2).id)
    aside.rename(database)
    assert await repository.get(new_session(2).id) == new_session(2)
    control._run = run
    await repository.save(new_session(3), expected_version=0, epoch=0)
    assert len(await repository.list()) == 3
    await repository.close()


async def test_no_reader_is_kept_that_was_opened_on_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would answer from there when the right file has come back."""
    first = SqliteRepository.open(tmp_path / "store")
    await first.save(new_session(1), expected_version=0, epoch=0)
    await first.close()
    repository = SqliteRepository.open(tmp_path / "store")
    await SqliteRepository.open(tmp_path / "other").close()
    database, aside = tmp_path / "store" / DATABASE_FILE, tmp_path / "aside"
    other = tmp_path / "other" / DATABASE_FILE

    def just_exchanged(path: Path) -> sqlite3.Connection:
        database.rename(aside)
        other.rename(database)
        return open_reader(path)

    with monkeypatch.context() as patch:
        patch.setattr(reads, "open_reader", just_exchanged)
        with pytest.raises(StorageUnavailable, match="replaced"):
            await repository.list()
    database.rename(other)
    aside.rename(database)
    assert await repository.list() == (new_session(1),)
    await repository.close()


async def test_what_a_deleted_log_held_is_kept_by_closing(tmp_path: Path) -> None:
    """As its message promises."""
    repository = SqliteRepository.open(tmp_path)
    await repository.save(new_session(1), expected_version=0, epoch=0)
    (tmp_path / LOG_FILE).unlink()
    with pytest.raises(StorageUnavailable, match="saves what it can"):
        await repository.save(new_session(2), expected_version=0, epoch=0)
    await repository.close()
    again = SqliteRepository.open(tmp_path)
    assert await again.list() == (new_session(1),)
    await again.close()


async def test_an_onlooker_does_not_tell_of_a_file_that_is_gone(tmp_path: Path) -> None:
    repository = SqliteRepository.open(tmp_path)
    await repository.save(new_session(1), expected_version=0, epoch=0)
    onlooker = ReadOnlySqliteRepository.open(tmp_path)
    assert len(await onlooker.list()) == 1
    (tmp_path / DATABASE_FILE).unlink()
    with pytest.raises(StorageUnavailable, match="deleted"):
        await onlooker.list()
    await onlooker.close()
    await repository.close()


async def test_a_log_that_sqlite_itself_renews_is_not_taken_for_a_lost_one(
    tmp_path: Path, control
) -> None:
    """After an error the last connection is closed, which deletes the log."""
    repository = SqliteRepository.open(tmp_path, connection_type=control.connection_type)
    for number in range(1, 6):
        control.fail_statement("COMMIT", sqlite3.OperationalError("disk I/O error"))
        with pytest.raises(CommitOutcomeUnknown):
            await repository.save(new_session(number), expected_version=0, epoch=0)
        assert await repository.list() == tuple(map(new_session, range(1, number)))
        await repository.save(new_session(number), expected_version=0, epoch=0)
    await repository.close()


async def test_a_session_stands_still_while_its_file_is_away_and_goes_on_when_it_is_back(
    tmp_path: Path,
) -> None:
    """STORAGE_DOWN, with what happened; commands are refused; the chain is as if nothing was."""
    stage = Stage(strategy=Trader)
    stage.repository = SqliteRepository.open(tmp_path)
    database = tmp_path / DATABASE_FILE
    async with stage.manager() as manager:
        await manager.start_session(stage.config(speed="1"), session_id="a")
        database.rename(tmp_path / "aside")
        with pytest.raises(StorageUnavailable, match="was deleted or moved away"):
            await manager.submit_order("a", market_order())
        down = await manager.get_session("a")
        assert (down.health, down.status) == (SessionHealth.STORAGE_DOWN, SessionStatus.RUNNING)
        assert f"{database} was deleted or moved away" in down.health_detail
        with pytest.raises(StorageUnavailable, match="was deleted or moved away"):
            await manager.stop_session("a")
        (tmp_path / "aside").rename(database)

        async def well() -> bool:
            stage.clock.advance(10)
            return (await manager.get_session("a")).health is SessionHealth.OK

        await eventually(well, turns=200_000)
        assert (await manager.get_session("a")).health_detail == ""
        await manager.set_speed("a", None)
        assert (await manager.wait("a")).status is SessionStatus.STOPPED
        assert (await manager.verify("a")).outcome is ReplayOutcome.EQUAL
        await quiet(stage, manager)
    await stage.repository.close()
