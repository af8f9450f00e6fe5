"""Files that tell a book order by order: what becomes of them, and of what cannot be read."""

from __future__ import annotations

import gzip
from pathlib import Path
from threading import Event

import msgspec
import numpy as np
import pytest

from offbook.adapters.brokers.replay.gateway import open_recording
from offbook.adapters.brokers.replay.order_rows import NO_MESSAGE, begun_by
from offbook.adapters.brokers.replay.published_files import published_file, write_published
from offbook.config.markets import MarketDescription
from offbook.config.recordings import convert_data
from offbook.domain.config import ReplayMarket
from offbook.domain.errors import BadMarketData, InvalidInput, OffbookError
from offbook.domain.market_data import BookOrderSlice, DataKind
from offbook.engine.books.order_book import OrderBook
from offbook.testing.markets import XYZ

LOBSTER = """\
34200.004241176,1,16113575,18,5853300,1
34200.025551909,1,16113584,18,5853300,-1
34200.201743336,2,16113575,8,5853300,1
34200.201781422,4,16113584,5,5853300,-1
34200.3,5,0,100,5853250,1
34200.4,6,-1,300,5853200,1
34200.5,7,0,0,-1,-1
34200.6,3,16113575,10,5853300,1
34200.7,7,0,0,1,-1
"""
NAME = "AAPL_2012-06-21_34200000_57600000_message_10.csv"
HALF_PAST_NINE = 1340285400_000000000
"""09:30 in New York on 2012-06-21, in summer time."""

DATABENTO = """\
ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,price,size,channel_id,order_id,flags,ts_in_delta,sequence,symbol
1704205800000000000,1704205799990000000,160,1,7,R,N,,0,0,0,40,0,0,XYZ
1704205800000000000,1704205799990000000,160,1,7,A,B,100.000000000,5,0,1,40,0,752,XYZ
1704205800000000000,1704205799990000000,160,1,7,A,A,100.020000000,9,0,2,168,0,753,XYZ
1704205801000000000,1704205800990000000,160,1,7,T,A,100.000000000,4,0,0,0,0,800,XYZ
1704205801000000000,1704205800990000000,160,1,7,F,B,100.000000000,3,0,1,0,0,800,XYZ
1704205801000000000,1704205800990000000,160,1,7,C,B,100.000000000,3,0,1,128,0,800,XYZ
1704205802000000000,1704205801990000000,160,1,7,M,B,100.010000000,2,0,1,128,0,801,XYZ
1704205803000000000,1704205802990000000,160,1,7,C,B,100.010000000,1,0,1,132,0,802,XYZ
1704205804000000000,1704205803990000000,160,1,7,N,N,,0,0,0,128,0,803,XYZ
"""


def written(path: Path, kind: DataKind = DataKind.ORDERS, **told: str) -> list[str]:
    """The rows of the table that is made of a file."""
    file = published_file(path, **told)
    assert file is not None
    target = path.with_name("made.csv")
    count = write_published(file, kind, target)
    lines = target.read_text().splitlines()
    assert count == len(lines) - 1
    return lines


def test_lobster_by_its_name(tmp_path: Path) -> None:
    """Seconds after midnight in New York, prices in 1/10000 dollars; each row is a message.  A
    cross sums up what other rows have told, and would be counted twice."""
    path = tmp_path / NAME
    path.write_text(LOBSTER)
    assert written(path) == [
        "ts_event,action,book_side,price,size,order_id,flags",
        f"{HALF_PAST_NINE + 4_241_176},add,bid,585.3300,18,16113575,2",
        f"{HALF_PAST_NINE + 25_551_909},add,ask,585.3300,18,16113584,2",
        f"{HALF_PAST_NINE + 201_743_336},cancel,bid,585.3300,8,16113575,2",
        f"{HALF_PAST_NINE + 201_781_422},execute,ask,585.3300,5,16113584,2",
        f"{HALF_PAST_NINE + 300_000_000},hidden,bid,585.3250,100,0,2",
        f"{HALF_PAST_NINE + 600_000_000},delete,bid,585.3300,10,16113575,2",
    ]
    assert written(path, DataKind.STATUS) == [
        "ts_event,event",
        f"{HALF_PAST_NINE + 500_000_000},halt",
        f"{HALF_PAST_NINE + 700_000_000},resume",
    ]


