"""Charges that others have published."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.unit.engine.test_models import ADDED, EXACT, REMOVED, bookings

from offbook.domain.config import (
    BasisPointsFee,
    BoundedFee,
    DatedRate,
    FeeConfig,
    FeeRounding,
    PerUnitFee,
    SumFee,
    UsRegulatoryFee,
)
from offbook.domain.orders import Liquidity
from offbook.domain.values import AMOUNT_SCALE, Amount
from offbook.engine.models.fees import Charges

COINS = BasisPointsFee(maker="18", taker="18", minimum="1.75", maximum_percent="1")
"""Interactive Brokers' for coins, by the tests of QuantConnect's Lean (CryptoFee)."""
LEAST = BasisPointsFee(maker="25", taker="25", minimum="8.90", maximum="58.90")
"""A quarter of a per cent, at least so much an order and at most so much, as banks in Europe."""


@pytest.mark.parametrize(
    ("config", "liquidity", "qty", "notional", "fee"),
    [
        (COINS, REMOVED, "1", "100", "1"),
        (COINS, REMOVED, "2", "200", "1.75"),
        (COINS, REMOVED, "100", "10000", "18"),
        (LEAST, ADDED, "1", "3560", "8.9"),
        (LEAST, REMOVED, "1", "3564", "8.91"),
        (LEAST, REMOVED, "1", "100000", "58.9"),
        (BasisPointsFee(maker="-1", taker="3", minimum="0"), ADDED, "1", "1000", "0"),
    ],
)
def test_charges_by_value_have_a_least_and_a_most(
    config: FeeConfig, liquidity: Liquidity, qty: str, notional: str, fee: str
) -> None:
    """For the whole order; a most by value wins over the least."""
    fill = (Amount.parse(qty), Amount.parse(notional), liquidity)
    (paid,), _ = bookings(Charges(config, EXACT), [fill])
    assert str(Amount(paid)) == fee


@pytest.mark.parametrize(
    ("config", "totals"),
    [
        (PerUnitFee(per_unit="0.0075"), ["1.725", "3", "3.75"]),
        (PerUnitFee(per_unit="0.0075", minimum="2.5"), ["2.5", "3", "3.75"]),
        (PerUnitFee(per_unit="0.0075", minimum="3.5"), ["3.5", "3.5", "3.75"]),
        (PerUnitFee(per_unit="0.0075", minimum="5.5"), ["5.5", "5.5", "5.5"]),
        (BasisPointsFee(maker="15", taker="15"), ["34.5", "60.255", "75.555"]),
        (BasisPointsFee(maker="15", taker="15", minimum="70"), ["70", "70", "75.555"]),
    ],
)
def test_the_charges_of_three_fills_in_zipline(config: FeeConfig, totals: list[str]) -> None:
    """230, 170 and 100 shares at 100, 101 and 102, by zipline's tests (test_commissions.py), whose
    engine rounds nothing; the last of its kind is ours."""
    fills = [(qty * AMOUNT_SCALE, qty * px * AMOUNT_SCALE, REMOVED)
             for qty, px in ((230, 100), (170, 101), (100, 102))]  # fmt: skip
    paid, _ = bookings(Charges(config, FeeRounding.EXACT), fills)
    assert [str(Amount(sum(paid[: n + 1]))) for n in range(3)] == totals


FIXED = PerUnitFee(per_unit="0.005", minimum="1", maximum_percent="1")
REGULATORS = UsRegulatoryFee(
    sec=(DatedRate(since="1969-01-01", rate="8"),),
    taf=(DatedRate(since="1969-01-01", rate="0.000145", maximum="7.27"),),
)
"""At a date that the example does not tell; it names the rates."""


@pytest.mark.parametrize(
    ("shares", "px", "fee"),
    [(100, "25", "1"), (1000, "25", "5"), (1000, "0.25", "2.5"), (10, "0.2", "0.02")],
)
def test_fixed_commissions_of_interactive_brokers(shares: int, px: str, fee: str) -> None:
    """Its page on commissions for US stocks (Fixed Examples); the last is its note on a maximum
    that is less than the minimum. A charge of several parts has the same bounds, and however an
    order is filled it costs the same."""
    value = int(Amount.parse(px)) * shares
    halves = (PerUnitFee(per_unit="0.002"), PerUnitFee(per_unit="0.003"))
    parts = BoundedFee(parts=halves, minimum="1", maximum_percent="1")
    for config in (FIXED, parts):
        for pieces in (1, 2, 5, 10):
            fill = (shares * AMOUNT_SCALE // pieces, value // pieces, REMOVED)
            paid, _ = bookings(Charges(config, EXACT), [fill] * pieces)
            assert str(Amount(sum(paid))) == fee


def test_what_is_passed_on_lies_outside_the_bounds() -> None:
    """Its comparison of fixed and tiered costs: 200,000 shares of Nasdaq sold at 5 that take
    liquidity: 700 of commission, 600 of the exchange, 40 of clearing, 8.00 and 7.27 of regulators;
    and 0.39 and 0.12 that are passed on as shares of the commission (0.00056 and 0.000175)."""
    own = BoundedFee(
        parts=(PerUnitFee(per_unit="0.0035"),),
        minimum="0.35",
        maximum_percent="1",
        surcharge_percent="0.0735",
    )
    exchange, clearing = PerUnitFee(per_unit="0.003"), PerUnitFee(per_unit="0.0002")
    tiered = SumFee(parts=(own, exchange, clearing, REGULATORS))
    sold = (200_000 * AMOUNT_SCALE, 1_000_000 * AMOUNT_SCALE, REMOVED)
    paid, _ = bookings(Charges(tiered, FeeRounding.HALF_EVEN), [sold])
    assert str(Amount(paid[0])) == "1355.78"
    # A small order pays the least, and all that is passed on besides.
    few = (10 * AMOUNT_SCALE, 50 * AMOUNT_SCALE, REMOVED)
    paid, _ = bookings(Charges(SumFee(parts=(own, exchange, clearing)), FeeRounding.EXACT), [few])
    assert str(Amount(paid[0])) == "0.38225725"


@pytest.mark.parametrize(("value", "fee"), [("100000", "27.1046"), ("10000", "3.890460")])
def test_a_tax_on_charges(value: str, fee: str) -> None:
    """As Indian brokers tell it of shares within a day: 0.03 % and at most 20 for the order,
    0.00297 % of the exchange, and a tax of 18 % on both; however the order is filled."""
    parts = (BasisPointsFee(maker="3", taker="3", maximum="20"),
             BasisPointsFee(maker="0.297", taker="0.297"))  # fmt: skip
    config = BoundedFee(parts=parts, surcharge_percent="18")
    for pieces in (1, 4, 10):
        fill = (100 * AMOUNT_SCALE // pieces, int(Amount.parse(value)) // pieces, REMOVED)
        paid, _ = bookings(Charges(config, FeeRounding.EXACT), [fill] * pieces)
        assert str(Amount(sum(paid))) == f"{Decimal(fee).normalize():f}"
