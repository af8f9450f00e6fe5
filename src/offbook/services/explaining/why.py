"""Bringing a stored session back to a moment, and asking why nothing traded there."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from offbook.domain.errors import InvalidInput, NotComparable
from offbook.domain.journal import StoredRecord
from offbook.domain.market_data import Cursor
from offbook.domain.records import Record, SessionStarted, SessionStopping, decode_record
from offbook.domain.session import PaperTradingSession
from offbook.ports.gateway import IBrokerGateway
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.explaining.gates import Explanation, explain
from offbook.services.paper_trading.journal_reader import pages, survey
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.opening import attach_to, open_to_run_again
from offbook.services.paper_trading.rebuilding import EngineFactory, fresh_engine
from offbook.services.paper_trading.replaying import Replay
from offbook.services.paper_trading.row_reader import RowReader
from offbook.services.reporting.formatting import iso

_SLICE_ROWS = 4096


async def why(
    session: PaperTradingSession,
    gateway: IBrokerGateway,
    make_engine: EngineFactory,
    repository: IPaperTradingSessionRepository,
    limits: Limits,
    *,
    at: int | None = None,
) -> Explanation:
    """Explain the moment ``at`` (session time, ns UTC), all that happened then included.

    Without it that is the present of a session that goes on, and of one that has ended the moment
    before its end.  The session is run again up to there, and every record compared.  Raises
    InvalidInput for a time outside the session, NotComparable and JournalMismatch where running it
    again gives something else, JournalDamaged, StorageUnavailable and what the feed raises.
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
    records: list[Record] = []
    async for page in pages(read, 0, facts.last_seq, limits.page_records):
        records.extend(decode_record(stored.raw) for stored in page)
    moment = _moment(session, records, at)
    made = [record for record in records if record.ts <= moment]
    feed = await open_to_run_again(gateway, session.config, facts.attached_raw)
    rows = RowReader(feed, limits.block_rows, lambda: None)
    try:
        engine = fresh_engine(session, make_engine, attach_to(feed), facts.attached_raw)
        replay = Replay(
            session.id,
            engine,
            rows,
            read,
            after_seq=engine.last_seq,
            last_seq=len(made),
            slice_rows=_SLICE_ROWS,
            page_records=limits.page_records,
            tells_strategy=session.config.strategy is not None,
        )
        inputs = [entry for entry in facts.inputs if entry.seq <= len(made)]
        first, last = engine.cursor.row, session.cursor.row
        until = Cursor(row=await _rows_until(rows, moment, first, last), ts=moment)
        await replay.run(inputs, until)
        standing = msgspec.structs.replace(engine.standing(), ts=moment)
        return explain(session.id, standing, made)
    finally:
        await rows.close()


def _moment(session: PaperTradingSession, records: Sequence[Record], at: int | None) -> int:
    started = next((r.ts for r in records if isinstance(r, SessionStarted)), None)
    if started is None:
        raise NotComparable(
            f"session {session.id} never ran: there is no moment to explain", what="data"
        )
    if at is None:
        stopping = next((r.ts for r in records if isinstance(r, SessionStopping)), None)
        return session.cursor.ts if stopping is None else max(stopping - 1, started)
    if not started <= at <= session.cursor.ts:
        raise InvalidInput(
            f"{iso(at)} is outside the session, which ran from {iso(started)} to "
            f"{iso(session.cursor.ts)}",
            field="at",
        )
    return at


async def _rows_until(rows: RowReader, ts: int, first: int, most: int) -> int:
    """Where, from row ``first`` on, the rows of a market end that come at or before ``ts``; at
    most ``most``."""
    row = first
    while row < most:
        block = await rows.at(row)
        if block is None:
            break
        if int(block.ts[-1]) > ts:
            row += int(np.searchsorted(block.ts, ts, side="right"))
            break
        row += len(block)
    return min(row, most)
