"""Figures as people read them."""

import pytest

from offbook.services.reporting import formatting as f
from offbook.services.reporting.figure import Figure
from offbook.testing.markets import START


@pytest.mark.parametrize(
    ("text", "signed", "shown"),
    [
        ("1234567.891", False, "1,234,567.89"),
        ("0.0023", False, "0.0023"),
        ("0.000000001", False, "0.00000000"),
        ("-0.5", True, "-0.50"),
        ("12", True, "+12.00"),
        ("0", True, "0.00"),
        ("-0.00", False, "0.00"),
        ("9" * 30, False, ",".join(["999"] * 10) + ".00"),
    ],
)
def test_money(text: str, signed: bool, shown: str) -> None:
    """Two decimals, more where that would show nothing."""
    assert f.money(text, signed=signed) == shown


@pytest.mark.parametrize(
    ("ns", "shown"),
    [
        (1_500_000, "1.5 ms"),
        (50_000_000, "50 ms"),
        (9_921_810_366, "9.9 s"),
        (61 * 10**9, "1 min 1 s"),
        (90_061 * 10**9, "1 d 1 h"),
        (3_600 * 10**9, "1 h"),
        (2_614 * 86_400 * 10**9, "2,614 d"),
    ],
)
def test_duration(ns: int, shown: str) -> None:
    """The two largest units; one that is zero says nothing."""
    assert f.duration(ns) == shown


def test_times_are_utc() -> None:
    """To the second for people, to the nanosecond for files."""
    assert f.clock(START) == "2024-01-02 14:30:00"
    assert f.iso(START + 5) == "2024-01-02T14:30:00.000000005Z"
    assert f.iso(0) == "1970-01-01T00:00:00.000000000Z"
    assert (f.clock(None), f.clock(0)) == ("-", "-")
    assert f.clock(START, date=False) == "14:30:00"
    assert (f.counted(1, "fill"), f.counted(2000, "fill")) == ("1 fill", "2,000 fills")


def test_percent_and_figures() -> None:
    """A fraction in percent; a figure that is not there says why."""
    assert (f.percent(0.0123), f.percent(-0.000195), f.percent(0.0)) == (
        "+1.23 %",
        "-0.0195 %",
        "0.00 %",
    )
    assert f.percent(0.5, signed=False) == "50.00 %"
    assert f.figure(Figure(None, "why"), f.percent) == "n/a: why"
    assert f.words("MAX_ORDER") == "max order"


@pytest.mark.parametrize(
    ("count", "kind", "shown"),
    [
        (1, "quotes", "1 quote"),
        (2000, "bars", "2,000 bars"),
        (5, "depth", "5 rows of depth"),
        (1, "orders", "1 row of orders"),
        (0, "depth, trades", "0 rows of depth, trades"),
    ],
)
def test_rows_of(count: int, kind: str, shown: str) -> None:
    """What is no thing by itself is a row."""
    assert f.rows_of(count, kind) == shown


def test_where_a_session_stands_and_how_long_it_went() -> None:
    """One that has not started has neither."""
    assert f.reached(0) == "before its first row"
    assert f.reached(START) == f"at {f.clock(START)} UTC"
    assert f.span(None, 0) == "not started yet"
    assert f.span(START, START + 60 * 10**9) == (
        f"{f.clock(START)} to {f.clock(START + 60 * 10**9)} UTC (1 min)"
    )
