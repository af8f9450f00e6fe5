"""The connections through which a store is read."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from offbook.adapters.persistence import reads
from offbook.adapters.persistence.sqlite_repository import SqliteRepository
from offbook.domain.errors import SessionNotFound, StorageUnavailable
from offbook.testing.sessions import new_session


@pytest.fixture
async def opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[SqliteRepository, list[sqlite3.Connection]]]:
    """A store, and the connections that were opened to read it."""
    made: list[sqlite3.Connection] = []
    open_reader = reads.open_reader

    def noted(path: Path) -> sqlite3.Connection:
        made.append(open_reader(path))
        return made[-1]

    monkeypatch.setattr(reads, "open_reader", noted)
    repository = SqliteRepository.open(tmp_path)
    yield repository, made
    await repository.close()


def is_open(connection: sqlite3.Connection) -> bool:
    """Whether a connection can still be asked."""
    try:
        connection.execute("SELECT 1").fetchone()
    except sqlite3.ProgrammingError:
        return False
    return True


async def test_few_connections_answer_many_queries(
    opened: tuple[SqliteRepository, list[sqlite3.Connection]],
) -> None:
    """Also where they find nothing."""
    repository, made = opened
    session = new_session()
    await repository.save(session, expected_version=0, epoch=0)
    assert await asyncio.gather(*(repository.get(session.id) for _ in range(40))) == [session] * 40
    for _ in range(5):
        with pytest.raises(SessionNotFound):
            await repository.get("unknown")
    assert 1 <= len(made) <= reads.READERS
    assert all(map(is_open, made))
    await repository.close()
    assert not any(map(is_open, made))


async def test_a_connection_that_failed_is_not_used_again(
    opened: tuple[SqliteRepository, list[sqlite3.Connection]],
) -> None:
    """It is closed, and the next query opens another."""
    repository, made = opened
    session = new_session()
    await repository.save(session, expected_version=0, epoch=0)
    for _ in range(3):
        with pytest.raises(StorageUnavailable) as caught:
            await repository._reads.run(lambda found: found.execute("SELECT no FROM sessions"))
        assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
        assert await repository.get(session.id) == session
    assert [is_open(connection) for connection in made] == [False, False, False, True]
