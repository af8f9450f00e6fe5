"""Timeframes of bars as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offbook.domain.errors import InvalidConfig
from offbook.domain.timeframes import format_timeframe, parse_timeframe


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1ms", 10**6),
        ("5s", 5 * 10**9),
        ("1m", 60 * 10**9),
        ("90m", 5400 * 10**9),
        ("4h", 4 * 3600 * 10**9),
        ("1d", 86_400 * 10**9),
    ],
)
def test_a_number_and_a_unit_are_nanoseconds(text: str, expected: int) -> None:
    """Units are ms, s, m, h and d."""
    assert parse_timeframe(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "m", "0m", "01m", "-1m", "1", "1 m", " 1m", "1m ", "1m\n", "1M", "1w", "1.5h"),
        *("1e3s", "\u0661m"),
    ],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    """The message shows how it is written."""
    with pytest.raises(InvalidConfig, match="such as 5s or 1m") as caught:
        parse_timeframe(text)
    assert caught.value.fields["field"] == "timeframe"


@given(st.integers(1, 10**9))
def test_whole_milliseconds_go_through_text_and_come_back(count: int) -> None:
    """In the largest unit that fits."""
    assert parse_timeframe(format_timeframe(count * 10**6)) == count * 10**6


@pytest.mark.parametrize(
    ("timeframe_ns", "text"),
    [(60 * 10**9, "1m"), (90 * 10**9, "90s"), (3600 * 10**9, "1h"), (1500, "1500ns")],
)
def test_a_timeframe_is_written_as_short_as_it_goes(timeframe_ns: int, text: str) -> None:
    """What is finer than a millisecond is shown in nanoseconds."""
    assert format_timeframe(timeframe_ns) == text
