"""The repository's contract: batches are dense, whole, and read back in pages of any size."""

from __future__ import annotations

import pytest

from offbook.domain import chain
from offbook.domain.errors import CommandConflict, JournalDamaged
from offbook.domain.journal import (
    CommandAnswer,
    JournalBatch,
    Operation,
    OperationKind,
    StoredRecord,
)
from offbook.domain.session import SessionStatus
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.testing.contracts.repository_suite import (
    RepositorySuite,
    create,
    create_with_records,
    whole_journal,
)
from offbook.testing.sessions import EPOCH, later, scheduled, snapshot, step


class JournalContract(RepositorySuite):
    """Batches: dense, whole, and read back in pages of any size."""

    async def test_batches_follow_each_other_without_a_gap(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create_with_records(repository, 3)
        after, batch = step(session)
        for first_seq in (1, 3, 5):
            torn = JournalBatch(
                first_seq=first_seq, records=batch.records, head=batch.head, cursor=batch.cursor
            )
            with pytest.raises(JournalDamaged) as caught:
                await repository.save(after, torn, expected_version=2, epoch=0)
            assert caught.value.fields == {"session_id": session.id, "seq": first_seq}
        assert await repository.get(session.id) == session
        await repository.save(after, batch, expected_version=2, epoch=0)
        assert [one.seq for one in await whole_journal(repository, session.id)] == [1, 2, 3, 4]

    async def test_a_save_may_come_without_records(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create_with_records(repository, 2)
        session = later(session, status=SessionStatus.RUNNING)
        await repository.save(session, None, expected_version=2, epoch=0)
        session, batch = step(session, 0, snapshot=snapshot(2))
        await repository.save(session, batch, expected_version=3, epoch=0)
        session, batch = step(session, 1)
        await repository.save(session, batch, expected_version=4, epoch=0)
        assert await repository.get(session.id) == session
        assert await repository.latest_snapshot(session.id) == snapshot(2)
        assert len(await whole_journal(repository, session.id)) == 3

    async def test_a_refused_batch_leaves_no_part_behind(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        first = CommandAnswer(command_id="one", body_digest="a", answer=b"1")
        session, batch = step(session, 1, answers=(first,))
        await repository.save(session, batch, expected_version=1, epoch=0)
        other = CommandAnswer(command_id="one", body_digest="b", answer=b"2")
        fresh = CommandAnswer(command_id="two", body_digest="a", answer=b"1")
        after, batch = step(
            session,
            5,
            snapshot=snapshot(6),
            scheduled=(scheduled(1, 1, "later"),),
            operations=(Operation(at=EPOCH, kind=OperationKind.COMMAND),),
            answers=(fresh, other),
        )
        with pytest.raises(CommandConflict) as caught:
            await repository.save(after, batch, expected_version=2, epoch=0)
        assert caught.value.fields == {"session_id": session.id, "command_id": "one"}
        assert await repository.get(session.id) == session
        assert len(await whole_journal(repository, session.id)) == 1
        assert await repository.latest_snapshot(session.id) is None
        assert await repository.find_answer(session.id, "two") is None
        assert await repository.find_answer(session.id, "one") == first
        assert list(await repository.scheduled_commands(session.id)) == []
        assert list(await repository.operations(session.id)) == []

    async def test_every_page_of_the_journal_is_the_same_slice(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        for count in (1, 4, 0, 7, 2):
            before = session.version
            session, batch = step(session, count)
            await repository.save(session, batch, expected_version=before, epoch=0)
        whole = await whole_journal(repository, session.id)
        assert [one.seq for one in whole] == list(range(1, 15))
        for after in range(-1, 16):
            for limit in (0, 1, 2, 3, 5, 14, 2**63):
                page = list(await repository.read_journal(session.id, after, limit))
                start = max(after, 0)
                assert page == whole[start : start + limit], (after, limit)

    async def test_five_thousand_records_come_back_in_order(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        expected: list[bytes] = []
        for _ in range(50):
            before = session.version
            session, batch = step(session, 100, "x" * 200)
            expected += batch.records
            await repository.save(session, batch, expected_version=before, epoch=0)
        found: list[StoredRecord] = []
        while page := await repository.read_journal(session.id, len(found), 999):
            found += page
        assert [one.seq for one in found] == list(range(1, 5001))
        assert [one.raw for one in found] == expected
        assert len(await repository.read_journal(session.id)) == 1000
        assert chain.extend_all(chain.GENESIS, expected).hex() == session.chain_head

    async def test_the_newest_two_snapshots_are_kept(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create_with_records(repository, 10)
        taken = [snapshot(seq, f"state {n}".encode()) for n, seq in enumerate((0, 2, 5, 9, 9))]
        for one in taken[:4]:
            before = session.version
            session, batch = step(session, 0, snapshot=one)
            await repository.save(session, batch, expected_version=before, epoch=0)
        assert await repository.latest_snapshot(session.id) == taken[3]
        assert await repository.latest_snapshot(session.id, at_most_seq=9) == taken[3]
        assert await repository.latest_snapshot(session.id, at_most_seq=8) == taken[2]
        assert await repository.latest_snapshot(session.id, at_most_seq=4) is None
        before = session.version
        session, batch = step(session, 0, snapshot=taken[4])
        await repository.save(session, batch, expected_version=before, epoch=0)
        assert await repository.latest_snapshot(session.id) == taken[4]

    async def test_a_new_process_finds_all_of_it(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        session, batch = step(
            session,
            3,
            snapshot=snapshot(3),
            scheduled=(scheduled(1, 1, "later"),),
            operations=(Operation(at=EPOCH, kind=OperationKind.CREATED, detail="made"),),
            answers=(CommandAnswer(command_id="one", body_digest="a", answer=b"1"),),
        )
        await repository.save(session, batch, expected_version=1, epoch=0)
        reopened = await self.reopen(repository)
        assert await reopened.get(session.id) == session
        assert [one.raw for one in await whole_journal(reopened, session.id)] == list(batch.records)
        assert await reopened.latest_snapshot(session.id) == batch.snapshot
        assert tuple(await reopened.scheduled_commands(session.id)) == batch.scheduled
        assert tuple(await reopened.operations(session.id)) == batch.operations
        assert await reopened.find_answer(session.id, "one") == batch.answers[0]
        await reopened.close()
