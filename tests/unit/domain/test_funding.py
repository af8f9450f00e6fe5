"""Funding rates as they are written down, in configurations and files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from offbook.adapters.action_files import read_funding
from offbook.domain.config import AccountConfig, FundingRate, ReplayMarket, SessionConfig
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import AssetClass
from offbook.domain.market_data import DataKind
from offbook.testing.markets import BTCUSDT

PERPETUAL = msgspec.structs.replace(BTCUSDT, asset_class=AssetClass.CRYPTO_PERPETUAL)
FIRST = FundingRate(at="2024-01-02T08:00:00Z", rate="0.0001")
NEXT = FundingRate(at="2024-01-02T16:00:00Z", rate="-0.0002", mark="45000.5")


def market(*rates: FundingRate, **terms: Any) -> ReplayMarket:
    given = {"path": "a.csv", "kind": DataKind.TRADES, "instrument": PERPETUAL, **terms}
    return ReplayMarket(funding=rates, **given)


@pytest.mark.parametrize(
    "terms",
    [{"at": "2024-01-02"}, {"at": "2024-01-02T08:00:00Z"}, {"at": "2024-01-02T08:00:00+08:00"}],
)
def test_a_rate_has_its_moment(terms: dict[str, str]) -> None:
    FundingRate(rate="0.0001", **terms)


@pytest.mark.parametrize(
    "terms",
    [
        {"at": "2024-01-02T08:00:00"},
        {"at": "noon"},
        {"rate": "a little"},
        {"rate": "0.0000000000001"},
        {"mark": "0"},
        {"mark": "-1"},
    ],
)
def test_what_is_no_rate_is_refused(terms: dict[str, str]) -> None:
    with pytest.raises(InvalidConfig):
        FundingRate(**{"at": "2024-01-02T08:00:00Z", "rate": "0.0001", **terms})


def test_rates_rise_in_time_and_are_for_perpetuals() -> None:
    market(FIRST, NEXT)
    with pytest.raises(InvalidConfig, match="does not come after"):
        market(NEXT, FIRST)
    with pytest.raises(InvalidConfig, match="asset_class = crypto_perpetual"):
        market(FIRST, instrument=BTCUSDT)


def test_a_perpetual_needs_a_margin_account() -> None:
    SessionConfig(market=market(), account=AccountConfig(currency="USDT", type="margin"))  # type: ignore[arg-type]  # settled to its enum
    with pytest.raises(InvalidConfig, match=r"needs account\.type") as error:
        SessionConfig(market=market(), account=AccountConfig(currency="USDT"))
    assert error.value.fields["field"] == "account.type"


def test_a_file_as_the_exchange_writes_it(tmp_path: Path) -> None:
    """Milliseconds since 1970; the hours between two payments say nothing more."""
    file = tmp_path / "funding.csv"
    file.write_text(
        "calc_time,funding_interval_hours,last_funding_rate\n"
        "1704182400000,8,0.00010000\n1704211200001,8,-0.00020000\n"
    )
    found = read_funding(file, "BTCUSDT")
    assert [rate.due for rate in found] == [1704182400000 * 10**6, 1704211200001 * 10**6]
    assert [rate.rate_units for rate in found] == [10**8, -2 * 10**8]


def test_a_file_of_several_symbols(tmp_path: Path) -> None:
    file = tmp_path / "funding.csv"
    file.write_text(
        "symbol,at,rate,mark\nETHUSDT,2024-01-02T08:00:00Z,0.5,\n"
        "BTCUSDT,2024-01-02T16:00:00Z,-0.0002,45000.5\n"
    )
    assert read_funding(file, "BTCUSDT") == (NEXT,)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("at\n2024-01-02\n", "it lacks rate"),
        ("at,rate\nnoon,0.1\n", "row 1: funding at noon"),
        ("at,rate\n2024-01-02T08:00:00Z,\n", "row 1: rate is empty"),
    ],
)
def test_what_is_wrong_is_named_with_its_row(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "funding.csv"
    file.write_text(text)
    with pytest.raises(InvalidConfig, match=what):
        read_funding(file, "BTCUSDT")
