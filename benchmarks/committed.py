"""Whole sessions through the manager, timed: from their start until everything is stored."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from rounds import Run

from offbook.adapters.persistence.stores import open_for_writing
from offbook.domain.config import (
    AccountConfig,
    BasisPointsFee,
    ReplayMarket,
    SessionConfig,
    StrategySpec,
    VenueConfig,
)
from offbook.domain.session import PaperTradingSession
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy.strategy import Strategy
from offbook.ports.gateway import IBrokerGateway
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager


def committed(
    gateway: IBrokerGateway, market: ReplayMarket, strategy: Callable[[], Strategy], store: Path
) -> Run:
    """One session with a strategy, without charges, in a new SQLite store with full flushes."""
    return asyncio.run(_committed(gateway, market, strategy, store))


async def _committed(
    gateway: IBrokerGateway, market: ReplayMarket, strategy: Callable[[], Strategy], store: Path
) -> Run:
    config = SessionConfig(
        market=market,
        account=AccountConfig(currency="USD", initial_cash="1000000"),
        venue=VenueConfig(fee=BasisPointsFee(maker="0", taker="0")),
        strategy=StrategySpec(ref="benchmark:Strategy"),
    )

    def make_engine(session: PaperTradingSession) -> ProcessingEngine:
        return ProcessingEngine(session, strategy(), "benchmark")

    # What the market is has been looked up before: for rows in memory, by hashing all of them.
    await (await gateway.open(market)).close()
    repository = open_for_writing(store)
    async with PaperTradingSessionManager(gateway, make_engine, repository) as manager:
        began, worked = time.perf_counter(), time.process_time()
        started = await manager.start_session(config)
        ended = await manager.wait(started.id)
        seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    await repository.close()
    if ended.summary is None or ended.status_reason != "end_of_data":
        raise RuntimeError(f"the session ended otherwise: {ended.status_reason}")
    return Run(seconds, ended.summary.fills, float(ended.summary.equity.decimal), cpu=cpu)
