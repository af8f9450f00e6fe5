"""Where sessions, journals, snapshots, answers and leases are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from offbook.domain.journal import (
    CommandAnswer,
    JournalBatch,
    Operation,
    ScheduledCommand,
    Snapshot,
    StoredRecord,
)
from offbook.domain.session import PaperTradingSession


@runtime_checkable
class IPaperTradingSessionRepository(Protocol):
    """Stores sessions; what one step changed is one transaction.

    Every method raises StorageUnavailable when the store cannot answer; a change then did not
    happen, unless it is CommitOutcomeUnknown.  Values handed in and out are immutable.  Safe to
    call from one event loop; calls may overlap.  Changes are carried out in the order asked for;
    a read sees every change that was answered before it was called.  A caller that is cancelled
    leaves alone: its change may or may not have happened.
    """

    async def save(
        self,
        session: PaperTradingSession,
        batch: JournalBatch | None = None,
        *,
        expected_version: int,
        epoch: int,
    ) -> None:
        """Store the session as given and append the batch, atomically and durably.

        ``expected_version`` is the version now stored (0 to create) and ``session.version`` must
        be one more.  Raises, in this order: InvalidInput for a malformed request; LeaseLost when
        ``epoch`` is not the session's present epoch (a session that never was leased has epoch
        0; one that was given up, or whose owner died, has none until it is owned again);
        ConcurrencyConflict when the stored version differs; JournalDamaged when the batch does
        not continue the stored journal; CommandConflict when a command id has another answer
        already, or is scheduled while it waits.  Within a batch, ``taken`` is applied after
        ``scheduled``.  The newest two snapshots are kept.
        """

    async def get(self, session_id: str) -> PaperTradingSession:
        """The session as last saved. Raises SessionNotFound."""

    async def list(self) -> tuple[PaperTradingSession, ...]:
        """All sessions, oldest first: one consistent snapshot."""

    async def read_journal(
        self, session_id: str, after_seq: int = 0, limit: int = 1000
    ) -> Sequence[StoredRecord]:
        """Committed records with ``seq > after_seq``, in order, at most ``limit``.

        Empty when there are none (also for a session that does not exist).
        """

    async def latest_snapshot(
        self, session_id: str, *, at_most_seq: int | None = None
    ) -> Snapshot | None:
        """The newest snapshot, or the newest whose ``seq`` is at most ``at_most_seq``.

        Raises SnapshotDamaged where that one cannot be read, or is not of the record that it is
        stored for: the one before is found by asking for less than the error's ``seq``.
        """

    async def find_answer(self, session_id: str, command_id: str) -> CommandAnswer | None:
        """The durable answer to a command, or None."""

    async def scheduled_commands(self, session_id: str) -> Sequence[ScheduledCommand]:
        """Commands that wait for their session time, by ``(at, ordinal)``."""

    async def operations(self, session_id: str) -> Sequence[Operation]:
        """The session's operations log, oldest first."""

    async def acquire_lease(self, session_id: str, owner: str) -> int:
        """Own the session: the new epoch, higher than any before, durable on return.

        A lease whose owner no longer lives is taken at once, and the owner itself may ask again,
        which fences its own earlier epoch. Raises LeaseHeld while another living owner holds it,
        SessionNotFound for an unknown session.
        """

    async def release_lease(self, session_id: str, epoch: int) -> None:
        """Give the session up; does nothing when ``epoch`` is no longer the present one."""

    async def close(self) -> None:
        """Finish what was begun and let everything go; later calls raise StorageUnavailable."""
