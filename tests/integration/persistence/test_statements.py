"""No statement that is run again and again reads a whole table: its cost would grow for ever."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from offbook.adapters.persistence import migration, statements
from offbook.adapters.persistence.connections import DATABASE_FILE
from offbook.adapters.persistence.many import listed

LISTS = {"FIND_ANSWERS": "(?, ?)", "STORED_STATES": "?"}
ONCE = {"RELEASE_DEAD_LEASES"}
"""Run when a store is opened."""


def plans(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """How SQLite goes about each statement that looks for something."""
    found = {}
    for name, text in vars(statements).items():
        if not name.isupper() or not isinstance(text, str):
            continue
        if name not in LISTS and "WHERE" not in text:
            continue
        whole = listed(text, 5, LISTS[name]) if name in LISTS else text
        values = ("x",) * whole.count("?")
        rows = connection.execute(f"EXPLAIN QUERY PLAN {whole}", values).fetchall()
        found[name] = [row[3] for row in rows]
    return found


@pytest.fixture
def connection(tmp_path: Path):
    path = tmp_path / DATABASE_FILE
    migration.bring_up_to_date(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        yield connection


def test_every_lookup_uses_a_key(connection: sqlite3.Connection) -> None:
    found = plans(connection)
    assert {"FIND_ANSWERS", "STORED_STATES", "UPDATE_SESSION", "PRUNE_SNAPSHOTS"} <= set(found)
    read_through = {
        name
        for name, steps in found.items()
        for step in steps
        # The values that a statement was given are no table.
        if step.startswith("SCAN") and step != "SCAN asked" and "CONSTANT ROW" not in step
    }
    assert read_through == ONCE
