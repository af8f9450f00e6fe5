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


WIKI = """Date,Open,High,Low,Close,Volume,Ex-Dividend,Split Ratio,Adj. Open,Adj. Close
2014-06-09,92.70,93.88,91.75,93.70,75414997.0,0.0,7.0,87.25220290517236,88.19343486747120
2014-06-06,649.90,651.26,644.47,645.57,12497800.0,0.0,1.0,87.38666461407242,86.80444541453471
2014-05-08,588.25,594.41,586.40,587.99,8224900.0,3.29,1.0,79.09710026039034,79.06214021430173
"""


def test_a_table_of_quandl_becomes_a_part_of_itself_with_its_actions(
    offbook: Program, folder: Path
) -> None:
    """In one command; without it the hint says which."""
    (folder / "wiki.csv").write_text(WIKI)
    convert = ("data", "convert", "AAPL=wiki.csv", "aapl.csv", "--newest-first",
               "--source-timeframe", "1d")  # fmt: skip
    assert "Ex-Dividend and Split Ratio are kept by" in offbook(*convert).err
    answer = offbook(*convert, "--force", "--take-actions", "raw", "--since", "2014-06-01")
    assert (answer.code, answer.err) == (0, "")
    assert len((folder / "aapl.csv").read_text().splitlines()) == 3
    described = (folder / "aapl.csv.toml").read_text()
    assert '{ symbol = "AAPL", kind = "split", ex = "2014-06-09", ratio = "7:1" }' in described
    mapped = (*convert, "--force", "--column", "open=Adj. Open")
    assert "offbook data convert --decimals" in offbook(*mapped).err
    columns = ("--column", "high=Adj. Open", "--column", "low=Adj. Open", "--column")
    close = "close=Adj. Open"
    assert offbook(*mapped, *columns, close, "--decimals", "6").code == 0
    assert "87.252203" in (folder / "aapl.csv").read_text()
    nothing = offbook(*convert, "--force", "--until", "2014-01-01")
    assert (nothing.code, "no row in the time" in nothing.err) == (2, True)
