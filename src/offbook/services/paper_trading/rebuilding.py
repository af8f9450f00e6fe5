"""Making an engine that stands where a session's journal ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from offbook.domain.errors import (
    EngineFault,
    InvalidStrategy,
    JournalDamaged,
    JournalMismatch,
    NotComparable,
    OffbookError,
    SnapshotDamaged,
)
from offbook.domain.journal import Snapshot
from offbook.domain.market_info import MarketInfo
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
from offbook.services.paper_trading.messages import LoadedSnapshot
from offbook.services.paper_trading.replaying import Replay
from offbook.services.paper_trading.row_reader import SessionRows
from offbook.services.paper_trading.snapshotting import unpacked
from offbook.services.paper_trading.watchdog import Watch

if TYPE_CHECKING:
    from offbook.engine.processing_engine import ProcessingEngine

MOST_KEPT: Final = 10_000
"""Records of a journal's tail that are read once for both looks at it; further ones twice."""

SLICE_ROWS: Final = 4096
"""Rows that are run again in one call, between which others have their turns."""

EngineFactory = Callable[[PaperTradingSession], "ProcessingEngine"]
LoadState = Callable[[int], Awaitable[LoadedSnapshot]]
"""``(at_most_seq)`` to the newest snapshot that fits; raises SnapshotDamaged for that one."""

_log = structlog.get_logger(__name__)


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
            raise _other_market(old.market, new.market)
        if (old.strategy_name, old.strategy_source) != (new.strategy_name, new.strategy_source):
            what = "strategy"
    raise NotComparable(f"the session's {what} is not what it was when it began", what=what)


def _other_rules(wrote: int, runs: int) -> str:
    return (
        f"the session was written by an engine of semantics {wrote}, and this one has semantics "
        f"{runs}: the same inputs may give other records now. What it recorded is whole and can be "
        "read (show, report, journal); verify it, or carry it on, with the version of offbook that "
        "wrote it, in a copy of the store from before a newer one wrote to it, or start it again "
        "as a new session"
    )


def compare_market(stored: bytes, attach: Attach) -> None:
    """Raise NotComparable where a first record is of another market than this."""
    record = decode_record(stored)
    if not isinstance(record, SessionAttached):
        raise NotComparable("the session's data is not what it was when it began", what="data")
    if record.market != attach.market:
        raise _other_market(record.market, attach.market)


