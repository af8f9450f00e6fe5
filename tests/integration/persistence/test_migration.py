"""A store's schema is there whole or not at all, whatever interrupts its making."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from offbook.adapters.persistence import migration
from offbook.adapters.persistence.connections import DATABASE_FILE
from offbook.adapters.persistence.schema import METADATA
from offbook.adapters.persistence.sqlite_repository import (
    ReadOnlySqliteRepository,
    SqliteRepository,
)
from offbook.domain import storing
from offbook.domain.errors import JournalDamaged, SessionNotFound, StorageUnavailable
from offbook.domain.session import PaperTradingSession
from offbook.testing.sessions import later, new_session, step

STATEMENTS_MAX = 200
TABLES = {table.name for table in METADATA.sorted_tables}

# Each statement in turn is the last that a process begins; then the next process opens the store.
KILLED_AT_EACH_STATEMENT = """
import contextlib, os, signal, sqlite3, sys
from pathlib import Path
import alembic.operations, alembic.runtime.migration, alembic.script, sqlalchemy.pool
from offbook.adapters.persistence import migration

def killer(number):
    begun = 0
    def execute(run, statement, parameters):
        nonlocal begun
        begun += 1
        if begun == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return run(statement, *parameters)
    class Cursor(sqlite3.Cursor):
        def execute(self, statement, *parameters):
            return execute(super().execute, statement, parameters)
    class Connection(sqlite3.Connection):
        def cursor(self, factory=Cursor):
            return super().cursor(factory)
        def execute(self, statement, *parameters):
            return self.cursor().execute(statement, *parameters)
    return Connection

def tables(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name for (name,) in rows}

revisions = migration.REVISIONS
older = Path(sys.argv[1]) / "older.sqlite3"
migration.HEAD = sys.argv[2]
if sys.argv[2]:
    migration.bring_up_to_date(older)
migration.HEAD = revisions[-1]
begun_with = tables(older) if sys.argv[2] else set()

for number in range(1, 200):
    path = Path(sys.argv[1]) / f"{number}.sqlite3"
    if sys.argv[2]:
        path.write_bytes(older.read_bytes())
    child = os.fork()
    if child == 0:
        migration.bring_up_to_date(path, killer(number))
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    left = tables(path)
    whole = {"sessions", "journal", "configs", "alembic_version"}
    with contextlib.closing(sqlite3.connect(path)) as connection:
        told = migration.stored_revision(connection)
    assert left == begun_with and told == (sys.argv[2] or None) or whole <= left, (number, left)
    assert ("configs" in left) == (told == migration.HEAD), (number, told)
    migration.bring_up_to_date(path)
    assert whole <= tables(path), number
    if status == 0:
        print(number)
        break
    assert os.WTERMSIG(status) == signal.SIGKILL, status
"""


def stored_tables(path: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name for (name,) in rows}


@pytest.mark.parametrize("after_running", [False, True])
async def test_an_interrupted_making_is_made_again(tmp_path: Path, control, after_running) -> None:
    for number in range(1, STATEMENTS_MAX):
        store = tmp_path / str(number)
        path = store / DATABASE_FILE
        control.fail(number, after_running=after_running)
        try:
            repository = SqliteRepository.open(store, connection_type=control.connection_type)
        except StorageUnavailable:
            left = stored_tables(path) if path.exists() else set()
            assert left in (set(), TABLES | {"alembic_version"}), number
            control.fail_at = None
            repository = SqliteRepository.open(store)
        done = control.fail_at is not None
        control.fail_at = None
        assert stored_tables(path) == TABLES | {"alembic_version"}
        await repository.save(new_session(), expected_version=0, epoch=0)
        await repository.close()
        if done:
            break
    assert number > 20


@pytest.mark.skipif(sys.platform == "win32", reason="kills processes the POSIX way")
@pytest.mark.parametrize(("begun_as", "least"), [("", 20), ("0001", 10)], ids=["new", "0001"])
def test_a_process_killed_while_making_a_store_leaves_all_or_nothing(
    begun_as: str, least: int, tmp_path: Path
) -> None:
    run = subprocess.run(
        [sys.executable, "-c", KILLED_AT_EACH_STATEMENT, str(tmp_path), begun_as],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > least


def test_the_migrations_build_what_reads_are_written_against(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_FILE
    migration.bring_up_to_date(path)
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.connect() as connection:
        differences = compare_metadata(
            MigrationContext.configure(connection, opts={"compare_type": True}), METADATA
        )
    assert differences == []


def test_every_revision_is_listed_in_order() -> None:
    folder = str(Path(migration.__file__).with_name("migrations"))
    scripts = ScriptDirectory(folder, version_locations=[folder])
    found = tuple(script.revision for script in scripts.walk_revisions())
    assert tuple(reversed(found)) == migration.REVISIONS
    assert scripts.get_current_head() == migration.HEAD


async def test_a_store_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    await SqliteRepository.open(tmp_path).close()
    path = tmp_path / DATABASE_FILE
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = path.read_bytes()
    for opening in (SqliteRepository.open, ReadOnlySqliteRepository.open):
        with pytest.raises(StorageUnavailable) as caught:
            opening(tmp_path)
        assert caught.value.fields["reason"] == "newer"
        assert caught.value.fields["found"] == "9999"
        assert "newer offbook" in str(caught.value)
    assert path.read_bytes() == before


async def test_a_store_of_an_older_version_is_not_brought_up_to_date_by_an_onlooker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await SqliteRepository.open(tmp_path).close()
    monkeypatch.setattr(migration, "HEAD", "9999")
    monkeypatch.setattr(migration, "REVISIONS", (*migration.REVISIONS, "9999"))
    monkeypatch.setattr(migration, "READABLE", ("9999",))
    with pytest.raises(StorageUnavailable) as caught:
        ReadOnlySqliteRepository.open(tmp_path)
    assert caught.value.fields["reason"] == "older"


async def test_an_onlooker_reads_the_first_schema_and_on_while_it_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else nobody would find the sessions that are to be taken up, which opens their store."""
    old = of_the_first_schema(tmp_path, monkeypatch)
    path = tmp_path / DATABASE_FILE
    before = path.read_bytes()
    onlooker = ReadOnlySqliteRepository.open(tmp_path)
    assert await onlooker.list() == old
    assert await onlooker.get(old[1].id) == old[1]
    assert await onlooker.find_answer(old[1].id, "none") is None
    with pytest.raises(SessionNotFound):
        await onlooker.get("none")
    assert path.read_bytes() == before
    repository = SqliteRepository.open(tmp_path)
    await repository.save(later(old[1]), expected_version=1, epoch=0)
    assert await onlooker.list() == (old[0], later(old[1]), old[2])
    await repository.close()
    await onlooker.close()


