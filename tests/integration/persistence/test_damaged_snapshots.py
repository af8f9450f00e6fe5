"""A snapshot that cannot be read is told with its place in the store, where the one before is."""

import contextlib
import sqlite3
from pathlib import Path

import pytest
from tests.integration.persistence.test_faults import full_step, prepared

from offbook.adapters.persistence.connections import DATABASE_FILE
from offbook.adapters.persistence.sqlite_repository import SqliteRepository
from offbook.domain import storing
from offbook.domain.errors import SnapshotDamaged


@pytest.mark.parametrize("damage", ["unreadable", "of another record"])
async def test_a_damaged_snapshot_is_told_with_its_place(damage: str, tmp_path: Path) -> None:
    repository = SqliteRepository.open(tmp_path)
    session = await prepared(repository)
    before = await repository.latest_snapshot(session.id)
    after, batch = full_step(session)
    await repository.save(after, batch, expected_version=session.version, epoch=1)
    newest = await repository.latest_snapshot(session.id)
    await repository.close()
    assert before is not None
    assert newest is not None
    assert before.seq < newest.seq
    document = storing.encode_snapshot(newest if damage == "unreadable" else before)
    with contextlib.closing(sqlite3.connect(tmp_path / DATABASE_FILE)) as database:
        database.execute(
            "UPDATE snapshots SET document = ? WHERE seq = ?",
            (document[:-9] if damage == "unreadable" else document, newest.seq),
        )
        database.commit()
    repository = SqliteRepository.open(tmp_path)
    with pytest.raises(SnapshotDamaged) as told:
        await repository.latest_snapshot(session.id)
    assert told.value.fields == {"session_id": session.id, "seq": newest.seq}
    assert await repository.latest_snapshot(session.id, at_most_seq=newest.seq - 1) == before
    await repository.close()
