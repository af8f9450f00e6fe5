"""What a sweep came to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from offbook.bootstrap.sweeps import draw_sweep, sweep_columns, write_cells, write_sweep
from offbook.bootstrap.unseen import UNSEEN_FILES
from offbook.domain.errors import InvalidInput
from offbook.domain.session import SessionError
from offbook.notebook.table import Table, Value
from offbook.services.reporting.formatting import counted
from offbook.services.sweeping.heat import HeatMap, heat_map
from offbook.services.sweeping.overfitting import Overfitting, judge
from offbook.services.sweeping.ranking import RankedCell, SweepTable
from offbook.services.sweeping.unseen import Unseen

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class SweepResult:
    """A sweep: its cells, best first, each a session that ``offbook report`` and ``verify`` take.

    ``table`` has a row for each cell that was run: ``rank``, the parameters that vary, every figure
    of the report, ``error`` and ``session_id``.  ``unseen`` is how the best did on data that no
    trial has seen, if such were given, and ``tried`` the table of that.
    """

    def __init__(
        self,
        ranked: SweepTable,
        data_dir: Path,
        unseen: Unseen | None = None,
        tried: SweepTable | None = None,
    ) -> None:
        self.ranked = ranked
        self.data_dir = data_dir
        self.unseen = unseen
        self.tried = tried
        self.table = Table(sweep_columns(ranked).columns)

    @property
    def name(self) -> str:
        """The sweep's name: the same call with it goes on, or answers at once."""
        return self.ranked.name

    @property
    def best(self) -> RankedCell:
        """The first cell: its ``params``, ``statistics`` and ``session_id``.

        Raises InvalidInput where no cell has the figure that ranks.
        """
        found = self.ranked.best
        if found is None:
            raise InvalidInput(f"no cell has {self.ranked.figure.name}", field="rank")
        return found

    @property
    def errors(self) -> dict[str, SessionError]:
        """What failed, by session."""
        return {c.session_id: c.error for c in self.ranked.cells if c.error is not None}

    @property
    def overfitting(self) -> Overfitting | None:
        """What many trials do to the best of them; None for a single one."""
        return judge(self.ranked, is_tried=self.tried is not None)

    def heat(self, *axes: str) -> HeatMap | None:
        """The figure over one or two parameters (across, down), else the first that vary."""
        return heat_map(self.ranked, axes)

    def plot(self, *axes: str) -> Figure:
        """The same as a matplotlib figure.

        Raises ExtraNotInstalled without matplotlib, InvalidInput where there is nothing to draw.
        """
        return draw_sweep(self.ranked, self.heat(*axes))

    def write(self, directory: Path | str) -> list[Path]:
        """Write ``sweep.csv``, ``sweep.parquet`` and, with matplotlib, ``sweep.png``; also
        ``unseen.csv`` and ``unseen.parquet``, where there were unseen data."""
        written, _ = write_sweep(self.ranked, self.heat(), Path(directory))
        if self.tried is not None:
            written += write_cells(self.tried, Path(directory), UNSEEN_FILES)
        return written

    def __len__(self) -> int:
        return len(self.ranked.cells)

    def __repr__(self) -> str:
        return f"<SweepResult {self._told()}>"

    def __str__(self) -> str:
        judged = self.overfitting
        lines = [self._told(), *self.ranked.notes, *([] if judged is None else [judged.text])]
        if self.unseen is not None:
            lines.append(self.unseen.text)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<p>{self._told()}</p>{self.table._repr_html_()}"

    def _told(self) -> str:
        parts = [self.name, counted(len(self.ranked.cells), "cell")]
        if self.ranked.failed:
            parts.append(f"{len(self.ranked.failed):,} failed")
        best = self.ranked.best
        if best is not None:
            figure = self.ranked.figure.name
            told = " ".join(f"{axis.name}={best.params[axis.name]}" for axis in self.ranked.axes)
            parts.append(f"best {figure} {_shown(best.statistics.get(figure))} ({told})")
        return ", ".join(parts)


def _shown(value: Value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
