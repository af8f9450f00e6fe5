"""Durable orders a second through the manager: each caller is answered when its order is on disk.

    python benchmarks/bench_orders.py [--orders 20000] [--rounds 5] [--callers 64] [--where DIR]

A closed loop at saturation: every caller submits a limit order away from the market, waits until
it is durable (SQLite, ``synchronous=FULL``), and submits the next.  The sessions follow a live
market in real time.  Once all callers trade in one session, once each in a session of its own.

The reference is bare SQLite in the same store's directory: the journal's bytes of one order a row,
committed one by one, and in groups as large as there are callers.  *Nothing but promises* is what
pure Python cannot leave out: callers on an event loop that wait for futures, the three records of
each order encoded and chained, a thread that commits them with the session; no engine, no checks,
no answers, no snapshots.  All measures run in turn, each
in a fresh store; medians of the rounds, and their spread.  What is loaded before a measure stays
to the end and is kept from the collector of garbage (``gc.freeze``), as a program that runs for
long should do: else it looks at every module again and again.  Compare the ratios: the figures
depend on the disk and on who else uses the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
from rounds import machine, spread

from offbook.adapters.persistence.connections import open_writer
from offbook.adapters.persistence.sqlite_repository import SqliteRepository
from offbook.domain import chain, storing
from offbook.domain.commands import Start, order_command
from offbook.domain.config import AccountConfig, RiskConfig, SessionConfig
from offbook.domain.orders import OrderRequest, OrderSide, OrderStatus, OrderType
from offbook.domain.records import Record, encode_record
from offbook.engine.inputs import Advance, Attach, Take
from offbook.engine.processing_engine import ProcessingEngine
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.testing.markets import quotes_market
from offbook.testing.scripted_gateway import ScriptedGateway
from offbook.testing.sessions import new_session

WARM_UP = 5
"""Orders of each caller before the clock runs."""


class Taken(msgspec.Struct):
    """What one measure found: orders a second, how long each waited (seconds), and how much of a
    processor each took, all threads together (seconds)."""

    rate: float
    waits: list[float]
    work: float


Measure = Callable[[Path], Awaitable[Taken]]


def parsed() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=20_000, help="of each measure and round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--callers", type=int, default=64, help="who wait at one time")
    parser.add_argument("--where", type=Path, help="a directory on the disk to be measured")
    return parser.parse_args()


def bare(group: int, orders: int) -> Measure:
    """An order's journal bytes a row, so many rows a commit, and nothing around it."""

    async def measure(folder: Path) -> Taken:
        connection = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, records BLOB)")
        rows, waits = [(b"x" * RECORD_BYTES,)] * group, []
        begun, worked = time.perf_counter(), time.process_time()
        for _ in range(0, orders, group):
            before = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO bare (records) VALUES (?)", rows)
            connection.execute("COMMIT")
            waits += [time.perf_counter() - before] * group
        rate = len(waits) / (time.perf_counter() - begun)
        work = (time.process_time() - worked) / len(waits)
        connection.close()
        return Taken(rate, waits, work)

    return measure


RECORD_BYTES = 1_150
"""About what the journal holds of one resting order: its command, that it was sent, that it was
accepted."""


