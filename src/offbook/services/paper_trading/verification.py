"""Does a session replay to the same bytes? From the first row, with a fresh engine."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Final

import msgspec

from offbook.domain.commands import Stop
from offbook.domain.errors import (
    BadMarketData,
    GatewayUnavailable,
    InvalidConfig,
    JournalMismatch,
    NotComparable,
)
from offbook.domain.journal import StoredRecord
from offbook.domain.records import (
    Record,
    SessionStopping,
    decode_record,
    encode_record,
)
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.engine.ledger.folding import stop_by_fold
from offbook.ports.gateway import IBrokerGateway
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.paper_trading.journal_reader import (
    JournalFacts,
    ReadPage,
    pages,
    survey,
)
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.opening import attach_to, open_to_run_again
from offbook.services.paper_trading.rebuilding import EngineFactory, fresh_engine
from offbook.services.paper_trading.replaying import Replay
from offbook.services.paper_trading.row_reader import RowReader

SLICE_ROWS: Final = 4096


class ReplayOutcome(enum.Enum):
    """What a verification found."""

    EQUAL = "EQUAL"
    DIVERGED = "DIVERGED"
    NOT_COMPARABLE = "NOT_COMPARABLE"


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome, and where it is not EQUAL why.

    DIVERGED: ``seq`` is the first record that differs, ``expected`` the stored and ``found`` the
    newly made bytes (None: there is no such record).  NOT_COMPARABLE: ``what`` has changed since,
    one of engine, strategy, data.  ``records`` were compared and equal.
    """

    session_id: str
    outcome: ReplayOutcome
    records: int = 0
    seq: int | None = None
    expected: bytes | None = None
    found: bytes | None = None
    what: str | None = None
    detail: str = ""


async def verify(
    session: PaperTradingSession,
    gateway: IBrokerGateway,
    make_engine: EngineFactory,
    repository: IPaperTradingSessionRepository,
    limits: Limits,
    *,
    slice_rows: int = SLICE_ROWS,
) -> Verification:
    """Run the committed part of a session again and compare every byte.

    However the rows are cut (``slice_rows``) the outcome is the same.  Raises JournalDamaged when
    the stored chain is not whole, StorageUnavailable, and whatever else the feed raises.
    """

    async def read(after_seq: int, limit: int) -> Sequence[StoredRecord]:
        return await repository.read_journal(session.id, after_seq=after_seq, limit=limit)

    facts = await survey(
        session.id,
        read,
        last_seq=session.last_seq,
        chain_head=session.chain_head,
        page_records=limits.page_records,
    )
    if not facts.last_seq:
        return Verification(session_id=session.id, outcome=ReplayOutcome.EQUAL)
    try:
        feed = await open_to_run_again(gateway, session.config, facts.attached_raw)
    except (GatewayUnavailable, BadMarketData, InvalidConfig) as error:
        return _not_comparable(session.id, "data", str(error))
    rows = RowReader(feed, limits.block_rows, lambda: None)
    attach = attach_to(feed)
    try:
        engine = fresh_engine(session, make_engine, attach, facts.attached_raw)
        tail = await _added_by_fold(session, facts, read)
        replay = Replay(
            session.id,
            engine,
            rows,
            read,
            after_seq=engine.last_seq,
            last_seq=facts.last_seq - len(tail),
            slice_rows=slice_rows,
            page_records=limits.page_records,
            tells_strategy=session.config.strategy is not None,
        )
        inputs = [entry for entry in facts.inputs if entry.seq <= facts.last_seq - len(tail)]
        await replay.run(inputs, session.cursor)
    except NotComparable as error:
        return _not_comparable(session.id, str(error.fields["what"]), str(error))
    except JournalMismatch as error:
        return _diverged(session.id, error)
    finally:
        await rows.close()
    return Verification(session_id=session.id, outcome=ReplayOutcome.EQUAL, records=facts.last_seq)


async def _added_by_fold(
    session: PaperTradingSession, facts: JournalFacts, read: ReadPage
) -> tuple[StoredRecord, ...]:
    """The records that ended a session which had failed: made from records, not by an engine.

    Raises JournalMismatch where the fold would make others.
    """
    last = facts.inputs[-1] if facts.inputs else None
    if session.status is not SessionStatus.STOPPED or last is None or last.command is None:
        return ()
    command = last.command.command
    if not isinstance(command, Stop):
        return ()
    tail = tuple(await read(last.seq - 1, facts.last_seq - last.seq + 1))
    if any(isinstance(decode_record(stored.raw), SessionStopping) for stored in tail):
        return ()
    before: list[Record] = []
    async for page in pages(read, 0, last.seq - 1, len(tail) + 1000):
        before.extend(decode_record(stored.raw) for stored in page)
    made = [encode_record(record) for record in stop_by_fold(before, command)]
    for index, stored in enumerate(tail):
        found = made[index] if index < len(made) else None
        if found != stored.raw:
            raise JournalMismatch(
                f"session {session.id}: its end differs at record {stored.seq}",
                session_id=session.id,
                seq=stored.seq,
                expected=stored.raw,
                found=found,
            )
    return tail


def _diverged(session_id: str, error: JournalMismatch) -> Verification:
    seq, expected, found = (error.fields[name] for name in ("seq", "expected", "found"))
    assert isinstance(seq, int)
    return Verification(
        session_id=session_id,
        outcome=ReplayOutcome.DIVERGED,
        records=seq - 1,
        seq=seq,
        expected=expected if isinstance(expected, bytes) else None,
        found=found if isinstance(found, bytes) else None,
        detail=str(error),
    )


def _not_comparable(session_id: str, what: str, detail: str) -> Verification:
    return Verification(
        session_id=session_id, outcome=ReplayOutcome.NOT_COMPARABLE, what=what, detail=detail
    )
