"""One session's runner: opens the market, pumps, and mends or reports what goes wrong."""

from __future__ import annotations

import asyncio
import traceback
from typing import TYPE_CHECKING, TypeVar

from offbook.domain.commands import Start
from offbook.domain.errors import (
    ConcurrencyConflict,
    LeaseLost,
    MailboxFull,
    ManagerClosed,
    OffbookError,
    SessionFailed,
    StorageUnavailable,
)
from offbook.domain.journal import OperationKind, ScheduledCommand, StoredRecord
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.engine.inputs import Take
from offbook.ports.clock import IClock
from offbook.ports.gateway import IBrokerGateway, MarketFeed
from offbook.services.paper_trading.bell import Bell
from offbook.services.paper_trading.failures import (
    Faulted,
    ended,
    failed,
    failure_reason,
    is_for_the_process,
    not_now,
    session_error,
    stopped,
    unavailable,
)
from offbook.services.paper_trading.kept_engine import KeptEngine
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.live_turns import RecordedHost
from offbook.services.paper_trading.mail import Mail
from offbook.services.paper_trading.messages import (
    AskOrders,
    AskProgress,
    Done,
    Loaded,
    LoadJournal,
    LoadSession,
    LoadSnapshot,
    Message,
    Orders,
    Proceed,
    Progress,
    ReportFailure,
    ReportHealth,
    RunnerHost,
    SetSpeed,
    Started,
    StartRunner,
    Suspend,
    TakeCommand,
    Taken,
)
from offbook.services.paper_trading.opening import attach_to, begins_at, open_to_run, rows_of
from offbook.services.paper_trading.outbox import Outbox
from offbook.services.paper_trading.pacing import Pacer
from offbook.services.paper_trading.pump import Pump
from offbook.services.paper_trading.rebuilding import EngineFactory, make_one, rebuild
from offbook.services.paper_trading.row_reader import SessionRows
from offbook.services.paper_trading.watchdog import Watch

if TYPE_CHECKING:
    from offbook.engine.processing_engine import ProcessingEngine

M = TypeVar("M", bound=Message)


