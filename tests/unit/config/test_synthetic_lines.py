"""Synthetic markets asked for on one line."""

from __future__ import annotations

import pytest

from offbook.config.markets import MarketDescription
from offbook.config.sessions import SessionRequest, build_config
from offbook.config.synthetic import describe_synthetic
from offbook.domain.config import SyntheticMarket
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import AssetClass
from offbook.domain.market_data import DataKind
from offbook.domain.synthetic import BadMoment, Preset, VolumeShape, synthetic_market
from offbook.testing.markets import MINUTE, SECOND

PLAIN = MarketDescription()


def test_nothing_has_to_be_told() -> None:
    market = describe_synthetic("synthetic:", PLAIN)
    assert market == SyntheticMarket(instrument=market.instrument)
    assert (market.instrument.symbol, market.instrument.quote_currency) == ("SYN", "USD")


def test_everything_can_be_told() -> None:
    line = (
        "synthetic: seed=7, rows=500, preset=wild, volatility=0.8, step=100ms, timeframe=1m, "
        "start=2024-01-02T15:30:00+01:00, bad_moments=burst+silence, volume_shape=u, spread_min=2"
    )
    market = describe_synthetic(line, PLAIN)
    assert market == synthetic_market(
        market.instrument,
        Preset.WILD,
        kind=DataKind.BARS,
        seed=7,
        rows=500,
        volatility="0.8",
        step_ns=SECOND // 10,
        timeframe_ns=MINUTE,
        start_ns=1_704_205_800 * SECOND,
        bad_moments=(BadMoment.BURST, BadMoment.SILENCE),
        volume_shape=VolumeShape.U,
        spread_min=2,
    )
    none = describe_synthetic("synthetic:bad_moments=none,duration=2h", PLAIN)
    assert (none.bad_moments, none.duration_ns) == ((), 120 * MINUTE)


def test_the_instrument_is_told_as_for_a_recording() -> None:
    pair = MarketDescription(symbol="BTCUSDT", currency="USDT", tick="0.1", size_decimals=5)
    instrument = describe_synthetic("synthetic:", pair).instrument
    assert (instrument.base, instrument.price_precision, instrument.qty_precision) == ("BTC", 1, 5)
    share = MarketDescription(symbol="ABC", asset_class=AssetClass.EQUITY, timeframe="1d")
    market = describe_synthetic("synthetic:", share)
    assert (market.instrument.calendar, market.instrument.base) == ("XNYS", "ABC")
    assert market.kind is DataKind.BARS


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sed=1", "write NAME=VALUE with a NAME of bad_moments, .* wild_factor"),
        ("seed", "write NAME=VALUE"),
        ("seed=1,seed=2", "seed is given twice"),
        ("rows=many", "rows"),
        ("rows=0", "market.rows=0, expected 1 to"),
        ("preset=mad", "expected calm, normal, wild"),
        ("start=soon", "expected a date"),
        ("step=1", "timeframe '1'"),
        ("bad_moments=flood", "flood"),
        ("kind=bars", "bars need a timeframe"),
    ],
)
def test_what_cannot_be_read_is_refused(line: str, said: str) -> None:
    with pytest.raises(InvalidConfig, match=said):
        describe_synthetic(f"synthetic:{line}", PLAIN)


def test_what_concerns_recordings_alone_is_refused() -> None:
    for given in (MarketDescription(drop_bad_rows=True), MarketDescription(columns={"bid": "b"})):
        with pytest.raises(InvalidConfig, match="how a recording is read"):
            describe_synthetic("synthetic:", given)


def test_a_session_is_asked_for_with_such_a_line() -> None:
    config = build_config(
        SessionRequest(
            strategy="offbook.strategies.ema_cross:EmaCross", data="synthetic:seed=3,rows=10"
        )
    )
    assert isinstance(config.market, SyntheticMarket)
    assert (config.market.seed, config.account.currency) == (3, "USD")
