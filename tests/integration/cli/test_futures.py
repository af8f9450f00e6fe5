"""A future with its settlement prices, from files on the command line to the report and its
replay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.integration.cli.conftest import Answer

Program = Callable[..., Answer]

BARS = """time,open,high,low,close,volume
2024-01-02T00:00:00Z,4500,4502,4498,4500,1000
2024-01-02T12:00:00Z,4500,4512,4499,4510,1000
2024-01-03T00:00:00Z,4510,4511,4499,4500,1000
2024-01-03T12:00:00Z,4500,4506,4499,4505,1000
2024-01-04T00:00:00Z,4505,4508,4504,4507,1000
2024-01-04T12:00:00Z,4507,4508,4506,4507,1000
"""
SETTLEMENTS = """symbol,at,price
ESH4,2024-01-02T21:00:00Z,4508.25
ESM4,2024-01-02T21:00:00Z,4550
ESH4,2024-01-03T21:00:00Z,4504.5
ESH4,2024-01-04T14:30:00Z,4506
"""
STRATEGY = """
from offbook import Strategy


class Hold(Strategy):
    def on_bar(self, bar):
        if not self.position("ESH4") and not self.open_orders():
            self.buy("ESH4", 2)
"""


def run(offbook: Program, folder: Path, *options: str) -> Answer:
    (folder / "es.csv").write_text(BARS)
    (folder / "settlements.csv").write_text(SETTLEMENTS)
    (folder / "hold.py").write_text(STRATEGY)
    (folder / "session.toml").write_text('[account]\ntype = "margin"\nleverage = "20"\n')
    future = ("--symbol", "ESH4", "--asset-class", "future", "--multiplier", "50")
    terms = ("--currency", "USD", "--tick", "0.25", "--lot", "1", "--timeframe", "12h")
    data = ("--data", "es.csv", "--settlements", "settlements.csv", *future, *terms)
    config = ("--config", "session.toml", "--cash", "50000", "--fee-bps", "0")
    return offbook("run", "hold.py:Hold", *data, *config, *options, "--json")


def test_gains_come_to_the_cash_each_day_and_the_same_bytes_come_again(
    offbook: Program, folder: Path
) -> None:
    """Two bought at the open of the second bar, which is known when it ends: 450 come from the
    settlement of the next day, and at the end each has brought 6 points of 50."""
    report = run(offbook, folder, "--expires", "2024-01-04T14:30:00Z")
    assert report.code == 0, report.err
    told = report.document
    settled = [m["reason"] for m in told["moments"] if m["event"] in ("settled", "expired")]
    assert settled == ["ESH4 at 4504.5, 450 paid", "ESH4 at 4506, 150 paid"]
    assert (told["cash"], told["equity"], told["realized"]) == ("50600", "50600", "600")
    (folder / "settlements.csv").unlink()  # what it told is kept with the session
    assert offbook("verify", "last").code == 0


def test_what_does_not_fit_is_refused_early(offbook: Program, folder: Path) -> None:
    """Each with what to do."""
    cases = (
        (("--asset-class", "crypto_spot", "--base", "ES"), "there are no contracts"),
        (("--expires", "soon"), "is no moment with its offset"),
        (("--expires", "2024-01-03T00:00:00Z"), "comes after ESH4 expires"),
        (("--multiplier", "0"), "multiplier=0 is not positive"),
    )
    for options, what in cases:
        answer = run(offbook, folder, *options)
        assert answer.code == 2, options
        assert what in answer.err + answer.out


def test_what_had_expired_before_the_recording_is_refused_at_once(
    offbook: Program, folder: Path
) -> None:
    """A year mistyped: no session runs of which every order would be denied."""
    (folder / "none.csv").write_text("symbol,at,price\n")
    answer = run(offbook, folder, "--expires", "2023-03-15T14:30:00Z", "--settlements", "none.csv")
    assert answer.code == 2
    message = answer.document["error"]["message"]
    assert "es.csv" in message
    assert "2023-03-15" in message
