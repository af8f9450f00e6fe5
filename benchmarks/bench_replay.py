"""What a replay costs beside the bare loop over the same rows, and beside other engines.

    python benchmarks/bench_replay.py [--rows 1000000] [--rounds 5] [--peers [NAME ...]]

The strategy is a pair of averages updated in Python at every quote, which is long while the fast
one is above the slow one, and changes sides by market orders.  *bare loop* calls the same
arithmetic in ``for b, a in zip(bids, asks): strategy(b, a)`` over floats made beforehand.
*committed* is a whole session through the manager: rows from memory, the strategy called at every
row, every record in a SQLite store with full flushes.  *from Parquet* reads the rows from a file
too.  *prints* is the same with trades at the mids.  Each round runs all in turn and all must trade
the same; what counts are the ratios.  Peers are timed inside their run call alone.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from committed import committed
from peers import with_peers
from rounds import Run, Variant, in_turn, machine, print_cpu, print_table, require_same

from offbook.adapters.brokers.replay.gateway import ReplayGateway
from offbook.domain.config import ReplayMarket
from offbook.domain.market_data import DataKind, Quote, QuoteSlice, Trade, TradeSlice
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import XYZ
from offbook.testing.scripted_gateway import ScriptedGateway

FAST, SLOW, SIZE = 500, 2000, 100
BLOCK_ROWS = 65_536


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
                self.buy(self.symbol, SIZE)
            else:
                self.sell(self.symbol, SIZE)


class EmaPairOnPrints(EmaPair):
    """The same on trades, written out: a call to a shared piece would be measured with the loop."""

    def on_quote(self, quote: Quote) -> None:
        """There are none."""

    def on_trade(self, trade: Trade) -> None:
        price = trade.price
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
                self.buy(self.symbol, SIZE)
            else:
                self.sell(self.symbol, SIZE)


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


def prints(piece: QuoteSlice) -> TradeSlice:
    """Trades at what the mids are, in whole ticks."""
    price = (piece.bid_px + piece.ask_px) // 2
    return TradeSlice(XYZ, 0, piece.ts, price, piece.ask_qty, np.zeros(len(piece), np.int64))


def bare_loop(piece: QuoteSlice) -> Run:
    """The bare loop; its floats are made beforehand."""
    bids, asks = (piece.bid_px / 100).tolist(), (piece.ask_px / 100).tolist()
    strategy = BareEmaPair((bids[0] + asks[0]) * 0.5)
    began, worked = time.perf_counter(), time.process_time()
    for bid, ask in zip(bids, asks, strict=True):
        strategy(bid, ask)
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    return Run(seconds, strategy.orders, cpu=cpu)


def in_memory(piece: QuoteSlice | TradeSlice) -> ScriptedGateway:
    """A market of rows in memory, in blocks as they are read from files."""
    ends = [min(i + BLOCK_ROWS, len(piece)) for i in range(0, len(piece), BLOCK_ROWS)]
    return ScriptedGateway([piece.rows(i * BLOCK_ROWS, end) for i, end in enumerate(ends)])


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


def write_columns(piece: QuoteSlice, path: Path) -> None:
    """The same rows for peers, prices as floats; sizes are never what is short."""
    size = np.full(len(piece), 1e6)
    np.savez(
        path,
        ts=piece.ts,
        bid=piece.bid_px / 100,
        ask=piece.ask_px / 100,
        bid_size=size,
        ask_size=size,
    )


def measure(piece: QuoteSlice, rounds: int, peers: list[str] | None) -> dict[str, list[Run]]:
    """All variants in turn, so many rounds."""
    traded = prints(piece)
    gateway, trades_gateway, files = in_memory(piece), in_memory(traded), ReplayGateway()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, columns = folder / "quotes.parquet", folder / "quotes.npz"
        write_parquet(piece, path)
        write_columns(piece, columns)
        market = ReplayMarket(path=str(path), kind=DataKind.QUOTES, instrument=XYZ)
        of_trades = ReplayMarket(path=str(path), kind=DataKind.TRADES, instrument=XYZ)
        variants: dict[str, Variant] = {
            "bare loop": lambda _: bare_loop(piece),
            "committed": lambda n: committed(gateway, market, EmaPair, folder / f"a{n}"),
            "from Parquet": lambda n: committed(files, market, EmaPair, folder / f"b{n}"),
            "prints": lambda n: committed(
                trades_gateway, of_trades, EmaPairOnPrints, folder / f"c{n}"
            ),
        }
        variants |= with_peers("quotes", columns, peers)
        return in_turn(variants, rounds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", nargs="*", help="other engines, or those named")
    options = parser.parse_args()
    taken = measure(quotes(options.rows), options.rounds, options.peers)
    print(f"{options.rows:,} quotes, {options.rounds} rounds; {machine()}")
    print_table(taken, options.rows, "rows", "bare loop", ours="committed")
    print_cpu(taken, "bare loop", "committed")
    require_same({name: runs for name, runs in taken.items() if name != "prints"})


if __name__ == "__main__":
    main()
