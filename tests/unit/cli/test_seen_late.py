"""How late a session sees its market, as it is shown."""

from __future__ import annotations

import pytest

from offbook.cli.looking import seen_late
from offbook.domain.config import EmpiricalDelay, LatencyConfig, RecordedDelay

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
