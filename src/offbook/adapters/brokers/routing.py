"""One gateway for all kinds of market: the configuration's type decides who opens it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from offbook.adapters.brokers.combining import CombinedFeed, close_all
from offbook.domain.config import CombinedMarket, MarketConfig
from offbook.domain.errors import InvalidConfig
from offbook.ports.gateway import IBrokerGateway, MarketFeed


class RoutingGateway:
    """An ``IBrokerGateway`` that hands each market to the gateway registered for its type.

    Of a market with several sources each goes to its own, and their rows are merged.  ::

        RoutingGateway({ReplayMarket: ReplayGateway()})
    """

    def __init__(self, routes: Mapping[type[MarketConfig], IBrokerGateway]) -> None:
        self._routes = dict(routes)

    async def open(self, market: MarketConfig) -> MarketFeed:
        """Open the market through its own gateway, or through those of its sources.

        Raises InvalidConfig, naming the kinds that are known, when none is registered for it;
        otherwise what that gateway raises.
        """
        if isinstance(market, CombinedMarket) and CombinedMarket not in self._routes:
            return await self._open_sources(market)
        gateway = self._routes.get(type(market))
        if gateway is None:
            known = ", ".join(sorted(map(kind_name, self._routes))) or "none"
            raise InvalidConfig(
                f"no gateway opens a market of kind {kind_name(type(market))!r}; known: {known}",
                field="market.type",
            )
        return await gateway.open(market)

    async def _open_sources(self, market: CombinedMarket) -> MarketFeed:
        """All sources, or none: those that were opened are closed when one cannot be."""
        opening = [asyncio.ensure_future(self.open(source)) for source in market.sources]
        try:
            await asyncio.gather(*opening)
        except BaseException:
            for task in opening:
                task.cancel()
            ended = await asyncio.gather(*opening, return_exceptions=True)
            await close_all([feed for feed in ended if not isinstance(feed, BaseException)])
            raise
        feeds = [task.result() for task in opening]
        return feeds[0] if len(feeds) == 1 else CombinedFeed(market, feeds)


def kind_name(market: type) -> str:
    """The name that configurations give a kind of market: its tag, such as ``replay``."""
    config = getattr(market, "__struct_config__", None)
    tag = None if config is None else config.tag
    return tag if isinstance(tag, str) else market.__name__
