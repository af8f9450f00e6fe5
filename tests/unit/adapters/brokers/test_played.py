"""A recording that is played as if it were live."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from tests.stage import SECOND, Counted, Trader, chain, eventually, kinds, limit_order, settle, wave

from offbook.adapters.brokers.played import PlayedGateway
from offbook.adapters.recordings.files import FileRecordings
from offbook.domain.config import (
    AccountConfig,
    LatencyConfig,
    SessionConfig,
    StrategySpec,
    VenueConfig,
)
from offbook.domain.errors import InvalidConfig
from offbook.domain.orders import OrderStatus
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.engine.processing_engine import ProcessingEngine
from offbook.ports.gateway import IBrokerGateway
from offbook.services.market_hub.hub import MarketHub
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.paper_trading.verification import ReplayOutcome
from offbook.testing.manual_clock import ManualClock
from offbook.testing.markets import BuiltMarket
from offbook.testing.memory_recordings import InMemoryRecordings
from offbook.testing.memory_repository import InMemoryRepository
from offbook.testing.scripted_gateway import ScriptedGateway


def engine(session: PaperTradingSession) -> ProcessingEngine:
    """An engine with a strategy that trades."""
    return ProcessingEngine(session, Trader(), "source")


def config_of(market: BuiltMarket) -> SessionConfig:
    """A session of a market."""
    return SessionConfig(
        market=market.config,
        account=AccountConfig(currency="USDT"),
        strategy=StrategySpec(ref="m:Trader"),
    )


class Theatre:
    """A recording, the gateway that plays it, and a manager for those who watch."""

    def __init__(self, place: Path | None, market: BuiltMarket, speed: str | None = None) -> None:
        self.market = market
        self.clock = ManualClock()
        self.recorded = ScriptedGateway(market.slices)
        self.played = PlayedGateway(self.recorded, clock=self.clock, speed=speed)
        self.hub = MarketHub(
            {type(market.config): self.played},
            InMemoryRecordings() if place is None else FileRecordings(place),
            clock=self.clock,
            ids=Counted(),
        )
        self.repository = InMemoryRepository()

    def manager(self, gateway: IBrokerGateway | None = None) -> PaperTradingSessionManager:
        """A manager on the shared market, or on another."""
        return PaperTradingSessionManager(
            gateway or self.hub, engine, self.repository, clock=self.clock, ids=Counted()
        )


async def test_sessions_that_share_it_trade_as_if_each_had_it_alone(tmp_path: Path) -> None:
    """From the first row on, the records are those of a plain replay, but for what was joined."""
    market = wave(9000)
    theatre = Theatre(tmp_path, market)
    async with theatre.manager() as manager:
        ids = [(await manager.start_session(config_of(market))).id for _ in range(3)]
        theatre.played.play()
        for name in ids:
            ended = await manager.wait(name)
            assert (ended.status, ended.status_reason) == (SessionStatus.STOPPED, "end_of_data")
            assert (await manager.verify(name)).outcome is ReplayOutcome.EQUAL
        shared = [await chain(theatre.repository, name) for name in ids]
    await theatre.hub.close()
    assert theatre.recorded.opened == theatre.recorded.closed == 1
    theatre.repository = InMemoryRepository()
    async with theatre.manager(ScriptedGateway(market.slices)) as manager:
        alone = (await manager.start_session(config_of(market))).id
        await manager.wait(alone)
        plain = await chain(theatre.repository, alone)
    skip = kinds(plain).index("SessionStarted")
    assert len(plain) > 1000
    for records in shared:
        assert records[skip:] == plain[skip:]


async def test_it_stands_until_it_is_played_and_then_keeps_its_pace(tmp_path: Path) -> None:
    """Ten seconds of the market in one of the wall; timers come by the pace, too."""
    market = wave(100)
    theatre = Theatre(tmp_path, market, speed="10")
    async with theatre.manager() as manager:
        session = await manager.start_session(config_of(market))
        theatre.clock.advance(50)
        await settle()
        assert (await manager.progress(session.id)).cursor.row == 0
        theatre.played.play()
        await settle()
        rows = []
        for _ in range(4):
            await eventually(lambda: theatre.clock.sleepers > 0)
            theatre.clock.advance(1)
            await settle(200)
            rows.append((await manager.progress(session.id)).cursor.row)
        # The first row is at the beginning of it.
        assert rows == [11, 21, 31, 41]
        stopped = await manager.stop_session(session.id)
        assert stopped.cursor.ts - int(market.slices[0].ts[0]) == 40 * SECOND
        assert (await manager.verify(session.id)).outcome is ReplayOutcome.EQUAL
    await theatre.hub.close()


async def test_what_falls_due_is_waited_for_no_longer_than_it_takes() -> None:
    """Also what is sent while the hub waits for its next clock row: an order that takes 0.2 s."""
    market = wave(3, step=3600 * SECOND)
    theatre = Theatre(None, market, speed="1")
    venue = VenueConfig(latency=LatencyConfig(entry_ns=SECOND // 5, response_ns=0))
    config = msgspec.structs.replace(config_of(market), venue=venue)
    async with theatre.manager() as manager:
        session = await manager.start_session(config)
        theatre.played.play()
        await settle()
        theatre.clock.advance(5)
        await settle(100)
        theatre.clock.advance(0.3)
        order = limit_order("1.00", client_order_id="mine")
        await manager.submit_order(session.id, order)
        waited = 0.0
        while (await manager.orders(session.id))[-1].order_status is OrderStatus.PENDING_NEW:
            await settle(100)
            seconds = theatre.clock.next_wake
            assert seconds is not None
            theatre.clock.advance(seconds)
            waited += seconds
            await settle(100)
        assert 0.2 <= waited < 0.25
        await manager.stop_session(session.id)
        assert (await manager.verify(session.id)).outcome is ReplayOutcome.EQUAL
    await theatre.hub.close()


async def test_it_is_resumed_where_it_was_recorded_to(tmp_path: Path) -> None:
    """A session that was suspended goes on with the next row, none twice and none left out."""
    market = wave(5000)
    theatre = Theatre(tmp_path, market, speed="100")
    manager = theatre.manager()
    session = await manager.start_session(config_of(market))
    theatre.played.play()
    await settle()
    theatre.clock.advance(3)
    await settle(300)
    await manager.shutdown()
    await theatre.hub.close()
    row = (await theatre.repository.get(session.id)).cursor.row
    assert 250 < row < 350
    again = Theatre(tmp_path, market)
    again.repository = theatre.repository
    async with again.manager() as manager:
        report = await manager.recover_sessions()
        assert report.recovered == (session.id,), report
        again.played.play()
        ended = await manager.wait(session.id)
        assert ended.cursor.row == 5000
        assert (await manager.verify(session.id)).outcome is ReplayOutcome.EQUAL
    await again.hub.close()


async def test_it_waits_for_the_slowest(tmp_path: Path) -> None:
    """At full speed nobody is left further behind than the hub's limit says."""
    market = wave(20_000)
    theatre = Theatre(tmp_path, market)
    hub = theatre.hub = MarketHub(
        {type(market.config): theatre.played},
        FileRecordings(tmp_path),
        clock=theatre.clock,
        ids=Counted(),
    )
    async with theatre.manager() as manager:
        session = await manager.start_session(config_of(market))
        hub_market = hub.shared(market.config)
        assert hub_market is not None
        hub_market._limits = type(hub_market._limits)(ahead_rows=100)
        theatre.played.play()
        most = 0
        while not hub_market.over:
            most = max(most, hub_market._behind())
            await asyncio.sleep(0)
        assert (await manager.wait(session.id)).cursor.row == 20_000
    assert most <= 4096 + 100
    await hub.close()


def test_a_speed_that_is_none_is_refused() -> None:
    """Before anything is played."""
    with pytest.raises(InvalidConfig, match="speed"):
        PlayedGateway(ScriptedGateway(), clock=ManualClock(), speed="-1")
