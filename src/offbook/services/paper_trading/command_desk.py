"""Where a runner takes outside commands in: when, whether, and with what answer."""

from __future__ import annotations

import asyncio
from bisect import insort
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from offbook.domain.calendars import NEVER
from offbook.domain.commands import (
    CancelOrder,
    Command,
    ForceStop,
    OrderCommand,
    Pause,
    ReplaceOrder,
    Resume,
    Stop,
    SubmitOrder,
    SubmitOrderList,
    new_orders,
)
from offbook.domain.errors import CommandTooLate, OffbookError
from offbook.domain.journal import CommandAnswer, OperationKind, ScheduledCommand
from offbook.domain.orders import OrderRequest, OrderStatus, OrderView
from offbook.domain.records import CommandTaken, OrderDenied, OrderSubmitted, Record
from offbook.domain.session import (
    LifecycleCommand,
    PaperTradingSession,
    SessionStatus,
    StopParameters,
    invalid_transition,
)
from offbook.engine.inputs import Take
from offbook.ports.clock import IClock
from offbook.services.paper_trading.digests import encode_order_answer
from offbook.services.paper_trading.kept_engine import KeptEngine
from offbook.services.paper_trading.messages import AnswerFor, Message, TakeCommand, Taken
from offbook.services.paper_trading.outbox import OrderWaiter, Outbox, Waiter

if TYPE_CHECKING:
    from offbook.engine.processing_engine import ProcessingEngine

_S: Final = SessionStatus
_COMMAND: Final = OperationKind.COMMAND
_TAKEN_IN: Final[dict[type[Any], tuple[LifecycleCommand, frozenset[SessionStatus]]]] = {
    Pause: (LifecycleCommand.PAUSE, frozenset({_S.RUNNING})),
    Resume: (LifecycleCommand.RESUME, frozenset({_S.PAUSED})),
    Stop: (LifecycleCommand.STOP, frozenset({_S.RUNNING, _S.PAUSED})),
    ForceStop: (LifecycleCommand.STOP, frozenset({_S.STOPPING})),
}
"""In which state of the engine, which may be ahead of what is committed, a command can be taken."""


