"""Events per second on a book that is told order by order, made from a seed.

    python benchmarks/bench_order_books.py [--rows 300000] [--rounds 3]

An event is a row: half of them new orders within ten ticks of the middle, which walks; the others
deletions, partial cancellations, and executions at the best price.  *book* makes the book alone;
*followed* is a session without orders; *quoting* has a resting order on each side, looked at every
100 ms and moved to the best price where that went away, at its exact place in the queue, 50 us each
way, every record made; *each row* is the same without passing over any; *on_depth* also shows every
message to the strategy.  All are engines fed from memory; each round runs all in turn.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from random import Random

import numpy as np
from bench_depth import BTCUSDT, LATENCY_NS, Quoting, Watching
from rounds import machine, spread

from offbook.domain import book_orders as a
from offbook.domain import config as c
from offbook.domain.book_orders import BookOrderSlice
from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR
from offbook.domain.commands import Start
from offbook.domain.depth import LAST, SNAPSHOT
from offbook.domain.market_data import DataKind, MarketInfo
from offbook.domain.records import OrderFilled
from offbook.engine.books.order_book import OrderBook
from offbook.engine.inputs import Attach, EndOfData, Take
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.sessions import new_session

START_NS = 1_704_205_800_000_000_000
STEP_NS = 500_000
BEGUN = 400
"""Orders in the book at any time, about."""


def rows_of(count: int) -> BookOrderSlice:
    """A snapshot, and so many rows after it."""
    rng, mid = Random(7), 500_000
    sides: dict[int, dict[int, list[tuple[int, int]]]] = {1: {}, -1: {}}
    rows: list[tuple[int, ...]] = []
    number = 0

    def add(ts: int, flags: int) -> None:
        nonlocal number
        number += 1
        side, qty = rng.choice((1, -1)), rng.randint(1, 900)
        px = mid - side * rng.randint(1, 10)
        sides[side].setdefault(px, []).append((number, qty))
        rows.append((ts, a.ADD, side, px, qty, number, flags, -1, -1))

    def change(ts: int) -> None:
        action = rng.choices((a.DELETE, a.CANCEL, a.EXECUTE), (75, 10, 15))[0]
        side = rng.choice((1, -1))
        prices = sorted(sides[side], reverse=side > 0)
        px = prices[0] if action == a.EXECUTE else rng.choice(prices)
        queue = sides[side][px]
        place = 0 if action == a.EXECUTE else rng.randrange(len(queue))
        order, qty = queue.pop(place)
        gone = qty if action == a.DELETE else rng.randint(1, qty)
        if gone < qty:
            queue.insert(place, (order, qty - gone))
        if not queue:
            del sides[side][px]
        rows.append((ts, action, side, px, gone, order, LAST, -1, -1))

    for place in range(BEGUN):
        add(START_NS, SNAPSHOT | (LAST if place == BEGUN - 1 else 0))
    for step in range(count):
        ts = START_NS + (step + 1) * STEP_NS
        if step % 2 or len(sides[1]) < 2 or len(sides[-1]) < 2:
            add(ts, LAST)
        else:
            change(ts)
        bid, ask = max(sides[1]), min(sides[-1])
        mid = (bid + ask) // 2 + rng.choice((0, 0, 1))
        mid = min(max(mid, bid + 1), ask + 9)
    return BookOrderSlice(BTCUSDT, 0, *np.array(rows, dtype=np.int64).T.copy())


def book(rows: BookOrderSlice) -> tuple[float, int]:
    """Seconds of the book alone."""
    made, began = OrderBook(BTCUSDT), time.perf_counter()
    for begin in range(0, len(rows), 16_384):
        end = min(begin + 16_384, len(rows))
        made.take_all(rows, begin, end, np.arange(begin, end))
    return time.perf_counter() - began, 0


def run(rows: BookOrderSlice, strategy: Strategy | None, *, each: bool) -> tuple[float, int]:
    """Seconds of an engine over all rows, and its fills."""
    market = c.ReplayMarket(path="made", kind=DataKind.ORDERS, instrument=BTCUSDT)
    delay = c.LatencyConfig(entry_ns=LATENCY_NS, response_ns=LATENCY_NS)
    config = c.SessionConfig(
        market=market,
        account=c.AccountConfig(
            currency="USDT", initial_cash="1000000", type=c.AccountType.MARGIN, leverage="5"
        ),
        venue=c.VenueConfig(latency=delay),
    )
    engine = ProcessingEngine(new_session(config=config), strategy)
    engine._kernel.every_row = each
    info = MarketInfo(
        sources=c.sources_of(market),
        instruments=(BTCUSDT,),
        data_identity="benchmark",
        calendar_identity="benchmark",
    )
    engine.process([Attach(market=info, calendars=(ALWAYS_OPEN_CALENDAR,))])
    engine.process([Take(command=Start(command_id="start"), ts=START_NS)])
    began, records = time.perf_counter(), []
    while engine.cursor.row < len(rows):
        place = engine.cursor.row
        records += engine.process([rows.rows(place, min(place + 16_384, len(rows)))])
    records += engine.process([EndOfData()])
    seconds = time.perf_counter() - began
    return seconds, sum(isinstance(record, OrderFilled) for record in records)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    rows = rows_of(options.rows)
    variants: dict[str, Callable[[], tuple[float, int]]] = {
        "book": lambda: book(rows),
        "followed": lambda: run(rows, None, each=False),
        "quoting": lambda: run(rows, Quoting(), each=False),
        "each row": lambda: run(rows, Quoting(), each=True),
        "on_depth": lambda: run(rows, Watching(), each=False),
    }
    taken: dict[str, list[tuple[float, int]]] = {name: [] for name in variants}
    for _ in range(options.rounds):
        for name, measure in variants.items():
            taken[name].append(measure())
    print(f"{len(rows):,} events, {options.rounds} rounds; {machine()}")
    print(f"{'':12}{'seconds':>9}{'events/s':>13}{'fills':>7}  of book (min-max)")
    alone = [seconds for seconds, _ in taken["book"]]
    for name, runs in taken.items():
        seconds = statistics.median(one for one, _ in runs)
        ratio = spread([one / own for (one, _), own in zip(runs, alone, strict=True)])
        print(f"{name:12}{seconds:9.3f}{len(rows) / seconds:13,.0f}{runs[0][1]:7}  {ratio}")


if __name__ == "__main__":
    main()
