"""Files of Databento and Tardis that are no books order by order, and packed files."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from offbook.adapters.brokers.replay.peeking import peek
from offbook.adapters.brokers.replay.published_files import (
    Layout,
    published_file,
    write_published,
)
from offbook.adapters.brokers.replay.unpacking import unpacked
from offbook.config.markets import MarketDescription
from offbook.config.recordings import convert_data
from offbook.domain.errors import BadMarketData, GatewayUnavailable, InvalidConfig, InvalidInput
from offbook.domain.market_data import DataKind

T = 1_704_205_800_000_000_000
HEAD = "ts_recv,ts_event,rtype,publisher_id,instrument_id"
MBP_1 = f"""\
{HEAD},action,side,depth,price,size,flags,ts_in_delta,sequence,bid_px_00,ask_px_00,bid_sz_00,ask_sz_00,bid_ct_00,ask_ct_00,symbol
{T},{T - 9},1,1,7,A,B,0,100.000000000,5,128,9,1,100.000000000,,5,0,1,0,XYZ
{T + 1},{T - 8},1,1,7,A,A,0,100.020000000,4,128,9,2,100.000000000,100.020000000,5,4,1,1,XYZ
{T + 2},{T - 7},1,1,7,T,A,0,100.000000000,2,128,9,3,100.000000000,100.020000000,5,4,1,1,XYZ
"""
MBP_10 = f"""\
{HEAD},action,side,bid_px_00,ask_px_00,bid_sz_00,ask_sz_00,bid_px_01,ask_px_01,bid_sz_01,ask_sz_01
{T},{T - 9},10,1,7,C,B,NONE,NONE,0,0,NONE,NONE,0,0
{T + 1},{T - 8},10,1,7,A,A,100000000000,100020000000,5,4,99000000000,NONE,3,0
""".replace("NONE", "9223372036854775807")
OHLCV = f"""\
ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume
{T},33,1,7,100000000000,100030000000,99990000000,100020000000,12
"""
STATUS = f"""\
{HEAD},action,reason,trading_event,is_trading,is_quoting,is_short_sell_restricted
{T},{T},18,1,7,7,1,0,Y,Y,~
{T + 1},{T + 1},18,1,7,8,30,0,N,Y,~
{T + 2},{T + 2},18,1,7,14,0,0,~,~,Y
{T + 3},{T + 3},18,1,7,7,1,0,Y,Y,~
"""
INCREMENTAL = """\
exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount
x,XYZ,1704205800000000,1704205800000100,true,bid,100,5
x,XYZ,1704205800000000,1704205800000100,true,bid,99,0
x,XYZ,1704205800000000,1704205800000200,true,ask,100.5,1e-7
x,XYZ,1704205800000300,1704205800000400,false,bid,100,0
x,XYZ,1704205800000300,1704205800000400,false,bid,99.5,3
x,XYZ,1704205800000400,1704205800000500,false,ask,100.5,2
"""
SNAPSHOTS = """\
exchange,symbol,timestamp,local_timestamp,asks[0].price,asks[0].amount,bids[0].price,bids[0].amount,asks[1].price,asks[1].amount,bids[1].price,bids[1].amount
x,XYZ,1704205800000000,1704205800000100,100.5,2,100,5,101,1,,
x,XYZ,1704205800000000,1704205800000200,,,,,,,,
"""


def written(path: Path, text: str, kind: DataKind | None = None, layout: str | None = None) -> str:
    """The table that is made of a file, its rows in one line, the first of all times taken off."""
    path.write_text(text)
    file = published_file(path, layout)
    assert file is not None
    target = path.with_name("made.csv")
    assert write_published(file, kind, target) == target.read_text().count("\n") - 1
    return target.read_text().strip().replace("\n", "|")


def test_best_levels_of_databento_are_quotes_and_trades(tmp_path: Path) -> None:
    """A level that is not there makes no quote; of trades the side is that of who took."""
    path = tmp_path / "xyz.mbp-1.csv"
    assert written(path, MBP_1) == (
        "ts_init,ts_event,bid,ask,bid_size,ask_size"
        f"|{T + 1},{T - 8},100.000000000,100.020000000,5,4"
        f"|{T + 2},{T - 7},100.000000000,100.020000000,5,4"
    )
    assert written(path, MBP_1, DataKind.TRADES) == (
        f"ts_init,ts_event,price,size,aggressor|{T + 2},{T - 7},100.000000000,2,sell"
    )


def test_ten_levels_of_databento_are_snapshots(tmp_path: Path) -> None:
    """In whole nanos too; an empty book has a row that says so."""
    assert written(tmp_path / "xyz.csv", MBP_10) == (
        f"ts_init,ts_event,book_side,price,size,flags|{T},{T - 9},none,0,0,3"
        f"|{T + 1},{T - 8},bid,100,5,1|{T + 1},{T - 8},bid,99,3,1|{T + 1},{T - 8},ask,100.02,4,3"
    )


def test_bars_of_databento_are_written_anew_where_prices_are_whole_nanos(tmp_path: Path) -> None:
    """Else they are read as they are."""
    path = tmp_path / "xyz.ohlcv-1m.csv"
    assert written(path, OHLCV).endswith(f"|{T},100,100.03,99.99,100.02,12")
    path.write_text(OHLCV.replace("100000000000", "100.000000000"))
    assert published_file(path) is None
    assert DataKind.BARS in peek(str(path), {}).kinds


def test_a_status_of_databento_tells_of_halts_alone(tmp_path: Path) -> None:
    """Not that there was trading from the beginning, nor what else changes."""
    assert written(tmp_path / "xyz.csv", STATUS) == (
        f"ts_init,ts_event,event|{T + 1},{T + 1},halt|{T + 3},{T + 3},resume"
    )


def test_updates_of_tardis(tmp_path: Path) -> None:
    """Rows of one time are a message, those of a snapshot are one whatever their times."""
    begun, then = "1704205800000000", "1704205800000300,bid"
    assert written(tmp_path / "xyz.csv", INCREMENTAL) == (
        "ts_init,ts_event,book_side,price,size,flags"
        f"|1704205800000100,{begun},bid,100,5,1"
        f"|1704205800000200,{begun},ask,100.5,1e-7,3"
        f"|1704205800000400,{then},100,0,0"
        f"|1704205800000400,{then},99.5,3,2"
        "|1704205800000500,1704205800000400,ask,100.5,2,2"
    )


def test_snapshots_of_tardis(tmp_path: Path) -> None:
    """Each row is a book; one without levels too."""
    times = "1704205800000100,1704205800000000"
    assert written(tmp_path / "xyz.csv", SNAPSHOTS) == (
        f"ts_init,ts_event,book_side,price,size,flags|{times},ask,100.5,2,1|{times},ask,101,1,1"
        f"|{times},bid,100,5,3|1704205800000200,1704205800000000,none,0,0,3"
    )


@pytest.mark.parametrize(
    ("text", "old", "new", "what"),
    [
        (MBP_1, f"XYZ\n{T + 2}", f"ABC\n{T + 2}", "put each instrument"),
        (MBP_1, "T,A,0,100", "T,X,0,100", "expected A, B or N"),
        (MBP_1, "100.020000000,5,4", "100020000000,5,4", "others before it had one"),
        (INCREMENTAL, "false,ask", "false,sideways", "expected bid or ask"),
        (INCREMENTAL, "false,ask", "maybe,ask", "expected true or false"),
        (INCREMENTAL, "x,XYZ,1704205800000400", "x,ABC,1704205800000400", "put each market"),
        (INCREMENTAL, "1704205800000500,", "1704205800000300,", "is before 1704205800000400"),
        (INCREMENTAL, "1704205800000500,", "1704205800,", "no time in us"),
        (INCREMENTAL, "ask,100.5,2", "ask,100.5", "7 cells"),
    ],
)
def test_a_row_that_cannot_be_true_is_told(
    tmp_path: Path, text: str, old: str, new: str, what: str
) -> None:
    """With its file and number."""
    bad = text.replace(old, new)
    with pytest.raises(BadMarketData, match=what) as caught:
        written(tmp_path / "xyz.csv", bad, DataKind.TRADES if "T,X" in bad else None)
    assert caught.value.fields["row"] >= 1


def test_they_are_not_read_as_they_are(tmp_path: Path) -> None:
    """For they would be taken for something else; the error says what to do.  Whoever maps their
    columns, or tells what they are, knows what he does, but for prices in whole nanos."""
    for text, what in ((MBP_1, "quotes in it .or with --kind trades."), (INCREMENTAL, "depth")):
        path = tmp_path / "xyz.csv"
        path.write_text(text)
        with pytest.raises(InvalidConfig, match=f"{what}.*offbook data convert"):
            peek(str(path), {})
    path.write_text(MBP_1)
    assert "bid_px_00" in peek(str(path), {}, kind=DataKind.QUOTES).columns
    path.write_text(MBP_10)
    with pytest.raises(InvalidConfig, match="offbook data convert"):
        peek(str(path), {}, kind=DataKind.QUOTES)
    path.write_text(SNAPSHOTS)
    mapped = {"bid": "bids[0].price", "ask": "asks[0].price"}
    sizes = {"bid_size": "bids[0].amount", "ask_size": "asks[0].amount"}
    assert peek(str(path), mapped | sizes).kinds == (DataKind.QUOTES,)


def test_a_kind_that_is_not_in_it_is_refused(tmp_path: Path) -> None:
    """With those that are."""
    with pytest.raises(InvalidInput, match="has quotes and trades"):
        written(tmp_path / "xyz.csv", MBP_1, DataKind.BARS)
    with pytest.raises(BadMarketData, match="none of Tardis"):
        written(tmp_path / "xyz.csv", MBP_1, layout="tardis")


def test_a_zip_is_converted_as_what_is_in_it(tmp_path: Path) -> None:
    """What is wrong with it is told of the zip."""
    path = tmp_path / "XYZ-trades.zip"
    rows = f"time,price,qty\n{T},100.5,1\n{T + 5},100.25,2\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("XYZ-trades.csv", rows)
    made, _ = convert_data(str(path), tmp_path / "made.csv", MarketDescription())
    assert (made.kind, made.rows) == (DataKind.TRADES, 2)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("XYZ-trades.csv", rows.replace("100.25", "x"))
    with pytest.raises(BadMarketData, match=r"XYZ-trades.zip .XYZ-trades.csv., row 2"):
        convert_data(str(path), tmp_path / "again.csv", MarketDescription())
    with pytest.raises(InvalidConfig, match=r"offbook data convert .*XYZ-trades.zip"):
        peek(str(path), {})


def test_of_lobster_s_zip_the_messages_are_converted_with_the_book(tmp_path: Path) -> None:
    """They are together in it, with a text that describes them."""
    path, name = tmp_path / "sample.zip", "XYZ_2012-06-21_34200000_57600000_{}_1.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("README.txt", "what it is")
        archive.writestr(name.format("message"), "34200.1,1,7,5,1000000,1\n")
        archive.writestr(name.format("orderbook"), "1000200,9,1000000,5\n")
    made, _ = convert_data(str(path), tmp_path / "made.csv", MarketDescription())
    assert (made.kind, made.rows) == (DataKind.ORDERS, 2)
    assert "1000200" not in (tmp_path / "made.csv").read_text()
    assert ",100.02,9,0,3,-1,-1,ask,add" in (tmp_path / "made.csv").read_text()


def test_what_cannot_be_unpacked_is_told(tmp_path: Path) -> None:
    """Damaged, of several files, or not there."""
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "x")
        archive.writestr("b.csv", "x")
    with pytest.raises(InvalidInput, match=r"holds a\.csv, b\.csv"), unpacked(path):
        pass
    for name in ("bad.zip", "bad.csv.zst"):
        bad = tmp_path / name
        bad.write_bytes(b"nothing of the kind")
        with pytest.raises(BadMarketData, match=name), unpacked(bad):
            pass
        bad.unlink()
        with pytest.raises(GatewayUnavailable, match=name), unpacked(bad):
            pass
    with pytest.raises(InvalidInput, match="fetch it as CSV"), unpacked(tmp_path / "x.dbn.zst"):
        pass


def test_what_is_packed_as_zst_is_unpacked_line_by_line(tmp_path: Path) -> None:
    """As Databento packs its files; the same bytes come out."""
    path = tmp_path / "xyz.mbp-1.csv.zst"
    path.write_bytes(ZSTD_OF_TWO_LINES)
    with unpacked(path) as plain:
        assert plain.name == "xyz.mbp-1.csv"
        assert plain.read_text() == 'time,price,qty\n1704205800,"1,5",2\n'
    assert not plain.exists()


ZSTD_OF_TWO_LINES = bytes.fromhex(
    "28b52ffd045811010074696d652c70726963652c7174790a313730343230353830302c22312c35222c320a3d93d8b9"
)
"""Of the program zstd."""


@pytest.mark.parametrize("headed", [True, False])
def test_a_file_with_its_newest_row_first_is_turned_round(tmp_path: Path, headed: bool) -> None:
    """Also one without a header; without being asked to, it is refused with what to do."""
    path = tmp_path / "xyz.csv"
    path.write_text(("time,price,qty\n" if headed else "") + f"{T + 5},100.25,2\n{T},100.5,1")
    told = MarketDescription(header=None if headed else "time,price,qty")
    with pytest.raises(BadMarketData, match="--newest-first"):
        convert_data(str(path), tmp_path / "made.csv", told)
    convert_data(str(path), tmp_path / "made.csv", told, unusual={"newest_first": True})
    rows = (tmp_path / "made.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == [str(T), str(T + 5)]


def test_layouts_are_those_that_are_told() -> None:
    """By their names."""
    assert [layout.value for layout in Layout] == ["lobster", "databento", "tardis"]


def test_the_clearing_of_a_book_is_a_message_though_none_of_its_rows_is_the_last(
    tmp_path: Path,
) -> None:
    """As a day of Databento's begins: the first order comes hours later."""
    order = f"{T + 5},{T + 4},160,1,7,A,B,100.000000000,5,0,1,130,9,2"
    text = (
        f"{HEAD},action,side,price,size,channel_id,order_id,flags,ts_in_delta,sequence\n"
        f"{T},{T},160,1,7,R,N,,0,0,0,8,0,0\n{order}\n"
    )
    assert written(tmp_path / "xyz.mbo.csv", text) == (
        "ts_init,ts_event,action,book_side,price,size,order_id,flags"
        f"|{T},{T},clear,none,0,0,0,2|{T + 5},{T + 4},add,bid,100.000000000,5,1,2"
    )


@pytest.mark.parametrize("headed", [True, False])
def test_quotes_without_sizes_are_given_one(tmp_path: Path, headed: bool) -> None:
    """As those of currency pairs; also where the file has no header, or other delimiters."""
    path = tmp_path / "eurusd.csv"
    path.write_text(("time;bid;ask\n" if headed else "") + f"{T};1.3066;1.3067\r\n\n{T};1.3;1.4")
    told = MarketDescription(header=None if headed else "time,bid,ask")
    with pytest.raises(InvalidConfig, match=r"for bid_size, ask_size .*--quote-size"):
        convert_data(str(path), tmp_path / "made.csv", told)
    made, _ = convert_data(str(path), tmp_path / "made.csv", told, quote_size="1000000")
    assert (made.kind, made.rows) == (DataKind.QUOTES, 2)
    assert (tmp_path / "made.csv").read_text().splitlines()[
        1
    ] == f"{T},1.3066,1.3067,1000000,1000000"
