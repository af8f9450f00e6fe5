"""The writer's SQL. Everything that a save does is here; reads are in ``reads``."""

from __future__ import annotations

from typing import Final

BEGIN: Final = "BEGIN IMMEDIATE"
COMMIT: Final = "COMMIT"
ROLLBACK: Final = "ROLLBACK"
SAVEPOINT: Final = "SAVEPOINT change"
RELEASE_SAVEPOINT: Final = "RELEASE change"
ROLLBACK_TO_SAVEPOINT: Final = "ROLLBACK TO change"
LEAVE_LOG: Final = "PRAGMA wal_autocheckpoint = 0"
MOVE_LOG: Final = "PRAGMA wal_checkpoint(PASSIVE)"

STORED_STATE: Final = """
SELECT s.version, s.last_seq, coalesce(l.epoch, 0), coalesce(l.released, 0), s.config
FROM sessions AS s LEFT JOIN leases AS l ON l.session_id = s.id
WHERE s.id = ?
"""

STORED_STATES: Final = """
SELECT group_concat(s.version || ' ' || s.last_seq || ' ' || coalesce(l.epoch, 0) || ' '
                    || coalesce(l.released, 0) || ' ' || coalesce(s.config, '') || ' ' || s.id,
                    char(10))
FROM sessions AS s LEFT JOIN leases AS l ON l.session_id = s.id
WHERE s.id IN (LIST)
"""
"""The same of several sessions in one value, a line each: a row would be a step each."""

INSERT_SESSION: Final = """
INSERT INTO sessions (version, epoch, status, created_us, last_seq, document, id, config)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""

OR_UPDATE_SESSION: Final = """
ON CONFLICT (id) DO UPDATE
SET version = excluded.version, epoch = excluded.epoch, status = excluded.status,
    created_us = excluded.created_us, last_seq = excluded.last_seq, document = excluded.document
"""
"""Without the configuration: it stays as it was, and needs not be looked for in its table."""

UPDATE_SESSION: Final = """
UPDATE sessions
SET version = ?, epoch = ?, status = ?, created_us = ?, last_seq = ?, document = ?
WHERE id = ?
"""

SET_CONFIG: Final = "UPDATE sessions SET config = ? WHERE id = ?"

INSERT_CONFIG: Final = """
INSERT INTO configs (digest, document) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING
"""

INSERT_JOURNAL: Final = """
INSERT INTO journal (session_id, first_seq, last_seq, count, head, records)
VALUES (?, ?, ?, ?, ?, ?)
"""

INSERT_SNAPSHOT: Final = "INSERT INTO snapshots (session_id, seq, document) VALUES (?, ?, ?)"

PRUNE_SNAPSHOTS: Final = """
DELETE FROM snapshots WHERE session_id = ? AND id NOT IN (
    SELECT id FROM snapshots WHERE session_id = ? ORDER BY seq DESC, id DESC LIMIT ?
)
"""

FIND_ANSWER: Final = "SELECT document FROM answers WHERE session_id = ? AND command_id = ?"

FIND_ANSWERS: Final = """
WITH asked (session_id, command_id) AS (VALUES LIST)
SELECT a.session_id, a.command_id, a.document
FROM asked CROSS JOIN answers AS a USING (session_id, command_id)
"""
"""CROSS JOIN looks each one up by the key: asked for IN a list of pairs, SQLite would read all the
answers there are."""

INSERT_ANSWER: Final = "INSERT INTO answers (session_id, command_id, document) VALUES (?, ?, ?)"

FIND_SCHEDULED: Final = "SELECT 1 FROM scheduled WHERE session_id = ? AND command_id = ?"

INSERT_SCHEDULED: Final = """
INSERT INTO scheduled (session_id, command_id, due, ordinal, document) VALUES (?, ?, ?, ?, ?)
"""

DELETE_SCHEDULED: Final = "DELETE FROM scheduled WHERE session_id = ? AND command_id = ?"

INSERT_OPERATION: Final = "INSERT INTO operations (session_id, document) VALUES (?, ?)"

SESSION_EXISTS: Final = "SELECT 1 FROM sessions WHERE id = ?"

FIND_LEASE: Final = "SELECT owner, epoch, released FROM leases WHERE session_id = ?"

TAKE_LEASE: Final = """
INSERT INTO leases (session_id, owner, epoch, released) VALUES (?, ?, ?, 0)
ON CONFLICT (session_id)
DO UPDATE SET owner = excluded.owner, epoch = excluded.epoch, released = 0
"""

RELEASE_LEASE: Final = "UPDATE leases SET released = 1 WHERE session_id = ? AND epoch = ?"

RELEASE_DEAD_LEASES: Final = "UPDATE leases SET released = 1 WHERE released = 0"
"""Run on opening: whoever holds the store's lock knows that every earlier owner is dead."""
