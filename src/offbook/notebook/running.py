"""``offbook.run``: a whole session in one call."""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from offbook.bootstrap import (
    EngineFactory,
    engine_factory,
    make_gateway,
    make_manager,
    open_store,
)
from offbook.config.markets import MarketDescription, description_of
from offbook.config.sessions import SessionRequest, build_config
from offbook.config.settings import data_directory
from offbook.domain.config import SessionConfig, StrategySpec
from offbook.domain.errors import InvalidConfig, InvalidStrategy, SessionFailed
from offbook.domain.session import SessionStatus
from offbook.engine.strategy.definitions import require_callbacks
from offbook.engine.strategy.strategy import Strategy
from offbook.notebook.result import RunResult
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.reporting.full_report import read_full_report
from offbook.services.shadowing.interval import add_interval
from offbook.testing.memory_repository import InMemoryRepository

T = TypeVar("T")

_KINDS: Final[dict[str, tuple[tuple[type, ...], str]]] = {
    "params": ((Mapping,), "values by the names of parameters"),
    "config": ((str, Path, Mapping), "a file, or values by the names of settings"),
    "market": ((MarketDescription, Mapping), "a MarketDescription, or values by its names"),
    "interval": ((bool, Mapping), "True, or presets by optimistic and pessimistic"),
    "store": ((bool, str, Path), "True, False or a directory"),
}


def run(
    strategy: type[Strategy] | str,
    data: str | Path | Sequence[str | Path] | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    config: Path | str | Mapping[str, Any] | None = None,
    market: MarketDescription | Mapping[str, Any] | None = None,
    cash: str | int | None = None,
    fee_bps: str | int | None = None,
    latency_ms: str | int | None = None,
    preset: str | None = None,
    seed: int | None = None,
    name: str | None = None,
    store: Path | str | bool = False,
    verify: bool = False,
    interval: bool | Mapping[str, str] = False,
    **parameters: Any,
) -> RunResult:
    """Run a strategy over data to its end, as fast as possible, and return what came out.

    ::

        offbook.run(Momentum, "demo", lag=3000, preset="harsh").equity.to_pandas()

    ``strategy`` is a class, or text such as ``"mine.py:Mine"``; its parameters are given by name,
    or in ``params`` where a name is one of this function's.  ``data`` is a recording, ``"demo"``,
    or ``"synthetic:..."``, or several of them, which are merged; ``market`` tells what a file
    beside it would, as ``{"symbol": "AAPL", "timeframe": "1d"}``, and goes above that.  ``config``
    is a configuration file, or parts of one as a mapping such as ``{"venue": {"volume_share":
    "0.2"}}``; what is named here goes above it.  ``cash``, ``fee_bps`` and ``latency_ms`` are
    exact: text or int.

    The session is kept in memory and gone afterwards, unless ``store`` is True (the default store)
    or a directory; then the strategy must be one that another process can import.  ``verify`` runs
    it a second time and compares every byte.  ``preset`` names a whole venue.  ``interval`` adds
    ``result.interval``; ``{"pessimistic": "harsh"}`` names a preset for an end of it.
    May be called from a notebook, whose event loop runs already.  Raises InvalidConfig,
    InvalidStrategy and BadMarketData for what is given, SessionFailed when the session or its
    strategy failed (with the traceback as a note), and StorageUnavailable.
    """
    check_kinds(params=params, config=config, market=market, store=store, interval=interval)
    more = _More(verify=verify, interval=_presets(interval))
    request = SessionRequest(
        data=named(data),
        file=Path(config) if isinstance(config, (str, Path)) else None,
        market=described(market),
        preset=preset,
        seed=seed,
        name=name,
        **exactly(cash=cash, fee_bps=fee_bps, latency_ms=latency_ms),
    )
    parts = config if isinstance(config, Mapping) else {}
    given = {**(params or {}), **parameters}
    if isinstance(strategy, str):
        by_name = msgspec.structs.replace(request, strategy=strategy, params=texts(given))
        return blocking(_run(build_config(by_name, parts), None, store, more))
    factory = _factory(strategy, stored=store is not False)
    made = build_config(request, parts, strategy=_spec(strategy, given))
    return blocking(_run(made, factory, store, more))


def described(market: MarketDescription | Mapping[str, Any] | None) -> MarketDescription:
    """What a caller told of the data. Raises InvalidConfig."""
    if isinstance(market, MarketDescription):
        return market
    return description_of(market or {}, "market")


def _factory(strategy: type[Strategy], *, stored: bool) -> EngineFactory:
    """What makes engines of a class. Raises InvalidStrategy."""
    if not isinstance(strategy, type):
        raise InvalidStrategy(
            f"strategy is a {type(strategy).__name__}: give the class itself, or text such as "
            "'mine.py:Mine'",
            strategy=type(strategy).__name__,
        )
    if not issubclass(strategy, Strategy):
        raise InvalidStrategy(
            f"{strategy.__name__} is not a Strategy: write `class {strategy.__name__}(Strategy):`",
            strategy=strategy.__name__,
        )
    require_callbacks(strategy)
    if stored and ("<locals>" in strategy.__qualname__ or strategy.__module__ == "__main__"):
        raise InvalidStrategy(
            f"{strategy.__name__} is defined where no other process can import it: put it in a "
            "file and give 'file.py:Class', or leave store out",
            strategy=strategy.__name__,
        )
    try:
        source = inspect.getsource(strategy)
    except (OSError, TypeError):
        source = strategy.__qualname__  # made at a prompt: there is no text to compare
    return engine_factory(strategy, source)


