"""A sweep's parts joined: its book, its workers, and what runs inside of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from offbook.adapters.strategy_loader import FILE_MODULE, load_strategy
from offbook.adapters.workers.cores import cores as cores
from offbook.bootstrap import ReportColumns, load_engine, make_gateway, open_store, read_store
from offbook.bootstrap.gateways import make_remembering_gateway
from offbook.config.settings import row_cache_directory
from offbook.domain.config import ReplayMarket, SessionConfig, symbols_of
from offbook.domain.errors import (
    ExtraNotInstalled,
    InvalidInput,
    StorageUnavailable,
    StoreOwned,
    SweepConflict,
)
from offbook.domain.market_data import DataKind
from offbook.domain.sweeps import (
    CellResult,
    CellTask,
    SweepIdentity,
    cell_session_id,
    identity_of,
)
from offbook.engine.strategy.strategy import Strategy
from offbook.ports.gateway import FeedExtent
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.paper_trading.opening import open_to_run
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.paper_trading.watchdog import StuckCallback
from offbook.services.reporting.formatting import strategy_name
from offbook.services.sweeping.cells import run_cell
from offbook.services.sweeping.ranking import SweepTable, rank_cells
from offbook.services.sweeping.running import SweepRunner
from offbook.services.sweeping.statistics import CellFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from offbook.adapters.sweeps.book import SqliteSweepBook
    from offbook.adapters.sweeps.messages import Stuck
    from offbook.adapters.sweeps.serving import Say
    from offbook.adapters.workers.process import PipeEnd
    from offbook.config.sweeps import SweepPlan
    from offbook.services.sweeping.heat import HeatMap

SWEEPS: Final = "sweeps"
"""The folder, under the data directory, that holds a folder for each sweep."""

GIVE_UP_SECONDS: Final = 300.0
"""How long a callback may not return after it was told as stuck; some learn from data first."""

_DIGITS: Final = 8
_ROOM: Final = 48
"""Letters of a sweep's name that are kept in a name made of it."""
_LOOKS: Final = 60
_LOOK_SECONDS: Final = 0.2
"""Longer in all than a worker whose parent is gone may take to leave."""


class Surveyed(NamedTuple):
    """What a sweep is made of, and how long its market is (None where that is not known)."""

    identity: SweepIdentity
    extent: FeedExtent | None


async def identify(config: SessionConfig) -> SweepIdentity:
    """What a sweep of sessions like this one is made of; see ``survey``."""
    return (await survey(config)).identity


async def survey(config: SessionConfig) -> Surveyed:
    """What a sweep of sessions like this one is made of; its data are opened for that, and checked.

    Raises InvalidStrategy, and what opening the market raises, to be seen as late as it is to be.
    """
    from offbook.adapters.sweeps.processes import forbid_in_worker

    forbid_in_worker()
    assert config.strategy is not None
    source = load_strategy(config.strategy.ref).source
    feed = await open_to_run(make_gateway(), config)
    try:
        return Surveyed(identity_of(config, source, feed.info.data_identity), feed.extent)
    finally:
        await feed.close()


def reads_anew(config: SessionConfig, surveyed: Surveyed) -> bool:
    """Whether each cell decodes a recording anew whose rows could be kept decoded on disk: it is
    too long to be kept in memory."""
    from offbook.adapters.brokers.remembering import may_fit

    could = all(
        isinstance(source, ReplayMarket) and source.kind is not DataKind.BARS
        for source in config.market.sources
    )
    return could and row_cache_directory() is None and not may_fit(surveyed.extent)


def is_loading(strategy: type[Strategy]) -> bool:
    """Whether a class comes from a file that offbook itself has imported, or is importing."""
    return strategy.__module__.startswith(FILE_MODULE)


def usual_name(config: SessionConfig, identity: SweepIdentity) -> str:
    """The name of a sweep that was given none: another one for another identity."""
    assert config.strategy is not None
    strategy = config.strategy.ref.rpartition(":")[2].lower()
    return f"{strategy[:40]}-{identity.digest[:_DIGITS]}"


def unseen_name(name: str, identity: SweepIdentity) -> str:
    """The name under which the best of a sweep are run on other data: another for others."""
    return f"{name[:_ROOM]}-unseen-{identity.digest[:_DIGITS]}"


