"""``offbook data``, and sessions on data that is named in several ways."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.cli.conftest import Answer

Program = Callable[..., Answer]

TRADES = """\
time,price,qty,isBuyerMaker
2024-01-02 14:30:00,100.5,1,true
2024-01-02 14:30:00,100.5,1,true
2024-01-02 14:30:01,100.75,0.125,false
2024-01-02 14:30:02,0,1,false
2024-01-02 14:30:09,101,2,false
2024-01-02 14:30:05,101,2,false
"""


@pytest.fixture
def trades(folder: Path) -> Path:
    path = folder / "XYZUSDT-trades.csv"
    path.write_text(TRADES)
    return path


def test_info_says_what_is_in_a_recording(offbook: Program, trades: Path) -> None:
    answer = offbook("data", "info", trades.name)
    assert answer.code == 0
    for words in (
        "rows       4 of trades",
        "times      text without an offset, taken as UTC",
        "columns    ts_event=time price size=qty buyer_maker=isBuyerMaker",
        "decimals   prices 2, sizes 3",
        "sides      known of 4 of 4",
        "gaps       8 s at 2024-01-02 14:30:01",
        "alike      1 row in all like the one before, 1 of the same time",
        "bad rows   1 not_positive, 1 out_of_order",
        "XYZUSDT-trades.csv, row 4, column price: not_positive",
        "to tell    XYZUSDT-trades.csv: more has to be known of its instrument",
        'symbol = "XYZUSDT"',
        'tick = "0.01"',
    ):
        assert words in answer.out


def test_a_guess_that_is_kept_is_enough_to_run(offbook: Program, trades: Path) -> None:
    text = offbook("data", "info", trades.name).out
    guess = [line.strip() for line in text.splitlines() if line.startswith("   ") and " = " in line]
    trades.with_name(trades.name + ".toml").write_text("\n".join([*guess, "drop_bad_rows = true"]))
    info = offbook("data", "info", trades.name, "--json").document["recordings"][0]
    assert (info["missing"], info["kind"], info["rows"]) == (None, "trades", 4)
    answer = offbook("run", "mine.py:Idle", "--data", trades.name, "--json")
    assert answer.code == 0, answer.err


def test_info_of_quotes_and_bars_as_a_document(offbook: Program, folder: Path) -> None:
    bars = "date;o;h;l;c;v\n20240102;1;2;1;2;5\n20240103;1;2;1;2.125;5\n20240104;1;2;1;3;5\n"
    (folder / "abc.csv").write_text(bars)
    found = offbook("data", "info", "quotes.csv", "abc.csv", "--json").document["recordings"]
    assert [one["kind"] for one in found] == ["quotes", "bars"]
    assert (found[0]["median_spread"], found[0]["missing"]) == ("0.01", None)
    assert found[1]["bad"] == {"impossible_bar": 2}
    assert found[1]["price_decimals"] == 3
    assert found[1]["guess"]["asset_class"] == "equity"


def test_columns_that_make_nothing_are_told_with_what_is_needed(
    offbook: Program, folder: Path
) -> None:
    (folder / "odd.csv").write_text("when,what\n2024-01-02,5\n")
    answer = offbook("data", "info", "odd.csv")
    assert answer.code == 2
    assert "its columns (when, what) make neither quotes" in answer.err
    assert "there is none for" not in answer.err, "too little of anything is there"
    (folder / "near.csv").write_text("when,bid,offer,bid_qty,offer_qty\n2024-01-02,1,2,5,5\n")
    answer = offbook("data", "info", "near.csv")
    assert "for quotes there is none for ts_event (or ts_init)" in answer.err
    assert offbook("data", "info", "near.csv", "--column", "ts_event=when").code == 0
    (folder / "twice.csv").write_text("time,timestamp,price,size\n1,2,3,4\n")
    answer = offbook("data", "info", "twice.csv")
    assert answer.code == 2
    assert "time, timestamp could each be ts_event" in answer.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time;price;size\n2024-01-02;100,5;1\n2024-01-03;100,75;1\n", "'100,5' is not a number: "),
        ("time,price,size\n2024-01-02,100,5,1\n", "a number with a decimal comma is two cells"),
    ],
)
def test_decimal_commas_are_told_as_what_they_are(
    offbook: Program, folder: Path, text: str, said: str
) -> None:
    """Though no row is left to tell anything else of."""
    (folder / "eu.csv").write_text(text)
    answer = offbook("data", "info", "eu.csv")
    assert answer.code == 2
    assert f"eu.csv has no rows: all {text.count('2024')} were dropped" in answer.err
    assert said in answer.err


@pytest.fixture
def mixed(folder: Path) -> Path:
    """A folder with two files that can be read, and two that cannot."""
    place = folder / "mixed"
    place.mkdir()
    (place / "a.csv").write_text("when,what\n2024-01-02,5\n")
    (place / "b.csv").write_text(TRADES)
    (place / "c.csv").write_text("")
    (place / "d.csv").write_text(TRADES.replace("01-02", "01-03"))
    return place


def test_info_of_a_folder_goes_on_past_what_cannot_be_read(offbook: Program, mixed: Path) -> None:
    """Each bad file is told, each good one shown, and the exit code says that not all was well."""
    answer = offbook("data", "info", "mixed")
    assert answer.code == 1
    errors = [line for line in answer.err.splitlines() if line.startswith("error: ")]
    assert ["a.csv" in errors[0], "c.csv" in errors[1], len(errors)] == [True, True, 2]
    assert "its columns (when, what) make neither quotes" in errors[0]
    assert answer.out.count("rows       4 of trades") == 2
    document = offbook("data", "info", "mixed", "--json").document
    assert [Path(one["path"]).name for one in document["recordings"]] == ["b.csv", "d.csv"]
    failed = {Path(one["path"]).name: one["error"]["code"] for one in document["failures"]}
    assert list(failed) == ["a.csv", "c.csv"]
    assert "error" not in document


def test_info_of_several_recordings_goes_on_too(offbook: Program, mixed: Path) -> None:
    (mixed / "empty").mkdir()
    names = ("gone.csv", "mixed/empty", "mixed/b.csv", "mixed/a.csv")
    answer = offbook("data", "info", *names, "--json")
    assert answer.code == 1
    assert [Path(one["path"]).name for one in answer.document["recordings"]] == ["b.csv"]
    failed = [one["path"] for one in answer.document["failures"]]
    assert failed == ["gone.csv", "mixed/empty", "mixed/a.csv"]


def test_info_of_good_files_that_do_not_go_together_says_why(offbook: Program, mixed: Path) -> None:
    """Both are of the same hour."""
    for name in ("a.csv", "c.csv", "d.csv"):
        (mixed / name).unlink()
    (mixed / "again.csv").write_text(TRADES)
    answer = offbook("data", "info", "mixed", "--json")
    assert answer.code == 1
    assert len(answer.document["recordings"]) == 2
    [failure] = answer.document["failures"]
    assert failure["path"] == "mixed"
    (mixed / "again.csv").unlink()
    assert offbook("data", "info", "mixed", "--json").code == 0


@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz", "out.parquet"])
def test_what_is_converted_is_read_as_the_same_rows(
    offbook: Program, trades: Path, name: str
) -> None:
    answer = offbook("data", "convert", trades.name, name, "--drop-bad-rows", "--json")
    assert answer.code == 0, answer.err
    assert (answer.document["rows"], answer.document["kind"]) == (4, "trades")
    assert answer.document["dropped"] == {"not_positive": 1, "out_of_order": 1}
    back = offbook("data", "convert", name, "back.csv")
    assert back.code == 0, back.err
    assert Path("back.csv").read_text() == (
        "ts_event,price,size,side\n"
        "1704205800000000000,100.5,1,sell\n"
        "1704205800000000000,100.5,1,sell\n"
        "1704205801000000000,100.75,0.125,buy\n"
        "1704205809000000000,101,2,buy\n"
    )


def test_converting_refuses_bad_rows_and_existing_files_unless_told(
    offbook: Program, trades: Path, folder: Path
) -> None:
    answer = offbook("data", "convert", trades.name, "out.csv")
    assert answer.code == 2
    assert "row 4, column price: the price 0 is not positive" in answer.err
    assert not (folder / "out.csv").exists()
    (folder / "out.csv").write_text("mine")
    answer = offbook("data", "convert", trades.name, "out.csv", "--drop-bad-rows")
    assert answer.code == 2
    assert "exists: name another file, or replace it with --force" in answer.err
    forced = offbook("data", "convert", trades.name, "out.csv", "--drop-bad-rows", "--force")
    assert forced.code == 0
    answer = offbook("data", "convert", trades.name, "out.xls")
    assert (answer.code, "name it with an ending of" in answer.err) == (2, True)
    assert sorted(path.name for path in folder.glob("*out*")) == ["out.csv"]
    answer = offbook("data", "convert", trades.name, "nowhere/out.csv", "--drop-bad-rows")
    assert answer.code == 1
    assert "nowhere/out.csv cannot be written: No such file or directory\n" in answer.err


def test_prints_are_summed_up_in_bars(offbook: Program, trades: Path) -> None:
    options = ("--drop-bad-rows", "--timeframe", "5s", "--symbol", "XYZ/USDT")
    # Options of reading are those of a recording; its symbol is told before its name.
    assert offbook("data", "convert", trades.name, "bars.csv", *options).code == 2
    answer = offbook("data", "convert", f"XYZ/USDT={trades.name}", "bars.csv", *options[:3])
    assert answer.code == 0, answer.err
    assert Path("bars.csv").read_text() == (
        "ts_event,open,high,low,close,volume\n"
        "1704205800000000000,100.5,100.75,100.5,100.75,2.125\n"
        "1704205805000000000,101,101,101,101,2\n"
    )
    described = 'symbol = "XYZ/USDT"\nkind = "bars"\ntimeframe = "5s"\n'
    assert Path("bars.csv.toml").read_text() == described


def test_bars_are_summed_up_in_longer_ones_that_fit(offbook: Program, folder: Path) -> None:
    rows = [f"2024-01-02T14:{minute:02d}:00Z,{minute},60,1,{minute + 1},2" for minute in range(7)]
    (folder / "m.csv").write_text("\n".join(["time,open,high,low,close,volume", *rows, ""]))
    answer = offbook("data", "convert", "m.csv", "5m.csv", "--timeframe", "5m")
    assert (answer.code, "--source-timeframe" in answer.err) == (2, True)
    told = ("--timeframe", "5m", "--source-timeframe")
    answer = offbook("data", "convert", "m.csv", "5m.csv", *told, "2m")
    assert (answer.code, "do not fit evenly" in answer.err) == (2, True)
    assert offbook("data", "convert", "m.csv", "5m.csv", *told, "1m", "--label", "open").code == 2
    good = [row.replace(",0,60", ",1,60") for row in rows]
    (folder / "m.csv").write_text("\n".join(["time,open,high,low,close,volume", *good, ""]))
    assert offbook("data", "convert", "m.csv", "5m.csv", *told, "1m").code == 0
    lines = Path("5m.csv").read_text().splitlines()
    assert [line.split(",", 1)[1] for line in lines[1:]] == ["1,60,1,5,10", "5,60,1,7,4"]


def test_several_sources_are_one_market(offbook: Program, folder: Path) -> None:
    (folder / "other.csv").write_text((folder / "quotes.csv").read_text())
    (folder / "many").mkdir()
    with gzip.open(folder / "many" / "t.csv.gz", "wt") as file:
        file.write("time,price,size,side\n1704205800,100,1,buy\n1704205900,100,1,sell\n")
    words = ("--data", "quotes.csv", "--data", "XYZUSDT=many", "--data", "ABC/USDT=other.csv",
             "--asset-class", "crypto_spot", "--tick", "0.01", "--lot", "0.001")  # fmt: skip
    answer = offbook("run", "mine.py:Flip", *words, "--json")
    assert answer.code == 0, answer.err
    assert answer.document["fills"]
    shown = offbook("show", "last", "--json").document["config"]["market"]
    assert [source["instrument"]["symbol"] for source in shown["sources"]] == [
        "XYZUSDT", "XYZUSDT", "ABC/USDT",
    ]  # fmt: skip
    assert [source["kind"] for source in shown["sources"]] == ["quotes", "trades", "quotes"]
    assert offbook("verify", "last").code == 0


def test_a_document_lists_the_sources_of_a_market(offbook: Program, folder: Path) -> None:
    (folder / "desk").mkdir()
    (folder / "quotes.csv").rename(folder / "desk" / "quotes.csv")
    (folder / "desk" / "desk.toml").write_text(
        'asset_class = "crypto_spot"\ncurrency = "USDT"\n'
        "tick = 0.01\nlot = 0.001\n"
        '[[sources]]\npath = "quotes.csv"\nsymbol = "XYZUSDT"\n'
        '[[sources]]\nsynthetic = "seed=7,rows=500,start=2024-01-02T14:30"\nsymbol = "ABCUSDT"\n'
    )
    answer = offbook("run", "mine.py:Flip", "--data", "desk/desk.toml", "--json")
    assert answer.code == 0, answer.err
    (folder / "session.toml").write_text(
        '[market]\npath = "desk/desk.toml"\n[strategy]\nref = "mine.py:Flip"\n'
    )
    again = offbook("run", "--config", "session.toml", "--json")
    assert again.code == 0, again.err
    assert again.document["fills"] == answer.document["fills"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "lists no sources"),
        ("sources = 5", "lists no sources"),
        ("sources = [1]", "m.toml, line 1, table 1 of sources: expected a table, was 1"),
        ("[[sources]]", 'write path = "FILE"'),
        ('[[sources]]\npath = "a.csv"\nsynthetic = "seed=1"', 'write path = "FILE"'),
        (
            '[[sources]]\npath = "quotes.csv"\ntikc = 1',
            "m.toml, line 3, table 1 of sources: tikc says nothing of a market",
        ),
        (
            'kind = 5\n[[sources]]\npath = "quotes.csv"',
            "m.toml, line 1, table 1 of sources: kind: expected quotes or trades",
        ),
        ('[[sources]]\npath = "none.csv"', "there is no file"),
    ],
)
def test_a_document_that_cannot_be_used_says_why(
    offbook: Program, folder: Path, text: str, told: str
) -> None:
    (folder / "m.toml").write_text(text)
    answer = offbook("run", "mine.py:Idle", "--data", "m.toml")
    assert answer.code == 2
    assert told in answer.err


def test_the_shares_that_ship_are_a_market(offbook: Program) -> None:
    answer = offbook("run", "mine.py:Idle", "--data", "demo-stocks", "--json")
    assert answer.code == 0, answer.err
    market = offbook("show", "last", "--json").document["config"]["market"]
    symbols = [source["instrument"]["symbol"] for source in market["sources"]]
    assert symbols == ["AAPL", "GOOG", "IBM", "MSFT"]


def test_info_looks_into_every_source_of_a_document(offbook: Program) -> None:
    found = offbook("data", "info", "demo-stocks", "--json").document["recordings"]
    assert [one["told"]["symbol"] for one in found] == ["AAPL", "GOOG", "IBM", "MSFT"]
    assert {(one["rows"], one["step_ns"], one["missing"]) for one in found} == {
        (1802, 86_400 * 10**9, None)
    }
    answer = offbook("data", "info", "synthetic:seed=1")
    assert (answer.code, "there is no file" in answer.err) == (2, True)


def test_decimals_are_found_where_that_is_asked(offbook: Program, folder: Path) -> None:
    lines = ["ts_init,bid,ask,bid_size,ask_size", "1704205800,100.123450,100.2,1,2.5e-3"]
    (folder / "fine.csv").write_text("\n".join(lines))
    words = ("--data", "fine.csv", "--symbol", "A/B", "--asset-class", "crypto_spot",
             "--tick", "0.1", "--lot", "1")  # fmt: skip
    assert offbook("run", "mine.py:Idle", *words, "--dry-run").code == 0
    refused = offbook("run", "mine.py:Idle", *words)
    assert "'100.123450' has more than 1 decimals" in refused.err
    auto = ("--price-decimals", "auto", "--size-decimals", "auto")
    market = offbook("run", "mine.py:Idle", *words, *auto, "--dry-run").document["market"]
    instrument = market["instrument"]
    assert (instrument["price_precision"], instrument["qty_precision"]) == (5, 4)
    assert offbook("run", "mine.py:Idle", *words, *auto).code == 0
    answer = offbook("run", "mine.py:Idle", *words, "--price-decimals", "many")
    assert "price_decimals 'many': expected a number, or auto" in answer.err
    (folder / "fine.csv").write_text("\n".join([*lines, "1704205801,1.1234567890123,2,1,1"]))
    answer = offbook("run", "mine.py:Idle", *words, *auto)
    assert "row 2, column bid: '1.1234567890123' has more than 12 decimals" in answer.err


ORDERS = """\
ts_init,action,side,price,size,order_id,flags
1704205800000000000,add,bid,100.00,5,1,1
1704205800000000000,add,ask,100.02,4,2,3
1704205801000000000,add,bid,100.01,2,3,2
1704205802000000000,delete,bid,100.01,,8,2
"""


def test_a_book_is_written_as_a_table(offbook: Program, folder: Path) -> None:
    (folder / "orders.csv").write_text(ORDERS)
    book_of = ("data", "book", "orders.csv")
    answer = offbook(*book_of, "--levels", "1", "--checksum", "kraken")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[0] == "ts,row,phase,ask_1,ask_size_1,bid_1,bid_size_1,checksum"
    assert lines[1].startswith("1704205800000000000,1,live,100.02,4,100.00,5,")
    assert lines[3].startswith("1704205802000000000,3,stale,100.02,4,100.01,2,")
    assert "3 books; stale at the end; 1 x unknown order" in answer.err
    at = ("--at", "2024-01-02T14:30:00.5", "--to", "top.csv")
    assert offbook(*book_of, *at).code == 0
    assert (folder / "top.csv").read_text().count("\n") == 2
    assert offbook(*book_of, "--checksum", "crc").code == 2
    assert offbook(*book_of, "--levels", "1", "--orders", *at[:2]).out.splitlines() == [
        "ts,row,phase,side,price,size,order_id,place",
        "1704205800500000000,1,live,ask,100.02,4,2,1",
        "1704205800500000000,1,live,bid,100.00,5,1,1",
    ]
    assert "leave --orders out" in offbook(*book_of, "--orders", "--checksum", "kraken").err
    (folder / "orders.csv").write_text("\n".join(ORDERS.splitlines()[:2]))
    assert "no message ends in the recording (flag 2)" in offbook(*book_of).err


def test_rows_with_an_action_and_no_order_are_not_taken_for_trades(
    offbook: Program, folder: Path
) -> None:
    """Additions to a book would be prints; a file of prints that says so is one."""
    lines = [line.replace(",order_id", "").rsplit(",", 2)[0] for line in ORDERS.splitlines()[1:4]]
    (folder / "mbo.csv").write_text("\n".join(["ts_event,action,side,price,size", *lines]))
    words = ("--data", "mbo.csv", "--symbol", "ABC", "--asset-class", "equity")
    for command in (
        ("data", "info", "mbo.csv"),
        ("data", "convert", "mbo.csv", "out.csv"),
        ("run", "mine.py:Idle", *words, "--dry-run"),
    ):
        answer = offbook(*command)
        assert answer.code == 2, command
        assert "and no order_id" in answer.err
        assert "--kind trades" in answer.err
    assert offbook("run", "mine.py:Idle", *words, "--kind", "trades", "--dry-run").code == 0
