"""When a store's log is moved into its database: after callers were answered, not before."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

from offbook.adapters.persistence import statements as sql
from offbook.adapters.persistence.changes import Change

PAGES_MAX: Final = 1000
"""About how many pages a log may hold before it is moved: as many as SQLite takes by itself."""

_PAGE_BYTES: Final = 4096
_PAGES_OF_A_CHANGE: Final = 3
"""What a change writes beside its bytes: the session's row and the ends of tables and indexes."""


class LogLength:
    """Counts, roughly, the pages of the log, and has them moved when there are many.

    SQLite by itself moves them within the COMMIT that makes them too many, so that those who wait
    for that one wait ten times as long as others.  Moved afterwards it costs nobody an answer, and
    the engines work meanwhile.  For the writer's thread.
    """

    __slots__ = ("_pages",)

    def __init__(self) -> None:
        self._pages = 0

    def take_over(self, connection: sqlite3.Connection) -> None:
        """From now on SQLite leaves this to us; the log has just been moved."""
        connection.execute(sql.LEAVE_LOG)
        self._pages = 0

    def grow(self, changes: Iterable[Change]) -> None:
        """These have been committed."""
        for change in changes:
            self._pages += change.size // _PAGE_BYTES + _PAGES_OF_A_CHANGE

    def shorten_if_due(self, connection: sqlite3.Connection) -> None:
        """Move the log into the database as far as no reader is in the way, where it is long.

        Raises sqlite3.Error: pages may then count as flushed that are not, as after any failure.
        """
        if self._pages >= PAGES_MAX:
            self._pages = 0
            connection.execute(sql.MOVE_LOG).fetchone()
