"""Taking sessions up again: after a crash, after a failure, or when someone asks for one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import msgspec

from offbook.domain.chain import extend_all
from offbook.domain.commands import Resume, Stop
from offbook.domain.errors import (
    ConcurrencyConflict,
    JournalDamaged,
    LeaseHeld,
    LeaseLost,
    ManagerClosed,
    SessionFailed,
    SessionStopped,
    StorageUnavailable,
)
from offbook.domain.journal import JournalBatch, ScheduledCommand, StoredRecord
from offbook.domain.records import CommandTaken, decode_record, encode_record
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.engine.ledger.folding import fold, stop_by_fold, summary_of
from offbook.ports.recovery import IRebuilder
from offbook.services.paper_trading.digests import command_digest, start_digest
from offbook.services.paper_trading.failures import failure_reason, session_error
from offbook.services.paper_trading.journal_reader import survey
from offbook.services.paper_trading.messages import AnswerFor, LoadSession, Started, StartRunner
from offbook.services.paper_trading.rebuilding_apart import HelpedHost
from offbook.services.paper_trading.registry import Registry, outcome_of
from offbook.services.paper_trading.session_host import SessionHost

T = TypeVar("T")
AT_ONCE: Final = 16
"""How many sessions are taken up at the same time."""
NEVER_RAN: Final = "never_ran"
_OVER: Final = (SessionStatus.STOPPED, SessionStatus.FAILED)
_ELSEWHERE: Final = (StorageUnavailable, ConcurrencyConflict, LeaseLost, LeaseHeld)


class NotRecovered(msgspec.Struct, frozen=True, kw_only=True):
    """A session that could not be taken up, and why; ``reason`` is a code."""

    session_id: str
    reason: str
    message: str


class RecoveryReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the sessions in the store: ids taken up, and those that were not."""

    recovered: tuple[str, ...] = ()
    failed: tuple[NotRecovered, ...] = ()


