"""Sessions and journal batches for tests of repositories: valid to store, with no engine behind.

::

    session = new_session()
    await repository.save(session, expected_version=0, epoch=0)
    session, batch = step(session, 3)
    await repository.save(session, batch, expected_version=1, epoch=0)
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from offbook.domain import chain
from offbook.domain.commands import Resume
from offbook.domain.config import AccountConfig, ReplayMarket, ResumeTimers, SessionConfig
from offbook.domain.identifiers import uuid7_from
from offbook.domain.journal import JournalBatch, ScheduledCommand, Snapshot
from offbook.domain.market_data import Cursor, DataKind
from offbook.domain.session import PaperTradingSession, SessionStatus, SessionSummary
from offbook.domain.values import Amount
from offbook.testing.markets import BTCUSDT

EPOCH: Final = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
"""When ``new_session(0)`` was created; each number is a second later."""

CONFIG: Final = SessionConfig(
    market=ReplayMarket(path="recording.csv", kind=DataKind.QUOTES, instrument=BTCUSDT),
    account=AccountConfig(currency="USDT"),
)


def new_session(number: int = 1, **changes: Any) -> PaperTradingSession:
    """A session as it is first saved: version 1, created ``number`` seconds after ``EPOCH``."""
    session = PaperTradingSession(
        id=uuid7_from(1_767_605_400_000 + 1000 * number, number),
        config=CONFIG,
        status=SessionStatus.STARTING,
        created_at=EPOCH + timedelta(seconds=number),
        version=1,
        chain_head=chain.GENESIS.hex(),
        summary=SessionSummary(
            cash=Amount(10**23), equity=Amount(10**23), fees=Amount(0), realized=Amount(0)
        ),
    )
    return msgspec.structs.replace(session, **changes)


def later(session: PaperTradingSession, **changes: Any) -> PaperTradingSession:
    """The session with its next version."""
    return msgspec.structs.replace(session, version=session.version + 1, **changes)


def record(seq: int, text: str = "") -> bytes:
    """Canonical bytes of a made-up record."""
    return msgspec.json.encode({"kind": "Made.1", "seq": seq, "text": text})


def step(
    session: PaperTradingSession, count: int = 1, text: str = "", **parts: Any
) -> tuple[PaperTradingSession, JournalBatch]:
    """The session's next version, and a batch of ``count`` more records that leads to it.

    ``parts`` are further fields of the batch.
    """
    first = session.last_seq + 1
    records = tuple(record(seq, text) for seq in range(first, first + count))
    head = chain.extend_all(bytes.fromhex(session.chain_head), records)
    cursor = Cursor(row=session.cursor.row + count, ts=session.cursor.ts + count)
    batch = JournalBatch(first_seq=first, records=records, head=head, cursor=cursor, **parts)
    after = later(session, last_seq=batch.last_seq, chain_head=head.hex(), cursor=cursor)
    return after, batch


def snapshot(seq: int, state: bytes = b"state") -> Snapshot:
    """A snapshot at record ``seq``."""
    return Snapshot(seq=seq, cursor=Cursor(row=seq, ts=seq), head=bytes(32), state=state)


def scheduled(at: int, ordinal: int, command_id: str) -> ScheduledCommand:
    """A command that waits for session time ``at``."""
    command = Resume(command_id=command_id, timers=ResumeTimers.SKIP)
    return ScheduledCommand(at=at, ordinal=ordinal, command=command)
