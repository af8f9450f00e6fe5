"""A manager with real parts around it, all of them under the test's control."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import msgspec

from offbook.domain.config import (
    AccountConfig,
    LifecycleConfig,
    SessionConfig,
    StrategySpec,
    instruments_of,
)
from offbook.domain.orders import OrderRequest, OrderSide, OrderType
from offbook.domain.session import PaperTradingSession
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy.strategy import Strategy
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.runner import PaperTradingRunner
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.testing.encoding_host import encoding_runner
from offbook.testing.manual_clock import ManualClock
from offbook.testing.markets import (
    BTCUSDT,
    SECOND,
    START,
    BuiltCombination,
    BuiltMarket,
    quotes_market,
)
from offbook.testing.memory_repository import InMemoryRepository
from offbook.testing.scripted_gateway import ScriptedGateway

RUNNERS = {"near": PaperTradingRunner, "encoded": encoding_runner}
SMALL = Limits(
    commit_records=4,
    call_rows=16,
    call_records=3,
    block_rows=32,
    snapshot_records=10,
    page_records=7,
)
"""Limits that make many commits, calls, reads and snapshots of a short market."""


def wave(rows: int = 120, **options: Any) -> BuiltMarket:
    """Quotes a second apart that go up and down, with room to trade."""
    prices = [10_000 + 7 * (i % 13) - 5 * (i % 7) for i in range(rows)]
    quotes = [(f"{p / 100:.2f}", f"{(p + 2) / 100:.2f}") for p in prices]
    return quotes_market(quotes, **options)


class Trader(Strategy):
    """Buys and sells by the count of quotes, with a timer; remembers everything."""

    def on_start(self) -> None:
        self.seen = 0
        self.fills = 0
        self.set_timer("tick", after=25 * SECOND)

    def on_quote(self, quote: object) -> None:
        self.seen += 1
        if self.seen % 10 == 1:
            self.buy("BTCUSDT", qty="0.01")
        elif self.seen % 10 == 6:
            self.sell("BTCUSDT", qty="0.01")

    def on_fill(self, fill: object) -> None:
        self.fills += 1

    def on_timer(self, name: str) -> None:
        self.set_timer("tick", after=25 * SECOND)

    def save_state(self) -> Any:
        return {"seen": self.seen, "fills": self.fills}

    def load_state(self, state: Any) -> None:
        self.seen, self.fills = state["seen"], state["fills"]


class Forgetful(Trader):
    """The same, without a memory to save: it is run again from the start."""

    save_state = Strategy.save_state
    load_state = Strategy.load_state


class Watcher(Strategy):
    """Looks on, and counts what it is shown."""

    shown: ClassVar[list[str]] = []

    def on_start(self) -> None:
        self.calls: list[str] = []
        type(self).shown = self.calls

    def on_quote(self, quote: object) -> None:
        self.calls.append("quote")


class Raiser(Strategy):
    """Raises at the fifth quote."""

    def on_start(self) -> None:
        self.seen = 0

    def on_quote(self, quote: object) -> None:
        self.seen += 1
        if self.seen == 5:
            raise ValueError("five is too many")


class FailsToStart(Strategy):
    """Raises before it begins."""

    def on_start(self) -> None:
        raise ValueError("not today")


class Counted:
    """Identifiers in order, so that runs can be compared."""

    def __init__(self) -> None:
        self.made = 0

    def session_id(self) -> str:
        """The next one."""
        self.made += 1
        return f"{self.made:08x}-0000-7000-8000-000000000000"

    command_id = session_id


class Stage:
    """One gateway, one store and one clock; managers come and go on it."""

    def __init__(
        self,
        market: BuiltMarket | BuiltCombination | None = None,
        strategy: type[Strategy] | None = None,
        *,
        runner: str = "near",
        limits: Limits = SMALL,
        **gateway: Any,
    ) -> None:
        self.market = market or wave()
        self.strategy = strategy
        self.runner = RUNNERS[runner]
        self.limits = limits
        self.gateway = ScriptedGateway(self.market.slices, **gateway)
        self.repository = InMemoryRepository()
        self.clock = ManualClock()
        self.ids = Counted()
        self.engines: list[ProcessingEngine] = []
        self.source = "source"

    def config(self, **changes: Any) -> SessionConfig:
        """A session on this market; lifecycle options by name."""
        lifecycle = {n: changes.pop(n) for n in ("at_end", "on_strategy_error") if n in changes}
        spec = None if self.strategy is None else StrategySpec(ref="stage:Strategy")
        currency = instruments_of(self.market.config)[0].quote_currency
        return SessionConfig(
            market=self.market.config,
            account=changes.pop("account", AccountConfig(currency=currency)),
            strategy=changes.pop("strategy", spec),
            lifecycle=LifecycleConfig(**lifecycle),
            **changes,
        )

    def engine(self, session: PaperTradingSession) -> ProcessingEngine:
        """An engine with the stage's strategy, or the one that the config names."""
        kind = self.strategy
        if session.config.name in STRATEGIES:
            kind = STRATEGIES[session.config.name]
        strategy = None if session.config.strategy is None or kind is None else kind()
        engine = ProcessingEngine(session, strategy, self.source if strategy else None)
        self.engines.append(engine)
        return engine

    def manager(self, **options: Any) -> PaperTradingSessionManager:
        """A manager on this stage."""
        given = {"runner_factory": self.runner, "clock": self.clock, "ids": self.ids}
        given |= {"limits": self.limits} | options
        return PaperTradingSessionManager(self.gateway, self.engine, self.repository, **given)

    def kill(self) -> None:
        """The process is gone; what was answered as stored is there for the next."""
        self.repository = self.repository.after_kill()


