"""Reading sessions: their events as they are committed, their progress, their orders."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from offbook.domain.errors import ManagerClosed, NotFound
from offbook.domain.journal import StoredRecord
from offbook.domain.orders import OrderView
from offbook.domain.records import Record, decode_record
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.engine.ledger.folding import fold, instrument_of, order_view
from offbook.services.paper_trading.messages import AskOrders, AskProgress, Orders, Progress
from offbook.services.paper_trading.registry import Registry, outcome_of

_OVER: Final = (SessionStatus.STOPPED, SessionStatus.FAILED)
_BY_REQUEST: Final = "requested"


class Watching:
    """Reads what is committed. Used on the owner loop alone."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def next_events(
        self, session_id: str, after_seq: int
    ) -> tuple[Sequence[tuple[int, Record]], bool]:
        """The next committed records, at least one, or none and True when no more will come."""
        registry = self._registry
        while True:
            host = registry.hosts.get(session_id)
            change = None if host is None else host.changed
            session = await registry.stored(session_id)
            if session.last_seq > after_seq:
                # The store may know more already than we were told: whoever acts on an event must
                # find the session as the event left it.
                most = min(registry.limits.page_records, session.last_seq - after_seq)
                page = await registry.repository.read_journal(
                    session_id, after_seq=after_seq, limit=most
                )
                if page:
                    return [(stored.seq, decode_record(stored.raw)) for stored in page], False
            if session.status in _OVER:
                return (), True
            await self._change(change)

    async def wait(self, session_id: str) -> PaperTradingSession:
        """The session once it goes on no more unless somebody makes it."""
        registry = self._registry
        while True:
            host = registry.hosts.get(session_id)
            change = None if host is None else host.changed
            session = await registry.stored(session_id)
            stuck = session.status is SessionStatus.PAUSED and session.status_reason != _BY_REQUEST
            if host is not None and host.retiring is not None:
                await asyncio.wait({host.retiring})
            if session.status in _OVER or stuck:
                return session
            await self._change(change)

    async def progress(self, session_id: str) -> Progress:
        """How far a session is; of one that is not run here, as far as it is stored."""
        registry = self._registry
        host, runner = registry.hosts.get(session_id), registry.active.get(session_id)
        if host is not None and runner is not None and not host.storage_down:
            started = host.start_task is None or host.start_task.done()
            if started and host.retiring is None:
                reply = await outcome_of(runner.progress(AskProgress()))
                if isinstance(reply, Progress):
                    return reply
        session = await registry.stored(session_id)
        return Progress(
            status=session.status,
            cursor=session.cursor,
            committed=session.cursor,
            now=session.cursor.ts,
            last_seq=session.last_seq,
            speed=session.config.speed,
            summary=session.summary,
        )

    async def orders(self, session_id: str) -> tuple[OrderView, ...]:
        """All orders of a session: from its engine, or from its journal alone."""
        registry = self._registry
        host, runner = registry.hosts.get(session_id), registry.active.get(session_id)
        if host is not None and runner is not None and not host.storage_down:
            started = host.start_task is None or host.start_task.done()
            if started and host.retiring is None:
                reply = await outcome_of(runner.orders(AskOrders()))
                if isinstance(reply, Orders):
                    return reply.orders
        return await self._orders_by_fold(await registry.stored(session_id))

    async def _orders_by_fold(self, session: PaperTradingSession) -> tuple[OrderView, ...]:
        stored: list[StoredRecord] = []
        while len(stored) < session.last_seq:
            page = await self._registry.repository.read_journal(
                session.id, after_seq=len(stored), limit=self._registry.limits.page_records
            )
            if not page:
                raise NotFound(f"the journal of session {session.id} is incomplete")
            stored.extend(page)
        ledger = fold(decode_record(record.raw) for record in stored[: session.last_seq])
        return tuple(
            order_view(order, instrument_of(ledger, order.symbol))
            for order in ledger.orders.values()
        )

    async def _change(self, change: asyncio.Event | None) -> None:
        """Until the session changes, or for a while where others run it.

        Raises ManagerClosed at shutdown.
        """
        registry = self._registry
        moved = (
            registry.clock.sleep(registry.limits.poll_seconds) if change is None else _set(change)
        )
        waits = [
            asyncio.ensure_future(moved),
            asyncio.ensure_future(_set(registry.closing)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        if registry.closing.is_set():
            raise ManagerClosed("the manager was shut down")


async def _set(event: asyncio.Event) -> None:
    await event.wait()
