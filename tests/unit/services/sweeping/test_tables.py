"""Ranks, the map, and what many trials do to the best."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from offbook.domain.errors import InvalidInput
from offbook.domain.session import SessionError
from offbook.domain.sweeps import CellResult, CellValue, SweepAxis, SweepCell
from offbook.services.sweeping.heat import heat_map
from offbook.services.sweeping.overfitting import deflated_sharpe, expected_best, judge
from offbook.services.sweeping.ranking import SweepTable, rank_cells
from offbook.services.sweeping.statistics import figure_named

AXES = (SweepAxis(name="fast", values=(1, 2)), SweepAxis(name="slow", values=(10, 20, 30)))
PLACES = [(fast, slow) for fast in (1, 2) for slow in (10, 20, 30)]


def table(
    rows: Sequence[dict[str, CellValue] | str | None],
    rank: str | None = None,
    trials: int = 6,
) -> SweepTable:
    """Cells in the order of the grid: figures, the text of an error, or None for one to come."""
    cells = []
    for number, (row, (fast, slow)) in enumerate(zip(rows, PLACES, strict=False), start=1):
        cell = SweepCell(number=number, params={"fast": fast, "slow": slow})
        failed = SessionError(code="x", message=row) if isinstance(row, str) else None
        figures = row if isinstance(row, dict) else {}
        result = CellResult(session_id=f"s{number}", statistics=figures, error=failed)
        cells.append((cell, None if row is None else result))
    figure = None if rank is None else figure_named(rank)
    return rank_cells("name", "title", AXES, cells, figure, trials=trials)


def order(found: SweepTable) -> list[tuple[int | None, int]]:
    return [(cell.rank, cell.number) for cell in found.cells]


RETURNS = [{"return_pct": text} for text in ("1", "10", "-3", "2.5", "10", "9.99")]


def test_the_best_comes_first_and_equals_stand_as_in_the_grid() -> None:
    """As numbers: 10 is more than 9.99, as text it would be less."""
    found = order(table(RETURNS))
    assert [number for _, number in found] == [2, 5, 6, 4, 1, 3]
    assert [rank for rank, _ in found] == [1, 1, 3, 4, 5, 6]
    assert [number for _, number in order(table(RETURNS, "return:least"))] == [3, 1, 4, 6, 2, 5]


def test_returns_that_read_the_same_are_told_apart_by_the_equity() -> None:
    rows: list[dict[str, CellValue]] = [
        {"return_pct": "-0.0050", "equity": equity} for equity in ("99994.9", "99995.1", "99994.9")
    ]
    assert order(table(rows)) == [(1, 2), (2, 1), (2, 3)]
    assert order(table(rows, "return:least")) == [(1, 1), (1, 3), (3, 2)]


def noted(*rows: tuple[str, int, str]) -> tuple[str, ...]:
    """The notes on cells with such a return, so many fills, and such an end."""
    cells = []
    for number, ((gain, fills, ended), (fast, slow)) in enumerate(
        zip(rows, PLACES, strict=False), start=1
    ):
        figures: dict[str, CellValue] = {"return_pct": gain, "fills": fills}
        result = CellResult(session_id=f"s{number}", statistics=figures, ended=ended)
        cells.append((SweepCell(number=number, params={"fast": fast, "slow": slow}), result))
    return rank_cells("name", "title", AXES, cells, None, trials=len(cells)).notes


def test_what_makes_cells_hard_to_compare_is_noted() -> None:
    end = "end_of_data"
    assert noted(("2", 4, end), ("1", 3, end)) == ()
    assert noted(("2", 4, end), ("1", 3, end), ("2", 4, end)) == (
        "2 cells are equal in the first place, in the order of the grid",
    )
    assert noted(("-2", 4, end), ("0", 0, end)) == ("1 cell had no fill; the best is one of them",)
    assert noted(("2", 4, end), ("0", 0, end)) == ("1 cell had no fill",)
    assert noted(("0", 0, end))[0].startswith("no cell had a fill")
    assert noted(("-1", 1, "daily_loss"), ("-2", 1, end), ("-3", 1, "livelock")) == (
        "2 cells ended before the data did (daily_loss 1, livelock 1); one of them is the best",
    )
    assert noted(("-1", 1, "daily_loss"), ("2", 1, end)) == (
        "1 cell ended before the data did (daily_loss 1); the best is none of them",
    )


def test_less_of_a_drawdown_is_better() -> None:
    rows: list[dict[str, CellValue]] = [{"max_drawdown": value} for value in (0.3, 0.1, 0.2)]
    assert [number for _, number in order(table(rows, "drawdown"))] == [2, 3, 1]


def test_without_the_figure_then_failed_then_nothing() -> None:
    found = table([{"sharpe": None}, "broke", {"sharpe": 1.0}, None, {"sharpe": 2.0}], "sharpe")
    assert order(found) == [(1, 5), (2, 3), (None, 1), (None, 2)]
    assert found.waiting == 1
    assert [cell.number for cell in found.failed] == [2]
    assert found.best is not None
    assert found.best.number == 5


def test_the_sharpe_ratio_ranks_where_there_is_one_else_the_return() -> None:
    assert table(RETURNS).figure.name == "return_pct"
    assert table([{"sharpe": 1.0, "return_pct": "2"}]).figure.name == "sharpe"


def test_a_figure_that_nobody_has_is_said_with_the_reason() -> None:
    found = table(RETURNS, "sharpe")
    assert found.best is None
    assert found.notes == (
        "no cell has sharpe: nothing is annualised from less than 30 days; try --rank return",
    )
    assert table(["broke"], "sharpe").notes == ()


@pytest.mark.parametrize("name", ["sharp", "return:worst", "", "fees:"])
def test_figures_are_named_or_refused(name: str) -> None:
    if name == "fees:":
        assert figure_named(name).less
        return
    with pytest.raises(InvalidInput) as caught:
        figure_named(name)
    assert caught.value.fields["field"] == "rank"


def test_the_map_has_a_place_for_each_pair_and_shows_the_best_of_several() -> None:
    heat = heat_map(table([{"return_pct": str(n)} for n in range(5)]))
    assert heat is not None
    assert heat.down is not None
    assert (heat.across.name, heat.down.name, heat.over) == ("fast", "slow", ())
    assert heat.values == ((0.0, 3.0), (1.0, 4.0), (2.0, None))
    assert heat.best == (1, 1)
    one = heat_map(table([{"return_pct": str(n)} for n in range(5)]), ["slow"])
    assert one is not None
    assert (one.values, one.over, one.best) == (((3.0, 4.0, 2.0),), ("fast",), (0, 1))
    least = heat_map(table([{"fees": str(n)} for n in range(5)], "fees"), ["slow"])
    assert least is not None
    assert (least.values, least.best) == (((0.0, 1.0, 2.0),), (0, 0))


def test_a_map_needs_something_to_show() -> None:
    assert heat_map(table(["broke"])) is None
    with pytest.raises(InvalidInput, match="these do: fast, slow"):
        heat_map(table(RETURNS), ["size"])
    with pytest.raises(InvalidInput, match="each named once"):
        heat_map(table(RETURNS), ["fast", "fast"])


# -- overfitting --------------------------------------------------------------------------------


def test_the_example_of_the_paper_comes_out() -> None:
    """Bailey and López de Prado, The Deflated Sharpe Ratio, "A numerical example": 100 trials over
    1,250 days, variance of the annual ratios 1/2, best 2.5, skewness -3, kurtosis 10: the threshold
    is 0.1132 a day and the deflated ratio 0.9004."""
    lucky = expected_best(math.sqrt(0.5 / 250), 100)
    assert lucky == pytest.approx(0.1132, abs=5e-5)
    found = deflated_sharpe(2.5 / math.sqrt(250), lucky, 1250, -3.0, 10.0)
    assert found == pytest.approx(0.9004, abs=5e-5)


def daily(mean: float, days: int = 250) -> dict[str, CellValue]:
    return {
        "sharpe": mean / 0.01 * math.sqrt(250),
        "daily_mean": mean,
        "daily_deviation": 0.01,
        "daily_skewness": 0.0,
        "daily_kurtosis": 3.0,
        "days": days,
    }


def test_more_trials_make_the_best_less_believable() -> None:
    rows = [daily(mean) for mean in (0.001, 0.0005, 0.0, -0.0005)]
    few, many = (judge(table(rows, trials=trials)) for trials in (4, 4000))
    assert few is not None
    assert many is not None
    assert few.deflated is not None
    assert many.deflated is not None
    assert many.lucky_sharpe is not None
    assert few.deflated > many.deflated
    assert "best of 4,000 trials" in many.text
    assert f"{many.lucky_sharpe:.2f}" in many.text
    assert "Judge it on data that no trial has seen. Luck" in many.text
    tried = judge(table(rows, trials=4000), is_tried=True)
    assert tried is not None
    assert "luck alone. Luck alone would" in tried.text


def test_too_few_days_or_cells_are_said_plainly() -> None:
    for rows in ([daily(0.001, days=20), daily(0.0, days=20)], [daily(0.001)]):
        judged = judge(table(rows))
        assert judged is not None
        assert judged.deflated is None
        assert "good by luck" in judged.text
    assert judge(table(RETURNS[:1], trials=1)) is None
    assert judge(table(["broke", "broke"])) is None
