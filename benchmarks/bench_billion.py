"""Replaying a recording that is far longer than memory: what stays resident, and how fast it goes.

    python benchmarks/bench_billion.py [--rows 5000000] [--folder DIR]
    python benchmarks/bench_billion.py --rows 1000000000 --folder DIR    # about 4 GB on disk

A process of its own writes one Parquet file of quotes, 20,000 to the minute, in groups of a million
rows; the prices are sums of waves and noise, so that no row needs the one before it.  Then a
session with a strategy on one-minute bars, everything committed, replays the file, and at each
tenth of the rows the resident memory of the process is told.  It is bounded if the last tenth shows
what the first did: orders, fills and bars are kept or recorded, rows are not.

Opening digests the file, which is told apart.  The file is removed at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rounds import machine

from offbook.adapters.brokers.replay.gateway import ReplayGateway
from offbook.adapters.persistence.stores import open_for_writing
from offbook.domain.config import AccountConfig, ReplayMarket, SessionConfig, StrategySpec
from offbook.domain.market_data import Bar, DataKind
from offbook.domain.session import PaperTradingSession
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy.strategy import Strategy
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.testing.markets import XYZ

MINUTE_ROWS = 20_000
FAST, SLOW, SIZE = 50, 200, 100
TENTHS = 10

_ROWS = """
    SELECT 1704067200000000000 + i * {step} AS ts_init,
           (px / 100)::DECIMAL(18, 2) AS bid, 100 + noise // 8 % 900 AS bid_size,
           ((px + 1 + noise % 3) / 100)::DECIMAL(18, 2) AS ask,
           100 + noise // 8192 % 900 AS ask_size
    FROM (SELECT i, noise, (20000 + 900 * sin(i / 9e6) + 90 * sin(i / 31e4) + 5 * sin(i / 700)
                            + noise % 5)::BIGINT AS px
          FROM (SELECT i, (hash(i) % 8388608)::BIGINT AS noise FROM range({rows}) AS rows(i)))
"""


class Crossing(Strategy):
    """Long while a fast average of one-minute closes is above a slow one, a stop below."""

    symbol: str = "XYZ"

    def on_start(self) -> None:
        self.subscribe_bars(self.symbol, "1m")
        self.fast = self.slow = 0.0
        self.bars = 0

    def on_bar(self, bar: Bar) -> None:
        self.bars += 1
        if self.bars == 1:
            self.fast = self.slow = bar.close
        self.fast += 2 / (FAST + 1) * (bar.close - self.fast)
        self.slow += 2 / (SLOW + 1) * (bar.close - self.slow)
        if self.bars <= SLOW:
            return
        held = bool(self.position(self.symbol))
        if self.fast > self.slow and not held and not self.open_orders(self.symbol):
            self.buy(self.symbol, SIZE)
            self.sell(self.symbol, SIZE, stop_price=self.price(bar.close - 3))
        elif self.fast < self.slow and held:
            for order in self.open_orders(self.symbol):
                self.cancel(order.client_order_id)
            self.sell(self.symbol, SIZE)


def write(path: Path, rows: int) -> None:
    """Write the recording, in one thread, so that its rows are in order."""
    import duckdb

    asked = _ROWS.format(step=60_000_000_000 // MINUTE_ROWS, rows=rows)
    with duckdb.connect(config={"threads": "1", "memory_limit": "2GB"}) as database:
        database.execute(
            f"COPY ({asked}) TO '{path}' (FORMAT parquet, COMPRESSION zstd, "
            "ROW_GROUP_SIZE 1000000, PARQUET_VERSION v2)"
        )


def resident() -> float:
    """Megabytes of this process in memory."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


async def watched(engines: list[ProcessingEngine], rows: int) -> None:
    """Tell the resident memory at each tenth of the rows."""
    told = 0
    while True:
        row = engines[-1].cursor.row if engines else 0
        if row * TENTHS >= (told + 1) * rows:
            told = row * TENTHS // rows
            print(f"{row:14,} rows {resident():8.0f} MB", flush=True)
        await asyncio.sleep(0.05)


async def replay(path: Path, rows: int, store: Path) -> None:
    """One session over the recording, through the manager."""
    engines: list[ProcessingEngine] = []
    config = SessionConfig(
        market=ReplayMarket(path=str(path), kind=DataKind.QUOTES, instrument=XYZ),
        account=AccountConfig(currency="USD", initial_cash="1000000"),
        strategy=StrategySpec(ref="benchmark:Crossing"),
    )

    def make(session: PaperTradingSession) -> ProcessingEngine:
        engines.append(ProcessingEngine(session, Crossing(), "benchmark"))
        return engines[-1]

    repository, gateway = open_for_writing(store), ReplayGateway(keep_surveys=True)
    print(f"{'begun':>19} {resident():8.0f} MB", flush=True)
    began = time.perf_counter()
    await (await gateway.open(config.market)).close()
    opened = time.perf_counter()
    print(f"{'opened':>19} {resident():8.0f} MB, {opened - began:.1f} s", flush=True)
    async with PaperTradingSessionManager(gateway, make, repository) as manager:
        watching = asyncio.create_task(watched(engines, rows))
        began, worked = time.perf_counter(), time.process_time()
        started = await manager.start_session(config)
        ended = await manager.wait(started.id)
        seconds, cpu = time.perf_counter() - began, time.process_time() - worked
        watching.cancel()
    await repository.close()
    if ended.summary is None or ended.status_reason != "end_of_data":
        raise RuntimeError(f"the session ended otherwise: {ended.status_reason}")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    pace, work = (f"{rows / spent / 1e6:.2f} M/s" for spent in (seconds, cpu))
    done = f"{ended.summary.orders} orders, {ended.summary.fills} fills"
    print(f"{rows:,} rows in {seconds:.1f} s ({pace}; by processor time {work}), {done}")
    print(f"at most {most:.0f} MB resident")


def main() -> None:
    """Write, replay and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--folder", type=Path, help="where the recording is written for a while")
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write is not None:
        write(options.write, options.rows)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        path, began = Path(name) / "quotes.parquet", time.perf_counter()
        writing = [sys.executable, __file__, "--rows", str(options.rows), "--write", str(path)]
        subprocess.run(writing, check=True)
        took, size = time.perf_counter() - began, path.stat().st_size
        print(f"{machine()}; {size / 1e6:,.0f} MB written in {took:.0f} s", flush=True)
        asyncio.run(replay(path, options.rows, Path(name) / "store"))


if __name__ == "__main__":
    main()