def test_lobster_by_what_is_told(tmp_path: Path) -> None:
    """Packed, of another name, in another zone."""
    path = tmp_path / "messages.csv.gz"
    path.write_bytes(gzip.compress(LOBSTER.encode()))
    assert published_file(path) is None
    lines = written(path, layout="lobster", day="2012-06-21", timezone="UTC")
    assert lines[1].startswith(f"{HALF_PAST_NINE - 4 * 3600 * 10**9 + 4_241_176},")
    with pytest.raises(InvalidInput, match="--date"):
        published_file(path, layout="lobster")
    with pytest.raises(InvalidInput, match="2012-13-01"):
        published_file(path, layout="lobster", day="2012-13-01")
    with pytest.raises(InvalidInput, match="lobster, databento, tardis"):
        published_file(path, layout="itch")


def test_the_orderbook_file_tells_what_was_there_before(tmp_path: Path) -> None:
    """Its first row, without what the first message did; empty levels are none."""
    path = tmp_path / NAME
    path.write_text(LOBSTER)
    shown = "5859400,200,5853300,58,5859800,200,5853000,150,9999999999,0,-9999999999,0\n"
    beside = tmp_path / NAME.replace("message", "orderbook")
    beside.write_text(shown * 9)
    ts = HALF_PAST_NINE + 4_241_176
    assert written(path)[1:6] == [
        f"{ts},add,ask,585.9400,200,0,1",
        f"{ts},add,ask,585.9800,200,0,1",
        f"{ts},add,bid,585.3000,150,0,1",
        f"{ts},add,bid,585.3300,40,0,3",
        f"{ts},add,bid,585.3300,18,16113575,2",
    ]
    for wrong, what in ((shown * 8, "row 9: it is missing"), (f"{shown}a,b\n", "row 2: it holds")):
        beside.write_text(wrong)
        with pytest.raises(BadMarketData, match=f"orderbook_10.csv, {what}"):
            written(path)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("34200.7,1,5,18,5853300", "5 cells"),
        ("9:30,1,5,18,5853300,1", "9:30"),
        ("34200.7,8,5,18,5853300,1", "no type"),
        ("34200.7,1,5,18,5853300,0", "no direction"),
        ("34200.7,1,5,0,5853300,1", "above 0"),
        ("34200.7,1,0,18,5853300,1", "no number of an order"),
        ("34200.7,1,x,18,5853300,1", "'x' is no whole number"),
        ("34200.6,1,5,18,5853300,1", "34200.6 is before"),
    ],
)
def test_a_bad_message_is_told_with_its_row(tmp_path: Path, line: str, what: str) -> None:
    """Counted from 1."""
    path = tmp_path / NAME
    path.write_text(LOBSTER + line + "\n")
    with pytest.raises(BadMarketData, match=what) as caught:
        written(path)
    assert caught.value.fields["row"] == 10


def test_databento_by_its_header(tmp_path: Path) -> None:
    """A fill is an execution, its cancel is no other; what no fill tells of was hidden."""
    path = tmp_path / "mbo.csv"
    path.write_text(DATABENTO)
    at = [f"{1704205800000000000 + n * 10**9},{1704205799990000000 + n * 10**9}" for n in range(4)]
    assert written(path) == [
        "ts_init,ts_event,action,book_side,price,size,order_id,flags",
        f"{at[0]},add,bid,100.000000000,5,1,1",
        f"{at[0]},add,ask,100.020000000,9,2,3",
        f"{at[1]},execute,bid,100.000000000,3,1,0",
        f"{at[1]},hidden,bid,100.000000000,1,0,2",
        f"{at[2]},modify,bid,100.010000000,2,1,2",
        f"{at[3]},cancel,bid,100.010000000,1,1,6",
    ]


MBO = "ts_event,action,side,price,size,order_id,flags,sequence\n"


def told(path: Path, *rows: str) -> list[str]:
    """What is made of rows of one time: action, side, price, size, order and flags of each."""
    path.write_text(MBO + "".join(f"1704205800000000000,{row},1\n" for row in rows))
    return [line.split(",", 1)[1] for line in written(path)[1:]]


def test_databento_in_whole_nanos_and_with_little_else(tmp_path: Path) -> None:
    """Prices without a point are 10**-9; a clear is one."""
    assert told(
        tmp_path / "mbo.csv",
        "R,N,0,0,0,128",
        "A,B,100250000000,5,1,128",
        "F,B,100250000000,2,1,128",
        "F,B,100250000000,1,1,128",
        "C,B,100250000000,2,1,128",
        "C,B,100250000000,2,1,128",
    ) == [
        "clear,none,0,0,0,2",
        "add,bid,100.25,5,1,2",
        "execute,bid,100.25,2,1,2",
        "execute,bid,100.25,1,1,2",
        "cancel,bid,100.25,1,1,2",
    ]


