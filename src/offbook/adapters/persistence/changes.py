"""What can be asked of a store's writer: each change encoded by its caller, applied as SQL.

Applying may raise a refusal from ``offbook.domain.errors`` (the writer then undoes this change
alone) or sqlite3.Error.
"""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from offbook.adapters.persistence import many
from offbook.adapters.persistence import statements as sql
from offbook.domain import storing
from offbook.domain.config import SessionConfig
from offbook.domain.journal import JournalBatch
from offbook.domain.session import PaperTradingSession


class Change(Protocol):
    """One atomic change of a store."""

    @property
    def session_id(self) -> str:
        """The session that it is about."""

    @property
    def size(self) -> int:
        """About how many bytes it writes."""

    def apply(self, connection: sqlite3.Connection) -> int | None:
        """Carry it out inside the open transaction."""


class _Batch(msgspec.Struct, frozen=True, eq=False):
    """A journal batch, encoded."""

    first_seq: int
    last_seq: int
    head: bytes
    records: bytes
    answers: tuple[tuple[str, bytes], ...]
    scheduled: tuple[tuple[str, int, int, bytes], ...]
    taken: tuple[str, ...]
    snapshot: tuple[int, bytes] | None
    operations: bytes

    @property
    def count(self) -> int:
        """How many records it has."""
        return self.last_seq - self.first_seq + 1


def _encode_batch(batch: JournalBatch) -> _Batch:
    snapshot = batch.snapshot
    return _Batch(
        first_seq=batch.first_seq,
        last_seq=batch.last_seq,
        head=batch.head,
        records=storing.join_records(batch.records),
        answers=tuple((one.command_id, storing.encode_answer(one)) for one in batch.answers),
        scheduled=tuple(
            (one.command.command_id, one.at, one.ordinal, storing.encode_scheduled(one))
            for one in batch.scheduled
        ),
        taken=batch.taken,
        snapshot=None if snapshot is None else (snapshot.seq, storing.encode_snapshot(snapshot)),
        operations=storing.encode_operations(batch.operations),
    )


class _Config(msgspec.Struct, frozen=True):
    """A configuration, encoded, and the name under which a store keeps it."""

    digest: str
    document: bytes
    of: SessionConfig


_CONFIGS: Final[dict[int, _Config]] = {}
_MOST_CONFIGS: Final = 256


def _config(config: SessionConfig) -> _Config:
    """A session's configuration, encoded.  It never changes and is shared by sessions that are
    alike: what it gives is kept, for as many as there are likely to be."""
    known = _CONFIGS.get(id(config))
    if known is None:
        if len(_CONFIGS) >= _MOST_CONFIGS:
            _CONFIGS.clear()
        document = storing.encode_config(config)
        # The object is kept too, so that no other gets its id.
        known = _Config(hashlib.sha256(document).hexdigest(), document, config)
        _CONFIGS[id(config)] = known
    return known


