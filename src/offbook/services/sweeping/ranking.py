"""The cells of a sweep in the order of what they came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, Final, NamedTuple

import msgspec

from offbook.domain.session import SessionError
from offbook.domain.sweeps import CellResult, CellValue, SweepAxis, SweepCell
from offbook.services.paper_trading.journal_reader import END_OF_DATA
from offbook.services.reporting.formatting import counted
from offbook.services.sweeping.statistics import FIGURES, RETURN, SHARPE, CellFigure

_EQUITY: Final = "equity"


class RankedCell(msgspec.Struct, frozen=True, kw_only=True):
    """A cell in its place: ``rank`` from 1, the same for equal cells (1, 1, 3), None for one
    without the figure that ranks."""

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
    share a rank and stand in the order of the grid; returns are compared before they are rounded.
    """
    done = [(cell, result) for cell, result in cells if result is not None]
    chosen = figure or usual_figure([result for _, result in done])
    found: list[_Found] = []
    rest: list[tuple[SweepCell, CellResult]] = []
    for cell, result in done:
        value = _exact_value(result.statistics, chosen.name)
        if value is None:
            rest.append((cell, result))
        else:
            found.append(_Found(value, cell, result))
    found.sort(key=_value, reverse=not chosen.less)  # stable either way
    rest.sort(key=lambda line: line[1].error is not None)
    ranked: list[RankedCell] = []
    for _, equals in groupby(found, key=_value):
        rank = len(ranked) + 1
        ranked += [_ranked(rank, one.cell, one.result) for one in equals]
    notes = _notes(chosen, ranked, [result for _, result in rest])
    ranked += [_ranked(None, cell, result) for cell, result in rest]
    return SweepTable(
        name=name,
        title=title,
        figure=chosen,
        axes=tuple(axes),
        cells=tuple(ranked),
        waiting=len(cells) - len(done),
        trials=trials,
        notes=notes,
    )


_Value = tuple[Decimal | float, Decimal | float]


class _Found(NamedTuple):
    """A cell that has the figure."""

    value: _Value
    cell: SweepCell
    result: CellResult


def _value(found: _Found) -> _Value:
    return found.value


def _exact_value(statistics: Mapping[str, CellValue], name: str) -> _Value | None:
    """What a figure is compared by. A return is a rounded percentage; all cells begin with the
    same cash, so that their equities tell those apart that read the same."""
    value = value_of(statistics, name)
    if value is None:
        return None
    finer = value_of(statistics, _EQUITY) if name == RETURN else None
    return value, Decimal(0) if finer is None else finer


def usual_figure(results: Sequence[CellResult]) -> CellFigure:
    """What ranks where nobody says it: the Sharpe ratio if any has one, else the return."""
    has = any(result.statistics.get(SHARPE) is not None for result in results)
    return FIGURES[SHARPE if has else RETURN]


def _notes(
    figure: CellFigure, ranked: Sequence[RankedCell], rest: Sequence[CellResult]
) -> tuple[str, ...]:
    """What a reader of the table would otherwise take for granted."""
    if not ranked:
        return _none_has(figure, rest)
    notes = [_shared_first(ranked), _ended_early(ranked), _without_fill(ranked)]
    return tuple(note for note in notes if note is not None)


def _none_has(figure: CellFigure, rest: Sequence[CellResult]) -> tuple[str, ...]:
    if not any(result.error is None for result in rest):
        return ()
    why = ""
    if figure.name in ("sharpe", "sortino", "calmar", "cagr", "volatility"):
        why = ": nothing is annualised from less than 30 days; try --rank return"
    return (f"no cell has {figure.name}{why}",)


def _shared_first(ranked: Sequence[RankedCell]) -> str | None:
    """Equal cells often differ in a parameter that has no effect."""
    first = sum(cell.rank == 1 for cell in ranked)
    if first < 2:
        return None
    return f"{counted(first, 'cell')} are equal in the first place, in the order of the grid"


def _ended_early(ranked: Sequence[RankedCell]) -> str | None:
    """A cell that was halted halfway is not to be compared with one that saw all."""
    early = Counter(cell.ended for cell in ranked if cell.ended not in ("", END_OF_DATA))
    if not early:
        return None
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(early.items()))
    told = "one of them is the best" if ranked[0].ended in early else "the best is none of them"
    return f"{counted(early.total(), 'cell')} ended before the data did ({reasons}); {told}"


def _without_fill(ranked: Sequence[RankedCell]) -> str | None:
    """To do nothing loses nothing, and so often comes first."""
    idle = sum(cell.statistics.get("fills") == 0 for cell in ranked)
    if not idle:
        return None
    if idle == len(ranked):
        return "no cell had a fill: offbook why SESSION tells what stood between"
    told = "the best is one of them" if ranked[0].statistics.get("fills") == 0 else ""
    return f"{counted(idle, 'cell')} had no fill{'; ' * bool(told)}{told}"


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