def test_what_was_filled_is_not_traded_once_more(tmp_path: Path) -> None:
    """Nasdaq tells the executions of a cross as fills without a trade, at a price other than those
    of the orders, and then prints all of it: what no order of the book had was hidden."""
    assert told(
        tmp_path / "mbo.csv",
        "F,B,99.50,5,1,0",
        "C,B,100.00,5,1,128",
        "F,A,99.50,4,2,0",
        "C,A,99.40,4,2,128",
        "T,N,99.50,20,0,128",
        "T,N,99.50,20,0,128",
    ) == [
        "execute,bid,100.00,5,1,2",
        "execute,ask,99.40,4,2,2",
        "hidden,none,99.50,11,0,2",
        "hidden,none,99.50,20,0,2",
    ]


def test_a_trade_and_its_fill_are_one_whatever_their_prices(tmp_path: Path) -> None:
    """A trade is first of all that of the fills at its price."""
    assert told(
        tmp_path / "mbo.csv",
        "T,A,99.90,3,0,0",
        "F,B,100.00,3,1,0",
        "C,B,100.00,3,1,128",
        "T,A,99.90,4,0,0",
        "T,A,99.80,3,0,0",
        "F,B,99.80,3,2,0",
        "C,B,99.80,3,2,128",
    ) == [
        "execute,bid,100.00,3,1,2",
        "execute,bid,99.80,3,2,0",
        "hidden,bid,99.90,4,0,2",
    ]


def test_a_snapshot_ends_the_message_before_it_and_what_was_filled(tmp_path: Path) -> None:
    """Also where nothing else says that one ended."""
    assert told(
        tmp_path / "mbo.csv",
        "F,B,100.00,3,1,0",
        "R,N,0,0,0,40",
        "A,B,100.00,2,1,40",
        "A,A,100.02,2,2,168",
        "C,B,100.00,2,1,128",
    ) == [
        "execute,bid,100.00,3,1,2",
        "add,bid,100.00,2,1,1",
        "add,ask,100.02,2,2,3",
        "cancel,bid,100.00,2,1,2",
    ]


def test_rows_come_as_they_stand_where_the_time_of_receipt_is_said_to_be_wrong(
    tmp_path: Path,
) -> None:
    """Session time does not go back."""
    path = tmp_path / "mbo.csv"
    late = DATABENTO.replace("1704205802000000000,", "1704205800999999999,")
    path.write_text(late.replace(",2,0,1,128,0,801", ",2,0,1,136,0,801"))
    assert written(path)[5].startswith("1704205801000000000,1704205801990000000,modify")


def test_numbers_of_64_bits_are_told_apart_by_62(tmp_path: Path) -> None:
    """Eurex numbers orders by the nanosecond, which has 19 digits; others use all bits."""
    assert told(
        tmp_path / "mbo.csv",
        "A,B,100.00,3,1704205800000000000,128",
        "A,B,100.00,3,18446744073709551615,128",
    ) == [
        "add,bid,100.00,3,1704205800000000000,2",
        f"add,bid,100.00,3,{2**62 - 1},2",
    ]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (",M,B,", ",X,B,", "'X' is no action"),
        (",M,B,", ",M,S,", "'S' is no side"),
        (",M,B,", ",M,N,", "has a side"),
        ("100.010000000,2,", "-1,2,", "no price"),
        ("100.010000000,2,", "100.01,2.5,", "size '2.5'"),
        ("801,XYZ", "801,ABC", "file of its own"),
        ("801,XYZ", "801", "cells"),
        (",2,0,1,128,0,801", ",2,0,1,192,0,801", "is a level and no order"),
        ("1704205802000000000,", "1704205800999999999,", "before 1704205801000000000"),
    ],
)
def test_a_bad_row_of_databento_is_told(tmp_path: Path, old: str, new: str, what: str) -> None:
    """With its row, counted from 1 without the header."""
    path = tmp_path / "mbo.csv"
    path.write_text(DATABENTO.replace(old, new))
    with pytest.raises(BadMarketData, match=what) as caught:
        written(path)
    assert caught.value.fields["row"] == 7


@pytest.mark.parametrize("kind", [DataKind.QUOTES, DataKind.BARS])
def test_other_kinds_are_not_in_it(tmp_path: Path, kind: DataKind) -> None:
    """Nothing is made of them."""
    path = tmp_path / NAME
    path.write_text(LOBSTER)
    with pytest.raises(InvalidInput):
        written(path, kind)


