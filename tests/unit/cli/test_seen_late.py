"""How long messages take, and how late a session sees its market, as it is shown."""

from __future__ import annotations

import pytest

from offbook.cli.looking import by_venue, seen_late
from offbook.domain.config import EmpiricalDelay, LatencyConfig, RecordedDelay, VenueLatency

DRAWN = EmpiricalDelay(quantiles_ns=(1, 2))


@pytest.mark.parametrize(
    ("latency", "said"),
    [
        (LatencyConfig(), []),
        (LatencyConfig(market_data_ns=100_000_000), ["market data 100 ms late"]),
        (LatencyConfig(market_data=DRAWN), ["market data empirical late"]),
        (LatencyConfig(market_data=RecordedDelay()), ["market data as late as each row was"]),
    ],
)
def test_it_is_said_in_a_few_words(latency: LatencyConfig, said: list[str]) -> None:
    """Nothing where it sees the market at once."""
    assert seen_late(latency) == said


def test_venues_are_said_by_name_with_what_trades_there() -> None:
    """Of a way that a venue says nothing of, the session's own."""
    near = VenueLatency(name="near", symbols=("ABC", "XYZ"), entry_ns=5_000_000)
    drawn = VenueLatency(name="far", symbols=("Q",), response=DRAWN)
    latency = LatencyConfig(entry_ns=1_500_000, response_ns=0, venues=(near, drawn))
    assert by_venue(latency) == [
        "near (ABC, XYZ): 5 ms there, 0 ms back",
        "far (Q): 1.5 ms there, empirical back",
    ]
    assert by_venue(LatencyConfig()) == []
