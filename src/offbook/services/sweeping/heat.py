"""A sweep as a map over two of its parameters, or one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from offbook.domain.errors import InvalidInput
from offbook.domain.sweeps import SweepAxis
from offbook.services.sweeping.ranking import RankedCell, SweepTable, value_of


class HeatMap(msgspec.Struct, frozen=True, kw_only=True):
    """A figure over ``across`` (columns) and, if there are two, ``down`` (rows).

    ``values[row][column]`` is None where no cell has the figure; of several cells in one place
    (more parameters vary: ``over``) it is the best.  ``best`` is the place of the best of all.
    """

    figure: str
    less: bool
    across: SweepAxis
    down: SweepAxis | None
    over: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    best: tuple[int, int]


def heat_map(table: SweepTable, chosen: Sequence[str] = ()) -> HeatMap | None:
    """The map over the ``chosen`` parameters (across, then down), else the first two that vary.

    None where nothing has the figure, or nothing varies.  Raises InvalidInput.
    """
    varying = [axis for axis in table.axes if len(axis.values) > 1]
    axes = [_named(name, varying) for name in chosen] or varying[:2]
    if len(axes) > 2 or len(set(chosen)) < len(chosen):
        raise InvalidInput("a map has one or two parameters, each named once", field="axes")
    if table.best is None or not axes:
        return None
    across, down = axes[0], axes[1] if len(axes) == 2 else None
    columns = {_key(value): place for place, value in enumerate(across.values)}
    rows = {_key(v): place for place, v in enumerate(down.values)} if down else {"": 0}

    def place_of(cell: RankedCell) -> tuple[int, int]:
        row = rows[_key(cell.params[down.name])] if down else 0
        return row, columns[_key(cell.params[across.name])]

    values: list[list[float | None]] = [[None] * len(columns) for _ in rows]
    for cell in table.cells:  # best first: what comes later to a place is no better
        row, column = place_of(cell)
        value = value_of(cell.statistics, table.figure.name)
        if value is not None and values[row][column] is None:
            values[row][column] = float(value)
    return HeatMap(
        figure=table.figure.name,
        less=table.figure.less,
        across=across,
        down=down,
        over=tuple(axis.name for axis in varying if axis not in axes),
        values=tuple(map(tuple, values)),
        best=place_of(table.best),
    )


def _named(name: str, varying: Sequence[SweepAxis]) -> SweepAxis:
    for axis in varying:
        if axis.name == name:
            return axis
    known = ", ".join(axis.name for axis in varying) or "none"
    raise InvalidInput(f"{name!r} does not vary; these do: {known}", field="axes")


def _key(value: Any) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()
