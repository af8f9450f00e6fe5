"""The cells of a sweep in the order of what they came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from offbook.domain.session import SessionError
from offbook.domain.sweeps import CellResult, CellValue, SweepAxis, SweepCell
from offbook.services.sweeping.statistics import FIGURES, RETURN, SHARPE, CellFigure


class RankedCell(msgspec.Struct, frozen=True, kw_only=True):
    """A cell in its place: ``rank`` from 1, None for one without the figure that ranks."""

    rank: int | None
    number: int
    session_id: str
    params: dict[str, Any]
    ended: str
    statistics: dict[str, CellValue]
    error: SessionError | None


class SweepTable(msgspec.Struct, frozen=True, kw_only=True):
    """The cells that were run, best first; those without the figure follow, failed ones last, each
    in the order of the grid.

    ``title`` says what was swept; ``axes`` are the parameters that vary, ``waiting`` counts
    cells that are yet to run, ``trials`` all combinations that were ever tried under the name.
    """

    name: str
    title: str
    figure: CellFigure
    axes: tuple[SweepAxis, ...]
    cells: tuple[RankedCell, ...]
    waiting: int
    trials: int
    notes: tuple[str, ...] = ()

    @property
    def best(self) -> RankedCell | None:
        """The first of them, if any has the figure."""
        return self.cells[0] if self.cells and self.cells[0].rank is not None else None

    @property
    def failed(self) -> tuple[RankedCell, ...]:
        """The cells with an error."""
        return tuple(cell for cell in self.cells if cell.error is not None)


def value_of(statistics: Mapping[str, CellValue], name: str) -> Decimal | float | None:
    """A figure as a number that can be compared."""
    value = statistics.get(name)
    if value is None or isinstance(value, bool):
        return None
    return Decimal(value) if isinstance(value, (str, int)) else value


def rank_cells(
    name: str,
    title: str,
    axes: Sequence[SweepAxis],
    cells: Sequence[tuple[SweepCell, CellResult | None]],
    figure: CellFigure | None,
    *,
    trials: int,
) -> SweepTable:
    """The table of a sweep; a cell without a result is waiting.

    Without a ``figure`` it is the Sharpe ratio, or the return where no cell has one.  Equal cells
    stand in the order of the grid.
    """
    done = [(cell, result) for cell, result in cells if result is not None]
    chosen = figure or usual_figure([result for _, result in done])
    found: list[tuple[Decimal | float, SweepCell, CellResult]] = []
    rest: list[tuple[SweepCell, CellResult]] = []
    for cell, result in done:
        value = value_of(result.statistics, chosen.name)
        if value is None:
            rest.append((cell, result))
        else:
            found.append((value, cell, result))
    found.sort(key=lambda line: line[0], reverse=not chosen.less)  # stable either way
    rest.sort(key=lambda line: line[1].error is not None)
    ranked = [_ranked(rank, cell, r) for rank, (_, cell, r) in enumerate(found, start=1)]
    ranked += [_ranked(None, cell, result) for cell, result in rest]
    return SweepTable(
        name=name,
        title=title,
        figure=chosen,
        axes=tuple(axes),
        cells=tuple(ranked),
        waiting=len(cells) - len(done),
        trials=trials,
        notes=_notes(chosen, bool(found), [result for _, result in rest]),
    )


def usual_figure(results: Sequence[CellResult]) -> CellFigure:
    """What ranks where nobody says it: the Sharpe ratio if any has one, else the return."""
    has = any(result.statistics.get(SHARPE) is not None for result in results)
    return FIGURES[SHARPE if has else RETURN]


def _notes(figure: CellFigure, any_found: bool, rest: Sequence[CellResult]) -> tuple[str, ...]:
    if any_found or not any(result.error is None for result in rest):
        return ()
    why = ""
    if figure.name in ("sharpe", "sortino", "calmar", "cagr", "volatility"):
        why = ": nothing is annualised from less than 30 days; try --rank return"
    return (f"no cell has {figure.name}{why}",)


def _ranked(rank: int | None, cell: SweepCell, result: CellResult) -> RankedCell:
    return RankedCell(
        rank=rank,
        number=cell.number,
        session_id=result.session_id,
        params=cell.params,
        ended=result.ended,
        statistics=result.statistics,
        error=result.error,
    )
