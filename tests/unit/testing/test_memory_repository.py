"""The in-memory repository fails exactly where a test asks it to."""

from __future__ import annotations

import asyncio

import pytest

from offbook.domain.errors import CommitOutcomeUnknown, LeaseLost, StorageUnavailable
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.testing.memory_repository import InMemoryRepository
from offbook.testing.sessions import later, new_session, step


async def test_it_is_a_repository() -> None:
    assert isinstance(InMemoryRepository(), IPaperTradingSessionRepository)


async def test_a_planned_failure_happens_once_before_anything_changes() -> None:
    repository = InMemoryRepository()
    repository.fail_next("save", after=1)
    session = new_session()
    await repository.save(session, expected_version=0, epoch=0)
    after, batch = step(session)
    with pytest.raises(StorageUnavailable) as caught:
        await repository.save(after, batch, expected_version=1, epoch=0)
    assert not isinstance(caught.value, CommitOutcomeUnknown)
    assert await repository.get(session.id) == session
    await repository.save(after, batch, expected_version=1, epoch=0)
    assert repository.calls["save"] == 2


async def test_an_outcome_may_be_unknown_although_the_change_was_made() -> None:
    repository = InMemoryRepository()
    repository.fail_next("save", took_effect=True)
    with pytest.raises(CommitOutcomeUnknown):
        await repository.save(new_session(), expected_version=0, epoch=0)
    assert await repository.list() == (new_session(),)


async def test_failures_of_one_operation_happen_in_turn() -> None:
    repository = InMemoryRepository()
    first, second = StorageUnavailable("first"), StorageUnavailable("second")
    repository.fail_next("list", first)
    repository.fail_next("get")
    repository.fail_next("list", second)
    for expected in (first, second):
        with pytest.raises(StorageUnavailable) as caught:
            await repository.list()
        assert caught.value is expected
    assert await repository.list() == ()


async def test_a_refused_call_keeps_a_failure_that_would_follow_its_effect_from_happening() -> None:
    repository = InMemoryRepository()
    repository.fail_next("save", took_effect=True)
    with pytest.raises(LeaseLost):
        await repository.save(new_session(), expected_version=0, epoch=7)
    await repository.save(new_session(), expected_version=0, epoch=0)


async def test_the_hook_is_called_around_each_change_and_may_hold_it_up() -> None:
    calls: list[tuple[str, str, str]] = []
    go_on = asyncio.Event()

    async def hook(operation: str, phase: str, session_id: str) -> None:
        calls.append((operation, phase, session_id))
        if (operation, phase) == ("save", "before"):
            await go_on.wait()

    repository = InMemoryRepository(hook=hook)
    session = new_session()
    save = asyncio.create_task(repository.save(session, expected_version=0, epoch=0))
    await asyncio.sleep(0)
    assert await repository.list() == ()
    go_on.set()
    await save
    assert await repository.list() == (session,)
    assert calls[0] == ("save", "before", session.id)
    assert calls.index(("save", "after", session.id)) < len(calls) - 2


async def test_after_a_kill_the_old_object_is_dead_and_the_new_one_has_all() -> None:
    repository = InMemoryRepository()
    session = new_session()
    await repository.save(session, expected_version=0, epoch=0)
    epoch = await repository.acquire_lease(session.id, "old")
    heir = repository.after_kill()
    with pytest.raises(StorageUnavailable, match="killed"):
        await repository.save(later(session), expected_version=1, epoch=epoch)
    assert await heir.get(session.id) == session
    assert await heir.acquire_lease(session.id, "new") == epoch + 1
