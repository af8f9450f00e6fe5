"""What a session on bars costs beside the bare loop over them, and beside other engines.

    python benchmarks/bench_bars.py [--rows 500000] [--rounds 5] [--peers [NAME ...]]

One-minute bars, each opening where the last one closed; the strategy is a pair of averages of the
closes, updated in Python at every bar, which is long while the fast one is above the slow one.
*bare loop* calls the same arithmetic in ``for close in closes: strategy(close)`` over floats made
beforehand.  *committed* is a whole session through the manager, every record in a SQLite store with
full flushes.  Each round runs all in turn and all must trade the same; what counts are the ratios.
Peers are timed inside their run call alone.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from bench_replay import BLOCK_ROWS
from committed import committed
from peers import with_peers
from rounds import Run, Variant, in_turn, machine, print_cpu, print_table, require_same

from offbook.domain.config import ReplayMarket
from offbook.domain.market_data import Bar, BarSlice, DataKind
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import XYZ
from offbook.testing.scripted_gateway import ScriptedGateway

FAST, SLOW, SIZE = 200, 800, 100
MINUTE = 60_000_000_000


class EmaCross(Strategy):
    """Long above, flat below; the same arithmetic as the bare loop's."""

    symbol: str = "XYZ"

    def on_start(self) -> None:
        self.alpha_fast, self.alpha_slow = 2 / (FAST + 1), 2 / (SLOW + 1)
        self.fast = self.slow = 0.0
        self.seen = self.side = 0

    def on_bar(self, bar: Bar) -> None:
        price = bar.close
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


class BareEmaCross:
    """The strategy without a platform: it counts its orders."""

    def __init__(self, price: float) -> None:
        self.alpha_fast, self.alpha_slow = 2 / (FAST + 1), 2 / (SLOW + 1)
        self.fast = self.slow = price
        self.seen = self.side = self.orders = 0

    def __call__(self, price: float) -> None:
        self.fast += self.alpha_fast * (price - self.fast)
        self.slow += self.alpha_slow * (price - self.slow)
        self.seen += 1
        if self.seen <= SLOW:
            return
        side = 1 if self.fast > self.slow else 0
        if side != self.side:
            self.side = side
            self.orders += 1


def bars(rows: int) -> BarSlice:
    """A seeded walk of up to two ticks a minute; volumes are never what is short."""
    rng = np.random.default_rng(7)
    steps = rng.choice(np.array([-2, -1, 0, 1, 2]), size=rows)
    closes = np.maximum(20_000 + np.cumsum(steps), 500)
    opens = np.concatenate(([20_000], closes[:-1]))
    highs = np.maximum(opens, closes) + rng.integers(0, 3, size=rows)
    lows = np.minimum(opens, closes) - rng.integers(0, 3, size=rows)
    ts_open = 1_500_000_000_000_000_000 // MINUTE * MINUTE + np.arange(rows) * MINUTE
    volume = rng.integers(1_000_000, 2_000_000, size=rows)
    return BarSlice(XYZ, 0, ts_open + MINUTE, ts_open, opens, highs, lows, closes, volume)


def bare_loop(piece: BarSlice) -> Run:
    """The bare loop; its floats are made beforehand."""
    closes = (piece.close_px / 100).tolist()
    strategy = BareEmaCross(closes[0])
    began, worked = time.perf_counter(), time.process_time()
    for close in closes:
        strategy(close)
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    return Run(seconds, strategy.orders, cpu=cpu)


def write_columns(piece: BarSlice, path: Path) -> None:
    """The same bars for peers, prices as floats."""
    prices = {name: getattr(piece, f"{name}_px") / 100 for name in ("open", "high", "low", "close")}
    np.savez(path, ts=piece.ts, volume=piece.volume_qty.astype(float), **prices)


def measure(piece: BarSlice, rounds: int, peers: list[str] | None) -> dict[str, list[Run]]:
    """All variants in turn, so many rounds."""
    places = range(0, len(piece), BLOCK_ROWS)
    gateway = ScriptedGateway([piece.rows(i, min(i + BLOCK_ROWS, len(piece))) for i in places])
    market = ReplayMarket(path="bars", kind=DataKind.BARS, instrument=XYZ, timeframe_ns=MINUTE)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_columns(piece, folder / "bars.npz")
        variants: dict[str, Variant] = {
            "bare loop": lambda _: bare_loop(piece),
            "committed": lambda n: committed(gateway, market, EmaCross, folder / f"a{n}"),
        }
        variants |= with_peers("bars", folder / "bars.npz", peers)
        return in_turn(variants, rounds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", nargs="*", help="other engines, or those named")
    options = parser.parse_args()
    taken = measure(bars(options.rows), options.rounds, options.peers)
    print(f"{options.rows:,} one-minute bars, {options.rounds} rounds; {machine()}")
    print_table(taken, options.rows, "bars", "bare loop", ours="committed")
    print_cpu(taken, "bare loop", "committed")
    require_same(taken)


if __name__ == "__main__":
    main()
