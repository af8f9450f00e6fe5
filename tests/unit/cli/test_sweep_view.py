"""A sweep's table and map as plain text."""

from __future__ import annotations

import msgspec
import pytest
from rich.console import Console

from offbook.cli.shell import Shell
from offbook.cli.sweep_view import MAP_ROWS, figure_text, print_map, print_table
from offbook.domain.session import SessionError
from offbook.domain.sweeps import CellResult, CellValue, SweepAxis, SweepCell
from offbook.services.sweeping.heat import heat_map
from offbook.services.sweeping.ranking import SweepTable, rank_cells
from offbook.services.sweeping.statistics import figure_named


def shell(columns: int = 80) -> Shell:
    made = Shell()
    made._console = Console(width=columns, highlight=False, force_terminal=False)
    return made


def table(fast: int, slow: int, rank: str = "return", failed: int = 0) -> SweepTable:
    """A grid whose return is fast times slow; the first cells may have failed."""
    axes = (
        SweepAxis(name="fast", values=tuple(range(1, fast + 1))),
        SweepAxis(name="slow", values=tuple(range(1, slow + 1))),
    )
    cells = []
    for one in axes[0].values:
        for other in axes[1].values:
            number = len(cells) + 1
            figures: dict[str, CellValue] = {"return_pct": str(one * other), "trips": 3}
            broken = (
                SessionError(code="x", message="broke\nat length") if number <= failed else None
            )
            result = CellResult(
                session_id=f"{number:013}", statistics={} if broken else figures, error=broken
            )
            cells.append((SweepCell(number=number, params={"fast": one, "slow": other}), result))
    return rank_cells("n", "t", axes, cells, figure_named(rank), trials=len(cells))


def drawn(found: SweepTable, capsys: pytest.CaptureFixture[str], columns: int = 80) -> list[str]:
    heat = heat_map(found)
    assert heat is not None
    print_map(heat, shell(columns))
    return capsys.readouterr().out.splitlines()[1:]


def test_a_map_without_colours_is_drawn_in_digits(capsys: pytest.CaptureFixture[str]) -> None:
    assert drawn(table(3, 2), capsys) == [
        " return over fast (slow upwards)",
        " 2  2 6*9",
        " 1  0 2 4",
        "    1    3",
        " +1.0000 % 0123456789 +6.0000 %   * the best",
    ]


def test_where_less_is_better_the_least_is_the_best(capsys: pytest.CaptureFixture[str]) -> None:
    lines = drawn(table(3, 2, "return:least"), capsys)
    assert lines[1:3] == [" 2  8 4 0", " 1 *9 8 6"]
    assert lines[-1] == " +6.0000 % 0123456789 +1.0000 %   * the best"


def test_a_large_map_shows_the_best_of_several_and_fits(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = drawn(table(300, 100), capsys, columns=60)
    assert max(map(len, lines)) <= 60
    rows = lines[1:-3]
    assert len(rows) <= MAP_ROWS
    assert lines[-2] == " each place shows the best of 12 x 5 cells"
    assert rows[0].rstrip().endswith("*9"), "the best is in the last column of the upper row"


def test_failed_cells_are_lines_below_the_best(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(table(4, 5, failed=7), shell(), 3)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines[2:5]] == [
        ["1", "4", "5"], ["2", "4", "4"], ["3", "3", "5"],
    ]  # fmt: skip
    assert "... and 10 more cells" in lines[5]
    assert lines[6] == " failed  fast=1 slow=1: broke"
    assert lines[-1] == " ... and 2 more failed cells"


def test_cells_that_did_not_see_all_of_the_data_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    found = table(2, 1)
    ends = zip(found.cells, ("end_of_data", "daily_loss"), strict=True)
    cells = tuple(msgspec.structs.replace(cell, ended=end) for cell, end in ends)
    print_table(msgspec.structs.replace(found, cells=cells), shell(), 10)
    head, _, whole, part = capsys.readouterr().out.splitlines()[:4]
    assert "ended" in head
    assert "end_of_data" not in whole
    assert "daily_loss" in part
    print_table(found, shell(), 10)
    assert "ended" not in capsys.readouterr().out


@pytest.mark.parametrize("columns", [50, 60, 100])
def test_what_matters_less_gives_way(columns: int, capsys: pytest.CaptureFixture[str]) -> None:
    print_table(table(2, 2), shell(columns), 10)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= columns
    for word in ("rank", "fast", "slow", "return", "session"):
        assert word in out
    assert ("max drawdown" in out) is (columns > 60)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("return_pct", "-0.5", "-0.5000 %"),
        ("sharpe", 1.239, "1.24"),
        ("sharpe", -0.001, "0.00"),
        ("max_drawdown", 0.1234, "12.34 %"),
        ("cagr", None, "-"),
        ("trips", 1200, "1,200"),
        ("fees", "1234.5", "1,234.50"),
        ("trip_expectancy", "2", "+2.00"),
    ],
)
def test_figures_are_written_for_people(name: str, value: CellValue, text: str) -> None:
    assert figure_text(name, value) == text
