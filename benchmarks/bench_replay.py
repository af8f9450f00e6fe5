"""What a replay costs beside the bare loop over the same quotes.

    python benchmarks/bench_replay.py [--rows 1000000] [--rounds 5]

The strategy is an EMA pair updated in Python at every quote, which changes sides at each crossing
by a market order.  *bare loop* is ``for b, a in zip(bids, asks): strategy(b, a)`` over floats made
beforehand.  *committed* is a whole session through the manager: rows from memory, the strategy
called at every quote, every record in a SQLite store with full flushes.  *from Parquet* reads the
rows from a file too.  Each round runs all in turn; what counts are the ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from offbook.adapters.brokers.replay.gateway import ReplayGateway
from offbook.adapters.persistence.stores import open_for_writing
from offbook.domain.config import AccountConfig, ReplayMarket, SessionConfig, StrategySpec
from offbook.domain.market_data import DataKind, Quote, QuoteSlice
from offbook.domain.session import PaperTradingSession
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy import Strategy
from offbook.ports.gateway import IBrokerGateway
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.testing.markets import XYZ
from offbook.testing.scripted_gateway import ScriptedGateway

FAST, SLOW = 500, 2000


class EmaPair(Strategy):
    """Long above, flat below; the same arithmetic as the bare loop's."""

    symbol: str = "XYZ"

    def on_start(self) -> None:
        self.alpha_fast, self.alpha_slow = 2 / (FAST + 1), 2 / (SLOW + 1)
        self.fast = self.slow = 0.0
        self.seen = self.side = 0

    def on_quote(self, quote: Quote) -> None:
        price = (quote.bid + quote.ask) * 0.5
        if self.seen == 0:
            self.fast = self.slow = price
        self.fast += self.alpha_fast * (price - self.fast)
        self.slow += self.alpha_slow * (price - self.slow)
        self.seen += 1
        if self.seen <= SLOW:
            return
        side = 1 if self.fast > self.slow else 0
        if side != self.side:
            self.side = side
            if side:
                self.buy(self.symbol, 100)
            else:
                self.sell(self.symbol, 100)


class BareEmaPair:
    """The strategy without a platform: it counts its orders."""

    def __init__(self, price: float) -> None:
        self.alpha_fast, self.alpha_slow = 2 / (FAST + 1), 2 / (SLOW + 1)
        self.fast = self.slow = price
        self.seen = self.side = self.orders = 0

    def __call__(self, bid: float, ask: float) -> None:
        price = (bid + ask) * 0.5
        self.fast += self.alpha_fast * (price - self.fast)
        self.slow += self.alpha_slow * (price - self.slow)
        self.seen += 1
        if self.seen <= SLOW:
            return
        side = 1 if self.fast > self.slow else 0
        if side != self.side:
            self.side = side
            self.orders += 1


def quotes(rows: int) -> QuoteSlice:
    """A seeded walk of one tick, 100 ms apart, with a spread of one to three ticks."""
    rng = np.random.default_rng(42)
    bid = 20_000 + np.cumsum(rng.choice(np.array([-1, 0, 1]), size=rows, p=[0.25, 0.5, 0.25]))
    ask = bid + rng.integers(1, 4, size=rows)
    ts = 1_704_067_200_000_000_000 + np.arange(rows, dtype=np.int64) * 100_000_000
    sizes = rng.integers(100, 1000, size=(2, rows))
    return QuoteSlice(XYZ, 0, ts, bid, ask, sizes[0], sizes[1])


def bare_loop(piece: QuoteSlice) -> tuple[float, int]:
    """Seconds and orders of the bare loop; the floats are made beforehand."""
    bids, asks = (piece.bid_px / 100).tolist(), (piece.ask_px / 100).tolist()
    strategy = BareEmaPair((bids[0] + asks[0]) * 0.5)
    began = time.perf_counter()
    for bid, ask in zip(bids, asks, strict=True):
        strategy(bid, ask)
    return time.perf_counter() - began, strategy.orders


def make_engine(session: PaperTradingSession) -> ProcessingEngine:
    """An engine with the strategy of this file."""
    return ProcessingEngine(session, EmaPair(), "benchmark")


async def session(gateway: IBrokerGateway, path: Path, store: Path) -> tuple[float, int]:
    """Seconds from start to STOPPED, everything committed, and the orders sent."""
    config = SessionConfig(
        market=ReplayMarket(path=str(path), kind=DataKind.QUOTES, instrument=XYZ),
        account=AccountConfig(currency="USD", initial_cash="1000000"),
        strategy=StrategySpec(ref="benchmark:EmaPair"),
    )
    repository = open_for_writing(store)
    async with PaperTradingSessionManager(gateway, make_engine, repository) as manager:
        began = time.perf_counter()
        started = await manager.start_session(config)
        ended = await manager.wait(started.id)
        seconds = time.perf_counter() - began
    await repository.close()
    if ended.summary is None or ended.status_reason != "end_of_data":
        raise RuntimeError(f"the session ended otherwise: {ended.status_reason}")
    return seconds, ended.summary.orders


def write_parquet(piece: QuoteSlice, path: Path) -> None:
    """The same rows as a file, sizes whole, prices as exact decimals."""
    import duckdb

    names = {"ts_init": piece.ts, "b": piece.bid_px, "a": piece.ask_px}
    names |= {"bid_size": piece.bid_qty, "ask_size": piece.ask_qty}
    with duckdb.connect() as database:
        database.register("rows", names)
        database.sql(
            "SELECT ts_init, CAST(b AS DECIMAL(18,2)) / 100 AS bid, bid_size, ask_size, "
            "CAST(a AS DECIMAL(18,2)) / 100 AS ask FROM rows"
        ).write_parquet(str(path))


def measure(rows: int, rounds: int) -> dict[str, list[tuple[float, int]]]:
    """All variants in turn, so many rounds."""
    piece = quotes(rows)
    cut = [piece.rows(i, min(i + 65_536, rows)) for i in range(0, rows, 65_536)]
    taken: dict[str, list[tuple[float, int]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "quotes.parquet"
        write_parquet(piece, path)
        variants: dict[str, Callable[[Path], tuple[float, int]]] = {
            "bare loop": lambda _: bare_loop(piece),
            "committed": lambda store: asyncio.run(session(ScriptedGateway(cut), path, store)),
            "from Parquet": lambda store: asyncio.run(session(ReplayGateway(), path, store)),
        }
        for number in range(rounds):
            for name, run in variants.items():
                store = Path(folder) / f"{name}-{number}"
                taken.setdefault(name, []).append(run(store))
    return taken


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    taken = measure(options.rows, options.rounds)
    base = [seconds for seconds, _ in taken["bare loop"]]
    print(
        f"{options.rows:,} quotes, {options.rounds} rounds; {platform.processor() or 'cpu'}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}"
    )
    print(f"{'':14}{'seconds':>9}{'quotes/s':>13}{'orders':>8}  ratio to the bare loop (min-max)")
    for name, runs in taken.items():
        seconds = statistics.median(value for value, _ in runs)
        ratios = [value / bare for (value, _), bare in zip(runs, base, strict=True)]
        print(
            f"{name:14}{seconds:9.3f}{options.rows / seconds:13,.0f}{runs[0][1]:8}"
            f"  {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
        )
    if len({orders for runs in taken.values() for _, orders in runs}) != 1:
        raise SystemExit("the variants did not trade the same")


if __name__ == "__main__":
    main()
