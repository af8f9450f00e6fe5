"""Sessions that share one live market, driven by hand, with everything under the test's control."""

import asyncio
from typing import Any

from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR, TradingCalendar
from offbook.domain.config import (
    AccountConfig,
    LifecycleConfig,
    ReplayMarket,
    SessionConfig,
    StrategySpec,
    instruments_of,
)
from offbook.domain.errors import StorageUnavailable
from offbook.domain.market_data import MarketSlice
from offbook.domain.session import PaperTradingSession
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy.strategy import Strategy
from offbook.ports.recordings import IMarketRecordings, MarketRecording
from offbook.services.market_hub.hub import MarketHub
from offbook.services.market_hub.shared_market import HubLimits, SharedMarket
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.testing.live_gateway import HandDrivenGateway
from offbook.testing.manual_clock import ManualClock
from offbook.testing.markets import BuiltCombination, BuiltMarket
from offbook.testing.memory_recordings import InMemoryRecordings
from offbook.testing.memory_repository import InMemoryRepository
from tests.stage import SMALL, STRATEGIES, Counted, wave


class _Gone:
    """What a process that was killed still holds of a recording."""

    def __init__(self, recording: MarketRecording) -> None:
        self.about = recording.about

    async def append(self, piece: object) -> None:
        """Nothing reaches the disk."""
        raise StorageUnavailable("the process was killed")

    async def close(self) -> None:
        """Nothing is to be let go."""


class LiveStage:
    """One live market, one hub, one store and one clock; ``strategies`` are by name."""

    def __init__(
        self,
        market: BuiltMarket | BuiltCombination | None = None,
        *,
        strategies: dict[str, type[Strategy]] | None = None,
        recordings: IMarketRecordings | None = None,
        limits: Limits = SMALL,
        hub_limits: HubLimits | None = None,
        calendar: TradingCalendar = ALWAYS_OPEN_CALENDAR,
        endless: bool = True,
        waits: bool = False,
    ) -> None:
        self.market = market or wave()
        (self.rows,) = self.market.slices
        self.strategies = STRATEGIES | (strategies or {})
        self.limits = limits
        self.hub_limits = hub_limits or HubLimits()
        self.gateway = HandDrivenGateway(
            calendar=calendar, start=int(self.rows.ts[0]), endless=endless, waits=waits
        )
        self.recordings = recordings or InMemoryRecordings()
        self.repository = InMemoryRepository()
        self.clock = ManualClock()
        self.ids = Counted()
        self.hub = self.new_hub()
        self.pushed = 0
        self.engines: dict[str, ProcessingEngine] = {}

    def new_hub(self) -> MarketHub:
        """Another hub on the same recordings."""
        kind = type(self.market.config)
        self.hub = MarketHub(
            {kind: self.gateway},
            self.recordings,
            clock=self.clock,
            ids=self.ids,
            limits=self.hub_limits,
        )
        return self.hub

    def kill(self) -> None:
        """The process is gone, and with it the connection; what was stored is there."""
        for market in self.hub._markets.values():
            for task in market._tasks:
                task.cancel()
            # Whatever is left of the old process in this one writes nothing any more.
            market.recording = _Gone(market.recording)  # type: ignore[assignment]  # a stand-in
        self.repository = self.repository.after_kill()
        if isinstance(self.recordings, InMemoryRecordings):
            self.recordings.after_kill()
        self.new_hub()

    def config(self, name: str = "", **changes: Any) -> SessionConfig:
        """A session of this market with the strategy of that name."""
        lifecycle = {n: changes.pop(n) for n in ("at_end", "on_strategy_error") if n in changes}
        (currency,) = {one.quote_currency for one in instruments_of(self.market.config)}
        return SessionConfig(
            market=self.market.config,
            account=changes.pop("account", AccountConfig(currency=currency)),
            strategy=StrategySpec(ref="stage:Strategy") if name else None,
            lifecycle=LifecycleConfig(**lifecycle),
            name=name,
            **changes,
        )

    def engine(self, session: PaperTradingSession) -> ProcessingEngine:
        """An engine with the strategy that the session's name asks for."""
        kind = self.strategies.get(session.config.name)
        made = ProcessingEngine(session, kind() if kind else None, "source" if kind else None)
        self.engines[session.id] = made
        return made

    def manager(self, **options: Any) -> PaperTradingSessionManager:
        """A manager on this stage."""
        given: dict[str, Any] = {"clock": self.clock, "ids": self.ids, "limits": self.limits}
        return PaperTradingSessionManager(
            self.hub, self.engine, self.repository, **(given | options)
        )

    @property
    def shared(self) -> SharedMarket:
        """The market as the hub holds it now."""
        found = self.hub.shared(self.market.config)
        assert found is not None
        return found

    def push(self, count: int = 1) -> None:
        """The next rows of the market come."""
        self.gateway.push(self.rows.rows(self.pushed, self.pushed + count))
        self.pushed += count

    async def come(self, count: int = 1, turns: int = 60) -> None:
        """The next rows of the market come, and everybody takes what concerns them."""
        self.push(count)
        await self.rest(turns)

    async def rest(self, turns: int = 60) -> None:
        """Let everything that can go on go on."""
        for _ in range(turns):
            await asyncio.sleep(0)


def ts_of(rows: MarketSlice, place: int) -> int:
    """The session time of one row."""
    return int(rows.ts[place])


__all__ = ["ReplayMarket"]
