"""Corporate actions as they stand in files, beside recordings and on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from offbook.adapters.action_files import read_actions, read_funding
from offbook.config.gathering import describe_data
from offbook.config.markets import MarketDescription
from offbook.domain.config import ActionKind, Adjustment, CorporateAction
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import AssetClass

FILE = """symbol,kind,ex_date,pay_date,ratio,amount,currency,new_symbol,withholding
XYZ,dividend,2024-01-03,2024-01-09,,0.24,,,0.26375
ABC,split,2024-01-04,,4:1,,,,

XYZ,delisting,2024-06-03,,,,,,
"""
BARS = "time,open,high,low,close,volume\n1704205800,1,2,1,2,5\n"


def test_a_row_is_an_action_and_an_empty_cell_says_nothing(tmp_path: Path) -> None:
    file = tmp_path / "actions.csv"
    file.write_text(FILE)
    assert read_actions(file) == (
        CorporateAction(
            symbol="XYZ",
            kind=ActionKind.DIVIDEND,
            ex="2024-01-03",
            pay="2024-01-09",
            amount="0.24",
            withholding="0.26375",
        ),
        CorporateAction(symbol="ABC", kind=ActionKind.SPLIT, ex="2024-01-04", ratio="4:1"),
        CorporateAction(symbol="XYZ", kind=ActionKind.DELISTING, ex="2024-06-03"),
    )


def test_parquet_says_the_same(tmp_path: Path) -> None:
    import duckdb

    csv, parquet = tmp_path / "actions.csv", tmp_path / "actions.parquet"
    csv.write_text(FILE)
    duckdb.sql(
        f"COPY (SELECT * FROM read_csv('{csv}', types={{'amount': 'DECIMAL(9,2)'}})) "
        f"TO '{parquet}' (FORMAT parquet)"
    )
    assert read_actions(parquet) == read_actions(csv)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("symbol,kind\nXYZ,split\n", "it lacks ex"),
        ("symbol,kind,ex,factor\n", "column 'factor' is unknown"),
        ("symbol,kind,ex,ex_date\n", "a column is there twice"),
        ("symbol,kind,ex\nXYZ,split\n", "row 1: 2 cells under 3 columns"),
        ("symbol,kind,ex\nXYZ,split,2024-01-03\n", "row 1: split of XYZ .* needs ratio"),
        ("symbol,kind,ex\nXYZ,,2024-01-03\n", "row 1: kind is empty"),
        ("", "it lacks symbol"),
    ],
)
def test_what_is_wrong_is_named_with_its_row(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "actions.csv"
    file.write_text(text)
    with pytest.raises(InvalidConfig, match=what):
        read_actions(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for name in ("none.csv", "none.parquet"):
        said = f"there is no file of corporate actions .*{name} .looked in "
        with pytest.raises(InvalidConfig, match=said):
            read_actions(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("latin.csv", "symbol,kind,ex\nZ\xfcrich,split,x\n".encode("latin-1"), "is not UTF-8 text"),
        ("cut.parquet", b"PAR1" + bytes(40), "it is a damaged Parquet file"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_our_words(
    tmp_path: Path, name: str, content: bytes, what: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidConfig, match=what) as caught:
        read_actions(tmp_path / name)
    assert "codec" not in str(caught.value)
    assert "Error" not in str(caught.value)


def test_a_description_beside_a_recording_names_its_actions(tmp_path: Path) -> None:
    """Of all that the file holds, those of the recording's symbol."""
    (tmp_path / "actions.csv").write_text(FILE)
    (tmp_path / "xyz.csv").write_text(BARS)
    (tmp_path / "xyz.csv.toml").write_text(
        'symbol = "XYZ"\nasset_class = "equity"\ntimeframe = "1d"\ncalendar = "24/7"\n'
        'adjustment = "raw"\nactions = "actions.csv"\n'
    )
    market = describe_data([str(tmp_path / "xyz.csv")], MarketDescription())
    (source,) = market.sources
    assert source.adjustment is Adjustment.RAW  # type: ignore[union-attr]  # it is a recording
    kinds = [action.kind for action in source.actions]  # type: ignore[union-attr]  # as above
    assert kinds == [ActionKind.DIVIDEND, ActionKind.DELISTING]


def test_actions_on_adjusted_prices_are_refused_as_they_are_named(tmp_path: Path) -> None:
    (tmp_path / "actions.csv").write_text(FILE)
    (tmp_path / "xyz.csv").write_text(BARS)
    given = MarketDescription(
        symbol="XYZ",
        asset_class=AssetClass.EQUITY,
        timeframe="1d",
        actions=str(tmp_path / "actions.csv"),
        adjustment=Adjustment.ALL,
    )
    with pytest.raises(InvalidConfig, match="count twice"):
        describe_data([str(tmp_path / "xyz.csv")], given)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("calc_time,funding_interval_hours,last_funding_rate", "1704096000000,8,0.0001"),
        ("symbol,fundingTime,fundingRate,markPrice", "BTCUSDT,1704096000000,0.0001,"),
        ("symbol,fundingRate,fundingRateTimestamp", "BTCUSDT,0.0001,1704096000000"),
        ("instId,fundingRate,fundingTime", "BTCUSDT,0.0001,1704096000000"),
        ("timestamp,symbol,fundingRate", "2024-01-01T08:00:00+00:00,BTCUSDT,0.0001"),
    ],
    ids=["Binance, files", "Binance", "Bybit", "OKX", "BitMEX"],
)
def test_funding_rates_by_the_names_of_exchanges(tmp_path: Path, header: str, row: str) -> None:
    """As their files and answers call them."""
    file = tmp_path / "rates.csv"
    file.write_text(f"{header}\n{row}\n")
    (rate,) = read_funding(file, "BTCUSDT")
    assert (rate.at, rate.rate) == ("2024-01-01T08:00:00+00:00", "0.0001")