class OpenSweep:
    """A sweep whose book this process has open: what is done of it, and the running of the rest."""

    def __init__(
        self, name: str, plan: SweepPlan, identity: SweepIdentity, book: SqliteSweepBook, data: Path
    ) -> None:
        self.name = name
        self.plan = plan
        self._identity = identity
        self._book = book
        self._data = data
        self._results = dict(book.results())
        self.ids = [cell_session_id(name, identity, cell.params) for cell in plan.cells]

    @property
    def log(self) -> Path:
        """The folder of the sweep, which also holds what its workers print."""
        return self._data / SWEEPS / self.name

    @property
    def trials(self) -> int:
        """All cells with a result under this name, of earlier grids too."""
        return sum(1 for result in self._results.values() if result.error is None)

    def table(self, figure: CellFigure | None) -> SweepTable:
        """What is there, ranked by a figure, else by the Sharpe ratio or the return."""
        config = self.plan.base
        assert config.strategy is not None
        title = f"{strategy_name(config.strategy.ref)} on {symbols_of(config.market)}  {self.name}"
        cells = list(zip(self.plan.cells, self.results(), strict=True))
        return rank_cells(self.name, title, self.plan.axes, cells, figure, trials=self.trials)

    def results(self) -> list[CellResult | None]:
        """What is there of each cell of the plan, in its order."""
        return [self._results.get(session_id) for session_id in self.ids]

    async def run(
        self,
        jobs: int,
        *,
        on_result: Callable[[CellResult], None],
        on_stuck: Callable[[str, str], None],
        give_up: float = GIVE_UP_SECONDS,
    ) -> None:
        """Run the cells without a result; ``on_stuck`` is told a session's id and a stack.

        A cell whose callback has not returned ``give_up`` seconds after that fails, its process
        ended.

        Raises as ``SweepRunner.run`` does.  A caller that is cancelled finds the cells under way
        suspended; the next run carries them on.
        """
        from offbook.adapters.sweeps.processes import SpawnedWorker

        tasks = self._tasks()
        if not tasks:
            return
        bound = await self._bound({task.session_id for task in tasks})
        raw = msgspec.json.encode(self._identity)

        def stuck(message: Stuck) -> None:
            on_stuck(message.session_id, message.stack)

        def done(result: CellResult) -> None:
            self._results[result.session_id] = result
            on_result(result)

        def open_worker(number: int) -> SpawnedWorker:
            log = self.log / f"worker-{number}.log"
            stores = str(self._data / "stores" / f"{SWEEPS}-{self.name}")
            arguments = (stores, raw, str(log))
            return SpawnedWorker(serve_cells, arguments, log=log, on_stuck=stuck, give_up=give_up)

        await SweepRunner(self._book, open_worker, done).run(tasks, bound, jobs)

    def _tasks(self) -> list[CellTask]:
        varying = [axis.name for axis in self.plan.axes if len(axis.values) > 1]
        tasks = []
        for cell, session_id in zip(self.plan.cells, self.ids, strict=True):
            if session_id not in self._results:
                told = " ".join(f"{name}={cell.params[name]}" for name in varying)
                config = self.plan.config_of(cell, f"{self.name} {told}".strip())
                tasks.append(CellTask(session_id=session_id, config=config, slot=0))
        return tasks

    async def _bound(self, wanted: Collection[str]) -> Mapping[str, int]:
        """Sessions that are there already, begun or even ended, and the number of their store."""
        found = {}
        for number, store in sweep_stores(self._data, self.name):
            with suppress(StorageUnavailable):  # its worker will tell, when it opens it
                async with read_store(store) as repository:
                    for session in await repository.list():
                        if session.id in wanted:
                            found[session.id] = number
        return found


@contextmanager
def open_sweep(
    name: str, plan: SweepPlan, identity: SweepIdentity, data_dir: Path
) -> Iterator[OpenSweep]:
    """A sweep, its book made or opened.

    Raises SweepConflict for a name that is of something else, StoreOwned while another process runs
    it, StorageUnavailable.
    """
    from offbook.adapters.sweeps.book import SqliteSweepBook

    book = SqliteSweepBook.open(data_dir / SWEEPS / name, name, identity)
    try:
        yield OpenSweep(name, plan, identity, book, data_dir)
    finally:
        book.close()


def sweep_stores(data_dir: Path, name: str) -> list[tuple[int, Path]]:
    """The stores of a sweep's workers, by their numbers."""
    from offbook.adapters.persistence.stores import store_paths

    begin = f"{SWEEPS}-{name}."
    numbers = [
        (path.name.removeprefix(begin), path)
        for path in store_paths(data_dir)
        if path.name.startswith(begin)
    ]
    return sorted((int(number), path) for number, path in numbers if number.isdecimal())


def sweep_of(store: Path) -> str | None:
    """The name of the sweep whose sessions a store holds, if it is a sweep's."""
    name, _, number = store.name.removeprefix(f"{SWEEPS}-").rpartition(".")
    return name if store.name.startswith(f"{SWEEPS}-") and number.isdecimal() else None


