"""What a power failure may not take: the settings of the connection that commits, and names."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from offbook.adapters.persistence.connections import DATABASE_FILE
from offbook.adapters.persistence.sqlite_repository import SqliteRepository
from offbook.adapters.persistence.stores import open_for_writing
from offbook.domain.errors import StorageUnavailable
from offbook.testing.sessions import new_session

FULL = 2
SETTINGS = ("journal_mode", "synchronous", "fullfsync", "checkpoint_fullfsync", "foreign_keys")


class Asked(sqlite3.Connection):
    """A connection that is asked for its own settings at each of its commits."""

    answers: ClassVar[list[tuple[object, ...]]] = []
    broken: ClassVar[bool] = False

    def execute(self, statement: str, *parameters: object) -> sqlite3.Cursor:
        cursor = super().execute(statement, *parameters)
        if statement == "COMMIT":
            own = tuple(super(Asked, self).execute(f"PRAGMA {s}").fetchone()[0] for s in SETTINGS)
            Asked.answers.append(own)
            if Asked.broken:
                Asked.broken = False
                raise sqlite3.OperationalError("disk I/O error")
        return cursor


async def test_every_connection_that_commits_flushes_each_commit_of_its_log(
    tmp_path: Path,
) -> None:
    repository = SqliteRepository.open(tmp_path, connection_type=Asked)
    Asked.answers.clear()  # those of the migration
    await repository.save(new_session(1), expected_version=0, epoch=0)
    await repository.save(new_session(2), expected_version=0, epoch=0)
    Asked.broken = True
    with pytest.raises(StorageUnavailable):
        await repository.save(new_session(3), expected_version=0, epoch=0)
    await repository.save(new_session(4), expected_version=0, epoch=0)  # on a connection made anew
    await repository.close()
    assert Asked.answers == [("wal", FULL, 1, 1, 1)] * 4


class Flushes:
    """Which folders and files were flushed by name, each with whether the database was there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, database: Path) -> None:
        self.seen: list[tuple[tuple[int, int], bool]] = []
        flush = os.fsync

        def noted(descriptor: int) -> None:
            status = os.fstat(descriptor)
            self.seen.append(((status.st_dev, status.st_ino), database.exists()))
            flush(descriptor)

        monkeypatch.setattr(os, "fsync", noted)

    def of(self, folder: Path) -> list[bool]:
        """Each flush of a folder: whether the database was there by then."""
        status = folder.stat()
        mine = (status.st_dev, status.st_ino)
        return [there for identity, there in self.seen if identity == mine]


@pytest.mark.skipif(sys.platform == "win32", reason="a folder cannot be opened there")
async def test_a_new_store_is_findable_after_a_power_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "new" / "data"
    flushes = Flushes(monkeypatch, data / "store" / DATABASE_FILE)
    repository = open_for_writing(data)
    assert flushes.of(data / "store")[-1:] == [True]
    for folder in (data, data.parent, tmp_path):
        assert flushes.of(folder), folder
    await repository.close()


@pytest.mark.skipif(sys.platform == "win32", reason="a folder cannot be opened there")
async def test_a_store_of_a_second_process_is_findable_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its folder is made by its number, and in a folder that may be new itself."""
    first = open_for_writing(tmp_path)
    store = tmp_path / "stores" / "1"
    flushes = Flushes(monkeypatch, store / DATABASE_FILE)
    second = open_for_writing(tmp_path)
    assert second.store == store
    assert flushes.of(store)[-1:] == [True]
    assert flushes.of(store.parent)[-1:] == [True]
    assert flushes.of(tmp_path)
    await first.close()
    await second.close()


@pytest.mark.skipif(sys.platform == "win32", reason="a folder cannot be opened there")
async def test_what_a_killed_process_made_is_flushed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files may be there, and their names in no memory that outlives a power failure."""
    await SqliteRepository.open(tmp_path / "store").close()
    flushes = Flushes(monkeypatch, tmp_path / "store" / DATABASE_FILE)
    await SqliteRepository.open(tmp_path / "store").close()
    assert flushes.of(tmp_path / "store")
    assert flushes.of(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="a folder cannot be opened there")
async def test_a_store_whose_name_cannot_be_flushed_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is let go of."""

    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(StorageUnavailable, match="Input/output error"):
            SqliteRepository.open(tmp_path)
    await SqliteRepository.open(tmp_path).close()
