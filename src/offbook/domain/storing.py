"""What every repository shares: the stored form of values, and which saves are refused.

Refusals are judged in one order everywhere: what is malformed, then ownership, then the version,
then the sequence, then the commands.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import msgspec

from offbook.domain.config import SessionConfig
from offbook.domain.errors import (
    CommandConflict,
    ConcurrencyConflict,
    InvalidInput,
    JournalDamaged,
    LeaseHeld,
    LeaseLost,
    SessionNotFound,
    SnapshotDamaged,
)
from offbook.domain.journal import (
    CommandAnswer,
    JournalBatch,
    Operation,
    ScheduledCommand,
    Snapshot,
)
from offbook.domain.records import decode_hook, encode_hook
from offbook.domain.session import PaperTradingSession

T = TypeVar("T")
NEWLINE = b"\n"
"""Parts the records of a stored batch; JSON has none inside."""

SNAPSHOTS_KEPT = 2
"""How many snapshots of a session are kept, the newest; one in hand should the newest be bad."""

CONFIGS_KEPT: Final = 256
"""Configurations that are kept as they were last read: many sessions share one."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ENCODER = msgspec.json.Encoder(enc_hook=encode_hook)
_SESSION = msgspec.json.Decoder(PaperTradingSession, dec_hook=decode_hook)
_CONFIG = msgspec.json.Decoder(SessionConfig, dec_hook=decode_hook)
_SCHEDULED = msgspec.json.Decoder(ScheduledCommand, dec_hook=decode_hook)
_OPERATION = msgspec.json.Decoder(Operation)
_PACK = msgspec.msgpack.Encoder()
_SNAPSHOT = msgspec.msgpack.Decoder(Snapshot)
_ANSWER = msgspec.msgpack.Decoder(CommandAnswer)


class StoredState(msgspec.Struct, frozen=True):
    """What a store knows of a session when a save is judged; the default is of an unknown one.

    ``epoch`` is the last ever given; ``released`` says that its owner gave the session up.
    """

    version: int = 0
    last_seq: int = 0
    epoch: int = 0
    released: bool = False


class _Parted(PaperTradingSession, frozen=True, kw_only=True):
    """A session as it is stored apart from its configuration, with null in its place."""

    config: Any


_PARTED = msgspec.json.Decoder(_Parted, dec_hook=decode_hook)
_FIELDS = tuple(name for name in PaperTradingSession.__struct_fields__ if name != "config")


def encode_session(session: PaperTradingSession) -> bytes:
    """A session as JSON, with amounts as decimal text."""
    return _ENCODER.encode(session)


def encode_without_config(session: PaperTradingSession) -> bytes:
    """The same with null for the configuration: most of a session, and it never changes."""
    bare: Any = session
    return _ENCODER.encode(msgspec.structs.replace(bare, config=None))


def encode_config(config: SessionConfig) -> bytes:
    """A configuration as it stands in what ``encode_session`` gives."""
    return _ENCODER.encode(config)


def decode_with_config(raw: bytes, config: bytes) -> PaperTradingSession:
    """Read what ``encode_without_config`` and ``encode_config`` gave. Raises JournalDamaged when it
    does not fit.

    Sessions of equal configurations are given the same one, as long as it is among the last read.
    """

    def decode(bare: bytes) -> PaperTradingSession:
        parted = _PARTED.decode(bare)
        if parted.config is not None:
            return _SESSION.decode(bare)  # it has one of its own
        fields = {name: getattr(parted, name) for name in _FIELDS}
        return PaperTradingSession(config=_kept_config(config), **fields)

    return _decode(decode, raw, "session")


@functools.lru_cache(maxsize=CONFIGS_KEPT)
def _kept_config(raw: bytes) -> SessionConfig:
    return _CONFIG.decode(raw)


def decode_session(raw: bytes) -> PaperTradingSession:
    """Read a stored session. Raises JournalDamaged when it does not fit."""
    return _decode(_SESSION.decode, raw, "session")


def created_us(session: PaperTradingSession) -> int:
    """When a session was created, in whole microseconds since 1970 UTC: what listings sort by."""
    since = session.created_at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def encode_scheduled(scheduled: ScheduledCommand) -> bytes:
    """A scheduled command as JSON."""
    return _ENCODER.encode(scheduled)


def decode_scheduled(raw: bytes) -> ScheduledCommand:
    """Read what ``encode_scheduled`` gave. Raises JournalDamaged when it does not fit."""
    return _decode(_SCHEDULED.decode, raw, "scheduled command")


def encode_operation(operation: Operation) -> bytes:
    """A line of the operations log as JSON."""
    return _ENCODER.encode(operation)


def encode_operations(operations: tuple[Operation, ...]) -> bytes:
    """Lines of the operations log, parted by ``NEWLINE``, as ``encode_operation`` gives each."""
    # Of a list: for each tuple msgspec 0.22 leaves an iterator in memory for ever.
    return _ENCODER.encode_lines(list(operations))[: -len(NEWLINE)]


