"""Files with adjusted closes beside the day's, as Yahoo's: which prices are written, and traded."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offbook.adapters.brokers.replay.adjusting import Adjusting
from offbook.config.adjusted import unread_adjustment, unread_adjustments
from offbook.config.markets import MarketDescription, market_of, read_description
from offbook.config.recordings import convert_data
from offbook.domain.config import ActionKind, Adjustment, CorporateAction
from offbook.domain.errors import BadMarketData, InvalidConfig, InvalidInput, OffbookError
from offbook.domain.instruments import AssetClass

HEADER = "Date,Open,High,Low,Close,Adj Close,Volume"
ROWS = (
    "2020-08-06,110.404999,114.412498,109.797501,113.902496,110.900000,202428800",
    "2020-08-07,113.205002,113.675003,110.292503,111.112503,108.385086,198045600",
    "2020-08-10,112.60,113.78,110.00,112.73,112.73,212403600",
)
BARS = MarketDescription(timeframe="1d")
ADJUSTED = {"adjusted": True}


def table(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "aapl.csv"
    path.write_text("\n".join([header, *(rows or ROWS)]) + "\n")
    return path


def test_all_four_prices_are_scaled_by_what_the_adjusted_close_says(tmp_path: Path) -> None:
    """To six decimals, halves to even; the volume stays, and what they carry is written beside."""
    target = tmp_path / "adjusted.csv"
    made, beside = convert_data(str(table(tmp_path)), target, BARS, unusual=ADJUSTED)
    assert made.rows == 3
    assert target.read_text().splitlines()[1:] == [
        "1596672000000000000,107.494698,111.396558,106.903214,110.9,202428800",
        "1596758400000000000,110.426222,110.884686,107.585214,108.385086,198045600",
        "1597017600000000000,112.6,113.78,110,112.73,212403600",
    ]
    assert beside is not None
    told = read_description(target)
    assert (told.adjustment, told.price_decimals) == (Adjustment.ALL, "auto")


def test_what_was_written_can_be_traded_and_no_dividend_counts_twice(tmp_path: Path) -> None:
    """It is known by the description beside the file."""
    target = tmp_path / "adjusted.csv"
    convert_data(str(table(tmp_path)), target, BARS, unusual=ADJUSTED)
    share = MarketDescription(symbol="AAPL", asset_class=AssetClass.EQUITY)
    market = market_of(target, share.over(read_description(target)))
    assert market.adjustment is Adjustment.ALL
    assert unread_adjustments(market) == []
    dividend = CorporateAction(
        symbol="AAPL", kind=ActionKind.DIVIDEND, ex="2020-08-07", amount="0.205"
    )
    paying = MarketDescription(symbol="AAPL", asset_class=AssetClass.EQUITY, actions=(dividend,))
    with pytest.raises(InvalidConfig, match="would count twice"):
        market_of(target, paying.over(read_description(target)))


def test_decimals_that_were_told_of_the_days_prices_are_not_those_of_adjusted_ones(
    tmp_path: Path,
) -> None:
    """What is written beside the file would forbid to read it."""
    target, path = tmp_path / "adjusted.csv", table(tmp_path, "2020-08-06,1.25,1.30,1.20,1.25,1,5")
    told = MarketDescription(
        timeframe="1d", symbol="A", asset_class=AssetClass.EQUITY, price_decimals=2
    )
    convert_data(str(path), target, told, unusual=ADJUSTED)
    assert target.read_text().splitlines()[1].split(",")[1:5] == ["1", "1.04", "0.96", "1"]
    path = table(tmp_path, "2020-08-06,1.25,1.30,1.20,1.23,1,5")
    convert_data(str(path), target, told, unusual=ADJUSTED, replace=True)
    assert market_of(target, read_description(target)).instrument.price_precision == 6


def test_of_the_days_prices_it_is_said_what_is_passed_over(tmp_path: Path) -> None:
    """Until somebody says what they carry."""
    path = table(tmp_path)
    share = MarketDescription(symbol="AAPL", asset_class=AssetClass.EQUITY, price_decimals=6)
    (said,) = unread_adjustments(market_of(path, share.over(BARS)))
    assert said.startswith("Adj Close is not read: ")
    assert "--adj-close adjusted" in said
    assert unread_adjustment(path, MarketDescription(adjustment=Adjustment.SPLIT)) is None
    assert unread_adjustment(path, MarketDescription(actions="actions.csv")) is None
    taken = {one.lower(): "Adj Close" for one in ("Open", "High", "Low", "Close")}
    assert unread_adjustment(path, MarketDescription(columns=taken)) is None
    assert unread_adjustment(tmp_path / "none.csv", BARS) is None
    plain = table(tmp_path, "2020-08-06,1,1,1,1,5", header="Date,Open,High,Low,Close,Volume")
    assert unread_adjustment(plain, BARS) is None


def refused(path: Path, kind: type[OffbookError], told: MarketDescription = BARS) -> str:
    with pytest.raises(kind) as failed:
        convert_data(str(path), path.parent / "made.csv", told, unusual=ADJUSTED)
    assert not (path.parent / "made.csv").exists()
    return str(failed.value)


def test_what_cannot_be_adjusted_is_refused(tmp_path: Path) -> None:
    """No such column, prices that are none, or no plain prices to adjust."""
    path = table(tmp_path, "2020-08-06,1,1,1,1,5", header="Date,Open,High,Low,Close,Volume")
    assert f"{path} has no column of adjusted closes" in refused(path, InvalidInput)
    rows = ["null,1,1,1,1", "1,1,1,0,1", "1,1,1,1,null", "1,1,1,1,-1", "1,1,1,1,NaN"]
    for row in (*rows, "1,1,1,1,", "1,1,1,1,1_0", "1,1,1,1,1e999999", "1e-999999,1,1,1,1"):
        path = table(tmp_path, f"2020-08-06,{row},5")
        said = refused(path, BadMarketData)
        assert said.startswith(f"{path}, line 2: ")
        assert "not all prices above zero" in said
    assert "row 1: the line has f" in refused(table(tmp_path, "2020-08-06,1,1,1"), BadMarketData)
    path = table(tmp_path, header="Date,First,High,Low,Close,Adj Close,Volume")
    assert "--column open=NAME" in refused(path, InvalidInput)
    told = MarketDescription(timeframe="1d", columns={"close": "Adj Close"})
    refused(table(tmp_path), OffbookError, told)


def test_a_row_without_prices_may_be_left_out(tmp_path: Path) -> None:
    """As other rows that cannot be true; also where the day's prices are good, which would be
    written among adjusted ones."""
    rows = ("2020-08-07,null,null,null,null,null,null", "2020-08-08,2,2,2,2,null,5")
    path = table(tmp_path, ROWS[0], *rows, ROWS[2])
    lenient = MarketDescription(timeframe="1d", drop_bad_rows=True)
    made, _ = convert_data(str(path), tmp_path / "made.csv", lenient, unusual=ADJUSTED)
    assert (made.rows, sum(made.dropped.values())) == (2, 2)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"adjustment": Adjustment.RAW}, "told to be adjustment = raw"),
        ({"actions": "actions.csv"}, r"actions = .*actions\.csv is told of the recording"),
        (
            {
                "actions": (
                    CorporateAction(
                        symbol="AAPL", kind=ActionKind.SPLIT, ex="2020-08-31", ratio="4:1"
                    ),
                )
            },
            "split of AAPL.* is told of the recording",
        ),
    ],
)
def test_adjusted_prices_and_what_they_carry_do_not_go_together(
    tmp_path: Path, told: dict[str, Any], said: str
) -> None:
    """It would count twice."""
    given_ = MarketDescription(timeframe="1d", **told)
    assert re.search(said, refused(table(tmp_path), InvalidConfig, given_))


def test_one_adjusted_price_beside_three_others_is_no_bar(tmp_path: Path) -> None:
    """Their closes would lie outside of their highs and lows, or worse, inside."""
    path = table(tmp_path)
    mixed = MarketDescription(
        timeframe="1d", symbol="A", asset_class=AssetClass.EQUITY, columns={"close": "Adj Close"}
    )
    with pytest.raises(InvalidConfig, match="Adj Close is adjusted and Open, High, Low are not"):
        convert_data(str(path), tmp_path / "made.csv", mixed)
    every = "Date,Adj Open,Adj High,Adj Low,Adj Close,Volume"
    path = table(tmp_path, "2020-08-06,1,1,1,1,5", header=every)
    columns = {one.lower(): f"Adj {one}" for one in ("Open", "High", "Low", "Close")}
    told = MarketDescription(timeframe="1d", columns=columns)
    made, _ = convert_data(str(path), tmp_path / "made.csv", told)
    assert made.rows == 1


prices = st.integers(1, 10**10).map(lambda units: f"{units // 10**4}.{units % 10**4:04d}")


@given(prices, prices, prices, prices, prices)
def test_prices_stay_in_their_order_and_as_near_as_can_be(
    low: str, opened: str, close: str, high: str, adjusted: str
) -> None:
    """A bar stays a bar, its close is the adjusted one, and nothing is rounded twice."""
    low, opened, close, high = sorted((low, opened, close, high), key=Fraction)
    names = HEADER.split(",")
    cells = ["2020-08-06", opened, high, low, close, adjusted, "5"]
    Adjusting("a.csv", names, {}).row(2, cells, lenient=False)
    made = [Fraction(cell) for cell in cells[1:5]]
    assert made[2] <= made[0] <= made[3] <= made[1]
    assert made[3] == Fraction(adjusted)
    for before, after in zip((opened, high, low), made[:3], strict=True):
        exact = Fraction(before) * Fraction(adjusted) / Fraction(close)
        assert abs(after - exact) <= Fraction(1, 2 * 10**6)
