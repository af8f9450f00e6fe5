"""The only place where parts are joined: stores, gateways, strategies and the manager.

::

    async with open_manager() as manager:
        session = await manager.start_session(config)
        session = await manager.wait(session.id)
"""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Collection,
    Iterable,
    Sequence,
)
from contextlib import aclosing, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from offbook.bootstrap.engines import EngineFactory as EngineFactory
from offbook.bootstrap.engines import engine_factory as engine_factory
from offbook.bootstrap.engines import load_engine as load_engine
from offbook.bootstrap.gateways import make_gateway as make_gateway
from offbook.config.settings import data_directory
from offbook.domain.errors import (
    InvalidConfig,
    InvalidInput,
    InvalidStrategy,
    SessionNotFound,
    StorageUnavailable,
)
from offbook.domain.session import PaperTradingSession
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.paper_trading.sync_manager import SyncPaperTradingSessionManager
from offbook.services.paper_trading.verification import ReplayOutcome, Verification, verify
from offbook.services.paper_trading.watchdog import StuckCallback

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from offbook.adapters.persistence.sqlite_repository import SqliteRepository
    from offbook.adapters.persistence.stores import ListedSession, UnionListing
    from offbook.adapters.strategy_finder import FoundStrategies
    from offbook.domain.journal import StoredRecord
    from offbook.services.explaining.gates import Explanation
    from offbook.services.reporting.full_report import FullReport
    from offbook.services.reporting.lines import EquitySection
    from offbook.services.reporting.listing import Listing

SHIPPED: Final = "offbook.strategies"
"""The package of the strategies that ship."""

LAST: Final = "last"
"""Stands for the id of the session that was created last."""
_SHOWN: Final = 5
"""So many sessions are named where several are meant, the newest."""


def make_manager(
    repository: IPaperTradingSessionRepository,
    *,
    make_engine: EngineFactory | None = None,
    on_stuck: Callable[[StuckCallback], None] | None = None,
    recovery_jobs: int | None = None,
) -> PaperTradingSessionManager:
    """A manager over a repository, which stays the caller's to close.

    ``make_engine`` makes engines in another way than by the strategies that sessions name.
    ``recovery_jobs``: how many processes take sessions up, 1 for this one alone; None for as many
    as there are cores, where there is enough to do.  Only sessions of a store on disk are given to
    others, and none with ``make_engine``.  Raises InvalidInput for jobs that are no number above
    zero.
    """
    from offbook.bootstrap.recovery import crew_for

    crew = None if make_engine is not None else crew_for(repository, recovery_jobs)
    return PaperTradingSessionManager(
        make_gateway(),
        make_engine or load_engine,
        repository,
        on_stuck=on_stuck,
        recovery_crew=crew,
    )


@asynccontextmanager
async def open_manager(
    data_dir: Path | str | None = None,
    *,
    in_memory: bool = False,
    recovery_jobs: int | None = None,
) -> AsyncIterator[PaperTradingSessionManager]:
    """A manager over the store under ``data_dir`` (default: ``OFFBOOK_DATA_DIR``, else the
    platform's place), or over one in memory that is gone at the end.

    While another process owns the default store, the sessions go to one of their own under
    ``stores/``.  ``recovery_jobs`` is that of ``make_manager``.  Raises StorageUnavailable.
    """
    if in_memory:
        from offbook.testing.memory_repository import InMemoryRepository

        async with make_manager(InMemoryRepository(), recovery_jobs=1) as manager:
            yield manager
        return
    directory = data_directory(None if data_dir is None else Path(data_dir))
    async with (
        open_store(directory) as repository,
        make_manager(repository, recovery_jobs=recovery_jobs) as manager,
    ):
        yield manager


def open_sync_manager(
    data_dir: Path | str | None = None,
    *,
    in_memory: bool = False,
    recovery_jobs: int | None = None,
) -> SyncPaperTradingSessionManager:
    """The same for scripts and notebooks without asyncio::

    with open_sync_manager() as manager:
        session = manager.start_session(config)
    """
    return SyncPaperTradingSessionManager.over(
        lambda: open_manager(data_dir, in_memory=in_memory, recovery_jobs=recovery_jobs)
    )


@asynccontextmanager
async def open_store(
    data_dir: Path, *, exact: Path | None = None
) -> AsyncIterator[SqliteRepository]:
    """The default store for writing, or another one where a process has that; with ``exact`` the
    store in that directory and no other.

    Raises StoreOwned (for ``exact`` alone), StorageUnavailable.
    """
    from offbook.adapters.persistence.stores import open_exact, open_for_writing

    repository = open_for_writing(data_dir) if exact is None else open_exact(exact)
    try:
        yield repository
    finally:
        await repository.close()


