"""Sessions, journals, snapshots, answers, scheduled commands, operations and leases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Build the first schema."""
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("created_us", sa.Integer, nullable=False),
        sa.Column("last_seq", sa.Integer, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("sessions_by_age", "sessions", ["created_us", "id"])
    _create_journal()
    _create_commands()
    op.create_table(
        "operations",
        sa.Column("id", sa.Integer, primary_key=True),
        _session_id(),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("operations_by_session", "operations", ["session_id", "id"])
    op.create_table(
        "leases",
        _session_id(primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("released", sa.Integer, nullable=False),
    )


def _create_journal() -> None:
    op.create_table(
        "journal",
        sa.Column("id", sa.Integer, primary_key=True),
        _session_id(),
        sa.Column("first_seq", sa.Integer, nullable=False),
        sa.Column("last_seq", sa.Integer, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("head", sa.LargeBinary, nullable=False),
        sa.Column("records", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("session_id", "first_seq", name="journal_is_one_sequence"),
    )
    op.create_table(
        "snapshots",
        sa.Column("id", sa.Integer, primary_key=True),
        _session_id(),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("snapshots_by_seq", "snapshots", ["session_id", "seq"])


def _create_commands() -> None:
    op.create_table(
        "answers",
        _session_id(primary_key=True),
        sa.Column("command_id", sa.Text, primary_key=True),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "scheduled",
        sa.Column("id", sa.Integer, primary_key=True),
        _session_id(),
        sa.Column("command_id", sa.Text, nullable=False),
        sa.Column("due", sa.Integer, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("session_id", "command_id", name="scheduled_once"),
    )


def _session_id(*, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(
        "session_id", sa.Text, sa.ForeignKey("sessions.id"), primary_key=primary_key, nullable=False
    )
