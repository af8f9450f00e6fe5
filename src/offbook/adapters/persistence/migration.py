"""Bringing a store's schema up to date, all or nothing."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

from offbook.adapters.persistence.connections import open_writer
from offbook.adapters.persistence.statements import BEGIN
from offbook.domain.errors import StorageUnavailable

REVISIONS: Final = ("0001", "0002")
"""Every schema there has been, oldest first."""

HEAD: Final = REVISIONS[-1]
READABLE: Final = ("0001", "0002")
"""Those that an onlooker reads as they are: before a store is opened for writing, and so brought up
to date, its sessions must be found."""
_SCRIPTS: Final = Path(__file__).with_name("migrations")
_HAS_REVISION: Final = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
_HAS_ANYTHING: Final = "SELECT 1 FROM sqlite_master"
_REVISION: Final = "SELECT version_num FROM alembic_version"
_FOREIGN: Final = "foreign"


def stored_revision(connection: sqlite3.Connection) -> str | None:
    """The schema of a database: None when there is nothing in it yet. Raises sqlite3.Error."""
    if connection.execute(_HAS_REVISION).fetchone() is None:
        # Stores are made in one transaction, so tables without a revision are not of ours.
        return _FOREIGN if connection.execute(_HAS_ANYTHING).fetchone() else None
    row = connection.execute(_REVISION).fetchone()
    return _FOREIGN if row is None else str(row[0])


def check_revision(revision: str | None, path: Path) -> None:
    """Refuse a store of a newer offbook, and a database of another program: raises
    StorageUnavailable with ``reason`` newer or foreign."""
    if revision == _FOREIGN:
        raise StorageUnavailable(
            f"{path} is a database of another program: choose another data directory, or restore "
            "the store from a copy",
            path=str(path),
            reason="foreign",
        )
    if revision is not None and revision not in REVISIONS:
        raise StorageUnavailable(
            f"{path} was written by a newer offbook (schema {revision}; this one knows up to "
            f"{HEAD}): use that version, or another data directory",
            path=str(path),
            reason="newer",
            found=revision,
            known=HEAD,
        )


def bring_up_to_date(
    path: Path, connection_type: type[sqlite3.Connection] = sqlite3.Connection
) -> None:
    """Create or upgrade the schema in one transaction; an interrupted one leaves no trace.

    The caller holds the store's lock.  Raises StorageUnavailable for a newer store, sqlite3.Error.
    """
    with contextlib.closing(open_writer(path, connection_type)) as connection:
        revision = stored_revision(connection)
        check_revision(revision, path)
        if revision != HEAD:
            _upgrade(connection, revision)


def _upgrade(connection: sqlite3.Connection, revision: str | None) -> None:
    # Imported here because a store that is up to date, the usual one, needs none of it.
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from sqlalchemy import create_engine, event
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import StaticPool

    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    # The driver would leave CREATE TABLE outside of any transaction; begun by hand it is inside.
    event.listen(engine, "begin", lambda bound: bound.exec_driver_sql(BEGIN))
    scripts = ScriptDirectory(str(_SCRIPTS), version_locations=[str(_SCRIPTS)])
    try:
        with engine.begin() as bound:
            context = MigrationContext.configure(bound)
            steps = list(scripts.iterate_revisions(HEAD, revision or "base"))
            for step in reversed(steps):
                with Operations.context(context):
                    step.module.upgrade()
            context.stamp(scripts, HEAD)
    except DBAPIError as error:
        raise error.orig or error from error
