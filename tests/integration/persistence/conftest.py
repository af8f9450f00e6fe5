"""Connections that a test can look into, hold up, and let fail."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable

import pytest

MISTAKE = "disk I/O error"


class Control:
    """What a test's connections do; shared by all that the store opens."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        """Every statement begun, in order, without those that SQLite runs by itself."""
        self.fail_at: int | None = None
        self.fail_after_running = False
        self.error: Callable[[], Exception] = lambda: sqlite3.OperationalError(MISTAKE)
        self.settings: list[str] = []
        """Run on each new connection."""
        self._held: dict[str, tuple[threading.Event, threading.Event]] = {}

    @property
    def connection_type(self) -> type[sqlite3.Connection]:
        """Give this to ``SqliteRepository.open``."""
        control = self

        class Cursor(sqlite3.Cursor):
            def execute(self, statement: str, *parameters: object) -> sqlite3.Cursor:
                run = super().execute
                return control._run(statement, lambda: run(statement, *parameters))

        class Connection(sqlite3.Connection):
            def __init__(self, *arguments: object, **named: object) -> None:
                super().__init__(*arguments, **named)
                for setting in control.settings:
                    super().execute(setting)

            def cursor(self, factory: type[sqlite3.Cursor] = Cursor) -> sqlite3.Cursor:
                return super().cursor(factory)

            def execute(self, statement: str, *parameters: object) -> sqlite3.Cursor:
                return self.cursor().execute(statement, *parameters)

        return Connection

    def fail(self, number: int, *, after_running: bool = False) -> None:
        """Let the statement ``number`` (1 is the next) raise, instead of or after running."""
        self.statements.clear()
        self.fail_at = number
        self.fail_after_running = after_running

    def fail_statement(self, text: str, error: Exception) -> None:
        """Let the next statement that begins with ``text`` raise instead of running."""
        self.statements.clear()
        self.error = lambda: error
        self.fail_at = 0
        self._text = text

    def hold(self, text: str) -> tuple[threading.Event, threading.Event]:
        """Hold the next statement that begins with ``text``: (has arrived, may go on)."""
        self._held[text] = events = (threading.Event(), threading.Event())
        return events

    def count(self, text: str) -> int:
        """How many statements began with ``text``."""
        return sum(one.startswith(text) for one in self.statements)

    def _run(self, statement: str, execute: Callable[[], sqlite3.Cursor]) -> sqlite3.Cursor:
        statement = statement.strip()
        self.statements.append(statement)
        due = self.fail_at == len(self.statements) or (
            self.fail_at == 0 and statement.startswith(self._text)
        )
        for text in list(self._held):
            if statement.startswith(text):
                arrived, go_on = self._held.pop(text)
                arrived.set()
                assert go_on.wait(30)
        if not due:
            return execute()
        self.fail_at = None
        if self.fail_after_running:
            execute().close()  # an unread answer would keep the database's log in use
        raise self.error()


@pytest.fixture
def control() -> Control:
    return Control()
