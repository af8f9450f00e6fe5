"""What orders hold for charges that are rounded up one by one: enough, and for rates to come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.engine.test_dated_fees import DAY_NS, SELL, at

from offbook.domain.config import DatedRate, FeeRounding, UsRegulatoryFee
from offbook.domain.values import AMOUNT_SCALE, Amount
from offbook.engine.models.charging import Occasion, Traded
from offbook.engine.models.fees import Charges
from offbook.testing.markets import XYZ


@pytest.mark.parametrize(
    ("when", "held"),
    [
        # 0.0278 and 0.0024 are four cents; two rates of the one and four of the other are lower.
        ("2023-06-05", "0.1"),
        ("2026-03-05", "0.06"),  # nothing is taken on the value yet; of the shares there are three
        ("2027-12-31", "0.05"),
        ("2028-01-03", "0.04"),  # 0.0206 and 0.0024, and no rate after them is known
    ],
)
def test_what_is_held_is_for_rates_that_may_still_hold(when: str, held: str) -> None:
    """Selling 10 shares at 100 can no longer be charged what was charged in the years before."""
    charges = Charges(
        UsRegulatoryFee(round_each=True), FeeRounding.UP, lambda: at(f"{when}T10:00:00")
    )
    most = charges.most(Traded(), 10 * AMOUNT_SCALE, 1000 * AMOUNT_SCALE, 0, XYZ, SELL)
    assert str(Amount(most)) == held


SHORT = UsRegulatoryFee(
    round_each=True,
    sec=(
        DatedRate(since="1970-01-03", rate="3190"),
        DatedRate(since="1970-01-05", rate="0"),
        DatedRate(since="1970-01-06", rate="3210"),
    ),
    taf=(
        DatedRate(since="1970-01-02", rate="0.0034", maximum="0.25"),
        DatedRate(since="1970-01-04", rate="0.0033"),
    ),
    cat=(DatedRate(since="1970-01-02", rate="0.0013"),),
)
"""So many fills fall before, between and after its days."""


@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.integers(1, 999), st.integers(0, 6)),
        min_size=1,
        max_size=12,
    )
)
def test_what_is_held_for_charges_rounded_each_pays_them_on_whatever_days(
    fills: list[tuple[int, int, int]],
) -> None:
    """When the order is sent, and at each of its fills for those that follow."""
    now = 0
    charges = Charges(SHORT, FeeRounding.UP, lambda: now)
    traded, paid, promised = Traded(), 0, list[int]()
    left = sum(shares for shares, _, _ in fills), sum(cents for _, cents, _ in fills)
    for shares, cents, day in sorted(fills, key=lambda fill: fill[2]):
        now = day * DAY_NS + DAY_NS // 2
        qty, value = left[0] * AMOUNT_SCALE, left[1] * AMOUNT_SCALE // 100
        promised.append(paid + charges.most(traded, qty, value, paid, XYZ, SELL))
        then = Traded(
            traded.qty + shares * AMOUNT_SCALE, traded.notional + cents * AMOUNT_SCALE // 100
        )
        on = Occasion(side=SELL, instrument=XYZ, ts=now, volume=0)
        then = charges.accrue(traded, then, on)
        paid += charges.fee(traded, then, paid, XYZ)
        traded, left = then, (left[0] - shares, left[1] - cents)
        assert paid <= min(promised)
