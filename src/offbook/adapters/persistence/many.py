"""Statements of many rows, made of those of one."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeVar

from offbook.adapters.persistence import statements as sql

T = TypeVar("T")
CHUNKS: Final = (64, 32, 16, 8, 4, 2, 1)
"""Rows of one statement: a few sizes, so that each is prepared once."""


def insert_answers(
    connection: sqlite3.Connection, answers: Sequence[tuple[str, str, bytes]]
) -> bool:
    """Insert answers to commands; False if one of them is answered already, and some may be
    inserted then.  The key tells: to look first would cost more, and nearly every one is new."""
    try:
        insert(connection, sql.INSERT_ANSWER, answers)
    except sqlite3.IntegrityError:
        return False
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
