"""What every part of the repository's contract starts from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from offbook.domain.journal import StoredRecord
from offbook.domain.session import PaperTradingSession
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.testing.sessions import new_session, step


class RepositorySuite:
    """What every part of the contract starts from."""

    async def open(self, tmp_path: Path) -> IPaperTradingSessionRepository:
        """A new, empty repository; it may keep its files under ``tmp_path``."""
        raise NotImplementedError

    async def reopen(
        self, repository: IPaperTradingSessionRepository
    ) -> IPaperTradingSessionRepository:
        """The same store as a new process finds it, the old process being dead."""
        raise NotImplementedError

    @pytest.fixture
    async def repository(self, tmp_path: Path) -> AsyncIterator[IPaperTradingSessionRepository]:
        """The repository under test, closed afterwards."""
        repository = await self.open(tmp_path)
        yield repository
        await repository.close()


async def create(
    repository: IPaperTradingSessionRepository, number: int = 1
) -> PaperTradingSession:
    """Save a new session."""
    session = new_session(number)
    await repository.save(session, expected_version=0, epoch=0)
    return session


async def create_with_records(
    repository: IPaperTradingSessionRepository, count: int
) -> PaperTradingSession:
    """Save a new session, then ``count`` records; it is at version 2."""
    session = await create(repository)
    session, batch = step(session, count)
    await repository.save(session, batch, expected_version=1, epoch=0)
    return session


async def whole_journal(
    repository: IPaperTradingSessionRepository, session_id: str
) -> list[StoredRecord]:
    """All records of a session."""
    return list(await repository.read_journal(session_id, limit=100_000))
