"""Making an engine that stands where a session's journal ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from offbook.domain.errors import (
    InvalidStrategy,
    JournalDamaged,
    JournalMismatch,
    NotComparable,
    OffbookError,
)
from offbook.domain.journal import Snapshot
from offbook.domain.records import SessionAttached, decode_record, encode_record
from offbook.domain.session import PaperTradingSession
from offbook.engine.inputs import Attach
from offbook.engine.strategy.interruption import is_from_a_signal
from offbook.services.paper_trading.journal_reader import (
    JournalFacts,
    KeptTail,
    ReadPage,
    survey,
)
from offbook.services.paper_trading.replaying import Replay
from offbook.services.paper_trading.row_reader import SessionRows
from offbook.services.paper_trading.snapshotting import unpacked
from offbook.services.paper_trading.watchdog import Watch

if TYPE_CHECKING:
    from offbook.engine.processing_engine import ProcessingEngine

MOST_KEPT: Final = 10_000
"""Records of a journal's tail that are read once for both looks at it; further ones twice."""

EngineFactory = Callable[[PaperTradingSession], "ProcessingEngine"]


def make_one(make_engine: EngineFactory, session: PaperTradingSession) -> ProcessingEngine:
    """A new engine. Whatever its strategy's constructor raises is trouble of the session:
    InvalidStrategy, unless it says better itself."""
    try:
        return make_engine(session)
    except OffbookError:
        raise
    except BaseException as error:
        if is_from_a_signal(error):
            raise
        raise InvalidStrategy(
            f"making the strategy raised {type(error).__name__}: {error}"
        ) from error


def compare_attached(stored: bytes, found: bytes) -> None:
    """Raise NotComparable where two first records differ, saying in what."""
    if stored == found:
        return
    old, new = decode_record(stored), decode_record(found)
    what = "engine"
    if isinstance(old, SessionAttached) and isinstance(new, SessionAttached):
        if old.semantics != new.semantics:
            raise NotComparable(_other_rules(old.semantics, new.semantics), what=what)
        if old.market != new.market:
            what = "data"
        elif (old.strategy_name, old.strategy_source) != (new.strategy_name, new.strategy_source):
            what = "strategy"
    raise NotComparable(f"the session's {what} is not what it was when it began", what=what)


def _other_rules(wrote: int, runs: int) -> str:
    return (
        f"the session was written by an engine of semantics {wrote}, and this one has semantics "
        f"{runs}: the same inputs may give other records now. What it recorded is whole and can be "
        "read (show, report, journal); verify it, or carry it on, with the version of offbook that "
        "wrote it, or start it again as a new session"
    )


def fresh_engine(
    session: PaperTradingSession, make_engine: EngineFactory, attach: Attach, stored: bytes
) -> ProcessingEngine:
    """A new engine, attached, after a look at whether it can continue the journal at all.

    Raises NotComparable.
    """
    engine = make_one(make_engine, session)
    records = engine.process([attach])
    if stored:
        if not records:
            raise NotComparable("the engine no longer begins with SessionAttached", what="engine")
        compare_attached(stored, encode_record(records[0]))
    return engine


async def survey_session(
    session: PaperTradingSession,
    read: ReadPage,
    *,
    page_records: int,
    snapshot: Snapshot | None = None,
) -> JournalFacts:
    """Verify a session's journal. Raises JournalDamaged, also for a snapshot of another chain."""
    facts = await survey(
        session.id,
        read,
        last_seq=session.last_seq,
        chain_head=session.chain_head,
        page_records=page_records,
        heads_at=frozenset() if snapshot is None else frozenset({snapshot.seq}),
    )
    if snapshot is not None and facts.heads.get(snapshot.seq) != snapshot.head:
        raise JournalDamaged(
            f"session {session.id}: the snapshot at record {snapshot.seq} is of another chain",
            session_id=session.id,
            seq=snapshot.seq,
        )
    return facts


async def rebuild(
    session: PaperTradingSession,
    make_engine: EngineFactory,
    attach: Attach,
    rows: SessionRows,
    read: ReadPage,
    snapshot: Snapshot | None,
    *,
    page_records: int,
    slice_rows: int,
    watch: Watch | None = None,
) -> tuple[ProcessingEngine, JournalFacts]:
    """An engine at the session's committed cursor, every record on the way compared.

    From the snapshot if there is one, else from row 0.  Raises JournalDamaged, JournalMismatch,
    NotComparable, and what feed and store raise.
    """
    read = KeptTail(read, 0 if snapshot is None else snapshot.seq, MOST_KEPT).read
    facts = await survey_session(session, read, page_records=page_records, snapshot=snapshot)
    engine = fresh_engine(session, make_engine, attach, facts.attached_raw)
    after_seq = engine.last_seq
    if snapshot is not None and snapshot.seq > after_seq:
        engine = make_one(make_engine, session)
        engine.restore(attach, unpacked(snapshot.state))
        after_seq = snapshot.seq
    replay = Replay(
        session.id,
        engine,
        rows,
        read,
        after_seq=after_seq,
        last_seq=facts.last_seq,
        slice_rows=slice_rows,
        page_records=page_records,
        tells_strategy=session.config.strategy is not None,
        watch=watch,
    )
    await replay.run(facts.inputs, session.cursor)
    if engine.last_seq != facts.last_seq or engine.cursor != session.cursor:
        raise JournalMismatch(
            f"session {session.id}: rebuilt up to {engine.cursor} and record {engine.last_seq}, "
            f"stored are {session.cursor} and record {facts.last_seq}",
            session_id=session.id,
            seq=engine.last_seq,
            expected=None,
            found=None,
        )
    return engine, facts