class Save(msgspec.Struct, frozen=True, eq=False):
    """A session and what continues its journal."""

    session_id: str
    columns: tuple[int, int, str, int]
    document: bytes
    config: _Config
    batch: _Batch | None
    expected_version: int
    epoch: int
    size: int

    @classmethod
    def of(
        cls,
        session: PaperTradingSession,
        batch: JournalBatch | None,
        *,
        expected_version: int,
        epoch: int,
    ) -> Save:
        """Encode a save. Raises InvalidInput for one that could never be right."""
        storing.check_request(session, batch, expected_version)
        encoded = None if batch is None else _encode_batch(batch)
        document = storing.encode_without_config(session)
        size = len(document)
        if encoded is not None:
            size += len(encoded.records) + len(encoded.snapshot[1] if encoded.snapshot else b"")
        created = storing.created_us(session)
        return cls(
            session_id=session.id,
            columns=(session.version, session.epoch, session.status.value, created),
            document=document,
            config=_config(session.config),
            batch=encoded,
            expected_version=expected_version,
            epoch=epoch,
            size=size,
        )

    def apply(self, connection: sqlite3.Connection) -> None:
        """Judge the save against what is stored, then store it. Raises as the port's ``save``."""
        found = connection.execute(sql.STORED_STATE, (self.session_id,)).fetchone()
        stored = None if found is None else storing.StoredState(*found[:4])
        self.judge(stored)
        batch = self.batch
        last_seq = 0 if stored is None else stored.last_seq
        row = self.session_row(last_seq if batch is None else batch.last_seq)
        config = self.config
        if found is None or found[4] != config.digest:
            connection.execute(sql.INSERT_CONFIG, (config.digest, config.document))
        if found is None:
            connection.execute(sql.INSERT_SESSION, row)
        else:
            connection.execute(sql.UPDATE_SESSION, row[:-1])
            if found[4] != config.digest:
                connection.execute(sql.SET_CONFIG, (config.digest, self.session_id))
        if batch is not None:
            self._append(connection, batch)
            self.store_rest(connection)

    def judge(self, stored: storing.StoredState | None) -> None:
        """Refuse what does not continue what is stored; None for a session that is not."""
        storing.check_stored(
            self.session_id,
            stored or storing.StoredState(),
            expected_version=self.expected_version,
            epoch=self.epoch,
            first_seq=None if self.batch is None else self.batch.first_seq,
        )

    def session_row(self, last_seq: int) -> tuple[object, ...]:
        """The session's values in the order of the statements; the last is for a new one alone."""
        return (*self.columns, last_seq, self.document, self.session_id, self.config.digest)

    def _append(self, connection: sqlite3.Connection, batch: _Batch) -> None:
        mine = self.session_id
        if batch.records:
            row = (mine, batch.first_seq, batch.last_seq, batch.count, batch.head, batch.records)
            connection.execute(sql.INSERT_JOURNAL, row)
        answers = [(mine, *answer) for answer in batch.answers]
        if len(answers) < 2 or not many.insert_answers(connection, answers):
            for _, command_id, document in answers:
                self._answer(connection, command_id, document)
        for command_id, due, ordinal, document in batch.scheduled:
            if connection.execute(sql.FIND_SCHEDULED, (mine, command_id)).fetchone():
                raise storing.command_conflict(mine, command_id)
            connection.execute(sql.INSERT_SCHEDULED, (mine, command_id, due, ordinal, document))
        if batch.operations:
            connection.execute(sql.INSERT_OPERATION, (mine, batch.operations))

    def store_rest(self, connection: sqlite3.Connection) -> None:
        """What few batches have: the end of scheduled commands, and a snapshot."""
        mine, batch = self.session_id, self.batch
        if batch is None:
            return
        for command_id in batch.taken:
            connection.execute(sql.DELETE_SCHEDULED, (mine, command_id))
        if batch.snapshot is not None:
            connection.execute(sql.INSERT_SNAPSHOT, (mine, *batch.snapshot))
            connection.execute(sql.PRUNE_SNAPSHOTS, (mine, mine, storing.SNAPSHOTS_KEPT))

    def _answer(self, connection: sqlite3.Connection, command_id: str, document: bytes) -> None:
        found = connection.execute(sql.FIND_ANSWER, (self.session_id, command_id)).fetchone()
        if found is None:
            connection.execute(sql.INSERT_ANSWER, (self.session_id, command_id, document))
        elif found[0] != document:
            raise storing.command_conflict(self.session_id, command_id)


@dataclass(frozen=True, slots=True)
class AcquireLease:
    """Ownership for a new epoch."""

    session_id: str
    owner: str
    size: int = 100

    def apply(self, connection: sqlite3.Connection) -> int:
        """Take the session. Raises LeaseHeld, SessionNotFound."""
        mine = self.session_id
        if connection.execute(sql.SESSION_EXISTS, (mine,)).fetchone() is None:
            raise storing.session_not_found(mine)
        row = connection.execute(sql.FIND_LEASE, (mine,)).fetchone()
        owner, epoch, released = row or ("", 0, 1)
        if not released and owner != self.owner:
            raise storing.lease_held(mine, owner)
        connection.execute(sql.TAKE_LEASE, (mine, self.owner, epoch + 1))
        return int(epoch) + 1


@dataclass(frozen=True, slots=True)
class ReleaseLease:
    """The end of an ownership."""

    session_id: str
    epoch: int
    size: int = 100

    def apply(self, connection: sqlite3.Connection) -> None:
        """Give the session up, unless the epoch has passed already."""
        connection.execute(sql.RELEASE_LEASE, (self.session_id, self.epoch))
