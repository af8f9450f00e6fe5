"""Tables that are unpacked, made plain and given sizes in one go, and what is said where that goes
wrong: of the file that was named, not of those that were made on the way."""

from __future__ import annotations

import gzip
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from offbook.config.markets import MarketDescription
from offbook.config.recordings import convert_data
from offbook.domain.errors import BadMarketData, InvalidConfig, InvalidInput, OffbookError
from offbook.domain.market_data import DataKind

TABLE = """made by a terminal
Symbol;Date;Bid;Ask
A;03/01/2024 10:00:02;1.002,60;1.002,70
B;03/01/2024 10:00:02;5,0;5,1
A;03/01/2024 10:00:01;1.002,50;1.002,60
"""
UNUSUAL = {
    "skip_lines": 1,
    "newest_first": True,
    "time_format": "%d/%m/%Y %H:%M:%S",
    "numbers": "1.234,56",
}
ONE = {**UNUSUAL, "only": {"Symbol": "A"}}
QUOTES = "time,bid,ask\n2024-01-03T10:00:01Z,1.1,1.2\n"


@pytest.fixture(autouse=True)
def _nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Of what is made on the way, whatever comes of it."""
    between = tmp_path / "between"
    between.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(between))
    yield
    assert list(between.iterdir()) == []


def packed(folder: Path, text: str = TABLE) -> Path:
    path = folder / "eurusd.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("eurusd.csv", text)
    return path


def refused(path: Path, kind: type[OffbookError], **options: Any) -> str:
    """What is said."""
    told = options.pop("told", MarketDescription())
    with pytest.raises(kind) as failed:
        convert_data(str(path), path.parent / "made.csv", told, **options)
    assert "between" not in str(failed.value)
    assert "between" not in str(failed.value.fields)
    assert not (path.parent / "made.csv").exists()
    return str(failed.value)


@pytest.mark.parametrize("headed", [True, False])
def test_all_of_them_at_once(tmp_path: Path, headed: bool) -> None:
    """In the order in which they have to be done; also where the columns are told."""
    lines = TABLE.splitlines(keepends=True)
    path = packed(tmp_path, TABLE if headed else lines[0] + "".join(lines[2:]))
    told = MarketDescription(
        header=None if headed else "Symbol,Date,b,a",
        columns={} if headed else {"bid": "b", "ask": "a"},
    )
    if not headed:
        path = tmp_path / "eurusd.csv"
        path.write_text("".join(lines[2:]), "utf-8")
    unusual = ONE if headed else {**ONE, "skip_lines": 0}
    made, _ = convert_data(str(path), tmp_path / "made.csv", told, unusual=unusual, quote_size="3")
    assert (made.kind, made.rows) == (DataKind.QUOTES, 2)
    assert (tmp_path / "made.csv").read_text().splitlines()[1:] == [
        "1704276001000000000,1002.5,1002.6,3,3",
        "1704276002000000000,1002.6,1002.7,3,3",
    ]


def test_what_is_wrong_is_told_of_the_file_that_was_named(tmp_path: Path) -> None:
    """With a command that can be copied."""
    path = packed(tmp_path)
    said = refused(path, InvalidConfig, unusual=UNUSUAL, quote_size="3")
    assert f"offbook data convert {path} NEW.csv --only Symbol=A" in said
    bad = packed(tmp_path, TABLE.replace("1.002,50", "x"))
    said = refused(bad, BadMarketData, unusual=ONE, quote_size="3")
    assert said.startswith(f"{path}, as it was made plain, row 1, column Bid: 'x'")


@pytest.mark.parametrize("size", ["0", "-1", "0,5", "nan", "inf", "many", ""])
def test_a_size_that_is_none_is_refused(tmp_path: Path, size: str) -> None:
    """Before anything is read."""
    path = tmp_path / "eurusd.csv"
    path.write_text(QUOTES)
    assert "write a plain number above 0" in refused(path, InvalidInput, quote_size=size)


def test_what_shows_sizes_or_is_no_quote_is_given_none(tmp_path: Path) -> None:
    """It would be of no use, or be taken for what was shown."""
    path = tmp_path / "eurusd.csv"
    path.write_text("time,bid,ask,bidSize,askSize\n2024-01-03T10:00:01Z,1.1,1.2,7,8\n")
    assert "shows the sizes" in refused(path, InvalidInput, quote_size="3")
    path.write_text("time,price,size\n2024-01-03T10:00:01Z,1.1,7\n")
    assert "no column for bid, ask" in refused(path, InvalidConfig, quote_size="3")
    told = MarketDescription(kind=DataKind.TRADES)
    assert "--quote-size is for quotes" in refused(path, InvalidInput, quote_size="3", told=told)


def test_a_damaged_table_is_no_interruption(tmp_path: Path) -> None:
    """What the packing, or the table, raises is told as damage; as is a file that is not there."""
    path = tmp_path / "eurusd.csv.gz"
    newest = {"unusual": {"newest_first": True}}
    path.write_bytes(gzip.compress(QUOTES.encode())[:-12])
    assert "fetch it again" in refused(path, BadMarketData, **newest)
    path.write_bytes(QUOTES.encode())
    assert "is named .gz and is not a gzip file" in refused(path, BadMarketData, **newest)
    path = tmp_path / "eurusd.csv"
    path.write_text(QUOTES + f'"{"x" * 200_000}",1,1\n')
    assert "field larger" in refused(path, BadMarketData, **newest)
    assert "there is no file" in refused(tmp_path / "none.csv", InvalidConfig, **newest)


def test_more_lines_before_the_header_than_there_are(tmp_path: Path) -> None:
    """The end of the file ends them."""
    path = tmp_path / "eurusd.csv"
    path.write_text(QUOTES)
    said = refused(path, BadMarketData, unusual={"skip_lines": 10**12})
    assert said.endswith(f"is empty after {10**12} lines")


def test_a_file_whose_oldest_row_is_first_is_not_to_be_turned_round(tmp_path: Path) -> None:
    """The advice is not the one that has just been taken."""
    path = tmp_path / "eurusd.csv"
    path.write_text(QUOTES + "2024-01-03T10:00:02Z,1.1,1.2\n")
    said = refused(path, BadMarketData, unusual={"newest_first": True}, quote_size="3")
    assert "leave --newest-first out if it is that already" in said
    assert "turns one round" not in said


@pytest.mark.parametrize("named", [True, False])
def test_a_file_without_a_header_is_no_table_to_be_made_plain(tmp_path: Path, named: bool) -> None:
    """Its first message would be taken for the header, and stay where it is."""
    path = tmp_path / ("AAPL_2012-06-21_34200000_57600000_message_1.csv" if named else "aapl.csv")
    path.write_text(
        "34200.1,1,7,18,5853300,1\n34200.2,1,8,18,5853200,1\n34200.3,3,7,18,5853300,1\n"
    )
    layout = None if named else "lobster"
    said = refused(path, InvalidInput, unusual={"newest_first": True}, layout=layout)
    assert "a file of LOBSTER, which is read as it comes" in said
