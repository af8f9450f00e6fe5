"""What the engine made and the store does not hold yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from offbook.domain.chain import GENESIS, extend_all
from offbook.domain.journal import (
    CommandAnswer,
    JournalBatch,
    Operation,
    OperationKind,
    ScheduledCommand,
    Snapshot,
)
from offbook.domain.market_data import Cursor
from offbook.domain.orders import OrderView
from offbook.domain.records import Record, encode_records
from offbook.domain.session import PaperTradingSession, StopParameters
from offbook.services.paper_trading.messages import AnswerFor, Message, Taken

T = TypeVar("T")
Reply = Callable[[PaperTradingSession], Message | Exception]


class Waiter:
    """An outsider who is told after the commit; ``reply`` makes the answer of what was saved."""

    __slots__ = ("future", "reply")

    def __init__(self, future: asyncio.Future[Any], reply: Reply) -> None:
        self.future = future
        self.reply = reply

    def tell(self, session: PaperTradingSession) -> None:
        """Answer, if anyone still listens."""
        if self.future.done():
            return
        reply = self.reply(session)
        if isinstance(reply, Exception):
            self.future.set_exception(reply)
        else:
            self.future.set_result(reply)

    def refuse(self, error: BaseException) -> None:
        """Fail, if anyone still listens."""
        if not self.future.done():
            self.future.set_exception(error)


class OrderWaiter:
    """A ``Waiter`` who is told of an order: as most are, and with fewer objects."""

    __slots__ = ("_order", "future")

    def __init__(self, future: asyncio.Future[Any], order: OrderView) -> None:
        self.future = future
        self._order = order

    def tell(self, session: PaperTradingSession) -> None:
        """Answer, if anyone still listens."""
        if not self.future.done():
            self.future.set_result(Taken(session=session, order=self._order))

    def refuse(self, error: BaseException) -> None:
        """Fail, if anyone still listens."""
        if not self.future.done():
            self.future.set_exception(error)


def _with(kept: list[T] | None, one: T) -> list[T]:
    if kept is None:
        return [one]
    kept.append(one)
    return kept


class Outbox:
    """Collects whole engine steps, extends the chain, and is cut into batches.

    ``first_seq`` and ``head`` continue the durable journal.  What is empty is None: of ten thousand
    sessions most have nothing to tell.
    """

    __slots__ = (
        "_answers",
        "_first_seq",
        "_operations",
        "_records",
        "_scheduled",
        "_taken",
        "answering",
        "cut_cursor",
        "head",
        "last_seq",
        "since",
        "stop_parameters",
        "urgent",
        "waiters",
    )

    def __init__(self, last_seq: int, head: bytes, cursor: Cursor) -> None:
        self.last_seq = last_seq
        self.head = head if last_seq else GENESIS
        self.cut_cursor = cursor
        self.waiters: list[Waiter | OrderWaiter] | None = None
        self.answering: list[AnswerFor] | None = None
        self.stop_parameters: StopParameters | None = None
        self.since: float | None = None
        self.urgent = False
        self._first_seq = last_seq + 1
        self._records: list[bytes] | None = None
        self._answers: list[CommandAnswer] | None = None
        self._scheduled: list[ScheduledCommand] | None = None
        self._taken: list[str] | None = None
        self._operations: list[Operation] | None = None

    @property
    def count(self) -> int:
        """Records that wait to be cut."""
        return len(self._records or ())

    @property
    def empty(self) -> bool:
        """Whether there is nothing at all to be stored or told."""
        return not (
            self._records
            or self._scheduled
            or self._taken
            or self._operations
            or self.waiters
            or self.urgent
        )

    def add(self, records: Sequence[Record], now: float) -> None:
        """Take the records of a whole step in; ``now`` is the monotonic time."""
        raws = encode_records(records)
        if self._records is None:
            self._records = raws
        else:
            self._records += raws
        self.head = extend_all(self.head, raws)
        self.last_seq += len(raws)
        if records and self.since is None:
            self.since = now

    def answer(self, answer: CommandAnswer) -> None:
        """Keep an answer with the records that it tells of."""
        self._answers = _with(self._answers, answer)

    def answer_with(self, answer: AnswerFor) -> None:
        """Keep for a command's answer the session as the next commit leaves it."""
        self.answering = _with(self.answering, answer)

    def answer_at_once(self, command_id: str, digest: str) -> None:
        """The same for a command that is told apart by ``digest``, if it is, and soon."""
        if digest:
            self.answer_with(AnswerFor(command_id=command_id, digest=digest))
        self.urgent = True

    def tell_after(self, waiter: Waiter | OrderWaiter) -> None:
        """Tell an outsider after the next commit."""
        if self.waiters is None:
            self.waiters = [waiter]
        else:
            self.waiters.append(waiter)

    def log(self, at: datetime, kind: OperationKind, detail: str) -> None:
        """A line for the operations log, with the next batch."""
        operation = Operation(at=at, kind=kind, detail=detail)
        if self._operations is None:
            self._operations = [operation]
        else:
            self._operations.append(operation)

    def schedule(self, scheduled: ScheduledCommand) -> None:
        """Keep a command until its time."""
        self._scheduled = _with(self._scheduled, scheduled)

    def unschedule(self, command_id: str) -> None:
        """A command's time has come: it is kept no longer."""
        kept = self._scheduled or ()
        waiting = [entry for entry in kept if entry.command.command_id != command_id]
        if len(waiting) < len(kept):
            # It was never stored, so there is nothing to remove.
            self._scheduled = waiting
        else:
            self._taken = _with(self._taken, command_id)

    def cut(self, cursor: Cursor, snapshot: Snapshot | None) -> JournalBatch:
        """Everything collected, as one batch that ends at ``cursor``, with a snapshot of that or an
        earlier place; the outbox is empty then.

        ``waiters``, ``answering`` and ``stop_parameters`` are the caller's to take along.
        """
        batch = JournalBatch(
            first_seq=self._first_seq,
            records=tuple(self._records or ()),
            head=self.head,
            cursor=cursor,
            answers=tuple(self._answers or ()),
            scheduled=tuple(self._scheduled or ()),
            taken=tuple(self._taken or ()),
            snapshot=snapshot,
            operations=tuple(self._operations or ()),
        )
        self._first_seq = self.last_seq + 1
        self.cut_cursor = cursor
        self.since = None
        self.urgent = False
        self._records = self._answers = self._scheduled = self._taken = self._operations = None
        return batch
