"""The reading half of the manager: nothing here changes a session."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any, TypeVar

from offbook.domain.errors import ManagerClosed
from offbook.domain.orders import OrderView
from offbook.domain.records import Record
from offbook.domain.session import PaperTradingSession
from offbook.services.paper_trading.door import check_id, check_whole
from offbook.services.paper_trading.messages import Progress
from offbook.services.paper_trading.owner_loop import Work
from offbook.services.paper_trading.registry import Registry
from offbook.services.paper_trading.verification import Verification, verify
from offbook.services.paper_trading.watching import Watching

T = TypeVar("T")


class SessionReading:
    """What can be asked of a manager about its sessions, from any thread and loop."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._loop = registry.loop
        self._watching = Watching(registry)

    async def get_session(self, session_id: str) -> PaperTradingSession:
        """A session as last committed, with its present health.

        For a session that runs here it is answered even while the owner loop is stuck.
        """
        check_id("session_id", session_id)
        host = self._registry.hosts.get(session_id)
        if host is not None and host.committed.version:
            return self._registry.seen(host.committed)
        return await self._call(lambda: self._registry.stored(session_id), "get")

    async def list_sessions(self) -> tuple[PaperTradingSession, ...]:
        """All sessions of the store, oldest first: one consistent snapshot."""

        async def work() -> tuple[PaperTradingSession, ...]:
            return tuple(map(self._registry.seen, await self._registry.repository.list()))

        return await self._call(work, "list")

    async def events(
        self, session_id: str, after_seq: int = 0
    ) -> AsyncIterator[tuple[int, Record]]:
        """Committed records with their numbers, in order, from ``after_seq`` on.

        Follows the session live and ends when it is over and everything was given.  Raises
        ManagerClosed when the manager is shut down before.
        """
        while True:
            page, over = await self.next_events(session_id, after_seq)
            for seq, record in page:
                after_seq = seq
                yield seq, record
            if over:
                return

    async def next_events(
        self, session_id: str, after_seq: int
    ) -> tuple[Sequence[tuple[int, Record]], bool]:
        """The next page of ``events``: at least one record, or none and True at the end."""
        check_id("session_id", session_id)
        check_whole("after_seq", after_seq)
        return await self._read(lambda: self._watching.next_events(session_id, after_seq), "events")

    async def progress(self, session_id: str) -> Progress:
        """How far a session is. The engine may be ahead of the commit: no figure is a promise."""
        check_id("session_id", session_id)
        return await self._call(lambda: self._watching.progress(session_id), "progress")

    async def wait(self, session_id: str) -> PaperTradingSession:
        """The session once it goes on no more by itself.

        That is STOPPED, FAILED, or PAUSED for another reason than a command: the end of its data
        or an error of its strategy.
        """
        check_id("session_id", session_id)
        return await self._read(lambda: self._watching.wait(session_id), "wait")

    async def orders(self, session_id: str) -> tuple[OrderView, ...]:
        """All orders of a session, oldest first, as committed."""
        check_id("session_id", session_id)
        return await self._call(lambda: self._watching.orders(session_id), "orders")

    async def verify(self, session_id: str, *, slice_rows: int = 4096) -> Verification:
        """Run a session's committed part again from its first row and compare every byte."""
        check_id("session_id", session_id)
        check_whole("slice_rows", slice_rows, least=1)

        async def work() -> Verification:
            registry = self._registry
            verifying = verify(
                await registry.stored(session_id),
                registry.gateway,
                registry.make_engine,
                registry.repository,
                registry.limits,
                slice_rows=slice_rows,
            )
            return await registry.unless_closing(verifying)

        return await self._read(work, "verify")

    def _call(self, work: Work[T], name: str, *, guarded: bool = False) -> Coroutine[Any, Any, T]:
        if self._registry.closing.is_set() and name != "shutdown":
            raise ManagerClosed("the manager was shut down")
        if guarded and self._loop.is_here:
            return work()  # as the loop would do, in fewer steps
        return self._loop.call(work, name, guarded=guarded)

    async def _read(self, work: Work[T], name: str) -> T:
        """Like ``_call``, and given up with its caller: it changes nothing."""
        if self._registry.closing.is_set():
            raise ManagerClosed("the manager was shut down")
        return await self._loop.call(work, name, detached=False)
