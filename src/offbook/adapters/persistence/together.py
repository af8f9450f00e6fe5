"""Storing the saves of many sessions with a few statements for all of them.

A statement costs more than the row it writes: the driver, and the interpreter's lock, which it
lets go and waits for again.  So what a group of saves does alike is one statement with many rows.
What needs a look of its own is left to ``Save.apply``.
"""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from offbook.adapters.persistence import statements as sql
from offbook.adapters.persistence.changes import Change, Save
from offbook.domain.errors import OffbookError
from offbook.domain.storing import StoredState

CHUNKS: Final = (64, 16, 4, 1)
"""Rows of one statement: a few sizes, so that each is prepared once."""


class NotTogether(Exception):
    """These saves must be stored one by one: one of them is more than it seemed."""


def runs(changes: Sequence[Change]) -> Iterator[list[int]]:
    """The places of changes, parted into runs in order: such as may be stored together, which are
    saves of different sessions, and others alone."""
    run: list[int] = []
    sessions: set[str] = set()
    for place, change in enumerate(changes):
        # What is scheduled is looked for among what waits already, which few batches need.
        fits = isinstance(change, Save) and not (change.batch and change.batch.scheduled)
        session_id = change.session_id
        if run and (not fits or session_id in sessions):
            yield run
            run, sessions = [], set()
        if fits:
            run.append(place)
            sessions.add(session_id)
        else:
            yield [place]
    if run:
        yield run


def save_all(connection: sqlite3.Connection, saves: Sequence[Save]) -> list[OffbookError | None]:
    """Store saves of different sessions; gives for each what refused it, if anything did.

    Raises NotTogether, and sqlite3.Error for the first that cannot be stored; what was done until
    then is the caller's to undo.
    """
    stored = _stored_states(connection, saves)
    refusals: list[OffbookError | None] = []
    fit: list[Save] = []
    for save in saves:
        try:
            save.judge(stored.get(save.session_id))
        except OffbookError as refusal:
            refusals.append(refusal)
        else:
            refusals.append(None)
            fit.append(save)
    _store_sessions(connection, fit, stored)
    batches = [(save.session_id, save.batch) for save in fit if save.batch is not None]
    answers = [(mine, *answer) for mine, batch in batches for answer in batch.answers]
    if answers:
        _store_answers(connection, answers)
    journal = [
        (mine, batch.first_seq, batch.last_seq, batch.count, batch.head, batch.records)
        for mine, batch in batches
        if batch.records
    ]
    _insert(connection, sql.INSERT_JOURNAL, journal)
    _insert(
        connection,
        sql.INSERT_OPERATION,
        [(mine, batch.operations) for mine, batch in batches if batch.operations],
    )
    for save in fit:
        save.store_rest(connection)
    return refusals


def _stored_states(connection: sqlite3.Connection, saves: Sequence[Save]) -> dict[str, StoredState]:
    found: dict[str, StoredState] = {}
    for part in _parts(saves):
        statement = _listed(sql.STORED_STATES, len(part))
        (told,) = connection.execute(statement, [one.session_id for one in part]).fetchone()
        for line in (told or "").split("\n"):
            if line:
                # No id holds a line's end, and it comes last, for it may hold spaces.
                version, last_seq, epoch, released, session_id = line.split(" ", 4)
                found[session_id] = StoredState(
                    int(version), int(last_seq), int(epoch), released != "0"
                )
    return found


def _store_sessions(
    connection: sqlite3.Connection, saves: Sequence[Save], stored: dict[str, StoredState]
) -> None:
    rows = []
    for save in saves:
        before = stored.get(save.session_id)
        last_seq = 0 if before is None else before.last_seq
        rows.append(save.session_row(last_seq if save.batch is None else save.batch.last_seq))
    _insert(connection, sql.INSERT_SESSION, rows, sql.OR_UPDATE_SESSION)


def _store_answers(
    connection: sqlite3.Connection, answers: Sequence[tuple[str, str, bytes]]
) -> None:
    """Answers to commands of which none is answered yet. Raises NotTogether if one is."""
    names = {(session_id, command_id) for session_id, command_id, _ in answers}
    if len(names) < len(answers):
        raise NotTogether
    for part in _parts(answers):
        statement = _listed(sql.ANY_ANSWER, len(part), "(?, ?)")
        values = [value for answer in part for value in answer[:2]]
        if connection.execute(statement, values).fetchone() is not None:
            raise NotTogether
    _insert(connection, sql.INSERT_ANSWER, answers)


def _insert(
    connection: sqlite3.Connection,
    statement: str,
    rows: Sequence[tuple[Any, ...]],
    ending: str = "",
) -> None:
    for part in _parts(rows):
        whole = _many(statement, len(part), ending)
        connection.execute(whole, [value for row in part for value in row])


def _parts(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
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
def _listed(statement: str, count: int, one: str = "?") -> str:
    """A SELECT with a list of so many values."""
    return statement.replace("LIST", ", ".join([one] * count))
