"""Statements of many rows, made of those of one."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeVar

from offbook.adapters.persistence import statements as sql

T = TypeVar("T")
CHUNKS: Final = (64, 16, 4, 1)
"""Rows of one statement: a few sizes, so that each is prepared once."""


def insert_answers(
    connection: sqlite3.Connection, answers: Sequence[tuple[str, str, bytes]]
) -> bool:
    """Insert answers to commands, unless one of them is answered already: False then, and nothing
    is done."""
    names = {(session_id, command_id) for session_id, command_id, _ in answers}
    if len(names) < len(answers):
        return False
    for part in parts(answers):
        statement = listed(sql.ANY_ANSWER, len(part), "(?, ?)")
        values = [value for answer in part for value in answer[:2]]
        if connection.execute(statement, values).fetchone() is not None:
            return False
    insert(connection, sql.INSERT_ANSWER, answers)
    return True


def insert(
    connection: sqlite3.Connection,
    statement: str,
    rows: Sequence[tuple[Any, ...]],
    ending: str = "",
) -> None:
    """Insert rows, ``statement`` being the INSERT of one; ``ending`` comes after its values."""
    for part in parts(rows):
        whole = _many(statement, len(part), ending)
        connection.execute(whole, [value for row in part for value in row])


def parts(items: Sequence[T]) -> Iterable[Sequence[T]]:
    """Items in parts of the sizes for which there are statements."""
    begin = 0
    while begin < len(items):
        size = next(size for size in CHUNKS if size <= len(items) - begin)
        yield items[begin : begin + size]
        begin += size


@functools.cache
def _many(statement: str, rows: int, ending: str) -> str:
    """An INSERT of one row, for so many rows."""
    head, values = statement.split("VALUES")
    return f"{head}VALUES {', '.join([values.strip()] * rows)}{ending}"


@functools.cache
def listed(statement: str, count: int, one: str = "?") -> str:
    """A SELECT with a list of so many values."""
    return statement.replace("LIST", ", ".join([one] * count))
