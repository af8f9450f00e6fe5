"""One cell: begun, taken up, looked up, stopped where it stands still, and what it came to."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from offbook.domain.config import AccountConfig, AtEnd, LifecycleConfig, SessionConfig, StrategySpec
from offbook.domain.errors import BadMarketData, SessionNotFound, SweepConflict
from offbook.domain.market_data import Quote
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.domain.sweeps import CellResult, CellTask, SweepIdentity
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy.strategy import Strategy
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.paper_trading.verification import ReplayOutcome, verify
from offbook.services.sweeping.cells import run_cell
from offbook.testing.markets import quotes_market
from offbook.testing.memory_repository import InMemoryRepository
from offbook.testing.scripted_gateway import ScriptedGateway

MARKET = quotes_market([(f"{100 + n % 7}.00", f"{100 + n % 7}.01") for n in range(60)], cut=10)
NAME = "11111111-1111-8111-8111-111111111111"


class Buys(Strategy):
    """Buys at its third quote; may raise, then or at the start."""

    raises: str = ""

    def on_start(self) -> None:
        self.seen = 0
        if self.raises == "start":
            raise ValueError("not today")

    def on_quote(self, quote: Quote) -> None:
        self.seen += 1
        if self.seen == 3:
            self.buy("BTCUSDT", "0.01")
        if self.raises == "quote" and self.seen == 5:
            raise ValueError("a fault")


def make_engine(session: PaperTradingSession) -> ProcessingEngine:
    assert session.config.strategy is not None
    return ProcessingEngine(session, Buys(**session.config.strategy.params), "source")


class Bench:
    """A repository, a gateway, and managers over them one after another."""

    def __init__(self) -> None:
        self.repository = InMemoryRepository()
        self.gateway = ScriptedGateway(MARKET.slices)

    async def config(self, raises: str = "", at_end: AtEnd = AtEnd.STOP) -> SessionConfig:
        return SessionConfig(
            market=MARKET.config,
            account=AccountConfig(currency="USDT", initial_cash="1000"),
            strategy=StrategySpec(ref="m:Buys", params={"raises": raises}),
            lifecycle=LifecycleConfig(at_end=at_end),
        )

    def manager(self) -> PaperTradingSessionManager:
        return PaperTradingSessionManager(self.gateway, make_engine, self.repository)

    async def identity(self) -> SweepIdentity:
        feed = await self.gateway.open(MARKET.config)
        await feed.close()
        return SweepIdentity(strategy="source", data=feed.info.data_identity, config="c")

    async def run(self, identity: SweepIdentity | None = None, **parts: Any) -> CellResult:
        task = CellTask(session_id=NAME, config=await self.config(**parts), slot=1)
        known = identity or await self.identity()
        async with self.manager() as manager:
            return await run_cell(manager, self.repository, self.gateway, task, known)

    async def session(self) -> PaperTradingSession:
        return await self.repository.get(NAME)


async def test_a_cell_comes_to_its_figures() -> None:
    bench = Bench()
    result = await bench.run()
    session = await bench.session()
    assert (result.ended, result.error) == ("end_of_data", None)
    assert (result.records, result.chain_head) == (session.last_seq, session.chain_head)
    assert result.statistics["fills"] == 1
    assert float(str(result.statistics["equity"])) == pytest.approx(1000, abs=1)
    assert result.statistics["sharpe"] is None
    assert result.statistics["daily_mean"] is None or result.statistics["days"] == 1


async def test_a_cell_that_is_done_is_looked_up() -> None:
    bench = Bench()
    first = await bench.run()
    version = (await bench.session()).version
    assert await bench.run() == first
    assert (await bench.session()).version == version


async def test_a_session_that_was_suspended_is_taken_up_and_ends_the_same() -> None:
    whole = await Bench().run()
    bench = Bench()
    gate = bench.gateway.block_at(20)
    async with bench.manager() as manager:
        await manager.start_session(await bench.config(), session_id=NAME, command_id="start")
        await gate.reached.wait()
    gate.release()
    assert (await bench.session()).status is SessionStatus.RUNNING
    again = await bench.run()
    assert again == whole
    session = await bench.session()
    verified = await verify(session, bench.gateway, make_engine, bench.repository, Limits())
    assert verified.outcome is ReplayOutcome.EQUAL


async def test_a_session_that_stands_still_is_stopped_and_reported() -> None:
    """Nobody is there to resume it."""
    bench = Bench()
    result = await bench.run(at_end=AtEnd.PAUSE)
    assert result.ended == "end_of_data"
    assert result.statistics["fills"] == 1
    assert (await bench.session()).status is SessionStatus.STOPPED


@pytest.mark.parametrize("where", ["start", "quote"])
async def test_a_strategy_that_raises_is_the_trouble_of_its_cell(where: str) -> None:
    bench = Bench()
    result = await bench.run(raises=where)
    assert result.error is not None
    assert ("not today" if where == "start" else "a fault") in result.error.message
    assert not result.statistics
    assert (await bench.run(raises=where)).error == result.error


async def test_other_data_are_refused_before_a_session_is_made() -> None:
    bench = Bench()
    other = msgspec.structs.replace(await bench.identity(), data="other")
    with pytest.raises(SweepConflict):
        await bench.run(identity=other)
    with pytest.raises(SessionNotFound):
        await bench.session()


async def test_trouble_with_the_data_is_raised() -> None:
    """Every other cell would meet it too."""
    bench = Bench()
    identity = await bench.identity()
    bench.gateway.fail_open(BadMarketData("row 7 is bad"))
    with pytest.raises(BadMarketData):
        await bench.run(identity=identity)
