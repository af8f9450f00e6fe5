"""The sessions that one manager runs, and how they come and go."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec
import structlog

from offbook.domain.errors import ManagerClosed, OffbookError, SessionNotFound, StorageUnavailable
from offbook.domain.session import (
    PaperTradingSession,
    SessionError,
    SessionHealth,
    SessionStatus,
)
from offbook.ports.clock import IClock, IIdSource
from offbook.ports.gateway import IBrokerGateway
from offbook.ports.recovery import IRebuilder, IRecoveryCrew
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.memory_of_commands import CommandMemory
from offbook.services.paper_trading.messages import ReportFailure, RunnerHost
from offbook.services.paper_trading.owner_loop import OwnerLoop
from offbook.services.paper_trading.rebuilding import EngineFactory
from offbook.services.paper_trading.session_host import SessionHost
from offbook.services.paper_trading.shared_configs import SharedConfigs
from offbook.services.paper_trading.watchdog import StuckCallback, Watch, Watchdog

if TYPE_CHECKING:
    from offbook.services.paper_trading.runner import PaperTradingRunner

T = TypeVar("T")
_log = structlog.get_logger(__name__)


class RunnerFactory(Protocol):
    """Makes the runner of one session."""

    def __call__(
        self,
        session: PaperTradingSession,
        broker_gateway: IBrokerGateway,
        make_engine: EngineFactory,
        host: RunnerHost,
        *,
        clock: IClock,
        limits: Limits,
        watch: Watch,
    ) -> PaperTradingRunner:
        """A runner that has not begun."""


async def outcome_of(value: Awaitable[object] | object) -> object:
    """What a runner gave, awaited where it is to be; the caller looks at what it is."""
    if type(value) is CoroutineType or inspect.isawaitable(value):
        return await value
    return value


async def tell(runner: PaperTradingRunner, what: str, *arguments: object) -> object:
    """Call a method that a runner may do without: one that is only started, paused, resumed and
    stopped has nothing to close."""
    method = getattr(runner, what, None)
    return None if method is None else await outcome_of(method(*arguments))


class Registry:
    """What the parts of one manager share. Used on the owner loop alone."""

    def __init__(
        self,
        *,
        gateway: IBrokerGateway,
        make_engine: EngineFactory,
        repository: IPaperTradingSessionRepository,
        runner_factory: RunnerFactory,
        clock: IClock,
        ids: IIdSource,
        limits: Limits,
        on_stuck: Callable[[StuckCallback], None] | None,
        crew: IRecoveryCrew | None = None,
    ) -> None:
        self.loop = OwnerLoop()
        self.gateway = gateway
        self.make_engine = make_engine
        self.repository = repository
        self.clock = clock
        self.ids = ids
        self.limits = limits
        self.active: dict[str, PaperTradingRunner] = {}
        self.hosts: dict[str, SessionHost] = {}
        self._configs = SharedConfigs()
        self.closing = asyncio.Event()
        # One of each for all hosts, which would else keep three more objects each.
        self._spawn, self._on_over = self.loop.spawn, self._over
        self._on_failure = self._persist_failure
        self._runner_factory = runner_factory
        self._owner = ""
        self._on_stuck = on_stuck
        self._crew = crew
        self._watchdog = Watchdog(
            stuck_seconds=limits.stuck_seconds,
            monotonic=clock.monotonic,
            on_stuck=self._tell_stuck,
        )

    def seen(self, session: PaperTradingSession) -> PaperTradingSession:
        """The session with its present health. Safe on any thread."""
        host = self.hosts.get(session.id)
        if session.id in self._watchdog.stuck:
            return _with_health(session, SessionHealth.CALLBACK_STUCK)
        if host is not None and host.storage_down:
            return _with_health(session, SessionHealth.STORAGE_DOWN, host.storage_detail)
        if host is not None and host.lagging:
            return _with_health(session, SessionHealth.LAGGING)
        return session

    def memory_of_commands(self) -> CommandMemory:
        """A memory of the commands to all these sessions."""
        keep = self.limits.answers
        return CommandMemory(self.loop, self.repository, keep, is_new=self._is_new_command)

    def _is_new_command(self, session_id: str, command_id: str) -> bool:
        """Whether a command is known not to have been answered before."""
        host = self.hosts.get(session_id)
        seen = None if host is None else host.seen_ids
        return seen is not None and not seen.may_hold(command_id)

    async def stored(self, session_id: str) -> PaperTradingSession:
        """The session as last saved. Raises SessionNotFound."""
        host = self.hosts.get(session_id)
        if host is not None and host.committed.version:
            return host.committed
        session = await self.repository.get(session_id)
        if not isinstance(session, PaperTradingSession):
            raise SessionNotFound(f"there is no session {session_id}", session_id=session_id)
        return session

    def open_host(self, session: PaperTradingSession) -> SessionHost:
        """Hold a session from now on."""
        config = self._configs.shared(session.config)
        host = SessionHost(
            msgspec.structs.replace(session, config=config),
            self.repository,
            clock=self.clock,
            spawn=self._spawn,
            on_over=self._on_over,
            on_failure=self._on_failure,
        )
        self.hosts[session.id] = host
        return host

    @property
    def owner(self) -> str:
        """The name under which this manager owns sessions: another for every manager."""
        self._owner = self._owner or self.ids.command_id()
        return self._owner

    def helped(
        self, sessions: Sequence[PaperTradingSession]
    ) -> AbstractAsyncContextManager[IRebuilder | None]:
        """Other processes that help to take sessions up, as long as this lasts; None if none do."""
        if self._crew is None:
            return nullcontext()

        def stuck(session_id: str, seconds: float, stack: str) -> None:
            report = StuckCallback(session_id=session_id, seconds=seconds, stack=stack)
            # On a thread of its own, as when the watchdog tells it.
            _ = self.loop.spawn(asyncio.to_thread(self._tell_stuck, report), f"stuck {session_id}")

        return self._crew.at_work(sessions, stuck)

    def make_runner(
        self, host: SessionHost, seen_as: RunnerHost | None = None
    ) -> PaperTradingRunner:
        """The runner of a session, registered as active; it sees the host as ``seen_as``."""
        runner = self._runner_factory(
            host.committed,
            self.gateway,
            self.make_engine,
            seen_as or host,
            clock=self.clock,
            limits=self.limits,
            watch=self._watchdog.watch(host.id),
        )
        self.active[host.id] = runner
        return runner

    def runner_of(self, host: SessionHost) -> PaperTradingRunner:
        """Who runs a session for one who has waited. Raises ManagerClosed if it was let go."""
        runner = self.active.get(host.id)
        if runner is None:
            raise ManagerClosed(f"session {host.id} is no longer run here")
        return runner

    def retire(self, host: SessionHost) -> asyncio.Future[None]:
        """Let a session go: out of the registry at once, then everything released, also where who
        waits for that is cancelled."""
        return asyncio.shield(self._retiring(host))

    def _retiring(self, host: SessionHost) -> asyncio.Task[None]:
        if host.retiring is None:
            runner = self.active.pop(host.id, None)
            host.retiring = self.loop.spawn(self._retire(host, runner), f"retire {host.id}")
        return host.retiring

    def _over(self, host: SessionHost) -> None:
        _ = self._retiring(host)

    async def _retire(self, host: SessionHost, runner: PaperTradingRunner | None) -> None:
        if runner is not None:
            await tell(runner, "close")
        self._watchdog.forget(host.id)
        host.closed = True
        try:
            if host.owned:
                await self.repository.release_lease(host.id, host.epoch)
        except OffbookError as error:
            # The lease stays ours: we take it again, and a later process finds its owner dead.
            _log.warning("lease_not_released", session_id=host.id, error=str(error))
        if self.hosts.get(host.id) is host:
            del self.hosts[host.id]
        host.tell_change()

    def _persist_failure(self, host: SessionHost, message: ReportFailure) -> None:
        _log.error(
            "session_failed",
            session_id=host.id,
            reason=message.reason,
            error=message.error.message,
        )
        host.failing = self.loop.spawn(self._save_failure(host, message), f"fail {host.id}")

    async def _save_failure(self, host: SessionHost, message: ReportFailure) -> None:
        """Save FAILED; storage that is down is asked again until it answers or we close."""
        delay = self.limits.retry_first_seconds
        while not host.closed and not self.closing.is_set():
            try:
                await self.fail(host, message.reason, message.error)
                return
            except StorageUnavailable as down:
                host.storage_down, host.storage_detail = True, str(down)
                await self._pause_or_close(delay)
                delay = min(2 * delay, self.limits.retry_most_seconds)
            except OffbookError as error:
                _log.warning("failure_not_saved", session_id=host.id, error=str(error))
                break
        await self.retire(host)

    async def fail(
        self, host: SessionHost, reason: str, error: SessionError
    ) -> PaperTradingSession:
        """Save FAILED and let the session go."""
        session = await host.save_status(SessionStatus.FAILED, reason, error=error)
        await self.retire(host)
        return session

    async def unless_closing(self, work: Coroutine[Any, Any, T]) -> T:
        """The outcome of work that changes nothing, given up at shutdown. Raises ManagerClosed."""
        task = asyncio.ensure_future(work)
        closing = asyncio.ensure_future(self.closing.wait())
        try:
            await asyncio.wait({task, closing}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise ManagerClosed("the manager was shut down")
            return task.result()
        finally:
            task.cancel()
            closing.cancel()

    async def _pause_or_close(self, seconds: float) -> None:
        waits = {
            asyncio.ensure_future(self.clock.sleep(seconds)),
            asyncio.ensure_future(self.closing.wait()),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    def _tell_stuck(self, stuck: StuckCallback) -> None:
        _log.error("callback_stuck", session_id=stuck.session_id, stack=stuck.stack)
        if self._on_stuck is not None:
            try:
                self._on_stuck(stuck)
            except Exception:
                # The watchdog must go on: other sessions' callbacks may hang too.
                _log.exception("on_stuck_raised", session_id=stuck.session_id)


def _with_health(
    session: PaperTradingSession, health: SessionHealth, detail: str = ""
) -> PaperTradingSession:
    return msgspec.structs.replace(session, health=health, health_detail=detail)
