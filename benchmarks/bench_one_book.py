"""What sessions cost that share one book.

    python benchmarks/bench_one_book.py [--rounds 5] [--sessions 1,1000] [--messages 1000]

A book of 400 levels, a message being two of them, none the best, through hub, recording on disk
and runners.  *Resting*: so many sessions with ten limits that nothing touches; what a message takes
from its arrival until nobody has anything left to do.  *Looking*: the same sessions look at the
book by a timer, every 100 messages.  Then one of them, drawn at random, is run again alone and
compared byte by byte.  Each round runs all in turn; what counts are the ratios.  *cpu* is the time
that the process was given, and memory what it holds more when the sessions are there.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import statistics
import tempfile
from pathlib import Path

import numpy as np
from bench_many_sessions import STRATEGIES, Asleep, Resting, Setting, Spent, numbers
from rounds import machine, spread

from offbook.domain.config import ReplayMarket
from offbook.domain.depth import LAST, SNAPSHOT, DepthSlice
from offbook.domain.market_data import DataKind
from offbook.testing.markets import MINUTE, START, XYZ

BOOK_MARKET = ReplayMarket(path="live", kind=DataKind.DEPTH, instrument=XYZ)
STEP = MINUTE // 600
LEVELS = 200
"""Levels on each side of a book."""
LOOKS = 100
"""Messages from one look at a book to the next."""


class Looking(Resting):
    """The same, and looks at the book by a timer."""

    def on_start(self) -> None:
        super().on_start()
        self.set_timer("look", every=LOOKS * STEP)

    def on_timer(self, name: str) -> None:
        if name != "look":
            super().on_timer(name)
            return
        self.spread = self.book("XYZ", 5).asks[0].px - self.book("XYZ", 5).bids[0].px


STRATEGIES["Looking"] = Looking


async def on_one_book(counts: list[int], messages: int, rounds: int, place: Path) -> None:
    """Measure and print what a message of a book costs."""
    for strategy in (Resting, Looking):
        loaded: dict[int, Asleep] = {}
        for count in counts:
            rows, first = book(messages * (rounds + 1) + 10), 2 * LEVELS + 20
            name = f"book-{strategy.__name__}-{count}"
            setting = Setting(place / name, rows, BOOK_MARKET)
            loaded[count] = Asleep(setting, messages, first=first, rows=2)
            before = memory()
            await loaded[count].load(count, strategy)
            await loaded[count].tick()
            each = (memory() - before) / count / 1024
            print(f"  {count:,} x {strategy.__name__}: {each:,.0f} KB of memory each")
        taken: dict[int, list[Spent]] = {count: [] for count in counts}
        for _ in range(rounds):
            for count in counts:
                taken[count].append(await loaded[count].tick())
        print(f"\non one book, {strategy.__name__}, {messages:,} messages, {rounds} rounds")
        print(
            f"{'sessions':>10}{'µs a message':>14}{'cpu':>8}{'each, cpu':>11}  ratio to fewest, cpu"
        )
        base = taken[counts[0]]
        for count, runs in taken.items():
            wall, cpu = (statistics.median(spent[n] for spent in runs) * 1e6 for n in (0, 1))
            ratios = [spent.cpu / one.cpu for spent, one in zip(runs, base, strict=True)]
            print(f"{count:10,}{wall:14.1f}{cpu:8.1f}{cpu / count:11.2f}  {spread(ratios)}")
        for asleep in loaded.values():
            await asleep.rest()
        print(f"one of {counts[-1]:,} alone: {await loaded[counts[-1]].one_verifies()}")
        for asleep in loaded.values():
            await asleep.setting.close()


def book(messages: int) -> DepthSlice:
    """A snapshot, then messages of two levels of which none is the best."""
    rng = np.random.default_rng(5)
    away = np.tile(np.arange(1, LEVELS + 1), 2)
    sides = np.repeat([1, -1], LEVELS)
    more = rng.choice([1, -1], 2 * messages)
    side = np.concatenate([sides, more])
    px = 10_000 - side * np.concatenate([away, rng.integers(2, LEVELS, 2 * messages)])
    size = rng.integers(1, 500, len(side))
    numbers = np.concatenate([np.ones(2 * LEVELS), 2 + np.arange(2 * messages) // 2])
    flags = np.where(np.arange(len(side)) < 2 * LEVELS, SNAPSHOT, 0)
    flags[2 * LEVELS - 1 :: 2] |= LAST
    ts = START + numbers * STEP
    none = np.full(len(side), -1)
    columns = (ts, side, px, size, flags, numbers, numbers, none)
    found = DepthSlice(XYZ, 0, *(column.astype(np.int64) for column in columns))
    found.check()
    return found


def memory() -> int:
    """Bytes of this process that are resident, where the system tells."""
    pages = Path("/proc/self/statm")
    return int(pages.read_text().split()[1]) * resource.getpagesize() if pages.exists() else 0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sessions", type=numbers, default=[1, 1_000])
    parser.add_argument("--messages", type=int, default=1_000)
    options = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        asyncio.run(on_one_book(options.sessions, options.messages, options.rounds, place))


if __name__ == "__main__":
    main()
