"""Every repository keeps the repository's contract."""

from __future__ import annotations

from pathlib import Path

from offbook.adapters.persistence.sqlite_repository import SqliteRepository
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.testing.contracts.repository import RepositoryContract
from offbook.testing.memory_repository import InMemoryRepository


class TestInMemoryRepository(RepositoryContract):
    """The one that is shipped for tests."""

    async def open(self, tmp_path: Path) -> IPaperTradingSessionRepository:
        return InMemoryRepository()

    async def reopen(
        self, repository: IPaperTradingSessionRepository
    ) -> IPaperTradingSessionRepository:
        assert isinstance(repository, InMemoryRepository)
        return repository.after_kill()


class TestSqliteRepository(RepositoryContract):
    """The store on disk. That a killed process loses nothing is tested with real ones."""

    async def open(self, tmp_path: Path) -> IPaperTradingSessionRepository:
        return SqliteRepository.open(tmp_path / "store")

    async def reopen(
        self, repository: IPaperTradingSessionRepository
    ) -> IPaperTradingSessionRepository:
        assert isinstance(repository, SqliteRepository)
        await repository.close()
        return SqliteRepository.open(repository.store)
