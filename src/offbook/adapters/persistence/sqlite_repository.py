"""The repository over one SQLite store: one for its writing process, one for onlookers."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from offbook.adapters.file_places import sync_directory
from offbook.adapters.persistence import lookups, migration, reads
from offbook.adapters.persistence import statements as sql
from offbook.adapters.persistence.changes import AcquireLease, ReleaseLease, Save
from offbook.adapters.persistence.connections import (
    DATABASE_FILE,
    open_reader,
    open_writer,
    storage_error,
)
from offbook.adapters.persistence.locks import StoreLock
from offbook.adapters.persistence.presence import Presence
from offbook.adapters.persistence.writer import Writer
from offbook.domain.errors import Refused, StorageUnavailable, system_reason
from offbook.domain.journal import (
    CommandAnswer,
    JournalBatch,
    Operation,
    ScheduledCommand,
    Snapshot,
    StoredRecord,
)
from offbook.domain.session import PaperTradingSession


class _Readable:
    """What both repositories do alike: reading."""

    def __init__(self, store: Path, presence: Presence) -> None:
        self.store = store
        self._reads = reads.Reads(store / DATABASE_FILE, presence)
        self._lookups = lookups.Lookups(self._reads)

    async def get(self, session_id: str) -> PaperTradingSession:
        """The session as last saved. Raises SessionNotFound."""
        query = functools.partial(reads.session, session_id=session_id)
        return await self._reads.run(query)

    async def list(self) -> tuple[PaperTradingSession, ...]:
        """All sessions, oldest first: one consistent snapshot."""
        return await self._reads.run(reads.sessions)

    async def read_journal(
        self, session_id: str, after_seq: int = 0, limit: int = 1000
    ) -> Sequence[StoredRecord]:
        """Committed records with ``seq > after_seq``, in order, at most ``limit``.

        Raises JournalDamaged where the stored batches do not fit together.
        """
        query = functools.partial(
            reads.journal, session_id=session_id, after_seq=after_seq, limit=limit
        )
        return await self._reads.run(query)

    async def latest_snapshot(
        self, session_id: str, *, at_most_seq: int | None = None
    ) -> Snapshot | None:
        """The newest snapshot, or the newest whose ``seq`` is at most ``at_most_seq``.

        Raises SnapshotDamaged, which tells the place of that one.
        """
        query = functools.partial(
            reads.latest_snapshot, session_id=session_id, at_most_seq=at_most_seq
        )
        return await self._reads.run(query)

    async def find_answer(self, session_id: str, command_id: str) -> CommandAnswer | None:
        """The durable answer to a command, or None."""
        return await self._lookups.find(session_id, command_id)

    async def scheduled_commands(self, session_id: str) -> Sequence[ScheduledCommand]:
        """Commands that wait for their session time, by ``(at, ordinal)``."""
        query = functools.partial(reads.scheduled, session_id=session_id)
        return await self._reads.run(query)

    async def operations(self, session_id: str) -> Sequence[Operation]:
        """The session's operations log, oldest first."""
        query = functools.partial(reads.operations, session_id=session_id)
        return await self._reads.run(query)


class SqliteRepository(_Readable):
    """A store of this process: it alone writes there, until ``close`` or its death.

    Saves of many sessions share a flush to disk, and are carried out in the order asked for;
    reads do not wait for saves.  A caller that is cancelled while it waits only stops waiting:
    its save may or may not happen.  Methods may be called from any event loop.
    """

    def __init__(self, store: Path, lock: StoreLock, writer: Writer, presence: Presence) -> None:
        """Use ``SqliteRepository.open``."""
        super().__init__(store, presence)
        self._lock = lock
        self._writer = writer
        self._closing = threading.Lock()

    @classmethod
    def open(
        cls, store: Path, *, connection_type: type[sqlite3.Connection] = sqlite3.Connection
    ) -> SqliteRepository:
        """Open, or create, the store in the directory ``store``; blocks for the disk.

        The owners of earlier processes are dead from here on: their epochs may not write.
        ``connection_type`` is for tests that let statements fail.  Raises StoreOwned,
        StorageUnavailable (with ``reason`` newer for a store of a newer offbook).
        """
        make_directory(store)
        path = store / DATABASE_FILE
        lock = StoreLock(store)
        try:
            if path.exists():
                # Asked without a writer, which would turn another program's database to a log.
                migration.check_revision(read_revision(store), path)
            migration.bring_up_to_date(path, connection_type)
            _release_dead_leases(path, connection_type)
            _sync_names(store)
            presence = Presence(path)
            writer = Writer(path, functools.partial(open_writer, path, connection_type), presence)
        except (sqlite3.Error, OSError) as error:
            lock.release()
            raise storage_error(error, path) from error
        except BaseException:
            lock.release()
            raise
        return cls(store, lock, writer, presence)

    async def save(
        self,
        session: PaperTradingSession,
        batch: JournalBatch | None = None,
        *,
        expected_version: int,
        epoch: int,
    ) -> None:
        """Store the session and append the batch, atomically and durably; as in the port."""
        change = Save.of(session, batch, expected_version=expected_version, epoch=epoch)
        await self._writer.submit(change)

    async def acquire_lease(self, session_id: str, owner: str) -> int:
        """Own the session: the new epoch, durable on return.

        Raises LeaseHeld while another owner in this process holds it, SessionNotFound.
        """
        epoch = await self._writer.submit(AcquireLease(session_id, owner))
        assert epoch is not None
        return epoch

    async def release_lease(self, session_id: str, epoch: int) -> None:
        """Give the session up; does nothing when ``epoch`` is no longer the present one."""
        await self._writer.submit(ReleaseLease(session_id, epoch))

    async def close(self) -> None:
        """Commit what waits and let the store go; later calls raise StorageUnavailable.

        Goes on to its end when the caller is cancelled.
        """
        loop = asyncio.get_running_loop()
        await asyncio.shield(loop.run_in_executor(None, self._close))

    def _close(self) -> None:
        with self._closing:
            # The writer last: SQLite tidies its log away when the last connection is closed.
            self._reads.close()
            self._writer.close()
            self._lock.release()


