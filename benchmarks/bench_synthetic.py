"""Making synthetic quotes: a feed beside numpy's own generator drawing as many plain numbers.

    python benchmarks/bench_synthetic.py [ROWS]

The feed is read as a session reads it, in slices of up to 65,536 rows.  The reference draws two
normal and three exponential floats a row, which is what a row is made of, and adds them up; it
makes no market.  The ratio is the reference's time over the feed's; bars are made of 64 such rows
each.  The jump is one read of the last row, right after opening.
"""

import asyncio
import sys
import time
from statistics import median

import numpy as np
from rounds import machine, spread

from offbook.adapters.brokers.synthetic.gateway import SyntheticGateway
from offbook.domain.config import SyntheticMarket
from offbook.domain.market_data import DataKind
from offbook.testing.markets import BTCUSDT, MINUTE

SLICE = 65_536
ROUNDS = 5


async def through_feed(market: SyntheticMarket) -> tuple[int, float, float, float]:
    """Return rows, seconds to open, seconds to jump to the last row, seconds to read all."""
    began = time.perf_counter()
    feed = await SyntheticGateway().open(market)
    opened = time.perf_counter()
    await feed.read(feed.extent.rows - 1, 1)
    jumped = time.perf_counter()
    rows = 0
    while (part := await feed.read(rows, SLICE)) is not None:
        rows += len(part)
    ended = time.perf_counter()
    await feed.close()
    return rows, opened - began, jumped - opened, ended - jumped


def plain_draws(rows: int) -> float:
    """Return the seconds that numpy needs for the reference."""
    began = time.perf_counter()
    generator = np.random.default_rng(1)
    for _ in range(0, rows, SLICE):
        np.cumsum(generator.standard_normal((2, SLICE)), axis=1)
        np.cumsum(generator.standard_exponential((3, SLICE)), axis=1)
    return time.perf_counter() - began


def main() -> None:
    """Print rows per second and the ratio."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
    bars = {"kind": DataKind.BARS, "timeframe_ns": MINUTE, "rows": max(rows // 64, 1)}
    print(f"{rows:,} rows, medians of {ROUNDS} rounds; {machine()}")
    print("market   open s   jump s        rows/s  numpy's draws/s   ratio (min-max)")
    for name, told in (("quotes", {"rows": rows}), ("bars", bars)):
        market = SyntheticMarket(instrument=BTCUSDT, **told)
        draws, runs = [], []
        for _ in range(ROUNDS):
            draws.append(plain_draws(rows))
            runs.append(asyncio.run(through_feed(market)))
        opening, jump, seconds = (median(run[place] for run in runs) for place in (1, 2, 3))
        ratios = [drawn / run[-1] for drawn, run in zip(draws, runs, strict=True)]
        rates = f"{runs[0][0] / seconds:13,.0f} {rows / median(draws):16,.0f}"
        print(f"{name:7} {opening:7.3f} {jump:8.3f} {rates}   {spread(ratios)}")


if __name__ == "__main__":
    main()
