"""The repository's contract: sessions, versions, and what is refused."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from offbook.domain import chain
from offbook.domain.errors import (
    ConcurrencyConflict,
    InvalidInput,
    LeaseLost,
    SessionNotFound,
    StorageUnavailable,
)
from offbook.domain.journal import CommandAnswer, JournalBatch, Operation, OperationKind
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.testing.contracts.repository_suite import (
    RepositorySuite,
    create,
    create_with_records,
    whole_journal,
)
from offbook.testing.sessions import EPOCH, later, new_session, snapshot, step


class SavingContract(RepositorySuite):
    """Sessions, versions, and what is refused."""

    async def test_a_new_session_is_stored_as_given(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        assert await repository.get(session.id) == session
        assert await repository.list() == (session,)
        assert await whole_journal(repository, session.id) == []

    async def test_an_unknown_session_is_not_found_and_has_nothing(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        with pytest.raises(SessionNotFound):
            await repository.get("unknown")
        with pytest.raises(SessionNotFound):
            await repository.acquire_lease("unknown", "owner")
        await repository.release_lease("unknown", 1)
        assert list(await repository.read_journal("unknown")) == []
        assert await repository.latest_snapshot("unknown") is None
        assert await repository.find_answer("unknown", "command") is None
        assert list(await repository.scheduled_commands("unknown")) == []
        assert list(await repository.operations("unknown")) == []
        assert await repository.list() == ()

    @pytest.mark.parametrize("expected", [0, 1, 3])
    async def test_a_save_over_another_version_is_refused_and_changes_nothing(
        self, repository: IPaperTradingSessionRepository, expected: int
    ) -> None:
        session = await create_with_records(repository, 2)
        after, batch = step(session)
        wrong = msgspec.structs.replace(after, version=expected + 1, status=SessionStatus.FAILED)
        with pytest.raises(ConcurrencyConflict) as caught:
            await repository.save(wrong, batch, expected_version=expected, epoch=0)
        assert caught.value.fields == {"session_id": session.id, "expected": expected, "found": 2}
        assert await repository.get(session.id) == session
        assert len(await whole_journal(repository, session.id)) == 2

    async def test_only_version_zero_creates(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        with pytest.raises(ConcurrencyConflict):
            await repository.save(new_session(version=6), expected_version=5, epoch=0)
        with pytest.raises(LeaseLost):
            await repository.save(new_session(), expected_version=0, epoch=1)
        assert await repository.list() == ()

    async def test_a_malformed_save_is_refused(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        after, batch = step(session, 2)
        no_lines = JournalBatch(
            first_seq=1, records=(b"{\n}",), head=batch.head, cursor=batch.cursor
        )
        early = JournalBatch(
            first_seq=1, records=(), head=batch.head, cursor=batch.cursor, snapshot=snapshot(1)
        )
        for wrong, with_batch in ((later(after), batch), (after, no_lines), (after, early)):
            with pytest.raises(InvalidInput):
                await repository.save(wrong, with_batch, expected_version=1, epoch=0)
        assert await repository.get(session.id) == session

    async def test_sessions_are_listed_oldest_first(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        for number in (3, 1, 2):
            await create(repository, number)
        assert [one.created_at for one in await repository.list()] == [
            new_session(number).created_at for number in (1, 2, 3)
        ]

    async def test_text_of_every_script_comes_back(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        text = 'Grüße, 市場 🎭 \u2028 \x00 \n "quoted" \\'
        session = new_session(status_reason=text)
        await repository.save(session, expected_version=0, epoch=0)
        session, batch = step(
            session,
            1,
            text,
            answers=(CommandAnswer(command_id=text, body_digest=text, answer=text.encode()),),
            operations=(Operation(at=EPOCH, kind=OperationKind.ERROR, detail=text),),
        )
        await repository.save(session, batch, expected_version=1, epoch=0)
        assert await repository.get(session.id) == session
        assert (await whole_journal(repository, session.id))[0].raw == batch.records[0]
        assert await repository.find_answer(session.id, text) == batch.answers[0]
        assert tuple(await repository.operations(session.id)) == batch.operations

    async def test_nothing_handed_in_or_out_is_shared_with_the_store(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = new_session()
        assert session.summary is not None
        positions = session.summary.positions
        await repository.save(session, expected_version=0, epoch=0)
        positions["BTCUSDT"] = "1"
        first = await repository.get(session.id)
        assert first.summary is not None
        assert first.summary.positions == {}
        first.summary.positions["BTCUSDT"] = "2"
        second = await repository.get(session.id)
        assert second.summary is not None
        assert second.summary.positions == {}
        positions.clear()

    async def test_of_many_saves_over_one_version_exactly_one_wins(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        after, batch = step(session, 3)
        results = await asyncio.gather(
            *(repository.save(after, batch, expected_version=1, epoch=0) for _ in range(20)),
            return_exceptions=True,
        )
        assert results.count(None) == 1
        refusals = [result for result in results if result is not None]
        assert all(isinstance(result, ConcurrencyConflict) for result in refusals)
        assert len(await whole_journal(repository, session.id)) == 3

    async def test_many_sessions_save_side_by_side(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        async def run(number: int) -> PaperTradingSession:
            session = await create(repository, number)
            for count in (1, 4, 2):
                before = session.version
                session, batch = step(session, count)
                await repository.save(session, batch, expected_version=before, epoch=0)
                assert await repository.get(session.id) == session
            return session

        sessions = await asyncio.gather(*(run(number) for number in range(40)))
        assert await repository.list() == tuple(sessions)
        for session in sessions:
            raws = [one.raw for one in await whole_journal(repository, session.id)]
            assert chain.extend_all(chain.GENESIS, raws).hex() == session.chain_head

    async def test_a_canceled_caller_harms_nobody(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        after, batch = step(session, 2)
        call = asyncio.create_task(repository.save(after, batch, expected_version=1, epoch=0))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        other = await create(repository, 2)  # behind the first, so that one is decided by now
        assert await repository.get(other.id) == other
        stored = await repository.get(session.id)
        assert stored in (session, after)
        assert len(await whole_journal(repository, session.id)) == stored.last_seq

    async def test_after_close_every_call_says_so(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        session = await create(repository)
        await repository.close()
        await repository.close()
        for call in (
            repository.save(later(session), expected_version=1, epoch=0),
            repository.get(session.id),
            repository.list(),
            repository.read_journal(session.id),
            repository.acquire_lease(session.id, "owner"),
        ):
            with pytest.raises(StorageUnavailable):
                await call

    async def test_close_finishes_what_was_begun(
        self, repository: IPaperTradingSessionRepository
    ) -> None:
        sessions = [new_session(number) for number in range(50)]
        calls = [
            asyncio.create_task(repository.save(one, expected_version=0, epoch=0))
            for one in sessions
        ]
        await asyncio.sleep(0)
        await repository.close()
        await asyncio.gather(*calls)
        reopened = await self.reopen(repository)
        assert await reopened.list() == tuple(sessions)
        await reopened.close()
