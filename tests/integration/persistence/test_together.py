"""Saves stored together leave what the same saves leave one by one, refusals included."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing
from pathlib import Path

from offbook.adapters.persistence import changes, writer
from offbook.adapters.persistence.connections import DATABASE_FILE
from offbook.adapters.persistence.sqlite_repository import SqliteRepository
from offbook.domain.errors import CommandConflict, OffbookError
from offbook.domain.journal import CommandAnswer, Operation, OperationKind
from offbook.testing.sessions import EPOCH, later, new_session, scheduled, snapshot, step

TABLES = (
    "configs",
    "sessions",
    "journal",
    "snapshots",
    "answers",
    "scheduled",
    "operations",
    "leases",
)


def answer(command_id: str, text: str = "ok") -> CommandAnswer:
    return CommandAnswer(command_id=command_id, body_digest=text, answer=text.encode())


def contents(store: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that a store holds; rows in the order of what they say, for ids may differ."""
    with closing(sqlite3.connect(store / DATABASE_FILE)) as connection:
        found = {}
        for table in TABLES:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            if table != "sessions":
                columns = [name for name in columns if name != "id"]
            names = ", ".join(columns)
            found[table] = sorted(connection.execute(f"SELECT {names} FROM {table}").fetchall())
        return found


def drawn_steps(chance: random.Random, count: int):
    """Rounds of saves, one of each of several sessions, some of them to be refused."""
    sessions = [new_session(number) for number in range(7)]
    rounds = []
    for number in range(count):
        saves = []
        for place in range(len(sessions)):
            if chance.random() < 0.2:
                continue
            parts = {}
            if chance.random() < 0.5:
                parts["operations"] = tuple(
                    Operation(at=EPOCH, kind=OperationKind.COMMAND, detail=f"{number} {n}")
                    for n in range(chance.randint(1, 3))
                )
            if chance.random() < 0.5:
                names = [f"c{chance.randint(0, 30)}" for _ in range(chance.randint(1, 2))]
                parts["answers"] = tuple(answer(name, chance.choice("ab")) for name in names)
            if chance.random() < 0.2:
                parts["snapshot"] = snapshot(sessions[place].last_seq)
            if chance.random() < 0.1:
                parts["scheduled"] = (scheduled(number, 1, f"s{chance.randint(0, 3)}"),)
            if chance.random() < 0.2:
                parts["taken"] = (f"s{chance.randint(0, 3)}",)
            saves.append((place, chance.random(), chance.randint(0, 2), parts))
        rounds.append(saves)
    return sessions, rounds


async def stored(store: Path, seed: int, together: bool):
    """Run drawn saves; (what each was told, what the store then holds)."""
    sessions, rounds = drawn_steps(random.Random(seed), 12)
    repository = SqliteRepository.open(store)
    for session in sessions:
        await repository.save(session, expected_version=0, epoch=0)
    told: list[list[str]] = []
    for saves in rounds:
        calls, made = [], []
        for place, luck, records, parts in saves:
            before = sessions[place]
            after, batch = step(before, records, **parts)
            wrong = 1 if luck < 0.1 else 0
            epoch = 5 if 0.1 < luck < 0.2 else 0
            shifted = later(after) if wrong else after
            expected = before.version + wrong
            call = repository.save(shifted, batch, expected_version=expected, epoch=epoch)
            if not together:
                outcome = await asyncio.gather(call, return_exceptions=True)
                calls.append(outcome[0])
            else:
                calls.append(call)
            made.append((place, after))
        if together:
            calls = await asyncio.gather(*calls, return_exceptions=True)
        told.append([type(one).__name__ for one in calls])
        for (place, after), outcome in zip(made, calls, strict=True):
            if outcome is None:
                sessions[place] = after
            else:
                assert isinstance(outcome, OffbookError), (seed, outcome)
    await repository.close()
    return told, contents(store)


async def test_together_and_one_by_one_leave_the_same(tmp_path: Path, monkeypatch) -> None:
    for seed in range(6):
        monkeypatch.setattr(writer, "GROUP_CHANGES_MAX", 512)
        many = await stored(tmp_path / f"many{seed}", seed, together=True)
        monkeypatch.setattr(writer, "GROUP_CHANGES_MAX", 1)
        one = await stored(tmp_path / f"one{seed}", seed, together=False)
        assert many == one, seed


