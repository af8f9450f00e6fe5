"""A share that is split and pays, from a file on the command line to the report and its replay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.integration.cli.conftest import Answer

Program = Callable[..., Answer]

DAYS = """time,open,high,low,close,volume
2024-01-02,400,404,396,400,100000
2024-01-03,400,404,396,402,100000
2024-01-04,402,406,398,404,100000
2024-01-05,101,102,100,101,400000
2024-01-08,101,103,100,102,400000
2024-01-09,102,103,101,102,400000
"""
ACTIONS = """symbol,kind,ex,pay,ratio,amount
ACME,split,2024-01-05,,4:1,
ACME,dividend,2024-01-08,2024-01-09,,0.25
OTHER,split,2024-01-05,,2:1,
"""
STRATEGY = """
from offbook import Strategy


class Hold(Strategy):
    def on_bar(self, bar):
        if not self.position("ACME") and not self.open_orders():
            self.buy("ACME", 10)
"""

EMA = "offbook.strategies.ema_cross:EmaCross"


def run(offbook: Program, folder: Path, *options: str) -> Answer:
    (folder / "acme.csv").write_text(DAYS)
    (folder / "actions.csv").write_text(ACTIONS)
    (folder / "hold.py").write_text(STRATEGY)
    share = ("--symbol", "ACME", "--asset-class", "equity", "--timeframe", "1d")
    data = ("--data", "acme.csv", "--actions", "actions.csv", *share)
    return offbook("run", "hold.py:Hold", *data, "--fee-bps", "0", *options, "--json")


def test_a_session_goes_through_a_split_and_is_replayed_to_the_same_bytes(
    offbook: Program, folder: Path
) -> None:
    """Ten bought at 400 are forty at 102; ten of dividend were paid."""
    report = run(offbook, folder, "--adjustment", "raw")
    assert report.code == 0, report.err
    told = report.document
    assert told["positions"] == {"ACME": "40"}
    assert (told["income"], told["cash"], told["equity"]) == ("10", "96010", "100090")
    assert (told["realized"], told["unrealized"]) == ("0", "80")
    assert [moment["event"] for moment in told["moments"]][1:3] == ["split", "dividend"]
    (folder / "actions.csv").unlink()  # what it told is kept with the session
    assert offbook("verify", "last").code == 0
    shown = offbook("report", "last")
    assert shown.code == 0, shown.err
    assert "dividends, interest" in shown.out


def test_prices_that_carry_the_split_refuse_it(offbook: Program, folder: Path) -> None:
    """It would count twice; and so does one of which nobody says whether they do."""
    for options, what in ((("--adjustment", "split"), "count twice"), ((), "Add --adjustment raw")):
        answer = run(offbook, folder, *options)
        assert answer.code == 2
        assert what in answer.err + answer.out


def test_a_file_that_has_nothing_for_a_recording_is_told(offbook: Program, folder: Path) -> None:
    """Another spelling would be a split that is missed; a file that fits says nothing."""
    assert "is for ACME" not in run(offbook, folder, "--adjustment", "raw").err
    (folder / "typo.csv").write_text(ACTIONS.replace("ACME", "AMCE"))
    answer = run(offbook, folder, "--adjustment", "raw", "--actions", "typo.csv")
    assert answer.code == 0
    assert "no row of typo.csv is for ACME" in answer.err


def test_a_description_that_names_such_a_file_is_told_of_too(
    offbook: Program, folder: Path
) -> None:
    """It is as easily misspelled."""
    (folder / "acme.csv").write_text(DAYS)
    (folder / "hold.py").write_text(STRATEGY)
    told = 'symbol = "ACME"\nasset_class = "equity"\ntimeframe = "1d"\nadjustment = "raw"\n'
    (folder / "acme.csv.toml").write_text(told + 'actions = "list.csv"\n')
    for rows, count in ((ACTIONS.replace("ACME", "AMCE"), 1), (ACTIONS, 0)):
        (folder / "list.csv").write_text(rows)
        answer = offbook("run", "hold.py:Hold", "--data", "acme.csv", "--dry-run")
        assert answer.code == 0, answer.err
        assert answer.err.count("list.csv is for ACME") == count


def test_a_list_of_what_is_lent_comes_from_a_file(offbook: Program, folder: Path) -> None:
    """Rows of other shares are passed over; a list that has nothing is told of."""
    (folder / "lent.csv").write_text(
        "symbol,since,rate\nACME,2024-01-01,0.36\nACME,2024-01-05,\nOTHER,2024-01-01,0.1\n"
    )
    config = '[account]\ntype = "margin"\n[account.financing]\nunlisted = "deny"\n'
    (folder / "s.toml").write_text(config)
    options = ("--adjustment", "raw", "--config", "s.toml", "--dry-run")
    told = run(offbook, folder, *options, "--borrow", "lent.csv")
    assert told.code == 0, told.err
    financing = told.document["account"]["financing"]
    assert financing["unlisted"] == "deny"
    assert financing["borrow"] == [
        {"symbol": "ACME", "since": "2024-01-01", "rate": "0.36"},
        {"symbol": "ACME", "since": "2024-01-05"},
    ]
    (folder / "lent.csv").write_text("symbol,since,rate\nOTHER,2024-01-01,0.1\n")
    told = run(offbook, folder, *options, "--borrow", "lent.csv")
    assert "no row of lent.csv is for ACME" in told.err
    (folder / "lent.csv").write_text("symbol,since,rate\nACME,soon,0.1\n")
    told = run(offbook, folder, *options, "--borrow", "lent.csv")
    assert told.code == 2
    assert "lent.csv, row 1" in told.err + told.out


def test_charges_for_shares_are_told_of_where_there_are_none(
    offbook: Program, folder: Path
) -> None:
    """They would charge nothing without a word; a sweep takes the same files as a run."""
    (folder / "fee.toml").write_text('[venue.fee]\ntype = "us_regulatory"\n')
    asked = ("--config", "fee.toml", "--dry-run", "--data")
    told = run(offbook, folder, "--adjustment", "raw", *asked[:3])
    assert (told.code, "us_regulatory" in told.err) == (0, False)
    told = offbook("run", "hold.py:Hold", *asked, "demo")
    assert "us_regulatory charges nothing here" in told.err
    share = ("--symbol", "ACME", "--asset-class", "equity", "--timeframe", "1d", "--dry-run")
    share += ("--borrow", "nope.csv")
    told = offbook("sweep", EMA, "--set", "fast=1..2", "--data", "acme.csv", *share)
    assert (told.code, "nope.csv" in told.err) == (2, True), told.err
