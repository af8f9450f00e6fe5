"""Several files as one recording, and recordings that are larger than the memory they may take."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tests.recordings import HEADER, NS, csv, quotes, trouble, write_gzip

from offbook.adapters.brokers.replay.gateway import ReplayFeed, ReplayGateway
from offbook.domain.config import BadRows, OffHours, ReplayMarket
from offbook.domain.errors import BadMarketData, InvalidConfig
from offbook.domain.market_data import DataKind
from offbook.testing.contracts.gateway import read_all
from offbook.testing.markets import MINUTE, XYZ, quotes_market

SECOND = 10**9


def part(path: Path, first: int, *bids: int, step: int = 1) -> Path:
    """A file of quotes, one a second from second ``first`` on."""
    lines = [f"{1704205800 + first + n * step},{bid},101,1,1" for n, bid in enumerate(bids)]
    return csv(path, HEADER, *lines)


async def opened(config: ReplayMarket) -> ReplayFeed:
    return await ReplayGateway().open(config)


async def bids(feed: ReplayFeed, limit: int = 2) -> list[int]:
    return [row[1] // 100 for row in await read_all(feed, limit)]


async def test_files_follow_one_another_in_the_order_of_their_times(tmp_path: Path) -> None:
    part(tmp_path / "a.csv", 20, 7, 8, 9)
    part(tmp_path / "b.csv", 0, 1, 2, 3)
    market = quotes_market([("4", "5"), ("5", "6"), ("6", "7")], start=NS + 10 * SECOND)
    write_gzip(market, tmp_path / "c.csv.gz")
    (tmp_path / "notes.txt").write_text("not a recording")
    for path in (tmp_path, tmp_path / "*.csv*"):
        feed = await opened(quotes(path))
        assert await bids(feed) == list(range(1, 10))
        assert feed.extent is not None
        assert (feed.extent.rows, feed.extent.last_ts) == (9, NS + 22 * SECOND)
        for row in (8, 0, 3, 2, 5, 6):
            piece = await feed.read(row, 2)
            assert piece is not None
            assert (piece.start, int(piece.bid_px[0])) == (row, 100 * (row + 1))  # type: ignore[union-attr] # they are quotes
        assert await feed.read(9, 1) is None
        await feed.close()


async def test_what_is_left_out_of_a_file_shifts_the_rows_of_the_next(tmp_path: Path) -> None:
    part(tmp_path / "a.csv", 0, 1, 0, 2, 3)
    part(tmp_path / "b.csv", 10, 0, 0)
    part(tmp_path / "c.csv", 20, 4, 0, 5)
    feed = await opened(quotes(tmp_path, bad_rows=BadRows.DROP))
    for row, bid in ((4, 5), (0, 1), (3, 4), (2, 3)):
        piece = await feed.read(row, 1)
        assert piece is not None
        assert int(piece.bid_px[0]) == 100 * bid  # type: ignore[union-attr] # they are quotes
    assert await bids(feed) == [1, 2, 3, 4, 5]
    assert (feed.extent, feed.dropped) == (None, {"not_positive": 4})
    await feed.close()


async def test_files_without_a_row_left_are_told_when_all_are_such(tmp_path: Path) -> None:
    for name in "ab":
        part(tmp_path / f"{name}.csv", 0, 0, 0)
    feed = await opened(quotes(tmp_path, bad_rows=BadRows.DROP))
    with pytest.raises(BadMarketData, match="has no rows: all were dropped"):
        await feed.read(0, 1)
    await feed.close()


async def test_a_bad_row_is_named_with_its_own_file(tmp_path: Path) -> None:
    part(tmp_path / "a.csv", 0, 1, 2)
    part(tmp_path / "b.csv", 10, 3, 0)
    feed = await opened(quotes(tmp_path))
    with pytest.raises(BadMarketData, match=r"b\.csv, row 2, column bid: the price 0"):
        await bids(feed)
    await feed.close()


async def test_overlapping_files_are_an_error_that_names_both(tmp_path: Path) -> None:
    one, other = part(tmp_path / "a.csv", 0, 1, 2, 3), part(tmp_path / "b.csv", 1, 4, 5)
    error = await trouble(quotes(tmp_path))
    assert isinstance(error, BadMarketData)
    assert str(error).startswith(
        f"{one} and {other} overlap: the first reaches 2024-01-02T14:30:02Z, the second begins at "
        "2024-01-02T14:30:01Z"
    )
    # Where lengths are not known beforehand, the place itself tells, as often as it is read.
    feed = await opened(quotes(tmp_path, bad_rows=BadRows.DROP))
    assert await feed.read(0, 3) is not None
    for _ in range(2):
        with pytest.raises(BadMarketData, match="overlap"):
            await feed.read(3, 1)
    assert await feed.read(2, 1) is not None
    await feed.close()


async def test_bars_that_reach_into_the_next_file_overlap(tmp_path: Path) -> None:
    header = "time,open,high,low,close,volume"
    csv(tmp_path / "a.csv", header, "1704205800,1,2,1,2,5")
    csv(tmp_path / "b.csv", header, "1704205830,1,2,1,2,5")
    config = quotes(tmp_path, kind=DataKind.BARS, timeframe_ns=MINUTE)
    feed = await opened(config)
    with pytest.raises(BadMarketData, match="overlap"):
        await read_all(feed, 10)
    await feed.close()


async def test_files_that_meet_at_one_moment_do_not_overlap(tmp_path: Path) -> None:
    part(tmp_path / "a.csv", 0, 1, 2)
    part(tmp_path / "b.csv", 1, 3, 4)
    feed = await opened(quotes(tmp_path))
    assert await bids(feed) == [1, 2, 3, 4]
    await feed.close()


async def test_files_of_other_columns_are_an_error_that_names_both(tmp_path: Path) -> None:
    one = part(tmp_path / "a.csv", 0, 1)
    other = csv(tmp_path / "b.csv", HEADER + ",x", "1704205900,1,2,1,1,0")
    error = await trouble(quotes(tmp_path))
    assert str(error).startswith(f"{one} and {other} have other columns: ts_init, bid,")


async def test_a_folder_or_pattern_without_recordings_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing here")
    for path in (tmp_path, tmp_path / "*.csv"):
        error = await trouble(quotes(path))
        assert isinstance(error, InvalidConfig)
        assert "there is no recording" in str(error)


async def test_the_identity_is_that_of_the_contents_in_their_order(tmp_path: Path) -> None:
    identities = []
    for folder, names in (("x", "ab"), ("y", "dc"), ("z", "ab")):
        (tmp_path / folder).mkdir()
        part(tmp_path / folder / f"{names[0]}.csv", 0, 1, 2)
        part(tmp_path / folder / f"{names[1]}.csv", 9, 3 if folder != "z" else 4)
        feed = await opened(quotes(tmp_path / folder))
        identities.append(feed.info.data_identity)
        await feed.close()
    assert identities[0] == identities[1] != identities[2]


async def test_a_file_of_closed_days_alone_is_passed_over(tmp_path: Path) -> None:
    day = 86_400
    part(tmp_path / "a.csv", 0, 1, 2)
    part(tmp_path / "b.csv", 4 * day, 3)  # a Saturday
    part(tmp_path / "c.csv", 6 * day, 4)
    stock = msgspec.structs.replace(XYZ, calendar="XNYS")
    feed = await opened(quotes(tmp_path, instrument=stock, off_hours=OffHours.DROP))
    assert await bids(feed) == [1, 2, 4]
    await feed.close()


READ_ALL = """
import asyncio, resource, sys
from offbook.adapters.brokers.replay.gateway import ReplayGateway
from offbook.adapters.brokers.routing import RoutingGateway
from offbook.domain.config import CombinedMarket, ReplayMarket
from offbook.domain.market_data import DataKind
from offbook.testing.markets import BTCUSDT

