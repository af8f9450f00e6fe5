"""Whether the files that a store's connections have open are still those at their paths.

A file that is deleted, moved or replaced goes on taking writes from whoever has it open, and all
of it is lost with the last to close it.  SQLite does not look; so the store does, by path, with
``stat`` alone: opening the database and closing it again would drop SQLite's own locks on it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from offbook.domain.errors import StorageUnavailable

LOG_SUFFIX: Final = "-wal"
_Identity = tuple[int, int]


class Presence:
    """The files of one store as they were when it was opened. Thread-safe.

    ``watch_log`` is called once the log is there, which it is from the writer's first look at the
    database until the last connection closes.
    """

    def __init__(self, path: Path) -> None:
        """Take note of the database at ``path``. Raises OSError when it is not there."""
        status = path.stat()
        self._path = path
        self._database: _Identity = (status.st_dev, status.st_ino)
        self._log_path = path.with_name(path.name + LOG_SUFFIX)
        # As text, which is looked up in half the time: it is, four times a commit.
        self._names = str(self._path), str(self._log_path)
        self._log: _Identity | None = None

    def watch_log(self) -> None:
        """From now on the log must be the one that is there now."""
        self._log = _identity(self._names[1])

    def leave_log(self) -> None:
        """From now on SQLite may delete the log, or make another."""
        self._log = None

    def check(self) -> None:
        """Find out whether what has been written, or read, may be in no file any more.

        Raises StorageUnavailable; fields: ``path`` of that file, and ``reason``, deleted or
        replaced.
        """
        database, log_name = self._names
        if (found := _identity(database)) != self._database:
            raise _vanished(self._path, found, "put it back, or stop and restore it from a copy")
        log = self._log
        # Compared again because the writer's thread may just have let go of it.
        if log is not None and (found := _identity(log_name)) != log and self._log is log:
            # On closing, SQLite moves what the log holds into the database: from the open file.
            advice = "stop offbook, which saves what it can, and start it again"
            raise _vanished(self._log_path, found, advice)


def _identity(path: str) -> _Identity | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _vanished(path: Path, found: _Identity | None, advice: str) -> StorageUnavailable:
    reason = "deleted" if found is None else "replaced"
    what = "was deleted or moved away" if found is None else "was replaced by another file"
    return StorageUnavailable(
        f"{path} {what} while offbook had it open, so nothing more can be stored: {advice}",
        path=str(path),
        reason=reason,
    )
