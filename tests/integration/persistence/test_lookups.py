"""Answers that are asked for at one time are looked for together."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from offbook.adapters.persistence import lookups
from offbook.adapters.persistence.sqlite_repository import SqliteRepository
from offbook.domain.errors import StorageUnavailable
from offbook.domain.journal import CommandAnswer
from offbook.testing.sessions import new_session, step


def answer(number: int) -> CommandAnswer:
    return CommandAnswer(command_id=f"c{number}", body_digest="d", answer=b"%d" % number)


@pytest.fixture
async def repository(tmp_path: Path):
    repository = SqliteRepository.open(tmp_path)
    yield repository
    await repository.close()


async def filled(repository: SqliteRepository, count: int) -> str:
    session = new_session()
    await repository.save(session, expected_version=0, epoch=0)
    session, batch = step(session, 1, answers=tuple(map(answer, range(count))))
    await repository.save(session, batch, expected_version=1, epoch=0)
    return session.id


async def test_many_are_found_with_few_queries(repository, monkeypatch) -> None:
    session_id = await filled(repository, 300)
    queries: list[object] = []
    run = repository._reads.run

    async def counted(query):
        queries.append(query)
        return await run(query)

    monkeypatch.setattr(repository._reads, "run", counted)
    names = [*range(400), *range(20)]
    found = await asyncio.gather(
        *(repository.find_answer(session_id, f"c{number}") for number in names)
    )
    assert found == [answer(number) if number < 300 else None for number in names]
    assert len(queries) == 2
    assert await repository.find_answer("another session", "c1") is None


async def test_who_goes_away_harms_nobody(repository, monkeypatch) -> None:
    monkeypatch.setattr(lookups, "MOST", 3)
    session_id = await filled(repository, 10)
    tasks = [
        asyncio.ensure_future(repository.find_answer(session_id, f"c{number}"))
        for number in range(10)
    ]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert found[1::2] == [answer(number) for number in range(1, 10, 2)]
    assert all(isinstance(one, asyncio.CancelledError) for one in found[::2])


async def test_trouble_is_told_to_everybody_and_the_next_may_ask_again(
    repository, monkeypatch
) -> None:
    session_id = await filled(repository, 1)
    run = repository._reads.run

    async def broken(query):
        raise StorageUnavailable("the disk is gone")

    monkeypatch.setattr(repository._reads, "run", broken)
    calls = [repository.find_answer(session_id, "c0") for _ in range(5)]
    found = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(one) for one in found] == [StorageUnavailable] * 5
    monkeypatch.setattr(repository._reads, "run", run)
    assert await repository.find_answer(session_id, "c0") == answer(0)
