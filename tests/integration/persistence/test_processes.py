"""Stores and real processes: who owns one, who may look on, and what a kill leaves."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from offbook.adapters.persistence.connections import DATABASE_FILE
from offbook.adapters.persistence.locks import StoreLock
from offbook.adapters.persistence.sqlite_repository import (
    ReadOnlySqliteRepository,
    SqliteRepository,
)
from offbook.adapters.persistence.stores import (
    find_store,
    list_union,
    open_exact,
    open_for_writing,
    store_paths,
)
from offbook.domain import chain
from offbook.domain.errors import LeaseLost, Refused, SessionNotFound, StoreOwned
from offbook.testing.sessions import later, new_session, step

CHILD = Path(__file__).with_name("child.py")
KILLS = 12


class Child:
    """A process that runs ``child.py``."""

    def __init__(self, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(CHILD), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def hear(self) -> list[str]:
        """The words of its next line."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the child has ended"
        return line.split()

    def step(self) -> int:
        """Let it save a step; the record it has reached."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.hear()[0])

    def kill(self) -> list[list[str]]:
        """End it with SIGKILL; the lines that it still told."""
        assert self.process.stdout is not None
        self.process.kill()
        rest = [line.split() for line in self.process.stdout]
        self.process.wait(30)
        return rest


@contextlib.contextmanager
def child(*arguments: object) -> Iterator[Child]:
    started = Child(*arguments)
    try:
        yield started
    finally:
        started.kill()
        for pipe in (started.process.stdin, started.process.stdout):
            assert pipe is not None
            pipe.close()


def test_a_store_has_one_writing_process(tmp_path: Path) -> None:
    with child("obey", tmp_path) as other:
        pid, store = other.hear()
        with pytest.raises(StoreOwned) as caught:
            open_exact(Path(store))
        assert caught.value.fields["path"] == store
        assert f"process {pid}" in str(caught.value)


async def test_a_killed_process_owns_nothing(tmp_path: Path) -> None:
    with child("obey", tmp_path) as other:
        _, store = other.hear()
        other.kill()
        repository = open_for_writing(tmp_path)
        assert repository.store == Path(store) == tmp_path / "store"
        assert len(await repository.list()) == 1
        await repository.close()


async def test_a_store_is_opened_once_also_within_a_process(tmp_path: Path) -> None:
    first = open_exact(tmp_path)
    with pytest.raises(StoreOwned):
        open_exact(tmp_path)
    await first.close()
    await open_exact(tmp_path).close()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="forks")
def test_a_forked_child_does_not_keep_its_dead_parents_store(tmp_path: Path) -> None:
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from offbook.adapters.persistence.locks import StoreLock\n"
        "lock = StoreLock(Path(sys.argv[1]))\n"
        "if os.fork():\n"
        "    os._exit(0)\n"
        "print('orphaned', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"orphaned\n"
        parent.wait(30)
        StoreLock(tmp_path).release()


async def test_a_second_process_gets_a_store_of_its_own(tmp_path: Path) -> None:
    mine = open_for_writing(tmp_path)
    session = new_session(1)
    await mine.save(session, expected_version=0, epoch=0)
    with child("obey", tmp_path) as second, child("obey", tmp_path) as third:
        stores = {Path(one.hear()[1]) for one in (second, third)}
        assert stores == {tmp_path / "stores" / "1", tmp_path / "stores" / "2"}
        listing = await list_union(tmp_path)
        assert {one.store for one in listing.sessions} == {mine.store, *stores}
        assert listing.unreadable == ()
        assert list(listing.sessions) == sorted(
            listing.sessions, key=lambda one: one.session.created_at
        )
        for one in listing.sessions:
            assert await find_store(tmp_path, one.session.id) == one.store
    with pytest.raises(SessionNotFound):
        await find_store(tmp_path, "unknown")
    await mine.close()


async def test_an_onlooker_sees_what_another_process_has_saved(tmp_path: Path) -> None:
    with child("obey", tmp_path) as other:
        store = Path(other.hear()[1])
        onlooker = ReadOnlySqliteRepository.open(store)
        (session,) = await onlooker.list()
        for expected in (2, 4, 6, 8):
            assert other.step() == expected
            assert (await onlooker.get(session.id)).last_seq == expected
            assert len(await onlooker.read_journal(session.id)) == expected
            assert (await list_union(tmp_path)).sessions[0].session.last_seq == expected
        for change in (
            onlooker.save(later(session), expected_version=1, epoch=0),
            onlooker.acquire_lease(session.id, "owner"),
            onlooker.release_lease(session.id, 1),
        ):
            with pytest.raises(Refused):
                await change
        await onlooker.close()
        assert other.step() == 10


async def test_an_onlooker_sees_what_a_killed_process_had_saved(tmp_path: Path) -> None:
    with child("obey", tmp_path) as other:
        store = Path(other.hear()[1])
        assert other.step() == 2
        other.kill()
    for _ in range(2):
        (listed,) = (await list_union(tmp_path)).sessions
        assert listed.session.last_seq == 2
    onlooker = ReadOnlySqliteRepository.open(store)
    assert len(await onlooker.read_journal(listed.session.id)) == 2
    await onlooker.close()


async def test_a_store_that_cannot_be_read_does_not_hide_the_others(tmp_path: Path) -> None:
    repository = open_for_writing(tmp_path)
    await repository.save(new_session(), expected_version=0, epoch=0)
    broken, fresh, empty = (tmp_path / "stores" / name for name in "123")
    for folder, content in ((broken, b"no database at all" * 100), (fresh, b""), (empty, b"")):
        folder.mkdir(parents=True)
        (folder / DATABASE_FILE).write_bytes(content)
    being_made = StoreLock(fresh)
    assert store_paths(tmp_path) == (repository.store, broken, fresh, empty)
    listing = await list_union(tmp_path)
    assert [one.session for one in listing.sessions] == [new_session()]
    assert [path for path, _ in listing.unreadable] == [broken, empty]
    being_made.release()
    with pytest.raises(SessionNotFound, match=str(broken)):
        await find_store(tmp_path, "unknown")
    await repository.close()


async def test_what_was_answered_outlives_any_number_of_kills(tmp_path: Path) -> None:
    choices = random.Random(20260105)
    answered: dict[str, tuple[int, int]] = {}
    total = 0
    for _ in range(KILLS):
        with child("append", tmp_path, 8) as victim:
            lines = [victim.hear() for _ in range(choices.randint(1, 120))]
            lines += victim.kill()
        total += len(lines)
        for session_id, last_seq, _, epoch in lines:
            answered[session_id] = (int(last_seq), int(epoch))
        await verify(tmp_path, answered)
    assert total > KILLS
    assert len(answered) == 8


async def verify(store: Path, answered: dict[str, tuple[int, int]]) -> None:
    """Everything answered is there, whole, once; and the dead may not write any more."""
    repository = SqliteRepository.open(store)
    for session_id, (last_seq, epoch) in answered.items():
        session = await repository.get(session_id)
        assert session.last_seq >= last_seq
        records = await repository.read_journal(session_id, limit=10**6)
        assert [one.seq for one in records] == list(range(1, session.last_seq + 1))
        raws = [one.raw for one in records]
        assert chain.extend_all(chain.GENESIS, raws).hex() == session.chain_head
        after, batch = step(session)
        with pytest.raises(LeaseLost):
            await repository.save(after, batch, expected_version=session.version, epoch=epoch)
    await repository.close()