class CommandDesk:
    """Takes commands into one engine and sees that each is answered after its commit."""

    __slots__ = (
        "_clock",
        "_kept",
        "_ordinal",
        "_outbox",
        "_process",
        "_scheduled",
        "_stopping",
    )

    def __init__(
        self,
        kept: KeptEngine,
        outbox: Outbox,
        process: Callable[[Take], Sequence[Record]],
        *,
        clock: IClock,
        scheduled: Iterable[ScheduledCommand] = (),
    ) -> None:
        self._kept = kept
        self._outbox = outbox
        self._process = process
        self._clock = clock
        # Nothing at all is kept where nothing waits: ten thousand sessions may be loaded.
        self._scheduled = sorted(scheduled, key=_when) or None
        self._ordinal = max((entry.ordinal for entry in self._scheduled or ()), default=0)
        self._stopping: tuple[tuple[AnswerFor, Waiter], ...] = ()

    @property
    def _engine(self) -> ProcessingEngine:
        return self._kept.engine

    @property
    def next_at(self) -> int:
        """The session time of the next scheduled command; ``NEVER`` if none waits."""
        return self._scheduled[0].at if self._scheduled else NEVER

    def receive(self, message: TakeCommand, ts: int, reply: asyncio.Future[Message]) -> None:
        """Take a command at ``ts``, or keep it for later; ``reply`` is answered after the commit.

        A new order that was sent before under its id is answered as it stands.

        A refusal (wrong state, malformed, too late) changes nothing, and is told after the commit
        too, for it may rest on what is not committed yet.
        """
        engine = self._kept.engine
        try:
            before = engine.repeated(message.command)
            if before is not None:
                self._outbox.urgent = True
                self._answer_order(message, before, reply)
            elif message.at is not None:
                self._schedule(message, message.at, reply)
            else:
                self._check(engine, message.command)
                self._take(engine, message, ts, reply)
            self._log(message)
        except OffbookError as error:
            self._refuse(reply, error)

    def take_scheduled(self) -> None:
        """Take the next scheduled command at its time.

        One that has become impossible is dropped with a line in the operations log.
        """
        assert self._scheduled is not None
        entry = self._scheduled.pop(0)
        self._outbox.unschedule(entry.command.command_id)
        try:
            self._check(self._engine, entry.command)
        except OffbookError as error:
            self._drop(entry, str(error))
            return
        if isinstance(entry.command, Stop):
            self._outbox.stop_parameters = _stop_parameters(entry.command)
        self._process(Take(command=entry.command, ts=entry.at))
        self._outbox.urgent = True

    def close(self) -> None:
        """The session is over: who waits for its stop is answered with the final commit, and
        what is still scheduled is dropped."""
        for answer, waiter in self._stopping:
            self._outbox.answer_with(answer)
            self._outbox.tell_after(waiter)
        self._stopping = ()
        scheduled, self._scheduled = self._scheduled, None
        for entry in scheduled or ():
            self._outbox.unschedule(entry.command.command_id)
            self._drop(entry, "the session ended before its time came")

    def break_off(self, error: BaseException) -> None:
        """The engine is given up."""
        for _, waiter in self._stopping:
            waiter.refuse(error)
        self._stopping = ()

    def _take(
        self,
        engine: ProcessingEngine,
        message: TakeCommand,
        ts: int,
        reply: asyncio.Future[Message],
    ) -> None:
        command = message.command
        records = self._process(Take(command=command, ts=ts))
        self._outbox.urgent = True
        if CommandTaken not in map(type, records):
            # What was due at this instant ended the session before the command's turn came.
            raise _NotNow(LifecycleCommand.STOP)
        if isinstance(command, OrderCommand):
            view = engine.order_view(_order_id(command, records))
            self._answer_order(message, view, reply)
            return
        waiter = Waiter(reply, _taken)
        answer = AnswerFor(command_id=command.command_id, digest=message.digest)
        if isinstance(command, Stop):
            self._outbox.stop_parameters = _stop_parameters(command)
            if engine.status is _S.STOPPING:
                # It is answered when the session is flat and stopped.
                self._stopping += ((answer, waiter),)
                return
        self._outbox.answer_with(answer)
        self._outbox.tell_after(waiter)

    def _schedule(self, message: TakeCommand, at: int, reply: asyncio.Future[Message]) -> None:
        command = message.command
        if at <= self._engine.now:
            raise CommandTooLate(
                f"session time is {self._engine.now} already: {at} has passed",
                at=at,
                now=self._engine.now,
            )
        if isinstance(command, SubmitOrder | SubmitOrderList):
            # What a cancel or a replace names may still be to come; a new order stands alone.
            self._engine.check_formed(command)
        view = self._view_ahead(command, at) if isinstance(command, OrderCommand) else None
        self._ordinal += 1
        entry = ScheduledCommand(at=at, ordinal=self._ordinal, command=command)
        if self._scheduled is None:
            self._scheduled = []
        insort(self._scheduled, entry, key=_when)
        self._outbox.schedule(entry)
        self._outbox.urgent = True
        if view is not None:
            self._answer_order(message, view, reply)
            return
        answer = AnswerFor(command_id=command.command_id, digest=message.digest)
        self._outbox.answer_with(answer)
        self._outbox.tell_after(Waiter(reply, _taken))

    def _answer_order(
        self, message: TakeCommand, view: OrderView, reply: asyncio.Future[Message]
    ) -> None:
        if message.digest:
            self._outbox.answer(
                CommandAnswer(
                    command_id=message.command.command_id,
                    body_digest=message.digest,
                    answer=encode_order_answer(view),
                )
            )
        self._outbox.tell_after(OrderWaiter(reply, view))

    def _view_ahead(self, command: OrderCommand, at: int) -> OrderView:
        """The order as it is now, or as it will be sent. Raises OrderNotFound."""
        text = f"{type(command).__name__} is scheduled for {at}"
        if isinstance(command, SubmitOrder | SubmitOrderList):
            return _pending_view(new_orders(command)[0], at, text)
        for entry in self._scheduled or ():
            for order in new_orders(entry.command):
                if order.client_order_id == command.client_order_id:
                    return _pending_view(order, entry.at, text)
        view = self._engine.order_view(command.client_order_id)
        return msgspec.structs.replace(view, text=text)

    def _check(self, engine: ProcessingEngine, command: Command) -> None:
        rule = _TAKEN_IN.get(type(command))
        if rule is not None and engine.status not in rule[1]:
            raise _NotNow(rule[0])
        engine.check_formed(command)

    def _refuse(self, reply: asyncio.Future[Message], error: OffbookError) -> None:
        self._outbox.urgent = True
        if isinstance(error, _NotNow):
            lifecycle = error.command
            self._outbox.tell_after(
                Waiter(reply, lambda session: invalid_transition(session, lifecycle))
            )
        else:
            self._outbox.tell_after(Waiter(reply, lambda _: error))

    def _log(self, message: TakeCommand) -> None:
        command = message.command
        when = "" if message.at is None else f", for {message.at}"
        detail = f"{type(command).__name__} {command.command_id}{when}"
        self._outbox.log(self._clock.now(), _COMMAND, detail)

    def _drop(self, entry: ScheduledCommand, why: str) -> None:
        kind = type(entry.command).__name__
        detail = f"{kind} {entry.command.command_id} scheduled for {entry.at} was dropped: {why}"
        self._outbox.log(self._clock.now(), OperationKind.ERROR, detail)


