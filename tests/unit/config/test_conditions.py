"""Conditions on parameters: what they say, and what they may not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offbook.config.conditions import parse_condition
from offbook.domain.errors import InvalidConfig

PARAMS: dict[str, Any] = {
    "fast": 10, "slow": 30, "size": "0.30", "edge": 0.1, "on": True, "frame": "1m", "legs": [1],
}  # fmt: skip


def holds(text: str, params: dict[str, Any] = PARAMS) -> bool:
    return parse_condition(text, tuple(params))(params)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("fast < slow", True),
        ("fast >= slow", False),
        ("5 < fast < slow <= 30", True),
        ("slow - fast >= 20 and not fast == 11", True),
        ("fast > 100 or slow == 30", True),
        ("slow % fast == 0 and slow // 7 == 4", True),
        ("edge + 0.2 == size", True),  # exactly, across a float, a literal and a decimal text
        ("frame == '1m' and frame in ('1m', '5m')", True),
        ("fast not in [1, 10]", False),
        ("on", True),
        ("on == false", False),
        ("max(fast, slow) - min(fast, slow) == abs(-20)", True),
        ("slow / fast == 3", True),
    ],
)
def test_a_condition_decides(text: str, wanted: bool) -> None:
    assert holds(text) is wanted


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')", "fast.__class__", "open('x')", "(lambda: 1)()",
        "[x for x in (1,)]", "fast ** 9999999", "fast if on else slow", "f'{fast}' == ''",
        "print(fast)", "max(fast, key=slow)", "fast[0] == 1", "(fast := 3) > 1", "fast is slow",
        "b'x' == b'x'", "~fast == 1", "fast << 3 > 1", "None == None", "max() > 1", "fast; slow",
        "1e999999999 > fast", "fast <", "", "x" * 501,
    ],
)  # fmt: skip
def test_nothing_else_is_read_and_nothing_is_executed(text: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        parse_condition(text, tuple(PARAMS))
    assert caught.value.fields["field"] == "where"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("fasst < slow", "did you mean 'fast'"),
        ("fast", "neither true nor false"),
        ("frame < fast", "cannot be decided"),
        ("fast % 0 == 1", "cannot be decided"),
        ("fast and slow", "cannot be decided"),
        ("frame + 1 == 2", "cannot be decided"),
        ("legs == 1", "cannot be decided"),
    ],
)
def test_what_cannot_be_decided_says_why(text: str, word: str) -> None:
    with pytest.raises(InvalidConfig, match=word):
        holds(text)


NUMBERS = st.one_of(st.integers(0, 9).map(str), st.sampled_from(["fast", "slow"]))
SUMS = st.recursive(
    NUMBERS, lambda part: st.tuples(part, st.sampled_from("+-*"), part).map(" ".join), max_leaves=5
)
COMPARED = st.tuples(SUMS, st.sampled_from(["<", "<=", "==", "!=", ">", ">="]), SUMS).map(" ".join)
CONDITIONS = st.recursive(
    COMPARED,
    lambda part: st.one_of(
        st.tuples(part, st.sampled_from(["and", "or"]), part).map(lambda p: f"({' '.join(p)})"),
        part.map(lambda p: f"(not {p})"),
    ),
    max_leaves=5,
)


@given(CONDITIONS, st.integers(-20, 20), st.integers(-20, 20))
def test_a_condition_says_what_python_says(text: str, fast: int, slow: int) -> None:
    """Of whole numbers, where Python's own arithmetic is exact."""
    params = {"fast": fast, "slow": slow}
    assert holds(text, params) is eval(text, {}, params)
