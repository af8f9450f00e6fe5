"""Taking sessions up again: after a crash, after a failure, or when someone asks for one."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from offbook.domain.chain import extend_all
from offbook.domain.commands import Resume, Stop
from offbook.domain.errors import (
    ConcurrencyConflict,
    JournalDamaged,
    LeaseHeld,
    LeaseLost,
    SessionFailed,
    StorageUnavailable,
)
from offbook.domain.journal import JournalBatch, StoredRecord
from offbook.domain.records import CommandTaken, decode_record, encode_record
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.engine.folding import fold, stop_by_fold, summary_of
from offbook.services.paper_trading.digests import command_digest, start_digest
from offbook.services.paper_trading.failures import failure_reason, session_error
from offbook.services.paper_trading.journal_reader import survey
from offbook.services.paper_trading.messages import AnswerFor, LoadSession, Started, StartRunner
from offbook.services.paper_trading.registry import Registry, outcome_of
from offbook.services.paper_trading.session_host import SessionHost

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
        self._adopting: dict[str, asyncio.Task[SessionHost]] = {}

    async def recover_all(self, only: frozenset[str] | None = None) -> RecoveryReport:
        """Take up all sessions that are not over, or those of them in ``only``; the trouble of
        one does not concern the rest."""
        sessions = await self._registry.repository.list()
        ids = [s.id for s in sessions if s.status not in _OVER and (only is None or s.id in only)]
        ids = [session_id for session_id in ids if session_id not in self._registry.hosts]
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(session_id: str) -> NotRecovered | None:
            async with turns:
                return await self._try(session_id)

        found = await asyncio.gather(*map(one, ids))
        failed = tuple(trouble for trouble in found if trouble is not None)
        lost = {trouble.session_id for trouble in failed}
        return RecoveryReport(
            recovered=tuple(session_id for session_id in ids if session_id not in lost),
            failed=failed,
        )

    async def _try(self, session_id: str) -> NotRecovered | None:
        try:
            await self.adopt(session_id, hold=False)
        except Exception as error:
            return NotRecovered(
                session_id=session_id, reason=failure_reason(error), message=str(error)
            )
        return None

    async def adopt(self, session_id: str, *, hold: bool) -> SessionHost:
        """Run a session of the store that nobody runs; with ``hold`` it takes no row yet.

        Raises LeaseHeld, StorageUnavailable, and what ended the session in FAILED.
        """
        task = self._adopting.get(session_id)
        host = self._registry.hosts.get(session_id)
        if task is None and host is not None and host.retiring is None:
            return host
        if task is None:
            task = self._registry.loop.spawn(self._adopt(session_id, hold), f"adopt {session_id}")
            self._adopting[session_id] = task
            task.add_done_callback(lambda _: self._adopting.pop(session_id, None))
        return await asyncio.shield(task)

    async def settled(self, session_id: str) -> None:
        """Wait while a session is being taken up. Raises what that raised."""
        task = self._adopting.get(session_id)
        if task is not None:
            await asyncio.shield(task)

    def cancel(self) -> None:
        """Give up what is being taken up; it stays as it is in the store."""
        for task in self._adopting.values():
            task.cancel()

    async def _adopt(self, session_id: str, hold: bool) -> SessionHost:
        host = await self._own(session_id)
        session = host.committed
        if session.status in _OVER:
            await self._registry.retire(host)
            raise SessionFailed(
                f"session {session_id} is {session.status.value}",
                session_id=session_id,
                reason=session.status_reason,
            )
        if session.status is SessionStatus.STOPPING:
            host.answer_when_over.extend(await self._unanswered_stop(session))
        owned = msgspec.structs.replace(session, epoch=host.epoch)
        # A start that a crash broke off is carried on under its own command, and answered so.
        digest = start_digest(owned.config, owned.parent_id)
        begin = StartRunner(session=owned, digest=digest, recover=True, hold=hold)
        await self._run(host, begin, SessionStatus.RUNNING)
        return host

    async def resume_failed(self, session_id: str, command: Resume) -> PaperTradingSession:
        """FAILED to STARTING to RUNNING, through the journal.

        Raises JournalDamaged and whatever else makes it fail again.
        """
        host = await self._own(session_id)
        await host.save_status(SessionStatus.STARTING)
        begin = StartRunner(
            session=host.committed,
            command=command,
            digest=command_digest(command),
            recover=True,
        )
        return await self._run(host, begin, SessionStatus.RUNNING)

    async def stop_failed(self, session_id: str, command: Stop) -> PaperTradingSession:
        """FAILED to STOPPED: open orders are canceled by what the records alone tell."""
        host = await self._own(session_id)
        try:
            session, batch = await self._stopped_by_fold(host.committed, command)
            answer = AnswerFor(command_id=command.command_id, digest=command_digest(command))
            return await host.save_stopped(session, batch, answer)
        finally:
            await self._registry.retire(host)

    async def never_ran(self, session_id: str) -> PaperTradingSession:
        """STARTING to STOPPED, for a start that nobody carries out."""
        host = await self._own(session_id)
        try:
            return await host.save_status(SessionStatus.STOPPED, NEVER_RAN)
        finally:
            await self._registry.retire(host)

    async def _own(self, session_id: str) -> SessionHost:
        """Hold a session of the store, under a new epoch. Raises LeaseHeld."""
        registry = self._registry
        host = registry.open_host(await registry.repository.get(session_id))
        try:
            await host.acquire(registry.owner)
            # Read again: until now somebody else may have written.
            await host.load_session(LoadSession())
        except BaseException:
            await registry.retire(host)
            raise
        return host

    async def _run(
        self, host: SessionHost, begin: StartRunner, status: SessionStatus
    ) -> PaperTradingSession:
        registry = self._registry
        try:
            reply = await outcome_of(registry.make_runner(host).start(begin))
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
