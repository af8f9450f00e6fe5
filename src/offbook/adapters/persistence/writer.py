"""A store's one writer: a thread that commits whatever waits, together.

While one commit is being flushed to disk, changes of all sessions gather; the next commit takes
them all, with a few statements.  Where one cannot be stored, each runs in a savepoint of its own,
so that it harms no other.  Nobody is answered before the commit that holds his change.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from offbook.adapters.persistence import statements as sql
from offbook.adapters.persistence.changes import Change, Save
from offbook.adapters.persistence.connections import CHECKPOINT, primary_code, storage_error
from offbook.adapters.persistence.log_length import LogLength
from offbook.adapters.persistence.presence import Presence
from offbook.adapters.persistence.together import runs, save_all
from offbook.domain.errors import CommitOutcomeUnknown, OffbookError, StorageUnavailable

WAITING_MAX: Final = 16_384
"""Changes that may wait; one more is refused. A session waits for its save, so this is also how
many sessions may commit at one time."""

GROUP_CHANGES_MAX: Final = 512
GROUP_BYTES_MAX: Final = 8 << 20

Answer = int | None
# Errors of one statement's values: the change is at fault, not the database.
_OF_ONE_CHANGE: Final = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    OverflowError,
)
_UNDONE_FOR_SURE: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL})


@dataclass(slots=True, eq=False)
class _Waiting:
    """A change, who asked for it, and in the end what became of it."""

    change: Change
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Answer]
    answer: Answer = None
    error: BaseException | None = None


class _CommitBroke(Exception):
    """COMMIT itself raised."""

    def __init__(self, cause: sqlite3.Error, *, undone: bool) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.undone = undone


class Writer:
    """Commits changes in the order in which they were submitted, many in one transaction.

    After any error of the database the connection is thrown away, and the next group starts from
    what is then on disk.  While a file of the store is gone from its path, nothing is answered as
    done.  Thread-safe.
    """

    def __init__(
        self, path: Path, connect: Callable[[], sqlite3.Connection], presence: Presence
    ) -> None:
        """Start the thread; ``connect`` opens the writer connection, there and after errors."""
        self._path = path
        self._connect = connect
        self._presence = presence
        self._connection: sqlite3.Connection | None = None
        self._suspect = False
        self._log = LogLength()
        self._waiting: deque[_Waiting] = deque()
        self._ready = 0
        self._handing_over: set[asyncio.AbstractEventLoop] = set()
        self._changed = threading.Condition()
        self._closing = False
        # A daemon, so that a forgotten close() keeps no process alive: what was answered is safe.
        self._thread = threading.Thread(target=self._run, name="offbook-writer", daemon=True)
        self._thread.start()

    def submit(self, change: Change) -> asyncio.Future[Answer]:
        """What ends when the change is durable, with its answer.

        Raises StorageUnavailable; the future, also what the change raises and CommitOutcomeUnknown.
        Who is cancelled while he waits only stops waiting: the change may or may not be made.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(change, loop, loop.create_future())
        with self._changed:
            if self._closing:
                raise StorageUnavailable("the store is closed", path=str(self._path))
            if len(self._waiting) >= WAITING_MAX:
                raise StorageUnavailable(
                    f"{WAITING_MAX} changes wait for the disk already: try again shortly",
                    path=str(self._path),
                    reason="overloaded",
                )
            self._waiting.append(waiting)
            if loop not in self._handing_over:
                # Not at once: others on this loop may be about to submit in the same turn, and the
                # thread would take this one alone and keep them waiting for a whole flush.
                self._handing_over.add(loop)
                loop.call_soon(self._hand_over, loop)
        return waiting.future

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let the thread have all that was submitted until now."""
        with self._changed:
            self._handing_over.discard(loop)
            self._ready = len(self._waiting)
            self._changed.notify()

    def close(self) -> None:
        """Commit what waits, then end the thread; blocks until then. Again does nothing."""
        with self._changed:
            self._closing = True
            self._ready = len(self._waiting)
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while group := self._take_group():
            self._commit_group(group)
            _deliver(group)
            # Else the last group's callers would stay in memory until the next one comes.
            del group
            self._keep_log_short()
        self._drop_connection()

    def _take_group(self) -> list[_Waiting]:
        """Everything that was handed over, within the bounds of a group; empty when it is time to
        end."""
        with self._changed:
            while not self._ready and not self._closing:
                self._changed.wait()
            group: list[_Waiting] = []
            size = 0
            while self._ready and len(group) < GROUP_CHANGES_MAX and size < GROUP_BYTES_MAX:
                group.append(self._waiting.popleft())
                self._ready -= 1
                size += group[-1].change.size
            return group

    def _commit_group(self, group: Sequence[_Waiting]) -> None:
        # Before connecting, which would make an empty database where there is none.
        if not self._is_present(group, StorageUnavailable):
            return
        try:
            connection = self._connected()
            connection.execute(sql.BEGIN)
            if len(group) == 1:
                _carry_out(connection, group[0], sql.ROLLBACK)  # alone, it is the whole transaction
            else:
                for run in runs([waiting.change for waiting in group]):
                    _apply_run(connection, [group[place] for place in run])
            if not _is_undone(group):
                _commit(connection)
        except _CommitBroke as broke:
            self._drop_connection()
            kind = StorageUnavailable if broke.undone else CommitOutcomeUnknown
            self._fail_all(group, broke.cause, kind)
        except Exception as error:
            # Before COMMIT: closing the connection undoes all of it. Whatever it was, the thread
            # lives on, and nobody is told that all went well.
            self._drop_connection()
            self._fail_all(group, error, StorageUnavailable)
        else:
            # What was committed counts if it is in a file that can be found again.
            self._is_present(group, CommitOutcomeUnknown)
            self._log.grow((waiting.change for waiting in group), connection)

    def _keep_log_short(self) -> None:
        """Nobody waits for this, nor is told of an error: the next group meets it on connecting."""
        if self._connection is not None:
            try:
                self._log.shorten_if_due(self._connection)
            except sqlite3.Error:
                self._suspect = True
                self._drop_connection()

    def _is_present(self, group: Sequence[_Waiting], kind: type[StorageUnavailable]) -> bool:
        """Whether the store's files are in place; if not, the group is told so.

        The connection is sound all the same and is kept: should the file come back it goes on, and
        closed at the end it still moves what its log holds into the database.
        """
        try:
            self._presence.check()
        except StorageUnavailable as gone:
            for waiting in group:
                waiting.error = kind(gone.message, **gone.fields)
            return False
        return True

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = self._connect()
            try:
                self._settle(connection)
                self._log.take_over(connection)
                self._presence.watch_log()
                self._presence.check()
            except BaseException:
                self._presence.leave_log()
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _settle(self, connection: sqlite3.Connection) -> None:
        """Move the whole log into the database and start a new one.

        After a failed flush the system may count pages as clean that never reached the disk.
        Pages copied anew are flushed anew; appended to, such a log could lose what is committed
        later.  A program that reads all the while is in the way: that is borne on opening, but
        not after an error.
        """
        busy, _, _ = connection.execute(CHECKPOINT).fetchone()
        if busy and self._suspect:
            raise sqlite3.OperationalError("another program reads the database and does not end")
        self._suspect = False

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._presence.leave_log()
            # Nothing depends on how closing goes: all that was answered is committed.
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def _fail_all(
        self, group: Sequence[_Waiting], error: Exception, kind: type[StorageUnavailable]
    ) -> None:
        self._suspect = True
        for waiting in group:
            # A refusal was judged by state that no longer counts, so it is not told either.
            waiting.error = storage_error(error, self._path, kind)
            waiting.error.__cause__ = error


def _apply_run(connection: sqlite3.Connection, run: Sequence[_Waiting]) -> None:
    """Carry out what may be done together; where that fails, one by one, to see who failed."""
    saves = [waiting.change for waiting in run if isinstance(waiting.change, Save)]
    if len(saves) > 1:
        connection.execute(sql.SAVEPOINT)
        try:
            refusals = save_all(connection, saves)
        except _OF_ONE_CHANGE:
            connection.execute(sql.ROLLBACK_TO_SAVEPOINT)
            connection.execute(sql.RELEASE_SAVEPOINT)
        else:
            connection.execute(sql.RELEASE_SAVEPOINT)
            for waiting, refusal in zip(run, refusals, strict=True):
                waiting.error = refusal
            return
    for waiting in run:
        _apply(connection, waiting)


def _apply(connection: sqlite3.Connection, waiting: _Waiting) -> None:
    """Carry out one change of several; refused, it is undone alone."""
    connection.execute(sql.SAVEPOINT)
    _carry_out(connection, waiting, sql.ROLLBACK_TO_SAVEPOINT)
    connection.execute(sql.RELEASE_SAVEPOINT)


def _carry_out(connection: sqlite3.Connection, waiting: _Waiting, undo: str) -> None:
    """Carry out a change; ``undo`` is the statement that undoes it where it is refused."""
    try:
        waiting.answer = waiting.change.apply(connection)
    except OffbookError as refusal:
        connection.execute(undo)
        waiting.error = refusal
    except _OF_ONE_CHANGE as fault:
        connection.execute(undo)
        waiting.error = StorageUnavailable(f"the change cannot be stored: {fault}")
        waiting.error.__cause__ = fault


def _is_undone(group: Sequence[_Waiting]) -> bool:
    """Whether nothing is left to be committed: a change that was alone was refused."""
    return len(group) == 1 and group[0].error is not None


def _commit(connection: sqlite3.Connection) -> None:
    try:
        connection.execute(sql.COMMIT)
    except sqlite3.Error as error:
        undone = False
        if primary_code(error) in _UNDONE_FOR_SURE and connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute(sql.ROLLBACK)
                undone = True
        raise _CommitBroke(error, undone=undone) from error


def _deliver(group: Sequence[_Waiting]) -> None:
    """Answer everybody, waking each event loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Waiting]] = {}
    for waiting in group:
        by_loop.setdefault(waiting.loop, []).append(waiting)
    for loop, mine in by_loop.items():
        # A loop that has ended has nobody left to tell.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve, mine)


def _resolve(group: Sequence[_Waiting]) -> None:
    for waiting in group:
        if waiting.future.done():
            continue
        if waiting.error is None:
            waiting.future.set_result(waiting.answer)
        else:
            waiting.future.set_exception(waiting.error)