@asynccontextmanager
async def read_store(store: Path) -> AsyncIterator[IPaperTradingSessionRepository]:
    """A store for reading, also while another process writes it. Raises StorageUnavailable."""
    from offbook.adapters.persistence.sqlite_repository import ReadOnlySqliteRepository

    repository = ReadOnlySqliteRepository.open(store)
    try:
        yield repository
    finally:
        await repository.close()


def new_session_id() -> str:
    """An id for a session that is to be started.

    A session started with an id of its own and a fixed command id has the same chain whenever it
    is run: the command id is an input and stands in the chain, the session's id does not.
    """
    from offbook.adapters.ids import Uuid7Source

    return Uuid7Source().session_id()


def store_owners(data_dir: Path) -> list[tuple[Path, str | None]]:
    """Every store under a data directory, and which process has it open for writing, if any.

    Raises StorageUnavailable.
    """
    from offbook.adapters.persistence.locks import holder_of
    from offbook.adapters.persistence.stores import store_paths

    return [(path, holder_of(path)) for path in store_paths(data_dir)]


def check_store(store: Path) -> None:
    """Read a store's whole database. Blocks for the disk. Raises StorageUnavailable."""
    from offbook.adapters.persistence import stores

    stores.check_store(store)


async def list_stored(data_dir: Path) -> UnionListing:
    """The sessions of all stores under a data directory, oldest first; nothing is changed."""
    from offbook.adapters.persistence.stores import list_union

    return await list_union(data_dir)


async def find_stored(data_dir: Path, reference: str) -> ListedSession:
    """One session by its id, the beginning of its id that no other has, its name, or ``last``.

    Raises SessionNotFound; StorageUnavailable when it may be in a store that cannot be read;
    InvalidInput when several ids begin so, or several have the name, or nothing is named.
    """
    if not reference:
        raise InvalidInput("name a session: an id, the beginning of one, a session's name, or last")
    listing = await list_stored(data_dir)
    if reference == LAST and listing.sessions and not listing.unreadable:
        return listing.sessions[-1]
    wanted = reference.lower()
    found = [listed for listed in listing.sessions if listed.session.id.startswith(wanted)]
    exact = [listed for listed in found if listed.session.id == wanted]
    named = [listed for listed in listing.sessions if listed.session.config.name == reference]
    for chosen in (exact, named, found):
        if len(chosen) == 1:
            return chosen[0]
    if named or found:
        several = named or found
        ids = ", ".join(listed.session.id for listed in several[-_SHOWN:])
        more = f", and {len(several) - _SHOWN:,} more" if len(several) > _SHOWN else ""
        what = "the name" if named else "the beginning"
        advice = "name one of them by its id" if named else "write more of an id"
        raise InvalidInput(f"{reference} is {what} of {ids}{more}: {advice}")
    if listing.unreadable:
        raise _perhaps_unreadable(listing, reference)
    raise SessionNotFound(f"there is no session {reference} under {data_dir}", session_id=reference)


def _perhaps_unreadable(listing: UnionListing, reference: str) -> StorageUnavailable:
    """That a session is not in any store that can be read says nothing about the others."""
    told = "; ".join(f"{path}: {why}" for path, why in listing.unreadable)
    what = "which session is the last" if reference == LAST else f"where session {reference} is"
    return StorageUnavailable(
        f"it cannot be told {what}, because a store could not be read: {told}",
        session_id=reference,
        stores=[str(path) for path, _ in listing.unreadable],
    )


async def listing_stored(session: PaperTradingSession, store: Path) -> Listing:
    """The orders, fills and positions of a stored session; see ``read_listing``."""
    from offbook.services.reporting.listing import read_listing

    async with read_store(store) as repository:
        return await read_listing(await repository.get(session.id), repository)


async def journal_stored(
    session: PaperTradingSession, store: Path, after_seq: int = 0
) -> AsyncGenerator[Sequence[StoredRecord], None]:
    """The committed records of a stored session, page by page; see ``read_pages``."""
    from offbook.services.reporting.listing import read_pages

    async with read_store(store) as repository:
        pages = read_pages(await repository.get(session.id), repository, after_seq)
        async with aclosing(pages):
            async for page in pages:
                yield page


