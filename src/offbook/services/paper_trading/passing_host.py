"""A host that hands everything on, for those that do one thing otherwise."""

from __future__ import annotations

from offbook.services.paper_trading.messages import (
    Commit,
    Committed,
    Done,
    JournalPage,
    Loaded,
    LoadedSnapshot,
    LoadJournal,
    LoadSession,
    LoadSnapshot,
    ReportFailure,
    ReportHealth,
    RunnerHost,
)


class PassingHost:
    """A ``RunnerHost`` that asks another; whatever that raises, it raises."""

    __slots__ = ("_next",)

    def __init__(self, host: RunnerHost) -> None:
        self._next = host

    async def commit(self, message: Commit) -> Committed:
        """Make steps durable."""
        return await self._next.commit(message)

    async def fail(self, message: ReportFailure) -> Done:
        """The session is to end in FAILED."""
        return await self._next.fail(message)

    async def health(self, message: ReportHealth) -> Done:
        """Tell how the store does."""
        return await self._next.health(message)

    async def load_session(self, message: LoadSession) -> Loaded:
        """The durable session."""
        return await self._next.load_session(message)

    async def load_journal(self, message: LoadJournal) -> JournalPage:
        """A page of the journal."""
        return await self._next.load_journal(message)

    async def load_snapshot(self, message: LoadSnapshot) -> LoadedSnapshot:
        """The newest snapshot that fits."""
        return await self._next.load_snapshot(message)
