"""One gateway for all kinds of market: the configuration's type decides who opens it."""

from __future__ import annotations

from collections.abc import Mapping

from offbook.domain.config import MarketConfig
from offbook.domain.errors import InvalidConfig
from offbook.ports.gateway import IBrokerGateway, MarketFeed


class RoutingGateway:
    """An ``IBrokerGateway`` that hands each market to the gateway registered for its type.

    ::

        RoutingGateway({ReplayMarket: ReplayGateway()})
    """

    def __init__(self, routes: Mapping[type[MarketConfig], IBrokerGateway]) -> None:
        self._routes = dict(routes)

    async def open(self, market: MarketConfig) -> MarketFeed:
        """Open the market through its own gateway.

        Raises InvalidConfig, naming the kinds that are known, when none is registered for it;
        otherwise what that gateway raises.
        """
        gateway = self._routes.get(type(market))
        if gateway is None:
            known = ", ".join(sorted(map(kind_name, self._routes))) or "none"
            raise InvalidConfig(
                f"no gateway opens a market of kind {kind_name(type(market))!r}; known: {known}",
                field="market.type",
            )
        return await gateway.open(market)


def kind_name(market: type) -> str:
    """The name that configurations give a kind of market: its tag, such as ``replay``."""
    config = getattr(market, "__struct_config__", None)
    tag = None if config is None else config.tag
    return tag if isinstance(tag, str) else market.__name__
