"""The best of a sweep, held against what they were on data that no trial has seen."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from offbook.domain.session import SessionError
from offbook.domain.sweeps import CellResult, SweepAxis, SweepCell
from offbook.services.sweeping.ranking import SweepTable, rank_cells
from offbook.services.sweeping.statistics import figure_named
from offbook.services.sweeping.unseen import best_cells, compare_unseen

AXES = (SweepAxis(name="n", values=(1, 2, 3, 4)),)


def table(
    returns: dict[int, str | None], rank: str = "return", trials: int | None = None
) -> SweepTable:
    """Cells by their number: a return, or None for one that failed."""
    cells = []
    for number, gain in returns.items():
        failed = SessionError(code="x", message="broke") if gain is None else None
        result = CellResult(
            session_id=f"s{number}",
            statistics={} if gain is None else {"return_pct": gain},
            error=failed,
        )
        cells.append((SweepCell(number=number, params={"n": number}), result))
    count = len(cells) if trials is None else trials
    return rank_cells("name", "title", AXES, cells, figure_named(rank), trials=count)


SWEPT = {1: "1.5", 2: "3", 3: "2", 4: None}


def test_the_best_are_those_that_have_a_place() -> None:
    assert [cell.number for cell in best_cells(table(SWEPT), 2)] == [2, 3]
    assert [cell.number for cell in best_cells(table(SWEPT), 9)] == [2, 3, 1]


def test_each_of_the_best_has_both_figures_and_both_places() -> None:
    found = compare_unseen(table(SWEPT), table({1: "4", 2: "-1", 3: "2"}))
    assert [(c.number, c.rank, c.unseen_rank, c.seen, c.unseen) for c in found.cells] == [
        (2, 1, 3, "3", "-1"),
        (3, 2, 2, "2", "2"),
        (1, 3, 1, "1.5", "4"),
    ]
    assert found.text == (
        "of the best 3 cells 2 did as well on the unseen data as on those that were swept; the "
        "median return went from 2 to 2 %."
    )


def test_less_may_be_better() -> None:
    found = compare_unseen(table(SWEPT, "return:least"), table({1: "4", 3: "1"}, "return:least"))
    assert [cell.number for cell in found.cells] == [1, 3]
    assert found.text.startswith("of the best 2 cells 1 did as well")


@pytest.mark.parametrize(("trials", "told"), [(2, False), (12, True)])
def test_data_that_many_cells_were_tried_on_are_unseen_no_more(trials: int, told: bool) -> None:
    found = compare_unseen(table(SWEPT), table({2: "1", 3: "1"}, trials=trials))
    assert ("12 cells have been tried on them by now" in found.text) is told


def test_what_failed_there_has_no_place_there() -> None:
    broken: Sequence[int] = (2, 3)
    found = compare_unseen(table(SWEPT), table(dict.fromkeys(broken)))
    assert [(cell.unseen_rank, cell.error) for cell in found.cells] == [(None, "broke")] * 2
    assert found.text == "of the best 2 cells none has this figure (return) on the unseen data"


def test_the_median_says_of_which_cells_it_is() -> None:
    found = compare_unseen(table(SWEPT), table({2: None, 3: "1", 1: "2"}))
    assert found.text.endswith(
        "the median return of the 2 with both figures went from 1.75 to 1.5 %."
    )


def test_what_is_yet_to_run_there_is_told() -> None:
    later = msgspec.structs.replace(table({3: "1"}), waiting=2)
    found = compare_unseen(table(SWEPT), later)
    assert found.text.startswith("of the best 3 cells (2 yet to run) none did as well")