async def main():
    sources = [
        ReplayMarket(path=path, kind=DataKind(kind), instrument=BTCUSDT)
        for path, kind in zip(sys.argv[1::2], sys.argv[2::2])
    ]
    market = CombinedMarket(sources=tuple(sources))
    feed = await RoutingGateway({ReplayMarket: ReplayGateway()}).open(market)
    await feed.read(0, 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    row = 0
    while (part := await feed.read(row, 4096)) is not None:
        row += len(part)
    print(row, before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    await feed.close()

asyncio.run(main())
"""


def peak_of_reading(*sources: str) -> tuple[int, int]:
    """Rows read, and by how many MiB the peak grew after the first row, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", READ_ALL, *sources], check=True, capture_output=True, text=True
    )
    rows, before, peak = map(int, done.stdout.split())
    return rows, (peak - before) // 1024


def test_memory_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    """Quotes of 40 MB in several files, and with them 15 MB of prints."""
    lines = [f"{1704205800000000000 + n * 10**5},100.00,100.01,1.5,2.5" for n in range(250_000)]
    body = "\n".join(lines)
    for number in range(4):
        shifted = body.replace("17042058", f"170420{58 + number}") if number else body
        (tmp_path / f"q{number}.csv").write_text(f"{HEADER}\n{shifted}\n")
    prints = [f"{1704205800000000000 + n * 2 * 10**6},100.00,1,buy" for n in range(400_000)]
    trades = tmp_path / "trades.csv"
    trades.write_text("ts_init,price,size,side\n" + "\n".join(prints) + "\n")
    rows, grown = peak_of_reading(str(tmp_path / "q*.csv"), "quotes", str(trades), "trades")
    assert rows == 1_400_000
    # A bound with room: on the way pieces of 131,072 rows come and go, twice a source.
    assert grown < 48, f"{grown} MiB"
