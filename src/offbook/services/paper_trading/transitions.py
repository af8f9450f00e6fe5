"""Pausing, resuming and stopping: one transition at a time per session, and stop above all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final
from weakref import WeakValueDictionary

import msgspec

from offbook.domain.commands import ForceStop, Pause, Resume, Stop
from offbook.domain.errors import (
    InvalidTransition,
    MailboxFull,
    ManagerClosed,
    OffbookError,
    SessionFailed,
    SessionStopped,
    StorageUnavailable,
)
from offbook.domain.session import (
    LifecycleCommand,
    PaperTradingSession,
    SessionStatus,
    Verdict,
    invalid_transition,
)
from offbook.services.paper_trading.digests import command_digest
from offbook.services.paper_trading.messages import AnswerFor, Proceed, TakeCommand, Taken
from offbook.services.paper_trading.recovering import NEVER_RAN, Recovery
from offbook.services.paper_trading.registry import Registry, outcome_of, tell
from offbook.services.paper_trading.session_host import SessionHost
from offbook.services.paper_trading.visiting import Visit

_S: Final = SessionStatus
_C: Final = LifecycleCommand


class Transitions:
    """Moves sessions through their life. Used on the owner loop alone."""

    def __init__(self, registry: Registry, recovery: Recovery) -> None:
        self._registry = registry
        self._recovery = recovery
        self._gates: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def pause(self, session_id: str, command: Pause, at: int | None) -> PaperTradingSession:
        """RUNNING to PAUSED; during a start, as soon as that has come to its end."""
        async with self.visit(session_id, _C.PAUSE) as host:
            if at is not None:
                return await self._schedule(host, _C.PAUSE, command, at)
            await self._after_start(host)
            # Before waiting too: a stop may hold the lane for as long as it closes positions.
            self._refuse_while_stopping(host, _C.PAUSE)
            async with host.lane:
                self._allow(host, _C.PAUSE)
                runner = self._registry.runner_of(host)
                reply = await outcome_of(runner.pause(_message(command)))
                return await self._saved(host, reply, _S.PAUSED)

    async def resume(self, session_id: str, command: Resume) -> PaperTradingSession:
        """PAUSED to RUNNING; FAILED to RUNNING through recovery."""
        async with self._gate(session_id):
            session = await self._registry.stored(session_id)
            if session.verdict(_C.RESUME) is Verdict.RECOVER_AND_RUN:
                await self._let_go(session_id)
                return await self._recovery.resume_failed(session_id, command)
        async with self.visit(session_id, _C.RESUME) as host:
            self._refuse_while_stopping(host, _C.RESUME)
            async with host.lane:
                self._allow(host, _C.RESUME)
                runner = self._registry.runner_of(host)
                reply = await outcome_of(runner.resume(_message(command)))
                return await self._saved(host, reply, _S.RUNNING)

    async def stop(
        self, session_id: str, command: Stop, *, force: bool, at: int | None
    ) -> PaperTradingSession:
        """To STOPPED, from wherever the session is.

        A session that is being taken up and hangs there is ended by its records alone: while its
        market does not open by any stop that asks for no trade, later by force.
        """
        if at is None and await self._may_break_off(session_id, command, force):
            async with self._recovery.given_up(session_id), self._gate(session_id):
                await self._let_go(session_id)
                session = await self._registry.stored(session_id)
                if session.status is _S.STOPPED:
                    # By a stop that we broke off, too: it was waiting before us.
                    return session
                return await self._recovery.stop_by_fold(session_id, command)
        async with self._gate(session_id):
            host = await self._host_to_stop(session_id, command)
            if isinstance(host, PaperTradingSession):
                return host
            host.session.verdict(_C.STOP)
            task = self._begin_stop(host, command) if at is None else None
        if at is not None or task is None:
            with self._room(host):
                return await self._schedule(host, _C.STOP, command, at or 0)
        if force:
            await self._force(host, task)
        return await asyncio.shield(task)

    async def _may_break_off(self, session_id: str, command: Stop, force: bool) -> bool:
        """Whether a stop need not wait until a session has been taken up."""
        if force or not self._recovery.is_opening(session_id):
            return force and self._recovery.is_under_way(session_id)
        session = await self._registry.stored(session_id)
        # What a stop from before a crash was told to close is closed, unless by force.
        asks_for_trade = command.flatten or session.status is _S.STOPPING
        return not asks_for_trade and self._recovery.is_opening(session_id)

    async def _host_to_stop(
        self, session_id: str, command: Stop
    ) -> SessionHost | PaperTradingSession:
        """Who runs the session, or the session where its records alone have ended it."""
        try:
            await self._recovery.settled(session_id)
            host = self._registry.hosts.get(session_id)
            if host is not None and host.retiring is None:
                return host
            await self._let_go(session_id)
            session = await self._registry.stored(session_id)
            if session.verdict(_C.STOP) in (Verdict.STOP_BY_FOLD, Verdict.CANCEL_START):
                return await self._recovery.stop_by_fold(session_id, command)
            return await self._recovery.adopt(session_id, hold=True)
        except SessionStopped:
            # Another stop broke this off, and waits for us to let it on.
            return await self._recovery.stop_by_fold(session_id, command)

    def visit(self, session_id: str, command: LifecycleCommand | None) -> Visit:
        """A place among those who wait for a session that is run here; one that nobody runs is
        taken up first, if the table allows ``command``.

        Raises SessionNotFound, InvalidTransition, MailboxFull, StorageUnavailable, and what
        taking it up raises.
        """
        return Visit(self, session_id, command)

    # -- inside -------------------------------------------------------------------------------

    def is_run_here(self, session_id: str) -> bool:
        """Whether a session runs here."""
        return session_id in self._registry.hosts

    def at_hand(self, session_id: str) -> SessionHost | None:
        """Who runs a session, if nobody is looking for it: as nearly always; a gate that exists is
        held or waited for."""
        host = self._registry.hosts.get(session_id)
        if host is None or host.retiring is not None:
            return None
        if self._gates and session_id in self._gates:
            return None
        return None if self._recovery.is_under_way(session_id) else host

    async def reach(self, session_id: str, command: LifecycleCommand | None) -> SessionHost:
        """Who runs a session, after whoever looks for it already."""
        host = self.at_hand(session_id)
        if host is not None:
            return host
        async with self._gate(session_id):
            await self._recovery.settled(session_id)
            host = self._registry.hosts.get(session_id)
            if host is not None and host.retiring is None:
                return host
            await self._let_go(session_id)
            session = await self._registry.stored(session_id)
            if command is not None:
                session.verdict(command)
            elif session.status in (_S.STOPPED, _S.FAILED):
                raise not_running(session)
            return await self._recovery.adopt(session_id, hold=True)

    @contextmanager
    def _room(self, host: SessionHost) -> Iterator[None]:
        self.enter(host)
        try:
            yield
        finally:
            host.waiting -= 1

    def enter(self, host: SessionHost) -> None:
        """Take a place among those who wait: ``host.waiting`` is to be lowered afterwards."""
        if self._registry.closing.is_set():
            raise ManagerClosed("the manager is being shut down")
        if host.storage_down:
            raise StorageUnavailable(
                f"session {host.id}: the store does not answer; nothing was changed"
                + (f" ({host.storage_detail})" if host.storage_detail else ""),
                session_id=host.id,
            )
        if host.waiting >= self._registry.limits.mailbox:
            raise MailboxFull(
                f"session {host.id}: {host.waiting} commands wait already; try again shortly",
                session_id=host.id,
            )
        host.waiting += 1

    async def proceed(self, host: SessionHost) -> None:
        """Let a runner take rows that held back for a command which is not coming."""
        runner = self._registry.active.get(host.id)
        if runner is not None and host.retiring is None and not host.storage_down:
            with suppress(OffbookError):
                await tell(runner, "proceed", Proceed())

    def let_on(self, session_id: str) -> None:
        """Let a session that may be being taken up go on from then, whoever goes away."""
        _ = self._registry.loop.spawn(self._let_on(session_id), f"let on {session_id}")

    async def _let_on(self, session_id: str) -> None:
        """Raises what taking it up raises, which that has dealt with."""
        await self._recovery.settled(session_id)
        host = self._registry.hosts.get(session_id)
        if host is not None:
            await self.proceed(host)

    def _gate(self, session_id: str) -> asyncio.Lock:
        """Held while a session is looked up and taken up, never while its runner works."""
        gate = self._gates.get(session_id)
        if gate is None:
            gate = self._gates[session_id] = asyncio.Lock()
        return gate

    async def _let_go(self, session_id: str) -> None:
        host = self._registry.hosts.get(session_id)
        if host is not None and host.retiring is not None:
            await asyncio.wait({host.retiring})

    async def _after_start(self, host: SessionHost) -> None:
        """Wait for a start to end, and keep it from taking rows before the pause that waits."""
        if host.start_task is None or host.start_task.done():
            return
        host.pauses_waiting += 1
        try:
            await asyncio.wait({host.start_task})
        finally:
            host.pauses_waiting -= 1
        if host.committed.status is _S.FAILED:
            raise SessionFailed(
                f"session {host.id} failed to start: {host.committed.status_reason}",
                session_id=host.id,
                reason=host.committed.status_reason,
            )

    def _allow(self, host: SessionHost, command: LifecycleCommand) -> None:
        """Raise InvalidTransition unless the table allows the command now."""
        self._refuse_while_stopping(host, command)
        host.session.verdict(command)

    def _refuse_while_stopping(self, host: SessionHost, command: LifecycleCommand) -> None:
        """A stop that has come dominates, although the session does not show it yet."""
        if host.stop_task is not None or host.retiring is not None:
            session = host.session
            stopping = session
            if session.status not in (_S.STOPPED, _S.FAILED):
                stopping = msgspec.structs.replace(session, status=_S.STOPPING)
            error = invalid_transition(stopping, command)
            error.session = session
            raise error

    async def _schedule(
        self, host: SessionHost, kind: LifecycleCommand, command: Pause | Stop, at: int
    ) -> PaperTradingSession:
        if host.committed.status not in (_S.RUNNING, _S.PAUSED) or host.stop_task is not None:
            raise invalid_transition(host.session, kind)
        runner = self._registry.runner_of(host)
        message = TakeCommand(command=command, digest=command_digest(command, at), at=at)
        call = runner.pause if kind is _C.PAUSE else runner.stop
        reply = await outcome_of(call(message))
        return reply.session if isinstance(reply, Taken) else host.session

    async def _saved(
        self, host: SessionHost, reply: object, status: SessionStatus
    ) -> PaperTradingSession:
        """The session as the runner committed it.

        A runner that keeps no journal leaves the saving to us.
        """
        if isinstance(reply, Taken):
            return reply.session
        return await host.save_status(status)

    def _begin_stop(self, host: SessionHost, command: Stop) -> asyncio.Task[PaperTradingSession]:
        if host.stop_task is None:
            host.stop_task = self._registry.loop.spawn(self._stop(host, command), f"stop {host.id}")
        else:
            host.answer_when_over += (
                AnswerFor(command_id=command.command_id, digest=command_digest(command)),
            )
        return host.stop_task

    async def _stop(self, host: SessionHost, command: Stop) -> PaperTradingSession:
        try:
            if host.start_task is not None and not host.start_task.done():
                await self._cancel_start(host)
            if host.committed.status is _S.STARTING:
                session = await host.save_status(_S.STOPPED, NEVER_RAN)
            elif host.committed.status is _S.STOPPING:
                session = await self._until_stopped(host)
            else:
                async with host.lane:
                    host.session.verdict(_C.STOP)
                    session = await self._stop_runner(host, command)
            await self._registry.retire(host)
            return session
        except BaseException:
            host.stop_task = None
            host.start_canceled = False
            raise

    async def _cancel_start(self, host: SessionHost) -> None:
        assert host.start_task is not None
        if not host.start_committing:
            host.start_canceled = True
            host.start_task.cancel()
        await asyncio.wait({host.start_task})

    async def _stop_runner(self, host: SessionHost, command: Stop) -> PaperTradingSession:
        runner = self._registry.runner_of(host)
        reply = await outcome_of(runner.stop(_message(command)))
        if isinstance(reply, Taken):
            return reply.session
        self._registry.active.pop(host.id, None)
        try:
            return await host.save_status(_S.STOPPED, command.reason)
        except BaseException:
            # What is not durable did not happen: the session is still ours to stop.
            self._registry.active[host.id] = runner
            raise

    async def _until_stopped(self, host: SessionHost) -> PaperTradingSession:
        """A stop from before a crash goes on by itself."""
        while host.committed.status is _S.STOPPING and host.retiring is None:
            await host.changed.wait()
        if host.committed.status is not _S.STOPPED:
            raise SessionFailed(
                f"session {host.id} failed while it was stopping", session_id=host.id
            )
        return host.committed

    async def _force(self, host: SessionHost, stopping: asyncio.Task[PaperTradingSession]) -> None:
        """Drop the flattening, if one is going on."""
        while not stopping.done() and host.committed.status is not _S.STOPPING:
            change = asyncio.ensure_future(host.changed.wait())
            await asyncio.wait({stopping, change}, return_when=asyncio.FIRST_COMPLETED)
            change.cancel()
        runner = self._registry.active.get(host.id)
        if runner is None or host.committed.status is not _S.STOPPING:
            return
        forced = ForceStop(command_id=self._registry.ids.command_id())
        try:
            await outcome_of(runner.stop(_message(forced)))
        except InvalidTransition:
            # It came to its end by itself in the meantime.
            return


def not_running(session: PaperTradingSession) -> InvalidTransition:
    """The refusal of what needs a session that is running or paused."""
    error = InvalidTransition(
        f"session {session.id} is {session.status.value}: it takes no orders",
        session_id=session.id,
        status=session.status.value,
        command="order",
    )
    error.session = session
    return error


def _message(command: Pause | Resume | Stop | ForceStop) -> TakeCommand:
    return TakeCommand(command=command, digest=command_digest(command))
