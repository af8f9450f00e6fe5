"""Venues with latencies of their own, as they are configured."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from offbook.domain.config import (
    AccountConfig,
    ActionKind,
    Adjustment,
    CombinedMarket,
    CorporateAction,
    LatencyConfig,
    NormalDelay,
    ReplayMarket,
    SessionConfig,
    VenueConfig,
    VenueLatency,
    chain_config,
)
from offbook.domain.config.session import decode_config
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import DataKind
from offbook.testing.markets import BTCUSDT

FIELD = "venue.latency.venues"
DRAWN = NormalDelay(mean_ns=9, deviation_ns=1)
ETHUSDT = msgspec.structs.replace(BTCUSDT, symbol="ETHUSDT", base="ETH")
SOURCES = tuple(
    ReplayMarket(path="x", kind=DataKind.QUOTES, instrument=one) for one in (BTCUSDT, ETHUSDT)
)


def session(*venues: VenueLatency, sources: Any = SOURCES, **own: Any) -> SessionConfig:
    return SessionConfig(
        market=CombinedMarket(sources=sources),
        account=AccountConfig(currency="USDT"),
        venue=VenueConfig(latency=LatencyConfig(venues=venues, **own)),
    )


def test_a_venue_says_what_it_does_not_share_with_the_session() -> None:
    """A distribution gives way to its constant, and a constant to its distribution; a way of which
    it says nothing stays the session's own."""
    near = VenueLatency(name="near", symbols=("BTCUSDT",), entry_ns=3)
    own = LatencyConfig(entry_ns=1, response_ns=2, entry=DRAWN, market_data_ns=7, venues=(near,))
    assert own.of(near) == LatencyConfig(entry_ns=3, response_ns=2, market_data_ns=7)
    drawn = VenueLatency(name="drawn", symbols=("BTCUSDT",), response=DRAWN)
    plain = LatencyConfig(entry_ns=1, response_ns=2)
    assert plain.of(drawn) == LatencyConfig(entry_ns=1, response_ns=2, response=DRAWN)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"name": " "}, "a venue without a name"),
        ({"symbols": ()}, "near has no symbols: name its instruments"),
        ({"entry_ns": None}, "near gives no delay, so it would change nothing: give entry_ns"),
        ({"entry": DRAWN}, "near: give entry_ns or entry, not both"),
        ({"response_ns": -1}, "near: response_ns=-1, expected 0 to 60000000000 ns"),
    ],
)
def test_a_venue_that_means_nothing_is_refused(parts: dict[str, Any], said: str) -> None:
    """With what to write."""
    with pytest.raises(InvalidConfig, match=said) as caught:
        VenueLatency(**{"name": "near", "symbols": ("BTCUSDT",), "entry_ns": 3, **parts})
    assert caught.value.fields["field"] == FIELD


def test_each_instrument_is_of_one_venue_and_traded_here() -> None:
    """And a name stands once."""
    near = VenueLatency(name="near", symbols=("BTCUSDT",), entry_ns=3)
    far = VenueLatency(name="far", symbols=("ETHUSDT", "BTCUSDT"), entry_ns=3)
    with pytest.raises(InvalidConfig, match="name BTCUSDT twice"):
        session(near, far)
    with pytest.raises(InvalidConfig, match="name near twice"):
        session(near, msgspec.structs.replace(near, symbols=("ETHUSDT",)))
    with pytest.raises(InvalidConfig, match="name BTCUSDT twice"):
        session(msgspec.structs.replace(near, symbols=("BTCUSDT", "BTCUSDT")))
    unknown = msgspec.structs.replace(near, symbols=("XBTUSDT",))
    with pytest.raises(InvalidConfig, match="name XBTUSDT in near; this market has BTCUSDT, ETH"):
        session(unknown)


def test_a_symbol_that_changes_stays_at_its_venue() -> None:
    """Or what is told of the old one could be overtaken by what is told of the new."""
    change = CorporateAction(
        kind=ActionKind.SYMBOL_CHANGE, symbol="BTCUSDT", ex="2024-01-03", new_symbol="ETHUSDT"
    )
    first = msgspec.structs.replace(SOURCES[0], actions=(change,), adjustment=Adjustment.RAW)
    other = msgspec.structs.replace(SOURCES[1], adjustment=Adjustment.RAW)
    both = VenueLatency(name="both", symbols=("BTCUSDT", "ETHUSDT"), entry_ns=3)
    assert session(both, sources=(first, other)).venue.latency.venues == (both,)
    one = msgspec.structs.replace(both, symbols=("BTCUSDT",))
    with pytest.raises(InvalidConfig, match="have BTCUSDT and ETHUSDT apart"):
        session(one, sources=(first, other))


def test_reports_of_all_venues_take_no_time_where_that_is_asked() -> None:
    """One that takes some is enough."""
    far = VenueLatency(name="far", symbols=("BTCUSDT",), response_ns=1)
    assert LatencyConfig(response_ns=0).answers_at_once
    assert not LatencyConfig(response_ns=0, venues=(far,)).answers_at_once


def test_venues_stand_in_the_chain_where_there_are_any() -> None:
    """And are stored whole."""
    assert b"venues" not in chain_config(session())
    near = session(VenueLatency(name="near", symbols=("BTCUSDT",), entry=DRAWN))
    assert b'"name":"near"' in chain_config(near)
    assert decode_config(msgspec.json.encode(near)) == near