def decode_operation(raw: bytes) -> Operation:
    """Read what ``encode_operation`` gave. Raises JournalDamaged when it does not fit."""
    return _decode(_OPERATION.decode, raw, "line of the operations log")


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """A snapshot as MessagePack, which holds bytes as they are."""
    return _PACK.encode(snapshot)


def decode_snapshot(raw: bytes) -> Snapshot:
    """Read what ``encode_snapshot`` gave. Raises JournalDamaged when it does not fit."""
    return _decode(_SNAPSHOT.decode, raw, "snapshot")


def decode_stored_snapshot(raw: bytes, session_id: str, seq: int) -> Snapshot:
    """Read a snapshot that is stored as the one of record ``seq``.

    Raises SnapshotDamaged when it cannot be read, or says that it is of another record: its place
    tells which one it was, and so where the one before is to be looked for.
    """
    try:
        snapshot = decode_snapshot(raw)
    except JournalDamaged as error:
        raise _of_no_use(session_id, seq, str(error)) from error
    if snapshot.seq != seq:
        raise _of_no_use(session_id, seq, f"it says that it is of record {snapshot.seq}")
    return snapshot


def _of_no_use(session_id: str, seq: int, why: str) -> SnapshotDamaged:
    return SnapshotDamaged(
        f"session {session_id}: the snapshot at record {seq} is of no use: {why}",
        session_id=session_id,
        seq=seq,
    )


def encode_answer(answer: CommandAnswer) -> bytes:
    """A command's answer as MessagePack."""
    return _PACK.encode(answer)


def decode_answer(raw: bytes) -> CommandAnswer:
    """Read what ``encode_answer`` gave. Raises JournalDamaged when it does not fit."""
    return _decode(_ANSWER.decode, raw, "answer to a command")


def join_records(records: tuple[bytes, ...]) -> bytes:
    """A batch's records in one piece. Raises InvalidInput for a record that is no single line."""
    joined = NEWLINE.join(records)
    if joined.count(NEWLINE) != max(len(records) - 1, 0) or not all(records):
        raise InvalidInput("a record must be one line of text: encode it with encode_record")
    return joined


def check_request(
    session: PaperTradingSession, batch: JournalBatch | None, expected_version: int
) -> None:
    """Refuse a save that could never be right, whatever is stored: raises InvalidInput."""
    if session.version != expected_version + 1:
        raise InvalidInput(
            f"session {session.id}: saving over version {expected_version} gives version "
            f"{expected_version + 1}, not {session.version}",
            session_id=session.id,
            expected=expected_version + 1,
            found=session.version,
        )
    if batch is None or batch.snapshot is None:
        return
    if not 0 <= batch.snapshot.seq <= batch.last_seq:
        raise InvalidInput(
            f"session {session.id}: a snapshot at record {batch.snapshot.seq} cannot come with a "
            f"batch that ends at record {batch.last_seq}",
            session_id=session.id,
            seq=batch.snapshot.seq,
        )


def check_stored(
    session_id: str,
    stored: StoredState,
    *,
    expected_version: int,
    epoch: int,
    first_seq: int | None,
) -> None:
    """Refuse a save that does not continue what is stored.

    ``first_seq`` is None for a save without a batch.  Raises LeaseLost, ConcurrencyConflict,
    JournalDamaged.
    """
    if epoch != stored.epoch or stored.released:
        state = "was given up" if epoch == stored.epoch else f"is owned under epoch {stored.epoch}"
        raise LeaseLost(
            f"session {session_id} {state}; epoch {epoch} may not write",
            session_id=session_id,
            epoch=epoch,
        )
    if expected_version != stored.version:
        raise ConcurrencyConflict(
            f"session {session_id} is stored as version {stored.version}, "
            f"not {expected_version}: read it again",
            session_id=session_id,
            expected=expected_version,
            found=stored.version,
        )
    if first_seq is not None and first_seq != stored.last_seq + 1:
        raise JournalDamaged(
            f"session {session_id}: the journal ends at record {stored.last_seq}, "
            f"a batch from record {first_seq} does not continue it",
            session_id=session_id,
            seq=first_seq,
        )


def command_conflict(session_id: str, command_id: str) -> CommandConflict:
    """The refusal of a command id that was used before for something else."""
    return CommandConflict(
        f"session {session_id}: command id {command_id!r} was used before with another body",
        session_id=session_id,
        command_id=command_id,
    )


def session_not_found(session_id: str) -> SessionNotFound:
    """The answer to an unknown session id."""
    return SessionNotFound(f"there is no session {session_id}", session_id=session_id)


def lease_held(session_id: str, owner: str) -> LeaseHeld:
    """The refusal of a session that a living owner holds."""
    return LeaseHeld(
        f"session {session_id} is owned by {owner}", session_id=session_id, owner=owner
    )


def _decode(decode: Callable[[bytes], T], raw: bytes, what: str) -> T:
    try:
        return decode(raw)
    except (msgspec.MsgspecError, ValueError, TypeError) as error:
        raise JournalDamaged(f"a stored {what} cannot be read: {error}") from error
