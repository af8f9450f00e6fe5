"""Every market goes to the gateway of its kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from offbook.adapters.brokers.replay.gateway import ReplayFeed, ReplayGateway
from offbook.adapters.brokers.routing import RoutingGateway
from offbook.domain.config import ReplayMarket
from offbook.domain.errors import InvalidConfig
from offbook.testing.markets import quotes_market, write_csv


async def test_a_market_goes_to_the_gateway_of_its_kind(tmp_path: Path) -> None:
    config = write_csv(quotes_market([("1", "2")]), tmp_path / "q.csv")
    feed = await RoutingGateway({ReplayMarket: ReplayGateway()}).open(config)
    assert isinstance(feed, ReplayFeed)
    await feed.close()


async def test_a_kind_without_gateway_is_told_with_those_that_are_known(tmp_path: Path) -> None:
    config = write_csv(quotes_market([("1", "2")]), tmp_path / "q.csv")
    with pytest.raises(InvalidConfig, match="no gateway opens a market of kind 'replay'; known: "):
        await RoutingGateway({}).open(config)

    class Synthetic:
        """A kind of market that the replay gateway does not know."""

    with pytest.raises(InvalidConfig, match="opens recordings only"):
        await ReplayGateway().open(Synthetic())  # type: ignore[arg-type]  # what is tested
