"""Real recordings: the one that ships, and daily stock prices where a folder of them is at hand."""

from __future__ import annotations

import csv
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from offbook.adapters.brokers.replay.gateway import ReplayFeed, ReplayGateway
from offbook.adapters.brokers.replay.times import iso
from offbook.domain.calendars import DAY_NS
from offbook.domain.config import ReplayMarket
from offbook.domain.errors import BadMarketData
from offbook.domain.market_data import BarSlice, DataKind, QuoteSlice
from offbook.testing.markets import BTCUSDT, XYZ

DAILY = Path(__file__).parents[3] / "shared" / "data" / "open" / "wiki_pyalgotrade"
STOCK = msgspec.structs.replace(XYZ, calendar="XNYS", price_precision=4)
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
