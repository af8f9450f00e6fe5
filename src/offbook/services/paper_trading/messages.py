"""What manager and runner say to each other: plain values that can be written to bytes and back.

The manager calls the runner's methods with these; the runner calls its host's.  Nothing else
passes between them, so that a runner may live in another process.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from offbook.domain.commands import Command
from offbook.domain.journal import (
    JournalBatch,
    ScheduledCommand,
    Snapshot,
    StoredRecord,
)
from offbook.domain.market_data import Cursor
from offbook.domain.orders import OrderView
from offbook.domain.session import (
    PaperTradingSession,
    SessionError,
    SessionStatus,
    SessionSummary,
    StopParameters,
)


class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of all messages."""


# -- to the runner ----------------------------------------------------------------------------


class StartRunner(Message, frozen=True, kw_only=True):
    """Begin to pump, or with ``recover`` rebuild from the journal and go on.

    ``command`` is taken before the first row: ``Start`` where nothing is journaled yet, ``Resume``
    for a session that had failed, None to go on as it was.  With ``hold`` no row is taken before
    the next command.  ``scheduled`` are the commands that wait, as they are stored.
    """

    session: PaperTradingSession
    scheduled: tuple[ScheduledCommand, ...] = ()
    command: Command | None = None
    digest: str = ""
    recover: bool = False
    hold: bool = False


class TakeCommand(Message, frozen=True, kw_only=True):
    """Take a command now, or at session time ``at`` (ns UTC).

    ``digest`` tells its body; an order command whose digest is empty has an id that nobody was
    given, so that nobody can repeat it and its answer need not be kept.
    """

    command: Command
    digest: str
    at: int | None = None


class SetSpeed(Message, frozen=True, kw_only=True):
    """Change the pace: decimal text, None as fast as possible."""

    speed: str | None


class AskProgress(Message, frozen=True, kw_only=True):
    """How far are you?"""


class AskOrders(Message, frozen=True, kw_only=True):
    """All orders, as committed."""


class Proceed(Message, frozen=True, kw_only=True):
    """Take rows again after ``hold``; no command is coming."""


class Suspend(Message, frozen=True, kw_only=True):
    """Commit what ran ahead and end, the session staying as it is."""


# -- the runner's replies ---------------------------------------------------------------------


class Started(Message, frozen=True, kw_only=True):
    """The session as first committed by this runner."""

    session: PaperTradingSession


class Taken(Message, frozen=True, kw_only=True):
    """The command is committed: the session as it then was, and for orders the order."""

    session: PaperTradingSession
    order: OrderView | None = None


class Done(Message, frozen=True, kw_only=True):
    """It is done."""


class Progress(Message, frozen=True, kw_only=True):
    """How far a session is. The engine may be ahead of the commit: no figure here is a promise.

    ``rows`` is the market's length where it is known; ``committed`` the last durable cursor.
    ``prices`` are the last prices by symbol, as far as they are at hand: the middle of a quote, the
    close of a bar.  ``late_rows`` is how many rows of a live market came with a time before one
    that had been reached, since this process connected to it; None where no live market is run.
    """

    status: SessionStatus
    cursor: Cursor
    committed: Cursor
    now: int
    last_seq: int
    rows: int | None = None
    speed: str | None = None
    summary: SessionSummary | None = None
    prices: dict[str, str] = {}
    late_rows: int | None = None


class Orders(Message, frozen=True, kw_only=True):
    """All orders of a session, in the order they were sent."""

    orders: tuple[OrderView, ...]


# -- to the host ------------------------------------------------------------------------------


class AnswerFor(Message, frozen=True, kw_only=True):
    """A lifecycle command to be answered with the session as this commit saves it."""

    command_id: str
    digest: str


class Commit(Message, frozen=True, kw_only=True):
    """Whole engine steps to be made durable, and what they made of the session."""

    batch: JournalBatch
    status: SessionStatus
    status_reason: str | None = None
    summary: SessionSummary | None = None
    error: SessionError | None = None
    stop_parameters: StopParameters | None = None
    answering: tuple[AnswerFor, ...] = ()


class Committed(Message, frozen=True, kw_only=True):
    """The session as saved. ``hold``: a command is on its way, take no row before it."""

    session: PaperTradingSession
    hold: bool = False


class ReportFailure(Message, frozen=True, kw_only=True):
    """The runner cannot go on; what was not committed is gone."""

    reason: str
    error: SessionError


class ReportHealth(Message, frozen=True, kw_only=True):
    """Storage stopped answering, with what it said, or answers again; the session lags behind
    its market, or has followed."""

    storage_down: bool
    detail: str = ""
    lagging: bool = False


class LoadSession(Message, frozen=True, kw_only=True):
    """Read again what is durable: the only way to learn how a commit ended."""


class LoadJournal(Message, frozen=True, kw_only=True):
    """Read committed records after ``after_seq``, at most ``limit``."""

    after_seq: int
    limit: int


class LoadSnapshot(Message, frozen=True, kw_only=True):
    """Read the newest snapshot at or before ``at_most_seq``."""

    at_most_seq: int


class Loaded(Message, frozen=True, kw_only=True):
    """The durable session and its waiting commands."""

    session: PaperTradingSession
    scheduled: tuple[ScheduledCommand, ...] = ()


class JournalPage(Message, frozen=True, kw_only=True):
    """Committed records, in order; empty past the end."""

    records: tuple[StoredRecord, ...]


class LoadedSnapshot(Message, frozen=True, kw_only=True):
    """The snapshot, if there is one.

    With ``attached``, the first record, it is no stored one: it was made at the end of the journal,
    all of which was verified and run again.
    """

    snapshot: Snapshot | None
    attached: bytes = b""


class RunnerHost(Protocol):
    """All that a runner reaches of the outside besides its market.

    Every method raises StorageUnavailable when the store does not answer, and LeaseLost when the
    session belongs to another owner: nothing may be written then.
    """

    async def commit(self, message: Commit) -> Committed:
        """Make steps durable; calls are carried out one after the other.

        Raises CommitOutcomeUnknown when it cannot be told whether they are.
        """

    async def fail(self, message: ReportFailure) -> Done:
        """The session is to end in FAILED; returns at once, the host sees to it."""

    async def health(self, message: ReportHealth) -> Done:
        """Tell how the store does."""

    async def load_session(self, message: LoadSession) -> Loaded:
        """The durable session."""

    async def load_journal(self, message: LoadJournal) -> JournalPage:
        """A page of the journal."""

    async def load_snapshot(self, message: LoadSnapshot) -> LoadedSnapshot:
        """The newest snapshot that fits. Raises SnapshotDamaged for that one."""
