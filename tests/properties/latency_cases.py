"""Made-up sessions whose venues have latencies of their own; their draws are apart, so that all
other cases stay what they were."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
from tests.properties.reference_latency import told
from tests.properties.sources import Source
from tests.properties.venue_cases import pick_latency

from offbook.domain.config import BarReports, LatencyConfig, VenueLatency

if TYPE_CHECKING:
    from tests.properties.market_cases import Setup


def with_venues(source: Source, setup: Setup) -> Setup:
    """Now and then some instruments trade at venues of their own; of one that is alone seldom."""
    chances = [False, True] if setup.others else [False] * 7 + [True]
    if not source.pick(chances) or setup.venue.bar_reports is BarReports.BEFORE:
        return setup
    symbols = [part.instrument.symbol for part in setup.parts]
    changes = [one for part in setup.parts for one in part.actions if one.new_symbol]
    if changes:  # the two of which one becomes the other stay together
        changed = {name for one in changes for name in (one.symbol, one.new_symbol)}
        rest = [symbol for symbol in symbols if symbol not in changed]
        apart = [(rest,)] if rest else []
    else:
        apart = [(symbols[:1],), (symbols[1:],), (symbols[:1], symbols[1:]), (symbols[-1:],)]
    groups = [group for group in source.pick([*apart, ()]) if group]
    venues = tuple(_venue(source, setup, group) for group in groups)
    latency = msgspec.structs.replace(setup.venue.latency, venues=venues)
    venue = msgspec.structs.replace(setup.venue, latency=latency)
    others = tuple(replace(one, venue=venue) for one in setup.others)
    return replace(setup, venue=venue, others=others)


def _venue(source: Source, setup: Setup, symbols: list[str]) -> VenueLatency:
    """With constant delays, or drawn ones, on both ways or on one."""
    drawn = pick_latency(source, setup.timeframe)
    ways: dict[str, Any] = {}
    for way in source.pick([("entry", "response"), ("entry",), ("response",)]):
        takes = told(drawn, way, None)
        ways[f"{way}_ns" if isinstance(takes, int) else way] = takes
    return VenueLatency(name=" and ".join(symbols), symbols=tuple(symbols), **ways)


def constant_entry(latency: LatencyConfig, symbol: str) -> int | None:
    """How long an order of an instrument takes, where that is always the same."""
    takes = told(latency, "entry", symbol)
    if latency.market_data is not None or not isinstance(takes, int):
        return None
    return takes + latency.market_data_ns
