"""``offbook.sweep``: a session for each combination of parameters, over all cores."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from offbook.bootstrap.sweeps import (
    OpenSweep,
    cores,
    is_loading,
    open_sweep,
    survey,
    usual_name,
)
from offbook.bootstrap.unseen import data_apart, open_unseen
from offbook.config.axes import axis_texts
from offbook.config.markets import MarketDescription
from offbook.config.sessions import SessionRequest
from offbook.config.settings import data_directory
from offbook.config.sweeps import SweepPlan, SweepRequest, plan_sweep, plan_unseen
from offbook.domain.config import SessionConfig
from offbook.domain.errors import InvalidConfig, InvalidStrategy
from offbook.domain.sweeps import CellResult, check_sweep_name
from offbook.engine.strategy.strategy import Strategy
from offbook.notebook.running import blocking, check_kinds, described, exactly, named, texts
from offbook.notebook.sweep_result import SweepResult
from offbook.services.sweeping.statistics import CellFigure, figure_named
from offbook.services.sweeping.unseen import compare_unseen


def sweep(
    strategy: type[Strategy] | str,
    data: str | Path | Sequence[str | Path] | None = None,
    grid: Mapping[str, Any] | None = None,
    *,
    where: str | Sequence[str] = (),
    sample: int | None = None,
    sample_seed: int | None = None,
    name: str | None = None,
    jobs: int | None = None,
    rank: str | None = None,
    unseen: str | Path | Sequence[str | Path] | None = None,
    top: int = 10,
    params: Mapping[str, Any] | None = None,
    config: Path | str | Mapping[str, Any] | None = None,
    market: MarketDescription | Mapping[str, Any] | None = None,
    cash: str | int | None = None,
    fee_bps: str | int | None = None,
    latency_ms: str | int | None = None,
    preset: str | None = None,
    seed: int | None = None,
    store: Path | str | None = None,
    on_cell: Callable[[int, int], None] | None = None,
) -> SweepResult:
    """Run a strategy with every combination of parameters, and return the cells ranked.

    ::

        grid = {"fast": range(5, 51), "slow": "20..200:20"}
        offbook.sweep("mine.py:Mine", "demo", grid, where="fast < slow").table.to_pandas()

    ``grid`` gives values by parameter: a list, a range, or text as on the command line; ``params``
    are those that stay; what is not told here is as for ``offbook.run``.  Each cell is a session in
    the data directory ``store`` (default: the usual one); what is there already is not run again.
    ``rank`` names the figure that ranks (``max_drawdown:least``); ``on_cell`` is called with the
    numbers of cells done and of all.  The best ``top`` cells are run again on the data ``unseen``,
    which must be none of those that are swept.

    Other processes must be able to import the strategy: from a module, or a script that sweeps
    below ``if __name__ == "__main__":`` alone.  Raises what ``run`` raises, and SweepConflict.
    """
    check_kinds(params=params, config=config, market=market)
    figure = _checked(name, jobs, rank, top)
    session = SessionRequest(
        strategy=_reference(strategy),
        data=named(data),
        file=Path(config) if isinstance(config, (str, Path)) else None,
        market=described(market),
        params=texts(params or {}),
        seed=seed,
        preset=preset,
        **exactly(cash=cash, fee_bps=fee_bps, latency_ms=latency_ms),
    )
    request = _requested(session, grid or {}, where, sample, sample_seed)
    parts = config if isinstance(config, Mapping) else None
    plan, other = plan_sweep(request, parts), _elsewhere(request, unseen, parts)
    asked = _Asked(plan, other, name, figure, top, jobs)
    return blocking(_run(asked, data_directory(None if store is None else Path(store)), on_cell))


def _requested(
    session: SessionRequest,
    grid: Mapping[str, Any],
    where: str | Sequence[str],
    sample: int | None,
    sample_seed: int | None,
) -> SweepRequest:
    """What is tried of a session. Raises InvalidConfig, InvalidStrategy."""
    return SweepRequest(
        session=session,
        grid={name: _values(name, values) for name, values in grid.items()},
        where=(where,) if isinstance(where, str) else tuple(where),
        sample=sample,
        sample_seed=sample_seed,
    )


def _elsewhere(
    request: SweepRequest,
    unseen: str | Path | Sequence[str | Path] | None,
    parts: Mapping[str, Any] | None,
) -> SessionConfig | None:
    """A session on the unseen data, if there are any. Raises InvalidConfig, InvalidStrategy."""
    told = named(unseen)
    return None if told is None else plan_unseen(request, told, parts)


class _Asked(NamedTuple):
    """What is to be run, and on which other data its best cells are."""

    plan: SweepPlan
    unseen: SessionConfig | None
    name: str | None
    figure: CellFigure | None
    top: int
    jobs: int | None


async def _run(
    asked: _Asked, directory: Path, on_cell: Callable[[int, int], None] | None
) -> SweepResult:
    plan = asked.plan
    surveyed = await survey(plan.base)
    apart = None
    if asked.unseen is not None:  # what is wrong with it is said before hours of work
        apart = await data_apart(asked.unseen, plan.base, surveyed)
    name = asked.name or usual_name(plan.base, surveyed.identity)
    with open_sweep(name, plan, surveyed.identity, directory) as opened:
        await _carry_out(opened, asked.jobs or cores(), on_cell)
        table = opened.table(asked.figure)
        if apart is None or table.best is None:
            return SweepResult(table, directory)
        with open_unseen(plan, table, apart, asked.top, directory) as later:
            await _carry_out(later, asked.jobs or cores(), None)
            tried = later.table(table.figure)
    return SweepResult(table, directory, compare_unseen(table, tried), tried)


async def _carry_out(
    opened: OpenSweep, jobs: int, on_cell: Callable[[int, int], None] | None
) -> None:
    """Run what is left of a sweep."""
    done = sum(result is not None for result in opened.results())

    def one_more(_: CellResult) -> None:
        nonlocal done
        done += 1
        if on_cell is not None:
            on_cell(done, len(opened.plan.cells))

    await opened.run(jobs, on_result=one_more, on_stuck=lambda _session, _stack: None)


def _checked(name: str | None, jobs: int | None, rank: str | None, top: int) -> CellFigure | None:
    """The figure that ranks. Raises InvalidConfig, InvalidInput."""
    if name is not None:
        check_sweep_name(name)
    for field, count in (("jobs", jobs), ("top", top)):
        if count is not None and (not hasattr(count, "__index__") or count < 1):
            raise InvalidConfig(
                f"{field}={count!r}: expected a whole number, 1 or more", field=field
            )
    return None if rank is None else figure_named(rank)


def _values(name: str, given: Any) -> tuple[str, ...]:
    """The texts of a parameter's values. Raises InvalidConfig, InvalidStrategy."""
    if isinstance(given, str):
        return tuple(axis_texts(name, given))
    if not isinstance(given, Iterable) or isinstance(given, Mapping):
        raise InvalidConfig(
            f"grid: {name}={given!r}: expected a list of values, a range, or text such as '5..50'",
            field=name,
        )
    plain = [value.item() if hasattr(value, "item") else value for value in given]
    return tuple(texts({name: value})[name] for value in plain)


def _reference(strategy: type[Strategy] | str) -> str:
    """A name by which another process finds the class. Raises InvalidStrategy."""
    if isinstance(strategy, str):
        return strategy
    if not isinstance(strategy, type) or not issubclass(strategy, Strategy):
        raise InvalidStrategy(
            f"strategy is {strategy!r}: give a Strategy's class, or text such as 'mine.py:Mine'",
            strategy=str(strategy),
        )
    module, path = strategy.__module__, getattr(sys.modules["__main__"], "__file__", None)
    if is_loading(strategy):
        raise InvalidStrategy(
            f"{strategy.__name__} is in a script that sweeps while it is imported: put the call of "
            'offbook.sweep below `if __name__ == "__main__":`',
            strategy=strategy.__name__,
        )
    if "<locals>" in strategy.__qualname__ or (module == "__main__" and path is None):
        raise InvalidStrategy(
            f"{strategy.__name__} is defined where no other process can import it: put it in a "
            "file and give 'file.py:Class'",
            strategy=strategy.__name__,
        )
    return f"{path if module == '__main__' else module}:{strategy.__name__}"
