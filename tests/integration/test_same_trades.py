"""The trades of other engines: what they made of the same plans on the bars that ship.

``same_trades.jsonl`` is written by ``benchmarks/same_trades.py --keep``, which runs those engines.
"""

from __future__ import annotations

import importlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LINES = Path(__file__).with_name("same_trades.jsonl").read_text(encoding="utf-8").splitlines()
KEPT = [json.loads(line) for line in LINES]


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The plans, which are beside the scripts that run other engines."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("planned")


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: f"{kept['case']} ({kept['engine']})")
def test_a_plan_trades_as_in_another_engine(kept: dict[str, Any], planned: Any) -> None:
    """Every fill, and the equity to the cent."""
    case = next(case for case in planned.CASES if case.name == kept["case"])
    plan = planned.plan_of(case, {}, kept["bars"])
    fills = [planned.Made(bar, *map(Decimal, rest)) for bar, *rest in kept["fills"]]
    theirs = planned.Outcome(fills, Decimal(kept["equity"]), kept["version"])
    assert len(fills) > 5
    assert (
        planned.differences(planned.run_here(case, kept["engine"], plan), theirs, plan["bars"])
        == []
    )


def test_a_difference_is_told(planned: Any) -> None:
    """Else none would ever be found."""
    bars = [["2024-01-02", "1", "1", "1", "1", "1"]]
    one = planned.Outcome([planned.Made(0, *map(Decimal, ("1", "2", "0")))], Decimal(5), "1")
    other = planned.Outcome([planned.Made(0, *map(Decimal, ("1", "2.01", "0")))], Decimal(5), "1")
    none = planned.Outcome([], Decimal("5.01"), "1")
    assert len(planned.differences(one, other, bars)) == 1
    assert len(planned.differences(one, none, bars)) == 2
    assert planned.differences(one, one, bars) == []