def only_promises(callers: int, orders: int) -> Measure:
    """Callers that wait, records that are encoded, chained and committed, and no engine."""

    async def measure(folder: Path) -> Taken:
        records = await a_resting_order()
        session = new_session()
        connection = open_writer(folder / "promises.sqlite3")
        connection.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, records BLOB, head BLOB)")
        connection.execute("CREATE TABLE session (id INTEGER PRIMARY KEY, document BLOB)")
        waiting: list[asyncio.Future[None]] = []
        rung, thread, waits = asyncio.Event(), ThreadPoolExecutor(1), []

        def commit(joined: bytes, head: bytes, document: bytes) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO bare (records, head) VALUES (?, ?)", (joined, head))
            connection.execute("INSERT OR REPLACE INTO session VALUES (1, ?)", (document,))
            connection.execute("COMMIT")

        async def pump() -> None:
            head, loop = chain.GENESIS, asyncio.get_running_loop()
            while True:
                await rung.wait()
                rung.clear()
                taken, waiting[:] = waiting[:], []
                raws = [encode_record(record) for _ in taken for record in records]
                head = chain.extend_all(head, raws)
                document = storing.encode_session(session)
                await loop.run_in_executor(thread, commit, b"\n".join(raws), head, document)
                for future in taken:
                    future.set_result(None)

        async def call() -> None:
            loop = asyncio.get_running_loop()
            for _ in range(max(orders // callers, 1)):
                before = time.perf_counter()
                waiting.append(loop.create_future())
                rung.set()
                await waiting[-1]
                waits.append(time.perf_counter() - before)

        pumping = asyncio.create_task(pump())
        begun, worked = time.perf_counter(), time.process_time()
        await asyncio.gather(*(call() for _ in range(callers)))
        rate = len(waits) / (time.perf_counter() - begun)
        work = (time.process_time() - worked) / len(waits)
        pumping.cancel()
        await asyncio.wait({pumping})
        thread.shutdown()
        connection.close()
        return Taken(rate, waits, work)

    return measure


async def a_resting_order() -> list[Record]:
    """The records of an order that comes, leaves and is accepted."""
    market = quotes_market([("100.00", "100.01")])
    rows = market.slices[0]
    config = SessionConfig(
        market=market.config, account=AccountConfig(currency="USDT", initial_cash="1000000000")
    )
    engine = ProcessingEngine(new_session(config=config))
    feed = await ScriptedGateway(market.slices).open(market.config)
    engine.process([Attach(market=feed.info, calendars=feed.calendars)])
    engine.process([Take(command=Start(command_id="start"), ts=int(rows.ts[0]))])
    engine.process([rows])
    command = order_command("c", limit(0, 0))
    return [
        *engine.process([Take(command=command, ts=engine.now + 1)]),
        *engine.process([Advance(ts=engine.now + 1_000_000_000)]),
    ]


def limit(number: int, at: int) -> OrderRequest:
    """A buy that rests, each caller's at other prices."""
    return OrderRequest(
        symbol="BTCUSDT",
        side=OrderSide.BUY,
        order_type=OrderType.LIMIT,
        order_qty="0.01",
        price=f"{50 + (number * 7 + at) % 4000 / 100:.2f}",
    )


def through_manager(sessions: int, callers: int, orders: int, *, named: bool = False) -> Measure:
    """Callers that submit and wait, spread over so many sessions; ``named``: with command ids."""

    async def measure(folder: Path) -> Taken:
        market = quotes_market([("100.00", "100.01")])
        gateway = ScriptedGateway(market.slices, known_extent=False, clock_stops=False)
        gateway.block_at(1)
        config = SessionConfig(
            market=market.config,
            account=AccountConfig(currency="USDT", initial_cash="1000000000"),
            risk=RiskConfig(max_open_orders=None),
            speed="1",
        )
        repository = SqliteRepository.open(folder / "store")
        waits: list[float] = []
        async with PaperTradingSessionManager(gateway, ProcessingEngine, repository) as manager:
            ids = [(await manager.start_session(config)).id for _ in range(sessions)]

            async def call(number: int, count: int, kept: list[float]) -> None:
                session_id = ids[number % sessions]
                for at in range(count):
                    name = f"{number}-{id(kept)}-{at}" if named else None
                    order = limit(number, at)
                    before = time.perf_counter()
                    view = await manager.submit_order(session_id, order, command_id=name)
                    kept.append(time.perf_counter() - before)
                    assert view.order_status is not OrderStatus.DENIED, view

            async def all_call(count: int, kept: list[float]) -> None:
                await asyncio.gather(*(call(number, count, kept) for number in range(callers)))

            await all_call(WARM_UP, [])
            begun, worked = time.perf_counter(), time.process_time()
            await all_call(max(orders // callers, 1), waits)
            rate = len(waits) / (time.perf_counter() - begun)
            work = (time.process_time() - worked) / len(waits)
        await repository.close()
        return Taken(rate, waits, work)

    return measure


def main() -> None:
    """Measure, and print a table."""
    asked = parsed()
    callers, orders = asked.callers, asked.orders
    reference = f"bare SQLite, commits of {callers}"
    measures = {
        "bare SQLite, one by one": bare(1, min(orders, 3000)),
        reference: bare(callers, orders),
        "nothing but promises": only_promises(callers, orders),
        f"manager, {callers} callers, 1 session": through_manager(1, callers, orders),
        f"manager, {callers} callers, {callers} sessions": through_manager(
            callers, callers, orders
        ),
        "the same with command ids": through_manager(callers, callers, orders, named=True),
    }
    found: dict[str, list[Taken]] = {name: [] for name in measures}
    for _ in range(asked.rounds):
        for name, measure in measures.items():
            with tempfile.TemporaryDirectory(dir=asked.where) as folder:
                found[name].append(asyncio.run(run(measure, Path(folder))))
    show(found, reference)


async def run(measure: Measure, folder: Path) -> Taken:
    """One measure, from the start of its event loop."""
    gc.collect()
    gc.freeze()
    return await measure(folder)


def show(found: dict[str, list[Taken]], reference: str) -> None:
    """The table."""
    print(f"{machine()}, SQLite", end=" ")
    print(f"{sqlite3.sqlite_version}, synchronous=FULL; median of the rounds (least to most)")
    print(f"{'':40}{'orders/s':>24}{'p50 ms':>9}{'p99 ms':>20}{'ratio':>22}{'CPU us':>9}")
    bases = [one.rate for one in found[reference]]
    for name, rounds in found.items():
        rates = [one.rate for one in rounds]
        middle = statistics.median(statistics.median(one.waits) for one in rounds)
        work = statistics.median(one.work for one in rounds)
        late = [sorted(one.waits)[int(len(one.waits) * 0.99)] for one in rounds]
        rate, p99 = spread(rates, 0), spread([wait * 1e3 for wait in late], 1)
        ratio = spread([one / base for one, base in zip(rates, bases, strict=True)], 3)
        print(f"{name:40}{rate:>24}{middle * 1e3:9.2f}{p99:>20}{ratio:>22}{work * 1e6:9.1f}")


if __name__ == "__main__":
    main()
