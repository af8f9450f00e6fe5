"""Raw SQLite connections, and what their errors mean.

One writer connection per store does all writing and all checkpoints: SQLite before 3.51.3 may
damage a WAL that two connections checkpoint.  Readers are opened so that they can do neither.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

from offbook.domain.errors import StorageUnavailable

DATABASE_FILE: Final = "sessions.sqlite3"
BUSY_SECONDS: Final = 5.0
"""How long a connection waits for a program that holds the database, before it gives up."""

CHECKPOINT: Final = "PRAGMA wal_checkpoint(TRUNCATE)"
_STATEMENTS_CACHED: Final = 128
_WRITER_SETTINGS: Final = (
    "PRAGMA synchronous = FULL",
    # Where a plain flush stops at the drive's cache (macOS), ask for the real one.
    "PRAGMA fullfsync = ON",
    "PRAGMA checkpoint_fullfsync = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
)
_READER_SETTINGS: Final = ("PRAGMA query_only = ON", "PRAGMA trusted_schema = OFF")

_HINTS: Final[dict[int, tuple[str, str]]] = {
    sqlite3.SQLITE_FULL: ("full", "the disk is full: free some space"),
    sqlite3.SQLITE_BUSY: ("locked", "another program holds the database: close it"),
    sqlite3.SQLITE_LOCKED: ("locked", "another program holds the database: close it"),
    sqlite3.SQLITE_CORRUPT: ("damaged", "the database is damaged: restore it from a copy"),
    sqlite3.SQLITE_NOTADB: ("damaged", "the file is no database: restore it from a copy"),
    sqlite3.SQLITE_READONLY: ("read_only", "the database may not be written: check permissions"),
    sqlite3.SQLITE_PERM: ("read_only", "the database may not be opened: check permissions"),
    sqlite3.SQLITE_CANTOPEN: ("missing", "the database cannot be opened: check path and rights"),
    sqlite3.SQLITE_IOERR: ("io", "the disk reports an error: check it before going on"),
}


def open_writer(
    path: Path, connection_type: type[sqlite3.Connection] = sqlite3.Connection
) -> sqlite3.Connection:
    """Open, or create, a database for its one writer.

    Transactions are begun by hand.  May be handed to another thread.  Raises sqlite3.Error.
    """
    connection = sqlite3.connect(
        path,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS_CACHED,
        factory=connection_type,
    )
    try:
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise sqlite3.OperationalError(f"journal mode is {mode}, not wal")
        for setting in _WRITER_SETTINGS:
            connection.execute(setting)
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """Open a database that some process may be writing; it is never created or changed.

    Each SELECT sees one moment.  May be handed to another thread.  Raises sqlite3.Error.
    """
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS_CACHED,
    )
    try:
        for setting in _READER_SETTINGS:
            connection.execute(setting)
    except BaseException:
        connection.close()
        raise
    return connection


def check_database(path: Path) -> None:
    """Read every page and hold the database to its own rules.

    Raises StorageUnavailable, with ``reason`` damaged and the first rule that is broken.
    """
    try:
        with contextlib.closing(open_reader(path)) as connection:
            [found] = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise storage_error(error, path) from error
    if found != "ok":
        told = " ".join(str(found).split())
        reason, hint = _HINTS[sqlite3.SQLITE_CORRUPT]
        raise StorageUnavailable(
            f"{hint} ({path}: {told})", path=str(path), reason=reason, sqlite=None
        )


def primary_code(error: sqlite3.Error) -> int | None:
    """SQLite's primary result code, or None for an error that Python's driver made itself."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def storage_error(
    error: Exception, path: Path, kind: type[StorageUnavailable] = StorageUnavailable
) -> StorageUnavailable:
    """The error for callers: fields ``path``, ``reason`` (full, locked, damaged, ...) and
    ``sqlite`` (SQLite's name for it)."""
    reason, hint = "other", "the database failed"
    name: str | None = None
    if isinstance(error, sqlite3.Error):
        reason, hint = _HINTS.get(primary_code(error) or 0, (reason, hint))
        name = getattr(error, "sqlite_errorname", None)
        if path.is_dir():
            reason, hint = "foreign", "a directory is in the database's place: move it away"
    return kind(f"{hint} ({path}: {error})", path=str(path), reason=reason, sqlite=name)
