"""Reading a store, through connections that can neither write nor checkpoint.

Every query is one SELECT and so sees one moment.  They run in a few threads of their own: a long
queue of saves does not hold them up.  They go to the driver as they stand here: SQLAlchemy takes
longer to make one of an expression than SQLite to find a session's rows, and to be imported longer
than most commands do.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count as count_from
from pathlib import Path
from typing import Final, TypeVar

from offbook.adapters.persistence.connections import open_reader, storage_error
from offbook.adapters.persistence.presence import Presence
from offbook.domain import storing
from offbook.domain.errors import JournalDamaged, StorageUnavailable
from offbook.domain.journal import (
    Operation,
    ScheduledCommand,
    Snapshot,
    StoredRecord,
)
from offbook.domain.session import PaperTradingSession

T = TypeVar("T")
READERS: Final = 2
_SEQ_MAX: Final = 2**63 - 1


class Reads:
    """Runs queries of one store away from the event loop. Thread-safe.

    An answer out of a file that is gone from its path counts as none: how a commit ended is looked
    up here.
    """

    def __init__(self, path: Path, presence: Presence) -> None:
        """``path`` is the database file; it is opened with the first query."""
        self._path = path
        self._presence = presence
        self._idle: deque[sqlite3.Connection] = deque()
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="offbook-reader")
        self._closed = False

    async def run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query, which is done with all rows when it returns.

        Raises StorageUnavailable, and what the query raises.
        """
        if self._closed:
            raise StorageUnavailable("the store is closed", path=str(self._path))
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, query)

    def close(self) -> None:
        """Finish running queries, then let the connections go; blocks. Again does nothing."""
        self._closed = True
        self._threads.shutdown(wait=True)
        while self._idle:
            self._idle.pop().close()

    def _open(self) -> sqlite3.Connection:
        connection = open_reader(self._path)
        try:
            self._presence.check()  # else one to another file would be kept for later queries
        except BaseException:
            connection.close()
            raise
        return connection

    def _run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        try:
            self._presence.check()
            answer = self._answer(query)
            self._presence.check()
            return answer
        except sqlite3.Error as error:
            raise storage_error(error, self._path) from error

    def _answer(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """On a connection that is at hand, else on a new one; one that failed is not used again."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._open()
        failed = False
        try:
            return query(connection)
        except sqlite3.Error:
            failed = True
            raise
        finally:
            if failed:
                connection.close()
            else:
                self._idle.append(connection)


_FIRST_SCHEMA: Final = "no such table: configs"
_PARTED: Final = (
    "SELECT s.document, c.document FROM sessions AS s LEFT JOIN configs AS c ON c.digest = s.config"
)
_WHOLE: Final = "SELECT s.document FROM sessions AS s"
_OF_ONE: Final = " WHERE s.id = ?"
_BY_AGE: Final = " ORDER BY s.created_us, s.id"


def session(connection: sqlite3.Connection, session_id: str) -> PaperTradingSession:
    """One session. Raises SessionNotFound, JournalDamaged."""
    found = _sessions(connection, _OF_ONE, (session_id,))
    if not found:
        raise storing.session_not_found(session_id)
    return found[0]


def sessions(connection: sqlite3.Connection) -> tuple[PaperTradingSession, ...]:
    """All sessions, oldest first. Raises JournalDamaged."""
    return _sessions(connection, _BY_AGE, ())


def _sessions(
    connection: sqlite3.Connection, which: str, values: tuple[str, ...]
) -> tuple[PaperTradingSession, ...]:
    """Sessions, also of a store that is of schema 0001 still: an onlooker may not change it."""
    try:
        return _parted(connection, which, values)
    except sqlite3.OperationalError as error:
        if _FIRST_SCHEMA not in str(error):
            raise
    documents = [row[0] for row in connection.execute(_WHOLE + which, values).fetchall()]
    try:
        return tuple(map(storing.decode_session, documents))
    except JournalDamaged:
        with suppress(sqlite3.OperationalError):
            # Its owner may just have brought it up to date, and saved one without configuration.
            return _parted(connection, which, values)
        raise


def _parted(
    connection: sqlite3.Connection, which: str, values: tuple[str, ...]
) -> tuple[PaperTradingSession, ...]:
    rows = connection.execute(_PARTED + which, values).fetchall()
    return tuple(_session(*row) for row in rows)


def _session(document: bytes, config: bytes | None) -> PaperTradingSession:
    """Without a configuration of its own the document is of schema 0001, and whole."""
    if config is None:
        return storing.decode_session(document)
    return storing.decode_with_config(document, config)


_JOURNAL: Final = """
SELECT first_seq, count, records FROM journal
WHERE session_id = ? AND first_seq <= ? AND first_seq >= (
    SELECT max(first_seq) FROM journal WHERE session_id = ? AND first_seq <= ?
)
ORDER BY first_seq
"""
"""From the batch that holds the first record wanted on: found by the index, however long the
journal."""


def journal(
    connection: sqlite3.Connection, session_id: str, after_seq: int, limit: int
) -> tuple[StoredRecord, ...]:
    """Records after ``after_seq``, at most ``limit``. Raises JournalDamaged for a torn batch."""
    after_seq = max(after_seq, 0)
    last_wanted = min(after_seq + max(limit, 0), _SEQ_MAX)
    if last_wanted <= after_seq:
        return ()
    values = (session_id, last_wanted, session_id, after_seq + 1)
    found: list[StoredRecord] = []
    following: int | None = None
    for first_seq, count, blob in connection.execute(_JOURNAL, values).fetchall():
        records = blob.split(storing.NEWLINE) if isinstance(blob, bytes) else []
        if len(records) != count or following not in {None, first_seq}:
            raise JournalDamaged(
                f"session {session_id}: the journal is broken at record {following or first_seq}",
                session_id=session_id,
                seq=following or first_seq,
            )
        following = first_seq + count
        begin = max(after_seq + 1 - first_seq, 0)
        wanted = records[begin : last_wanted + 1 - first_seq]
        found += map(StoredRecord, count_from(first_seq + begin), wanted)
    return tuple(found)


_SNAPSHOT: Final = """
SELECT seq, document FROM snapshots WHERE session_id = ? AND seq <= ?
ORDER BY seq DESC, id DESC LIMIT 1
"""


def latest_snapshot(
    connection: sqlite3.Connection, session_id: str, at_most_seq: int | None
) -> Snapshot | None:
    """The newest snapshot that fits. Raises SnapshotDamaged."""
    at_most = _SEQ_MAX if at_most_seq is None else at_most_seq
    found = connection.execute(_SNAPSHOT, (session_id, at_most)).fetchall()
    if not found:
        return None
    [(seq, document)] = found
    return storing.decode_stored_snapshot(document, session_id, seq)


_SCHEDULED: Final = "SELECT document FROM scheduled WHERE session_id = ? ORDER BY due, ordinal, id"


def scheduled(connection: sqlite3.Connection, session_id: str) -> tuple[ScheduledCommand, ...]:
    """Waiting commands by ``(at, ordinal)``."""
    found = connection.execute(_SCHEDULED, (session_id,)).fetchall()
    return tuple(storing.decode_scheduled(document) for (document,) in found)


_OPERATIONS: Final = "SELECT document FROM operations WHERE session_id = ? ORDER BY id"


def operations(connection: sqlite3.Connection, session_id: str) -> tuple[Operation, ...]:
    """The operations log, oldest first."""
    return tuple(
        storing.decode_operation(line)
        for (document,) in connection.execute(_OPERATIONS, (session_id,)).fetchall()
        for line in document.split(storing.NEWLINE)
    )
