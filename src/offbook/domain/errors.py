"""Every error that offbook raises on purpose.

Each carries a stable ``code`` for programs, a message that says what to do, and ``fields`` with
the values involved.  The tree::

    OffbookError
    +-- InvalidInput          the caller can mend it; nothing was changed
    |   +-- InvalidConfig
    |   +-- InvalidOrder
    |   |   +-- FloatNotExact
    |   +-- InvalidStrategy
    |   +-- BadMarketData
    |   +-- CommandTooLate
    +-- NotFound
    |   +-- SessionNotFound
    |   +-- OrderNotFound
    +-- Refused               the state of things forbids it; nothing was changed
    |   +-- InvalidTransition
    |   +-- SessionStopped
    |   +-- ConcurrencyConflict
    |   +-- CommandConflict
    |   +-- OrderConflict
    |   +-- LeaseLost
    |   +-- LeaseHeld
    |   +-- MailboxFull
    |   +-- TooManyRequests
    |   +-- ManagerClosed
    |   +-- ReentrantCall
    |   +-- StoreOwned
    |   +-- SweepConflict
    +-- Failure               something broke; a retry may help
        +-- StorageUnavailable
        |   +-- CommitOutcomeUnknown
        +-- GatewayUnavailable
        +-- ExtraNotInstalled
        +-- SessionFailed
        +-- JournalDamaged
        +-- SnapshotDamaged
        +-- JournalMismatch
        +-- NotComparable
        +-- EngineFault
        +-- WorkerLost
            +-- CallbackHung
"""

from __future__ import annotations

from copy import copy
from typing import ClassVar, TypeVar


class OffbookError(Exception):
    """Base of every error raised on purpose.

    ``code`` is stable between releases; ``fields`` holds plain values (text, int, bool, None).
    """

    code: ClassVar[str] = "offbook_error"

    def __init__(self, message: str, **fields: object) -> None:
        super().__init__(message)
        self.message = message
        self.fields: dict[str, object] = fields

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.fields))


def _rebuild(kind: type[OffbookError], message: str, fields: dict[str, object]) -> OffbookError:
    error = kind.__new__(kind)
    OffbookError.__init__(error, message, **fields)
    return error


E = TypeVar("E", bound=OffbookError)


def anew(error: E) -> E:
    """The same error for one more who is told of it: raised, it gathers a traceback of its own.

    One object raised again and again would keep the frames of all to whom it was told.
    """
    return copy(error)


class InvalidInput(OffbookError):
    """The caller asked for something malformed; nothing was changed."""

    code = "invalid_input"


class InvalidConfig(InvalidInput):
    """A session's configuration cannot be used. Fields: ``field``."""

    code = "invalid_config"


class InvalidOrder(InvalidInput):
    """An order request is malformed: it never became an order. Fields: ``field``."""

    code = "invalid_order"


class FloatNotExact(InvalidOrder):
    """A float was given where an exact price or quantity is needed."""

    code = "float_not_exact"


class InvalidStrategy(InvalidInput):
    """A strategy cannot be loaded, or its parameters do not fit. Fields: ``strategy``."""

    code = "invalid_strategy"


class BadMarketData(InvalidInput):
    """A row of market data is refused. Fields: ``file``, ``row`` (1-based data row), ``column``."""

    code = "bad_market_data"


class CommandTooLate(InvalidInput):
    """A command was scheduled for a session time that has passed. Fields: ``at``, ``now``."""

    code = "command_too_late"


class NotFound(OffbookError):
    """What was named does not exist."""

    code = "not_found"


class SessionNotFound(NotFound):
    """No session has this id. Fields: ``session_id``."""

    code = "session_not_found"


class OrderNotFound(NotFound):
    """No order of the session has this id. Fields: ``session_id``, ``order_id``."""

    code = "order_not_found"


class Refused(OffbookError):
    """The present state forbids the command; nothing was changed."""

    code = "refused"


class InvalidTransition(Refused):
    """The lifecycle table does not allow the command. Fields: ``session_id``, ``status``,
    ``command``; ``session`` holds the current session."""

    code = "invalid_transition"
    session: object = None


