"""Charges that others have published."""

from __future__ import annotations

import pytest
from tests.unit.engine.test_models import ADDED, EXACT, REMOVED, bookings

from offbook.domain.config import BasisPointsFee, FeeConfig, FeeRounding, PerUnitFee
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
