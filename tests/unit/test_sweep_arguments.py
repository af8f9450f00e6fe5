"""``offbook.sweep``: what is wrong is said before a process is started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import offbook
from offbook.domain.errors import InvalidConfig, InvalidInput, InvalidStrategy
from offbook.engine.strategy.strategy import Strategy
from offbook.notebook.sweeping import _reference, _values
from offbook.strategies.ema_cross import EmaCross

EMA = "offbook.strategies.ema_cross:EmaCross"


@pytest.mark.parametrize(
    ("parts", "error", "word"),
    [
        ({"grid": None}, InvalidConfig, "nothing varies"),
        ({"grid": {"fast": 5}}, InvalidConfig, "expected a list of values"),
        ({"grid": {"fast": []}}, InvalidConfig, "nothing varies"),
        ({"grid": {"fast": [1], "slow": []}}, InvalidConfig, "slow has no value"),
        ({"grid": {"fast": {"a": 1}}}, InvalidConfig, "expected a list of values"),
        ({"grid": {"fast": ["x"]}}, InvalidStrategy, "fast expects int"),
        ({"grid": {"fast": [{1}]}}, InvalidStrategy, "fast"),
        ({"jobs": 0}, InvalidConfig, "1 or more"),
        ({"jobs": "2"}, InvalidConfig, "jobs='2': expected a whole number"),
        ({"top": 1.5}, InvalidConfig, "top=1.5: expected a whole number"),
        ({"name": "a/b"}, InvalidConfig, "letters, digits"),
        ({"rank": "luck"}, InvalidInput, "no figure is called"),
        ({"cash": 1.5}, InvalidConfig, "write it exactly"),
        ({"where": "fast"}, InvalidConfig, "neither true nor false"),
        ({"strategy": 7}, InvalidStrategy, "give a Strategy's class"),
        ({"strategy": dict}, InvalidStrategy, "give a Strategy's class"),
        ({"data": "nowhere.csv"}, InvalidConfig, "no file"),
    ],
)
def test_wrong_arguments_are_refused(
    parts: dict[str, Any], error: type[Exception], word: str, tmp_path: Path
) -> None:
    given = {"strategy": EMA, "data": "demo", "grid": {"fast": [1, 2]}, "store": tmp_path} | parts
    with pytest.raises(error, match=word):
        offbook.sweep(**given)
    assert not list(tmp_path.iterdir())


def test_a_class_is_named_so_that_other_processes_find_it() -> None:
    class Here(Strategy):
        pass

    assert _reference(EmaCross) == EMA
    with pytest.raises(InvalidStrategy, match="no other process can import it"):
        _reference(Here)


def test_values_may_be_of_numpy_or_text() -> None:
    assert _values("x", np.arange(3)) == ("0", "1", "2")
    assert _values("x", [0.5, True, "1m", [1, 2]]) == ("0.5", "true", "1m", "[1,2]")
    assert _values("x", "1..3,9") == ("1", "2", "3", "9")