async def export_stored(
    session: PaperTradingSession, store: Path, *, to: Path, form: str, names: Collection[str]
) -> tuple[list[Path], tuple[str, ...]]:
    """Write the named tables of a session; all paths written, and what could not be told.

    See ``write_export``.  Raises InvalidInput, OSError.
    """
    from offbook.adapters.reports.export import write_export
    from offbook.services.reporting.full_report import read_full_report
    from offbook.services.reporting.listing import read_listing, read_pages

    async with read_store(store) as repository:
        session = await repository.get(session.id)
        listing = await read_listing(session, repository)
        journal: list[StoredRecord] = []
        if "journal" in names:
            async for page in read_pages(session, repository):
                journal.extend(page)
        equity: EquitySection | None = None
        notes: tuple[str, ...] = ()
        if "equity" in names:
            report = await read_full_report(session, repository, make_gateway(store))
            equity, notes = report.equity, report.notes
    return write_export(listing, journal, equity, to=to, form=form, names=names), notes


def find_strategies(place: str | None = None) -> FoundStrategies:
    """The strategies that ship, or those of a file, a folder or a module.

    Raises InvalidStrategy for a place that is not there.
    """
    from offbook.adapters.strategy_finder import find, find_in_package

    return find_in_package(SHIPPED) if place is None else find(place)


async def verify_stored(session: PaperTradingSession, store: Path) -> Verification:
    """Run a stored session again from its first row and compare every byte; see ``verify``.

    A strategy or a recording that is gone makes it NOT_COMPARABLE.
    """
    async with read_store(store) as repository:
        try:
            return await verify(session, make_gateway(store), load_engine, repository, Limits())
        except (InvalidStrategy, InvalidConfig) as error:
            what = "strategy" if isinstance(error, InvalidStrategy) else "data"
            return Verification(
                session_id=session.id,
                outcome=ReplayOutcome.NOT_COMPARABLE,
                what=what,
                detail=str(error),
            )


async def explain_stored(
    session: PaperTradingSession, store: Path, at: int | None = None
) -> Explanation:
    """Why a stored session had no fill at a moment (ns UTC, or None for its last); see ``why``."""
    from offbook.services.explaining.why import why

    async with read_store(store) as repository:
        return await why(session, make_gateway(store), load_engine, repository, Limits(), at=at)


async def report_stored(session: PaperTradingSession, store: Path) -> FullReport:
    """The full report of a stored session, its market read again; see ``read_full_report``."""
    from offbook.services.reporting.full_report import read_full_report

    async with read_store(store) as repository:
        return await read_full_report(session, repository, make_gateway(store))


class ReportColumns(NamedTuple):
    """A table of a report in columns: decimal text as Decimals, ratios as floats, times as ints of
    ns UTC and once more as ISO 8601 text; ``times`` maps columns of text to those of ns."""

    name: str
    columns: dict[str, list[str | int | float | Decimal | None]]
    times: dict[str, str]

    @property
    def height(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.columns.values()), ()))


def report_columns(report: FullReport) -> list[ReportColumns]:
    """The tables of a report: ``fills``, ``orders``, ``flows``, ``round_trips``, ``instruments``
    and ``equity``."""
    from offbook.adapters.reports.tables import ColumnKind, columns_of, tables

    found = []
    for table in tables(report):
        columns = columns_of(table)
        names = [column.name for column in table.columns]
        times = {
            column.name: names[place - 1]  # which the text stands beside
            for place, column in enumerate(table.columns)
            if column.kind is ColumnKind.TIME
        }
        found.append(ReportColumns(table.name, columns, times))
    return found


def draw_report(report: FullReport) -> Figure:
    """A report as a matplotlib figure. Raises ExtraNotInstalled, and InvalidInput for a report
    without equity over time."""
    from offbook.adapters.reports.picture import draw

    return draw(report)


def write_report(report: FullReport, directory: Path, formats: Collection[str]) -> list[Path]:
    """Write a report into a directory: ``json``, ``csv``, ``parquet``, ``png``; all paths written.

    Raises InvalidInput for another format, and for a picture of a report without equity;
    ExtraNotInstalled for a picture without matplotlib; OSError.
    """
    from offbook.adapters.reports.files import write_csv, write_json, write_parquet
    from offbook.adapters.reports.picture import write_png

    writers: dict[str, Callable[[], Iterable[Path]]] = {
        "json": lambda: [write_json(report, directory / "report.json")],
        "csv": lambda: write_csv(report, directory),
        "parquet": lambda: write_parquet(report, directory),
        "png": lambda: [write_png(report, directory / "report.png")],
    }
    unknown = sorted(set(formats) - set(writers))
    if unknown:
        raise InvalidInput(f"no report is written as {unknown[0]}: choose {', '.join(writers)}")
    return [path for name in formats for path in writers[name]()]
