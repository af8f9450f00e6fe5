"""What a synthetic market may be told, and its place in a session's configuration."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from offbook.domain.config import (
    AccountConfig,
    ReplayMarket,
    SessionConfig,
    SyntheticMarket,
    chain_config,
    decode_config,
)
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import DataKind
from offbook.domain.synthetic import BadMoment, Preset, synthetic_market
from offbook.testing.markets import BTCUSDT, MINUTE, SECOND

BARS = {"kind": DataKind.BARS, "timeframe_ns": MINUTE}


def session(market: SyntheticMarket | ReplayMarket) -> SessionConfig:
    return SessionConfig(market=market, account=AccountConfig(currency="USDT"))


def test_an_instrument_is_all_that_has_to_be_told() -> None:
    market = SyntheticMarket(instrument=BTCUSDT)
    assert (market.row_limit, market.mean_step_ns) == (100_000, SECOND)
    assert market.start_price_ticks == 10_000
    assert market.source == "synthetic:seed=0"


def test_bars_are_made_of_64_steps_unless_told() -> None:
    assert SyntheticMarket(instrument=BTCUSDT, **BARS).mean_step_ns == MINUTE // 64
    assert SyntheticMarket(instrument=BTCUSDT, step_ns=SECOND, **BARS).mean_step_ns == SECOND


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seed", -1),
        ("seed", 2**63),
        ("rows", 0),
        ("rows", 10**9 + 1),
        ("duration_ns", 0),
        ("step_ns", 0),
        ("step_ns", 10**15),
        ("start_ns", -1),
        ("start_price", "0"),
        ("start_price", "100.001"),
        ("start_price", "1e3"),
        ("start_price", "99999999999"),
        ("volatility", "-0.1"),
        ("volatility", "101"),
        ("volatility", "0.1234567"),
        ("drift", "-101"),
        ("spread_min", 0),
        ("spread_mean", "0.5"),
        ("size_mean", "0.000001"),
        ("size_mean", "0"),
        ("size_mean", "1000000000000"),
        ("calm_factor", "-1"),
        ("wild_factor", "101"),
        ("switch_probability", "0.004"),
        ("gap_probability", "0.004"),
        ("bad_probability", "0.004"),
        ("gap_size", "0.6"),
        ("overnight_gap", "0.6"),
        ("bad_moments", (BadMoment.BURST, BadMoment.BURST)),
        ("timeframe_ns", MINUTE),
    ],
)
def test_what_does_not_fit_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(InvalidConfig) as caught:
        SyntheticMarket(instrument=BTCUSDT, **{field: value})
    assert caught.value.fields["field"] == f"market.{field}"


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("duration_ns", {"rows": 5, "duration_ns": 5}),
        ("timeframe_ns", {"kind": DataKind.BARS}),
        ("timeframe_ns", {"kind": DataKind.BARS, "timeframe_ns": 0}),
        ("step_ns", {**BARS, "step_ns": MINUTE + 1}),
        (
            "start_price",
            {
                "instrument": msgspec.structs.replace(BTCUSDT, tick_size="0.03"),
                "start_price": "100",
            },
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(field: str, told: dict[str, Any]) -> None:
    with pytest.raises(InvalidConfig) as caught:
        SyntheticMarket(**{"instrument": BTCUSDT, **told})
    assert caught.value.fields["field"] == f"market.{field}"


def test_both_kinds_of_market_are_read_by_their_type() -> None:
    for market in (
        SyntheticMarket(instrument=BTCUSDT, seed=7, bad_moments=(BadMoment.LOCKED,)),
        ReplayMarket(path="a.csv", kind=DataKind.QUOTES, instrument=BTCUSDT),
    ):
        raw = msgspec.json.encode(session(market))
        assert decode_config(raw).market == market
    with pytest.raises(InvalidConfig, match="unknown field"):
        decode_config(raw.replace(b'"replay"', b'"synthetic"'))


def test_a_recording_is_stored_as_it_always_was() -> None:
    market = ReplayMarket(path="a.csv", kind=DataKind.QUOTES, instrument=BTCUSDT)
    assert list(msgspec.to_builtins(market)) == [
        "type", "path", "kind", "instrument", "timeframe_ns", "label", "columns", "header",
        "timezone", "bad_rows", "off_hours", "adjustment", "actions", "funding",
        "settlements",
    ]  # fmt: skip
    assert msgspec.to_builtins(market)["type"] == "replay"


def test_only_places_are_left_out_of_the_chain() -> None:
    one = ReplayMarket(path="a.csv", kind=DataKind.QUOTES, instrument=BTCUSDT)
    other = msgspec.structs.replace(one, path="b.csv")
    assert chain_config(session(one)) == chain_config(session(other))
    seeds = {chain_config(session(SyntheticMarket(instrument=BTCUSDT, seed=n))) for n in (1, 2)}
    assert len(seeds) == 2
    told = msgspec.json.decode(chain_config(session(SyntheticMarket(instrument=BTCUSDT))))
    assert told["market"]["type"] == "synthetic"


def test_presets_give_way_to_what_is_told() -> None:
    assert synthetic_market(BTCUSDT) == SyntheticMarket(instrument=BTCUSDT)
    calm = synthetic_market(BTCUSDT, Preset.CALM, seed=3)
    assert (calm.gap_probability, calm.bad_probability, calm.seed) == ("0", "0", 3)
    assert synthetic_market(BTCUSDT, Preset.WILD, volatility="2").volatility == "2"
