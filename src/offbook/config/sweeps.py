"""What a user asks a sweep to try, made into its cells: every one of them checked beforehand."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from offbook.config.axes import axis_texts, names_several, range_hint
from offbook.config.conditions import parse_condition
from offbook.config.resolving import Settings
from offbook.config.sessions import SessionRequest, build_config, strategy_parameters
from offbook.domain.config import SessionConfig, StrategySpec
from offbook.domain.errors import InvalidConfig, InvalidStrategy
from offbook.domain.sweeps import SweepAxis, SweepCell, cell_key, in_sample

MOST_CELLS: Final = 1_000_000
"""Of a grid, before conditions and samples."""


class SweepRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to try: a session, and by parameter the texts of its values, each as for ``run``.

    ``where`` are conditions of which all must hold; ``sample`` takes so many cells by chance, drawn
    with ``sample_seed`` or else the session's own seed.
    """

    session: SessionRequest
    grid: dict[str, tuple[str, ...]]
    where: tuple[str, ...] = ()
    sample: int | None = None
    sample_seed: int | None = None


class SweepPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep that may begin: ``base`` is the session of the first cell; ``grid`` counts all
    combinations, ``fitting`` those that the conditions let through, ``cells`` are those to run."""

    base: SessionConfig
    axes: tuple[SweepAxis, ...]
    cells: tuple[SweepCell, ...]
    grid: int
    fitting: int

    def config_of(self, cell: SweepCell, name: str) -> SessionConfig:
        """The whole configuration of a cell's session."""
        assert self.base.strategy is not None
        spec = StrategySpec(ref=self.base.strategy.ref, params=cell.params)
        return msgspec.structs.replace(self.base, strategy=spec, name=name, speed=None)


def parse_grid(settings: Mapping[str, str]) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """The settings of a command line: parameters with several values, and those with one.

    Raises InvalidConfig.
    """
    several = {name for name, text in settings.items() if names_several(text)}
    grid, fixed = {}, {}
    for name, text in settings.items():
        if name in several:
            grid[name] = tuple(axis_texts(name, text))
        else:
            fixed[name] = axis_texts(name, text)[0] if text else ""
    return grid, fixed


def plan_sweep(
    request: SweepRequest,
    parts: Mapping[str, Any] | None = None,
    *,
    settings: Settings | None = None,
) -> SweepPlan:
    """All cells of a sweep, in the order of the grid, the last parameter varying fastest.

    Raises InvalidConfig and InvalidStrategy, naming the first thing that does not fit, before any
    cell runs.
    """
    if not any(request.grid.values()):
        raise InvalidConfig(
            "nothing varies: give a parameter several values, such as --set fast=5..50"
            + "".join(map(range_hint, request.session.params.values())),
            field="set",
        )
    empty = [name for name, texts in request.grid.items() if not texts]
    if empty:
        raise InvalidConfig(f"{empty[0]} has no value", field=empty[0])
    _check_counts(request)
    base = _base(request, parts, settings)
    given = {**request.session.params, **_first(request)}
    assert base.strategy is not None
    axes = tuple(_axis(base.strategy, name, texts, given) for name, texts in request.grid.items())
    grid = math.prod(len(axis.values) for axis in axes)
    fitting = _fitting(base.strategy, axes, request.where)
    cells = fitting
    if request.sample is not None:
        seed = base.seed if request.sample_seed is None else request.sample_seed
        cells = in_sample(fitting, request.sample, seed)
    return SweepPlan(base=base, axes=axes, cells=cells, grid=grid, fitting=len(fitting))


def plan_unseen(
    request: SweepRequest,
    data: str | tuple[str, ...],
    parts: Mapping[str, Any] | None = None,
    *,
    settings: Settings | None = None,
) -> SessionConfig:
    """A sweep's session on other data, all else the same: where its best cells are tried again.

    Raises InvalidConfig, InvalidStrategy.
    """
    session = msgspec.structs.replace(request.session, data=data)
    return _base(msgspec.structs.replace(request, session=session), parts, settings)


def _first(request: SweepRequest) -> dict[str, str]:
    return {name: texts[0] for name, texts in request.grid.items()}


def _base(
    request: SweepRequest, parts: Mapping[str, Any] | None, settings: Settings | None
) -> SessionConfig:
    """The session of the first cell. Raises InvalidConfig, InvalidStrategy."""
    params = {**request.session.params, **_first(request)}
    told = msgspec.structs.replace(request.session, params=params)
    try:
        return build_config(told, parts, settings=settings)
    except InvalidStrategy as error:
        hint = range_hint(params.get(str(error.fields.get("parameter")), ""))
        raise InvalidStrategy(f"{error}{hint}", **error.fields) from None


def _check_counts(request: SweepRequest) -> None:
    cells = math.prod(map(len, request.grid.values()))
    if cells > MOST_CELLS:
        sizes = " x ".join(f"{name} {len(texts):,}" for name, texts in request.grid.items())
        raise InvalidConfig(
            f"the grid has {cells:,} cells ({sizes}), more than {MOST_CELLS:,}: take larger steps",
            field="set",
        )
    if request.sample is not None and request.sample < 1:
        raise InvalidConfig(f"sample={request.sample}: expected 1 or more", field="sample")
    if request.sample is None and request.sample_seed is not None:
        raise InvalidConfig("a sample seed is for a sample: add --sample N", field="sample_seed")


def _axis(
    spec: StrategySpec, name: str, texts: Sequence[str], given: Mapping[str, str]
) -> SweepAxis:
    """The values as the strategy's own type takes them. Raises InvalidStrategy."""
    values: dict[str, Any] = {}
    for text in texts:
        value = strategy_parameters(spec.ref, {**given, name: text})[name]
        values.setdefault(cell_key({name: value}), value)
    return SweepAxis(name=name, values=tuple(values.values()))


def _fitting(
    spec: StrategySpec, axes: Sequence[SweepAxis], where: Sequence[str]
) -> tuple[SweepCell, ...]:
    """The cells that every condition lets through. Raises InvalidConfig if there is none."""
    conditions = [parse_condition(text, tuple(spec.params)) for text in where]
    names = [axis.name for axis in axes]
    found = []
    for number, values in enumerate(itertools.product(*(axis.values for axis in axes)), start=1):
        params = {**spec.params, **dict(zip(names, values, strict=True))}
        if all(holds(params) for holds in conditions):
            found.append(SweepCell(number=number, params=params))
    if not found:
        told = " and ".join(repr(text) for text in where)
        raise InvalidConfig(f"no cell of the grid fits {told}", field="where")
    return tuple(found)
