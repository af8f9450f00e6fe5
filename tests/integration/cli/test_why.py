"""``offbook why``: as people ask it, and as programs do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.integration.cli.conftest import Answer

from offbook.cli.why import parse_moment
from offbook.domain.errors import InvalidInput

Program = Callable[..., Answer]
QUOTES = ("--data", "quotes.csv")
END = 1_723_161_904_000_000_000  # 2024-08-09 00:05:04 UTC


def test_the_answer_comes_first_and_every_gate_after_it(offbook: Program) -> None:
    assert offbook("run", "mine.py:Idle", *QUOTES, "--quiet").code == 0
    answer = offbook("why", "last")
    assert answer.code == 0
    assert "decision: it had not sent any order yet" in answer.out
    for name in ("session", "data of ", "subscribed data", "risk", "venue", "fills"):
        assert name in answer.out
    document = offbook("why", "last", "--json").document
    assert document["answer"].startswith("decision: ")
    assert {"name": "risk", "state": "open", "text": "nothing was denied"} in document["gates"]


def test_a_time_outside_the_session_is_a_usage_error(offbook: Program) -> None:
    assert offbook("run", "mine.py:Idle", *QUOTES, "--quiet").code == 0
    answer = offbook("why", "last", "--at", "1999-01-01T00:00:00")
    assert answer.code == 2
    assert "is outside the session, which ran from" in answer.err
    assert offbook("why", "nothing-like-this").code == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-08-08T23:55:00", "2024-08-08T23:55:00"),
        ("2024-08-09T01:55:00+02:00", "2024-08-08T23:55:00"),
        ("23:55", "2024-08-08T23:55:00"),
        ("0:05:03.5", "2024-08-09T00:05:03.500000"),
        ("1723161300000000000", "2024-08-08T23:55:00"),
    ],
)
def test_moments_are_read_as_people_write_them(text: str, expected: str) -> None:
    """A time of day is the last one before the session's end."""
    assert parse_moment(text, END) == parse_moment(expected, END)


@pytest.mark.parametrize("text", ["yesterday", "9" * 23, "\u00b2" * 11, ""])
def test_a_moment_that_cannot_be_read_says_how_to_write_it(text: str) -> None:
    with pytest.raises(InvalidInput, match="write a time such as"):
        parse_moment(text, END)
