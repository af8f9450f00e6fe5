"""A repository in memory that keeps the whole contract and fails where a test wants it to."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, TypeVar

import msgspec

from offbook.domain import storing
from offbook.domain.errors import CommitOutcomeUnknown, OffbookError, StorageUnavailable
from offbook.domain.journal import (
    CommandAnswer,
    JournalBatch,
    Operation,
    ScheduledCommand,
    Snapshot,
    StoredRecord,
)
from offbook.domain.session import PaperTradingSession

T = TypeVar("T")
RepositoryHook = Callable[[str, Literal["before", "after"], str], Awaitable[None]]
"""Called as ``(operation, phase, session_id)`` around every call; may wait, and may raise."""


class _Row:
    """Everything stored of one session, encoded, so that nobody shares a value with the store."""

    def __init__(self) -> None:
        self.state = storing.StoredState()
        self.owner: str | None = None
        self.document = b""
        self.order = (0, "")
        self.records: list[bytes] = []
        self.snapshots: list[tuple[int, bytes]] = []
        self.answers: dict[str, bytes] = {}
        self.scheduled: dict[str, tuple[int, int, int, bytes]] = {}
        self.operations: list[bytes] = []
        self.arrived = 0


class _Planned(msgspec.Struct):
    """A failure that a test asked for."""

    operation: str
    error: OffbookError
    after: int
    took_effect: bool


class InMemoryRepository:
    """Sessions kept in memory: for tests, and for runs that nobody wants to keep.

    Each call takes effect at once, whole, when its coroutine first runs, and then yields to the
    event loop once, so that callers interleave as they do over a real store.  Owners live until
    ``after_kill``.  Use from one event loop.
    """

    def __init__(self, *, hook: RepositoryHook | None = None) -> None:
        self.hook = hook
        self.calls: Counter[str] = Counter()
        """How often each operation took effect."""
        self._rows: dict[str, _Row] = {}
        self._planned: list[_Planned] = []
        self._gone: str | None = None

    def fail_next(
        self,
        operation: str,
        error: OffbookError | None = None,
        *,
        after: int = 0,
        took_effect: bool = False,
    ) -> None:
        """Let one call of ``operation`` (a method's name) raise, once.

        The next ``after`` calls pass first.  With ``took_effect`` the change is made and the
        caller is told ``error`` all the same, by default CommitOutcomeUnknown; else nothing
        changes and the default is StorageUnavailable.
        """
        if error is None:
            kind = CommitOutcomeUnknown if took_effect else StorageUnavailable
            error = kind(f"{operation} was made to fail")
        self._planned.append(_Planned(operation, error, after, took_effect))

    def after_kill(self) -> InMemoryRepository:
        """The store as a new process finds it after ``kill -9``: what was answered is there, and
        the old owners are dead: their epochs may not write.  This object raises
        StorageUnavailable from now on."""
        heir = InMemoryRepository(hook=self.hook)
        heir._rows, self._rows = self._rows, {}
        for row in heir._rows.values():
            row.owner = None
            row.state = msgspec.structs.replace(row.state, released=row.state.epoch > 0)
        self._gone = "the process that had this store open was killed"
        return heir

    async def save(
        self,
        session: PaperTradingSession,
        batch: JournalBatch | None = None,
        *,
        expected_version: int,
        epoch: int,
    ) -> None:
        """Store the session and append the batch, atomically; as in the port."""

        def change() -> None:
            self._save(session, batch, expected_version, epoch)

        await self._call("save", session.id, change)

    async def get(self, session_id: str) -> PaperTradingSession:
        """The session as last saved. Raises SessionNotFound."""
        raw = await self._call("get", session_id, lambda: self._known(session_id).document)
        return storing.decode_session(raw)

    async def list(self) -> tuple[PaperTradingSession, ...]:
        """All sessions, oldest first."""

        def read() -> tuple[bytes, ...]:
            rows = sorted(self._rows.values(), key=lambda row: row.order)
            return tuple(row.document for row in rows)

        return tuple(map(storing.decode_session, await self._call("list", "", read)))

    async def read_journal(
        self, session_id: str, after_seq: int = 0, limit: int = 1000
    ) -> Sequence[StoredRecord]:
        """Committed records with ``seq > after_seq``, in order, at most ``limit``."""

        def read() -> tuple[StoredRecord, ...]:
            start = max(after_seq, 0)
            found = self._row(session_id).records[start : start + max(limit, 0)]
            return tuple(StoredRecord(seq, raw) for seq, raw in enumerate(found, start + 1))

        return await self._call("read_journal", session_id, read)

    async def latest_snapshot(
        self, session_id: str, *, at_most_seq: int | None = None
    ) -> Snapshot | None:
        """The newest snapshot, or the newest whose ``seq`` is at most ``at_most_seq``.

        Raises SnapshotDamaged, which tells the place of that one.
        """

        def read() -> tuple[int, bytes] | None:
            fit = [
                (seq, raw)
                for seq, raw in self._row(session_id).snapshots
                if at_most_seq is None or seq <= at_most_seq
            ]
            return fit[-1] if fit else None

        found = await self._call("latest_snapshot", session_id, read)
        if found is None:
            return None
        seq, raw = found
        return storing.decode_stored_snapshot(raw, session_id, seq)

    async def find_answer(self, session_id: str, command_id: str) -> CommandAnswer | None:
        """The durable answer to a command, or None."""
        raw = await self._call(
            "find_answer", session_id, lambda: self._row(session_id).answers.get(command_id)
        )
        return None if raw is None else storing.decode_answer(raw)

    async def scheduled_commands(self, session_id: str) -> Sequence[ScheduledCommand]:
        """Commands that wait for their session time, by ``(at, ordinal)``."""

        def read() -> tuple[bytes, ...]:
            return tuple(entry[-1] for entry in sorted(self._row(session_id).scheduled.values()))

        raws = await self._call("scheduled_commands", session_id, read)
        return tuple(map(storing.decode_scheduled, raws))

    async def operations(self, session_id: str) -> Sequence[Operation]:
        """The session's operations log, oldest first."""
        raws = await self._call(
            "operations", session_id, lambda: tuple(self._row(session_id).operations)
        )
        return tuple(map(storing.decode_operation, raws))

    async def acquire_lease(self, session_id: str, owner: str) -> int:
        """Own the session: the new epoch. Raises LeaseHeld, SessionNotFound."""

        def change() -> int:
            row = self._known(session_id)
            if row.owner is not None and row.owner != owner:
                raise storing.lease_held(session_id, row.owner)
            row.owner = owner
            row.state = msgspec.structs.replace(
                row.state, epoch=row.state.epoch + 1, released=False
            )
            return row.state.epoch

        return await self._call("acquire_lease", session_id, change)

    async def release_lease(self, session_id: str, epoch: int) -> None:
        """Give the session up; does nothing when ``epoch`` is no longer the present one."""

        def change() -> None:
            row = self._row(session_id)
            if row.state.epoch == epoch and epoch > 0:
                row.owner = None
                row.state = msgspec.structs.replace(row.state, released=True)

        await self._call("release_lease", session_id, change)

    async def close(self) -> None:
        """Let everything go; later calls raise StorageUnavailable."""
        if self._gone is None:
            self._gone = "the repository is closed"

    def _save(
        self,
        session: PaperTradingSession,
        batch: JournalBatch | None,
        expected_version: int,
        epoch: int,
    ) -> None:
        storing.check_request(session, batch, expected_version)
        row = self._row(session.id)
        storing.check_stored(
            session.id,
            row.state,
            expected_version=expected_version,
            epoch=epoch,
            first_seq=None if batch is None else batch.first_seq,
        )
        document = storing.encode_session(session)
        if batch is not None:
            storing.join_records(batch.records)
            _check_commands(session.id, row, batch)
            _append(row, batch)
        if not row.document:
            row.order = (storing.created_us(session), session.id)
        row.document = document
        row.state = msgspec.structs.replace(
            row.state, version=session.version, last_seq=len(row.records)
        )
        self._rows[session.id] = row

    async def _call(self, operation: str, session_id: str, step: Callable[[], T]) -> T:
        if self.hook is not None:
            await self.hook(operation, "before", session_id)
        if self._gone is not None:
            raise StorageUnavailable(self._gone)
        failure = self._due_failure(operation)
        if failure is not None and not failure.took_effect:
            raise failure.error
        answer = step()
        self.calls[operation] += 1
        if self.hook is not None:
            await self.hook(operation, "after", session_id)
        await asyncio.sleep(0)
        if failure is not None:
            raise failure.error
        return answer

    def _due_failure(self, operation: str) -> _Planned | None:
        for planned in self._planned:
            if planned.operation != operation:
                continue
            if planned.after == 0:
                self._planned.remove(planned)
                return planned
            planned.after -= 1
            return None
        return None

    def _row(self, session_id: str) -> _Row:
        return self._rows.get(session_id) or _Row()

    def _known(self, session_id: str) -> _Row:
        if session_id not in self._rows:
            raise storing.session_not_found(session_id)
        return self._rows[session_id]


def _check_commands(session_id: str, row: _Row, batch: JournalBatch) -> None:
    """Refuse a command id that is taken, before anything changes."""
    answers = dict(row.answers)
    for answer in batch.answers:
        raw = storing.encode_answer(answer)
        if answers.setdefault(answer.command_id, raw) != raw:
            raise storing.command_conflict(session_id, answer.command_id)
    waiting = set(row.scheduled)
    for scheduled in batch.scheduled:
        command_id = scheduled.command.command_id
        if command_id in waiting:
            raise storing.command_conflict(session_id, command_id)
        waiting.add(command_id)


def _append(row: _Row, batch: JournalBatch) -> None:
    row.records.extend(bytes(raw) for raw in batch.records)
    for answer in batch.answers:
        row.answers[answer.command_id] = storing.encode_answer(answer)
    for scheduled in batch.scheduled:
        row.arrived += 1
        entry = (
            scheduled.at,
            scheduled.ordinal,
            row.arrived,
            storing.encode_scheduled(scheduled),
        )
        row.scheduled[scheduled.command.command_id] = entry
    for command_id in batch.taken:
        row.scheduled.pop(command_id, None)
    if batch.snapshot is not None:
        row.snapshots.append((batch.snapshot.seq, storing.encode_snapshot(batch.snapshot)))
        row.snapshots.sort(key=lambda entry: entry[0])
        del row.snapshots[: -storing.SNAPSHOTS_KEPT]
    row.operations.extend(map(storing.encode_operation, batch.operations))