class _NotNow(OffbookError):
    """The engine's state does not allow the command; the session to show is known later."""

    def __init__(self, command: LifecycleCommand) -> None:
        super().__init__(f"cannot {command.value} now")
        self.command = command


def _taken(session: PaperTradingSession) -> Message:
    return Taken(session=session)


def _when(entry: ScheduledCommand) -> tuple[int, int]:
    return entry.at, entry.ordinal


def _stop_parameters(command: Stop) -> StopParameters:
    return StopParameters(flatten=command.flatten, deadline_ns=command.deadline_ns)


def _order_id(command: Command, records: Sequence[Record]) -> str:
    # To ask what a struct is not, by isinstance, takes longer than all else here.
    if type(command) is CancelOrder or type(command) is ReplaceOrder:
        return command.client_order_id
    for record in records:
        if (
            type(record) is OrderSubmitted or type(record) is OrderDenied
        ) and record.command_id == command.command_id:
            return record.client_order_id
    raise RuntimeError(f"the engine made no order of command {command.command_id}")


def _pending_view(order: OrderRequest, at: int, text: str) -> OrderView:
    """What is known of a new order before its time."""
    return OrderView(
        client_order_id=order.client_order_id or "",
        order_id=None,
        symbol=order.symbol,
        side=order.side,
        order_type=order.order_type,
        time_in_force=order.time_in_force,
        order_status=OrderStatus.PENDING_NEW,
        order_qty=order.order_qty,
        cum_qty="0",
        leaves_qty=order.order_qty,
        price=order.price,
        avg_px=None,
        fees="0",
        reduce_only=order.reduce_only,
        submitted_ts=at,
        stop_px=order.stop_px,
        trail_amount=order.trail_amount,
        trail_percent=order.trail_percent,
        expire_time=order.expire_time,
        post_only=order.post_only,
        text=text,
        display_qty=order.display_qty or None,
        min_qty=order.min_qty or None,
        extended_hours=order.extended_hours is True,
    )
