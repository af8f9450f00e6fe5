"""What is stored of a session, as values: batches of records, snapshots, answers, leases."""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec

from offbook.domain.commands import Command
from offbook.domain.market_data import Cursor


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """An engine's whole state after record ``seq`` and at ``cursor``, taken between steps.

    ``state`` is opaque to everyone but the engine; ``head`` is the chain's head at ``seq``.
    """

    seq: int
    cursor: Cursor
    head: bytes
    state: bytes


class CommandAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a command was answered, kept so that the same id gets the same answer.

    ``body_digest`` tells the same body from another; ``answer`` is encoded JSON.
    """

    command_id: str
    body_digest: str
    answer: bytes


class ScheduledCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A command that waits for session time ``at`` (ns UTC), durable but not yet taken.

    Among those due at one time, the smaller ``ordinal`` (order of arrival) is taken first.
    """

    at: int
    ordinal: int
    command: Command


class OperationKind(enum.Enum):
    """What the operations log tells: facts of running, outside the chain."""

    CREATED = "created"
    OWNED = "owned"
    RECOVERED = "recovered"
    COMMAND = "command"
    SPEED = "speed"
    ERROR = "error"
    LAGGED = "lagged"
    RELEASED = "released"


class Operation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of the operations log; ``at`` is wall time, ``detail`` is for people."""

    at: datetime
    kind: OperationKind
    detail: str = ""


class JournalBatch(msgspec.Struct, frozen=True, kw_only=True):
    """What one or more whole engine steps changed: stored in one transaction, or not at all.

    ``records`` are canonical bytes, dense from ``first_seq``; ``head`` is the chain's head after
    the last; ``cursor`` is what the engine has reached.  ``answers`` and ``scheduled`` are added,
    the scheduled commands named in ``taken`` are removed.
    """

    first_seq: int
    records: tuple[bytes, ...]
    head: bytes
    cursor: Cursor
    answers: tuple[CommandAnswer, ...] = ()
    scheduled: tuple[ScheduledCommand, ...] = ()
    taken: tuple[str, ...] = ()
    snapshot: Snapshot | None = None
    operations: tuple[Operation, ...] = ()

    @property
    def last_seq(self) -> int:
        """The sequence number after this batch."""
        return self.first_seq + len(self.records) - 1


class StoredRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One committed record: its sequence number and canonical bytes."""

    seq: int
    raw: bytes
