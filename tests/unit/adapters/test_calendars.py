"""Calendars by name, from the tables that ship."""

from __future__ import annotations

import pytest
from tests.recordings import (
    NS,
)

from offbook.adapters.calendars import known_calendars, load_calendar, parse_calendar
from offbook.domain.errors import InvalidConfig


def test_calendars_are_known_by_name() -> None:
    assert load_calendar("24/7").always_open
    new_york = load_calendar("XNYS")
    assert new_york is load_calendar("XNYS")
    assert new_york.is_open(NS)
    assert not new_york.is_open(NS - 1)
    assert known_calendars()[0] == "24/7"
    for name in ("XXXX", "../demo/x", ""):
        with pytest.raises(InvalidConfig, match=r"known: 24/7, .*XNYS"):
            load_calendar(name)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"[]", "not a session table"),
        (b'{"calendar":"X","unit":"hours","columns":["date","open","close"],"sessions":[]}',
         "unknown columns or unit"),
        (b'{"calendar":"X","unit":"minutes","columns":["date","open","close"],'
         b'"sessions":[["a",5,9],["b",8,12]]}', "overlap or run backwards"),
    ],
)  # fmt: skip
def test_a_damaged_session_table_is_refused(raw: bytes, text: str) -> None:
    with pytest.raises(InvalidConfig, match=text):
        parse_calendar(raw)
