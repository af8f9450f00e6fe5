"""The operating system's lock on a store: one writing process, and none after its death."""

from __future__ import annotations

import os
import weakref
from datetime import UTC, datetime
from pathlib import Path

from offbook.adapters.file_locks import lock_file
from offbook.adapters.file_places import BINARY
from offbook.domain.errors import StorageUnavailable, StoreOwned, system_reason

LOCK_FILE = "lock"
_TEXT_MAX = 1000


class StoreLock:
    """The held lock of one store directory.

    The system lets go of it when the process ends, however it ends.  Taking it a second time in
    the same process is refused like anywhere else.
    """

    def __init__(self, directory: Path) -> None:
        """Take the lock. Raises StoreOwned when another holder lives, StorageUnavailable when
        the directory cannot be written."""
        self._path = directory / LOCK_FILE
        try:
            # Neither truncated nor replaced: the holder's text must stay readable, and a lock on
            # a replaced file guards nothing.
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | BINARY, 0o600)
        except OSError as error:
            raise StorageUnavailable(
                f"the store {directory} cannot be written: {system_reason(error)}",
                path=str(directory),
            ) from error
        try:
            lock_file(self._descriptor)
        except OSError:
            holder = self._holder()
            os.close(self._descriptor)
            raise StoreOwned(
                f"the store {directory} is open for writing elsewhere: {holder}",
                path=str(directory),
                holder=holder,
            ) from None
        _HELD.add(self)
        self._tell()

    def release(self) -> None:
        """Let go; again does nothing."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def _holder(self) -> str:
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        text = os.read(self._descriptor, _TEXT_MAX).decode("utf-8", "replace")
        return text.partition("\n")[2].strip() or "by a process that has not said its name yet"

    def _tell(self) -> None:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        pid = os.getpid()
        text = f"{pid}\nprocess {pid}, since {since}\n".encode()
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        os.write(self._descriptor, text)


def holder_of(directory: Path) -> str | None:
    """Who has a store open for writing, in words; None if nobody. For an onlooker: who asks at the
    very moment at which a process opens the store may be in its way.

    Raises StorageUnavailable when the lock cannot be looked at.
    """
    if not (directory / LOCK_FILE).exists():
        return None
    try:
        StoreLock(directory).release()
    except StoreOwned as error:
        return str(error.fields["holder"])
    return None


_HELD: weakref.WeakSet[StoreLock] = weakref.WeakSet()


def _let_go_in_child() -> None:
    """A forked child shares the lock; kept, it would outlive the parent that owns the store."""
    for lock in list(_HELD):
        lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_child)
