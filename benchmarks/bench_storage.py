"""How many saves a second a store takes, beside a bare SQLite that flushes every commit.

    python benchmarks/bench_storage.py [--seconds 3] [--callers 64] [--records 10]

Each measure runs in turn five times, so that a busy moment of the machine harms them alike; told
are medians. Compare the ratios: the figures depend on the disk.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from rounds import machine, spread

from offbook.adapters.persistence.sqlite_repository import SqliteRepository
from offbook.domain.storing import encode_session
from offbook.testing.sessions import new_session, record, step

ROUNDS = 5
Measure = Callable[[Path, float], Awaitable[float]]


def parsed() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measure, all rounds")
    parser.add_argument("--callers", type=int, default=64, help="sessions that save at one time")
    parser.add_argument("--records", type=int, default=10, help="records in each save")
    parser.add_argument("--where", type=Path, help="a directory on the disk to be measured")
    return parser.parse_args()


def bare(records: int) -> Measure:
    """The same bytes, one row and one flush a commit, and nothing around it."""

    async def measure(folder: Path, seconds: float) -> float:
        connection = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, session BLOB, batch BLOB)")
        session = encode_session(new_session())
        batch = b"\n".join(record(seq, "x" * 150) for seq in range(records))
        begun, saves = time.perf_counter(), 0
        while time.perf_counter() - begun < seconds:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO bare (session, batch) VALUES (?, ?)", (session, batch))
            connection.execute("COMMIT")
            saves += 1
        rate = saves / (time.perf_counter() - begun)
        connection.close()
        return rate

    return measure


def store(callers: int, records: int) -> Measure:
    """Sessions that each save, wait for the answer, and save again."""

    async def measure(folder: Path, seconds: float) -> float:
        repository = SqliteRepository.open(folder / "store")
        saves = 0

        async def run(number: int, until: float) -> None:
            nonlocal saves
            session = new_session(number)
            await repository.save(session, expected_version=0, epoch=0)
            epoch = await repository.acquire_lease(session.id, "benchmark")
            while time.perf_counter() < until:
                before = session.version
                session, batch = step(session, records, "x" * 150)
                await repository.save(session, batch, expected_version=before, epoch=epoch)
                saves += 1

        begun = time.perf_counter()
        await asyncio.gather(*(run(number, begun + seconds) for number in range(callers)))
        rate = saves / (time.perf_counter() - begun)
        await repository.close()
        return rate

    return measure


def in_turn(
    measures: dict[str, Measure], seconds: float, where: Path | None
) -> dict[str, list[float]]:
    """Saves a second of each, in each round."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(ROUNDS):
        for name, measure in measures.items():
            with tempfile.TemporaryDirectory(dir=where) as folder:
                rate = asyncio.run(_run(measure, Path(folder), seconds / ROUNDS))
            found[name].append(rate)
    return found


async def _run(measure: Measure, folder: Path, seconds: float) -> float:
    return await measure(folder, seconds)


def main() -> None:
    """Measure, and print a table."""
    asked = parsed()
    reference = "bare SQLite, one by one"
    measures = {
        reference: bare(asked.records),
        "store, 1 caller": store(1, asked.records),
        f"store, {asked.callers} callers": store(asked.callers, asked.records),
    }
    found = in_turn(measures, asked.seconds, asked.where)
    print(f"{ROUNDS} rounds; {machine()}")
    print(f"SQLite {sqlite3.sqlite_version}, {asked.records} records a save, durable when counted")
    print(f"{'':28}{'saves/s':>10}{'records/s':>12}   ratio (min-max)")
    for name, rates in found.items():
        rate = statistics.median(rates)
        ratio = spread([one / bare for one, bare in zip(rates, found[reference], strict=True)])
        print(f"{name:28}{rate:10,.0f}{rate * asked.records:12,.0f}   {ratio}")


if __name__ == "__main__":
    main()
