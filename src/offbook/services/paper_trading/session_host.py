"""The committing path of one session: the only place that writes it.

It owns version and epoch, so saves cannot cross each other, and it is all that the session's
runner reaches of the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from offbook.domain.errors import (
    CommitOutcomeUnknown,
    ConcurrencyConflict,
    LeaseLost,
    SessionNotFound,
    SessionStopped,
    StorageUnavailable,
)
from offbook.domain.journal import JournalBatch
from offbook.domain.session import PaperTradingSession, SessionHealth, SessionStatus
from offbook.ports.clock import IClock
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.paper_trading.digests import with_answers
from offbook.services.paper_trading.messages import (
    AnswerFor,
    Commit,
    Committed,
    Done,
    JournalPage,
    Loaded,
    LoadedSnapshot,
    LoadJournal,
    LoadSession,
    LoadSnapshot,
    ReportFailure,
    ReportHealth,
)
from offbook.services.paper_trading.seen_ids import SeenIds

Spawn = Callable[[Coroutine[Any, Any, Any], str], "asyncio.Task[Any]"]
_OVER = (SessionStatus.STOPPED, SessionStatus.FAILED)
_GOES_ON = (SessionStatus.RUNNING, SessionStatus.PAUSED, SessionStatus.STOPPING)


class SessionHost:
    """One session as its manager holds it: what is committed, and who waits for what comes.

    A ``RunnerHost`` for the session's runner.  Everything runs on the owner loop.
    """

    __slots__ = (
        "_changed",
        "_clock",
        "_on_failure",
        "_on_over",
        "_repository",
        "_saving",
        "_session",
        "_spawn",
        "answer_when_over",
        "closed",
        "epoch",
        "failing",
        "lagging",
        "lane",
        "market_is_open",
        "owned",
        "pauses_waiting",
        "retiring",
        "seen_ids",
        "start_canceled",
        "start_committing",
        "start_task",
        "stop_task",
        "storage_detail",
        "storage_down",
        "waiting",
    )

    def __init__(
        self,
        session: PaperTradingSession,
        repository: IPaperTradingSessionRepository,
        *,
        clock: IClock,
        spawn: Spawn,
        on_over: Callable[[SessionHost], None],
        on_failure: Callable[[SessionHost, ReportFailure], None],
    ) -> None:
        self.epoch = session.epoch
        self.owned = False
        self.lane = asyncio.Lock()
        self.waiting = 0
        self.pauses_waiting = 0
        self.start_canceled = False
        self.start_committing = False
        self.start_task: asyncio.Task[PaperTradingSession] | None = None
        self.stop_task: asyncio.Task[PaperTradingSession] | None = None
        self.failing: asyncio.Task[None] | None = None
        self.retiring: asyncio.Task[None] | None = None
        self.answer_when_over: tuple[AnswerFor, ...] = ()
        self.storage_down = False
        self.storage_detail = ""
        self.lagging = False
        self.seen_ids: SeenIds | None = None
        self.closed = False
        self.market_is_open = False
        self._session = session
        self._repository = repository
        self._clock = clock
        self._spawn = spawn
        self._on_over = on_over
        self._on_failure = on_failure
        self._saving = asyncio.Lock()
        self._changed: asyncio.Event | None = None

    @property
    def id(self) -> str:
        """The session's id."""
        return self._session.id

    @property
    def committed(self) -> PaperTradingSession:
        """The session as last saved."""
        return self._session

    @property
    def session(self) -> PaperTradingSession:
        """The session as last saved, with its present health."""
        if self.storage_down:
            return msgspec.structs.replace(
                self._session,
                health=SessionHealth.STORAGE_DOWN,
                health_detail=self.storage_detail,
            )
        if self.lagging:
            return msgspec.structs.replace(self._session, health=SessionHealth.LAGGING)
        return self._session

    @property
    def changed(self) -> asyncio.Event:
        """Set at the next change; ask again for the one after."""
        if self._changed is None:
            self._changed = asyncio.Event()
        return self._changed

    def tell_change(self) -> None:
        """Wake those who wait for a change."""
        event, self._changed = self._changed, None
        if event is not None:
            event.set()

    def begin_start(self, task: asyncio.Task[PaperTradingSession]) -> None:
        """A start is under way, until the task has ended."""
        self.start_task = task
        task.add_done_callback(self._start_ended)

    def _start_ended(self, task: asyncio.Task[PaperTradingSession]) -> None:
        if self.start_task is task:
            self.start_task = None

    # -- saving -------------------------------------------------------------------------------

    async def create(self) -> PaperTradingSession:
        """Save the new session for the first time."""
        created = await self._store(lambda session: (session, None))
        self.seen_ids = SeenIds()  # nobody but us has answered anything for it
        return created

    async def acquire(self, owner: str) -> None:
        """Take the session's lease, durably, and write under its epoch from then on.

        A cancelled caller leaves it taken, for whoever lets the session go. Raises LeaseHeld.
        """
        await asyncio.shield(self._spawn(self._acquire(owner), f"own {self.id}"))

    async def _acquire(self, owner: str) -> None:
        async with self._saving:
            epoch = await self._repository.acquire_lease(self.id, owner)
            self.owned = True
            if isinstance(epoch, int):
                self.epoch = epoch

    async def save_status(
        self, status: SessionStatus, reason: str | None = None, **changes: Any
    ) -> PaperTradingSession:
        """Save another status, with nothing for the journal."""

        def build(session: PaperTradingSession) -> tuple[PaperTradingSession, None]:
            changed = self._in_status(session, status, reason)
            return msgspec.structs.replace(changed, **changes), None

        try:
            return await self._store(build)
        except LeaseLost:
            self._on_over(self)
            raise

    async def save_stopped(
        self,
        stopped: PaperTradingSession,
        batch: JournalBatch | None,
        answers: tuple[AnswerFor, ...],
    ) -> PaperTradingSession:
        """Save the end of a session that no engine ends, with the records that end it."""

        def build(
            session: PaperTradingSession,
        ) -> tuple[PaperTradingSession, JournalBatch | None]:
            changed = self._in_status(session, stopped.status, stopped.status_reason)
            changed = msgspec.structs.replace(
                changed, summary=stopped.summary, version=session.version + 1, epoch=self.epoch
            )
            if batch is None:
                return changed, None
            changed = msgspec.structs.replace(
                changed, last_seq=batch.last_seq, chain_head=batch.head.hex()
            )
            return changed, with_answers(batch, answers, changed)

        return await self._store(build)

    async def commit(self, message: Commit) -> Committed:
        """Make a runner's steps durable, with the answers that tell of them."""
        # Seen through too: a commit is a task of its own, which nobody cancels.
        session = await self._save(partial(self._built, message))
        return Committed(session=session, hold=self.pauses_waiting > 0)

    async def fail(self, message: ReportFailure) -> Done:
        """The runner gave up: FAILED is saved by the manager, as soon as it can be."""
        self._on_failure(self, message)
        return Done()

    async def health(self, message: ReportHealth) -> Done:
        """Storage stopped answering, or answers again; the session lags, or has followed."""
        self.storage_down, self.storage_detail = message.storage_down, message.detail
        self.lagging = message.lagging
        self.tell_change()
        return Done()

    # -- reading ------------------------------------------------------------------------------

    async def load_session(self, message: LoadSession) -> Loaded:
        """Read what is durable again, and go on from that."""
        async with self._saving:
            session = await self._repository.get(self.id)
            if self.closed or session.epoch > self.epoch:
                self.closed = True
                raise self._lost()
            scheduled = await self._repository.scheduled_commands(self.id)
            if session.config == self._session.config:
                session = msgspec.structs.replace(session, config=self._session.config)
            if session.version != self._session.version:
                self.seen_ids = None  # somebody else may have written
                self._adopt(session)
        return Loaded(session=session, scheduled=tuple(scheduled))

    async def load_journal(self, message: LoadJournal) -> JournalPage:
        """A page of committed records."""
        found = await self._repository.read_journal(
            self.id, after_seq=message.after_seq, limit=message.limit
        )
        return JournalPage(records=tuple(found))

    async def load_snapshot(self, message: LoadSnapshot) -> LoadedSnapshot:
        """The newest snapshot that fits. The runner asks once its market is open."""
        self.market_is_open = True
        snapshot = await self._repository.latest_snapshot(self.id, at_most_seq=message.at_most_seq)
        return LoadedSnapshot(snapshot=snapshot)

    # -- inside -------------------------------------------------------------------------------

    async def _store(
        self,
        build: Callable[[PaperTradingSession], tuple[PaperTradingSession, JournalBatch | None]],
    ) -> PaperTradingSession:
        # A save that has begun is seen through, whoever is cancelled while it lasts.
        task = self._spawn(self._save(build), f"save {self.id}")
        saved: PaperTradingSession = await asyncio.shield(task)
        return saved

    async def _save(
        self,
        build: Callable[[PaperTradingSession], tuple[PaperTradingSession, JournalBatch | None]],
    ) -> PaperTradingSession:
        async with self._saving:
            if self.closed:
                raise self._lost()
            before = self._session
            session, batch = build(before)
            session = msgspec.structs.replace(session, version=before.version + 1, epoch=self.epoch)
            if batch is not None and self.seen_ids is not None:
                # Before it is known whether they are stored: an id too many does no harm.
                self.seen_ids.add(*(answer.command_id for answer in batch.answers))
            try:
                await self._repository.save(
                    session, batch, expected_version=before.version, epoch=self.epoch
                )
            except CommitOutcomeUnknown as error:
                await self._look_up(before, session, error)
            except LeaseLost:
                # Nothing may be written any more; the runner, if any, is told by this.
                self.closed = True
                raise
            self._adopt(session)
            return session

    async def _look_up(
        self,
        before: PaperTradingSession,
        session: PaperTradingSession,
        error: CommitOutcomeUnknown,
    ) -> None:
        """Find out how a commit ended. Returns if it is durable."""
        try:
            found = await self._repository.get(self.id)
        except SessionNotFound:
            found = None
        except StorageUnavailable:
            raise error from None
        if found == session:
            return
        if found is None or found.version == before.version:
            raise StorageUnavailable(
                f"session {self.id}: the store broke off, and the change did not happen",
                session_id=self.id,
            ) from error
        raise ConcurrencyConflict(
            f"session {self.id} was changed by somebody else",
            session_id=self.id,
            expected=session.version,
            found=found.version,
        ) from error

    def _adopt(self, session: PaperTradingSession) -> None:
        self._session = session
        if session.status in _OVER:
            self._on_over(self)
        self.tell_change()

    def _built(
        self, message: Commit, session: PaperTradingSession
    ) -> tuple[PaperTradingSession, JournalBatch]:
        batch, changed = message.batch, session
        as_before = message.status is session.status and message.status in _GOES_ON
        if not as_before or message.status_reason != session.status_reason:
            changed = self._in_status(session, message.status, message.status_reason)
        changed = msgspec.structs.replace(
            changed,
            version=session.version + 1,
            epoch=self.epoch,
            cursor=batch.cursor,
            last_seq=batch.last_seq,
            chain_head=batch.head.hex() if batch.last_seq else "",
            summary=message.summary,
            error=message.error,
            stop_parameters=message.stop_parameters or session.stop_parameters,
        )
        answering = message.answering
        if changed.status in _OVER:
            answering += self.answer_when_over
        if answering:
            batch = with_answers(batch, answering, changed)
        return changed, batch

    def _in_status(
        self, session: PaperTradingSession, status: SessionStatus, reason: str | None
    ) -> PaperTradingSession:
        canceled = self.start_canceled and session.status is SessionStatus.STARTING
        if canceled and status not in _OVER:
            raise SessionStopped(
                f"session {self.id} was stopped before it had started", session_id=self.id
            )
        if session.status is SessionStatus.STARTING and status not in _OVER:
            # From here on the start can no longer be broken off, only be followed by a stop.
            self.start_committing = True
        changed = session.with_status(status, reason)
        now: datetime = self._clock.now()
        if status in (SessionStatus.RUNNING, SessionStatus.PAUSED) and changed.started_at is None:
            changed = msgspec.structs.replace(changed, started_at=now)
        if status is SessionStatus.STOPPED:
            changed = msgspec.structs.replace(changed, stopped_at=now)
        return changed

    def _lost(self) -> LeaseLost:
        return LeaseLost(
            f"session {self.id} is owned by another manager",
            session_id=self.id,
            epoch=self.epoch,
        )
