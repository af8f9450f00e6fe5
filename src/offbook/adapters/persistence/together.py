"""Storing the saves of many sessions with a few statements for all of them.

A statement costs more than the row it writes: the driver, and the interpreter's lock, which it
lets go and waits for again.  So what a group of saves does alike is one statement with many rows.
What needs a look of its own is left to ``Save.apply``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from offbook.adapters.persistence import many
from offbook.adapters.persistence import statements as sql
from offbook.adapters.persistence.changes import Change, Save
from offbook.domain.errors import OffbookError
from offbook.domain.storing import StoredState


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

    Raises sqlite3.Error for the first that cannot be stored, as an answer to a command that is
    answered already; what was done until then is the caller's to undo.
    """
    stored, configs = _stored_states(connection, saves)
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
    _store_sessions(connection, fit, stored, configs)
    batches = [(save.session_id, save.batch) for save in fit if save.batch is not None]
    answers = [(mine, *answer) for mine, batch in batches for answer in batch.answers]
    many.insert(connection, sql.INSERT_ANSWER, answers)
    journal = [
        (mine, batch.first_seq, batch.last_seq, batch.count, batch.head, batch.records)
        for mine, batch in batches
        if batch.records
    ]
    many.insert(connection, sql.INSERT_JOURNAL, journal)
    many.insert(
        connection,
        sql.INSERT_OPERATION,
        [(mine, batch.operations) for mine, batch in batches if batch.operations],
    )
    for save in fit:
        save.store_rest(connection)
    return refusals


def _stored_states(
    connection: sqlite3.Connection, saves: Sequence[Save]
) -> tuple[dict[str, StoredState], dict[str, str]]:
    """How the sessions stand that are stored, and under which names their configurations are."""
    found: dict[str, StoredState] = {}
    configs: dict[str, str] = {}
    for part in many.parts(saves):
        statement = many.listed(sql.STORED_STATES, len(part))
        (told,) = connection.execute(statement, [one.session_id for one in part]).fetchone()
        for line in (told or "").split("\n"):
            if line:
                # No id holds a line's end, and it comes last, for it may hold spaces.
                version, last_seq, epoch, released, config, session_id = line.split(" ", 5)
                found[session_id] = StoredState(
                    int(version), int(last_seq), int(epoch), released != "0"
                )
                configs[session_id] = config
    return found, configs


def _store_sessions(
    connection: sqlite3.Connection,
    saves: Sequence[Save],
    stored: dict[str, StoredState],
    configs: dict[str, str],
) -> None:
    others = [save for save in saves if configs.get(save.session_id) != save.config.digest]
    for digest, document in {save.config.digest: save.config.document for save in others}.items():
        connection.execute(sql.INSERT_CONFIG, (digest, document))
    rows = []
    for save in saves:
        before = stored.get(save.session_id)
        last_seq = 0 if before is None else before.last_seq
        rows.append(save.session_row(last_seq if save.batch is None else save.batch.last_seq))
    many.insert(connection, sql.INSERT_SESSION, rows, sql.OR_UPDATE_SESSION)
    for save in others:
        if save.session_id in stored:
            connection.execute(sql.SET_CONFIG, (save.config.digest, save.session_id))