def _other_market(old: MarketInfo, new: MarketInfo) -> NotComparable:
    """Which of rows and trading hours are not what they were."""
    if old.calendar_identity == new.calendar_identity:
        return NotComparable("the session's data is not what it was when it began", what="data")
    # The rows may follow from the hours: those of a synthetic market do, and bars of a day.
    rows = "" if old.data_identity == new.data_identity else ", and with them its data,"
    return NotComparable(
        f"the session's trading hours{rows} are not what they were when it began: another release "
        "of offbook, or of exchange_calendars, has other hours for its calendar. Use the one that "
        "it began with, or start it again as a new session",
        what="data",
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
    """Verify a session's journal. Raises JournalDamaged; SnapshotDamaged for a snapshot of another
    chain, where the journal itself is whole."""
    facts = await survey(
        session.id,
        read,
        last_seq=session.last_seq,
        chain_head=session.chain_head,
        page_records=page_records,
        heads_at=frozenset() if snapshot is None else frozenset({snapshot.seq}),
    )
    if snapshot is not None and facts.heads.get(snapshot.seq) != snapshot.head:
        raise damaged(session, snapshot, "it is of another chain")
    return facts


class Standing(NamedTuple):
    """An engine where its session's journal ends, the chain's head there, and the snapshots that
    were of no use on the way, newest first."""

    engine: ProcessingEngine
    head: bytes
    unusable: tuple[SnapshotDamaged, ...] = ()


async def rebuild(
    session: PaperTradingSession,
    make_engine: EngineFactory,
    attach: Attach,
    rows: SessionRows,
    read: ReadPage,
    load: LoadState,
    *,
    page_records: int,
    watch: Watch | None = None,
) -> Standing:
    """An engine at the session's committed cursor, every record on the way compared.

    Taken over where somebody else has brought it there; else from the newest snapshot that is
    sound, else from row 0.  Raises JournalDamaged, JournalMismatch, NotComparable, and what feed
    and store raise.
    """
    shelf = _Shelf(session, load)
    made, attached = await shelf.newest()
    if attached and made is not None:
        try:
            engine = taken_over(session, make_engine, attach, made, attached)
            return Standing(engine, made.head)
        except Exception as error:
            # Whatever is wrong with what another process made is not the session's fault.
            _log.warning("not_taken_over", session_id=session.id, error=_told(error))
            made, _ = await shelf.newest()
    again = _Again(session, make_engine, attach, rows, read, page_records, watch)
    snapshot = made
    while True:
        try:
            engine, head = await again.run(snapshot)
            return Standing(engine, head, tuple(shelf.unusable))
        except SnapshotDamaged as error:
            assert snapshot is not None
            snapshot = await shelf.before(snapshot, error)


class _Shelf:
    """The snapshots of a session, and those among them that are of no use."""

    def __init__(self, session: PaperTradingSession, load: LoadState) -> None:
        self._session = session
        self._load = load
        self.unusable: list[SnapshotDamaged] = []

    async def newest(self) -> tuple[Snapshot | None, bytes]:
        """The newest, and the first record where it was made for this rebuilding."""
        return await self._at_most(self._session.last_seq)

    async def before(self, snapshot: Snapshot, error: SnapshotDamaged) -> Snapshot | None:
        """The one before one that is damaged."""
        self._put_away(error)
        return (await self._at_most(snapshot.seq - 1))[0]

    async def _at_most(self, seq: int) -> tuple[Snapshot | None, bytes]:
        why: object
        try:
            loaded = await self._load(seq)
        except SnapshotDamaged as error:
            self._put_away(error)
            return await self._at_most(min(int(str(error.fields["seq"])), seq) - 1)
        except JournalDamaged as error:
            why = error
        else:
            found = loaded.snapshot
            if found is None or loaded.attached or found.seq <= seq:
                return found, loaded.attached
            why = f"it says that it is of record {found.seq}"
        # This store does not tell which one it is: so from the start.
        what = f"session {self._session.id}: a snapshot is of no use: {why}"
        self._put_away(SnapshotDamaged(what, session_id=self._session.id, seq=seq))
        return None, b""

    def _put_away(self, error: SnapshotDamaged) -> None:
        _log.warning("snapshot_damaged", session_id=self._session.id, error=str(error))
        self.unusable.append(error)


class _Again(NamedTuple):
    """Runs a session's journal again, from a snapshot or from the start."""

    session: PaperTradingSession
    make_engine: EngineFactory
    attach: Attach
    rows: SessionRows
    read: ReadPage
    page_records: int
    watch: Watch | None

    async def run(self, snapshot: Snapshot | None) -> tuple[ProcessingEngine, bytes]:
        """The engine at the journal's end, and the chain's head there.

        Raises SnapshotDamaged where it might be the snapshot that is wrong.
        """
        session = self.session
        read = KeptTail(self.read, 0 if snapshot is None else snapshot.seq, MOST_KEPT).read
        facts = await survey_session(
            session, read, page_records=self.page_records, snapshot=snapshot
        )
        engine = fresh_engine(session, self.make_engine, self.attach, facts.attached_raw)
        if snapshot is not None and snapshot.seq > engine.last_seq:
            engine = make_one(self.make_engine, session)
            restore(session, engine, self.attach, snapshot)
        replay = Replay(
            session.id,
            engine,
            self.rows,
            read,
            after_seq=engine.last_seq,
            last_seq=facts.last_seq,
            slice_rows=SLICE_ROWS,
            page_records=self.page_records,
            tells_strategy=session.config.strategy is not None,
            watch=self.watch,
        )
        try:
            await replay.run(facts.inputs, session.cursor)
            check_end(session, engine)
        except Exception as error:
            if snapshot is None or not _may_be_the_snapshot(error):
                raise
            # From further back it will be seen whose fault that is.
            raise damaged(session, snapshot, _told(error)) from error
        return engine, facts.head


def taken_over(
    session: PaperTradingSession,
    make_engine: EngineFactory,
    attach: Attach,
    end: Snapshot,
    attached: bytes,
) -> ProcessingEngine:
    """An engine that stands where another process has brought the session.

    Raises NotComparable where engine, data or strategy are not those of the journal here;
    InvalidStrategy and SnapshotDamaged where the state cannot be taken in; JournalMismatch where it
    is of another place.
    """
    if session.config.strategy is not None:
        fresh_engine(session, make_engine, attach, attached)
    else:
        # It was the same program: only the data may be others, if somebody changed them meanwhile.
        compare_market(attached, attach)
    engine = make_one(make_engine, session)
    restore(session, engine, attach, end)
    check_end(session, engine)
    if end.head.hex() != session.chain_head:
        raise damaged(session, end, "it is of another chain")
    return engine


def restore(
    session: PaperTradingSession, engine: ProcessingEngine, attach: Attach, snapshot: Snapshot
) -> None:
    """Bring a fresh engine to a snapshot. Raises SnapshotDamaged, and InvalidStrategy for a
    strategy that does not take its memory back."""
    try:
        engine.restore(attach, unpacked(snapshot.state))
    except InvalidStrategy:
        raise
    except Exception as error:
        # What was written wrongly may be wrong in any way.
        raise damaged(session, snapshot, _told(error)) from error
    if engine.last_seq != snapshot.seq:
        raise damaged(session, snapshot, f"it holds record {engine.last_seq}")


def damaged(session: PaperTradingSession, snapshot: Snapshot, why: str) -> SnapshotDamaged:
    """That a snapshot is of no use, and why."""
    return SnapshotDamaged(
        f"session {session.id}: the snapshot at record {snapshot.seq} is of no use: {why}",
        session_id=session.id,
        seq=snapshot.seq,
    )


def _may_be_the_snapshot(error: Exception) -> bool:
    """Whether what went wrong may come of an engine that did not stand where it was to stand;
    what feed and store raise does not."""
    return isinstance(error, (JournalMismatch, EngineFault)) or not isinstance(error, OffbookError)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def check_end(session: PaperTradingSession, engine: ProcessingEngine) -> None:
    """Raise JournalMismatch unless the engine stands where the session is stored to stand."""
    if engine.last_seq != session.last_seq or engine.cursor != session.cursor:
        raise JournalMismatch(
            f"session {session.id}: rebuilt up to {engine.cursor} and record {engine.last_seq}, "
            f"stored are {session.cursor} and record {session.last_seq}",
            session_id=session.id,
            seq=engine.last_seq,
            expected=None,
            found=None,
        )
