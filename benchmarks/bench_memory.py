"""What a session weighs that sleeps: loaded, with 10 resting orders, its market silent.

    python benchmarks/bench_memory.py [--from 1000] [--to 10000] [--orders 10]
        [--rounds 5] [--parts]

Sessions are started through the manager over a SQLite store, on one market whose feed gives a
quote and then nothing; messages take no time, so that all orders rest but the last, which is taken
when time goes on.  What is told is the slope of the process's resident memory between two numbers
of sessions, so that neither the interpreter nor the libraries count; each round is a process of its
own.  The ratio is to the 12 KB that are the goal.  ``--parts`` instead tells, for the smaller
number, which lines of code made what is held (tracemalloc; slow).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import multiprocessing
import statistics
import tempfile
import tracemalloc
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from rounds import machine, spread

from offbook.adapters.persistence.sqlite_repository import SqliteRepository
from offbook.domain.config import AccountConfig, LatencyConfig, SessionConfig, VenueConfig
from offbook.domain.orders import OrderRequest, OrderSide, OrderStatus, OrderType
from offbook.engine.processing_engine import ProcessingEngine
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.testing.markets import quotes_market
from offbook.testing.scripted_gateway import ScriptedGateway

AT_ONCE = 64
"""Sessions that are started at one time."""

GOAL_KB = 12

FOLD_SECONDS = 3.0
"""How soon sessions are folded up here; 10 s unless told."""


def parsed() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="few", type=int, default=1_000, help="sessions")
    parser.add_argument("--to", dest="many", type=int, default=10_000, help="sessions")
    parser.add_argument("--orders", type=int, default=10, help="resting orders of each")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--parts", action="store_true", help="what is held, by line of code")
    parser.add_argument("--where", type=Path, help="a directory for the store")
    return parser.parse_args()


def resident() -> int:
    """Bytes of this process in memory."""
    gc.collect()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


async def load(
    manager: PaperTradingSessionManager, config: SessionConfig, count: int, orders: int
) -> None:
    """Start so many sessions more, each with its orders at rest."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with turns:
            session = await manager.start_session(config)
            for place in range(orders):
                order = OrderRequest(
                    symbol="BTCUSDT",
                    side=OrderSide.BUY,
                    order_type=OrderType.LIMIT,
                    order_qty="0.01",
                    price=f"{90 - place}.00",
                )
                await manager.submit_order(session.id, order)
            *resting, _ = await manager.orders(session.id)
            assert all(view.order_status is OrderStatus.NEW for view in resting), resting

    await asyncio.gather(*(one() for _ in range(count)))
    # Until the last order rests, and the sessions sleep.
    await asyncio.sleep(FOLD_SECONDS + 2.0)


async def measure(asked: argparse.Namespace, folder: Path) -> Sequence[int]:
    """Load, look, load more, look again: bytes with one session, with few and with many; none where
    parts are told instead."""
    market = quotes_market([("100.00", "100.01")])
    gateway = ScriptedGateway(market.slices, known_extent=False, clock_stops=False)
    gateway.block_at(1)
    config = SessionConfig(
        market=market.config,
        account=AccountConfig(currency="USDT", initial_cash="1000000"),
        venue=VenueConfig(latency=LatencyConfig(entry_ns=0, response_ns=0)),
        speed="1",
    )
    repository = SqliteRepository.open(folder / "store")
    if asked.parts:
        tracemalloc.start(1)
    limits = Limits(fold_seconds=FOLD_SECONDS)
    async with PaperTradingSessionManager(
        gateway, ProcessingEngine, repository, limits=limits
    ) as manager:
        await load(manager, config, 1, asked.orders)
        alone = resident()
        before = tracemalloc.take_snapshot() if asked.parts else None
        await load(manager, config, asked.few - 1, asked.orders)
        few = resident()
        if before is not None:
            tell_parts(before, asked.few)
            return ()
        await load(manager, config, asked.many - asked.few, asked.orders)
        return alone, few, resident()


def tell(asked: argparse.Namespace, taken: Sequence[Sequence[int]]) -> None:
    """The rounds."""
    print(f"{len(taken)} rounds; {machine()}")
    for count, sizes in zip((1, asked.few, asked.many), zip(*taken, strict=True), strict=True):
        print(f"{count:>7,} sessions  {statistics.median(sizes) / 1e6:9.1f} MB")
    slopes = [(many - few) / (asked.many - asked.few) / 1024 for _, few, many in taken]
    print(f"slope: {spread(slopes, 1)} KB a session with {asked.orders} resting orders,")
    print(f"{spread([slope / GOAL_KB for slope in slopes])} times the goal of {GOAL_KB} KB")


def tell_parts(before: tracemalloc.Snapshot, sessions: int) -> None:
    """Which lines made what a session holds."""
    gc.collect()
    grown = tracemalloc.take_snapshot().compare_to(before, "lineno")
    total = sum(one.size_diff for one in grown)
    print(f"{total / sessions:,.0f} bytes a session, of which by line:")
    for one in grown[:60]:
        frame = one.traceback[0]
        where = "/".join(frame.filename.split("/")[-3:])
        each = one.size_diff / sessions
        print(f"{each:9,.0f} B {one.count_diff / sessions:6.1f} blocks  {where}:{frame.lineno}")


def one_round(asked: argparse.Namespace) -> Sequence[int]:
    """Measure in a store that is thrown away."""
    with tempfile.TemporaryDirectory(dir=asked.where) as folder:
        return asyncio.run(measure(asked, Path(folder)))


def main() -> None:
    """Measure and print."""
    asked = parsed()
    if asked.parts:
        one_round(asked)
        return
    # What a process has once had it keeps, so each round begins with a new one.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as processes:
        tell(asked, list(processes.map(one_round, [asked] * asked.rounds)))


if __name__ == "__main__":
    main()