class Recovery:
    """Takes sessions up. Used on the owner loop alone."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._under_way: dict[str, asyncio.Task[Any]] = {}
        self._given_up: set[str] = set()

    async def recover_all(self, only: frozenset[str] | None = None) -> RecoveryReport:
        """Take up all sessions that are not over, or those of them in ``only``; the trouble of
        one does not concern the rest."""
        sessions = [
            session
            for session in await self._registry.repository.list()
            if session.status not in _OVER
            and (only is None or session.id in only)
            and session.id not in self._registry.hosts
        ]
        ids = [session.id for session in sessions]
        async with self._registry.helped(sessions) as rebuilder:
            places = 0 if rebuilder is None else rebuilder.places
            turns = asyncio.Semaphore(max(AT_ONCE, places))

            async def one(session_id: str) -> NotRecovered | None:
                async with turns:
                    return await self._try(session_id, rebuilder)

            found = await asyncio.gather(*map(one, ids))
        failed = tuple(trouble for trouble in found if trouble is not None)
        lost = {trouble.session_id for trouble in failed}
        return RecoveryReport(
            recovered=tuple(session_id for session_id in ids if session_id not in lost),
            failed=failed,
        )

    async def _try(self, session_id: str, rebuilder: IRebuilder | None) -> NotRecovered | None:
        try:
            await self.adopt(session_id, hold=False, rebuilder=rebuilder)
        except Exception as error:
            return NotRecovered(
                session_id=session_id, reason=failure_reason(error), message=str(error)
            )
        return None

    async def adopt(
        self, session_id: str, *, hold: bool, rebuilder: IRebuilder | None = None
    ) -> SessionHost:
        """Run a session of the store that nobody runs; with ``hold`` it takes no row yet.

        ``rebuilder`` runs its journal again elsewhere, as far as it can.

        Raises LeaseHeld, StorageUnavailable, what ended the session in FAILED, and SessionStopped
        or ManagerClosed when it was broken off.
        """
        task = self._under_way.get(session_id)
        host = self._registry.hosts.get(session_id)
        if task is None and host is not None and host.retiring is None:
            return host
        if task is None:
            task = self._begin(session_id, self._adopt(session_id, hold, rebuilder))
        taken: SessionHost = await self._outcome(session_id, task)
        return taken

    def _begin(self, session_id: str, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = self._registry.loop.spawn(work, f"take up {session_id}")
        if self._registry.closing.is_set() or session_id in self._given_up:
            task.cancel()
        self._under_way[session_id] = task
        task.add_done_callback(lambda _: self._under_way.pop(session_id, None))
        return task

    async def _outcome(self, session_id: str, task: asyncio.Task[T]) -> T:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.cancelled():
                raise
        if self._registry.closing.is_set():
            raise ManagerClosed(f"the manager was shut down while session {session_id} came up")
        raise SessionStopped(
            f"session {session_id} was stopped while it was being taken up", session_id=session_id
        )

    async def settled(self, session_id: str) -> None:
        """Wait while a session is being taken up. Raises what that raised."""
        task = self._under_way.get(session_id)
        if task is not None:
            await self._outcome(session_id, task)

    def is_opening(self, session_id: str) -> bool:
        """Whether a session is being taken up and its market is not open yet."""
        host = self._registry.hosts.get(session_id)
        return session_id in self._under_way and (host is None or not host.market_is_open)

    def is_under_way(self, session_id: str) -> bool:
        """Whether a session is being taken up."""
        return session_id in self._under_way

    @asynccontextmanager
    async def given_up(self, session_id: str) -> AsyncIterator[None]:
        """Break off the taking up of a session, and let none begin meanwhile."""
        self._given_up.add(session_id)
        task = self._under_way.get(session_id)
        try:
            if task is not None:
                task.cancel()
                await asyncio.wait({task})
            yield
        finally:
            self._given_up.discard(session_id)

    def cancel(self) -> None:
        """Give up what is being taken up; it stays as it is in the store."""
        for task in self._under_way.values():
            task.cancel()

    async def _adopt(
        self, session_id: str, hold: bool, rebuilder: IRebuilder | None
    ) -> SessionHost:
        host, scheduled = await self._own(session_id)
        session = host.committed
        if session.status in _OVER:
            await self._registry.retire(host)
            raise SessionFailed(
                f"session {session_id} is {session.status.value}",
                session_id=session_id,
                reason=session.status_reason,
            )
        if session.status is SessionStatus.STOPPING:
            host.answer_when_over += tuple(await self._unanswered_stop(session))
        owned = msgspec.structs.replace(session, epoch=host.epoch)
        # A start that a crash broke off is carried on under its own command, and answered so.
        digest = start_digest(owned.config, owned.parent_id)
        begin = StartRunner(
            session=owned, scheduled=scheduled, digest=digest, recover=True, hold=hold
        )
        await self._run(host, begin, SessionStatus.RUNNING, rebuilder)
        return host

    async def resume_failed(self, session_id: str, command: Resume) -> PaperTradingSession:
        """FAILED to STARTING to RUNNING, through the journal.

        Raises JournalDamaged and whatever else makes it fail again; SessionStopped or ManagerClosed
        when it was broken off.
        """
        task = self._begin(session_id, self._resume_failed(session_id, command))
        return await self._outcome(session_id, task)

    async def _resume_failed(self, session_id: str, command: Resume) -> PaperTradingSession:
        host, scheduled = await self._own(session_id)
        await host.save_status(SessionStatus.STARTING)
        begin = StartRunner(
            session=host.committed,
            scheduled=scheduled,
            command=command,
            digest=command_digest(command),
            recover=True,
        )
        return await self._run(host, begin, SessionStatus.RUNNING)

    async def stop_by_fold(self, session_id: str, command: Stop) -> PaperTradingSession:
        """To STOPPED without an engine, for a session that failed, whose start nobody carries out,
        or that could not be taken up: open orders are canceled by what the records alone tell."""
        host, _ = await self._own(session_id)
        try:
            before = host.committed
            session, batch = await self._stopped_by_fold(before, command)
            answers = [AnswerFor(command_id=command.command_id, digest=command_digest(command))]
            if before.status is SessionStatus.STOPPING:
                answers += await self._unanswered_stop(before)
            return await host.save_stopped(session, batch, tuple(answers))
        finally:
            await self._registry.retire(host)

    async def _own(self, session_id: str) -> tuple[SessionHost, tuple[ScheduledCommand, ...]]:
        """Hold a session of the store, under a new epoch; with the commands that wait in it, to
        which none is added before it has a runner. Raises LeaseHeld."""
        registry = self._registry
        host = registry.open_host(await registry.repository.get(session_id))
        try:
            await host.acquire(registry.owner)
            # Read again: until now somebody else may have written.
            loaded = await host.load_session(LoadSession())
        except BaseException:
            await registry.retire(host)
            raise
        return host, loaded.scheduled

    async def _run(
        self,
        host: SessionHost,
        begin: StartRunner,
        status: SessionStatus,
        rebuilder: IRebuilder | None = None,
    ) -> PaperTradingSession:
        registry = self._registry
        helped = None if rebuilder is None else HelpedHost(host, rebuilder)
        try:
            reply = await outcome_of(registry.make_runner(host, helped).start(begin))
            if isinstance(reply, Started):
                return reply.session
            if begin.session.status is not SessionStatus.STARTING:
                status = begin.session.status
            return await host.save_status(status, begin.session.status_reason)
        except asyncio.CancelledError:
            await registry.retire(host)
            raise
        except _ELSEWHERE:
            await registry.retire(host)
            raise
        except Exception as error:
            detail = session_error(error)
            await registry.fail(host, failure_reason(error), detail)
            raise

    async def _stopped_by_fold(
        self, session: PaperTradingSession, command: Stop
    ) -> tuple[PaperTradingSession, JournalBatch | None]:
        stopped = session.with_status(SessionStatus.STOPPED, command.reason)
        if not session.last_seq:
            return session.with_status(SessionStatus.STOPPED, NEVER_RAN), None
        try:
            stored = await self._whole_journal(session)
        except JournalDamaged:
            # Nothing can be said of its orders; it is over all the same.
            return stopped, None
        records = [decode_record(record.raw) for record in stored]
        added = stop_by_fold(records, command)
        raws = tuple(encode_record(record) for record in added)
        batch = JournalBatch(
            first_seq=session.last_seq + 1,
            records=raws,
            head=extend_all(bytes.fromhex(session.chain_head), raws),
            cursor=session.cursor,
        )
        summary = summary_of(fold([*records, *added]))
        return msgspec.structs.replace(stopped, summary=summary), batch

    async def _whole_journal(self, session: PaperTradingSession) -> list[StoredRecord]:
        """All records, verified. Raises JournalDamaged."""
        stored: list[StoredRecord] = []

        async def read(after_seq: int, limit: int) -> list[StoredRecord]:
            page = await self._registry.repository.read_journal(
                session.id, after_seq=after_seq, limit=limit
            )
            stored.extend(page)
            return list(page)

        await survey(
            session.id,
            read,
            last_seq=session.last_seq,
            chain_head=session.chain_head,
            page_records=self._registry.limits.page_records,
        )
        return stored

    async def _unanswered_stop(self, session: PaperTradingSession) -> list[AnswerFor]:
        """The stop that a crash interrupted, to be answered when it is done."""
        repository = self._registry.repository
        after_seq, found = 0, None
        while page := await repository.read_journal(session.id, after_seq=after_seq):
            after_seq = page[-1].seq
            for stored in page:
                if stored.raw.startswith(b'{"kind":"CommandTaken.'):
                    record = decode_record(stored.raw)
                    if isinstance(record, CommandTaken) and isinstance(record.command, Stop):
                        found = record.command
        if found is None or await repository.find_answer(session.id, found.command_id):
            return []
        return [AnswerFor(command_id=found.command_id, digest=command_digest(found))]