STRATEGIES: dict[str, type[Strategy]] = {
    "trader": Trader,
    "raiser": Raiser,
    "watcher": Watcher,
    "forgetful": Forgetful,
}


def market_order(side: OrderSide = OrderSide.BUY, qty: str = "0.01", **more: Any) -> OrderRequest:
    """A market order."""
    return OrderRequest(symbol="BTCUSDT", side=side, order_qty=qty, **more)


def limit_order(price: str, side: OrderSide = OrderSide.BUY, **more: Any) -> OrderRequest:
    """A limit order."""
    return OrderRequest(
        symbol="BTCUSDT",
        side=side,
        order_qty="0.01",
        order_type=OrderType.LIMIT,
        price=price,
        **more,
    )


async def settle(turns: int = 50) -> None:
    """Let everything that can go on go on."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def eventually(condition: Callable[[], bool | Awaitable[bool]], turns: int = 20_000) -> None:
    """Let others run until the condition holds."""
    for _ in range(turns):
        found = condition()
        if found is True or (not isinstance(found, bool) and await found):
            return
        await asyncio.sleep(0)
    raise AssertionError("it did not come to be")


async def quiet(stage: Stage, manager: PaperTradingSessionManager) -> None:
    """Nothing is left of any session: no feed, no task, no registry entry, no watching thread."""
    await settle()
    assert stage.gateway.open_feeds == 0
    assert manager._active_sessions == {}
    assert manager._registry.hosts == {}
    others = asyncio.all_tasks() - {asyncio.current_task()}
    assert not others, others
    for thread in threading.enumerate():
        if thread.name == "offbook watchdog":
            # It was told to end, and is waited for by nobody but us.
            await asyncio.to_thread(thread.join, 10)
            assert not thread.is_alive()


async def chain(repository: InMemoryRepository, session_id: str) -> list[bytes]:
    """All records of a session."""
    return [stored.raw for stored in await repository.read_journal(session_id, limit=10**6)]


def kinds(records: list[bytes]) -> list[str]:
    """What the records are."""
    return [msgspec.json.decode(raw)["kind"].partition(".")[0] for raw in records]


__all__ = ["BTCUSDT", "SECOND", "START"]
