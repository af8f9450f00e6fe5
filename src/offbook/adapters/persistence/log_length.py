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
_PAGES_OF_A_GROUP: Final = 4
"""What a transaction writes beside its rows: the ends of tables and the roots of indexes."""

_TIMES_MOST: Final = 4
"""How far what the last log held may make us wait for more than we count."""


class LogLength:
    """Counts, roughly, the pages of the log, and has them moved when there are many.

    SQLite by itself moves them within the COMMIT that makes them too many, so that those who wait
    for that one wait ten times as long as others.  Moved afterwards it costs nobody an answer, and
    the engines work meanwhile.  For the writer's thread.

    A row counts as a page.  That is about right for answers to commands, whose ids fall anywhere,
    and too much for what many sessions write side by side: how many there really were is told when
    the log is moved, and the next is awaited accordingly.  A log begins anew only when what it held
    is moved and nobody reads it, for which it must be tried again and again where somebody always
    reads: the longer it is by then, the sooner, in the end after each group.
    """

    __slots__ = ("_most", "_pages", "_rows")

    def __init__(self) -> None:
        self._pages = self._rows = 0
        self._most = PAGES_MAX

    def take_over(self, connection: sqlite3.Connection) -> None:
        """From now on SQLite leaves this to us; the log has just been moved."""
        connection.execute(sql.LEAVE_LOG)
        self._pages, self._rows, self._most = 0, connection.total_changes, PAGES_MAX

    def grow(self, changes: Iterable[Change], connection: sqlite3.Connection) -> None:
        """These have been committed together."""
        rows, self._rows = self._rows, connection.total_changes
        self._pages += _PAGES_OF_A_GROUP + self._rows - rows
        for change in changes:
            self._pages += change.size // _PAGE_BYTES

    def shorten_if_due(self, connection: sqlite3.Connection) -> None:
        """Move the log into the database as far as no reader is in the way, where it is long.

        Raises sqlite3.Error: pages may then count as flushed that are not, as after any failure.
        """
        if self._pages < self._most:
            return
        counted, self._pages = self._pages, 0
        _, held, _ = connection.execute(sql.MOVE_LOG).fetchone()
        if held > 0:  # else it was not looked at
            self._most = min(counted * PAGES_MAX // held, PAGES_MAX * _TIMES_MOST)
