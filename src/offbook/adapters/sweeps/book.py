"""A sweep's results in a file of their own: one SQLite database, one process at a time."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from offbook.adapters.persistence.connections import open_writer, storage_error
from offbook.adapters.persistence.locks import StoreLock
from offbook.adapters.persistence.sqlite_repository import make_directory
from offbook.domain.errors import StorageUnavailable, StoreOwned, SweepConflict
from offbook.domain.sweeps import CellResult, SweepIdentity

BOOK_FILE: Final = "sweep.sqlite3"
VERSION: Final = 1
"""Of the tables, kept as the database's ``user_version``."""

_SCHEMA: Final = (
    "CREATE TABLE sweep (identity BLOB NOT NULL)",
    "CREATE TABLE cells (id INTEGER PRIMARY KEY, session_id TEXT NOT NULL UNIQUE, "
    "document BLOB NOT NULL)",
)
_RESULT: Final = msgspec.json.Decoder(CellResult)
_WHAT: Final = {
    "engine": "another version of offbook, whose engine gives other results",
    "strategy": "another version of the strategy (its source has changed)",
    "data": "other data",
    "config": "other settings (account, venue, costs, seed, ...)",
}


class SqliteSweepBook:
    """An ``ISweepBook``; ``close`` it in the end. One thread uses it."""

    def __init__(self, folder: Path, lock: StoreLock, connection: sqlite3.Connection) -> None:
        """Use ``SqliteSweepBook.open``."""
        self.path = folder / BOOK_FILE
        self._lock = lock
        self._connection = connection

    @classmethod
    def open(cls, folder: Path, name: str, identity: SweepIdentity) -> SqliteSweepBook:
        """Open, or create, the book of the sweep ``name`` in ``folder``. Blocks for the disk.

        Raises SweepConflict when it is of something else, StoreOwned while another process runs the
        sweep, StorageUnavailable.
        """
        make_directory(folder)
        try:
            lock = StoreLock(folder)
        except StoreOwned as error:
            raise StoreOwned(
                f"the sweep {name} is being run: {error.fields['holder']}", path=str(folder)
            ) from None
        path = folder / BOOK_FILE
        connection = None
        try:
            connection = open_writer(path)
            _prepare(connection, path, name, identity)
        except BaseException as error:
            if connection is not None:
                connection.close()
            lock.release()
            if isinstance(error, sqlite3.Error):
                raise storage_error(error, path) from error
            raise
        return cls(folder, lock, connection)

    def results(self) -> Mapping[str, CellResult]:
        """All results by session. Raises StorageUnavailable."""
        with self._told():
            rows = self._connection.execute("SELECT document FROM cells ORDER BY id").fetchall()
        found = (_RESULT.decode(document) for (document,) in rows)
        return {result.session_id: result for result in found}

    def put(self, result: CellResult) -> None:
        """Put a result down, durably on return. Raises StorageUnavailable."""
        with self._told():
            self._connection.execute(
                "INSERT INTO cells (session_id, document) VALUES (?, ?) "
                "ON CONFLICT (session_id) DO UPDATE SET document = excluded.document",
                (result.session_id, msgspec.json.encode(result)),
            )

    def close(self) -> None:
        """Let the file go; again does nothing."""
        self._connection.close()
        self._lock.release()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise storage_error(error, self.path) from error


def _prepare(
    connection: sqlite3.Connection, path: Path, name: str, identity: SweepIdentity
) -> None:
    """Make the tables where there are none, and hold the sweep to what it was made of."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise StorageUnavailable(
            f"{path} was written by a newer offbook", path=str(path), reason="newer"
        )
    if version == 0:
        connection.execute("BEGIN IMMEDIATE")
        for statement in _SCHEMA:
            connection.execute(statement)
        raw = msgspec.json.encode(identity)
        connection.execute("INSERT INTO sweep (identity) VALUES (?)", (raw,))
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
        return
    (raw,) = connection.execute("SELECT identity FROM sweep").fetchone()
    what = identity.differs(msgspec.json.decode(raw, type=SweepIdentity))
    if what is not None:
        raise SweepConflict(
            f"the sweep {name} was made with {_WHAT[what]}: choose another --name for this one",
            sweep=name,
            what=what,
        )