async def test_more_than_a_statement_holds_is_stored_together(tmp_path: Path, control) -> None:
    repository = SqliteRepository.open(tmp_path, connection_type=control.connection_type)
    sessions = [new_session(number) for number in range(150)]
    await asyncio.gather(*(repository.save(s, expected_version=0, epoch=0) for s in sessions))
    control.statements.clear()
    arrived, go_on = control.hold("COMMIT")
    first = asyncio.create_task(repository.save(new_session(999), expected_version=0, epoch=0))
    await asyncio.to_thread(arrived.wait, 30)
    control.statements.clear()
    steps = [step(s, 2, answers=(answer("same"),)) for s in sessions]
    saves = [
        asyncio.create_task(repository.save(after, batch, expected_version=1, epoch=0))
        for after, batch in steps
    ]
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(first, *saves)
    assert len(control.statements) < len(sessions)
    assert await repository.list() == tuple(
        sorted((*(a for a, _ in steps), new_session(999)), key=lambda s: s.created_at)
    )
    for session in sessions[::30]:
        assert len(await repository.read_journal(session.id)) == 2
    found = await asyncio.gather(*(repository.find_answer(s.id, "same") for s in sessions))
    assert found == [answer("same")] * len(sessions)
    await repository.close()


async def test_an_answer_that_differs_is_refused_alone(tmp_path: Path, control) -> None:
    repository = SqliteRepository.open(tmp_path, connection_type=control.connection_type)
    one, two = new_session(1), new_session(2)
    for session in (one, two):
        await repository.save(session, expected_version=0, epoch=0)
    one, batch = step(one, 1, answers=(answer("x", "first"),))
    await repository.save(one, batch, expected_version=1, epoch=0)
    arrived, go_on = control.hold("COMMIT")
    first = asyncio.create_task(repository.save(new_session(3), expected_version=0, epoch=0))
    await asyncio.to_thread(arrived.wait, 30)
    again, other = (
        step(one, 1, answers=(answer("x", "other"),)),
        step(two, 1, answers=(answer("x"),)),
    )
    saves = [
        asyncio.create_task(repository.save(*again, expected_version=2, epoch=0)),
        asyncio.create_task(repository.save(*other, expected_version=1, epoch=0)),
    ]
    await asyncio.sleep(0)
    go_on.set()
    await first
    refused, fine = await asyncio.gather(*saves, return_exceptions=True)
    assert isinstance(refused, CommandConflict)
    assert fine is None
    assert await repository.get(one.id) == one
    assert await repository.find_answer(one.id, "x") == answer("x", "first")
    assert await repository.find_answer(two.id, "x") == answer("x")
    assert await repository.find_answer(two.id, "y") is None
    await repository.close()


async def test_what_cannot_be_stored_together_is_stored_one_by_one(tmp_path: Path, control) -> None:
    repository = SqliteRepository.open(tmp_path, connection_type=control.connection_type)
    arrived, go_on = control.hold("COMMIT")
    first = asyncio.create_task(repository.save(new_session(0), expected_version=0, epoch=0))
    await asyncio.to_thread(arrived.wait, 30)
    saves = [
        asyncio.create_task(repository.save(new_session(n), expected_version=0, epoch=0))
        for n in (1, 2, 3)
    ]
    await asyncio.sleep(0)
    control.fail_statement("INSERT INTO sessions", sqlite3.IntegrityError("made up"))
    go_on.set()
    await asyncio.gather(first, *saves)
    assert control.count("INSERT INTO sessions") == 4
    assert len(await repository.list()) == 4
    await repository.close()


def test_runs_keep_the_order_of_a_session() -> None:
    from offbook.adapters.persistence.together import runs

    def save(number: int, **parts):
        session, batch = step(new_session(number), 1, **parts)
        return changes.Save.of(session, batch, expected_version=session.version - 1, epoch=0)

    lease = changes.AcquireLease("x", "owner")
    group = [save(1), save(2), save(1), lease, save(3, scheduled=(scheduled(1, 1, "s"),)), save(4)]
    assert list(runs(group)) == [[0, 1], [2], [3], [4], [5]]
