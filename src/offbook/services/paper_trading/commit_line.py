"""The commit boundary: what the engine made is stored first and told outside afterwards."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from offbook.domain.journal import OperationKind, Snapshot
from offbook.domain.market_data import Cursor
from offbook.domain.session import PaperTradingSession, SessionError, SessionStatus
from offbook.ports.clock import IClock
from offbook.services.paper_trading.bell import Bell
from offbook.services.paper_trading.kept_engine import KeptEngine
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.messages import Commit, Committed, RunnerHost
from offbook.services.paper_trading.outbox import OrderWaiter, Outbox, Waiter
from offbook.services.paper_trading.snapshotting import SnapshotMaker

if TYPE_CHECKING:
    from offbook.engine.processing_engine import ProcessingEngine

_SNAPSHOT_SHARE: Final = 4
"""A snapshot holds all orders that ever were, so in a long session it falls due when the journal
has grown by this part: all snapshots together cost a constant for each record, and what a recovery
runs again is at most this part of the journal."""

_PATIENCE: Final = 200.0
_MOST_PATIENT: Final = 1.0
"""A session that makes records so fast that snapshots would take more than a two-hundredth of its
time waits for the next so long, but no longer than these seconds: what it makes in them is run
again in about as many."""

_GOES_ON: Final = (SessionStatus.RUNNING, SessionStatus.PAUSED)


class CommitLine:
    """Stores what one engine makes, one batch at a time, while the engine goes on within bounds.

    A batch is whole engine steps: it is cut between two calls of the engine.  After a failed
    commit the line is broken for good, and the engine with it.
    """

    __slots__ = (
        "_clock",
        "_cut_at",
        "_cut_status",
        "_flying",
        "_flying_count",
        "_flying_since",
        "_host",
        "_kept",
        "_limits",
        "_maker",
        "_outbox",
        "_snapshot_after",
        "_snapshot_row",
        "_snapshot_seq",
        "_task",
        "_wake",
        "hold",
        "owes_snapshot",
    )

    def __init__(
        self,
        kept: KeptEngine,
        outbox: Outbox,
        host: RunnerHost,
        *,
        clock: IClock,
        limits: Limits,
        wake: Bell,
    ) -> None:
        session = kept.session
        self.hold = False
        self._kept = kept
        self._outbox = outbox
        self._host = host
        self._clock = clock
        self._limits = limits
        self._wake = wake
        self._task: asyncio.Task[None] | None = None
        self._flying: list[Waiter | OrderWaiter] | None = None
        self._flying_count = 0
        self._flying_since: float | None = None
        self._cut_status = session.status
        self._cut_at = clock.monotonic()
        self._maker: SnapshotMaker | None = None
        self.owes_snapshot = False
        self._snapshot_after = self._cut_at
        self._snapshot_row = session.cursor.row
        self._snapshot_seq = session.last_seq

    @property
    def session(self) -> PaperTradingSession:
        """The session as it was last committed."""
        return self._kept.session

    @property
    def is_awaited(self) -> bool:
        """Whether an outsider waits for the batch in flight."""
        return self._task is not None and bool(self._flying)

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is in flight."""
        return self._task is None

    def reap(self) -> None:
        """Take note of a commit that has ended. Raises what it raised."""
        if self._task is not None and self._task.done():
            task, self._task = self._task, None
            task.result()

    async def settle(self) -> None:
        """Wait for the batch in flight. Raises what its commit raised."""
        if self._task is not None:
            await asyncio.wait({self._task})
            self.reap()

    async def keep_within_bounds(self) -> None:
        """Wait while the engine is too far ahead of the store."""
        self.reap()
        if self._task is None:
            return
        oldest = self._flying_since if self._flying_since is not None else self._outbox.since
        too_old = (
            oldest is not None and self._clock.monotonic() - oldest >= self._limits.ahead_seconds
        )
        if too_old or self._flying_count + self._outbox.count >= self._limits.ahead_records:
            await self.settle()

    def begin_if_due(self, *, idle: bool) -> None:
        """Begin a commit if none is in flight and somebody waits, or enough has come together; not
        within an instant, for whoever goes on from there would complete it.

        ``idle``: the engine has nothing to do, so whatever there is may go.
        """
        engine = self._kept.engine
        if self._task is None and not engine.is_within_instant and self._is_due(engine, idle):
            self.begin()

    def begin(self) -> None:
        """Cut everything collected and store it; only when none is in flight."""
        assert self._task is None
        outbox, engine = self._outbox, self._kept.engine
        # Taken before another begins, which would take its place: where one falls due sooner than
        # one is written, none would ever be stored.
        ready = self._made()
        cursor, status = engine.cursor, engine.status
        self._snapshot_if_due(engine, cursor)
        self._flying, outbox.waiters = outbox.waiters, None
        self._flying_since, self._flying_count = outbox.since, outbox.count
        answering, outbox.answering = tuple(outbox.answering or ()), None
        parameters, outbox.stop_parameters = outbox.stop_parameters, None
        self._cut_status, self._cut_at = status, self._clock.monotonic()
        message = Commit(
            batch=outbox.cut(cursor, self._made() or ready),
            status=status,
            status_reason=engine.status_reason,
            summary=engine.summary(),
            error=engine.error or self._kept_error(engine),
            stop_parameters=parameters,
            answering=answering,
        )
        self._task = asyncio.create_task(self._commit(message), name="commit")
        self._task.add_done_callback(self._settled)

    async def flush(self, *, snapshot: bool = False) -> None:
        """Store everything there is and wait for it."""
        await self.settle()
        if snapshot:
            self._begin_snapshot()
            if self._maker is not None:
                await self._maker.finish()
        if (
            snapshot
            or not self._outbox.empty
            or self._kept.engine.cursor != self._outbox.cut_cursor
        ):
            self.begin()
            await self.settle()

    def let_go(self) -> None:
        """The engine was folded up: its last snapshot is kept in pieces no longer, with the orders
        that they were made of, which weigh more than the engine does now."""
        maker = self._maker
        if maker is not None and not (maker.is_busy or maker.is_ready):
            self._maker = None

    def close(self) -> None:
        """Nothing more is stored: give up a snapshot that is being made."""
        if self._maker is not None:
            self._maker.close()

    async def break_off(self, error: BaseException) -> None:
        """The engine is given up: whoever waits for a commit is told ``error``."""
        if self._task is not None:
            await asyncio.wait({self._task})
            self._task = None
        self.close()
        waiters = (*(self._flying or ()), *(self._outbox.waiters or ()))
        self._outbox.waiters = None
        for waiter in waiters:
            waiter.refuse(error)

    async def _commit(self, message: Commit) -> None:
        committed: Committed = await self._host.commit(message)
        self._kept.session, self.hold = committed.session, committed.hold
        for waiter in self._flying or ():
            waiter.tell(committed.session)
        # Else what was answered would stay in memory until the next commit, maybe for ever.
        self._flying = None

    def _kept_error(self, engine: ProcessingEngine) -> SessionError | None:
        # An engine that came from a snapshot no longer knows the text of what paused it.
        return None if engine.status is SessionStatus.RUNNING else self.session.error

    def _settled(self, task: asyncio.Task[None]) -> None:
        # An exception is looked at here; reap or settle raises it where it is dealt with.
        failed = task.cancelled() or task.exception() is not None
        if not failed and self._task is task and self._has_nothing_to_do():
            self._task = None  # and whoever sleeps until there is something to do sleeps on
        else:
            self._wake.set()

    def _has_nothing_to_do(self) -> bool:
        """Whether a turn of the engine's pump would begin no commit, nor come to an end."""
        engine = self._kept.engine
        return engine.status in _GOES_ON and not self._is_due(engine, idle=True)

    def _is_due(self, engine: ProcessingEngine, idle: bool) -> bool:
        outbox, status = self._outbox, engine.status
        if status in (SessionStatus.STOPPED, SessionStatus.FAILED):
            # The last commit holds everything that is left to tell, and is flushed.
            return False
        if (
            (self._maker is not None and self._maker.is_ready)
            or outbox.urgent
            or outbox.waiters
            or status is not self._cut_status
        ):
            return True
        now = self._clock.monotonic()
        if outbox.empty:
            moved = engine.cursor.row - outbox.cut_cursor.row
            return self._are_many(moved, engine) or (
                moved > 0 and now - self._cut_at >= self._limits.cursor_seconds
            )
        if idle or outbox.count >= self._limits.commit_records:
            return True
        return outbox.since is None or now - outbox.since >= self._limits.commit_seconds

    def _are_many(self, rows: int, engine: ProcessingEngine) -> bool:
        """Whether a snapshot falls due after so many rows; the engine is asked as the last."""
        limits = self._limits
        if rows < limits.snapshot_rows and rows < limits.pass_snapshot_rows:
            return False
        return rows >= (limits.pass_snapshot_rows if engine.passes_over else limits.snapshot_rows)

    def _snapshot_if_due(self, engine: ProcessingEngine, cursor: Cursor) -> None:
        """Begin a snapshot of the state that this batch ends with, where one falls due.

        While one is being made a pause waits with its own: a session that pauses and goes on again
        and again would else begin anew each time, and never have any.
        """
        limits, seq, row = self._limits, self._outbox.last_seq, cursor.row
        paused = engine.status is SessionStatus.PAUSED and engine.status is not self._cut_status
        self.owes_snapshot = self.owes_snapshot or paused
        many = (
            self._are_many(row - self._snapshot_row, engine)
            or seq - self._snapshot_seq >= max(limits.snapshot_records, seq // _SNAPSHOT_SHARE)
        ) and self._clock.monotonic() >= self._snapshot_after
        if (many or self.owes_snapshot) and (self._maker is None or not self._maker.is_busy):
            self._begin_snapshot()

    def _begin_snapshot(self) -> None:
        engine, outbox = self._kept.engine, self._outbox
        seq, cursor = outbox.last_seq, engine.cursor
        if not seq or engine.status in (SessionStatus.STOPPED, SessionStatus.FAILED):
            return
        self._snapshot_row, self._snapshot_seq = cursor.row, seq
        self.owes_snapshot, began = False, self._clock.monotonic()
        try:
            captured = engine.capture(None if self._maker is None else self._maker.since)
        except Exception as error:
            self._log_failure(seq, error)
            return
        now = self._clock.monotonic()
        self._snapshot_after = now + min((now - began) * _PATIENCE, _MOST_PATIENT)
        if captured is not None:
            place = Snapshot(seq=seq, cursor=cursor, head=outbox.head, state=b"")
            if self._maker is None:
                self._maker = SnapshotMaker(self._wake.set, self._log_failure)
            self._maker.begin(captured, place)

    def _made(self) -> Snapshot | None:
        """The snapshot that is ready, if any, to be stored now."""
        return None if self._maker is None else self._maker.take()

    def _log_failure(self, seq: int, error: BaseException) -> None:
        """A strategy that cannot save its memory is run again from the start instead."""
        detail = f"no snapshot at record {seq}: {type(error).__name__}: {error}"
        self._outbox.log(self._clock.now(), OperationKind.ERROR, detail)
        self._wake.set()  # to be stored, though nothing else may come
