"""``offbook.sweep``: a session for each combination of parameters, over all cores."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from offbook.bootstrap.sweeps import cores, identify, is_loading, open_sweep, usual_name
from offbook.config.axes import axis_texts
from offbook.config.markets import MarketDescription
from offbook.config.sessions import SessionRequest
from offbook.config.settings import data_directory
from offbook.config.sweeps import SweepPlan, SweepRequest, plan_sweep
from offbook.domain.errors import InvalidConfig, InvalidStrategy
from offbook.domain.sweeps import CellResult, check_sweep_name
from offbook.engine.strategy.strategy import Strategy
from offbook.notebook.running import blocking, check_kinds, described, exactly, named, texts
from offbook.notebook.sweep_result import SweepResult
from offbook.services.sweeping.statistics import CellFigure, figure_named


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
    numbers of cells done and of all.

    Other processes must be able to import the strategy: from a module, or a script that sweeps
    below ``if __name__ == "__main__":`` alone.  Raises what ``run`` raises, and SweepConflict.
    """
    check_kinds(params=params, config=config, market=market)
    figure = _checked(name, jobs, rank)
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
    request = SweepRequest(
        session=session,
        grid={key: _values(key, values) for key, values in (grid or {}).items()},
        where=(where,) if isinstance(where, str) else tuple(where),
        sample=sample,
        sample_seed=sample_seed,
    )
    plan = plan_sweep(request, config if isinstance(config, Mapping) else None)
    directory = data_directory(None if store is None else Path(store))
    return blocking(_run(plan, name, figure, jobs or cores(), directory, on_cell))


async def _run(
    plan: SweepPlan,
    name: str | None,
    figure: CellFigure | None,
    jobs: int,
    directory: Path,
    on_cell: Callable[[int, int], None] | None,
) -> SweepResult:
    identity = await identify(plan.base)
    name = name or usual_name(plan.base, identity)
    with open_sweep(name, plan, identity, directory) as opened:
        done = sum(result is not None for result in opened.results())

        def one_more(_: CellResult) -> None:
            nonlocal done
            done += 1
            if on_cell is not None:
                on_cell(done, len(plan.cells))

        await opened.run(jobs, on_result=one_more, on_stuck=lambda _session, _stack: None)
        return SweepResult(opened.table(figure), directory)


def _checked(name: str | None, jobs: int | None, rank: str | None) -> CellFigure | None:
    """The figure that ranks. Raises InvalidConfig, InvalidInput."""
    if name is not None:
        check_sweep_name(name)
    if jobs is not None and jobs < 1:
        raise InvalidConfig(f"jobs={jobs}: expected 1 or more", field="jobs")
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
