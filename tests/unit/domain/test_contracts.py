"""Contracts: their terms, their exact values, and the configurations that do not fit them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest

from offbook.adapters.action_files import read_settlements
from offbook.domain.config import (
    AccountConfig,
    Adjustment,
    CorporateAction,
    MaintenanceTier,
    ReplayMarket,
    SessionConfig,
    SettlementPrice,
    chain_config,
    decode_config,
)
from offbook.domain.contracts import ContractTerms
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import AssetClass, Instrument
from offbook.domain.market_data import DataKind
from offbook.testing.markets import BTCUSDT, XYZ

FUTURE = Instrument(
    symbol="ESH4",
    asset_class=AssetClass.FUTURE,
    base="ESH4",
    quote_currency="USD",
    price_precision=2,
    qty_precision=0,
    tick_size="0.25",
    lot_size="1",
    contract=ContractTerms(multiplier="50", expires="2024-03-15T13:30:00Z"),
)
INVERSE = msgspec.structs.replace(
    BTCUSDT, asset_class=AssetClass.CRYPTO_PERPETUAL, contract=ContractTerms(is_inverse=True)
)
FIRST = SettlementPrice(at="2024-01-02T21:00:00Z", price="4700.25")
NEXT = SettlementPrice(at="2024-01-03T21:00:00Z", price="4690")


def session(*settlements: SettlementPrice, **terms: Any) -> SessionConfig:
    market = {
        "path": "a.csv",
        "kind": DataKind.TRADES,
        "instrument": terms.pop("instrument", FUTURE),
        "settlements": settlements,
        **{name: terms.pop(name) for name in ("actions", "adjustment") if name in terms},
    }
    account = {"currency": "USD", "type": "margin", **terms}
    return SessionConfig(market=ReplayMarket(**market), account=AccountConfig(**account))


def test_a_future_is_worth_its_price_times_its_multiplier() -> None:
    """Two at 4,700.25 are 470,025 dollars; a fraction of a unit of price is halved exactly."""
    assert FUTURE.value_of(2, 470_025) == 470_025 * 10**18
    assert FUTURE.value_of(-1, 470_025, 2) == -235_012_5 * 10**17 // 2
    assert (FUTURE.settle_currency, FUTURE.held_as) == ("USD", "ESH4")
    assert Fraction(*FUTURE.average_px(470_025 * 10**18, 2)) == Fraction("4700.25")


def test_an_inverse_contract_is_worth_its_multiplier_over_the_price() -> None:
    """In the base currency, to the nearest 10**-18: 3 dollars at 7.00 are 3/7."""
    three = 3 * 10**INVERSE.qty_precision
    assert INVERSE.value_of(three, 700) == 428_571_428_571_428_571
    assert INVERSE.value_of(three, 0) == 0
    assert (INVERSE.settle_currency, INVERSE.held_as) == ("BTC", "BTCUSDT")
    value = INVERSE.value_of(three, 400) + INVERSE.value_of(three, 1200)
    assert Fraction(*INVERSE.average_px(value, 2 * three)) == 6  # the harmonic mean of 4 and 12


@pytest.mark.parametrize("px", [1, 3, 7, 999_983, 10**9])
def test_values_of_a_quantity_differ_from_the_exact_one_by_half_a_unit_at_most(px: int) -> None:
    for qty in (1, 2, 17, 10**7 + 19):
        exact = Fraction(qty, 10**INVERSE.qty_precision) / Fraction(px, 100) * 10**18
        assert abs(INVERSE.value_of(qty, px) - exact) <= Fraction(1, 2)
        assert INVERSE.value_of(-qty, px) == -INVERSE.value_of(qty, px)


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"multiplier": "0"}, "not positive"),
        ({"multiplier": "fifty"}, "fifty"),
        ({"expires": "2024-03-15"}, "with its offset"),
        ({"expires": "2024-03-15T13:30:00"}, "with its offset"),
        ({"initial_margin": "100"}, "or neither"),
        ({"initial_margin": "100", "maintenance_margin": "101"}, "more than initial_margin"),
        ({"initial_margin": "0", "maintenance_margin": "0"}, "positive"),
    ],
)
def test_terms_that_make_no_contract_are_refused(terms: dict[str, str], why: str) -> None:
    with pytest.raises(InvalidConfig, match=why) as caught:
        ContractTerms(**terms)
    assert str(caught.value.fields["field"]).startswith("instrument.contract.")


def test_an_instrument_fits_its_terms() -> None:
    """Contracts are futures and perpetuals; a perpetual has no end; values are exact."""
    cases: list[tuple[Instrument, dict[str, Any], str]] = [
        (XYZ, {"contract": ContractTerms()}, "no contracts"),
        (FUTURE, {"contract": msgspec.UNSET}, "needs its terms"),
        (INVERSE, {"contract": FUTURE.contract}, "does not expire"),
        (
            FUTURE,
            {"price_precision": 9, "contract": ContractTerms(multiplier="0.0000000001")},
            "would not be exact",
        ),
    ]
    for instrument, changes, why in cases:
        with pytest.raises(InvalidConfig, match=why):
            msgspec.structs.replace(instrument, **changes)


def test_settlement_prices_rise_in_time_and_are_for_futures() -> None:
    session(FIRST, NEXT)
    cases: list[tuple[tuple[SettlementPrice, ...], dict[str, Any], str]] = [
        ((NEXT, FIRST), {}, "does not come after"),
        ((FIRST,), {"instrument": XYZ}, "only futures are settled"),
        ((FIRST,), {"instrument": INVERSE, "currency": "BTC"}, "only futures are settled"),
        ((SettlementPrice(at="2024-03-15T13:30:01Z", price="1"),), {}, "the final one"),
    ]
    for settlements, terms, why in cases:
        with pytest.raises(InvalidConfig, match=why) as caught:
            session(*settlements, **terms)
        assert caught.value.fields["field"] == "market.settlements"
    for at, price in (("2024-01-02", "1"), ("noon", "1"), ("2024-01-02T21:00:00Z", "0")):
        with pytest.raises(InvalidConfig):
            SettlementPrice(at=at, price=price)


def test_a_contract_settled_at_its_expiry_has_no_other_prices() -> None:
    terms = {"expires": "2024-03-15T13:30:00Z", "settles": "at_expiry"}
    contract = msgspec.convert(terms, ContractTerms)
    future = msgspec.structs.replace(FUTURE, contract=contract)
    session(SettlementPrice(at="2024-03-15T13:30:00Z", price="4800"), instrument=future)
    with pytest.raises(InvalidConfig, match="at its expiry alone"):
        session(FIRST, instrument=future)


def test_the_account_fits_the_contracts() -> None:
    """Margin, no rules of shares, no actions of companies, and a rate where one is needed."""
    split = CorporateAction(symbol="ESH4", kind="split", ex="2024-01-03", ratio="2:1")
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"type": "cash"}, "nothing is paid when it is bought", "account.type"),
        ({"margin_rules": "reg_t"}, "rules for shares", "account.margin_rules"),
        (
            {"actions": (split,), "adjustment": Adjustment.RAW},
            "no company's action",
            "market.actions",
        ),
        ({"instrument": INVERSE}, "BTCUSDT is paid in BTC", "account.rates"),
    ]
    for terms, why, field in cases:
        with pytest.raises(InvalidConfig, match=why) as caught:
            session(**terms)
        assert caught.value.fields["field"] == field


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"type": "cash", "margin_mode": "isolated"}, "account.margin_mode"),
        ({"margin_mode": "isolated", "margin_call": "deny_increase"}, "account.margin_mode"),
        ({"margin_mode": "isolated", "margin_rules": "reg_t"}, "account.margin_mode"),
        ({"margin_mode": "each"}, "account.margin_mode"),
        ({"liquidation": "stepwise"}, "account.liquidation"),
        ({"maintenance_basis": "entry"}, "account.maintenance_basis"),
    ],
)
def test_modes_that_do_not_fit_are_refused(terms: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        AccountConfig(**{"currency": "USD", "type": "margin", **terms})
    assert caught.value.fields["field"] == field


def test_what_says_nothing_leaves_chains_as_they_were() -> None:
    """And terms come back from the store as they were."""
    plain = session(instrument=XYZ)
    chained = chain_config(plain)
    for name in (b"contract", b"settlements", b"margin_mode", b'"liquidation"'):
        assert name not in chained
    tiers = (MaintenanceTier(above="0", rate="0.01"),)
    steps = {"liquidation": "stepwise", "maintenance_tiers": tiers}
    full = session(FIRST, NEXT, margin_mode="isolated", **steps)
    assert decode_config(msgspec.json.encode(full)) == full
    for name in (b"contract", b"settlements", b"margin_mode", b'"liquidation":"stepwise"'):
        assert name in chain_config(full)


def test_settlement_prices_are_read_from_a_file(tmp_path: Path) -> None:
    """Those of other symbols are passed over; what is wrong is told with its row."""
    file = tmp_path / "s.csv"
    file.write_text("symbol,time,settle\nESH4,1704229200000,4700.25\nNQH4,1704229200000,1\n")
    (one,) = read_settlements(file, "ESH4")
    assert (one.due, one.price) == (1_704_229_200_000_000_000, "4700.25")
    file.write_text("at,price\n2024-01-02T21:00:00Z,dear\n")
    with pytest.raises(InvalidConfig, match=r"s\.csv, row 1"):
        read_settlements(file, "ESH4")


def test_terms_that_do_not_fit_say_what_to_leave_out() -> None:
    with pytest.raises(InvalidConfig, match="out, or say asset_class = future"):
        msgspec.structs.replace(XYZ, contract=ContractTerms(multiplier="10"))
    dated = ContractTerms(expires="2024-03-15T13:30:00Z")
    with pytest.raises(InvalidConfig, match="say asset_class = future, or leave it out"):
        msgspec.structs.replace(INVERSE, contract=dated)
