"""What the rows of a synthetic market look like: time, price, spread, size, and what goes wrong."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.synthetic_rows import columns, read_slices

from offbook.adapters.brokers.synthetic import walk
from offbook.adapters.brokers.synthetic.chapters import CHAPTER_STRETCHES
from offbook.adapters.brokers.synthetic.gateway import SyntheticGateway
from offbook.adapters.calendars import load_calendar
from offbook.domain.calendars import DAY_NS
from offbook.domain.config import ReplayMarket, SyntheticMarket
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import DataKind, IntColumn
from offbook.domain.synthetic import STRETCH_ROWS, BadMoment, VolumeShape
from offbook.testing.markets import BTCUSDT, MINUTE, SECOND, XYZ

QUIET: dict[str, Any] = {
    "switch_probability": "0",
    "gap_probability": "0",
    "bad_probability": "0",
}
SHARE = msgspec.structs.replace(XYZ, calendar="XNYS")
NEW_YORK = load_calendar("XNYS")
# Prices far above a tick, so that rounding to ticks hides nothing.
FINE = "60000"


def quiet(**told: Any) -> SyntheticMarket:
    """A market in which nothing happens but what is told."""
    return SyntheticMarket(**{"instrument": BTCUSDT, "start_price": FINE, **QUIET, **told})


def moves(rows: dict[str, IntColumn]) -> np.ndarray:
    """Relative moves of the mid, for tests with loose bounds."""
    return np.diff(np.log((rows["bid_px"] + rows["ask_px"]) / 2))


def test_the_first_row_stands_at_the_start() -> None:
    rows = columns(quiet(rows=10, start_ns=10**18))
    assert rows["ts"][0] == 10**18
    assert rows["bid_px"][0] in (5_999_999, 6_000_000 - 2, 6_000_000 - 3)


def test_volatility_is_as_told_over_rows_and_over_stretches() -> None:
    market = quiet(rows=300_000, volatility="0.8")
    rows = columns(market)
    year = 365 * 86_400
    assert 0.76 < moves(rows).std() * year**0.5 < 0.84
    for offset in (0, 100):
        seldom = {name: column[offset::STRETCH_ROWS] for name, column in rows.items()}
        assert 0.72 < moves(seldom).std() * (year / STRETCH_ROWS) ** 0.5 < 0.88


def test_drift_carries_the_price() -> None:
    year = {"volatility": "0", "duration_ns": 365 * DAY_NS, "step_ns": 3600 * SECOND}
    mid = columns(quiet(drift="0.5", **year))["bid_px"]
    assert 1.64 < mid[-1] / mid[0] < 1.66
    assert len(set(columns(quiet(**year, spread_mean="1"))["bid_px"].tolist())) == 1


def test_time_is_irregular_and_does_not_run_away() -> None:
    ts = columns(quiet(rows=100_001, step_ns=SECOND))["ts"]
    waits = np.diff(ts)
    assert waits.min() > 0
    assert 0.9 < waits.std() / waits.mean() < 1.1
    assert abs(int(ts[-1] - ts[0]) - 100_000 * SECOND) < 512 * SECOND


def test_spread_and_sizes_have_the_means_told_and_never_less_than_the_least() -> None:
    rows = columns(quiet(rows=200_000, spread_min=2, spread_mean="3.5", size_mean="0.5"))
    spread = rows["ask_px"] - rows["bid_px"]
    assert spread.min() == 2
    assert 3.4 < spread.mean() < 3.6
    for name in ("bid_qty", "ask_qty"):
        assert 0.98 * 50_000 < rows[name].mean() < 1.02 * 50_000


def test_regimes_differ_in_what_the_price_does_and_in_spread() -> None:
    rows = columns(quiet(rows=400_000, switch_probability="0.0005", spread_mean="5"))
    blocks = moves(rows)[: 399_999 // STRETCH_ROWS * STRETCH_ROWS].reshape(-1, STRETCH_ROWS)
    spread = (rows["ask_px"] - rows["bid_px"])[: blocks.size].reshape(blocks.shape).mean(axis=1)
    by_stretch = np.sort(blocks.std(axis=1))
    assert by_stretch[-20:].mean() > 4 * by_stretch[:20].mean()
    wild = blocks.std(axis=1) > by_stretch[-40]
    assert spread[wild].mean() > 2 * spread[~wild].mean()


def test_the_price_jumps_about_as_often_and_as_far_as_told() -> None:
    without = np.abs(moves(columns(quiet(rows=300_000))))
    jumpy = np.abs(moves(columns(quiet(rows=300_000, gap_probability="0.0001", gap_size="0.01"))))
    assert without.max() < 0.002
    jumps = jumpy[jumpy > 0.004]
    assert 15 < len(jumps) < 50
    assert jumps.min() > 0.004
    assert 0.008 < jumps.mean() < 0.012
    assert jumps.max() < 0.017


def bad(moment: BadMoment) -> dict[str, IntColumn]:
    told = {"bad_probability": "0.001", "bad_moments": (moment,)}
    return columns(quiet(rows=50_000, **told))


def test_bad_moments_are_what_they_are_called() -> None:
    plain = columns(quiet(rows=50_000))
    spread = plain["ask_px"] - plain["bid_px"]
    assert bool(np.all(spread > 0))
    assert np.diff(plain["ts"]).min() > 0
    wide = bad(BadMoment.WIDE_SPREAD)
    assert (wide["ask_px"] - wide["bid_px"]).max() > 3 * spread.max() // 2
    locked = bad(BadMoment.LOCKED)
    assert 100 < np.count_nonzero(locked["ask_px"] == locked["bid_px"]) < 5000
    tiny = bad(BadMoment.TINY_SIZE)
    assert 100 < np.count_nonzero((tiny["bid_qty"] == 1) & (tiny["ask_qty"] == 1)) < 5000
    burst = bad(BadMoment.BURST)
    assert 100 < np.count_nonzero(np.diff(burst["ts"]) == 0) < 5000
    silence = bad(BadMoment.SILENCE)
    assert np.diff(silence["ts"]).max() > 60 * SECOND > 3 * np.diff(plain["ts"]).max()


def test_a_bad_moment_changes_no_row_around_it() -> None:
    plain, wide = columns(quiet(rows=50_000)), bad(BadMoment.WIDE_SPREAD)
    same = plain["bid_px"] == wide["bid_px"]
    assert 0.8 < np.count_nonzero(same) / len(same) < 1
    assert np.array_equal(plain["ts"], wide["ts"])
    assert np.array_equal(plain["bid_qty"], wide["bid_qty"])


def test_an_exchange_trades_in_its_hours_and_jumps_over_night() -> None:
    market = quiet(
        instrument=SHARE, rows=30_000, step_ns=30 * SECOND, start_price="200", overnight_gap="0.02"
    )
    rows = columns(market)
    assert all(NEW_YORK.is_open(ts) for ts in rows["ts"].tolist())
    nights = np.diff(rows["ts"]) > 10 * 3600 * SECOND
    # 250 hours of trading, days of 6.5 hours.
    assert np.count_nonzero(nights) == 38
    moved = np.abs(moves(rows))
    assert moved[nights].mean() > 10 * moved[~nights].mean()


def test_a_start_outside_the_hours_waits_for_the_opening() -> None:
    saturday = 1_704_585_600 * SECOND
    rows = columns(quiet(instrument=SHARE, rows=5, start_ns=saturday, start_price="200"))
    assert rows["ts"][0] == 1_704_724_200 * SECOND  # Monday, 9:30 in New York


def test_a_start_within_the_hours_is_kept() -> None:
    noon = 1_704_214_800 * SECOND + 1
    rows = columns(quiet(instrument=SHARE, rows=5, start_ns=noon, start_price="200"))
    assert rows["ts"][0] == noon


@pytest.mark.parametrize("instrument", [BTCUSDT, SHARE])
def test_sizes_follow_the_day_where_they_are_told_to(instrument: Any) -> None:
    told = {"instrument": instrument, "start_price": "200", "size_mean": "1000"}
    long = quiet(rows=200_000, volume_shape=VolumeShape.U, step_ns=10 * SECOND, **told)
    rows = columns(long)
    ts = rows["ts"].tolist()
    if instrument is SHARE:
        passed = [(t - (NEW_YORK.day_end(t) - 23_400 * SECOND)) / (23_400 * SECOND) for t in ts]
    else:
        passed = [t % DAY_NS / DAY_NS for t in ts]
    at = np.array(passed)
    ends, middle = (at < 0.1) | (at > 0.9), (at > 0.45) & (at < 0.55)
    assert rows["bid_qty"][ends].mean() > 2.5 * rows["bid_qty"][middle].mean()


def test_a_duration_says_where_the_market_ends() -> None:
    hour = 3600 * SECOND
    rows = columns(quiet(duration_ns=hour))
    longer = columns(quiet(rows=len(rows["ts"]) + 1))
    end = quiet().start_ns + hour
    assert rows["ts"][-1] < end <= longer["ts"][-1]
    assert len(columns(quiet(duration_ns=1))["ts"]) == 1


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"instrument": SHARE, "start_price": "200", "start_ns": 2**61}, "start_ns"),
        ({"instrument": SHARE, "start_price": "200", "step_ns": DAY_NS}, "rows"),
        ({"step_ns": DAY_NS, "volatility": "20"}, "volatility"),
        ({"step_ns": DAY_NS, "drift": "100"}, "drift"),
        ({"instrument": SHARE, "start_price": "200", "duration_ns": 3600 * SECOND,
          "start_ns": 1_704_585_600 * SECOND}, "duration_ns"),
        ({"duration_ns": 365 * DAY_NS, "step_ns": 1}, "duration_ns"),
        ({"kind": DataKind.BARS, "timeframe_ns": MINUTE, "rows": 10**9}, "rows"),
        ({"kind": DataKind.BARS, "timeframe_ns": MINUTE, "duration_ns": SECOND}, "duration_ns"),
        ({"kind": DataKind.BARS, "timeframe_ns": 10**9, "step_ns": 10, "size_mean": "10000000000"},
         "size_mean"),
        ({"instrument": msgspec.structs.replace(
            BTCUSDT, price_precision=12, qty_precision=0, tick_size="100", lot_size="1"),
          "start_price": "1000000"}, "start_price"),
        ({"instrument": msgspec.structs.replace(BTCUSDT, calendar="nowhere")}, None),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_at_the_door(
    told: dict[str, Any], field: str | None
) -> None:
    if told.get("rows") == 10**9:
        told = {**told, "step_ns": MINUTE, "start_ns": 2**61}
    with pytest.raises(InvalidConfig) as caught:
        await SyntheticGateway().open(quiet(**told))
    where = "instrument.calendar" if field is None else f"market.{field}"
    assert caught.value.fields["field"] == where


async def test_a_recording_is_not_its_business() -> None:
    market = ReplayMarket(path="a.csv", kind=DataKind.QUOTES, instrument=BTCUSDT)
    with pytest.raises(InvalidConfig, match="made-up"):
        await SyntheticGateway().open(market)


async def test_a_far_place_gives_the_same_rows_as_the_way_there() -> None:
    market = SyntheticMarket(instrument=BTCUSDT, rows=3 * CHAPTER_STRETCHES * STRETCH_ROWS)
    parts = await read_slices(market)
    feed = await SyntheticGateway().open(market)
    for place in (len(parts) - 1, 0, len(parts) // 2):
        there = await feed.read(parts[place].start, 65_536)
        assert there is not None
        assert there.ts.tolist() == parts[place].ts.tolist()
        assert there.bid_px.tolist() == parts[place].bid_px.tolist()
    await feed.close()


@pytest.mark.parametrize("stretches", [1, 8, 128])
def test_the_length_of_a_page_decides_no_row(
    stretches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from offbook.adapters.brokers.synthetic import bar_rows, quote_rows

    quotes = SyntheticMarket(instrument=BTCUSDT, rows=40_000, bad_probability="0.002")
    bars = SyntheticMarket(
        instrument=SHARE, kind=DataKind.BARS, timeframe_ns=MINUTE, step_ns=SECOND, rows=500
    )
    whole = [columns(market) for market in (quotes, bars)]
    monkeypatch.setattr(walk, "PAGE_STRETCHES", stretches)
    for module in (walk, bar_rows, quote_rows):
        monkeypatch.setattr(module, "PAGE_ROWS", stretches * STRETCH_ROWS)
    for before, market in zip(whole, (quotes, bars), strict=True):
        after = columns(market)
        assert all(np.array_equal(before[name], after[name]) for name in before)


async def test_two_feeds_read_at_once_agree() -> None:
    market = SyntheticMarket(instrument=BTCUSDT, rows=30_000)
    one, other = await asyncio.gather(read_slices(market), read_slices(market, [777]))
    ends = [np.concatenate([part.ask_px for part in parts]).tolist() for parts in (one, other)]
    assert ends[0] == ends[1]
