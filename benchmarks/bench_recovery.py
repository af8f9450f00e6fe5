"""How long it takes to take sessions up again after a crash, with long tails to run again.

    python benchmarks/bench_recovery.py [--sessions 1000] [--events 1000] [--rounds 5] [--jobs N]

Each session has a journal of so many events since its last snapshot (there is none): orders from
outside that rest, trade or are canceled while quotes pass.  Taking it up verifies the chain of the
whole journal, runs its inputs again through the engine and compares every record byte by byte.

The journals are made by an engine and stored as a crash would leave them; making them is not
measured.  With ``--jobs 1`` all is done in one process; else in as many as there are cores, or as
are asked for, whose start is measured.  The reference is the least that a recovery could do, in the
same run: read every record out of the store and extend the hash chain over it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path

import msgspec
from recovery_market import gateway_of, market_of, serve_bench
from rounds import machine, spread

from offbook.adapters.persistence.sqlite_repository import SqliteRepository
from offbook.adapters.recovery.crew import RecoveryCrew
from offbook.domain import chain
from offbook.domain.commands import CancelOrder, Command, Start, SubmitOrder
from offbook.domain.config import AccountConfig, RiskConfig, SessionConfig
from offbook.domain.journal import JournalBatch
from offbook.domain.market_data import Cursor
from offbook.domain.orders import OrderRequest, OrderSide, OrderType
from offbook.domain.records import encode_record
from offbook.domain.session import PaperTradingSession, SessionStatus
from offbook.engine.inputs import Attach, Take
from offbook.engine.processing_engine import ProcessingEngine
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.testing.markets import BuiltMarket
from offbook.testing.sessions import new_session

BATCH = 50
"""Records of one stored batch."""

AT_A_ROW = 4
"""Commands between two quotes."""

KINDS = 8
"""Different journals; sessions have them in turn."""


class Tail(msgspec.Struct):
    """A journal and where its session stood at the crash."""

    config: SessionConfig
    records: list[bytes]
    cursor: Cursor


def parsed() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1_000)
    parser.add_argument("--events", type=int, default=1_000, help="of each session")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, help="processes (as many as cores)")
    parser.add_argument("--where", type=Path, help="a directory for the store")
    return parser.parse_args()


async def tail_of(market: BuiltMarket, seed: int, events: int) -> Tail:
    """Let an engine make so many records, or a few more."""
    config = SessionConfig(
        market=market.config,
        account=AccountConfig(currency="USDT", initial_cash="1000000000"),
        risk=RiskConfig(max_open_orders=None),
        seed=seed,
        speed="1",
    )
    engine = ProcessingEngine(new_session(config=config))
    feed = await gateway_of(market).open(market.config)
    made = engine.process([Attach(market=feed.info, calendars=feed.calendars)])
    rows = market.slices[0]
    made += engine.process([Take(command=Start(command_id="start"), ts=int(rows.ts[0]))])
    for row in range(market.rows):
        made += engine.process([rows.rows(row, row + 1)])
        for place in range(row * AT_A_ROW, (row + 1) * AT_A_ROW):
            if len(made) < events:
                made += engine.process([Take(command=command(place, seed), ts=engine.now + 1)])
    return Tail(config, [encode_record(record) for record in made], engine.cursor)


def command(place: int, seed: int) -> Command:
    """Two of three orders rest far away, some are canceled, the others trade as quotes pass."""
    if place % 7 == 6:
        return CancelOrder(command_id=f"c{place}", client_order_id=f"o{place - 2}")
    resting = place % 3
    order = OrderRequest(
        symbol="BTCUSDT",
        side=OrderSide.BUY,
        order_type=OrderType.LIMIT,
        order_qty=f"0.0{1 + (place + seed) % 9}",
        price=f"{90 + place % 5}.00" if resting else "100.05",
        client_order_id=f"o{place}",
    )
    return SubmitOrder(command_id=f"c{place}", order=order)


async def store(repository: SqliteRepository, number: int, tail: Tail) -> None:
    """Store a session as a crash leaves it."""
    session = new_session(number, config=tail.config)
    await repository.save(session, expected_version=0, epoch=0)
    head, first, version = chain.GENESIS, 1, 1
    while first <= len(tail.records):
        part = tuple(tail.records[first - 1 : first - 1 + BATCH])
        head = chain.extend_all(head, part)
        batch = JournalBatch(first_seq=first, records=part, head=head, cursor=tail.cursor)
        first, version = first + len(part), version + 1
        session = msgspec.structs.replace(
            session,
            version=version,
            status=SessionStatus.RUNNING,
            last_seq=batch.last_seq,
            chain_head=head.hex(),
            cursor=tail.cursor,
        )
        await repository.save(session, batch, expected_version=version - 1, epoch=0)


async def fill(folder: Path, asked: argparse.Namespace, market: BuiltMarket) -> int:
    """Fill a store; the number of events in it."""
    tails = [await tail_of(market, seed, asked.events) for seed in range(KINDS)]
    repository = SqliteRepository.open(folder)
    turns = asyncio.Semaphore(256)

    async def one(number: int) -> int:
        async with turns:
            tail = tails[number % KINDS]
            await store(repository, number, tail)
            return len(tail.records)

    total = sum(await asyncio.gather(*map(one, range(asked.sessions))))
    await repository.close()
    return total


async def recover(
    folder: Path, market: BuiltMarket, jobs: int | None = None
) -> tuple[float, float]:
    """Seconds to take all sessions of a store up, and those of all processors together."""
    repository = SqliteRepository.open(folder)
    crew = RecoveryCrew(serve_bench, (str(folder), market.rows), jobs)
    async with PaperTradingSessionManager(
        gateway_of(market), ProcessingEngine, repository, recovery_crew=crew
    ) as manager:
        begun, worked = time.perf_counter(), processor_time()
        report = await manager.recover_sessions()
        seconds, work = time.perf_counter() - begun, processor_time() - worked
        assert not report.failed, report.failed[:3]
    await repository.close()
    return seconds, work


def processor_time() -> float:
    """Seconds of processors that this process and those of its own that have ended took."""
    own = os.times()
    return own.user + own.system + own.children_user + own.children_system


async def read_and_hash(folder: Path) -> tuple[float, float]:
    """Seconds to read every journal and to extend its chain, as in ``recover``."""
    repository = SqliteRepository.open(folder)
    begun, worked = time.perf_counter(), time.process_time()
    for session in await repository.list():
        records = await repository.read_journal(session.id, 0, session.last_seq)
        check(session, chain.extend_all(chain.GENESIS, (record.raw for record in records)))
    seconds, work = time.perf_counter() - begun, time.process_time() - worked
    await repository.close()
    return seconds, work


def check(session: PaperTradingSession, head: bytes) -> None:
    """The chain must end as the session says."""
    assert head.hex() == session.chain_head, session.id


def main() -> None:
    """Measure, and print."""
    asked = parsed()
    market = market_of(asked.events // AT_A_ROW)
    reference, found = [], []
    events = 0
    for _ in range(asked.rounds):
        with tempfile.TemporaryDirectory(dir=asked.where) as folder:
            store_folder = Path(folder) / "store"
            events = asyncio.run(fill(store_folder, asked, market))
            reference.append(asyncio.run(read_and_hash(store_folder)))
            found.append(asyncio.run(recover(store_folder, market, asked.jobs)))
    print(f"{machine()}")
    print(f"{asked.sessions:,} sessions, {events:,} events; median of {asked.rounds}")
    for name, taken in (("read and hash", reference), ("recover", found)):
        times = [seconds for seconds, _ in taken]
        work = statistics.median(work for _, work in taken)
        told = f"{spread(times)} s, {events / statistics.median(times):,.0f} events/s"
        print(f"{name:16}{told}; {work:.2f} s of a processor")
    pairs = list(zip(found, reference, strict=True))
    for what, place in (("wall", 0), ("processor", 1)):
        ratios = [mine[place] / least[place] for mine, least in pairs]
        print(f"recover, times read and hash, by {what}: {spread(ratios, 1)}")


if __name__ == "__main__":
    main()
