"""Real recordings: the one that ships, and daily stock prices where a folder of them is at hand."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
from bisect import bisect_right
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from threading import Event

import msgspec
import pytest

from offbook.adapters.brokers.replay.captures import write_capture
from offbook.adapters.brokers.replay.gateway import ReplayFeed, ReplayGateway, open_recording
from offbook.adapters.brokers.replay.numbers import units_from_text
from offbook.adapters.brokers.replay.times import iso
from offbook.bootstrap import make_gateway
from offbook.config.gathering import describe_data
from offbook.config.markets import MarketDescription
from offbook.config.recordings import look_into
from offbook.domain.calendars import DAY_NS
from offbook.domain.config import ReplayMarket
from offbook.domain.errors import BadMarketData
from offbook.domain.market_data import BarSlice, DataKind, DepthSlice, MergedSlice, QuoteSlice
from offbook.engine.books.depth_book import DepthBook
from offbook.engine.rows.rows import each_update
from offbook.testing.markets import BTCUSDT, XYZ

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
DAILY = SHARED / "open" / "wiki_pyalgotrade"
CAPTURES = SHARED / "hftbacktest"
OHLCV = ("Open", "High", "Low", "Close", "Volume")
STOCK = msgspec.structs.replace(XYZ, calendar="XNYS", price_precision=4)
needs_captures = pytest.mark.skipif(not CAPTURES.is_dir(), reason="no folder of captures here")
needs_daily = pytest.mark.skipif(not DAILY.is_dir(), reason="no folder of daily stock prices here")


def daily_files() -> list[Path]:
    return sorted(DAILY.rglob("WIKI-*.csv"))


def daily(path: Path) -> ReplayMarket:
    return ReplayMarket(
        path=str(path),
        kind=DataKind.BARS,
        instrument=STOCK,
        timeframe_ns=DAY_NS,
        columns={"ts_event": "Date", "open": "Open", "close": "Close"},
    )


async def whole(feed: ReplayFeed) -> BarSlice | QuoteSlice:
    part = await feed.read(0, 1_000_000)
    assert part is not None
    assert await feed.read(len(part), 1) is None
    part.check()
    return part


async def test_the_demo_recording_is_read_to_the_last_digit() -> None:
    path = Path(str(files("offbook"))) / "data" / "demo" / "btcusdt-quotes.csv.gz"
    config = ReplayMarket(path=str(path), kind=DataKind.QUOTES, instrument=BTCUSDT)
    feed = await ReplayGateway().open(config)
    part = await whole(feed)
    assert isinstance(part, QuoteSlice)
    assert feed.extent is not None
    assert (len(part), feed.extent.rows) == (73_174, 73_174)
    assert (feed.extent.first_ts, feed.extent.last_ts) == (int(part.ts[0]), int(part.ts[-1]))
    assert (int(part.ts[0]), int(part.bid_px[0]), int(part.ask_qty[0])) == (
        1723161254087891268,
        6_183_763,
        154_698,
    )
    await feed.close()


@needs_daily
async def test_prices_from_newest_to_oldest_are_refused_with_a_hint() -> None:
    feed = await ReplayGateway().open(daily(daily_files()[0]))
    await feed.read(0, 1)
    with pytest.raises(
        BadMarketData, match=r"row 2, column Date: .* Sort the file by time, oldest"
    ):
        await feed.read(1, 1)
    await feed.close()


@needs_daily
async def test_sorted_daily_prices_are_read_to_the_last_digit(tmp_path: Path) -> None:
    for path in daily_files():
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))[::-1]
        target = tmp_path / path.name
        with target.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        feed = await ReplayGateway().open(daily(target))
        part = await whole(feed)
        assert isinstance(part, BarSlice)
        assert feed.extent is not None
        assert len(part) == len(rows) == feed.extent.rows
        assert (feed.extent.first_ts, feed.extent.last_ts) == (int(part.ts[0]), int(part.ts[-1]))
        by_date = {row["Date"]: row for row in rows}
        for index, ts in enumerate(part.ts.tolist()):
            row = by_date[iso(ts)[:10]]
            assert STOCK.price_decimal(int(part.close_px[index])) == Decimal(row["Close"])
            assert int(part.volume_qty[index]) == Decimal(row["Volume"])
        assert iso(int(part.ts[0]))[11:] in {"20:00:00Z", "21:00:00Z"}
        await feed.close()


@needs_captures
@pytest.mark.parametrize("kind", ["quotes", "trades"])
def test_the_recordings_that_ship_are_made_of_the_captures_to_the_last_byte(
    kind: str, tmp_path: Path
) -> None:
    captures = sorted(map(str, CAPTURES.glob("spot_btcusdt_*.gz")))
    made = tmp_path / "made.csv.gz"
    script = ROOT / "scripts" / "make_demo_recording.py"
    subprocess.run(
        [sys.executable, str(script), kind, *captures, str(made)], check=True, capture_output=True
    )
    shipped = files("offbook") / "data" / "demo" / f"btcusdt-{kind}.csv.gz"
    assert made.read_bytes() == shipped.read_bytes()


@needs_daily
def test_daily_prices_of_quandl_need_no_mapping() -> None:
    """Their adjusted columns are told apart from what was paid, and are left alone."""
    for path in daily_files():
        found = look_into(str(path), MarketDescription()).inspection
        assert found.kind is DataKind.BARS
        assert found.columns == {"ts_event": "Date", **{n.lower(): n for n in OHLCV}}
        assert "Adj. Close" in found.unused
        assert found.bad["out_of_order"] > 0  # from newest to oldest


async def test_both_recordings_of_the_same_minutes_are_one_market() -> None:
    market = describe_data(["demo", "demo-trades"], MarketDescription())
    feed = await make_gateway().open(market)
    assert feed.extent is not None
    assert feed.extent.rows == 73_174 + 19_904
    row, sources, last = 0, [0, 0], 0
    while (part := await feed.read(row, 50_000)) is not None:
        assert isinstance(part, MergedSlice)
        part.check()
        assert int(part.ts[0]) >= last
        last = int(part.ts[-1])
        for source, rows in part.parts():
            sources[source] += len(rows)
        row += len(part)
    assert sources == [73_174, 19_904]
    await feed.close()


async def test_daily_bars_of_four_shares_come_day_by_day() -> None:
    market = describe_data(["demo-stocks"], MarketDescription())
    feed = await make_gateway().open(market)
    part = await feed.read(0, 8)
    assert isinstance(part, MergedSlice)
    assert part.which.tolist() == [0, 1, 2, 3] * 2
    assert [iso(ts) for ts in part.ts.tolist()[::4]] == [
        "2006-01-03T21:00:00Z",
        "2006-01-04T21:00:00Z",
    ]
    await feed.close()


BOOKS = [("usdm_btcusdt_20240808", (1, 3), 6546), ("spot_btcusdt_20240808", (2, 8), 3449)]


@needs_captures
@pytest.mark.parametrize(("name", "decimals", "messages"), BOOKS)
def test_the_book_of_a_capture_is_the_one_that_the_venue_says_it_is(
    tmp_path: Path, name: str, decimals: tuple[int, int], messages: int
) -> None:
    """After each message its best bid and ask, prices and sizes, are those of the last
    ``bookTicker`` up to the same update; nothing is missed, and the snapshot fits in."""
    capture = CAPTURES / f"{name}.gz"
    write_capture(capture, DataKind.DEPTH, tmp_path / "book.csv")
    instrument = msgspec.structs.replace(
        BTCUSDT,
        price_precision=decimals[0],
        qty_precision=decimals[1],
        tick_size="0.1",
        lot_size="0.001",
    )
    market = ReplayMarket(
        path=str(tmp_path / "book.csv"), kind=DataKind.DEPTH, instrument=instrument
    )
    told = tickers(capture, *decimals)
    numbers = [number for number, _ in told]
    opened, depth, agreed = open_recording(market, Event()), DepthBook(instrument), 0
    while (piece := opened.reader.next()) is not None:
        assert isinstance(piece, DepthSlice)
        for update in each_update(piece):
            if depth.take(update) and (top := depth.top()) is not None:
                place = bisect_right(numbers, depth.last_seq) - 1
                found = (top.bid_px, top.bid_qty, top.ask_px, top.ask_qty)
                assert place < 0 or found == told[place][1]
                agreed += place >= 0
    opened.reader.close()
    assert (agreed, depth.gaps) == (messages, 0)


def tickers(capture: Path, price: int, size: int) -> list[tuple[int, tuple[int, ...]]]:
    """Number, best bid with its size and best ask with its size, of each such message."""
    found = []
    with gzip.open(capture, "rt") as file:
        for line in file:
            if "@bookTicker" in line:
                data = json.loads(line.partition(" ")[2])["data"]
                cells = [
                    (data["b"], price),
                    (data["B"], size),
                    (data["a"], price),
                    (data["A"], size),
                ]
                units = tuple(units_from_text(text, precision) for text, precision in cells)
                found.append((data["u"], units))
    return found
