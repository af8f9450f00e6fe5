"""The best of a sweep on unseen data, as plain text."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from offbook.cli.shell import Shell
from offbook.cli.sweep_unseen import Tried, print_unseen
from offbook.cli.sweeping import _came_to_something, _next, run_sweep
from offbook.domain.errors import InvalidInput
from offbook.domain.session import SessionError
from offbook.domain.sweeps import CellResult, SweepAxis, SweepCell
from offbook.notebook.sweep_result import SweepResult
from offbook.services.sweeping.ranking import SweepTable, rank_cells
from offbook.services.sweeping.statistics import figure_named
from offbook.services.sweeping.unseen import compare_unseen

AXES = (SweepAxis(name="n", values=(1, 2)),)
MARKET = "AAPL, 2008-01-02 21:00:00 to 2013-03-01 21:00:00 UTC (1,885 d)"


def table(failed: tuple[int, ...] = ()) -> SweepTable:
    """Two cells, of which some have failed."""
    cells = []
    for number in (1, 2):
        broken = SessionError(code="x", message="broke\nat length") if number in failed else None
        result = CellResult(
            session_id=f"{number:013}",
            statistics={} if broken else {"return_pct": str(number)},
            error=broken,
        )
        cells.append((SweepCell(number=number, params={"n": number}), result))
    return rank_cells("n", "t", AXES, cells, figure_named("return"), trials=2)


def tried(there: SweepTable) -> Tried:
    return Tried(0, MARKET, compare_unseen(table(), there), there)


def test_a_cell_that_failed_there_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    shell = Shell()
    shell._console = Console(width=60, highlight=False, force_terminal=False)
    print_unseen(tried(table(failed=(2,))), shell)
    lines = capsys.readouterr().out.splitlines()
    assert " failed  n=2: broke" in lines
    assert lines[2].startswith(" 2013-03-01 21:00:00"), "a long heading goes on below itself"


def test_cells_yet_to_run_on_unseen_data_are_to_go() -> None:
    there = msgspec.structs.replace(table(), waiting=3)
    assert any("3 cells to go" in line for line in _next(table(), Shell(), tried(there)))
    assert not any("to go" in line for line in _next(table(), Shell(), tried(table())))


def test_it_came_to_nothing_where_all_cells_failed_here_or_there() -> None:
    fine, broken = table(failed=(2,)), table(failed=(1, 2))
    assert _came_to_something(fine, None)
    assert _came_to_something(fine, tried(fine))
    assert not _came_to_something(fine, tried(broken))
    assert not _came_to_something(broken, None)
    assert not _came_to_something(fine, tried(msgspec.structs.replace(fine, waiting=1)))


def test_what_python_is_given_writes_the_unseen_part_too(tmp_path: Path) -> None:
    there = tried(table())
    whole = SweepResult(table(), tmp_path, there.unseen, there.table)
    names = {path.name for path in whole.write(tmp_path)}
    assert {"sweep.csv", "unseen.csv", "unseen.parquet"} <= names
    assert "unseen.csv" not in {p.name for p in SweepResult(table(), tmp_path).write(tmp_path)}


def test_the_best_none_are_not_run_on_unseen_data() -> None:
    with pytest.raises(InvalidInput, match="--top 0 leaves no cell"):
        run_sweep(Shell(), {"rank": None, "name": None, "unseen": ["x.csv"], "top": 0})
