"""What a replay costs that may pass over the rows which change nothing.

    python benchmarks/bench_skipping.py [--rows 100000000] [--rounds 5] [--visited 1000000]
        [--peers [NAME ...]] [--peer-rows 2000000]

The strategy works on one-minute bars built from quotes (20,000 to the minute); it keeps ten limits
and stops resting around the last close, replaces them every ten bars, and sends a new one for each
that was filled.  Fills are exact to the tick.  All sessions go through the manager, every record
committed to a SQLite store with full flushes; the rows are in memory.

- *bare loop*: ``for b, a in zip(bids, asks): f(b, a)`` with an EMA pair, the yardstick of
  ``bench_replay.py``, over a million of the first rows;
- *index*: the extremes of bid, ask and mid of all blocks are made from the columns;
- *indexed*: a session over rows whose index is made;
- *not indexed*: the same, with columns searched as they are;
- *visited*: every row looked at, over so many of the first rows, beside *indexed* over the same;
- *cold Parquet*: over so many of the first rows, from a file; what counts there is decoding;
- *kept Parquet*: the same, once its rows are kept (``OFFBOOK_ROW_CACHE``).

With ``--peers`` other engines do the same over fewer rows, whose cost a row is the same however
many there are: each builds its bars of the quotes, sends the ten orders at the close of each tenth
bar and a new one for each that was filled, and is timed inside its run call alone.  There messages
take no time, nothing is charged and sizes are never what is short, as these engines have it, and
*as peers* is a session with the same terms.  hftbacktest knows neither bars nor stops: its strategy
looks each time a minute is over, and watches the four stops itself.  All must have as many fills,
and the same equity to a hundredth for each fill.

Rounds run all in turn; what counts are the ratios.  Seconds are those of the wall; *cpu* is the
processor time of the whole process, which says more on a machine that is shared.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from bench_replay import bare_loop
from grid_peers import GridWork, tell_peers
from rounds import Run, machine, spread

from offbook.adapters.brokers.replay.gateway import ReplayGateway
from offbook.adapters.brokers.replay.row_cache import RowCache
from offbook.adapters.persistence.stores import open_for_writing
from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR
from offbook.domain.config import (
    AccountConfig,
    BasisPointsFee,
    LatencyConfig,
    MarketConfig,
    ReplayMarket,
    SessionConfig,
    StrategySpec,
    VenueConfig,
    instruments_of,
    sources_of,
)
from offbook.domain.market_data import Bar, DataKind, MarketInfo, QuoteSlice
from offbook.domain.orders import OrderSide
from offbook.domain.row_index import BLOCK, MID
from offbook.domain.session import PaperTradingSession
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy.strategy import Strategy
from offbook.ports.gateway import FeedExtent, IBrokerGateway
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.testing.markets import XYZ

MINUTE_NS = 60_000_000_000
BUY, SELL = OrderSide.BUY, OrderSide.SELL
SLOTS = [
    *[(BUY, False, ticks) for ticks in (160, 280, 450)],
    *[(SELL, False, ticks) for ticks in (160, 280, 450)],
    *[(BUY, True, ticks) for ticks in (280, 480)],
    *[(SELL, True, ticks) for ticks in (280, 480)],
]
"""Ten orders: side, whether it is a stop, and how many ticks from the last close."""


class Grid(Strategy):
    """Ten resting orders around the last close, replaced every ten bars."""

    symbol: str = "XYZ"

    def on_start(self) -> None:
        self.subscribe_bars(self.symbol, "1m")
        self.bars = self.fills = self.sent = 0
        self.close_px = self.heard = 0
        self.names: list[str | None] = [None] * len(SLOTS)
        self.slots: dict[str, int] = {}

    def on_bar(self, bar: Bar) -> None:
        self.bars += 1
        self.close_px = bar.close_px
        if self.bars == 1:
            self.buy(self.symbol, 10_000)
        renews = self.bars % 10 == 3
        for slot, name in enumerate(self.names):
            if self.bars >= 3 and (renews or name is None):
                self._place(slot)

    def on_order(self, order: Any) -> None:
        self.heard = (self.heard * 31 + order.ts + order.cum_qty.units) % (2**61 - 1)

    def on_fill(self, fill: Any) -> None:
        slot = self.slots.pop(fill.client_order_id, None)
        if slot is not None:
            self.fills += 1
            self.names[slot] = None  # the next bar sends another

    def _place(self, slot: int) -> None:
        side, stops, ticks = SLOTS[slot]
        above = (side is BUY) is stops
        px = self.price((self.close_px + (ticks if above else -ticks)) / 100)
        terms: dict[str, Any] = {"stop_price": px} if stops else {"price": px}
        name = self.names[slot]
        if name is not None:
            self.replace(name, **terms)
            return
        self.sent += 1
        name = f"{slot}-{self.sent}"
        self.names[slot], self.slots[name] = name, slot
        send = self.buy if side is BUY else self.sell
        send(self.symbol, 10, client_order_id=name, **terms)


def quotes(rows: int) -> QuoteSlice:
    """A seeded walk of one tick, 20,000 a minute, with a spread of one to three ticks."""
    rng = np.random.default_rng(7)
    bid, ask = np.empty(rows, np.int64), np.empty(rows, np.int64)
    last, piece = 200_000, 4_000_000
    for begin in range(0, rows, piece):
        end = min(begin + piece, rows)
        moves = rng.integers(0, 4, size=end - begin, dtype=np.int8)
        steps = (moves == 3).astype(np.int8) - (moves == 0)
        np.cumsum(steps, dtype=np.int64, out=bid[begin:end])
        bid[begin:end] += last
        last = int(bid[end - 1])
        ask[begin:end] = bid[begin:end] + rng.integers(1, 4, size=end - begin, dtype=np.int8)
    ts = 1_704_067_200_000_000_000 + np.arange(rows, dtype=np.int64) * (MINUTE_NS // 20_000)
    sizes = np.broadcast_to(np.int64(500), rows)
    return QuoteSlice(XYZ, 0, ts, bid, ask, sizes, sizes)


AS_PEERS = VenueConfig(
    fee=BasisPointsFee(maker="0", taker="0"), latency=LatencyConfig(entry_ns=0, response_ns=0)
)
"""A venue that charges nothing and hears of everything at once."""

FIRST_ROWS = ("first rows", "visited", "cold Parquet", "kept Parquet")
"""Variants that run over some of the rows alone."""


class MemoryFeed:
    """Rows that are in memory, given in as long slices as are asked for: a ``MarketFeed``."""

    calendars = (ALWAYS_OPEN_CALENDAR,)

    def __init__(self, piece: QuoteSlice, market: MarketConfig) -> None:
        self._piece = piece
        self.extent = FeedExtent(
            rows=len(piece), first_ts=int(piece.ts[0]), last_ts=int(piece.ts[-1])
        )
        self.info = MarketInfo(
            sources=sources_of(market),
            instruments=instruments_of(market),
            data_identity="made in memory",
            calendar_identity=ALWAYS_OPEN_CALENDAR.digest(),
        )

    async def read(self, row: int, limit: int) -> QuoteSlice | None:
        """Rows from ``row``, at most ``limit``; None past the end."""
        piece = self._piece
        return piece.rows(row, min(row + limit, len(piece))) if row < len(piece) else None

    async def close(self) -> None:
        """Nothing to let go."""


class MemoryGateway:
    """Opens the same rows for everybody: an ``IBrokerGateway``."""

    def __init__(self, piece: QuoteSlice) -> None:
        self._piece = piece

    async def open(self, market: MarketConfig) -> MemoryFeed:
        """A feed of the rows."""
        return MemoryFeed(self._piece, market)


class Trail(NamedTuple):
    """What a run came to: seconds, and all that the strategy heard of its orders."""

    seconds: float
    cpu: float
    orders: int = 0
    heard: int = 0
    fills: int = 0
    equity: float = 0.0


def config_of(path: str, venue: VenueConfig) -> SessionConfig:
    """The session, on a cash account."""
    return SessionConfig(
        market=ReplayMarket(path=path, kind=DataKind.QUOTES, instrument=XYZ),
        account=AccountConfig(currency="USD", initial_cash="100000000"),
        venue=venue,
        strategy=StrategySpec(ref="benchmark:Grid"),
    )


async def session(
    gateway: IBrokerGateway,
    path: str,
    store: Path,
    *,
    every_row: bool = False,
    venue: VenueConfig | None = None,
) -> Trail:
    """A whole session through the manager, from start to STOPPED, everything committed."""
    repository = open_for_writing(store)
    strategy = Grid()

    def make(session: PaperTradingSession) -> ProcessingEngine:
        return ProcessingEngine(session, strategy, "benchmark", every_row=every_row)

    async with PaperTradingSessionManager(gateway, make, repository) as manager:
        began, worked = time.perf_counter(), time.process_time()
        started = await manager.start_session(config_of(path, venue or VenueConfig()))
        ended = await manager.wait(started.id)
        seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    await repository.close()
    if ended.summary is None or ended.status_reason != "end_of_data":
        raise RuntimeError(f"the session ended otherwise: {ended.status_reason}")
    summary = ended.summary
    equity = float(summary.equity.decimal)
    return Trail(seconds, cpu, summary.orders, strategy.heard, summary.fills, equity)


def write_parquet(piece: QuoteSlice, path: Path) -> None:
    """The same rows as a file, sizes whole, prices as exact decimals."""
    import duckdb

    names = {"ts_init": piece.ts, "b": piece.bid_px, "a": piece.ask_px}
    names |= {"bid_size": np.array(piece.bid_qty), "ask_size": np.array(piece.ask_qty)}
    with duckdb.connect() as database:
        database.register("rows", names)
        database.sql(
            "SELECT ts_init, CAST(b AS DECIMAL(18,2)) / 100 AS bid, bid_size, ask_size, "
            "CAST(a AS DECIMAL(18,2)) / 100 AS ask FROM rows"
        ).write_parquet(str(path))


def index_whole(piece: QuoteSlice) -> tuple[QuoteSlice, Trail]:
    """The rows with all that a session asks of an index, and what this took."""
    began, worked = time.perf_counter(), time.process_time()
    whole = piece.indexed()
    assert whole.index is not None
    for name in ("bid_px", "ask_px", MID):
        whole.index.of(name, len(piece) // BLOCK + 1)
    return whole, Trail(time.perf_counter() - began, time.process_time() - worked)


def as_peers(piece: QuoteSlice, folder: Path, number: int) -> Run:
    """A session on the terms of peers."""
    store = folder / f"as-peers-{number}"
    done = asyncio.run(session(MemoryGateway(piece), str(store), store, venue=AS_PEERS))
    return Run(done.seconds, done.fills, done.equity, cpu=done.cpu)


class Bench:
    """Runs the variants in turn and keeps what they came to."""

    def __init__(self, rows: int, visited: int, folder: Path) -> None:
        self._piece = quotes(rows)
        self._folder = folder
        self._part = self._piece.rows(0, min(visited, rows))
        self._path = folder / "quotes.parquet"
        write_parquet(self._part, self._path)
        self._cache = RowCache(folder, least_rows=1)
        asyncio.run(session(ReplayGateway(self._cache), str(self._path), folder / "keeping"))
        self._loop = self._piece.rows(0, min(1_000_000, rows))
        self.rows = {
            "bare loop": len(self._loop),
            "index": rows,
            "indexed": rows,
            "not indexed": rows,
        }
        self.rows |= dict.fromkeys(FIRST_ROWS, len(self._part))
        self.taken: dict[str, list[Trail]] = {name: [] for name in self.rows}

    def round(self) -> None:
        """Each variant once."""
        began = time.process_time()
        seconds = bare_loop(self._loop).seconds
        self.taken["bare loop"].append(Trail(seconds, min(seconds, time.process_time() - began)))
        whole, made = index_whole(self._piece)
        self.taken["index"].append(made)
        self._run("indexed", MemoryGateway(whole))
        self._run("not indexed", MemoryGateway(self._piece))
        self._run("first rows", MemoryGateway(index_whole(self._part)[0]))
        self._run("visited", MemoryGateway(self._part), every_row=True)
        self._run("cold Parquet", ReplayGateway())
        self._run("kept Parquet", ReplayGateway(self._cache))

    def _run(self, name: str, gateway: IBrokerGateway, *, every_row: bool = False) -> None:
        store = self._folder / f"{name}-{len(self.taken[name])}"
        run = session(gateway, str(self._path), store, every_row=every_row)
        self.taken[name].append(asyncio.run(run))

    def check(self) -> None:
        """The same happened at the same times, whatever was passed over."""
        for names in (("indexed", "not indexed"), FIRST_ROWS):
            heard = {trail.heard for name in names for trail in self.taken[name]}
            if len(heard) != 1:
                raise SystemExit(f"{', '.join(names)} did not trade the same")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--visited", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", nargs="*", help="other engines, or those named")
    parser.add_argument("--peer-rows", type=int, default=2_000_000)
    options = parser.parse_args()
    peers = {}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options.rows, options.visited, Path(folder))
        for _ in range(options.rounds):
            bench.round()
        bench.check()
        if options.peers is not None:
            work = GridWork(quotes(options.peer_rows), SLOTS, Path(folder))
            peers = work.in_turn(as_peers, options.peers, options.rounds)
    print(f"{options.rounds} rounds; {machine()}")
    print(
        f"{'':14}{'rows':>13}{'seconds':>9}  (min-max)      {'cpu':>7}{'M rows/s':>10}{'orders':>8}"
    )
    for name, trails in bench.taken.items():
        rows, seconds = bench.rows[name], [trail.seconds for trail in trails]
        median = statistics.median(seconds)
        cpu = statistics.median(trail.cpu for trail in trails)
        print(
            f"{name:14}{rows:13,}{median:9.3f}  ({min(seconds):.3f}-{max(seconds):.3f}){cpu:9.3f}"
            f"{rows / median / 1e6:10.2f}{trails[0].orders:8}"
        )
    bare = bench.taken["bare loop"]
    for name in ("indexed", "not indexed", "index", "cold Parquet"):
        share = bench.rows[name] / bench.rows["bare loop"]
        pairs = list(zip(bare, bench.taken[name], strict=True))
        what = f"{name}, times as fast as the bare loop"
        tell(what, [share * loop.seconds / run.seconds for loop, run in pairs])
        tell(f"{what}, by cpu", [share * loop.cpu / run.cpu for loop, run in pairs])
    pairs = list(zip(bench.taken["visited"], bench.taken["first rows"], strict=True))
    tell("visited / passed over", [slow.seconds / fast.seconds for slow, fast in pairs])
    rows = options.rows
    indexed = [(run.seconds / rows, run.cpu / rows) for run in bench.taken["indexed"]]
    if peers:
        tell_peers(peers, options.peer_rows, indexed)


def tell(what: str, ratios: list[float]) -> None:
    """A ratio, round by round."""
    print(f"{what}: {spread(ratios, 1)}")


if __name__ == "__main__":
    main()
