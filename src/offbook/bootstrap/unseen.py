"""Data that a sweep is not made on, and the running of its best cells there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from offbook.bootstrap.sweeps import OpenSweep, Surveyed, open_sweep, survey, unseen_name
from offbook.config.sweeps import SweepPlan
from offbook.domain.config import SessionConfig, instruments_of, symbols_of
from offbook.domain.errors import InvalidInput
from offbook.services.reporting.formatting import span
from offbook.services.sweeping.ranking import SweepTable
from offbook.services.sweeping.unseen import best_cells

UNSEEN_FILES: Final = "unseen"
"""What files of it are called, as ``sweep`` those of a sweep."""


class DataApart(NamedTuple):
    """Data that a sweep is not made on: a session there, and what they are."""

    base: SessionConfig
    surveyed: Surveyed

    @property
    def market(self) -> str:
        """Symbols and time, as people read them."""
        extent = self.surveyed.extent
        told = "" if extent is None else f", {span(extent.first_ts, extent.last_ts)}"
        return symbols_of(self.base.market) + told


async def data_apart(base: SessionConfig, swept: SessionConfig, known: Surveyed) -> DataApart:
    """The unseen data, opened and checked. Raises InvalidInput for those that were swept, or for
    rows of the same market and time; what opening raises."""
    found = await survey(base)
    if found.identity.data == known.identity.data:
        raise InvalidInput("unseen: these are the very data that are swept", field="unseen")
    one, other = known.extent, found.extent
    theirs, ours = ({i.symbol for i in instruments_of(c.market)} for c in (swept, base))
    if one is None or other is None or theirs.isdisjoint(ours):
        return DataApart(base, found)
    if one.first_ts <= other.last_ts and other.first_ts <= one.last_ts:
        raise InvalidInput(
            f"unseen: its rows ({span(other.first_ts, other.last_ts)}) overlap those that are "
            f"swept ({span(one.first_ts, one.last_ts)}): cut one of them with offbook data convert "
            "--since or --until",
            field="unseen",
        )
    return DataApart(base, found)


@contextmanager
def open_unseen(
    plan: SweepPlan, table: SweepTable, apart: DataApart, count: int, data_dir: Path
) -> Iterator[OpenSweep]:
    """The best ``count`` cells of a sweep on the data apart: a sweep of its own, whose name follows
    from that of the first and from the data. Raises as ``open_sweep`` does."""
    chosen = {cell.number for cell in best_cells(table, count)}
    cells = tuple(cell for cell in plan.cells if cell.number in chosen)
    again = msgspec.structs.replace(
        plan, base=apart.base, cells=cells, grid=len(cells), fitting=len(cells)
    )
    identity = apart.surveyed.identity
    with open_sweep(unseen_name(table.name, identity), again, identity, data_dir) as sweep:
        yield sweep
