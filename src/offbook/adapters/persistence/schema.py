"""The tables of a store, as SQLAlchemy Core metadata: what statements are written against.

The migrations build the same; a test compares the two.  Times are whole microseconds since 1970
UTC, ``due`` is session time in nanoseconds, documents are the encodings of
``offbook.domain.storing``.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()


def _session_id() -> Column[str]:
    return Column("session_id", Text, ForeignKey("sessions.id"), nullable=False)


CONFIGS = Table(
    "configs",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("document", LargeBinary, nullable=False),
)
"""Configurations by the SHA-256 of their encoding: they never change, and sessions share them."""

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_us", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("config", Text, ForeignKey("configs.digest"), nullable=True),
    Index("sessions_by_age", "created_us", "id"),
)
"""``document`` says null for its configuration, which ``config`` names; a row without that was
stored by schema 0001 and not saved since: its document is the whole session."""

JOURNAL = Table(
    "journal",
    METADATA,
    Column("id", Integer, primary_key=True),
    _session_id(),
    Column("first_seq", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("records", LargeBinary, nullable=False),
    UniqueConstraint("session_id", "first_seq", name="journal_is_one_sequence"),
)
"""A row is a batch: ``records`` holds ``count`` canonical records, one a line."""

SNAPSHOTS = Table(
    "snapshots",
    METADATA,
    Column("id", Integer, primary_key=True),
    _session_id(),
    Column("seq", Integer, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Index("snapshots_by_seq", "session_id", "seq"),
)

ANSWERS = Table(
    "answers",
    METADATA,
    Column("session_id", Text, ForeignKey("sessions.id"), primary_key=True),
    Column("command_id", Text, primary_key=True),
    Column("document", LargeBinary, nullable=False),
)

SCHEDULED = Table(
    "scheduled",
    METADATA,
    Column("id", Integer, primary_key=True),
    _session_id(),
    Column("command_id", Text, nullable=False),
    Column("due", Integer, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("document", LargeBinary, nullable=False),
    UniqueConstraint("session_id", "command_id", name="scheduled_once"),
)

OPERATIONS = Table(
    "operations",
    METADATA,
    Column("id", Integer, primary_key=True),
    _session_id(),
    Column("document", LargeBinary, nullable=False),
    Index("operations_by_session", "session_id", "id"),
)
"""A row is a batch too: lines of the log, one a line."""

LEASES = Table(
    "leases",
    METADATA,
    Column("session_id", Text, ForeignKey("sessions.id"), primary_key=True),
    Column("owner", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("released", Integer, nullable=False),
)
