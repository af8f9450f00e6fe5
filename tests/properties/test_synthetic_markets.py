"""Whatever a synthetic market is told, its rows keep their promises and cuts mean nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.synthetic_rows import columns

from offbook.domain.calendars import DAY_NS
from offbook.domain.config import SyntheticMarket
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import DataKind
from offbook.domain.synthetic import BadMoment, VolumeShape
from offbook.testing.markets import BTCUSDT, XYZ

CHANCE = st.sampled_from(["0", "0.0005", "0.003"])
TINY = msgspec.structs.replace(
    BTCUSDT, price_precision=12, qty_precision=6, tick_size="0.000000000001", lot_size="0.000001"
)
COARSE = msgspec.structs.replace(
    BTCUSDT, price_precision=0, qty_precision=8, tick_size="1000", lot_size="100"
)
SHARE = msgspec.structs.replace(XYZ, calendar="XNYS")


@st.composite
def markets(draw: st.DrawFn) -> SyntheticMarket:
    """A market of any character, short enough to be made often."""
    instrument: Instrument = draw(st.sampled_from([BTCUSDT, TINY, COARSE, SHARE]))
    told: dict[str, Any] = {
        "seed": draw(st.integers(0, 2**63 - 1)),
        "step_ns": draw(st.sampled_from([1, 999, 10**6, 10**9, 10**12, DAY_NS])),
        "volatility": draw(st.sampled_from(["0", "0.6", "5", "100"])),
        "drift": draw(st.sampled_from(["-100", "0", "0.1", "100"])),
        "spread_min": draw(st.sampled_from([1, 3, 1000])),
        "spread_mean": draw(st.sampled_from(["1000", "1000000"])),
        "wild_factor": draw(st.sampled_from(["1", "3", "100"])),
        "switch_probability": draw(CHANCE),
        "gap_probability": draw(CHANCE),
        "gap_size": draw(st.sampled_from(["0.003", "0.5"])),
        "bad_probability": draw(CHANCE),
        "bad_moments": tuple(draw(st.lists(st.sampled_from(list(BadMoment)), unique=True))),
        "volume_shape": draw(st.sampled_from(list(VolumeShape))),
        "rows": draw(st.integers(1, 9000)),
    }
    if draw(st.booleans()):
        told |= {"kind": DataKind.BARS, "rows": draw(st.integers(1, 100))}
        told["timeframe_ns"] = told["step_ns"] * draw(st.sampled_from([1, 2, 50, 10_000]))
        assume(told["timeframe_ns"] <= 366 * DAY_NS)
    return SyntheticMarket(instrument=instrument, **told)


@settings(max_examples=80)
@given(markets(), st.lists(st.integers(1, 5000), min_size=1, max_size=5))
def test_rows_keep_their_promises_and_cuts_mean_nothing(
    market: SyntheticMarket, limits: list[int]
) -> None:
    try:
        # Every slice is checked as it is read.
        whole = columns(market)
    except InvalidConfig as error:
        refused = error.fields["field"]
    else:
        refused = None
    if refused is not None:
        # What only the calendar, or a product of two settings, shows to be too much.
        assert refused in {"market.volatility", "market.drift", "market.rows", "market.start_ns"}
        return
    assert len(whole["ts"]) == market.rows
    cut = columns(market, [*limits, 5000])
    assert all(np.array_equal(whole[name], cut[name]) for name in whole)
    sizes = [whole[name] for name in ("bid_qty", "ask_qty", "volume_qty") if name in whole]
    assert all(bool(np.all(size > 0)) for size in sizes)
    prices = [column for name, column in whole.items() if name.endswith("_px")]
    tick, lot = market.instrument.tick_units, market.instrument.lot_units
    assert not any(bool(np.any(price % tick)) for price in prices)
    assert not any(bool(np.any(size % lot)) for size in sizes)
