"""Choosing stores, and what opening them refuses."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from offbook.adapters.persistence import stores
from offbook.adapters.persistence.connections import DATABASE_FILE, open_writer, storage_error
from offbook.adapters.persistence.locks import StoreLock
from offbook.adapters.persistence.sqlite_repository import (
    ReadOnlySqliteRepository,
    SqliteRepository,
)
from offbook.adapters.persistence.stores import list_union, open_for_writing, store_paths
from offbook.domain.errors import StorageUnavailable
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.testing.sessions import new_session, step


async def test_both_repositories_are_what_the_port_asks_for(tmp_path: Path) -> None:
    repository = SqliteRepository.open(tmp_path)
    assert isinstance(repository, IPaperTradingSessionRepository)
    onlooker = ReadOnlySqliteRepository.open(tmp_path)
    assert isinstance(onlooker, IPaperTradingSessionRepository)
    await onlooker.close()
    await onlooker.close()
    with pytest.raises(StorageUnavailable):
        await onlooker.list()
    await repository.close()


async def test_new_stores_are_numbered_after_those_there_are(tmp_path: Path) -> None:
    (tmp_path / "stores" / "9").mkdir(parents=True)
    (tmp_path / "stores" / "notes").mkdir()
    opened = [open_for_writing(tmp_path) for _ in range(3)]
    names = [one.store.relative_to(tmp_path).as_posix() for one in opened]
    assert names == ["store", "stores/10", "stores/11"]
    for number, one in enumerate(reversed(opened)):
        await one.save(new_session(number), expected_version=0, epoch=0)
    listing = await list_union(tmp_path)
    assert [one.store for one in listing.sessions] == [one.store for one in reversed(opened)]
    assert store_paths(tmp_path) == tuple(one.store for one in opened)
    for one in opened:
        await one.close()


async def test_a_number_that_another_process_takes_first_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stores" / "1").mkdir(parents=True)
    monkeypatch.setattr(stores, "_number", lambda path: (0, path.name))
    first, second = open_for_writing(tmp_path), open_for_writing(tmp_path)
    assert second.store == tmp_path / "stores" / "2"
    await first.close()
    await second.close()


async def test_where_no_store_can_be_made_it_is_told(tmp_path: Path) -> None:
    first = open_for_writing(tmp_path)
    (tmp_path / "stores").write_text("in the way")
    with pytest.raises(StorageUnavailable):
        open_for_writing(tmp_path)
    await first.close()
    with pytest.raises(StorageUnavailable):
        StoreLock(tmp_path / "absent")
    with pytest.raises(StorageUnavailable) as caught:
        ReadOnlySqliteRepository.open(tmp_path / "absent")
    assert caught.value.fields["reason"] == "missing"


async def test_an_empty_data_directory_has_no_sessions(tmp_path: Path) -> None:
    assert await list_union(tmp_path) == stores.UnionListing(())


async def test_closing_leaves_one_tidy_file_and_an_onlooker_can_still_read(tmp_path: Path) -> None:
    repository = SqliteRepository.open(tmp_path)
    await repository.save(new_session(), expected_version=0, epoch=0)
    await repository.close()
    assert set(os.listdir(tmp_path)) == {DATABASE_FILE, "lock"}
    onlooker = ReadOnlySqliteRepository.open(tmp_path)
    assert await onlooker.list() == (new_session(),)
    await onlooker.close()


async def test_a_table_that_is_gone_is_told_as_a_failure_of_storage(tmp_path: Path) -> None:
    repository = SqliteRepository.open(tmp_path)
    session = new_session()
    await repository.save(session, expected_version=0, epoch=0)
    intruder = sqlite3.connect(tmp_path / DATABASE_FILE)
    intruder.execute("DROP TABLE journal")
    intruder.close()
    with pytest.raises(StorageUnavailable):
        await repository.read_journal(session.id)
    after, batch = step(session)
    with pytest.raises(StorageUnavailable):
        await repository.save(after, batch, expected_version=1, epoch=0)
    assert await repository.get(session.id) == session
    await repository.close()


def test_a_database_without_a_log_is_refused() -> None:
    with pytest.raises(sqlite3.OperationalError, match="not wal"):
        open_writer(Path(":memory:"))


def test_an_error_that_is_not_the_databases_is_told_too() -> None:
    told = storage_error(MemoryError("no memory"), Path("store"))
    assert told.fields == {"path": "store", "reason": "other", "sqlite": None}
