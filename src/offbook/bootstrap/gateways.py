"""The gateways joined: every kind of market that there is goes to its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from offbook.config.settings import row_cache_directory
from offbook.domain.config import ReplayMarket, SyntheticMarket
from offbook.ports.gateway import IBrokerGateway

if TYPE_CHECKING:
    from offbook.adapters.brokers.remembering import RememberingGateway
    from offbook.adapters.brokers.routing import RoutingGateway


def make_gateway(store: Path | None = None) -> IBrokerGateway:
    """The gateway to every kind of market that there is, and to what a store recorded of them."""
    from offbook.adapters.brokers.recorded import with_recordings

    routes = _routes()
    return routes if store is None else with_recordings(routes, store)


def make_remembering_gateway() -> RememberingGateway:
    """The gateway to every kind of market, for one that opens the same ones again and again: the
    rows of small ones stay in memory, and no file is digested twice."""
    from offbook.adapters.brokers.remembering import RememberingGateway

    return RememberingGateway(_routes(keep_surveys=True))


def _routes(*, keep_surveys: bool = False) -> RoutingGateway:
    from offbook.adapters.brokers.replay.gateway import ReplayGateway
    from offbook.adapters.brokers.replay.row_cache import RowCache
    from offbook.adapters.brokers.routing import RoutingGateway
    from offbook.adapters.brokers.synthetic.gateway import SyntheticGateway

    folder = row_cache_directory()
    cache = None if folder is None else RowCache(folder)
    replay = ReplayGateway(cache, keep_surveys=keep_surveys)
    return RoutingGateway({ReplayMarket: replay, SyntheticMarket: SyntheticGateway()})
