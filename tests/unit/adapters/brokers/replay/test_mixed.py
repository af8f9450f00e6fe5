"""Files that hold rows of several instruments are refused, and told how to be taken apart."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from offbook.adapters.brokers.replay.mixed import LOOKED_AT
from offbook.adapters.brokers.replay.peeking import check_instruments
from offbook.config.markets import MarketDescription
from offbook.config.recordings import convert_data, look_into
from offbook.domain.errors import BadMarketData, InvalidConfig


@pytest.mark.parametrize("name", ["symbol", "Ticker", "Name", "instId", "<TICKER>"])
def test_instruments_that_come_in_turn_are_no_recording(tmp_path: Path, name: str) -> None:
    """They would be taken for one whose price jumps to and fro. The message says what to do."""
    rows = ["1,A,5", "1,B,7", "2,A,5"]
    path = tmp_path / "many.csv"
    path.write_text("\n".join([f"time,{name},price", *rows]) + "\n")
    with pytest.raises(InvalidConfig, match=r"several instruments .*: A, B\)") as caught:
        check_instruments(str(path), ())
    assert f"--only {name}=A" in caught.value.message


@pytest.mark.parametrize(
    "rows",
    [
        ["1,A,5", "2,A,7", "3,A,5"],
        ["1,ESH4,5", "2,ESH4,7", "3,ESM4,5", "4,ESU4,5"],
        ["1,A,5", *["2,A,7"] * LOOKED_AT, "3,B,5", "3,A,6"],
    ],
    ids=["one", "contracts that follow one another", "beyond what is looked at"],
)
def test_others_are(tmp_path: Path, rows: list[str]) -> None:
    """The names of the columns are given back."""
    path = tmp_path / "one.csv"
    path.write_text("\n".join(["time,symbol,price", *rows]) + "\n")
    assert check_instruments(str(path), ()) == ("time", "symbol", "price")


def test_of_a_file_without_a_header_what_was_told_counts(tmp_path: Path) -> None:
    """And the first line is a row."""
    path = tmp_path / "many.csv"
    path.write_text("1,A\n1,B\n2,A\n")
    with pytest.raises(InvalidConfig, match="several instruments"):
        check_instruments(str(path), ("time", "symbol"))
    assert check_instruments(str(path), ("time", "place")) == ("time", "place")


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    """As of any recording: a file that is not whole, or no UTF-8."""
    path = tmp_path / "many.csv.gz"
    rows = "".join(f"2024-01-01,A{number}\n" for number in range(500))
    path.write_bytes(gzip.compress(f"time,symbol\n{rows}".encode())[:-200])
    with pytest.raises(BadMarketData, match="fetch it again"):
        check_instruments(str(path), ())
    path = tmp_path / "many.csv"
    path.write_bytes(b"time,symbol\n2024-01-01,\xff\n")
    with pytest.raises(BadMarketData, match="is not UTF-8 text"):
        check_instruments(str(path), ())


def test_neither_looking_nor_writing_anew_takes_them_for_one(tmp_path: Path) -> None:
    """What is still to be told says so; the rows of one are written, and the rest is as ever."""
    path, target = tmp_path / "many.csv", tmp_path / "one.csv"
    path.write_text(
        "time,symbol,price,size\n1700000001,A,5,1\n1700000002,B,7,2\n1700000003,A,6,3\n"
    )
    missing = look_into(str(path), MarketDescription()).missing
    assert missing is not None
    assert "several instruments" in missing
    with pytest.raises(InvalidConfig, match="several instruments"):
        convert_data(str(path), target, MarketDescription())
    made, _ = convert_data(
        str(path), target, MarketDescription(), unusual={"only": {"symbol": "A"}}
    )
    assert made.rows == 2
    assert "B" not in target.read_text()
