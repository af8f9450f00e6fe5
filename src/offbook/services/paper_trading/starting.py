"""Starting sessions, and what a start leaves behind when it does not come to its end."""

from __future__ import annotations

import asyncio

from offbook.domain.config import SessionConfig
from offbook.domain.errors import (
    CommandConflict,
    ConcurrencyConflict,
    LeaseHeld,
    LeaseLost,
    ManagerClosed,
    OffbookError,
    SessionFailed,
    SessionNotFound,
    SessionStopped,
    StorageUnavailable,
)
from offbook.domain.journal import CommandAnswer
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.services.paper_trading.digests import decode_session_answer, start_digest
from offbook.services.paper_trading.failures import failure_reason, session_error
from offbook.services.paper_trading.messages import Started, StartRunner
from offbook.services.paper_trading.recovering import Recovery
from offbook.services.paper_trading.registry import Registry, outcome_of, tell
from offbook.services.paper_trading.session_host import SessionHost

_NOT_THE_SESSIONS_FAULT = (StorageUnavailable, ConcurrencyConflict, LeaseLost, LeaseHeld)


class Starter:
    """Begins new sessions. Used on the owner loop alone."""

    def __init__(self, registry: Registry, recovery: Recovery) -> None:
        self._registry = registry
        self._recovery = recovery

    async def start(
        self,
        config: SessionConfig,
        *,
        session_id: str | None,
        command_id: str | None,
        parent_id: str | None,
        digest: str,
    ) -> PaperTradingSession:
        """Start a session, or carry on the start that this command began before."""
        if session_id is not None or command_id is not None:
            found = await self._find(session_id, command_id)
            if found is not None:
                return await self._again(found, command_id, digest)
        registry = self._registry
        if registry.closing.is_set():
            # The shutdown came during the look: it knew of no session to break off.
            raise ManagerClosed("the manager was shut down before the session began")
        session = PaperTradingSession(
            id=session_id or registry.ids.session_id(),
            config=config,
            status=SessionStatus.STARTING,
            created_at=registry.clock.now(),
            start_command_id=command_id or registry.ids.command_id(),
            parent_id=parent_id,
        )
        host = registry.open_host(session)
        task = registry.loop.spawn(self._start(host, digest), f"start {session.id}")
        host.begin_start(task)
        return await self._await_start(host, task)

    async def _await_start(
        self, host: SessionHost, task: asyncio.Task[PaperTradingSession]
    ) -> PaperTradingSession:
        try:
            return await asyncio.shield(task)
        except SessionStopped:
            pass
        except asyncio.CancelledError:
            if not task.cancelled():
                raise
        stopping = host.stop_task
        if stopping is not None:
            # What the caller is told holds once the stop is durable.
            await asyncio.wait({stopping})
            stopping.result()
            raise SessionStopped(
                f"session {host.id} was stopped before it had started", session_id=host.id
            )
        raise ManagerClosed(f"the manager was shut down while session {host.id} was starting")

    async def _start(self, host: SessionHost, digest: str) -> PaperTradingSession:
        registry = self._registry
        try:
            await host.create()
        except BaseException:
            if host.committed.version == 0:
                registry.hosts.pop(host.id, None)
            raise
        try:
            await host.acquire(registry.owner)
            runner = registry.make_runner(host)
            reply = await outcome_of(
                runner.start(StartRunner(session=host.committed, digest=digest))
            )
            if isinstance(reply, Started):
                return reply.session
            return await host.save_status(SessionStatus.RUNNING)
        except (asyncio.CancelledError, SessionStopped):
            await self._let_go(host)
            raise
        except _NOT_THE_SESSIONS_FAULT:
            # It stays STARTING: the same command, or the next boot, carries the start on.
            await registry.retire(host)
            raise
        except Exception as error:
            raise await self._failed(host, error) from error

    async def _failed(self, host: SessionHost, error: Exception) -> Exception:
        """End the session in FAILED; gives what the caller is told."""
        reason = failure_reason(error)
        detail = session_error(error)
        try:
            await self._registry.fail(host, reason, detail)
        except _NOT_THE_SESSIONS_FAULT as trouble:
            await self._registry.retire(host)
            return trouble
        if isinstance(error, OffbookError):
            return error
        return SessionFailed(
            f"session {host.id} failed to start: {type(error).__name__}: {error}",
            session_id=host.id,
            reason=reason,
        )

    async def _let_go(self, host: SessionHost) -> None:
        """A start that was cancelled keeps nothing open; who cancelled it sees to the session."""
        runner = self._registry.active.get(host.id)
        if runner is not None:
            await tell(runner, "close")

    async def _find(
        self, session_id: str | None, command_id: str | None
    ) -> PaperTradingSession | None:
        """The session that an earlier start of this id or command made."""
        registry = self._registry
        if session_id is not None:
            if session_id in registry.hosts:
                return registry.hosts[session_id].committed
            try:
                return await registry.stored(session_id)
            except SessionNotFound:
                return None
        for session in await registry.repository.list():
            if session.start_command_id == command_id:
                return session
        return None

    async def _again(
        self, session: PaperTradingSession, command_id: str | None, digest: str
    ) -> PaperTradingSession:
        asked = start_digest(session.config, session.parent_id)
        if digest != asked or session.start_command_id != command_id:
            raise CommandConflict(
                f"session {session.id} was started before, by another command",
                session_id=session.id,
                command_id=command_id,
            )
        host = self._registry.hosts.get(session.id)
        if host is not None and host.start_task is not None and not host.start_task.done():
            return await self._await_start(host, host.start_task)
        answer = await self._answer(session)
        if answer is not None:
            return answer
        if session.status is SessionStatus.FAILED:
            raise SessionFailed(
                f"session {session.id} failed: {session.status_reason}",
                session_id=session.id,
                reason=session.status_reason,
            )
        if session.status is SessionStatus.STOPPED:
            if session.started_at is not None:
                return session
            raise SessionStopped(
                f"session {session.id} was stopped before it had started", session_id=session.id
            )
        host = await self._recovery.adopt(session.id, hold=False)
        return await self._answer(session) or host.session

    async def _answer(self, session: PaperTradingSession) -> PaperTradingSession | None:
        """What the start was answered, whatever has become of the session since."""
        found = await self._registry.repository.find_answer(session.id, session.start_command_id)
        if not isinstance(found, CommandAnswer):
            return None
        return decode_session_answer(found.answer)
