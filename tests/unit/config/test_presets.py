"""Venues by name: what they set, and what wins over them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest

from offbook.config.presets import preset_text
from offbook.config.resolving import Settings, load_settings, session_parts
from offbook.config.sessions import SessionRequest, build_config
from offbook.domain.config import (
    BasisPointsSlippage,
    EmpiricalDelay,
    LatencyConfig,
    NoSlippage,
    Preset,
    RowTimes,
    SessionConfig,
    StrategySpec,
    VenueConfig,
    venue_preset,
)
from offbook.domain.errors import InvalidConfig

MINE = StrategySpec(ref="mine:Mine", params={})


def built(request: SessionRequest | None = None, *documents: dict[str, object]) -> SessionConfig:
    """A configuration out of a request over documents, the weakest first."""
    settings = Settings(tuple(session_parts(document) for document in documents))
    return build_config(request or SessionRequest(data="demo"), strategy=MINE, settings=settings)


@pytest.mark.parametrize("preset", Preset)
def test_its_text_is_the_venue_that_it_stands_for(preset: Preset) -> None:
    told = tomllib.loads(preset_text(preset.value))["venue"]
    assert msgspec.convert(told, VenueConfig) == venue_preset(preset)


def test_the_default_is_realistic() -> None:
    assert venue_preset("realistic") == VenueConfig() == built().venue


def test_a_flag_names_the_whole_venue() -> None:
    config = built(SessionRequest(data="demo", preset="harsh"), {"venue": {"volume_share": "0.5"}})
    assert config.venue == venue_preset("harsh")


def test_what_a_source_says_itself_wins_over_its_preset() -> None:
    venue = built(
        None,
        {"venue": {"whole_shares": True, "slippage": {"type": "spread_share"}}},
        {"venue": {"preset": "retail", "volume_share": "0.3", "fee": {"taker": "3"}}},
    ).venue
    retail = venue_preset("retail")
    assert (venue.volume_share, venue.fee.taker, venue.fee.maker) == ("0.3", "3", "10")
    assert venue.latency == retail.latency
    assert venue.slippage == BasisPointsSlippage(bps="2")
    assert not venue.whole_shares


def test_a_stronger_source_wins_over_a_preset() -> None:
    venue = built(
        None, {"venue": {"preset": "harsh"}}, {"venue": {"slippage": {"type": "none"}}}
    ).venue
    assert venue.slippage == NoSlippage()
    assert venue.fee == venue_preset("harsh").fee


def test_a_constant_delay_takes_the_place_of_a_presets_distribution() -> None:
    latency = built(None, {"venue": {"preset": "harsh", "latency": {"entry_ns": 7}}}).venue.latency
    assert (latency.entry_ns, latency.entry) == (7, None)
    assert latency.response == venue_preset("harsh").latency.response
    both = built(SessionRequest(data="demo", preset="harsh", latency_ms="1")).venue.latency
    assert (both.entry_ns, both.entry, both.response) == (1_000_000, None, None)


def test_one_delay_there_and_back_leaves_how_late_the_market_is_seen() -> None:
    """As a flag gives it, beside a file."""
    request = SessionRequest(data="demo", latency_ms="2")
    told = {"market_data_ns": 7, "row_times": "received", "entry": {"type": "normal"}}
    assert built(request, {"venue": {"latency": told}}).venue.latency == LatencyConfig(
        entry_ns=2_000_000,
        response_ns=2_000_000,
        market_data_ns=7,
        row_times=RowTimes.RECEIVED,
    )


def test_one_delay_of_market_data_takes_the_place_of_another_kind() -> None:
    """In either way, that of a weaker source; both of one source contradict each other."""
    drawn: dict[str, object] = {"market_data": {"type": "empirical", "quantiles_ns": [1, 2]}}
    constant: dict[str, object] = {"market_data_ns": 7}

    def found(*told: dict[str, object]) -> LatencyConfig:
        return built(None, *({"venue": {"latency": one}} for one in told)).venue.latency

    assert found(drawn, constant) == LatencyConfig(market_data_ns=7)
    known = EmpiricalDelay(quantiles_ns=(1, 2))
    assert found(constant, drawn) == LatencyConfig(market_data=known)
    with pytest.raises(InvalidConfig, match="give market_data_ns or market_data, not both"):
        found(drawn | constant)
    late = found({"row_times": "received"}, constant)
    assert late == LatencyConfig(market_data_ns=7, row_times=RowTimes.RECEIVED)


def test_a_distribution_of_the_same_source_stays() -> None:
    told = {"entry_ns": 7, "entry": {"type": "normal", "mean_ns": 9, "deviation_ns": 1}}
    latency = built(None, {"venue": {"preset": "harsh", "latency": told}}).venue.latency
    assert latency.entry is not None


def test_a_name_that_there_is_not_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "offbook.toml").write_text('[venue]\nvolume_share = "0.2"\npreset = "nice"\n')
    with pytest.raises(InvalidConfig, match=r"line 3: venue.preset: expected frictionless or"):
        load_settings(tmp_path, {})
    with pytest.raises(InvalidConfig, match="expected frictionless, retail, realistic, harsh"):
        built(SessionRequest(data="demo", preset="nice"))


def test_settings_tell_where_a_preset_stands(tmp_path: Path) -> None:
    (tmp_path / "offbook.toml").write_text('[venue]\npreset = "harsh"\n')
    found = load_settings(tmp_path, {}).resolved()
    assert found["venue", "preset"].value == "harsh"
    share = found["venue", "volume_share"]
    assert share.value == "0.02"
    assert share.place.endswith("offbook.toml (preset harsh)")
    assert load_settings(tmp_path.parent, {}).resolved()["venue", "preset"].value == "realistic"
