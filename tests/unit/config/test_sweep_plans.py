"""A sweep's cells, checked before any runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from offbook.config.sessions import SessionRequest, strategy_parameters
from offbook.config.sweeps import SweepPlan, SweepRequest, parse_grid, plan_sweep
from offbook.domain.errors import InvalidConfig, InvalidStrategy

EMA = "offbook.strategies.ema_cross:EmaCross"


def plan(*, fixed: dict[str, str] | None = None, **parts: Any) -> SweepPlan:
    grid = {name: tuple(values.split(",")) for name, values in parts.pop("grid").items()}
    session = SessionRequest(strategy=EMA, data="demo", params=fixed or {})
    return plan_sweep(SweepRequest(session=session, grid=grid, **parts))


def pairs(found: SweepPlan) -> list[tuple[int, int]]:
    return [(cell.params["fast"], cell.params["slow"]) for cell in found.cells]


def test_the_last_parameter_varies_fastest_and_values_have_their_types() -> None:
    found = plan(grid={"fast": "5,10", "slow": "20,30"}, fixed={"size": "0.02"})
    assert pairs(found) == [(5, 20), (5, 30), (10, 20), (10, 30)]
    assert [cell.number for cell in found.cells] == [1, 2, 3, 4]
    assert {cell.params["size"] for cell in found.cells} == {"0.02"}
    config = found.config_of(found.cells[3], "a name")
    assert config.strategy is not None
    assert config.strategy.params == found.cells[3].params
    assert config.name == "a name"


def test_equal_values_are_tried_once() -> None:
    assert [axis.values for axis in plan(grid={"fast": "5,5,6,5"}).axes] == [(5, 6)]


def test_conditions_leave_cells_out_and_their_numbers_stay() -> None:
    found = plan(grid={"fast": "5,25", "slow": "20,30"}, where=("fast < slow", "slow < 30"))
    assert [(cell.number, cell.params["fast"]) for cell in found.cells] == [(1, 5)]
    assert (found.grid, found.fitting) == (4, 1)


def test_a_sample_is_drawn_by_its_seed_and_grows_with_its_size() -> None:
    grid = {"fast": ",".join(map(str, range(1, 41)))}
    few, many = plan(grid=grid, sample=5), plan(grid=grid, sample=20)
    numbers = [cell.number for cell in few.cells]
    assert numbers == sorted(numbers)
    assert set(numbers) < {cell.number for cell in many.cells}
    assert plan(grid=grid, sample=5) == few
    assert plan(grid=grid, sample=5, sample_seed=1).cells != few.cells
    assert len(plan(grid=grid, sample=99).cells) == 40


def test_a_sample_of_a_smaller_grid_draws_the_same_cells() -> None:
    """What is drawn hangs on a cell's parameters, not on its neighbours."""
    wide = plan(grid={"fast": ",".join(map(str, range(1, 41)))}, sample=40, sample_seed=3)
    assert wide.cells == plan(grid={"fast": ",".join(map(str, range(1, 41)))}).cells


@pytest.mark.parametrize(
    ("parts", "error", "word"),
    [
        ({"grid": {}}, InvalidConfig, "nothing varies"),
        ({"grid": {"fats": "1,2"}}, InvalidStrategy, "did you mean 'fast'"),
        ({"grid": {"fast": "1,x"}}, InvalidStrategy, "fast expects int"),
        ({"grid": {"fast": "1,2"}, "fixed": {"slow": "x"}}, InvalidStrategy, "slow expects int"),
        ({"grid": {"fast": "1,2"}, "where": ("fast > 9",)}, InvalidConfig, "no cell of the grid"),
        ({"grid": {"fast": "1,2"}, "sample": 0}, InvalidConfig, "expected 1 or more"),
        ({"grid": {"fast": "1,2"}, "sample_seed": 1}, InvalidConfig, "add --sample"),
        (
            {"grid": dict.fromkeys(("fast", "slow"), ",".join(map(str, range(1001))))},
            InvalidConfig,
            "1,002,001 cells",
        ),
    ],
)
def test_what_does_not_fit_is_said_before_anything_runs(
    parts: dict[str, Any], error: type[Exception], word: str
) -> None:
    with pytest.raises(error, match=word):
        plan(**parts)


def test_settings_of_a_command_line_are_parted() -> None:
    grid, fixed = parse_grid(
        {"fast": "1..3", "slow": "9", "legs": "[1,2]", "name": '"a,b"', "e": ""}
    )
    assert grid == {"fast": ("1", "2", "3")}
    assert fixed == {"slow": "9", "legs": "[1,2]", "name": "a,b", "e": ""}


@pytest.mark.parametrize(
    ("grid", "fixed", "error"),
    [({}, {"fast": "5-50"}, InvalidConfig), ({"slow": "20,30"}, {"fast": "5-50"}, InvalidStrategy)],
)
def test_a_range_written_otherwise_is_met_with_how_it_is_written(
    grid: dict[str, str], fixed: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error, match=r"a range is written 5\.\.50, both ends included"):
        plan(grid=grid, fixed=fixed)


def test_numbers_that_cannot_be_stored_are_refused_and_such_defaults_left_to_the_class(
    tmp_path: Path,
) -> None:
    """JSON, in which a session's parameters are kept, has no infinity: it would become nothing."""
    file = tmp_path / "limits.py"
    file.write_text(
        "from offbook import Strategy\n\n\nclass Capped(Strategy):\n"
        "    top: float = float('inf')\n    steps: list[float] = [1.0]\n    n: int = 1\n"
    )
    ref = f"{file}:Capped"
    assert strategy_parameters(ref, {"n": "2"}) == {"steps": [1.0], "n": 2}
    for name, text in (("top", "inf"), ("top", "nan"), ("steps", "[1e999]")):
        with pytest.raises(InvalidStrategy, match=name) as caught:
            strategy_parameters(ref, {name: text})
        assert caught.value.fields["parameter"] == name
