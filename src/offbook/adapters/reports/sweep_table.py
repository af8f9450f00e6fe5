"""A sweep's table as columns and rows: rank, parameters, figures, session."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from offbook.adapters.reports.tables import Column, ColumnKind, ReportTable
from offbook.domain.sweeps import CellValue
from offbook.services.sweeping.ranking import RankedCell, SweepTable
from offbook.services.sweeping.statistics import FIGURES, FigureKind

NAME: Final = "sweep"
_KINDS: Final = {
    FigureKind.EXACT: ColumnKind.EXACT,
    FigureKind.RATIO: ColumnKind.RATIO,
    FigureKind.COUNT: ColumnKind.INTEGER,
}
_FIRST: Final = (Column("rank", ColumnKind.INTEGER), Column("cell", ColumnKind.INTEGER))
_LAST: Final = (
    Column("ended", ColumnKind.TEXT),
    Column("error", ColumnKind.TEXT),
    Column("session_id", ColumnKind.TEXT),
)


def sweep_table(table: SweepTable) -> ReportTable:
    """All cells in their order; a parameter whose name is that of another column has ``param_``
    before it."""
    names = [axis.name for axis in table.axes]
    taken = {*FIGURES, *(column.name for column in (*_FIRST, *_LAST))}
    params = tuple(
        Column(f"param_{name}" if name in taken else name, _kind(values))
        for name, values in ((axis.name, axis.values) for axis in table.axes)
    )
    figures = tuple(Column(figure.name, _KINDS[figure.kind]) for figure in FIGURES.values())
    rows = [_row(cell, names) for cell in table.cells]
    return ReportTable(NAME, (*_FIRST, *params, *figures, *_LAST), rows)


def _row(cell: RankedCell, names: list[str]) -> tuple[str | None, ...]:
    error = None if cell.error is None else cell.error.message
    return (
        _text(cell.rank),
        _text(cell.number),
        *(_text(cell.params[name]) for name in names),
        *(_text(cell.statistics.get(name)) for name in FIGURES),
        cell.ended,
        error,
        cell.session_id,
    )


def _kind(values: tuple[Any, ...]) -> ColumnKind:
    """What a parameter's column holds, by all of its values."""
    if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return ColumnKind.INTEGER
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return ColumnKind.RATIO
    if all(isinstance(value, str) and _is_decimal(value) for value in values):
        return ColumnKind.EXACT
    return ColumnKind.TEXT


def _is_decimal(text: str) -> bool:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return False
    return number.is_finite() and abs(number) < 10**20


def _text(value: CellValue | Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    return msgspec.json.encode(value, order="deterministic").decode()