class PaperTradingRunner:
    """Pumps one session: from its market through its engine to the store, and only then outside.

    All methods are called on the manager's event loop, take and give messages, and may overlap:
    commands are taken in the order of the calls.  A command raises what refused it;
    StorageUnavailable when it could not be made durable (it did not happen); SessionFailed,
    SessionStopped or ManagerClosed when the runner ended first.
    """

    def __init__(
        self,
        session: PaperTradingSession,
        broker_gateway: IBrokerGateway,
        make_engine: EngineFactory,
        host: RunnerHost,
        *,
        clock: IClock,
        limits: Limits,
        watch: Watch,
    ) -> None:
        # Not the session itself, which is another object after each commit.
        self._id = session.id
        self._config = session.config
        self._gateway = broker_gateway
        self._make_engine = make_engine
        self._host = host
        self._clock = clock
        self._limits = limits
        self._watch = watch
        self._mail: list[Mail] = []
        self._wake = Bell()
        self._pacer = Pacer(clock, session.config.speed)
        self._feed: MarketFeed | None = None
        self._rows: SessionRows | None = None
        self._pump: Pump | None = None
        self._main: asyncio.Task[None] | None = None
        self._refusal: OffbookError | None = None

    async def start(self, message: StartRunner) -> Started:
        """Open the market, start or rebuild the engine, commit that, and begin to pump.

        When it raises or is cancelled, ``close`` lets everything go.
        """
        recover = message.recover and message.session.last_seq > 0
        feed = await self._open(b"" if not recover else await self._attached())
        if recover:
            loaded = Loaded(session=message.session, scheduled=message.scheduled)
            self._pump = await self._rebuild(loaded, feed)
            self._carry_on(message, self._pump)
        else:
            self._pump = await self._begin(message, feed)
        await self._pump.line.flush()
        session = self._pump.line.session
        self._pump.held = message.hold or self._pump.line.hold
        self._main = asyncio.create_task(self._run(), name=self._id)
        return Started(session=session)

    async def pause(self, message: TakeCommand) -> Taken:
        """Take a Pause; returns when it is durable."""
        return await self._post(message, Taken)

    async def resume(self, message: TakeCommand) -> Taken:
        """Take a Resume; returns when it is durable."""
        return await self._post(message, Taken)

    async def stop(self, message: TakeCommand) -> Taken:
        """Take a Stop or ForceStop; returns when the session has stopped, positions closed first
        where that was asked, and that is durable."""
        return await self._post(message, Taken)

    async def take(self, message: TakeCommand) -> Taken:
        """Take an order command; returns when it is durable, with the order."""
        return await self._post(message, Taken)

    async def set_speed(self, message: SetSpeed) -> Done:
        """Change the pace from now on. Raises InvalidConfig."""
        return await self._post(message, Done)

    async def progress(self, message: AskProgress) -> Progress:
        """How far the engine is; it may be ahead of what is committed. Waits only for rows of a
        live market that have come and were not taken yet."""
        pump = self._pump
        if self._refusal is not None or pump is None:
            raise not_now(self._id, self._refusal)
        if self._rows is not None and self._rows.live is not None:
            # It may have slept through many rows, which are taken first.
            return await self._post(message, Progress)
        return pump.progress()

    async def orders(self, message: AskOrders) -> Orders:
        """All orders, with everything up to now committed."""
        return await self._post(message, Orders)

    async def proceed(self, message: Proceed) -> Done:
        """Take rows, where that was held back."""
        return await self._post(message, Done)

    async def suspend(self, message: Suspend) -> Done:
        """Commit what ran ahead, with a snapshot, and end; the session stays as it is.

        Raises StorageUnavailable when that could not be stored: it did not happen then.
        """
        return await self._post(message, Done)

    async def close(self) -> None:
        """End at once and let everything go; whoever waits gets ManagerClosed."""
        main, pump = self._main, self._pump
        if main is not None:
            if pump is None or not pump.is_over:
                main.cancel()
            await asyncio.wait({main})
        # A task that is cancelled before its first turn has not said so.
        closed = ManagerClosed(f"session {self._id} is no longer run here")
        self._refusal = self._refusal or closed
        await self._refuse_all(self._refusal)
        rows = self._rows
        self._rows = self._feed = None
        if rows is not None:
            # The feed, which came with it, is closed too.
            await rows.close()

    @property
    def is_open(self) -> bool:
        """Whether a command can be posted now."""
        return self._refusal is None and self._main is not None

    def post(self, message: Message) -> asyncio.Future[Message]:
        """Put a message into the mailbox; the reply comes with the future, which a caller who goes
        away may cancel.  What ``take`` and its like wait for.  Raises why there is no mailbox."""
        if self._refusal is not None or self._main is None:
            raise not_now(self._id, self._refusal)
        if len(self._mail) >= 2 * self._limits.mailbox:
            # Callers are counted by the manager; these were left by callers who went away.
            raise MailboxFull(
                f"session {self._id}: {len(self._mail)} commands wait already",
                session_id=self._id,
            )
        reply: asyncio.Future[Message] = self._main.get_loop().create_future()
        self._mail.append(Mail(message, reply))
        self._wake.set()
        return reply

    # -- beginning ----------------------------------------------------------------------------

    async def _attached(self) -> bytes:
        """The first record of the journal, which tells to what the session was joined."""
        page = await self._read_page(0, 1)
        return page[0].raw if page else b""

    async def _open(self, attached: bytes) -> MarketFeed:
        feed = await open_to_run(self._gateway, self._config, attached)
        self._feed = feed
        self._rows = rows_of(feed, self._limits.block_rows, self._wake.set)
        if self._rows.live is not None:
            self._host = RecordedHost(self._host, self._rows.live)
            self._pacer = Pacer(self._clock, None)  # its pace is the market's
        return feed

    async def _begin(self, message: StartRunner, feed: MarketFeed) -> Pump:
        session = message.session
        pump = self._new_pump(
            session,
            Outbox(session.last_seq, b"", session.cursor),
            feed,
            make_one(self._make_engine, session),
        )
        pump.process(attach_to(feed))
        command = Start(command_id=session.start_command_id)
        assert self._rows is not None
        first_ts = await begins_at(feed, self._rows)
        pump.process(Take(command=command, ts=max(first_ts, pump.engine.now)))
        if pump.engine.error is not None:
            # Nothing is journaled of a start that its strategy failed: it did not begin.
            raise SessionFailed(
                pump.engine.error.message,
                session_id=session.id,
                reason=pump.engine.error.code,
                detail=pump.engine.error.detail,
            )
        pump.outbox.log(self._clock.now(), OperationKind.CREATED, command.command_id)
        asked = message.command or command
        pump.outbox.answer_at_once(asked.command_id, message.digest)
        return pump

    def _carry_on(self, message: StartRunner, pump: Pump) -> None:
        at = f"record {pump.engine.last_seq}, row {pump.engine.cursor.row}"
        pump.outbox.log(
            self._clock.now(), OperationKind.RECOVERED, f"epoch {message.session.epoch}, {at}"
        )
        pump.outbox.urgent = True
        command, engine = message.command, pump.engine
        if command is None:
            return
        if engine.status is SessionStatus.FAILED:
            raise SessionFailed(
                f"session {self._id} failed for good ({engine.status_reason}): "
                "stop it and start a new one",
                session_id=self._id,
                reason=engine.status_reason,
            )
        if engine.status is SessionStatus.PAUSED:
            pump.process(Take(command=command, ts=engine.now))
        pump.outbox.answer_at_once(command.command_id, message.digest)

    async def _rebuild(self, loaded: Loaded, feed: MarketFeed) -> Pump:
        assert self._rows is not None
        session = loaded.session
        engine, head, unusable = await rebuild(
            session,
            self._make_engine,
            attach_to(feed),
            self._rows,
            self._read_page,
            lambda at_most: self._host.load_snapshot(LoadSnapshot(at_most_seq=at_most)),
            page_records=self._limits.page_records,
            watch=self._watch,
        )
        outbox = Outbox(session.last_seq, head, session.cursor)
        for error in unusable:
            outbox.log(self._clock.now(), OperationKind.ERROR, f"snapshot_damaged: {error}")
        pump = self._new_pump(session, outbox, feed, engine, loaded.scheduled)
        pump.line.owes_snapshot = bool(unusable)
        return pump

    def _new_pump(
        self,
        session: PaperTradingSession,
        outbox: Outbox,
        feed: MarketFeed,
        engine: ProcessingEngine,
        scheduled: tuple[ScheduledCommand, ...] = (),
    ) -> Pump:
        assert self._rows is not None
        extent = feed.extent
        return Pump(
            KeptEngine(engine, session, self._make_engine, feed),
            outbox,
            self._rows,
            self._mail,
            self._wake,
            self._host,
            clock=self._clock,
            limits=self._limits,
            pacer=self._pacer,
            watch=self._watch,
            clock_stops=feed.info.clock_stops,
            rows_total=None if extent is None else extent.rows,
            scheduled=scheduled,
        )

    async def _read_page(self, after_seq: int, limit: int) -> tuple[StoredRecord, ...]:
        page = await self._host.load_journal(LoadJournal(after_seq=after_seq, limit=limit))
        return page.records

    # -- running ------------------------------------------------------------------------------

    async def _run(self) -> None:
        """Pump until the end; mend what can be mended, report what cannot."""
        try:
            while True:
                try:
                    assert self._pump is not None
                    await self._pump.run()
                    break
                except (StorageUnavailable, ConcurrencyConflict) as error:
                    await self._mend(error)
            self._refusal = ended(self._pump.line.session)
        except BaseException as error:
            if not is_for_the_process(error):
                await self._report(error)
                return
            closed = ManagerClosed(f"session {self._id} is no longer run here")
            self._refusal = self._refusal or closed
            raise
        finally:
            await self._refuse_all(self._refusal or stopped(self._id))

    async def _mend(self, error: OffbookError) -> None:
        """Throw the engine away and make one from what is durable, once the store answers."""
        pump, self._pump = self._pump, None
        assert pump is not None
        refusal = unavailable(self._id, error)
        self._refusal = refusal
        await pump.break_off(refusal)
        await self._refuse_all(refusal)
        await self._host.health(ReportHealth(storage_down=True, detail=str(error)))
        delay = self._limits.retry_first_seconds
        while True:
            await self._clock.sleep(delay)
            try:
                loaded = await self._host.load_session(LoadSession())
                assert self._feed is not None
                self._pump = await self._rebuild(loaded, self._feed)
                break
            except (StorageUnavailable, ConcurrencyConflict):
                delay = min(2 * delay, self._limits.retry_most_seconds)
        self._refusal = None
        await self._host.health(ReportHealth(storage_down=False))

    async def _report(self, error: BaseException) -> None:
        reason = failure_reason(error)
        # With the lease gone another owner writes; here nobody does.
        refusal = error if isinstance(error, LeaseLost) else failed(self._id, reason)
        self._refusal = refusal
        cause = error.__cause__ if isinstance(error, Faulted) and error.__cause__ else error
        detail = "".join(traceback.format_exception(cause))
        pump, self._pump = self._pump, None
        if pump is not None:
            await pump.break_off(refusal)
        await self._host.fail(ReportFailure(reason=reason, error=session_error(cause, detail)))

    async def _post(self, message: Message, kind: type[M]) -> M:
        answer = await self.post(message)
        assert isinstance(answer, kind)
        return answer

    async def _refuse_all(self, error: BaseException) -> None:
        """Whoever waits is told ``error``; so will be whoever comes later."""
        while self._mail:
            self._mail.pop(0).refuse(error)
        if self._pump is not None:
            await self._pump.break_off(error)
