"""Bars of a synthetic market are those of its own quotes."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from tests.synthetic_rows import columns

from offbook.adapters.calendars import load_calendar
from offbook.domain.calendars import DAY_NS
from offbook.domain.config import SyntheticMarket
from offbook.domain.market_data import DataKind
from offbook.testing.markets import BTCUSDT, MINUTE, SECOND, XYZ

SHARE = msgspec.structs.replace(XYZ, calendar="XNYS")
HOUR = 60 * MINUTE

CASES = {
    "minutes": (BTCUSDT, MINUTE, SECOND, DAY_NS),
    "mostly empty": (BTCUSDT, SECOND, SECOND, HOUR),
    "days of a market that never shuts": (BTCUSDT, DAY_NS, MINUTE, 40 * DAY_NS),
    "minutes of a share": (SHARE, MINUTE, SECOND, 6 * DAY_NS),
    "hours of a share, cut at the close": (SHARE, HOUR, 10 * SECOND, 30 * DAY_NS),
    "days of a share": (SHARE, DAY_NS, MINUTE, 100 * DAY_NS),
}


@pytest.mark.parametrize("name", CASES)
def test_bars_are_what_the_quotes_of_their_time_make(name: str) -> None:
    instrument, timeframe, step, duration = CASES[name]
    told: dict[str, Any] = {"instrument": instrument, "step_ns": step, "duration_ns": duration}
    told |= {"bad_probability": "0.002", "start_ns": 1_704_205_800 * SECOND + 7 * step}
    quotes = columns(SyntheticMarket(**told))
    bars = columns(SyntheticMarket(kind=DataKind.BARS, timeframe_ns=timeframe, **told))
    first = np.searchsorted(quotes["ts"], bars["ts_open"], side="left")
    after = np.searchsorted(quotes["ts"], bars["ts"], side="left")
    # Each has rows, and no row before the last bar's end lies outside of one.
    assert bool(np.all(after > first))
    assert first[0] == 0
    assert np.array_equal(first[1:], after[:-1])
    lowest = np.minimum.reduceat(quotes["bid_px"], first)
    shown = np.maximum(quotes["bid_qty"], quotes["ask_qty"])[: after[-1]]
    assert bool(np.all(bars["low_px"] >= lowest))
    for edge, row in (("open_px", first), ("close_px", after - 1)):
        at_bid = bars[edge] == quotes["bid_px"][row]
        at_ask = bars[edge] == quotes["ask_px"][row]
        assert bool(np.all(at_bid | at_ask))
        if len(row) > 20:
            assert np.any(at_bid)
            assert np.any(at_ask)
    assert bool(np.all(bars["volume_qty"] <= np.add.reduceat(shown, first)))
    calendar = load_calendar(instrument.calendar)
    spans = set((bars["ts"] - bars["ts_open"]).tolist())
    if calendar.always_open:
        assert spans == {timeframe}
        assert not np.any(bars["ts_open"] % timeframe)
    else:
        assert max(spans) <= timeframe
        session = np.searchsorted(calendar.opens, bars["ts_open"], side="right") - 1
        assert not np.any((bars["ts_open"] - np.array(calendar.opens)[session]) % timeframe)
        assert bool(np.all(bars["ts"] <= np.array(calendar.closes)[session]))


def test_bars_that_get_no_row_are_left_out() -> None:
    told: dict[str, Any] = {"instrument": BTCUSDT, "timeframe_ns": SECOND, "step_ns": SECOND}
    bars = columns(SyntheticMarket(kind=DataKind.BARS, rows=2000, **told))
    assert len(bars["ts"]) == 2000
    assert 500 < np.count_nonzero(bars["ts_open"][1:] > bars["ts"][:-1]) < 1500


def test_a_bar_far_ahead_is_the_one_that_comes_there() -> None:
    told: dict[str, Any] = {"kind": DataKind.BARS, "timeframe_ns": MINUTE, "rows": 3000}
    market = SyntheticMarket(instrument=BTCUSDT, **told)
    whole, single = columns(market), columns(market, [1])
    assert all(np.array_equal(whole[name], single[name]) for name in whole)
