"""Reading a recording of quotes: exact, checked columns beside duckdb's own rows of the file.

    python benchmarks/bench_reader.py [ROWS]

Both read the whole file: the feed through its event loop in slices of 65,536 rows as a session
does, duckdb with one thread, its types guessed, the rows fetched as tuples of Python objects.
Opening, which digests the file, is timed apart.  The ratio is duckdb's time over the feed's, round
by round: above 1 the feed is faster.
"""

import asyncio
import gzip
import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import duckdb
from rounds import machine, spread

from offbook.adapters.brokers.replay.gateway import ReplayGateway
from offbook.domain.config import ReplayMarket
from offbook.domain.market_data import DataKind
from offbook.testing.markets import BTCUSDT, START

SLICE = 65_536
ROUNDS = 5


def quote_lines(rows: int) -> str:
    """Return CSV text of a random walk in cents, always the same."""
    chance, ts, bid = random.Random(1), START, 6_000_000
    lines = ["ts_init,bid,ask,bid_size,ask_size"]
    for _ in range(rows):
        ts += chance.randrange(1, 2_000_000)
        bid += chance.randrange(-50, 51)
        ask = bid + chance.randrange(1, 5)
        sizes = (chance.randrange(10**6) for _ in range(2))
        numbers = (f"{x // 100}.{x % 100:02d}" for x in (bid, ask))
        shown = (f"{x // 10**5}.{x % 10**5:05d}" for x in sizes)
        lines.append(",".join((str(ts), *numbers, *shown)))
    return "\n".join([*lines, ""])


def write_files(folder: Path, rows: int) -> list[Path]:
    """Write the same rows as CSV, packed CSV and Parquet."""
    text = quote_lines(rows).encode()
    plain, packed, parquet = (folder / f"q{end}" for end in (".csv", ".csv.gz", ".parquet"))
    plain.write_bytes(text)
    packed.write_bytes(gzip.compress(text, compresslevel=6, mtime=0))
    duckdb.connect().sql(
        "SELECT ts_init::BIGINT AS ts_init, bid::DECIMAL(18,2) AS bid, "
        "ask::DECIMAL(18,2) AS ask, bid_size::DECIMAL(18,5) AS bid_size, "
        "ask_size::DECIMAL(18,5) AS ask_size FROM read_csv(?, all_varchar = true)",
        params=[str(plain)],
    ).write_parquet(str(parquet), compression="zstd")
    return [packed, plain, parquet]


async def through_feed(path: Path) -> tuple[int, float, float]:
    """Return rows read, seconds to open, and seconds to read all."""
    config = ReplayMarket(path=str(path), kind=DataKind.QUOTES, instrument=BTCUSDT)
    began = time.perf_counter()
    feed = await ReplayGateway().open(config)
    opened = time.perf_counter()
    rows = 0
    while (part := await feed.read(rows, SLICE)) is not None:
        rows += len(part)
    ended = time.perf_counter()
    await feed.close()
    return rows, opened - began, ended - opened


def through_duckdb(path: Path) -> tuple[int, float]:
    """Return rows read, and seconds, by a plain query and fetchmany."""
    began = time.perf_counter()
    connection = duckdb.connect(":memory:", config={"threads": "1"})
    result = connection.execute(f"FROM '{path}'")
    rows = 0
    while batch := result.fetchmany(SLICE):
        rows += len(batch)
    connection.close()
    return rows, time.perf_counter() - began


def main() -> None:
    """Print rows per second and the ratio for each format."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        print(f"{rows:,} quotes, medians of {ROUNDS} rounds; {machine()}")
        print("format     open s   feed rows/s   duckdb rows/s   ratio (min-max)")
        for path in write_files(Path(folder), rows):
            openings, ours, references = [], [], []
            for _ in range(ROUNDS):
                read, opening, seconds = asyncio.run(through_feed(path))
                fetched, reference = through_duckdb(path)
                assert read == fetched == rows
                openings.append(opening)
                ours.append(seconds)
                references.append(reference)
            ratios = [other / mine for other, mine in zip(references, ours, strict=True)]
            print(
                f"{path.name[2:]:9} {median(openings):7.2f} {rows / median(ours):13,.0f} "
                f"{rows / median(references):15,.0f}   {spread(ratios)}"
            )


if __name__ == "__main__":
    main()
