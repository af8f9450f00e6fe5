"""The processes that help to take sessions up, and what runs inside of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from offbook.adapters.clock import SystemClock
from offbook.adapters.strategy_loader import load_strategy
from offbook.bootstrap import read_store
from offbook.bootstrap.engines import load_engine
from offbook.bootstrap.gateways import make_remembering_gateway
from offbook.domain.session import PaperTradingSession
from offbook.engine.strategy.host import keeps_memory
from offbook.ports.gateway import IBrokerGateway
from offbook.ports.recovery import EndState, IRebuilder, IRecoveryCrew, TellStuck
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.paper_trading.door import check_whole
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.rebuilding import EngineFactory
from offbook.services.paper_trading.rebuilding_apart import rebuild_apart
from offbook.services.paper_trading.watchdog import StuckCallback, Watchdog

if TYPE_CHECKING:
    from offbook.adapters.recovery.serving import RebuildOne, Say
    from offbook.adapters.workers.process import PipeEnd


class _LateCrew:
    """An ``IRecoveryCrew`` that is loaded once a recovery calls it: most managers do without."""

    def __init__(self, store: Path, jobs: int | None) -> None:
        self._store = store
        self._jobs = jobs

    def at_work(
        self, sessions: Sequence[PaperTradingSession], on_stuck: TellStuck
    ) -> AbstractAsyncContextManager[IRebuilder | None]:
        """See ``IRecoveryCrew``."""
        from offbook.adapters.recovery.crew import RecoveryCrew

        crew = RecoveryCrew(serve_recovery, (str(self._store),), self._jobs)
        return crew.at_work(sessions, on_stuck)


def crew_for(repository: IPaperTradingSessionRepository, jobs: int | None) -> IRecoveryCrew | None:
    """The processes that may help with a repository's sessions; None where none can, or are to.

    Raises InvalidInput for ``jobs`` that are no number above zero.
    """
    if jobs is not None:
        check_whole("recovery_jobs", jobs, least=1)
    if jobs == 1:
        return None
    from offbook.adapters.persistence.sqlite_repository import SqliteRepository

    return _LateCrew(repository.store, jobs) if isinstance(repository, SqliteRepository) else None


def serve_recovery(connection: PipeEnd, store: str) -> None:
    """What a worker process runs: sessions of a store that another process owns, which it reads."""
    from offbook.adapters.brokers.recorded import with_recordings
    from offbook.adapters.recovery.serving import serve

    place = Path(store)

    @asynccontextmanager
    async def open_rebuilder(say: Say) -> AsyncIterator[RebuildOne]:
        gateway = make_remembering_gateway()
        try:
            async with rebuilder(
                place, with_recordings(gateway, place), load_engine, say
            ) as rebuild:
                yield rebuild
        finally:
            await gateway.close()

    serve(connection, open_rebuilder)


@asynccontextmanager
async def rebuilder(
    store: Path, gateway: IBrokerGateway, make_engine: EngineFactory, say: Say
) -> AsyncIterator[RebuildOne]:
    """Rebuilds sessions of a store with any gateway and engines; ``say`` is told of callbacks that
    do not return."""
    from offbook.adapters.recovery.messages import Stuck

    limits = Limits()

    def stuck(found: StuckCallback) -> None:
        say(Stuck(found.session_id, found.seconds, found.stack))

    dog = Watchdog(
        stuck_seconds=limits.stuck_seconds, monotonic=SystemClock().monotonic, on_stuck=stuck
    )
    async with read_store(store) as repository:

        async def rebuild(session: PaperTradingSession) -> EndState | None:
            spec = session.config.strategy
            if spec is not None and not keeps_memory(load_strategy(spec.ref).strategy):
                return None
            try:
                watch = dog.watch(session.id)
                return await rebuild_apart(session, gateway, make_engine, repository, limits, watch)
            finally:
                dog.forget(session.id)

        yield rebuild
