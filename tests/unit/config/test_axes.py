"""Values of a parameter as a grid names them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offbook.config.axes import axis_texts, names_several, range_hint
from offbook.domain.errors import InvalidConfig


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("5..8", ["5", "6", "7", "8"]),
        ("20..60:20", ["20", "40", "60"]),
        ("20..50:20", ["20", "40"]),
        ("-1..1", ["-1", "0", "1"]),
        ("7..7", ["7"]),
        ("0.1..0.5:0.1", ["0.1", "0.2", "0.3", "0.4", "0.5"]),
        ("5 .. 9 : 2", ["5", "7", "9"]),
        ("0..1:0.25", ["0.00", "0.25", "0.50", "0.75", "1.00"]),
        ("5,10,20", ["5", "10", "20"]),
        ("1..3, 10 ,20..40:10", ["1", "2", "3", "10", "20", "30", "40"]),
        ("1s,5s", ["1s", "5s"]),
        ("[1,2],[3]", ["[1,2]", "[3]"]),
        ('"a,b",c', ["a,b", "c"]),
        (r'"a\",b"', ['a",b']),
        ('{"x": [1, "}"]},2', ['{"x": [1, "}"]}', "2"]),
        ("500", ["500"]),
    ],
)
def test_a_text_names_values(text: str, values: list[str]) -> None:
    assert axis_texts("fast", text) == values


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("50..5", "ends before it begins"),
        ("0.1..0.5", "0.1..0.5:0.1"),
        ("5..9:0", "more than 0"),
        ("5..9:-1", "more than 0"),
        ("5,", "a value is missing"),
        ("", "a value is missing"),
        ("5...9", "write a range as"),
        ("5..x", "write a range as"),
        ("1..20000", "more than 10,000"),
        ("1..6000,1..6000", "more than 10,000"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_write(text: str, word: str) -> None:
    with pytest.raises(InvalidConfig, match=word) as caught:
        axis_texts("fast", text)
    assert caught.value.fields["field"] == "fast"


@pytest.mark.parametrize(
    ("text", "several"),
    [("5..50", True), ("5,10", True), ("5..5", True), ("5", False), ("[1,2]", False), ("x", False)],
)
def test_one_value_is_told_from_several(text: str, several: bool) -> None:
    assert names_several(text) is several


@given(
    st.decimals(-1000, 1000, places=3),
    st.decimals("0.001", 50, places=3),
    st.integers(0, 200),
)
def test_a_range_counts_exactly(first: Decimal, step: Decimal, count: int) -> None:
    """However many steps, the last is where exact arithmetic puts it."""
    last = first + step * count
    texts = axis_texts("x", f"{first:f}..{last:f}:{step:f}")
    assert [Decimal(text) for text in texts] == [first + step * n for n in range(count + 1)]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("5-50", "5..50"),
        ("5:50:5", "5..50:5"),
        ("range(5, 50, 5)", "5..50:5"),
        ("0.1 to 0.5", "0.1..0.5"),
        ("-5--1", "-5..-1"),
        ("5", ""),
        ("2024-01-31", ""),
        ("10:30", "10..30"),
        ("a-b", ""),
    ],
)
def test_a_range_of_another_program_is_told_as_it_is_written_here(text: str, written: str) -> None:
    told = range_hint(text)
    assert told == (f"; a range is written {written}, both ends included" if written else "")
