"""Columns, times and bars: how they are found, and read exactly."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.recordings import (
    HEADER,
    NS,
    ROW,
    csv,
    daily,
    first_slice,
    parquet,
    quotes,
    trouble,
)

from offbook.adapters.brokers.replay.columns import names_of
from offbook.adapters.brokers.replay.names import ALIASES
from offbook.adapters.brokers.replay.times import iso, time_from_text
from offbook.domain.errors import BadMarketData, InvalidConfig
from offbook.domain.market_data import BarSlice, DataKind, QuoteSlice
from offbook.testing.markets import MINUTE


async def test_missing_columns_are_told_at_once(tmp_path: Path) -> None:
    path = csv(tmp_path / "quotes.csv", "when,bid,px,amount", "1,2,3,4")
    error = await trouble(quotes(path))
    assert isinstance(error, InvalidConfig)
    assert str(error) == (
        f"{path}: no column for ts_event (or ts_init), ask, bid_size, ask_size. The file has: "
        "when, bid, px, amount. Name them in market.columns, our name first: "
        '{"ts_event": "its name in the file"}'
    )


async def test_columns_are_found_by_mapping_and_by_other_names(tmp_path: Path) -> None:
    path = csv(tmp_path / "q.csv", "x,bidPrice,Best Ask,Bid-Size,offer_size", ROW)
    part = await first_slice(quotes(path, columns={"ts_event": "x"}))
    assert isinstance(part, QuoteSlice)
    assert part.ts.tolist() == [NS]
    assert part.ts_event is not None
    assert (part.bid_px.tolist(), part.ask_px.tolist()) == ([10_000], [10_001])


async def test_both_times_are_kept_and_receipt_is_session_time(tmp_path: Path) -> None:
    path = csv(
        tmp_path / "q.csv",
        "timestamp,local_timestamp,bid,ask,bid_size,ask_size",
        "1704205801,1704205802,1,2,3,4",
        "1704205800,1704205803,1,2,3,4",
    )
    part = await first_slice(quotes(path))
    assert isinstance(part, QuoteSlice)
    assert part.ts_event is not None
    assert [ts - NS for ts in part.ts.tolist()] == [2 * 10**9, 3 * 10**9]
    assert [ts - NS for ts in part.ts_event.tolist()] == [10**9, 0]


@pytest.mark.parametrize(
    ("header", "columns", "text"),
    [
        (HEADER, {"bid_qty": "bid_size"}, "market.columns: bid_qty is no column of quotes"),
        (HEADER, {"bid": "Bid"}, "no column for bid"),
        (HEADER, {"ts_event": "exchange"}, "no column for ts_event"),
        (HEADER + ",Bid", {}, "bid, Bid could each be bid"),
    ],
)
async def test_a_mapping_that_does_not_fit_is_refused(
    tmp_path: Path, header: str, columns: dict[str, str], text: str
) -> None:
    error = await trouble(quotes(csv(tmp_path / "q.csv", header, ROW), columns=columns))
    assert isinstance(error, InvalidConfig)
    assert text in str(error)


async def test_columns_of_a_type_that_cannot_be_exact_are_refused(tmp_path: Path) -> None:
    names = HEADER.split(",")
    columns = {name: ["1"] for name in names}
    for wrong, sql_type in (("ts_init", "DOUBLE"), ("bid", "BOOLEAN"), ("bid", "TIMESTAMP")):
        types = dict.fromkeys(names, "BIGINT") | {wrong: sql_type}
        values = columns | {wrong: ["2024-01-01" if sql_type == "TIMESTAMP" else "1"]}
        error = await trouble(quotes(parquet(tmp_path / "q.parquet", values, types)))
        assert isinstance(error, BadMarketData)
        assert f"column {wrong} is of type {sql_type}, expected" in str(error)


def test_no_other_name_leads_to_two_columns() -> None:
    for kind in DataKind:
        ranks = [rank for ours in names_of(kind) for rank in ALIASES[ours]]
        names = [alias for rank in ranks for alias in rank]
        assert len(names) == len(set(names))


TIMES = [
    ("1704205800", NS),
    ("1704205800000", NS),
    ("1704205800000001", NS + 1000),
    ("1704205800000000001", NS + 1),
    ("1704205800.000000001", NS + 1),
    ("1704205800123.5", NS + 123_500_000),
    ("2024-01-02T14:30:00Z", NS),
    ("2024-01-02 14:30:00", NS),
    ("2024-01-02 14:30", NS),
    ("2024-01-02T14:30:00.000000001Z", NS + 1),
    ("2024-01-02T09:30:00-05:00", NS),
    ("2024-01-02T09:30:00.123456789-0500", NS + 123_456_789),
    ("2024-01-02 20:00:00+05:30", NS),
    ("2024-01-02 15:30+01", NS),
    ("2024-01-02 14:30:00 UTC", NS),
    ("2024-01-02", NS - 52_200 * 10**9),
    ("02.01.2024 14:30:00.250", NS + 250_000_000),
    ("02.01.2024 09:30:00.000 GMT-0500", NS),
    ("02.01.2024", NS - 52_200 * 10**9),
    ("2024-01-02D14:30:00.000000001", NS + 1),
    ("2024.01.02D14:30:00", NS),
    ("20240102 143000250", NS + 250_000_000),
]


@pytest.mark.parametrize(("text", "ns"), TIMES)
async def test_a_time_is_read_alike_in_columns_and_alone(
    tmp_path: Path, text: str, ns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    assert time_from_text(text) == ns
    path = csv(tmp_path / "q.csv", HEADER, ROW.replace("1704205800", text))
    assert (await first_slice(quotes(path))).ts.tolist() == [ns]


@pytest.mark.parametrize(
    ("sql_type", "value", "ns"),
    [
        ("TIMESTAMP_S", "2024-01-02 14:30:00", NS),
        ("TIMESTAMP_MS", "2024-01-02 14:30:00.123", NS + 123_000_000),
        ("TIMESTAMP", "2024-01-02 14:30:00.123456", NS + 123_456_000),
        ("TIMESTAMP_NS", "2024-01-02 14:30:00.123456789", NS + 123_456_789),
        ("TIMESTAMPTZ", "2024-01-02 09:30:00-05", NS),
        ("TIMESTAMPTZ_NS", "2024-01-02 09:30:00.000000001-05", NS + 1),
        ("DATE", "2024-01-02", NS - 52_200 * 10**9),
        ("BIGINT", "1704205800000", NS),
        ("UBIGINT", "1704205800000000001", NS + 1),
        ("INTEGER", "1704205800", NS),
        ("VARCHAR", "2024-01-02T14:30:00Z", NS),
    ],
)
async def test_parquet_times_of_every_type(
    tmp_path: Path, sql_type: str, value: str, ns: int
) -> None:
    names = HEADER.split(",")
    columns = {name: ["1"] for name in names} | {"ts_init": [value]}
    types = dict.fromkeys(names, "BIGINT") | {"ts_init": sql_type}
    part = await first_slice(quotes(parquet(tmp_path / "q.parquet", columns, types)))
    assert part.ts.tolist() == [ns]


def test_a_time_for_people_can_be_read_back() -> None:
    for ns in (0, NS, NS + 1, NS + 120_000_000):
        assert time_from_text(iso(ns)) == ns


@pytest.mark.parametrize(("label", "ends"), [("open", NS + MINUTE), ("close", NS)])
async def test_a_bar_is_known_when_it_ends(tmp_path: Path, label: str, ends: int) -> None:
    path = csv(tmp_path / "b.csv", "time,open,high,low,close,volume", "1704205800,1,2,1,2,5")
    config = msgspec.structs.replace(daily(path, label, "24/7"), timeframe_ns=MINUTE)
    part = await first_slice(config)
    assert isinstance(part, BarSlice)
    assert (part.ts.tolist(), part.ts_open.tolist()) == ([ends], [ends - MINUTE])


@pytest.mark.parametrize(
    ("label", "time"),
    [
        ("open", "2024-07-03"),
        ("close", "2024-07-03"),
        ("open", "2024-07-03T04:00:00Z"),
        ("open", "2024-07-03T09:30:00-04:00"),
        ("close", "2024-07-03T17:00:00Z"),
        ("close", "2024-07-03T20:00:00Z"),
    ],
)
async def test_a_daily_bar_covers_its_trading_session(
    tmp_path: Path, label: str, time: str
) -> None:
    """The day before Independence Day New York closes at 13:00."""
    path = csv(tmp_path / "b.csv", "date,open,high,low,close,volume", f"{time},1,2,1,2,5")
    part = await first_slice(daily(path, label))
    assert isinstance(part, BarSlice)
    assert iso(int(part.ts_open[0])) == "2024-07-03T13:30:00Z"
    assert iso(int(part.ts[0])) == "2024-07-03T17:00:00Z"


async def test_a_daily_bar_of_no_trading_day_is_refused(tmp_path: Path) -> None:
    for date in ("2024-07-04", "2024-07-06", "2099-01-05", "1985-01-02"):
        path = csv(tmp_path / "b.csv", "date,open,high,low,close,volume", f"{date},1,2,1,2,5")
        with pytest.raises(BadMarketData) as caught:
            await first_slice(daily(path))
        assert caught.value.fields["reason"] == "no_trading_day"
        assert f"XNYS has no trading day at {date}T00:00:00Z" in str(caught.value)
