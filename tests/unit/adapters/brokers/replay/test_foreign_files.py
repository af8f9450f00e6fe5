"""Files as exchanges, vendors and other programs write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.recordings import NS, csv, daily, first_slice, parquet, quotes, trouble

from offbook.adapters.brokers.replay.gateway import ReplayGateway
from offbook.adapters.brokers.replay.times import iso
from offbook.domain.config import BadRows, OffHours, ReplayMarket
from offbook.domain.errors import BadMarketData, InvalidConfig
from offbook.domain.market_data import BarSlice, DataKind
from offbook.testing.contracts.gateway import rows_of
from offbook.testing.markets import BTCUSDT, MINUTE, XYZ

OHLC = "open,high,low,close,volume"


def minutes(path: Path, **options: object) -> ReplayMarket:
    base = ReplayMarket(path=str(path), kind=DataKind.BARS, instrument=BTCUSDT, timeframe_ns=MINUTE)
    return msgspec.structs.replace(base, **options)


# What it is, the kind of rows, the header, a row, and what is read of it.
FOREIGN: list[tuple[str, DataKind, str, str, tuple[int, ...]]] = [
    ("binance book ticker", DataKind.QUOTES,
     "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_time",
     "1,100.00,2.5,100.01,3,1704205800000,1704205800004", (NS, 10_000, 10_001, 250_000, 300_000)),
    ("tardis quotes", DataKind.QUOTES,
     "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount",
     "b,BTC,1704205799999999,1704205800000000,3,100.01,100.00,2.5",
     (NS, 10_000, 10_001, 250_000, 300_000)),
    ("alpaca quotes", DataKind.QUOTES, "t,ax,ap,as,bx,bp,bs,c,z",
     "2024-01-02T14:30:00.000000Z,V,100.01,3,V,100,2.5,R,A",
     (NS, 10_000, 10_001, 250_000, 300_000)),
    ("binance aggregated trades", DataKind.TRADES,
     "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker",
     "1,100.01,0.5,1,2,1704205800000,true", (NS, 10_001, 50_000, -1)),
    ("kaiko trades", DataKind.TRADES, "id,exchange,symbol,date,price,amount,sell",
     "1,bnce,btc-usd,1704205800000,100.01,0.5,false", (NS, 10_001, 50_000, 1)),
    ("binance klines", DataKind.BARS,
     "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
     "taker_buy_quote_volume,ignore",
     "1704205800000000,1,3,1,2,5,1704205859999999,9,1,2,3,0",
     (NS + MINUTE, NS, 100, 300, 100, 200, 500_000)),
    ("metatrader bars", DataKind.BARS, "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t"
     "<TICKVOL>\t<VOL>\t<SPREAD>",
     "2024.01.02\t14:30:00\t1\t3\t1\t2\t7\t5\t1", (NS + MINUTE, NS, 100, 300, 100, 200, 500_000)),
    ("stooq bars", DataKind.BARS,
     "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>",
     "BTC,1,20240102,143000,1,3,1,2,5,0", (NS + MINUTE, NS, 100, 300, 100, 200, 500_000)),
    ("a table of pandas", DataKind.BARS, "Unnamed: 0,Open,High,Low,Close,Volume",
     "2024-01-02 14:30:00+00:00,1,3,1,2,5", (NS + MINUTE, NS, 100, 300, 100, 200, 500_000)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "header", "row", "read"), [case[1:] for case in FOREIGN], ids=[c[0] for c in FOREIGN]
)
async def test_a_foreign_file_needs_no_mapping(
    tmp_path: Path, kind: DataKind, header: str, row: str, read: tuple[int, ...]
) -> None:
    timeframe = MINUTE if kind is DataKind.BARS else None
    path = csv(tmp_path / "f.csv", header, row)
    config = ReplayMarket(path=str(path), kind=kind, instrument=BTCUSDT, timeframe_ns=timeframe)
    assert rows_of(await first_slice(config))[0][: len(read)] == read


async def test_a_daily_file_of_yahoo_is_read_by_its_plain_prices(tmp_path: Path) -> None:
    path = csv(
        tmp_path / "y.csv", "Date,Open,High,Low,Close,Adj Close,Volume", "2024-01-02,1,3,1,2,9,5"
    )
    part = await first_slice(daily(path))
    assert isinstance(part, BarSlice)
    assert part.close_px.tolist() == [200]
    assert iso(int(part.ts[0])) == "2024-01-02T21:00:00Z"


KLINE = "1704205800000,1,3,1,2,5,1704205859999,9,1,2,3,0"


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    "told", [("binance-klines",), ("t", "o", "h", "l", "c", "v", *"123456")], ids=["known", "told"]
)
async def test_a_file_without_a_header_is_read_by_the_names_that_are_told(
    tmp_path: Path, told: tuple[str, ...], rows: int
) -> None:
    lines = [KLINE.replace("1704205800", str(1704205800 + 60 * n)) for n in range(rows)]
    config = minutes(csv(tmp_path / "k.csv", *lines), header=told)
    feed = await ReplayGateway().open(config)
    part = await feed.read(0, 9)
    assert part is not None
    assert [ts - NS for ts in part.ts.tolist()] == [MINUTE * (n + 1) for n in range(rows)]
    assert feed.extent is not None
    assert (feed.extent.rows, feed.extent.last_ts) == (rows, NS + MINUTE * rows)
    await feed.close()


async def test_a_missing_header_is_asked_for_by_the_names_that_would_fit(tmp_path: Path) -> None:
    error = await trouble(minutes(csv(tmp_path / "k.csv", KLINE)))
    assert "name the columns: --header binance-klines" in str(error)
    error = await trouble(minutes(csv(tmp_path / "k.csv", KLINE), header=("binance-trades",)))
    assert "has 12 columns, and header names 7: id, price" in str(error)
    headed = csv(tmp_path / "h.csv", f"time,{OHLC}", "1704205800,1,2,1,2,5")
    error = await trouble(minutes(headed, header=("t", *OHLC.split(","))))
    assert "has a header of its own" in str(error)


async def test_a_refused_row_of_a_file_without_a_header_is_counted_from_one(tmp_path: Path) -> None:
    path = csv(tmp_path / "k.csv", KLINE.replace(",3,1,2,", ",0,1,2,"))
    with pytest.raises(BadMarketData) as caught:
        await first_slice(minutes(path, header=("binance-klines",)))
    assert caught.value.fields["row"] == 1


async def test_local_times_are_those_of_the_zone_in_summer_and_winter(tmp_path: Path) -> None:
    lines = [
        "2024-01-02 09:30:00,1,2,1,2,5",
        "2024-01-02T14:31:00Z,1,2,1,2,5",
        "2024-07-03 09:30,1,2,1,2,5",
        "2024-07-03 15:30:00+02:00,1,2,1,2,5",
        "20240704 093000,1,2,1,2,5",
    ]
    config = minutes(
        csv(tmp_path / "b.csv", f"time,{OHLC}", *lines),
        timezone="America/New_York",
        bad_rows=BadRows.DROP,
    )
    part = await first_slice(config)
    assert isinstance(part, BarSlice)
    assert [iso(ts) for ts in part.ts_open.tolist()] == [
        "2024-01-02T14:30:00Z",
        "2024-01-02T14:31:00Z",
        "2024-07-03T13:30:00Z",
        "2024-07-04T13:30:00Z",
    ]


@pytest.mark.parametrize(
    ("zone", "time", "reason", "what"),
    [
        ("America/New_York", "2024-11-03 01:30:00", "ambiguous_time",
         "'2024-11-03T01:30:00' was twice on the clocks of America/New_York"),
        ("America/New_York", "2024-03-10 02:30", "bad_time",
         "'2024-03-10T02:30:00' never was on the clocks of America/New_York"),
        ("Australia/Lord_Howe", "2024-04-07 01:45:00", "ambiguous_time", "was twice"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("sql_type", ["VARCHAR", "TIMESTAMP"])
async def test_a_time_that_was_twice_or_never_is_refused_with_its_row(
    tmp_path: Path, zone: str, time: str, reason: str, what: str, sql_type: str
) -> None:
    columns: dict[str, list[Any]] = {"time": ["2024-01-02 00:00:00", time]}
    columns |= {name: ["1", "1"] for name in OHLC.split(",")}
    types = {"time": sql_type, **dict.fromkeys(OHLC.split(","), "BIGINT")}
    path = parquet(tmp_path / "b.parquet", columns, types)
    feed = await ReplayGateway().open(minutes(path, timezone=zone))
    assert await feed.read(0, 1) is not None
    with pytest.raises(BadMarketData) as caught:
        await feed.read(1, 1)
    assert (caught.value.fields["row"], caught.value.fields["reason"]) == (2, reason)
    assert what in str(caught.value)
    await feed.close()


async def test_a_local_date_names_a_trading_day(tmp_path: Path) -> None:
    lines = [f"{day},1,2,1,2,5" for day in ("2024-07-02", "2024-07-03 00:00:00", "20240705")]
    path = csv(tmp_path / "d.csv", f"date,{OHLC}", *lines)
    part = await first_slice(msgspec.structs.replace(daily(path), timezone="America/New_York"))
    assert [iso(ts) for ts in part.ts.tolist()] == [
        "2024-07-02T20:00:00Z",
        "2024-07-03T17:00:00Z",
        "2024-07-05T20:00:00Z",
    ]


async def test_an_unknown_zone_is_refused(tmp_path: Path) -> None:
    for zone in ("Mars/Olympus", "../etc", ""):
        path = csv(tmp_path / "b.csv", f"time,{OHLC}", "2024-01-02,1,2,1,2,5")
        error = await trouble(minutes(path, timezone=zone))
        assert isinstance(error, InvalidConfig)
        assert f"there is no time zone {zone!r}" in str(error)


@pytest.mark.parametrize("kind", [DataKind.QUOTES, DataKind.BARS])
async def test_rows_outside_the_hours_are_kept_refused_or_counted(
    tmp_path: Path, kind: DataKind
) -> None:
    times = ["2024-01-02T14:29:00Z", "2024-01-02T14:30:00Z", "2024-01-02T20:59:00Z",
             "2024-01-02T21:00:00Z", "2024-01-03T14:30:00Z"]  # fmt: skip
    header, row = ("ts_init,bid,ask,bid_size,ask_size", "1,2,1,2")
    if kind is DataKind.BARS:
        header, row = f"time,{OHLC}", "1,2,1,2,5"
    path = csv(tmp_path / "r.csv", header, *(f"{time},{row}" for time in times))
    stock = msgspec.structs.replace(XYZ, calendar="XNYS")
    timeframe = MINUTE if kind is DataKind.BARS else None
    config = quotes(path, kind=kind, instrument=stock, timeframe_ns=timeframe)
    assert len(await first_slice(config)) == 5
    feed = await ReplayGateway().open(msgspec.structs.replace(config, off_hours=OffHours.DROP))
    part = await feed.read(0, 9)
    assert part is not None
    assert len(part) == 3
    assert (feed.dropped, feed.extent) == ({"off_hours": 2}, None)
    await feed.close()
    with pytest.raises(BadMarketData, match="XNYS is closed at 2024-01-02T14:29:00Z") as caught:
        await first_slice(msgspec.structs.replace(config, off_hours=OffHours.REFUSE))
    assert caught.value.fields["reason"] == "off_hours"


async def test_a_daily_bar_of_a_holiday_can_be_left_out(tmp_path: Path) -> None:
    lines = [f"{day},1,2,1,2,5" for day in ("2024-07-03", "2024-07-04", "2024-07-05")]
    path = csv(tmp_path / "d.csv", f"date,{OHLC}", *lines)
    part = await first_slice(msgspec.structs.replace(daily(path), off_hours=OffHours.DROP))
    assert [iso(ts)[:10] for ts in part.ts.tolist()] == ["2024-07-03", "2024-07-05"]
    bad = csv(tmp_path / "e.csv", f"date,{OHLC}", "2024-07-03,0,2,1,2,5", *lines[1:])
    with pytest.raises(BadMarketData, match="row 1, column open: the price 0 is not positive"):
        await first_slice(msgspec.structs.replace(daily(bad), off_hours=OffHours.DROP))


@pytest.mark.parametrize("first", ["", "Unnamed: 0", "index"])
async def test_the_index_of_a_table_that_pandas_wrote_is_its_time(
    tmp_path: Path, first: str
) -> None:
    """``frame.to_csv(file)`` leaves the name of the index blank."""
    line = "2024-01-02 14:30:00,1,2,1,2,5"
    part = await first_slice(minutes(csv(tmp_path / "b.csv", f"{first},{OHLC}", line)))
    assert isinstance(part, BarSlice)
    assert iso(int(part.ts_open[0])) == "2024-01-02T14:30:00Z"


@pytest.mark.parametrize(
    "text", ["20240102  14:30:00", "2024-01-02D14:30:00.000000000", "2024-01-02   14:30 UTC"]
)
async def test_what_may_stand_between_date_and_time_of_day(tmp_path: Path, text: str) -> None:
    """As Interactive Brokers and BitMEX write it."""
    part = await first_slice(minutes(csv(tmp_path / "b.csv", f"time,{OHLC}", f"{text},1,2,1,2,5")))
    assert isinstance(part, BarSlice)
    assert iso(int(part.ts_open[0])) == "2024-01-02T14:30:00Z"
