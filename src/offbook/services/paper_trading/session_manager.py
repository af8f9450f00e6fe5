"""``PaperTradingSessionManager``: owns the lifecycle of all sessions, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import structlog

from offbook.domain.commands import (
    CancelOrder,
    OrderCommand,
    Pause,
    ReplaceOrder,
    Resume,
    Stop,
    order_command,
    well_formed,
)
from offbook.domain.config import (
    PauseOrders,
    ResumeTimers,
    SessionConfig,
    parse_speed,
    well_formed_config,
)
from offbook.domain.orders import OrderListRequest, OrderRequest, OrderView, ReplaceRequest
from offbook.domain.session import PaperTradingSession
from offbook.ports.clock import IClock, IIdSource
from offbook.ports.gateway import IBrokerGateway
from offbook.ports.recovery import IRecoveryCrew
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.paper_trading.digests import (
    command_digest,
    decode_session_answer,
    start_digest,
)
from offbook.services.paper_trading.door import (
    check_command,
    check_flag,
    check_ids,
    check_whole,
    checked_choice,
    checked_ids,
)
from offbook.services.paper_trading.joining import default_clock, default_ids, engine_factory
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.messages import SetSpeed
from offbook.services.paper_trading.order_calls import OrderCalls
from offbook.services.paper_trading.owner_loop import Work
from offbook.services.paper_trading.reading import SessionReading
from offbook.services.paper_trading.rebuilding import EngineFactory
from offbook.services.paper_trading.recovering import Recovery, RecoveryReport
from offbook.services.paper_trading.registry import Registry, RunnerFactory, outcome_of
from offbook.services.paper_trading.runner import PaperTradingRunner
from offbook.services.paper_trading.starting import Starter
from offbook.services.paper_trading.suspending import suspend_all
from offbook.services.paper_trading.transitions import Transitions
from offbook.services.paper_trading.watchdog import StuckCallback

if TYPE_CHECKING:
    from offbook.engine.processing_engine import ProcessingEngine

DEADLINE_NS: Final = 86_400_000_000_000
"""How much session time a flattening stop may take unless told: one day."""

_log = structlog.get_logger(__name__)


class PaperTradingSessionManager(SessionReading):
    """Starts, pauses, resumes, stops and recovers paper-trading sessions.

    Any thread and any event loop may call any method: each call hops to the owner loop, which is
    the one of ``async with`` or of the first call.  Commands to one session are carried out one
    at a time, in the order of their arrival there, and stop goes before all.  What a method
    returns is durable, and immutable.  A caller that is cancelled takes only itself away.

    With a ``command_id`` a command may be repeated: it is carried out once and always answered
    the same, also after a crash; with another body it raises CommandConflict.

    Every method may raise StorageUnavailable (the change did not happen; CommitOutcomeUnknown: ask
    again with the same command id), ManagerClosed, and SessionNotFound.
    """

    def __init__(
        self,
        broker_gateway: IBrokerGateway,
        processing_engine: type[ProcessingEngine] | ProcessingEngine | EngineFactory,
        repository: IPaperTradingSessionRepository,
        *,
        runner_factory: RunnerFactory = PaperTradingRunner,
        clock: IClock | None = None,
        ids: IIdSource | None = None,
        limits: Limits | None = None,
        on_stuck: Callable[[StuckCallback], None] | None = None,
        recovery_crew: IRecoveryCrew | None = None,
    ) -> None:
        """``processing_engine`` is a class or callable ``(session) -> engine``, or an engine that
        serves as prototype.  ``on_stuck`` is told, on a thread of its own, of a callback that does
        not return.  The repository stays the caller's to close.  ``recovery_crew`` helps to take
        sessions up; it must read the same store and make the same engines."""
        registry = Registry(
            gateway=broker_gateway,
            make_engine=engine_factory(processing_engine),
            repository=repository,
            runner_factory=runner_factory,
            clock=clock or default_clock(),
            ids=ids or default_ids(),
            limits=limits or Limits(),
            on_stuck=on_stuck,
            crew=recovery_crew,
        )
        super().__init__(registry)
        self._active_sessions = registry.active
        self._memory = registry.memory_of_commands()
        self._recovery = Recovery(self._registry)
        self._starter = Starter(self._registry, self._recovery)
        self._transitions = Transitions(self._registry, self._recovery)
        self._order_calls = OrderCalls(self._registry, self._transitions, self._memory)

    async def __aenter__(self) -> Self:
        """Make the running loop the owner loop."""
        self._loop.adopt()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.shutdown()

    # -- lifecycle ----------------------------------------------------------------------------

    async def start_session(
        self,
        config: SessionConfig,
        *,
        session_id: str | None = None,
        command_id: str | None = None,
        parent_id: str | None = None,
    ) -> PaperTradingSession:
        """Create a session, durably, and run it.

        A start that fails ends the session in FAILED with everything released, and raises:
        GatewayUnavailable, InvalidStrategy, SessionFailed (the strategy raised), or what else
        broke.  Raises SessionStopped when it was stopped meanwhile.  After StorageUnavailable the
        session may be STARTING: the same command id carries the start on.
        """
        config = well_formed_config(config)
        check_ids(session_id=session_id, command_id=command_id, parent_id=parent_id)
        digest = start_digest(config, parent_id)

        async def work() -> PaperTradingSession:
            return await self._starter.start(
                config,
                session_id=session_id,
                command_id=command_id,
                parent_id=parent_id,
                digest=digest,
            )

        decode = decode_session_answer if session_id is not None else None
        return await self._call(
            lambda: self._memory.once(session_id or "", command_id, digest, work, decode), "start"
        )

    async def pause_session(
        self,
        session_id: str,
        *,
        orders: PauseOrders | None = None,
        command_id: str | None = None,
        at: int | None = None,
    ) -> PaperTradingSession:
        """Stop delivering market data and timers to the strategy.

        ``orders`` says which resting orders stay (default: the session's configuration).  With
        ``at`` (session time, ns UTC) it is only kept for then: the answer says that it is.
        During a start the session is paused before its first row.  Raises InvalidTransition,
        MailboxFull, CommandTooLate.
        """

        check_command(session_id, command_id, at)
        if orders is not None:
            orders = checked_choice("orders", orders, PauseOrders)

        async def pause() -> PaperTradingSession:
            policy = orders
            if policy is None:
                session = await self._registry.stored(session_id)
                policy = session.config.lifecycle.pause_orders
            command = Pause(command_id=self._command_id(command_id), orders=policy)

            async def work() -> PaperTradingSession:
                return await self._transitions.pause(session_id, command, at)

            return await self._once(session_id, command_id, command_digest(command, at), work)

        return await self._call(pause, "pause")

    async def resume_session(
        self,
        session_id: str,
        *,
        timers: ResumeTimers | None = None,
        command_id: str | None = None,
    ) -> PaperTradingSession:
        """Deliver market data and timers again; take a FAILED session up again.

        ``timers`` says what becomes of those that fell due (default: the session's
        configuration).  Raises InvalidTransition, MailboxFull; for a FAILED session also
        JournalDamaged, JournalMismatch, and what made it fail, if it still does.
        """

        check_command(session_id, command_id)
        if timers is not None:
            timers = checked_choice("timers", timers, ResumeTimers)

        async def resume() -> PaperTradingSession:
            policy = timers
            if policy is None:
                session = await self._registry.stored(session_id)
                policy = session.config.lifecycle.resume_timers
            command = Resume(command_id=self._command_id(command_id), timers=policy)

            async def work() -> PaperTradingSession:
                return await self._transitions.resume(session_id, command)

            return await self._once(session_id, command_id, command_digest(command), work)

        return await self._call(resume, "resume")

    async def stop_session(
        self,
        session_id: str,
        *,
        flatten: bool = False,
        force: bool = False,
        deadline_ns: int | None = None,
        command_id: str | None = None,
        at: int | None = None,
    ) -> PaperTradingSession:
        """End a session for good; returns when it has STOPPED.

        ``flatten`` closes its positions first, within ``deadline_ns`` of session time (default
        one day); ``force`` drops that, also for a stop under way, which a second stop otherwise
        joins.  A start is broken off, and so is a recovery whose market does not open: the session
        is then ended by its records alone, positions at cost.  With ``at`` it is only kept for
        then.  Raises InvalidTransition, CommandTooLate.
        """
        check_command(session_id, command_id, at)
        check_flag("flatten", flatten)
        check_flag("force", force)
        if deadline_ns is not None:
            check_whole("deadline_ns", deadline_ns)
        command = Stop(
            command_id=self._command_id(command_id),
            flatten=flatten and not force,
            deadline_ns=DEADLINE_NS if deadline_ns is None else deadline_ns,
        )

        async def work() -> PaperTradingSession:
            return await self._transitions.stop(session_id, command, force=force, at=at)

        digest = command_digest(command, at)
        return await self._call(lambda: self._once(session_id, command_id, digest, work), "stop")

    async def recover_sessions(self, session_ids: Collection[str] | None = None) -> RecoveryReport:
        """Take up every session of the store that is not over, or those named, as it was.

        Each is rebuilt from its journal and compared with it byte by byte; one that cannot be
        ends in FAILED, which never concerns the others.
        """
        only = None if session_ids is None else checked_ids("session_ids", session_ids)
        return await self._call(lambda: self._recovery.recover_all(only), "recover")

    async def shutdown(self) -> None:
        """Suspend: sessions stay as they are in the store and come back at the next boot.

        What ran ahead is committed, leases are given up, and later calls raise ManagerClosed.
        Doing it twice is allowed.
        """
        if not self._registry.closing.is_set():
            await self._loop.call(partial(suspend_all, self._registry, self._recovery), "shutdown")

    # -- orders -------------------------------------------------------------------------------

    async def submit_order(
        self,
        session_id: str,
        order: OrderRequest | OrderListRequest,
        *,
        command_id: str | None = None,
        at: int | None = None,
    ) -> OrderView:
        """Send an order; returns it as it stands once that is durable, DENIED by risk included.
        Of a list the first is returned, and ``order_list_id`` tells the others in ``orders``.

        With ``at`` (session time, ns UTC) it is only kept for then.  Raises InvalidOrder (it never
        became an order), InvalidTransition, MailboxFull, CommandTooLate.
        """
        command = order_command(self._command_id(command_id), order)
        return await self._order(session_id, command, command_id, at)

    async def cancel_order(
        self,
        session_id: str,
        client_order_id: str,
        *,
        command_id: str | None = None,
        at: int | None = None,
    ) -> OrderView:
        """Ask the venue to cancel an order; what it says comes later, as an event.

        Raises OrderNotFound and what ``submit_order`` does.
        """
        command = CancelOrder(
            command_id=self._command_id(command_id), client_order_id=client_order_id
        )
        return await self._order(session_id, command, command_id, at)

    async def replace_order(
        self,
        session_id: str,
        client_order_id: str,
        terms: ReplaceRequest,
        *,
        command_id: str | None = None,
        at: int | None = None,
    ) -> OrderView:
        """Ask the venue for new terms of an order; what it says comes later, as an event.

        Raises OrderNotFound and what ``submit_order`` does.
        """
        command = ReplaceOrder(
            command_id=self._command_id(command_id),
            client_order_id=client_order_id,
            terms=terms,
        )
        return await self._order(session_id, command, command_id, at)

    async def set_speed(self, session_id: str, speed: str | None) -> None:
        """Change the pace of a replay: decimal text, ``"1"`` is real time, None full speed.

        It is no part of the chain, and not kept for a later boot.  Raises InvalidConfig,
        InvalidTransition.
        """
        check_command(session_id)
        parse_speed(speed)

        async def work() -> None:
            async with self._transitions.visit(session_id, None) as host:
                runner = self._registry.runner_of(host)
                await outcome_of(runner.set_speed(SetSpeed(speed=speed)))

        await self._call(work, "speed")

    # -- inside -------------------------------------------------------------------------------

    async def _once(
        self,
        session_id: str,
        command_id: str | None,
        digest: str,
        work: Work[PaperTradingSession],
    ) -> PaperTradingSession:
        return await self._memory.once(session_id, command_id, digest, work, decode_session_answer)

    def _order(
        self, session_id: str, command: OrderCommand, command_id: str | None, at: int | None
    ) -> Coroutine[Any, Any, OrderView]:
        check_command(session_id, command_id, at)
        command = well_formed(command)
        work = partial(self._order_calls.begin, session_id, command, command_id, at)
        return self._call(work, "order", guarded=True)

    def _command_id(self, given: str | None) -> str:
        return given if given is not None else self._registry.ids.command_id()
