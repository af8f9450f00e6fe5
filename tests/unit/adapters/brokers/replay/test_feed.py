"""Feeds: pieces, jumps, threads and closing."""

from __future__ import annotations

import asyncio
import gc
import gzip
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest
from tests.recordings import (
    HEADER,
    quotes,
)

from offbook.adapters.brokers.replay.gateway import ReplayGateway
from offbook.domain.config import BadRows, ReplayMarket
from offbook.domain.errors import BadMarketData, GatewayUnavailable

ROWS = 300_000


@pytest.fixture(scope="module")
def long_markets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ReplayMarket]:
    """The same rows in each format, longer than two pieces; every thousandth row is crossed."""
    folder = tmp_path_factory.mktemp("long")
    lines = [HEADER]
    for row in range(ROWS):
        bid = "100.02" if row % 1000 == 999 else "100.00"
        lines.append(f"{1_704_205_800_000 + row},{bid},100.01,{row}.5,1")
    text = "\n".join([*lines, ""]).encode()
    (folder / "q.csv").write_bytes(text)
    (folder / "q.csv.gz").write_bytes(gzip.compress(text, compresslevel=1, mtime=0))
    _copy_to_parquet(folder / "q.csv", folder / "q.parquet")
    return {
        name: quotes(folder / name, bad_rows=BadRows.DROP)
        for name in ("q.csv", "q.csv.gz", "q.parquet")
    }


def _copy_to_parquet(source: Path, target: Path) -> None:
    import duckdb

    duckdb.connect(":memory:").execute(
        f"COPY (SELECT ts_init::BIGINT AS ts_init, bid::DECIMAL(18,2) AS bid, "
        f"ask::DECIMAL(18,2) AS ask, bid_size::DECIMAL(18,1) AS bid_size, 1 AS ask_size "
        f"FROM read_csv('{source}', all_varchar = true)) TO '{target}' (ROW_GROUP_SIZE 50000)"
    )


@pytest.mark.parametrize("name", ["q.csv", "q.csv.gz", "q.parquet"])
async def test_positions_hold_over_pieces_and_dropped_rows(
    long_markets: dict[str, ReplayMarket], name: str
) -> None:
    feed = await ReplayGateway().open(long_markets[name])
    kept = [row for row in range(ROWS) if row % 1000 != 999]
    # Far on, back, over the end of pieces, and past the end of the file.
    for start in (0, len(kept) - 1, 131_000, 5, 250_000, 131_072, 131_071, len(kept)):
        part = await feed.read(start, 7)
        found = [] if part is None else [int(size) // 10**5 for size in part.bid_qty]
        assert found == kept[start : start + len(found)]
        assert bool(found) is (start < len(kept))
    assert feed.dropped == {"crossed": ROWS // 1000}
    await feed.close()


@pytest.mark.parametrize("name", ["q.csv", "q.csv.gz", "q.parquet"])
async def test_a_jump_lands_on_its_row(long_markets: dict[str, ReplayMarket], name: str) -> None:
    config = msgspec.structs.replace(long_markets[name], bad_rows=BadRows.REFUSE)
    feed = await ReplayGateway().open(config)
    for row in (150_001, 299_900, 200, 140_001, 1):
        part = await feed.read(row, 50)
        assert part is not None
        assert part.start == row
        assert int(part.bid_qty[0]) == row * 10**5 + 50_000
    with pytest.raises(BadMarketData) as caught:
        await feed.read(999, 1)
    assert caught.value.fields["row"] == 1000
    await feed.close()


async def test_slices_of_any_size_join_to_the_same_rows(
    long_markets: dict[str, ReplayMarket],
) -> None:
    async def digest(limit: int) -> tuple[int, int]:
        feed, rows, total = await ReplayGateway().open(long_markets["q.parquet"]), 0, 0
        while (part := await feed.read(rows, limit)) is not None:
            rows += len(part)
            total += int(part.bid_qty.sum())
        await feed.close()
        return rows, total

    assert await digest(10_000) == await digest(1_000_000) == await digest(131_072)


async def new_workers(before: set[threading.Thread], *, ended: bool = False) -> int:
    """How many worker threads there are beyond ``before``, at once or when they had time to end."""
    workers = [
        thread
        for thread in threading.enumerate()
        if thread not in before and thread.name.startswith("offbook-replay")
    ]
    if ended:
        for thread in workers:
            await asyncio.to_thread(thread.join, 10)
    return sum(thread.is_alive() for thread in workers)


async def test_every_feed_has_one_thread_which_ends_on_close(
    long_markets: dict[str, ReplayMarket],
) -> None:
    before = set(threading.enumerate())
    feeds = [await ReplayGateway().open(long_markets["q.csv"]) for _ in range(3)]
    assert await new_workers(before) == 3
    await asyncio.gather(*(feed.read(200_000, 1) for feed in feeds))
    assert await new_workers(before) == 3
    await asyncio.gather(*(feed.close() for feed in feeds))
    assert await new_workers(before, ended=True) == 0


async def test_closing_ends_a_read_under_way(long_markets: dict[str, ReplayMarket]) -> None:
    feed = await ReplayGateway().open(long_markets["q.csv.gz"])
    reading = asyncio.create_task(feed.read(ROWS - 1000, 1))
    await asyncio.sleep(0)
    await feed.close()
    with pytest.raises(GatewayUnavailable, match="closed"):
        await reading


async def test_a_cancelled_open_leaves_nothing_behind(
    long_markets: dict[str, ReplayMarket], caplog: pytest.LogCaptureFixture
) -> None:
    before = set(threading.enumerate())
    opening = asyncio.create_task(ReplayGateway().open(long_markets["q.csv.gz"]))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert await new_workers(before, ended=True) == 0
    gc.collect()
    assert caplog.records == []


async def test_a_cancelled_read_can_be_made_again(long_markets: dict[str, ReplayMarket]) -> None:
    feed = await ReplayGateway().open(long_markets["q.csv.gz"])
    for row in (0, 200_000):
        reading = asyncio.create_task(feed.read(row, 1))
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    part = await feed.read(200_000, 1)
    assert part is not None
    assert part.start == 200_000
    await feed.close()


def test_importing_the_package_loads_no_database() -> None:
    code = (
        "import sys, offbook, offbook.adapters.brokers.replay.gateway;"
        "sys.exit('duckdb' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
