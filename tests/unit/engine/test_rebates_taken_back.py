"""Rebates that bounds take back, where each fill is rounded by itself: what is held for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.engine.made_fees import cents, percents, taken
from tests.unit.engine.test_models import ADDED, CENT, REMOVED, after, bookings

from offbook.domain.config import (
    BasisPointsFee,
    BoundedFee,
    FeeConfig,
    FeeRounding,
    FlatFee,
    SumFee,
)
from offbook.domain.orders import Liquidity
from offbook.domain.values import AMOUNT_SCALE
from offbook.engine.models.charging import Traded
from offbook.engine.models.fees import Charges
from offbook.testing.markets import XYZ

GIVING = BasisPointsFee(maker="-10", taker="20", maximum="0")


@pytest.mark.parametrize(
    "config",
    [
        GIVING,
        BoundedFee(parts=(BasisPointsFee(maker="-10", taker="20"),), maximum="0"),
        SumFee(parts=(GIVING, FlatFee(per_order="0"))),
    ],
)
def test_a_rebate_that_is_rounded_away_and_charged_again_is_held(config: FeeConfig) -> None:
    """Two rebates of 0.004 are rounded to nothing, and 0.008 of them charged again is a cent."""
    charges = Charges(config, FeeRounding.PER_FILL_HALF_UP)
    fills = [(AMOUNT_SCALE, 4 * AMOUNT_SCALE, one) for one in (ADDED, ADDED, REMOVED)]
    held = charges.most(Traded(), 3 * AMOUNT_SCALE, 12 * AMOUNT_SCALE, 0, XYZ)
    paid, traded = bookings(charges, fills)
    assert (paid, traded.accrued) == ([0, 0, CENT], 0)
    assert held >= CENT


@given(
    st.builds(
        BasisPointsFee,
        maker=st.just("-10"),
        taker=taken,
        minimum=st.none() | cents,
        maximum=st.sampled_from([None, "0", "0.01"]),
        maximum_percent=percents,
    ),
    st.lists(st.sampled_from([(400, ADDED), (600, ADDED), (400, REMOVED)]), min_size=1),
    st.booleans(),
)
def test_what_was_held_suffices_for_rebates_that_bounds_take_back(
    config: BasisPointsFee, small: list[tuple[int, Liquidity]], together: bool
) -> None:
    """Of fills that are less than a cent each, rounded one by one."""
    fee: FeeConfig = BoundedFee(parts=(config,), minimum_percent="0.01") if together else config
    charges = Charges(fee, FeeRounding.PER_FILL_HALF_UP)
    fills = [(AMOUNT_SCALE, worth * CENT, liquidity) for worth, liquidity in small]
    qty, notional = sum(fill[0] for fill in fills), sum(fill[1] for fill in fills)
    held, paid, traded = charges.most(Traded(), qty, notional, 0, XYZ), 0, Traded()
    for fill in fills:
        then = after(charges, traded, fill, XYZ)
        paid += charges.fee(traded, then, paid, XYZ)
        traded, qty, notional = then, qty - fill[0], notional - fill[1]
        assert paid + charges.most(traded, qty, notional, paid, XYZ) <= held