class ReadOnlySqliteRepository(_Readable):
    """A store as an onlooker sees it, also while another process writes it.

    Changes are refused.  It takes no lock, never migrates and never checkpoints.
    """

    @classmethod
    def open(cls, store: Path) -> ReadOnlySqliteRepository:
        """Open the store in the directory ``store``; blocks for the disk.

        Raises StorageUnavailable, also for a store whose schema is newer than this version's, or
        so old that this one cannot read it as it is (``reason`` newer or older).
        """
        path = store / DATABASE_FILE
        revision = read_revision(store)
        presence = _present(path)
        migration.check_revision(revision, path)
        if revision not in migration.READABLE:
            raise StorageUnavailable(
                f"{path} has an older schema: open it for writing once to bring it up to date",
                path=str(path),
                reason="older",
            )
        return cls(store, presence)

    async def save(
        self,
        session: PaperTradingSession,
        batch: JournalBatch | None = None,
        *,
        expected_version: int,
        epoch: int,
    ) -> None:
        """Raises Refused."""
        self._refuse(session.id)

    async def acquire_lease(self, session_id: str, owner: str) -> int:
        """Raises Refused."""
        self._refuse(session_id)

    async def release_lease(self, session_id: str, epoch: int) -> None:
        """Raises Refused."""
        self._refuse(session_id)

    async def close(self) -> None:
        """Let the store go; later calls raise StorageUnavailable."""
        loop = asyncio.get_running_loop()
        await asyncio.shield(loop.run_in_executor(None, self._reads.close))

    def _refuse(self, session_id: str) -> NoReturn:
        raise Refused(
            f"session {session_id}: the store {self.store} is open for reading only",
            session_id=session_id,
            path=str(self.store),
        )


def read_revision(store: Path) -> str | None:
    """The schema of a store, without changing it: None while it has none.

    Raises StorageUnavailable.
    """
    path = store / DATABASE_FILE
    try:
        with contextlib.closing(open_reader(path)) as connection:
            return migration.stored_revision(connection)
    except sqlite3.Error as error:
        raise storage_error(error, path) from error


def _present(path: Path) -> Presence:
    try:
        return Presence(path)
    except OSError as error:
        raise storage_error(error, path) from error


def _release_dead_leases(path: Path, connection_type: type[sqlite3.Connection]) -> None:
    with contextlib.closing(open_writer(path, connection_type)) as connection:
        connection.execute(sql.RELEASE_DEAD_LEASES)


def make_directory(store: Path) -> None:
    """Make a directory, and its name durable: a synced file in a lost directory is lost too.

    Raises StorageUnavailable.
    """
    missing = [folder for folder in (store, *store.parents) if not folder.exists()]
    try:
        store.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in missing:
            sync_directory(folder.parent)
    except OSError as error:
        raise StorageUnavailable(
            f"the store {store} cannot be made: {system_reason(error)}", path=str(store)
        ) from error


def _sync_names(store: Path) -> None:
    """Make the names of a store and of the files in it durable. Raises OSError.

    At every opening: who made them may have been killed before it came to this.
    """
    sync_directory(store)
    sync_directory(store.parent)
