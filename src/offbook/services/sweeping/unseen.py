"""The best cells of a sweep, run again on data that no trial has seen."""

from __future__ import annotations

from decimal import Decimal
from statistics import median

import msgspec

from offbook.domain.sweeps import CellValue
from offbook.services.reporting.formatting import counted
from offbook.services.sweeping.ranking import RankedCell, SweepTable, value_of
from offbook.services.sweeping.statistics import RETURN, label_of


class UnseenCell(msgspec.Struct, frozen=True, kw_only=True):
    """One of the best: its place and figure in the sweep, and on the unseen data (None for a cell
    that failed there, or has no such figure there).  ``session_id`` is of the session there."""

    rank: int
    unseen_rank: int | None
    number: int
    params: dict[str, object]
    seen: CellValue
    unseen: CellValue
    session_id: str
    error: str | None


class Unseen(msgspec.Struct, frozen=True, kw_only=True):
    """How the best of a sweep did on unseen data, in the order of the sweep.

    ``name`` is the sweep's of these sessions; ``trials`` counts all cells that were ever tried on
    these data under it; ``waiting`` those yet to run; ``notes`` are those of the table there, and
    ``text`` says what came out.
    """

    name: str
    figure: str
    cells: tuple[UnseenCell, ...]
    trials: int
    waiting: int
    notes: tuple[str, ...]
    text: str


def best_cells(table: SweepTable, count: int) -> tuple[RankedCell, ...]:
    """So many of the best, of those that have the figure which ranks."""
    return tuple(cell for cell in table.cells if cell.rank is not None)[:count]


def compare_unseen(table: SweepTable, unseen: SweepTable) -> Unseen:
    """The cells of ``unseen``, held against what they were in ``table``."""
    name = table.figure.name
    seen = {cell.number: cell for cell in table.cells}
    cells = [_cell(seen[cell.number], cell, name) for cell in unseen.cells]
    cells.sort(key=lambda cell: (cell.rank, cell.number))
    return Unseen(
        name=unseen.name,
        figure=name,
        cells=tuple(cells),
        trials=unseen.trials,
        waiting=unseen.waiting,
        notes=unseen.notes,
        text=_text(table, cells, unseen),
    )


def _cell(seen: RankedCell, unseen: RankedCell, figure: str) -> UnseenCell:
    assert seen.rank is not None
    return UnseenCell(
        rank=seen.rank,
        unseen_rank=unseen.rank,
        number=seen.number,
        params=dict(unseen.params),
        seen=seen.statistics.get(figure),
        unseen=unseen.statistics.get(figure),
        session_id=unseen.session_id,
        error=None if unseen.error is None else unseen.error.message,
    )


def _text(table: SweepTable, cells: list[UnseenCell], unseen: SweepTable) -> str:
    """How many did there as well as they had done, and whether the data are still unseen."""
    figure, less = table.figure.name, table.figure.less
    label, count = label_of(figure), counted(len(cells) + unseen.waiting, "cell")
    pairs = [
        (before, after)
        for cell in cells
        if (before := value_of({figure: cell.seen}, figure)) is not None
        and (after := value_of({figure: cell.unseen}, figure)) is not None
    ]
    to_go = f" ({unseen.waiting:,} yet to run)" if unseen.waiting else ""
    if not pairs:
        return f"of the best {count} none has this figure ({label}) on the unseen data{to_go}"
    kept = sum(after <= before if less else after >= before for before, after in pairs)
    unit = " %" if figure == RETURN else ""
    middle = [median(Decimal(str(pair[place])) for pair in pairs) for place in (0, 1)]
    both = f" of the {len(pairs):,} with both figures" if len(pairs) < len(cells) else ""
    text = (
        f"of the best {count}{to_go} {kept or 'none'} did as well on the unseen data as on those "
        f"that were swept; the median {label}{both} went from {middle[0]:.4g} to "
        f"{middle[1]:.4g}{unit}."
    )
    if unseen.trials > len(cells):
        text += (
            f" {unseen.trials:,} cells have been tried on them by now: the more you choose by "
            "them, the less they are unseen."
        )
    return text