async def test_a_store_brought_up_to_date_between_two_looks_at_it_is_read_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = of_the_first_schema(tmp_path, monkeypatch)
    onlooker = ReadOnlySqliteRepository.open(tmp_path)
    begun = []

    def decode(raw: bytes) -> PaperTradingSession:
        # What the second look found was saved anew meanwhile.
        begun.append(raw)
        migration.bring_up_to_date(tmp_path / DATABASE_FILE)
        raise JournalDamaged("there is no configuration")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(storing, "decode_session", decode)
        with pytest.raises(JournalDamaged):
            await onlooker.list()
    assert len(begun) == 2
    assert await onlooker.list() == old
    await onlooker.close()


async def test_a_damaged_session_of_the_first_schema_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = of_the_first_schema(tmp_path, monkeypatch)
    with contextlib.closing(sqlite3.connect(tmp_path / DATABASE_FILE)) as connection:
        connection.execute("UPDATE sessions SET document = x'7b' WHERE id = ?", (old[0].id,))
        connection.commit()
    onlooker = ReadOnlySqliteRepository.open(tmp_path)
    with pytest.raises(JournalDamaged):
        await onlooker.get(old[0].id)
    assert await onlooker.get(old[1].id) == old[1]
    await onlooker.close()


def of_the_first_schema(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[PaperTradingSession, ...]:
    """The sessions of a store that schema 0001 wrote."""
    path = store / DATABASE_FILE
    with monkeypatch.context() as before:
        before.setattr(migration, "HEAD", "0001")
        migration.bring_up_to_date(path)
    old = tuple(new_session(number) for number in range(3))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for one in old:
            connection.execute(
                "INSERT INTO sessions (version, epoch, status, created_us, last_seq, document, id)"
                " VALUES (1, 0, ?, ?, 0, ?, ?)",
                (one.status.value, storing.created_us(one), storing.encode_session(one), one.id),
            )
        connection.commit()
    return old


async def test_sessions_of_the_first_schema_are_read_and_parted_when_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = of_the_first_schema(tmp_path, monkeypatch)
    path = tmp_path / DATABASE_FILE
    repository = SqliteRepository.open(tmp_path)
    assert await repository.list() == old
    assert configs_of(path) == ([None] * 3, 0)
    changed, batch = step(old[1], 1)
    await asyncio.gather(
        repository.save(changed, batch, expected_version=1, epoch=0),
        repository.save(later(old[2]), expected_version=1, epoch=0),
    )
    await repository.save(later(old[0]), expected_version=1, epoch=0)
    assert await repository.list() == (later(old[0]), changed, later(old[2]))
    assert await repository.get(changed.id) == changed
    await repository.close()
    names, kept = configs_of(path)
    assert (len(set(names)), kept, None in names) == (1, 1, False)


async def test_a_configuration_is_kept_once_and_another_replaces_it(tmp_path: Path) -> None:
    repository = SqliteRepository.open(tmp_path)
    sessions = [new_session(number) for number in range(4)]
    for one in sessions:
        await repository.save(one, expected_version=0, epoch=0)
    assert configs_of(tmp_path / DATABASE_FILE)[1] == 1
    config = msgspec.structs.replace(sessions[0].config, name='"config":null')
    changed = [msgspec.structs.replace(later(one), config=config) for one in sessions[:2]]
    calls = (repository.save(one, expected_version=1, epoch=0) for one in changed)
    await asyncio.gather(*calls)
    third = msgspec.structs.replace(later(sessions[2]), config=config)
    await repository.save(third, expected_version=1, epoch=0)
    assert await repository.list() == (*changed, third, sessions[3])
    assert configs_of(tmp_path / DATABASE_FILE)[1] == 2
    await repository.close()


def configs_of(path: Path) -> tuple[list[str | None], int]:
    """What each session names as its configuration, and how many are kept."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT config FROM sessions")]
        ((kept,),) = connection.execute("SELECT count(*) FROM configs")
    return names, kept


def test_a_database_toolkit_is_loaded_only_to_make_a_schema(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys, offbook.adapters.persistence.stores as stores\n"
        "toolkit = {'sqlalchemy', 'alembic'}\n"
        "assert not toolkit & set(sys.modules)\n"
        "from pathlib import Path\n"
        "opened = stores.open_for_writing(Path(sys.argv[1]))\n"
        "assert asyncio.run(opened.list()) == ()\n"
        "print(sorted(toolkit & set(sys.modules)))\n"
    )
    for loaded in ("['alembic', 'sqlalchemy']", "[]"):
        run = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert run.stdout.strip() == loaded, run.stderr