def _spec(strategy: type[Strategy], given: Mapping[str, Any]) -> StrategySpec:
    """What a session keeps of a class and its parameters. Raises InvalidStrategy."""
    ref = f"{strategy.__module__}:{strategy.__name__}"
    return StrategySpec(ref=ref, params=_plain(strategy, given))


def _plain(strategy: type[Strategy], given: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as JSON values, checked by the strategy's own types. Raises InvalidStrategy."""
    from offbook.engine.strategy.parameters import resolve_parameters

    values = resolve_parameters(strategy, strategy.parameters(), given)
    return {name: msgspec.to_builtins(value) for name, value in values.items() if name in given}


def exactly(**given: str | int | None) -> dict[str, Any]:
    """Amounts by name, each ``exact``."""
    return {name: exact(name, value) for name, value in given.items()}


def exact(field: str, value: str | int | None) -> str | None:
    """An exact amount as text. Raises InvalidConfig for a float and the like."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise InvalidConfig(
        f"{field}={value!r}: write it exactly, as text such as {field}='2.5'", field=field
    )


def texts(given: Mapping[str, Any]) -> dict[str, str]:
    """Parameters as a command line has them. Raises InvalidStrategy."""
    return {name: _text(name, value) for name, value in given.items()}


def _text(name: str, value: Any) -> str:
    try:
        return value if isinstance(value, str) else msgspec.json.encode(value).decode()
    except (TypeError, ValueError) as error:
        raise InvalidStrategy(f"parameter {name!r}: {error}", parameter=name) from None


def named(data: str | Path | Sequence[str | Path] | None) -> str | tuple[str, ...] | None:
    """The sources as a request names them. Raises InvalidConfig."""
    if data is None or isinstance(data, (str, Path)):
        return None if data is None else str(data)
    if isinstance(data, Sequence) and all(isinstance(source, (str, Path)) for source in data):
        return tuple(str(source) for source in data)
    raise InvalidConfig(
        f"data is a {type(data).__name__}: give a path, 'demo', or a list of such", field="data"
    )


def check_kinds(**given: object) -> None:
    """Arguments of a kind that says nothing are refused. Raises InvalidConfig."""
    for field, value in given.items():
        kinds, told = _KINDS[field]
        fits = isinstance(value, kinds) or (value is None and field != "store")
        if not fits or (isinstance(value, Mapping) and not all(isinstance(n, str) for n in value)):
            raise InvalidConfig(f"{field}={value!r}: expected {told}", field=field)


class _More(NamedTuple):
    """What is asked for beside the run: to compare its bytes, and presets of its interval."""

    verify: bool
    interval: Mapping[str, str] | None


def _presets(interval: bool | Mapping[str, str]) -> Mapping[str, str] | None:
    if isinstance(interval, bool):
        return {} if interval else None
    return interval


async def _run(
    config: SessionConfig, loader: EngineFactory | None, store: Path | str | bool, more: _More
) -> RunResult:
    async with _repository(store) as (repository, place):
        async with make_manager(repository, make_engine=loader) as manager:
            started = await manager.start_session(config)
            session = await manager.wait(started.id)
            if session.status is SessionStatus.FAILED or session.error is not None:
                raise _failed(session.id, session.status_reason, session.error)
            checked = await manager.verify(session.id) if more.verify else None
            report = await read_full_report(session, repository, make_gateway())
            if more.interval is not None:
                report = await add_interval(
                    report, session, repository, make_gateway(), more.interval
                )
        return RunResult(session, report, checked, place)


@asynccontextmanager
async def _repository(
    store: Path | str | bool,
) -> AsyncIterator[tuple[IPaperTradingSessionRepository, Path | None]]:
    if store is False:
        yield InMemoryRepository(), None
        return
    directory = data_directory(None if store is True else Path(store))
    async with open_store(directory) as repository:
        yield repository, repository.store


def _failed(session_id: str, reason: str | None, error: Any) -> SessionFailed:
    message = f"the session failed: {reason}" if error is None else error.message
    failed = SessionFailed(message, session_id=session_id, reason=reason)
    if error is not None and error.detail:
        failed.add_note(error.detail)
    return failed


def blocking(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end on a loop of its own, in a thread where this one has a loop already."""
    if not _has_loop():
        return asyncio.run(work)
    runner = _LoopThread()
    with concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="offbook run") as pool:
        done = pool.submit(runner.run, work)
        try:
            return done.result()
        except BaseException:
            # A notebook's interrupt reaches this thread alone.
            runner.cancel()
            raise


def _has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class _LoopThread:
    """Runs a coroutine in the thread that calls ``run``; any other may cancel it."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of the coroutine."""

        async def watched() -> T:
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
            return await work

        return asyncio.run(watched())

    def cancel(self) -> None:
        """Cancel what runs, if anything does."""
        if self._loop is not None and self._task is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._task.cancel)
