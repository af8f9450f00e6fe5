"""Dividends and splits in columns of a table become dated actions."""

from __future__ import annotations

from pathlib import Path

import pytest

from offbook.adapters.brokers.replay.columns import event_columns
from offbook.adapters.brokers.replay.event_columns import actions_in
from offbook.config.markets import MarketDescription, market_of, read_description
from offbook.config.recordings import convert_data
from offbook.domain.config import Adjustment
from offbook.domain.errors import BadMarketData, InvalidConfig, InvalidInput

WIKI = """\
Date,Open,High,Low,Close,Volume,Ex-Dividend,Split Ratio,Adj. Close
2014-06-09,92.70,93.88,91.75,93.70,75414997,0.47,7.0,88.193435
2014-06-06,649.90,651.26,644.47,645.57,12497800,0.0,1.0,86.804445
2014-05-08,588.25,594.41,586.40,587.99,8224900,3.29,1.0,79.062140
"""


def told(path: Path, prices: Adjustment = Adjustment.RAW) -> list[str]:
    """Each action as its day, its kind and its number."""
    found = actions_in(path, "XYZ", prices)
    return [f"{one.ex} {one.kind.value} {one.ratio or one.amount}" for one in found]


@pytest.mark.parametrize(
    ("header", "rows", "actions"),
    [
        (
            "Date,Close,Ex-Dividend,Split Ratio",  # Quandl's WIKI
            ["2009-07-01,18.08,0.0,0.05", "2009-06-30,1.16,0,1"],
            ["2009-07-01 split 1:20"],
        ),
        (
            "Date,Close,Dividends,Stock Splits",  # yfinance
            [
                "2020-08-07 00:00:00-04:00,444.45,0.8200000000000001,0.0",
                "2020-08-31 00:00:00-04:00,129,0,4.0",
            ],
            ["2020-08-07 dividend 0.82", "2020-08-31 split 4:1"],
        ),
        (
            "date,close,divCash,splitFactor",  # Tiingo
            ["2020-08-31T00:00:00.000Z,129.04,0.0,4.0", "20200807,1,0.8200,1.0"],
            ["2020-08-07 dividend 0.82", "2020-08-31 split 4:1"],
        ),
        (
            "timestamp,close,dividend_amount,split_coefficient",  # Alpha Vantage
            ["2020-08-31,129.04,0.0000,1.5", "2020-08-31,129.04,0.0000,1.5", "2020-09-01,1,,nan"],
            ["2020-08-31 split 3:2"],
        ),
        ("Date,Close,Splits", ["2001-01-02,1,0.3333", "2001-01-03,1,1.0363"],
         ["2001-01-02 split 1:3", "2001-01-03 split 10363:10000"]),
    ],
)  # fmt: skip
def test_tables_of_publishers(
    tmp_path: Path, header: str, rows: list[str], actions: list[str]
) -> None:
    """Each by its own names, in the order of days."""
    path = tmp_path / "table.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    assert told(path) == actions
    assert told(path, Adjustment.SPLIT) == [one for one in actions if " split " not in one]
    assert event_columns(header.split(",")) == header.split(",")[2:]


def test_a_split_comes_before_a_dividend_of_its_day(tmp_path: Path) -> None:
    """Which is for the shares as they are counted then; and the newest row may be the first."""
    path = tmp_path / "wiki.csv"
    path.write_text(WIKI)
    dividends = ["2014-05-08 dividend 3.29", "2014-06-09 dividend 0.47"]
    assert told(path) == [dividends[0], "2014-06-09 split 7:1", dividends[1]]


def test_a_converted_table_is_described_with_its_actions(tmp_path: Path) -> None:
    """As a session reads them; what the prices carry is told with them."""
    source, target = tmp_path / "wiki.csv", tmp_path / "aapl.csv"
    source.write_text(WIKI)
    given = MarketDescription(symbol="AAPL", timeframe="1d")
    unusual = {"newest_first": True}
    convert_data(str(source), target, given, unusual=unusual, take_actions=Adjustment.RAW)
    known = MarketDescription(asset_class="equity").over(read_description(target))
    market = market_of(target, known)
    assert [(one.symbol, one.ex) for one in market.sources[0].actions] == [
        ("AAPL", "2014-05-08"),
        ("AAPL", "2014-06-09"),
        ("AAPL", "2014-06-09"),
    ]
    assert known.adjustment is Adjustment.RAW
    with pytest.raises(InvalidConfig, match=r"SYMBOL=wiki\.csv"):
        convert_data(str(source), target, MarketDescription(timeframe="1d"), unusual=unusual,
                     replace=True, take_actions=Adjustment.RAW)  # fmt: skip
    unusual = {"newest_first": True, "adjusted": True}
    with pytest.raises(InvalidConfig, match="adjustment = all"):
        convert_data(str(source), target, given, unusual=unusual, replace=True,
                     take_actions=Adjustment.RAW)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "error", "match"),
    [
        ("t.csv", "Date,Close\n2020-01-02,1\n", InvalidInput, "no column of dividends or splits"),
        ("t.csv", "Dividends,Close\n1,1\n", InvalidInput, "which column of Dividends, Close"),
        ("t.csv", "Date,Dividends\n2020-01-02,x\n", BadMarketData, "line 2: no dividend or split"),
        ("t.csv", "Date,Dividends\n1577923200000,1\n", BadMarketData, "line 2: no dividend"),
        ("t.csv", "Date,Dividends\n1610101200,1\n", BadMarketData, "line 2: no dividend"),
        ("t.csv", "Date,Dividends\n2020-01-02,-1\n", BadMarketData, "line 2: .*pays -1"),
        ("t.csv", "Date,Splits\n2020-01-02,inf\n", BadMarketData, "line 2: no dividend or split"),
        ("t.parquet", "", InvalidInput, "from one CSV file alone"),
    ],
)
def test_what_cannot_be_taken_is_told(
    tmp_path: Path, name: str, text: str, error: type[Exception], match: str
) -> None:
    """With what the file has, or the line."""
    (tmp_path / name).write_text(text)
    with pytest.raises(error, match=match):
        actions_in(tmp_path / name, "XYZ", Adjustment.RAW)
