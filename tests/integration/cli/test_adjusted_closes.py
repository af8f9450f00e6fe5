"""A file with adjusted closes on the command line: whoever passes them over is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.integration.cli.conftest import Answer

Program = Callable[..., Answer]

DAYS = """Date,Open,High,Low,Close,Adj Close,Volume
2020-08-06,110,114,109,113,110,202428800
2020-08-07,113,114,110,111,108,198045600
"""
PASSED_OVER = "Adj Close is not read"
SHARE = ("--symbol", "ACME", "--asset-class", "equity", "--timeframe", "1d")


def test_adjusted_closes_that_are_passed_over_are_told_of(offbook: Program, folder: Path) -> None:
    """By whatever reads the file, until it is said which prices are meant."""
    (folder / "days.csv").write_text(DAYS)
    assert PASSED_OVER in offbook("data", "info", "days.csv").out
    convert = ("data", "convert", "days.csv", "made.csv", "--source-timeframe", "1d", "--force")
    assert PASSED_OVER in offbook(*convert).err
    for meant in ("raw", "adjusted"):
        answer = offbook(*convert, "--adj-close", meant)
        assert (answer.code, PASSED_OVER in answer.err) == (0, False)
    prices = (folder / "made.csv").read_text().splitlines()[1].split(",")[1:5]
    assert prices == ["107.079646", "110.973451", "106.106195", "110"]
    strategy = "offbook.strategies.ema_cross:EmaCross"
    run = ("run", strategy, "--data", "days.csv", *SHARE, "--dry-run")
    assert offbook(*run).err.count(PASSED_OVER) == 1
    assert PASSED_OVER not in offbook(*run, "--adjustment", "raw").err