@pytest.mark.parametrize(("name", "text"), [(NAME, LOBSTER), ("mbo.csv", DATABENTO)])
@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_what_is_converted_is_a_recording(
    tmp_path: Path, name: str, text: str, ending: str
) -> None:
    """It is read back, and a book can be made of it."""
    path, target = tmp_path / name, tmp_path / f"book{ending}"
    path.write_text(text)
    made, _ = convert_data(str(path), target, MarketDescription())
    assert made.kind is DataKind.ORDERS
    instrument = msgspec.structs.replace(XYZ, price_precision=4)
    market = ReplayMarket(path=str(target), kind=DataKind.ORDERS, instrument=instrument)
    opened = open_recording(market, Event())
    piece = opened.reader.next()
    assert isinstance(piece, BookOrderSlice)
    assert len(piece) == made.rows
    book = OrderBook(instrument)
    book.take_all(piece, 0, len(piece), np.arange(len(piece)))
    if name == "mbo.csv":
        assert dict(book.bids.walk()) == {1000100: 1}
        assert (book.unknown, book.gaps) == (0, 1)
    opened.reader.close()


ROWS = """\
ts_init,action,side,price,size,order_id,flags,seq
1704205800000000000,add,bid,100.00,5,1,1,10
1704205800000000000,add,ask,100.02,4,2,3,10
1704205801000000000,delete,bid,100.00,,1,2,11
1704205802000000000,clear,,,,,2,12
"""


def read(path: Path, text: str) -> BookOrderSlice:
    path.write_text(text)
    market = ReplayMarket(path=str(path), kind=DataKind.ORDERS, instrument=XYZ)
    opened = open_recording(market, Event())
    try:
        piece = opened.reader.next()
    finally:
        opened.reader.close()
    assert isinstance(piece, BookOrderSlice)
    piece.check()
    return piece


def test_a_recording_of_orders_is_read(tmp_path: Path) -> None:
    """What a row has no use for may be blank."""
    piece = read(tmp_path / "a.csv", ROWS)
    assert piece.action.tolist() == [1, 1, 4, 7]
    assert piece.side.tolist() == [1, -1, 1, 0]
    assert piece.order_id.tolist() == [1, 2, 1, 0]
    assert piece.flags.tolist() == [1, 3, 2, 2]
    assert piece.seq.tolist() == [10, 10, 11, 12]
    assert piece.prev_seq.tolist() == [-1] * 4


@pytest.mark.parametrize(
    ("old", "new"), [("4,2,3,10", "4,2,2,10"), ("5,1,1,10", "5,1,0,10"), ("5,1,1,10", "5,1,5,10")]
)
def test_the_rows_of_a_message_have_the_same_flags(tmp_path: Path, old: str, new: str) -> None:
    """Whatever is only said at its beginning would be passed over."""
    path = tmp_path / "a.csv"
    path.write_text(ROWS.replace(old, new))
    market = ReplayMarket(path=str(path), kind=DataKind.ORDERS, instrument=XYZ)
    reader = open_recording(market, Event()).reader
    first = reader.next()
    assert first is not None
    assert len(first) == 1
    with pytest.raises(OffbookError, match="a message that began with") as caught:
        reader.next()
    reader.close()
    assert (caught.value.fields["row"], caught.value.fields["reason"]) == (2, "bad_order_flags")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("add,bid,100.00,5,1", "add,,100.00,5,1", "of a bid or an ask"),
        ("add,bid,100.00,5,1", "add,bid,,5,1", "the price 0"),
        ("add,bid,100.00,5,1", "add,bid,100.00,0,1", "the size 0"),
        ("add,bid,100.00,5,1", "add,bid,100.00,5,-1", "no order"),
        ("add,bid,100.00,5,1", "A,bid,100.00,5,1", "offbook data convert"),
        ("add,bid,100.00,5,1,1", "add,bid,100.00,5,1,128", "no flags"),
    ],
)
def test_a_row_that_cannot_be_true_is_refused(
    tmp_path: Path, old: str, new: str, what: str
) -> None:
    """With its row and column."""
    with pytest.raises(OffbookError, match=what) as caught:
        read(tmp_path / "a.csv", ROWS.replace(old, new))
    assert caught.value.fields["row"] == 1
    assert caught.value.fields["reason"] in {"bad_side", "bad_order", "bad_order_flags"}


def test_a_message_may_go_on_in_the_next_rows_that_are_read() -> None:
    """However many are read at once."""
    assert begun_by(np.array([2, 1]), NO_MESSAGE) == 1
    assert begun_by(np.array([1, 3]), 1) == NO_MESSAGE
    assert begun_by(np.array([], dtype=np.int64), 4) == 4
