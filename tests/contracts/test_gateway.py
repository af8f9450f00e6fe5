"""Every gateway keeps the gateway's contract, and no part of the package can send an order."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.recordings import write_gzip, write_parquet

import offbook.adapters.brokers
from offbook.adapters.brokers.remembering import RememberingGateway
from offbook.adapters.brokers.replay.gateway import ReplayGateway
from offbook.adapters.brokers.routing import RoutingGateway
from offbook.adapters.brokers.synthetic.bar_rows import BarRows
from offbook.adapters.brokers.synthetic.gateway import SyntheticGateway
from offbook.adapters.brokers.synthetic.quote_rows import QuoteRows
from offbook.adapters.brokers.synthetic.recipe import work_out
from offbook.adapters.brokers.synthetic.trading_time import TradingTime
from offbook.adapters.brokers.synthetic.walk import Walk
from offbook.adapters.calendars import load_calendar
from offbook.domain.config import CombinedMarket, MarketConfig, ReplayMarket, SyntheticMarket
from offbook.domain.market_data import BarSlice, DataKind, MarketSlice, QuoteSlice
from offbook.ports.gateway import IBrokerGateway
from offbook.testing.contracts.gateway import (
    AnyMarket,
    CombinedGatewayContract,
    GatewayContract,
    ordering_methods,
)
from offbook.testing.markets import (
    BTCUSDT,
    MINUTE,
    SECOND,
    BuiltCombination,
    BuiltMarket,
    write_csv,
)
from offbook.testing.scripted_gateway import ScriptedGateway


def single(market: AnyMarket) -> BuiltMarket:
    """The market, which has one source."""
    assert isinstance(market, BuiltMarket)
    return market


class TestScriptedGateway(GatewayContract):
    """The one that is shipped for tests."""

    async def serve(self, market: AnyMarket, tmp_path: Path) -> tuple[IBrokerGateway, MarketConfig]:
        return ScriptedGateway(market.slices), market.config


class TestRememberingGateway(GatewayContract):
    """Rows kept in memory; the first feed on a market keeps them while it is read."""

    async def serve(self, market: AnyMarket, tmp_path: Path) -> tuple[IBrokerGateway, MarketConfig]:
        return RememberingGateway(ScriptedGateway(market.slices)), market.config


class TestRememberingGatewayOfLittleMemory(GatewayContract):
    """More rows than it may keep: they are read anew."""

    async def serve(self, market: AnyMarket, tmp_path: Path) -> tuple[IBrokerGateway, MarketConfig]:
        gateway = RememberingGateway(ScriptedGateway(market.slices), memory_bytes=100)
        return gateway, market.config


class TestReplayOfCsv(GatewayContract):
    """Plain text."""

    async def serve(self, market: AnyMarket, tmp_path: Path) -> tuple[IBrokerGateway, MarketConfig]:
        return ReplayGateway(), write_csv(single(market), tmp_path / "recording.csv")


class TestReplayOfPackedCsv(GatewayContract):
    """Gzip, reached through a router."""

    async def serve(self, market: AnyMarket, tmp_path: Path) -> tuple[IBrokerGateway, MarketConfig]:
        gateway = RoutingGateway({ReplayMarket: ReplayGateway()})
        return gateway, write_gzip(single(market), tmp_path / "recording.csv.gz")


class TestReplayOfParquet(GatewayContract):
    """Columns with types of their own."""

    async def serve(self, market: AnyMarket, tmp_path: Path) -> tuple[IBrokerGateway, MarketConfig]:
        return ReplayGateway(), write_parquet(single(market), tmp_path / "recording.parquet")


WRITERS = (write_parquet, write_csv, write_gzip)
SUFFIXES = (".parquet", ".csv", ".csv.gz")


class TestCombination(CombinedGatewayContract):
    """Recordings of several formats, merged by a router."""

    async def serve(self, market: AnyMarket, tmp_path: Path) -> tuple[IBrokerGateway, MarketConfig]:
        gateway = RoutingGateway({ReplayMarket: ReplayGateway()})
        if isinstance(market, BuiltMarket):
            return gateway, CombinedMarket(sources=(write_csv(market, tmp_path / "only.csv"),))
        sources = [
            WRITERS[number](alone(market, number), tmp_path / f"{number}{SUFFIXES[number]}")
            for number in range(len(market.config.sources))
        ]
        return gateway, CombinedMarket(sources=tuple(sources))


class TestScriptedCombination(CombinedGatewayContract):
    """The one that is shipped for tests, given merged rows."""

    async def serve(self, market: AnyMarket, tmp_path: Path) -> tuple[IBrokerGateway, MarketConfig]:
        return ScriptedGateway(market.slices), market.config


def alone(market: BuiltCombination, number: int) -> BuiltMarket:
    """One source of a combination."""
    config = market.config.sources[number]
    assert isinstance(config, ReplayMarket)
    return BuiltMarket(config=config, slices=(market.slices[0].pieces[number],))


SYNTHETIC = SyntheticMarket(
    # Rows of three pages, some with the same time, some far apart.
    instrument=BTCUSDT,
    seed=5,
    rows=17_000,
    bad_probability="0.003",
)


class TestSynthetic(GatewayContract):
    """The one that makes its rows up: which they are is held fast elsewhere, by their digest."""

    @pytest.fixture(params=[DataKind.QUOTES, DataKind.BARS], ids=["quotes", "bars"])
    def market(self, request: pytest.FixtureRequest) -> BuiltMarket:
        config = SYNTHETIC
        if request.param is DataKind.BARS:
            config = msgspec.structs.replace(
                SYNTHETIC, kind=DataKind.BARS, rows=300, step_ns=SECOND, timeframe_ns=MINUTE
            )
        return BuiltMarket(config=config, slices=(whole(config),))

    async def serve(self, market: AnyMarket, tmp_path: Path) -> tuple[IBrokerGateway, MarketConfig]:
        return RoutingGateway({SyntheticMarket: SyntheticGateway()}), market.config

    async def test_identity_follows_the_content(self, tmp_path: Path) -> None:
        changed = {"seed": 6}, {"rows": 16_999}, {"volatility": "0.61"}, {"bad_moments": ()}
        configs = [SYNTHETIC, *(msgspec.structs.replace(SYNTHETIC, **change) for change in changed)]
        # Written otherwise, the same rows.
        same = msgspec.structs.replace(SYNTHETIC, volatility="0.60", step_ns=SECOND)
        identities = [await identity(config) for config in configs]
        assert len(set(identities)) == len(configs)
        assert await identity(same) == identities[0]


def whole(config: SyntheticMarket) -> MarketSlice:
    """All rows of a synthetic market, not by way of its feed."""
    calendar = load_calendar(config.instrument.calendar)
    walk = Walk(work_out(config, calendar), TradingTime(calendar, config.start_ns))
    kind = QuoteRows if config.kind is DataKind.QUOTES else BarRows
    rows = kind(walk, config.instrument)
    parts: list[QuoteSlice | BarSlice] = []
    while (row := sum(map(len, parts))) < rows.total:
        parts.append(rows.piece(row))
    names = type(parts[0]).COLUMNS
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in names
        if getattr(parts[0], name) is not None
    }
    return type(parts[0])(config.instrument, 0, **columns)


async def identity(config: SyntheticMarket) -> str:
    """The identity that its feed tells."""
    feed = await SyntheticGateway().open(config)
    await feed.close()
    return feed.info.data_identity


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
