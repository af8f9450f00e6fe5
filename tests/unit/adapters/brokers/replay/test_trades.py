"""Recordings of prints: their columns, and rows that cannot be true."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.recordings import NS, csv, first_slice, parquet, trouble

from offbook.adapters.brokers.replay.converting import convert_recording
from offbook.adapters.brokers.replay.faults import HINTS
from offbook.adapters.brokers.replay.gateway import ReplayGateway
from offbook.domain.config import BadRows, ReplayMarket
from offbook.domain.errors import BadMarketData, InvalidConfig
from offbook.domain.market_data import DataKind, TradeSlice
from offbook.domain.orders import Auction
from offbook.engine.rows.rows import each_trade, tick_at
from offbook.testing.markets import BTCUSDT

SECOND = 10**9


def trades(path: Path, **options: object) -> ReplayMarket:
    base = ReplayMarket(path=str(path), kind=DataKind.TRADES, instrument=BTCUSDT)
    return msgspec.structs.replace(base, **options)


async def read(path: Path, **options: object) -> TradeSlice:
    part = await first_slice(trades(path, **options))
    assert isinstance(part, TradeSlice)
    part.check()
    return part


async def test_prints_are_read_with_both_times(tmp_path: Path) -> None:
    path = csv(
        tmp_path / "t.csv",
        "symbol,timestamp,local_timestamp,id,side,price,amount",
        "BTCUSDT,1704205799,1704205800,1,buy,100.01,0.5",
        "BTCUSDT,1704205800,1704205801,2,sell,100,1e-5",
        "BTCUSDT,1704205800,1704205802,3,unknown,100.00,2",
    )
    part = await read(path)
    assert [ts - NS for ts in part.ts.tolist()] == [0, SECOND, 2 * SECOND]
    assert part.ts_event is not None
    assert [ts - NS for ts in part.ts_event.tolist()] == [-SECOND, 0, 0]
    assert part.price_px.tolist() == [10_001, 10_000, 10_000]
    assert part.size_qty.tolist() == [50_000, 1, 200_000]
    assert part.aggressor.tolist() == [1, -1, 0]


@pytest.mark.parametrize(
    ("column", "cells", "sides"),
    [
        ("side", "buy SELL Buy", [1, -1, 1]),
        ("Aggressor Side", "B s BUYER", [1, -1, 1]),
        ("taker_side", "1 -1 0", [1, -1, 0]),
        ("isBuyerMaker", "true False true", [-1, 1, -1]),
        ("m", "1 0 t", [-1, 1, -1]),
    ],
)
async def test_who_took_is_written_in_many_ways(
    tmp_path: Path, column: str, cells: str, sides: list[int]
) -> None:
    lines = [f"1704205800,100,1,{cell}" for cell in cells.split()]
    part = await read(csv(tmp_path / "t.csv", f"time,price,qty,{column}", *lines))
    assert part.aggressor.tolist() == sides


async def test_a_recording_need_not_say_who_took(tmp_path: Path) -> None:
    part = await read(csv(tmp_path / "t.csv", "time,price,qty", "1704205800,100,1"))
    assert part.aggressor.tolist() == [0]


async def test_official_prices_of_auctions_are_read_where_their_column_is_named(
    tmp_path: Path,
) -> None:
    lines = [f"1704205800,100,1,buy,{cell}" for cell in ("", "Open", "c", "REOPEN")]
    path = csv(tmp_path / "t.csv", "time,price,qty,side,auction", *lines)
    assert (await read(path)).aggressor.tolist() == [1] * 4
    part = await read(path, columns={"auction": "auction"})
    assert part.aggressor.tolist() == [1, 2, 3, 4]
    seen = [trade.auction for trade in each_trade(part)]
    assert seen == [None, Auction.OPENING, Auction.CLOSING, Auction.REOPENING]
    assert [tick_at(part, place) for place in range(4)] == list(each_trade(part))


async def test_a_word_that_names_no_auction_is_told(tmp_path: Path) -> None:
    path = csv(tmp_path / "t.csv", "time,price,qty,cross", "1704205800,100,1,noon")
    with pytest.raises(BadMarketData, match="'noon' does not say of which auction it is"):
        await read(path, columns={"auction": "cross"})


async def test_a_conversion_keeps_what_prints_are_of(tmp_path: Path) -> None:
    lines = [f"1704205800,100,1,{cell}" for cell in ("", "Open", "c", "REOPEN")]
    market = trades(
        csv(tmp_path / "t.csv", "time,price,qty,cross", *lines), columns={"auction": "cross"}
    )
    convert_recording(market, tmp_path / "u.parquet")
    part = await read(tmp_path / "u.parquet", columns={"auction": "auction"})
    assert part.aggressor.tolist() == [0, 2, 3, 4]


@pytest.mark.parametrize(
    ("sql_type", "values", "sides"),
    [
        ("BOOLEAN", ["true", "false", None], [-1, 1, 0]),
        ("INTEGER", ["1", "0", "1"], [-1, 1, -1]),
        ("VARCHAR", ["True", "no", ""], [-1, 1, 0]),
    ],
)
async def test_sides_of_parquet(
    tmp_path: Path, sql_type: str, values: list[str | None], sides: list[int]
) -> None:
    columns = {"time": ["1704205800"] * 3, "price": ["1"] * 3, "size": ["1"] * 3}
    types = {"time": "BIGINT", "price": "BIGINT", "size": "DOUBLE", "buyer_maker": sql_type}
    path = parquet(tmp_path / "t.parquet", {**columns, "buyer_maker": values}, types)
    assert (await read(path)).aggressor.tolist() == sides


async def test_a_side_of_a_type_that_says_nothing_is_refused(tmp_path: Path) -> None:
    columns = {name: ["1704205800"] for name in ("time", "price", "size", "side")}
    types = {"time": "BIGINT", "price": "BIGINT", "size": "BIGINT", "side": "DOUBLE"}
    error = await trouble(trades(parquet(tmp_path / "t.parquet", columns, types)))
    assert "column side is of type DOUBLE, expected BOOLEAN, whole numbers or text" in str(error)


BAD = [
    ("1704205801,0,1,buy", "price", "the price 0 is not positive", "not_positive"),
    ("1704205801,100,0,buy", "size", "the size 0 is not positive", "not_positive"),
    ("1704205801,100,-1,buy", "size", "the size -1 is not positive", "not_positive"),
    ("1704205801,100,1,long", "side",
     "'long' does not say who took: expected buy or sell (b, s, 1, -1)", "bad_side"),
    ("1704205799,100,1,buy", "time",
     "2024-01-02T14:29:59Z is before 2024-01-02T14:30:00Z, the time reached above",
     "out_of_order"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "column", "what", "reason"), BAD)
async def test_a_bad_print_is_refused_or_counted(
    tmp_path: Path, row: str, column: str, what: str, reason: str
) -> None:
    lines = ["1704205800,100,1,buy", row, "1704205802,100,1,sell"]
    path = csv(tmp_path / "t.csv", "time,price,size,side", *lines)
    feed = await ReplayGateway().open(trades(path))
    first = await feed.read(0, 9)
    assert first is not None
    assert len(first) == 1
    with pytest.raises(BadMarketData) as caught:
        await feed.read(1, 9)
    assert str(caught.value) == f"{path}, row 2, column {column}: {what}. {HINTS[reason]}"
    await feed.close()
    feed = await ReplayGateway().open(trades(path, bad_rows=BadRows.DROP))
    part = await feed.read(0, 9)
    assert part is not None
    assert [ts - NS for ts in part.ts.tolist()] == [0, 2 * SECOND]
    assert feed.dropped == {reason: 1}
    await feed.close()


async def test_two_columns_of_one_rank_are_asked_about(tmp_path: Path) -> None:
    path = csv(tmp_path / "t.csv", "time,price,qty,amount", "1704205800,100,1,100")
    error = await trouble(trades(path))
    assert isinstance(error, InvalidConfig)
    assert str(error) == (
        f"{path}: qty, amount could each be size. The file has: time, price, qty, amount. "
        'Name them in market.columns, our name first: {"size": "its name in the file"}'
    )
    part = await read(path, columns={"size": "qty"})
    assert part.size_qty.tolist() == [100_000]