def write_cells(table: SweepTable, directory: Path, name: str) -> list[Path]:
    """Write a sweep's table as CSV and Parquet under a name; the paths. Raises OSError."""
    from offbook.adapters.reports.files import write_table
    from offbook.adapters.reports.sweep_table import sweep_table

    rows = sweep_table(table)
    return [write_table(rows, directory / f"{name}.{form}") for form in ("csv", "parquet")]


def write_sweep(
    table: SweepTable, heat: HeatMap | None, directory: Path
) -> tuple[list[Path], tuple[str, ...]]:
    """Write a sweep's table as ``sweep.csv`` and ``sweep.parquet``, and its map as ``sweep.png``;
    all paths written, and what could not be. Raises OSError."""
    from offbook.adapters.reports.heat_picture import write_heat_png
    from offbook.adapters.reports.sweep_table import NAME

    written = write_cells(table, directory, NAME)
    if heat is None:
        return written, ("there is nothing to draw",)
    try:
        written.append(write_heat_png(heat, table.title, directory / f"{NAME}.png"))
    except ExtraNotInstalled as error:
        return written, (f"no picture: {error}",)
    return written, ()


def draw_sweep(table: SweepTable, heat: HeatMap | None) -> Figure:
    """A sweep's map as a matplotlib figure. Raises ExtraNotInstalled, and InvalidInput where
    there is nothing to draw."""
    from offbook.adapters.reports.heat_picture import draw_heat

    if heat is None:
        raise InvalidInput(f"there is nothing to draw: no cell has {table.figure.name}")
    return draw_heat(heat, table.title)


def sweep_columns(table: SweepTable) -> ReportColumns:
    """A sweep's table in columns, as the tables of a report."""
    from offbook.adapters.reports.sweep_table import NAME, sweep_table
    from offbook.adapters.reports.tables import columns_of

    return ReportColumns(NAME, columns_of(sweep_table(table)), {})


# -- inside a worker process ------------------------------------------------------------------


def serve_cells(connection: PipeEnd, stores: str, identity: bytes, log: str) -> None:
    """What a worker process runs: cells from the pipe, each in the store of its slot."""
    from offbook.adapters.sweeps.serving import serve

    known = msgspec.json.decode(identity, type=SweepIdentity)
    serve(connection, Path(log), lambda say: _host(stores, known, say))


class _Host:
    """Runs cells with one manager for each store; the rows of the market are kept between them."""

    def __init__(self, stores: str, identity: SweepIdentity, say: Say) -> None:
        self._stores = stores
        self._identity = identity
        self._say = say
        self._opened: dict[
            int, tuple[PaperTradingSessionManager, IPaperTradingSessionRepository]
        ] = {}
        self.stack = AsyncExitStack()
        self.gateway = make_remembering_gateway()

    async def run(self, task: CellTask) -> CellResult:
        """Run a cell."""
        spec = task.config.strategy
        if spec is not None and load_strategy(spec.ref).source != self._identity.strategy:
            raise SweepConflict(
                "the strategy's source has changed since the sweep began: sweep it under a new "
                "--name",
                what="strategy",
            )
        manager, repository = await self._open(task.slot)
        return await run_cell(manager, repository, self.gateway, task, self._identity)

    async def _open(
        self, slot: int
    ) -> tuple[PaperTradingSessionManager, IPaperTradingSessionRepository]:
        if slot not in self._opened:
            store = Path(f"{self._stores}.{slot}")
            repository = await _patiently(store, self.stack)
            manager = PaperTradingSessionManager(
                self.gateway,
                load_engine,
                repository,
                on_stuck=partial(self._tell_stuck, asyncio.get_running_loop()),
            )
            await self.stack.enter_async_context(manager)
            self._opened[slot] = manager, repository
        return self._opened[slot]

    def _tell_stuck(self, loop: asyncio.AbstractEventLoop, stuck: StuckCallback) -> None:
        """On the watchdog's thread; the loop comes to the second when the callback has returned."""
        from offbook.adapters.sweeps.messages import Returned, Stuck

        self._say(Stuck(stuck.session_id, stuck.stack))
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(self._say, Returned(stuck.session_id))


async def _patiently(store: Path, stack: AsyncExitStack) -> IPaperTradingSessionRepository:
    """A store that a worker of the same sweep may just be leaving, whose parent was killed."""
    looks = 0
    while True:
        try:
            return await stack.enter_async_context(open_store(store, exact=store))
        except StoreOwned:
            looks += 1
            if looks > _LOOKS:
                raise
            await asyncio.sleep(_LOOK_SECONDS)


@asynccontextmanager
async def _host(stores: str, identity: SweepIdentity, say: Say) -> AsyncIterator[_Host]:
    host = _Host(stores, identity, say)
    try:
        async with host.stack:
            yield host
    finally:
        await host.gateway.close()
