"""Every gateway keeps the gateway's contract, and no part of the package can send an order."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import Path

from tests.recordings import write_gzip, write_parquet

import offbook.adapters.brokers
from offbook.adapters.brokers.replay.gateway import ReplayGateway
from offbook.adapters.brokers.routing import RoutingGateway
from offbook.domain.config import MarketConfig, ReplayMarket
from offbook.ports.gateway import IBrokerGateway
from offbook.testing.contracts.gateway import GatewayContract, ordering_methods
from offbook.testing.markets import BuiltMarket, write_csv
from offbook.testing.scripted_gateway import ScriptedGateway


class TestScriptedGateway(GatewayContract):
    """The one that is shipped for tests."""

    async def serve(
        self, market: BuiltMarket, tmp_path: Path
    ) -> tuple[IBrokerGateway, MarketConfig]:
        return ScriptedGateway(market.slices), market.config


class TestReplayOfCsv(GatewayContract):
    """Plain text."""

    async def serve(
        self, market: BuiltMarket, tmp_path: Path
    ) -> tuple[IBrokerGateway, MarketConfig]:
        return ReplayGateway(), write_csv(market, tmp_path / "recording.csv")


class TestReplayOfPackedCsv(GatewayContract):
    """Gzip, reached through a router."""

    async def serve(
        self, market: BuiltMarket, tmp_path: Path
    ) -> tuple[IBrokerGateway, MarketConfig]:
        gateway = RoutingGateway({ReplayMarket: ReplayGateway()})
        return gateway, write_gzip(market, tmp_path / "recording.csv.gz")


class TestReplayOfParquet(GatewayContract):
    """Columns with types of their own."""

    async def serve(
        self, market: BuiltMarket, tmp_path: Path
    ) -> tuple[IBrokerGateway, MarketConfig]:
        return ReplayGateway(), write_parquet(market, tmp_path / "recording.parquet")


def test_no_class_near_a_market_has_a_method_that_could_send_an_order() -> None:
    folder = [str(path) for path in offbook.adapters.brokers.__path__]
    names = [found.name for found in pkgutil.walk_packages(folder, "offbook.adapters.brokers.")]
    assert "offbook.adapters.brokers.replay.gateway" in names
    found = {
        f"{name}.{kind}": ordering_methods(value)
        for name in names
        for kind, value in inspect.getmembers(importlib.import_module(name), inspect.isclass)
        if value.__module__ == name
    }
    assert not any(found.values()), found


def test_a_method_that_could_send_an_order_would_be_found() -> None:
    class Broker:
        def submit_order(self) -> None: ...

        def open(self) -> None: ...

    assert ordering_methods(Broker()) == ["submit_order"]
