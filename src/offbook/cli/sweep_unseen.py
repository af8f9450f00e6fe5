"""``offbook sweep --unseen``: the best cells run again on data that no trial has seen."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from offbook.bootstrap.sweeps import write_cells
from offbook.bootstrap.unseen import UNSEEN_FILES, DataApart, open_unseen
from offbook.cli.shell import Shell, short
from offbook.cli.sweep_running import carry_out
from offbook.config.sweeps import SweepPlan
from offbook.services.reporting.formatting import counted
from offbook.services.sweeping.ranking import SweepTable
from offbook.services.sweeping.statistics import label_of
from offbook.services.sweeping.unseen import Unseen, compare_unseen

if TYPE_CHECKING:
    from rich.table import Table


class Tried(NamedTuple):
    """What the best came to on a market; ``code`` is not 0 where somebody stopped it."""

    code: int
    market: str
    unseen: Unseen
    table: SweepTable


async def try_unseen(
    shell: Shell,
    plan: SweepPlan,
    table: SweepTable,
    apart: DataApart,
    *,
    top: int,
    jobs: int,
    give_up: float,
) -> Tried:
    """Run the best on the data apart, or what is left of that."""
    with open_unseen(plan, table, apart, top, shell.data_dir) as sweep:
        done = sum(result is not None for result in sweep.results())
        cells = counted(len(sweep.plan.cells), "cell")
        shell.note(f"unseen data: the best {cells}, {done:,} done before")
        ended = await carry_out(shell, sweep, jobs, table.figure, done, give_up=give_up)
        later = sweep.table(table.figure)
    return Tried(ended.code, apart.market, compare_unseen(table, later), later)


def write_unseen(tried: Tried, folder: Path) -> list[Path]:
    """``unseen.csv`` and ``unseen.parquet``. Raises OSError."""
    return write_cells(tried.table, folder, UNSEEN_FILES)


def print_unseen(tried: Tried, shell: Shell) -> None:
    """The best in the order of the sweep, with what they were there and what they are here."""
    from rich.text import Text

    from offbook.cli.sweep_view import print_failed

    console = shell.console
    console.print()
    width = min(console.width, 100) - 2
    for line in textwrap.wrap(f"the best on unseen data: {tried.market}", width):
        console.print(Text(f" {line}", style="bold"))
    console.print(_table_of(tried))
    print_failed(tried.table, console)
    for told in (*tried.unseen.notes, tried.unseen.text):
        for line in textwrap.wrap(told, width):
            console.print(Text(f" {line}", style="yellow"))


def _table_of(tried: Tried) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from offbook.cli.sweep_view import figure_text

    unseen = tried.unseen
    label = label_of(unseen.figure)
    found = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    names = [axis.name for axis in tried.table.axes]
    for name in (" rank", *names, f"{label} swept", "unseen", "rank there"):
        found.add_column(name, justify="right", no_wrap=True)
    found.add_column("session", no_wrap=True, style="dim")
    for cell in unseen.cells:
        found.add_row(
            str(cell.rank),
            *(str(cell.params[name]) for name in names),
            figure_text(unseen.figure, cell.seen),
            figure_text(unseen.figure, cell.unseen) if cell.error is None else "failed",
            "-" if cell.unseen_rank is None else str(cell.unseen_rank),
            short(cell.session_id),
        )
    return found
