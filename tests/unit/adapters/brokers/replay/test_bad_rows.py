"""Rows that cannot be true are refused with place and hint, or dropped and counted."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import pytest
from tests.recordings import parquet

from offbook.adapters.brokers.replay.faults import HINTS
from offbook.adapters.brokers.replay.gateway import ReplayFeed, ReplayGateway
from offbook.adapters.brokers.replay.inspecting import inspect_recording
from offbook.domain.config import BadRows, ReplayMarket
from offbook.domain.errors import BadMarketData
from offbook.domain.market_data import DataKind, MarketSlice
from offbook.testing.contracts.gateway import rows_of
from offbook.testing.markets import BTCUSDT, MINUTE

QUOTES_HEADER = "ts_init,bid,ask,bid_size,ask_size"
GOOD_QUOTE = "{second},100.00,100.01,1,1"
BARS_HEADER = "time,open,high,low,close,volume"
GOOD_BAR = "{second},10,12,9,11,5"
FIRST = 1_704_205_800
LEAVE = 'leave such rows out with --drop-bad-rows (bad_rows = "drop").'
MEND = f"Mend the file, or {LEAVE}"
SORT = (
    "Sort the file by time, oldest first (offbook data convert --newest-first turns one round); "
    "of a file of several instruments write one into a file (offbook data convert --only "
    f"COLUMN=TEXT), or {LEAVE}"
)

# The row of the file (the second of three), the column, what is said of it, and the reason.
COMMAS = (
    ": write the decimal point as a point, and leave out what parts the thousands "
    "(1234.5, not 1234,5 or 1,234.5), as offbook data convert --numbers 1,234.56 does"
)
QUOTES = [
    ("{t},0,100,1,1", "bid", "the price 0 is not positive", "not_positive"),
    ("{t},100,-1.5,1,1", "ask", "the price -1.5 is not positive", "not_positive"),
    ("{t},100.02,100.01,1,1", "bid",
     "the quote is crossed: bid 100.02 is above ask 100.01", "crossed"),
    ("{t},100,101,-0.5,1", "bid_size", "the size -0.5 is negative", "negative_size"),
    ("{t},100,101,1,-1e-5", "ask_size", "the size -0.00001 is negative", "negative_size"),
    ("{t},,101,1,1", "bid", "the cell is empty", "empty"),
    ("{t},100,  ,1,1", "ask", "the cell is empty", "empty"),
    (",100,101,1,1", "ts_init", "the cell is empty", "empty"),
    ("{t},nan,101,1,1", "bid", "'nan' is not a number", "not_a_number"),
    ("{t},100,inf,1,1", "ask", "'inf' is not a number", "not_a_number"),
    ("{t},1_000,2000,1,1", "bid", "'1_000' is not a number", "not_a_number"),
    ('{t},100,"1,001",1,1', "ask", f"'1,001' is not a number{COMMAS}", "not_a_number"),
    ('{t},"100,5",101,1,1', "bid", f"'100,5' is not a number{COMMAS}", "not_a_number"),
    ('{t},"1.100,5",2000,1,1', "bid", f"'1.100,5' is not a number{COMMAS}", "not_a_number"),
    ('{t},"a,b",2000,1,1', "bid", "'a,b' is not a number", "not_a_number"),
    ("{t},100.001,101,1,1", "bid", "'100.001' has more than 2 decimals", "too_many_decimals"),
    ("{t},100,101,1,0.000001", "ask_size",
     "'0.000001' has more than 5 decimals", "too_many_decimals"),
    ("{t},100,1e3000,1,1", "ask", "'1e3000' is not a number", "not_a_number"),
    ("{t},100,46116860184273879.04,1,1", "ask",
     "'46116860184273879.04' is too large for 2 decimals", "too_large"),
    ("yesterday,100,101,1,1", "ts_init", "'yesterday' is not a time", "bad_time"),
    ("20240230,100,101,1,1", "ts_init",
     "'20240230' is not a time (there is no such day or hour)", "bad_time"),
    ("2024010,100,101,1,1", "ts_init",
     "'2024010' is no time from 1990 to 2099 in s, ms, us or ns", "bad_time"),
    ("2024-02-30,100,101,1,1", "ts_init",
     "'2024-02-30' is not a time (there is no such day or hour)", "bad_time"),
    ("1969-12-31T23:59:59Z,100,101,1,1", "ts_init",
     "'1969-12-31T23:59:59Z' lies before 1970 or after 2115", "bad_time"),
    ("1704205799,100,101,1,1", "ts_init",
     "2024-01-02T14:29:59Z is before 2024-01-02T14:30:00Z, the time reached above",
     "out_of_order"),
    ("{t},100,101,1", "", "the line has fewer cells than the header", "ragged"),
    ("{t},100,101,1,1,1", "", "the line has more cells than the header", "ragged"),
    ("{t},100,101,1,1,", "", "the line has more cells than the header", "ragged"),
]  # fmt: skip
BARS = [
    ("{t},10,12,10.01,11,5", "low",
     "the bar is impossible: open 10, high 12, low 10.01, close 11", "impossible_bar"),
    ("{t},10,10.99,9,11,5", "high",
     "the bar is impossible: open 10, high 10.99, low 9, close 11", "impossible_bar"),
    ("{t},10,12,-9,11,5", "low", "the price -9 is not positive", "not_positive"),
    ("{t},10,12,9,0,5", "close", "the price 0 is not positive", "not_positive"),
    ("{t},10,12,9,11,-5", "volume", "the size -5 is negative", "negative_size"),
    ("1704205801,10,12,9,11,5", "time",
     "the bar begins at 2024-01-02T14:30:01Z, before the one above ends at "
     "2024-01-02T14:31:00Z", "overlap"),
    ("1704205800,10,12,9,11,5", "time",
     "the bar begins at 2024-01-02T14:30:00Z, before the one above ends at "
     "2024-01-02T14:31:00Z", "overlap"),
    ("1704205799,10,12,9,11,5", "time",
     "2024-01-02T14:30:59Z is before 2024-01-02T14:31:00Z, the time reached above",
     "out_of_order"),
]  # fmt: skip


def quotes(path: Path, bad_rows: BadRows = BadRows.REFUSE) -> ReplayMarket:
    return ReplayMarket(path=str(path), kind=DataKind.QUOTES, instrument=BTCUSDT, bad_rows=bad_rows)


def bars(path: Path, bad_rows: BadRows = BadRows.REFUSE) -> ReplayMarket:
    return ReplayMarket(
        path=str(path),
        kind=DataKind.BARS,
        instrument=BTCUSDT,
        timeframe_ns=MINUTE,
        bad_rows=bad_rows,
    )


DEPTH_HEADER = "ts_init,book_side,price,size,flags,last_seq"
GOOD_LEVEL = "{second},bid,100.00,1,2,7"
DEPTH = [
    ("{t},bid,0,1,2,8", "price",
     "the price 0 is no level's: levels have a price above 0, a row of no side has 0", "bad_level"),
    ("{t},none,100,0,2,8", "price",
     "the price 100 is no level's: levels have a price above 0, a row of no side has 0",
     "bad_level"),
    ("{t},none,0,1,2,8", "size", "a row of no side has a size", "bad_level"),
    ("{t},ask,100,-1,2,8", "size", "the size -1 is negative", "negative_size"),
    ("{t},ask,100,1,4,8", "flags", "4 are no flags", "bad_flags"),
    ("{t},ask,100,1,-1,8", "flags", "-1 are no flags", "bad_flags"),
    ("{t},ask,100,1,2,-2", "last_seq", "-2 is no sequence number", "bad_sequence"),
    ("{t},middle,100,1,2,8", "book_side",
     "'middle' does not say on which side of the book: expected bid, ask or none "
     "(b, a, n, 1, -1, 0)", "bad_side"),
    ("{t},ask,100,1,,8", "flags", "the cell is empty", "empty"),
]  # fmt: skip


def write(path: Path, header: str, good: str, row: str, step: int) -> Path:
    lines = [
        good.format(second=FIRST),
        row.format(t=FIRST + step),
        good.format(second=FIRST + 2 * step),
    ]
    path.write_text("\n".join([header, *lines, ""]))
    return path


async def opened(market: ReplayMarket) -> ReplayFeed:
    return await ReplayGateway().open(market)


async def everything(feed: ReplayFeed) -> list[MarketSlice]:
    parts, row = [], 0
    while (part := await feed.read(row, 1_000_000)) is not None:
        part.check()
        parts.append(part)
        row += len(part)
    return parts


async def refused(market: ReplayMarket, row: int = 1) -> BadMarketData:
    """The rows before are given; the read that meets the bad one raises, again and again."""
    feed = await opened(market)
    try:
        part = await feed.read(0, 100)
        assert part is not None
        assert len(part) == row
        for _ in range(2):
            with pytest.raises(BadMarketData) as caught:
                await feed.read(row, 100)
        assert await feed.read(0, 100) is not None
        return caught.value
    finally:
        await feed.close()


@pytest.mark.parametrize(("row", "column", "what", "reason"), QUOTES)
async def test_a_bad_quote_is_refused(
    tmp_path: Path, row: str, column: str, what: str, reason: str
) -> None:
    path = write(tmp_path / "quotes.csv", QUOTES_HEADER, GOOD_QUOTE, row, 1)
    error = await refused(quotes(path))
    place = f"{path}, row 2" + (f", column {column}" if column else "")
    assert str(error) == f"{place}: {what}. {HINTS[reason]}"
    assert (error.fields["file"], error.fields["row"]) == (str(path), 2)
    assert (error.fields["column"], error.fields["reason"]) == (column, reason)


@pytest.mark.parametrize(("row", "column", "what", "reason"), BARS)
async def test_a_bad_bar_is_refused(
    tmp_path: Path, row: str, column: str, what: str, reason: str
) -> None:
    path = write(tmp_path / "bars.csv", BARS_HEADER, GOOD_BAR, row, 60)
    error = await refused(bars(path))
    assert str(error) == f"{path}, row 2, column {column}: {what}. {HINTS[reason]}"


@pytest.mark.parametrize(("row", "column", "what", "reason"), DEPTH)
async def test_a_bad_level_of_a_book_is_refused(
    tmp_path: Path, row: str, column: str, what: str, reason: str
) -> None:
    path = write(tmp_path / "depth.csv", DEPTH_HEADER, GOOD_LEVEL, row, 1)
    error = await refused(msgspec.structs.replace(quotes(path), kind=DataKind.DEPTH))
    assert str(error) == f"{path}, row 2, column {column}: {what}. {HINTS[reason]}"


@pytest.mark.parametrize(("row", "reason"), [(case[0], case[3]) for case in QUOTES])
async def test_a_bad_quote_is_dropped_and_counted(tmp_path: Path, row: str, reason: str) -> None:
    path = write(tmp_path / "quotes.csv", QUOTES_HEADER, GOOD_QUOTE, row, 1)
    feed = await opened(quotes(path, BadRows.DROP))
    (part,) = await everything(feed)
    await everything(feed)  # a second reading counts nothing twice
    assert part.ts.tolist() == [FIRST * 10**9, (FIRST + 2) * 10**9]
    assert feed.dropped == {reason: 1}
    assert feed.extent is None
    await feed.close()


@pytest.mark.parametrize(("row", "reason"), [(case[0], case[3]) for case in BARS])
async def test_a_bad_bar_is_dropped_and_counted(tmp_path: Path, row: str, reason: str) -> None:
    path = write(tmp_path / "bars.csv", BARS_HEADER, GOOD_BAR, row, 60)
    feed = await opened(bars(path, BadRows.DROP))
    (part,) = await everything(feed)
    assert len(part) == 2
    assert feed.dropped == {reason: 1}
    await feed.close()


def test_every_reason_has_a_case_here() -> None:
    elsewhere = {"inexact_float", "no_trading_day", "ambiguous_time", "off_hours", "bad_bands"}
    elsewhere |= {"bad_order", "bad_order_flags"}
    assert {case[3] for case in [*QUOTES, *BARS, *DEPTH]} == HINTS.keys() - elsewhere


async def test_hints_say_what_to_do(tmp_path: Path) -> None:
    assert HINTS["crossed"] == MEND
    assert HINTS["out_of_order"] == SORT
    assert "Raise that precision of the instrument" in HINTS["too_many_decimals"]


async def test_a_locked_quote_and_zero_sizes_are_good(tmp_path: Path) -> None:
    path = write(tmp_path / "quotes.csv", QUOTES_HEADER, GOOD_QUOTE, "{t},100,100,0,0", 1)
    feed = await opened(quotes(path))
    (part,) = await everything(feed)
    assert rows_of(part)[1][1:] == (10_000, 10_000, 0, 0)
    await feed.close()


async def test_rows_at_one_moment_are_in_order(tmp_path: Path) -> None:
    path = write(tmp_path / "quotes.csv", QUOTES_HEADER, GOOD_QUOTE, "1704205800,1,2,3,4", 0)
    feed = await opened(quotes(path))
    assert [len(part) for part in await everything(feed)] == [3]
    await feed.close()


async def test_dropping_keeps_the_order_of_the_rows_that_stay(tmp_path: Path) -> None:
    seconds = [0, 5, 3, 4, 5, 1, 6]
    lines = [GOOD_QUOTE.format(second=FIRST + second) for second in seconds]
    path = tmp_path / "quotes.csv"
    path.write_text("\n".join([QUOTES_HEADER, *lines]))
    feed = await opened(quotes(path, BadRows.DROP))
    (part,) = await everything(feed)
    assert [(ts // 10**9) - FIRST for ts in part.ts.tolist()] == [0, 5, 5, 6]
    assert feed.dropped == {"out_of_order": 3}
    await feed.close()


async def test_dropping_overlapping_bars_keeps_each_that_fits(tmp_path: Path) -> None:
    seconds = [0, 30, 60, 90, 120]
    path = tmp_path / "bars.csv"
    lines = [GOOD_BAR.format(second=FIRST + second) for second in seconds]
    path.write_text("\n".join([BARS_HEADER, *lines]))
    feed = await opened(bars(path, BadRows.DROP))
    (part,) = await everything(feed)
    assert [(ts // 10**9) - FIRST for ts in part.ts.tolist()] == [60, 120, 180]
    assert feed.dropped == {"overlap": 2}
    await feed.close()


async def test_a_recording_of_bad_rows_alone_is_not_an_empty_market(tmp_path: Path) -> None:
    path = tmp_path / "quotes.csv"
    path.write_text(f"{QUOTES_HEADER}\n1704205800,2,1,1,1\n")
    feed = await opened(quotes(path, BadRows.DROP))
    with pytest.raises(BadMarketData, match=r"has no rows: all 1 were dropped \(1 crossed\)"):
        await feed.read(0, 1)
    await feed.close()


async def test_a_line_that_is_no_csv_is_told_by_row_and_never_dropped(tmp_path: Path) -> None:
    path = write(tmp_path / "quotes.csv", QUOTES_HEADER, GOOD_QUOTE, '{t},100,"101,1,1', 1)
    for bad_rows in BadRows:
        feed = await opened(quotes(path, bad_rows))
        with pytest.raises(BadMarketData, match="row 2: the line cannot be read as CSV") as caught:
            await everything(feed)
        assert caught.value.fields["row"] == 2
        await feed.close()


async def test_a_line_of_another_encoding_is_told_in_our_words(tmp_path: Path) -> None:
    path = tmp_path / "quotes.csv"
    path.write_bytes(f"{QUOTES_HEADER},name\n1704205800,1,2,1,1,Zürich\n".encode("latin-1"))
    feed = await opened(quotes(path))
    with pytest.raises(BadMarketData, match=r"row 1: .*: it is not UTF-8 text: write") as caught:
        await everything(feed)
    assert "Error" not in str(caught.value)
    await feed.close()


def test_a_packed_file_that_is_cut_off_is_called_damaged(tmp_path: Path) -> None:
    """Also where its beginning could be read."""
    rows = "".join(f"{1704205800 + n},{n + 1},{n + 2},{n},1\n" for n in range(5000))
    packed = gzip.compress(f"{QUOTES_HEADER}\n{rows}".encode())
    path = tmp_path / "quotes.csv.gz"
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(BadMarketData, match="is a damaged gzip file, cut off"):
        inspect_recording(str(path))


async def test_a_line_of_enormous_length_is_told_by_row(tmp_path: Path) -> None:
    row = "{t}," + "1" * 100_000 + ",101,1,1"
    path = write(tmp_path / "quotes.csv", QUOTES_HEADER, GOOD_QUOTE, row, 1)
    feed = await opened(quotes(path))
    with pytest.raises(BadMarketData, match="row 2: the line cannot be read as CSV"):
        await everything(feed)
    await feed.close()


async def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "quotes.csv", QUOTES_HEADER, GOOD_QUOTE, "\n{t},0,1,1,1", 1)
    assert (await refused(quotes(path))).fields["row"] == 2
    feed = await opened(quotes(path))
    assert feed.extent is None
    await feed.close()


@pytest.mark.parametrize(
    ("value", "sql_type", "what", "reason"),
    [
        ("100.005", "DOUBLE", "the double 100.005 is not a number of 2 decimals", "inexact_float"),
        ("nan", "DOUBLE", "nan is not a number", "not_a_number"),
        ("inf", "DOUBLE", "inf is not a number", "not_a_number"),
        ("1e300", "DOUBLE", "1e+300 is too large for 2 decimals", "too_large"),
        ("0.1", "FLOAT", "the double 0.10000000149011612 is not a number of 2 decimals",
         "inexact_float"),
        (None, "DOUBLE", "the cell is empty", "empty"),
        (None, "BIGINT", "the cell is empty", "empty"),
        ("9223372036854775807", "BIGINT",
         "'9223372036854775807' is too large for 2 decimals", "too_large"),
        ("100.005", "DECIMAL(9,3)", "'100.005' has more than 2 decimals", "too_many_decimals"),
        (None, "DECIMAL(9,2)", "the cell is empty", "empty"),
        ("12345678901234567890123456.7", "DECIMAL(30,1)",
         "'12345678901234567890123456.7' is too large for 2 decimals", "too_large"),
        ("100.005", "VARCHAR", "'100.005' has more than 2 decimals", "too_many_decimals"),
    ],
)  # fmt: skip
async def test_a_bad_cell_of_parquet_is_refused(
    tmp_path: Path, value: str | None, sql_type: str, what: str, reason: str
) -> None:
    names = QUOTES_HEADER.split(",")
    columns: dict[str, list[object]] = {name: ["1", "1", "1"] for name in names}
    columns["ts_init"] = [FIRST, FIRST, FIRST]
    columns["ask"] = ["100", value, "100"]
    types = dict.fromkeys(names, "DECIMAL(18,5)") | {"ts_init": "BIGINT", "ask": sql_type}
    path = parquet(tmp_path / "quotes.parquet", columns, types)
    error = await refused(quotes(path))
    assert error.fields["reason"] == reason
    assert str(error) == f"{path}, row 2, column ask: {what}. {HINTS[reason]}"


async def test_a_parquet_time_beyond_reach_is_refused(tmp_path: Path) -> None:
    names = QUOTES_HEADER.split(",")
    columns: dict[str, list[object]] = {name: ["1"] * 2 for name in names}
    types = dict.fromkeys(names, "DECIMAL(18,5)") | {"ts_init": "TIMESTAMP"}
    for late in ("9999-01-01 00:00:00", "2116-12-01 00:00:00", "infinity", None):
        columns["ts_init"] = ["2024-01-02 00:00:00", late]
        path = parquet(tmp_path / "quotes.parquet", columns, types)
        error = await refused(quotes(path))
        assert error.fields["reason"] == ("empty" if late is None else "bad_time")


def test_dropped_rows_are_part_of_the_configuration() -> None:
    market = quotes(Path("a.csv"))
    assert msgspec.structs.replace(market, bad_rows=BadRows.DROP) != market
