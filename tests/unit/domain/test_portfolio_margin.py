"""What a portfolio margin may be told, and beside what."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.domain.test_contracts import FUTURE

from offbook.domain.config import (
    AccountConfig,
    MaintenanceTier,
    PortfolioMargin,
    ProductGroup,
    ReplayMarket,
    SessionConfig,
    chain_config,
    decode_config,
)
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import DataKind
from offbook.testing.markets import XYZ

INDEX = ProductGroup(symbols=("XYZ", "SPY"), down="0.08", up="0.06", offset="0.9")


def account(**terms: Any) -> AccountConfig:
    given = {"currency": "USD", "type": "margin", "portfolio_margin": PortfolioMargin(), **terms}
    return AccountConfig(**given)


def session(margin: PortfolioMargin | None, instrument: Instrument = XYZ) -> SessionConfig:
    market = ReplayMarket(path="q.csv", kind=DataKind.QUOTES, instrument=instrument)
    return SessionConfig(market=market, account=account(portfolio_margin=margin))


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"move": "0"}, "move"),
        ({"move": "1.1"}, "move"),
        ({"move": "many"}, "move"),
        ({"initial_factor": "0.9"}, "initial_factor"),
        ({"initial_factor": "4.1"}, "initial_factor"),
        ({"initial_factor": "4", "move": "0.3"}, "initial_factor"),
        ({"initial_factor": "1.5", "groups": ({"symbols": ["A"], "up": "0.7"},)}, "initial_factor"),
        ({"minimum_equity": "-1"}, "minimum_equity"),
        ({"groups": ({"symbols": []},)}, "groups"),
        ({"groups": ({"symbols": ["A", "B"]}, {"symbols": ["B"]})}, "groups"),
        ({"groups": ({"symbols": ["A"], "down": "0"},)}, "groups.down"),
        ({"groups": ({"symbols": ["A"], "offset": "1.01"},)}, "groups.offset"),
    ],
)
def test_moves_that_cannot_be_are_refused_by_their_field(terms: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        msgspec.convert(terms, PortfolioMargin)
    assert caught.value.fields["field"] == f"account.portfolio_margin.{field}"


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"type": "cash"}, "portfolio_margin"),
        ({"leverage": "2"}, "leverage"),
        ({"initial_margin": "0.5"}, "initial_margin"),
        ({"maintenance_margin": "0.2"}, "maintenance_margin"),
        ({"margin_rules": "reg_t"}, "margin_rules"),
        ({"margin_mode": "isolated"}, "margin_mode"),
        (
            {"maintenance_tiers": (MaintenanceTier(above="0", rate="0.01"),)},
            "maintenance_tiers",
        ),
    ],
)
def test_it_goes_alone(terms: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        account(**terms)
    assert caught.value.fields["field"] == f"account.{field}"


def test_a_group_of_nothing_that_is_traded_is_told() -> None:
    """One that names more than is traded here is a table of a broker's."""
    session(PortfolioMargin(groups=(INDEX,)))
    other = msgspec.structs.replace(INDEX, symbols=("SPY", "IVV"))
    with pytest.raises(InvalidConfig, match=r"none of SPY, IVV is traded here \(XYZ\)"):
        session(PortfolioMargin(groups=(other,)))


def test_contracts_have_none() -> None:
    with pytest.raises(InvalidConfig) as caught:
        session(PortfolioMargin(), FUTURE)
    assert caught.value.fields["field"] == "account.portfolio_margin"


def test_it_is_in_the_chain_where_there_is_one() -> None:
    full = session(PortfolioMargin(groups=(INDEX,), minimum_equity="1"))
    assert decode_config(msgspec.json.encode(full)) == full
    assert b"portfolio_margin" in chain_config(full)
    assert b"portfolio_margin" not in chain_config(session(None))