class SessionStopped(Refused):
    """The session was stopped before the command could be carried out. Fields: ``session_id``."""

    code = "session_stopped"


class ConcurrencyConflict(Refused):
    """The stored session has moved on. Fields: ``session_id``, ``expected``, ``found``."""

    code = "concurrency_conflict"


class CommandConflict(Refused):
    """The command id was used before with another body. Fields: ``session_id``, ``command_id``."""

    code = "command_conflict"


class OrderConflict(Refused):
    """The client order id was used before, by another order. Fields: ``order_id``, ``field``."""

    code = "order_conflict"


class LeaseLost(Refused):
    """Another owner holds the session under a higher epoch. Fields: ``session_id``, ``epoch``."""

    code = "lease_lost"


class LeaseHeld(Refused):
    """A living process owns the session. Fields: ``session_id``, ``owner``."""

    code = "lease_held"


class MailboxFull(Refused):
    """Too many commands wait for one session; try again shortly. Fields: ``session_id``."""

    code = "mailbox_full"


class TooManyRequests(Refused):
    """A strategy's callback sent more than one may, or set more timers. Fields: ``limit``."""

    code = "too_many_requests"


class ManagerClosed(Refused):
    """The manager was shut down, or was never entered."""

    code = "manager_closed"


class ReentrantCall(Refused):
    """A blocking call came from the manager's own loop or from a callback: it would deadlock."""

    code = "reentrant_call"


class StoreOwned(Refused):
    """Another process has the store open for writing. Fields: ``path``."""

    code = "store_owned"


class SweepConflict(Refused):
    """A sweep of this name was made of something else. Fields: ``sweep``, ``what`` (engine,
    strategy, data or config)."""

    code = "sweep_conflict"


class Failure(OffbookError):
    """Something outside the caller's control broke."""

    code = "failure"


class StorageUnavailable(Failure):
    """The store did not take the change: it did not happen."""

    code = "storage_unavailable"


class CommitOutcomeUnknown(StorageUnavailable):
    """The store broke off in mid-commit: look the outcome up, never retry blindly."""

    code = "commit_outcome_unknown"


class GatewayUnavailable(Failure):
    """The market cannot be opened or read. Fields: ``market``."""

    code = "gateway_unavailable"


class ExtraNotInstalled(Failure):
    """What was asked for needs an optional part of offbook. Fields: ``extra``."""

    code = "extra_not_installed"


class SessionFailed(Failure):
    """The session ended in FAILED while the command waited. Fields: ``session_id``, ``reason``,
    and ``detail`` where there is more to read."""

    code = "session_failed"


class JournalDamaged(Failure):
    """The stored chain does not verify. Fields: ``session_id``, ``seq``."""

    code = "journal_damaged"


class SnapshotDamaged(Failure):
    """A snapshot is of no use; the journal is there. Fields: ``session_id``, ``seq``, the record
    that it was taken after."""

    code = "snapshot_damaged"


class JournalMismatch(Failure):
    """Running the inputs again gave other records. Fields: ``session_id``, ``seq``."""

    code = "journal_mismatch"


class NotComparable(Failure):
    """What a session was made of is not what it was. Fields: ``what`` (engine, strategy, data)."""

    code = "not_comparable"


class EngineFault(Failure):
    """The engine found itself in an impossible place, or a livelock. Fields: ``reason``."""

    code = "engine_fault"


class WorkerLost(Failure):
    """A worker process ended by itself, or was ended from outside. Fields: ``exit_code``
    (negative: the signal), and ``log``, where what it printed is kept."""

    code = "worker_lost"


class CallbackHung(WorkerLost):
    """A strategy's callback did not return, so that its worker process was ended. Fields: those of
    ``WorkerLost``, and ``seconds``, how long it was waited for."""

    code = "callback_hung"


def system_reason(error: OSError) -> str:
    """What the system says of a file that it does not give: without its number and the name, which
    is told already, or is that of a part written beside it."""
    return error.strerror or str(error)
