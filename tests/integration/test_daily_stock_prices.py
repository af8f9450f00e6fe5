"""Sessions on Quandl's WIKI prices, where a folder of them is at hand, against what others made of
them: PyAlgoTrade's tutorial, Quandl's own adjusted prices, and the splits that companies told."""

from __future__ import annotations

import csv
from collections import deque
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import offbook
from offbook import Bar, Strategy
from offbook.adapters.brokers.replay.times import iso
from offbook.config.markets import MarketDescription
from offbook.config.recordings import convert_data
from offbook.domain.config import Adjustment

DAILY = Path(__file__).parents[3] / "shared" / "data" / "open" / "wiki_pyalgotrade"
pytestmark = pytest.mark.skipif(not DAILY.is_dir(), reason="no folder of daily stock prices here")

AS_PYALGOTRADE: dict[str, Any] = {
    "account": {"initial_cash": "1000", "cash_check": "fill", "unpaid": "wait"},
    "venue": {
        "limit_gap": "open",
        "limit_fill": "touch",
        "volume_share": "0.25",
        "bar_reports": "before",
        "stop_limit": "range",
        "fee": {"type": "flat", "per_order": "0"},
        "latency": {"entry_ns": 0, "response_ns": 0},
    },
}
"""As the page on comparing with other engines has it."""


def prices(name: str) -> Path:
    """A share's prices of a year."""
    return next(DAILY.rglob(f"WIKI-{name}-quandl.csv"))


def made(source: Path, target: Path, *, adjusted: bool) -> Path:
    """Its adjusted prices, or those of the day with its splits and dividends."""
    symbol = source.name.split("-")[1]
    told = MarketDescription(symbol=symbol, timeframe="1d")
    unusual = {"newest_first": True, **({"adjusted": True} if adjusted else {})}
    taken = None if adjusted else Adjustment.RAW
    convert_data(str(source), target, told, unusual=unusual, take_actions=taken)
    return target


class Average(Strategy):
    """Holds ten shares while the close is above the average of the last closes."""

    symbol: str = "ORCL"
    period: int = 20

    def on_start(self) -> None:
        self.past: deque[float] = deque(maxlen=self.period)

    def on_bar(self, bar: Bar) -> None:
        self.past.append(bar.close)
        if len(self.past) < self.period or self.open_orders():
            return
        average = sum(self.past) / self.period
        if not self.position(self.symbol) and bar.close > average:
            self.buy(self.symbol, 10)
        elif self.position(self.symbol) and bar.close < average:
            self.close(self.symbol)


def test_the_tutorial_of_pyalgotrade_ends_with_what_it_says(tmp_path: Path) -> None:
    """``Final portfolio value: $1071.03``: ten shares of Oracle in 2000, an average of 20 days, at
    adjusted prices as they are computed."""
    file = made(prices("ORCL-2000"), tmp_path / "orcl.csv", adjusted=True)
    market = {"asset_class": "equity", "tick": "0.000000000001"}
    result = offbook.run(Average, file, market=market, config=AS_PYALGOTRADE)
    assert (result.summary.fills, result.session.status_reason) == (27, "end_of_data")
    assert round(Decimal(str(result.summary.equity)), 2) == Decimal("1071.03")


@pytest.mark.parametrize("name", ["AAPL-2012", "AIG-2009", "ORCL-2000"])
def test_adjusted_prices_are_those_that_quandl_told(tmp_path: Path, name: str) -> None:
    """All four of each day, to eleven digits: ours come from the closes alone."""
    with made(prices(name), tmp_path / "adjusted.csv", adjusted=True).open() as file:
        ours = {iso(int(row["ts_event"]))[:10]: row for row in csv.DictReader(file)}
    with prices(name).open() as file:
        theirs = {row["Date"]: row for row in csv.DictReader(file)}
    assert ours.keys() == theirs.keys()
    for day, row in ours.items():
        for column in ("open", "high", "low", "close"):
            told = Decimal(theirs[day][f"Adj. {column.title()}"])
            assert abs(Decimal(row[column]) / told - 1) < Decimal("2e-11")


class Holds(Strategy):
    """Buys after the bar of a day."""

    symbol: str = "AIG"
    shares: int = 0
    day: str = ""

    def on_bar(self, bar: Bar) -> None:
        if iso(bar.ts)[:10] == self.day:
            self.buy(self.symbol, self.shares)


@pytest.mark.parametrize(
    ("name", "shares", "day", "held", "in_lieu"),
    [
        ("AIG-2009", 1234, "2009-06-01", "61", "16.24"),  # 1:20, and 0.7 of a share at 20 x 1.16
        ("ORCL-2000", 100, "2000-01-03", "400", None),  # 2:1 on 2000-01-19 and on 2000-10-13
    ],
)
def test_splits_that_companies_told_are_carried_out(
    tmp_path: Path, name: str, shares: int, day: str, held: str, in_lieu: str | None
) -> None:
    """On their days, taken from the table's own columns."""
    source = prices(name)
    file = made(source, tmp_path / "raw.csv", adjusted=False)
    market = {"asset_class": "equity", "price_decimals": 4}
    symbol = source.name.split("-")[1]
    result = offbook.run(
        Holds, file, market=market, config={"venue": AS_PYALGOTRADE["venue"]},
        symbol=symbol, shares=shares, day=day, cash="100000",
    )  # fmt: skip
    assert result.summary.positions == {symbol: held}
    paid = [str(amount) for amount in result.flows["amount"]]
    assert paid == ([] if in_lieu is None else [in_lieu])
