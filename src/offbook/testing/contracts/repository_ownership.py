"""The repository's contract: answers, scheduled commands, leases and their epochs."""

from __future__ import annotations

import asyncio

import pytest

from offbook.domain.errors import (
    CommandConflict,
    LeaseHeld,
    LeaseLost,
)
from offbook.domain.journal import CommandAnswer, Operation, OperationKind
from offbook.domain.session import PaperTradingSession
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.testing.contracts.repository_suite import (
    RepositorySuite,
    create,
    whole_journal,
)
from offbook.testing.sessions import EPOCH, later, scheduled, step


class CommandsContract(RepositorySuite):
    """What commands leave behind."""

    async def test_an_answer_is_found_by_session_and_command(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        other = await create(repository, 2)
        answers = tuple(
            CommandAnswer(command_id=name, body_digest=f"digest {name}", answer=name.encode())
            for name in ("one", "two")
        )
        session, batch = step(session, 1, answers=answers)
        await repository.save(session, batch, expected_version=1, epoch=0)
        for answer in answers:
            assert await repository.find_answer(session.id, answer.command_id) == answer
        assert await repository.find_answer(session.id, "three") is None
        assert await repository.find_answer(other.id, "one") is None

    async def test_the_same_answer_again_is_no_conflict(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        answer = CommandAnswer(command_id="one", body_digest="a", answer=b"1")
        for _ in range(2):
            before = session.version
            session, batch = step(session, 1, answers=(answer, answer))
            await repository.save(session, batch, expected_version=before, epoch=0)
        assert await repository.find_answer(session.id, "one") == answer

    async def test_scheduled_commands_wait_in_order_until_taken(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        entries = [scheduled(20, 1, "d"), scheduled(10, 2, "c"), scheduled(10, 1, "b")]
        session, batch = step(session, 1, scheduled=tuple(entries))
        await repository.save(session, batch, expected_version=1, epoch=0)
        session, batch = step(session, 1, scheduled=(scheduled(5, 9, "a"),), taken=("c",))
        await repository.save(session, batch, expected_version=2, epoch=0)
        waiting = await repository.scheduled_commands(session.id)
        assert [one.command.command_id for one in waiting] == ["a", "b", "d"]
        assert waiting[1] == entries[2]

    async def test_what_one_batch_schedules_and_takes_is_gone(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        for _ in range(2):
            before = session.version
            session, batch = step(
                session, 1, scheduled=(scheduled(5, 1, "a"),), taken=("a", "unknown")
            )
            await repository.save(session, batch, expected_version=before, epoch=0)
            assert list(await repository.scheduled_commands(session.id)) == []

    async def test_a_command_waits_only_once(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        session, batch = step(session, 1, scheduled=(scheduled(5, 1, "a"),))
        await repository.save(session, batch, expected_version=1, epoch=0)
        after, batch = step(session, 1, scheduled=(scheduled(6, 2, "a"),))
        with pytest.raises(CommandConflict):
            await repository.save(after, batch, expected_version=2, epoch=0)
        twice = (scheduled(6, 2, "b"), scheduled(7, 3, "b"))
        after, batch = step(session, 1, scheduled=twice)
        with pytest.raises(CommandConflict):
            await repository.save(after, batch, expected_version=2, epoch=0)
        assert [one.at for one in await repository.scheduled_commands(session.id)] == [5]

    async def test_operations_are_kept_in_order(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        lines = tuple(
            Operation(at=EPOCH, kind=kind, detail=str(n)) for n, kind in enumerate(OperationKind)
        )
        for line in lines:
            before = session.version
            session, batch = step(session, 0, operations=(line,))
            await repository.save(session, batch, expected_version=before, epoch=0)
        assert tuple(await repository.operations(session.id)) == lines


class LeaseContract(RepositorySuite):
    """One owner at a time, and none of the past may write."""

    async def test_each_ownership_has_a_higher_epoch(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        first = await repository.acquire_lease(session.id, "a")
        await repository.release_lease(session.id, first)
        second = await repository.acquire_lease(session.id, "b")
        assert 0 < first < second
        other = await create(repository, 2)
        assert await repository.acquire_lease(other.id, "a") == first

    async def test_a_living_owner_keeps_others_out(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        epoch = await repository.acquire_lease(session.id, "a")
        with pytest.raises(LeaseHeld) as caught:
            await repository.acquire_lease(session.id, "b")
        assert caught.value.fields == {"session_id": session.id, "owner": "a"}
        session, batch = step(session)
        await repository.save(session, batch, expected_version=1, epoch=epoch)

    async def test_of_many_owners_asking_at_once_one_gets_it(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        results = await asyncio.gather(
            *(repository.acquire_lease(session.id, f"owner {n}") for n in range(20)),
            return_exceptions=True,
        )
        assert sum(isinstance(result, int) for result in results) == 1
        assert sum(isinstance(result, LeaseHeld) for result in results) == 19

    async def test_only_the_present_epoch_writes(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        first = await repository.acquire_lease(session.id, "a")
        second = await repository.acquire_lease(session.id, "a")
        assert second > first
        for stale in (0, first, second + 1):
            await self._refused(repository, session, stale)
        session, batch = step(session)
        await repository.save(session, batch, expected_version=1, epoch=second)

    async def test_a_stale_owner_is_told_so_rather_than_that_the_version_moved(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        first = await repository.acquire_lease(session.id, "a")
        second = await repository.acquire_lease(session.id, "a")
        after, batch = step(session)
        await repository.save(after, batch, expected_version=1, epoch=second)
        await self._refused(repository, session, first)

    async def test_nobody_writes_what_was_given_up(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        epoch = await repository.acquire_lease(session.id, "a")
        await repository.release_lease(session.id, epoch)
        await repository.release_lease(session.id, epoch)
        for stale in (0, epoch):
            await self._refused(repository, session, stale)

    async def test_a_late_release_leaves_the_new_owner_alone(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        first = await repository.acquire_lease(session.id, "a")
        await repository.release_lease(session.id, first)
        second = await repository.acquire_lease(session.id, "b")
        await repository.release_lease(session.id, first)
        session, batch = step(session)
        await repository.save(session, batch, expected_version=1, epoch=second)

    async def test_the_lease_of_a_dead_process_is_taken_at_once(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        first = await repository.acquire_lease(session.id, "a")
        reopened = await self.reopen(repository)
        await self._refused(reopened, session, first)
        second = await reopened.acquire_lease(session.id, "b")
        assert second > first
        await self._refused(reopened, session, first)
        after = later(session)
        await reopened.save(after, expected_version=1, epoch=second)
        assert await reopened.get(session.id) == after
        await reopened.close()

    async def _refused(
        self,
        repository: IPaperTradingSessionRepository,
        session: PaperTradingSession,
        epoch: int,
    ) -> None:
        before = await repository.get(session.id), await whole_journal(repository, session.id)
        after, batch = step(session)
        with pytest.raises(LeaseLost) as caught:
            await repository.save(after, batch, expected_version=session.version, epoch=epoch)
        assert caught.value.fields == {"session_id": session.id, "epoch": epoch}
        now = await repository.get(session.id), await whole_journal(repository, session.id)
        assert now == before
