"""Files: what a recording may look like, its identity, and what is told if it is none."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import msgspec
import pytest
from tests.recordings import (
    HEADER,
    ROW,
    csv,
    daily,
    first_slice,
    parquet,
    quotes,
    trouble,
    write_gzip,
    write_parquet,
)

from offbook.adapters.brokers.replay.gateway import ReplayGateway
from offbook.domain.config import BadRows, OffHours, ReplayMarket
from offbook.domain.errors import BadMarketData, GatewayUnavailable, InvalidConfig
from offbook.domain.market_data import QuoteSlice
from offbook.testing.markets import BTCUSDT, MINUTE, quotes_market, write_csv


async def test_what_is_no_recording_is_told_by_kind(tmp_path: Path) -> None:
    plain, packed = HEADER.encode() + b"\n", gzip.compress(f"{HEADER}\n{ROW}\n".encode())
    cases = {
        "missing.csv": (None, InvalidConfig, "there is no file"),
        "quotes.txt": (plain, InvalidConfig, "expected a name ending in .csv, .csv.gz, .parquet"),
        "empty.csv": (b"", BadMarketData, "is empty (0 bytes)"),
        "header.csv": (plain, BadMarketData, "has a header and no rows"),
        "data.csv": (ROW.encode(), BadMarketData, "has no header"),
        "blank.csv": (b"\n\n", BadMarketData, "has no header"),
        "latin.csv": ("größe,bid\n".encode("latin-1"), BadMarketData, "is not UTF-8 text"),
        "plain.csv.gz": (plain, BadMarketData, "is not a gzip file"),
        "packed.csv": (packed, BadMarketData, "is a gzip file; name it .csv.gz"),
        "torn.csv.gz": (packed[:-9], BadMarketData, "is a damaged gzip file"),
        "crc.csv.gz": (packed[:-5] + b"\0" + packed[-4:], BadMarketData, "is a damaged gzip file"),
        "text.parquet": (plain, BadMarketData, "is not a Parquet file"),
        "torn.parquet": (b"PAR1" + b"\0" * 40, BadMarketData, "is a damaged Parquet file"),
        "twice.csv": (
            b"ts_init,bid,bid,ask,bid_size,ask_size\n1,1,1,2,1,1\n",
            InvalidConfig,
            "its header names bid 2 times",
        ),
        "parquet.csv": (b"PAR1" + b"\0" * 40, BadMarketData, "is a Parquet file"),
    }
    for name, (content, kind, text) in cases.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        error = await trouble(quotes(tmp_path / name))
        assert type(error) is kind, name
        assert text in str(error), name
        assert name in str(error)
    (tmp_path / "folder.csv").mkdir()
    assert "there is no recording" in str(await trouble(quotes(tmp_path / "folder.csv")))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
async def test_a_file_that_may_not_be_read_is_unavailable(tmp_path: Path) -> None:
    path = csv(tmp_path / "quotes.csv", HEADER, ROW)
    path.chmod(0)
    assert isinstance(await trouble(quotes(path)), GatewayUnavailable)


async def test_a_name_full_of_patterns_names_one_file(tmp_path: Path) -> None:
    csv(tmp_path / "q1.csv", HEADER, ROW.replace("100", "200"))
    for name in ("q[12]*?.csv", "q;'x.csv"):
        part = await first_slice(quotes(csv(tmp_path / name, HEADER, ROW)))
        assert isinstance(part, QuoteSlice)
        assert part.bid_px.tolist() == [10_000]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
async def test_csv_of_other_hands_is_read(tmp_path: Path, delimiter: str, end: str) -> None:
    path = tmp_path / "quotes.csv"
    lines = ["\ufeff" + HEADER.replace("bid,", '"bid",'), ROW.replace("100.00", '"100.00"'), ROW]
    path.write_bytes(end.join(line.replace(",", delimiter) for line in lines).encode())
    part = await first_slice(quotes(path))
    assert isinstance(part, QuoteSlice)
    assert part.bid_px.tolist() == [10_000, 10_000]


async def test_a_file_changed_while_it_is_read_is_not_mixed(tmp_path: Path) -> None:
    path = csv(tmp_path / "quotes.csv", HEADER, *[ROW] * 140_000)
    feed = await ReplayGateway().open(quotes(path))
    assert await feed.read(139_000, 1) is not None
    csv(path, HEADER, ROW, ROW.replace("100", "101"), ROW)
    with pytest.raises(GatewayUnavailable, match="was changed or replaced"):
        await feed.read(0, 1)
    await feed.close()


async def test_packed_members_one_after_another_are_one_file(tmp_path: Path) -> None:
    path = tmp_path / "quotes.csv.gz"
    members = [f"{HEADER}\n{ROW}\n", f"{ROW}\n{ROW}\n"]
    path.write_bytes(b"".join(gzip.compress(member.encode()) for member in members))
    assert len(await first_slice(quotes(path))) == 3


async def identity(config: ReplayMarket) -> str:
    feed = await ReplayGateway().open(config)
    await feed.close()
    return feed.info.data_identity


async def test_identity_is_that_of_bytes_and_reading_options(tmp_path: Path) -> None:
    one = quotes(csv(tmp_path / "one.csv", HEADER, ROW))
    other = quotes(csv(tmp_path / "other.csv", HEADER, ROW))
    same = await identity(one)
    assert await identity(other) == same
    assert await identity(msgspec.structs.replace(one, columns={"bid": "bid"})) == same
    finer = msgspec.structs.replace(BTCUSDT, price_precision=3)
    for change in (
        {"bad_rows": BadRows.DROP},
        {"off_hours": OffHours.DROP},
        {"timezone": "America/New_York"},
        {"columns": {"ask": "bid", "bid": "bid"}},
        {"instrument": finer},
    ):
        assert await identity(msgspec.structs.replace(one, **change)) != same
    assert await identity(quotes(csv(tmp_path / "one.csv", HEADER, ROW, ROW))) != same


async def test_the_identity_of_bars_knows_timeframe_label_and_sessions(tmp_path: Path) -> None:
    path = csv(
        tmp_path / "b.csv", "date,open,high,low,close,volume", "2024-07-03T17:00:00Z,1,2,1,2,5"
    )
    shorter = msgspec.structs.replace(daily(path), timeframe_ns=MINUTE)
    configs = [daily(path), daily(path, "close"), daily(path, "open", "24/7"), shorter]
    assert len({await identity(config) for config in configs}) == 4


async def test_parquet_with_a_bad_end_has_no_extent(tmp_path: Path) -> None:
    names = HEADER.split(",")
    columns = {name: ["1", "1"] for name in names} | {"ts_init": ["1704205800", "1"]}
    path = parquet(tmp_path / "q.parquet", columns, dict.fromkeys(names, "BIGINT"))
    feed = await ReplayGateway().open(quotes(path))
    assert feed.extent is None
    assert await feed.read(0, 5) is not None
    await feed.close()


async def test_all_formats_give_the_same_rows(tmp_path: Path) -> None:
    built = quotes_market([("61837.63", "61837.64", "3.78826", "0.00001")] * 3)
    configs = [
        write_csv(built, tmp_path / "q.csv"),
        write_gzip(built, tmp_path / "q.csv.gz"),
        write_parquet(built, tmp_path / "q.parquet"),
    ]
    parts = [await first_slice(config) for config in configs]
    assert len({tuple(part.ts.tolist()) for part in parts}) == 1
    assert {tuple(part.ask_qty.tolist()) for part in parts if isinstance(part, QuoteSlice)} == {
        (1, 1, 1)
    }
