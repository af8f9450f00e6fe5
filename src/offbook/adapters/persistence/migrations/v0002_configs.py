"""Configurations apart from the sessions that have them, each kept once.

Rows that are there stay as they are, with the configuration in the document: nothing is read or
written but the schema, however large the store.  The next save of a session parts them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of configurations, and the column that names one."""
    op.create_table(
        "configs",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    # In SQLite's own words: alembic would copy the table, which other tables point to.
    op.execute("ALTER TABLE sessions ADD COLUMN config TEXT REFERENCES configs (digest)")
