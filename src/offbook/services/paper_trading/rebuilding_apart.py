"""A session rebuilt by one process for another, and the host that fetches it."""

from __future__ import annotations

from collections.abc import Sequence

from offbook.domain.journal import Snapshot, StoredRecord
from offbook.domain.session import PaperTradingSession
from offbook.ports.gateway import IBrokerGateway
from offbook.ports.recovery import EndState, IRebuilder
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.paper_trading.journal_reader import KeptTail
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.messages import LoadedSnapshot, LoadSnapshot
from offbook.services.paper_trading.opening import attach_to, open_to_run_again
from offbook.services.paper_trading.passing_host import PassingHost
from offbook.services.paper_trading.rebuilding import MOST_KEPT, EngineFactory, rebuild
from offbook.services.paper_trading.row_reader import RowReader
from offbook.services.paper_trading.session_host import SessionHost
from offbook.services.paper_trading.watchdog import Watch


async def rebuild_apart(
    session: PaperTradingSession,
    gateway: IBrokerGateway,
    make_engine: EngineFactory,
    repository: IPaperTradingSessionRepository,
    limits: Limits,
    watch: Watch | None = None,
) -> EndState | None:
    """Rebuild a session from what is stored, to hand it over; nothing is written.

    None for a strategy whose memory cannot be saved, and where a snapshot is damaged, which whoever
    owns the session is to find.  Raises as ``rebuild`` does, and what opening its market raises.
    """

    async def stored(after_seq: int, limit: int) -> Sequence[StoredRecord]:
        return await repository.read_journal(session.id, after_seq=after_seq, limit=limit)

    # Read in few long pages, for here nobody else waits for a turn; the first is asked for twice.
    read = KeptTail(stored, 0, MOST_KEPT).read

    async def load(at_most_seq: int) -> LoadedSnapshot:
        found = await repository.latest_snapshot(session.id, at_most_seq=at_most_seq)
        return LoadedSnapshot(snapshot=found)

    first = await read(0, MOST_KEPT)
    attached = first[0].raw if first else b""
    feed = await open_to_run_again(gateway, session.config, attached)
    rows = RowReader(feed, limits.block_rows, lambda: None)
    try:
        engine, head, unusable = await rebuild(
            session,
            make_engine,
            attach_to(feed),
            rows,
            read,
            load,
            page_records=MOST_KEPT,
            watch=watch,
        )
    finally:
        await rows.close()
    state = None if unusable else engine.snapshot()
    if state is None:
        return None
    end = Snapshot(seq=engine.last_seq, cursor=engine.cursor, head=head, state=state)
    return EndState(snapshot=end, attached=attached)


class HelpedHost(PassingHost):
    """A ``RunnerHost`` that has the session rebuilt elsewhere, where that can be.

    It asks for that once: whoever rebuilds a session later does so by himself.
    """

    __slots__ = ("_host", "_rebuilder")

    def __init__(self, host: SessionHost, rebuilder: IRebuilder) -> None:
        super().__init__(host)
        self._host = host
        self._rebuilder: IRebuilder | None = rebuilder

    async def load_snapshot(self, message: LoadSnapshot) -> LoadedSnapshot:
        """The state at the journal's end as another process made it, else the newest snapshot."""
        rebuilder, self._rebuilder = self._rebuilder, None
        if rebuilder is not None:
            self._host.market_is_open = True
            end = await rebuilder.rebuilt(self._host.committed)
            if end is not None:
                return LoadedSnapshot(snapshot=end.snapshot, attached=end.attached)
        return await super().load_snapshot(message)
