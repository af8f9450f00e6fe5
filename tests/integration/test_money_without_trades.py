"""Dividends, interest, borrow fees and cash in lieu, as a result and an export tell them."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import offbook
from offbook import Bar, Strategy
from offbook.config.markets import MarketDescription
from offbook.domain.config import Adjustment
from offbook.domain.instruments import AssetClass
from offbook.notebook.result import RunResult

BARS = """\
date,open,high,low,close,volume
2024-01-02,10,10,10,10,10000
2024-01-03,10,10,10,10,10000
2024-01-04,10,10,10,10,10000
2024-01-05,9,9,9,9,10000
2024-01-08,18,18,18,18,10000
2024-01-31,18,18,18,18,10000
"""
ACTIONS = """\
symbol,kind,ex,pay,ratio,amount
XYZ,dividend,2024-01-04,2024-01-05,,0.333
XYZ,split,2024-01-08,,1:2,
"""


class Once(Strategy):
    """Trades once, after the first bar."""

    symbol: str = "XYZ"
    shares: int = 11

    def on_start(self) -> None:
        self.is_done = False

    def on_bar(self, bar: Bar) -> None:
        if not self.is_done:
            self.is_done = True
            (self.buy if self.shares > 0 else self.sell)(self.symbol, abs(self.shares))


def run(
    folder: Path,
    qty: int,
    account: dict[str, Any],
    cash: str | None = "1000",
    actions: str = ACTIONS,
) -> RunResult:
    """Eleven shares over a dividend, its pay-date and a reverse split."""
    (folder / "xyz.csv").write_text(BARS)
    (folder / "actions.csv").write_text(actions)
    market = MarketDescription(
        symbol="XYZ",
        asset_class=AssetClass.EQUITY,
        timeframe="1d",
        adjustment=Adjustment.RAW,
        actions=str(folder / "actions.csv"),
    )
    config = {"account": account, "venue": {"fee": {"type": "flat", "per_order": "0"}}}
    file = folder / "xyz.csv"
    return offbook.run(Once, file, market=market, config=config, cash=cash, shares=qty)


def told(result: RunResult, *names: str) -> list[tuple[Any, ...]]:
    """Some columns of the flows, each with its day."""
    columns = (result.flows[name] for name in ("time", *names))
    return [(str(row[0])[:10], *row[1:]) for row in zip(*columns, strict=True)]


def test_a_dividend_is_told_where_it_is_owed_and_where_it_is_paid(tmp_path: Path) -> None:
    """With its tax; the half share that a reverse split leaves is told too. All of it is the
    account's income and, of the fraction, realized."""
    result = run(tmp_path, 11, {"withholding": "0.15"})
    owed, tax = Decimal("3.11"), Decimal("0.55")  # of 3.663: rounded against the account
    assert told(result, "event", "reason", "amount", "withheld", "worth") == [
        ("2024-01-04", "accrued", "dividend", owed, tax, owed),
        ("2024-01-05", "paid", "dividend", owed, None, owed),
        ("2024-01-08", "paid", "in_lieu", Decimal(9), None, Decimal(9)),
    ]
    assert told(result, "basis", "rate")[0][1:] == (11, Decimal("0.333"))
    assert (str(result.summary.income), str(result.summary.cash)) == ("3.11", "902.11")
    assert result.flows["currency"] == ("USD",) * 3
    result.write(tmp_path / "out", "csv")
    with (tmp_path / "out" / "flows.csv").open() as file:
        assert [row["amount"] for row in csv.DictReader(file)] == ["3.11", "3.11", "9"]


def test_a_dividend_may_have_a_tax_of_its_own(tmp_path: Path) -> None:
    """In place of the account's: of 3.663 a quarter and more, rounded against the account."""
    own = ACTIONS.replace("amount\n", "amount,withholding\n").replace("0.333\n", "0.333,0.26375\n")
    result = run(tmp_path, 11, {"withholding": "0.15"}, actions=own.replace("1:2,\n", "1:2,,\n"))
    accrued = told(result, "amount", "withheld")[0]
    assert accrued == ("2024-01-04", Decimal("2.69"), Decimal("0.97"))


@pytest.mark.parametrize(
    ("cash", "worth"), [({}, [Decimal("281.144"), Decimal("813.6")]), ({"USD": "200"}, [None] * 2)]
)
def test_what_it_is_worth_is_told_in_the_accounts_currency(
    tmp_path: Path, cash: dict[str, str], worth: list[Decimal | None]
) -> None:
    """At the rate of its moment; what is paid into a balance of its own currency stays there."""
    account = {"currency": "JPY", "initial_cash": "100000", "cash": cash, "rates": {"USD": "90.4"}}
    result = run(tmp_path, 11, {**account, "withholding": "0.15"}, cash=None)
    accrued, *paid = told(result, "event", "currency", "worth")
    assert accrued[1:] == ("accrued", "USD", Decimal("281.144"))
    assert [line[2:] for line in paid] == [("USD", one) for one in worth]


def test_interest_and_fees_accrue_apart_and_are_paid_in_one_amount(tmp_path: Path) -> None:
    """Day by day for what is owed until the next, and with the month what both come to."""
    financing = {
        "borrow": [{"symbol": "XYZ", "since": "2024-01-01", "rate": "0.36"}],
        "interest": [{"currency": "USD", "since": "2024-01-01", "credit": "0.036", "debit": "0"}],
    }
    result = run(tmp_path, -11, {"type": "margin", "financing": financing})
    lines = told(result, "event", "reason", "symbol", "amount", "days")
    assert {line[1] for line in told(result, "year_days")} == {None, 0, 360}
    first = {line for line in lines if line[0] == "2024-01-03"}
    assert first == {
        ("2024-01-03", "accrued", "borrow_fee", "XYZ", Decimal("-0.11"), 1),
        ("2024-01-03", "accrued", "interest", None, Decimal("0.1"), 1),
    }
    monthly = [line for line in lines if line[:3] == ("2024-01-31", "paid", "interest")]
    accrued = sum(line[4] for line in lines if line[2] in ("borrow_fee", "interest")
                  and line[1] == "accrued")  # fmt: skip
    [(_, _, _, symbol, amount, _)] = monthly
    assert (symbol, 0 <= accrued - amount < Decimal("0.01")) == (None, True)
