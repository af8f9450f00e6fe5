"""Tables as other programs write them, made plain; the forms are those of their sources."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import pytest

from offbook.adapters.brokers.replay.tidying import Tidying, write_tidied
from offbook.domain.errors import BadMarketData, InvalidInput

HEADER = "Date,Open,High,Low,Close,Volume"


def tidied(folder: Path, lines: list[str], told: Any = None, **unusual: Any) -> list[list[str]]:
    """The table's cells, its header first."""
    source, table = folder / "source.csv", folder / "table.csv"
    source.write_text("\n".join(lines) + "\n", "utf-8")
    write_tidied(source, table, Tidying(**unusual), **(told or {}))
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_the_newest_row_first_is_turned_round(tmp_path: Path) -> None:
    """Rows of one time are turned round with it, as they came last first too."""
    rows = ["3,1", "2,2", "2,3", "", "1,4"]
    found = tidied(tmp_path, ["time,price", *rows], newest_first=True)
    assert found == [["time", "price"], ["1", "4"], ["2", "3"], ["2", "2"], ["3", "1"]]


@pytest.mark.parametrize(
    ("text", "written", "plain"),
    [
        ("15/01/2014", "%d/%m/%Y", "2014-01-15"),
        ("01/15/2014", "%m/%d/%Y", "2014-01-15"),
        ("15-Jan-14", "%d-%b-%y", "2014-01-15"),
        ("15.01.2014 09:30:01.5", "%d.%m.%Y %H:%M:%S.%f", "2014-01-15 09:30:01.500000"),
        ("15.01.2014 9:30 PM", "%d.%m.%Y %I:%M %p", "2014-01-15 21:30:00.000000"),
        ("20140115 093001123456789", "%Y%m%d %H%M%S%f", ""),
        ("2014|01:02:03.123456789", "%Y|%H:%M:%S.%f", "2014-01-01 01:02:03.123456789"),
        ("15/01/14 01:02 -0500", "%d/%m/%y %H:%M %z", "2014-01-15 01:02:00.000000-05:00"),
    ],
)
def test_times_are_read_as_they_are_written(
    tmp_path: Path, text: str, written: str, plain: str
) -> None:
    """To the nanosecond; a format without a time of day gives dates, which name a trading day."""
    lines = ["Date,x", f"{text},15/01/2014"]
    if not plain:
        with pytest.raises(BadMarketData, match=r"line 2: .* is not a time written as"):
            tidied(tmp_path, lines, time_format=written)
        return
    assert tidied(tmp_path, lines, time_format=written)[1] == [plain, "15/01/2014"]


def test_a_time_that_is_mapped_is_no_other_by_its_name(tmp_path: Path) -> None:
    """By its name it is the time of receipt, and it is made plain once."""
    lines = ["local_time,price", "15/01/2014,5"]
    told = {"columns": {"ts_event": "local_time"}}
    assert tidied(tmp_path, lines, told, time_format="%d/%m/%Y")[1] == ["2014-01-15", "5"]


def test_a_date_and_a_time_of_day_in_two_columns(tmp_path: Path) -> None:
    """As Kibot writes bars, without a header."""
    told = {"header": ("DATE", "TIME", "close")}
    lines = ["01/02/2014,09:30,37.85", "01/02/2014,09:31,37.47"]
    found = tidied(tmp_path, lines, told, time_format="%m/%d/%Y %H:%M")
    assert found == [
        ["DATE", "TIME", "close"],
        ["2014-01-02", "09:30:00.000000", "37.85"],
        ["2014-01-02", "09:31:00.000000", "37.47"],
    ]


@pytest.mark.parametrize(
    ("numbers", "cell", "plain"),
    [
        ("1,234.56", "16,792,200", "16792200"),
        ("1,234.56", "$1,037.85", "1037.85"),
        ("1,234.56", "16.79M", "16790000"),
        ("1,234.56", "1.5k", "1500"),
        ("1,234.56", "-0.5", "-0.5"),
        ("1,234.56", "1,23", "1,23"),
        ("1,234.56", "B", "B"),
        ("1.234,56", "16.792.200", "16792200"),
        ("1.234,56", "37,66", "37.66"),
        ("1.234,56", "37.66", "37.66"),
        ("1234,56", "1037,66 €", "1037.66"),
        ("1 234,56", "1 037,66", "1037.66"),
        ("1'234.56", "1'037.66", "1037.66"),
    ],
)
def test_numbers_are_read_as_they_are_written(
    tmp_path: Path, numbers: str, cell: str, plain: str
) -> None:
    """What is no number in that way stays as it is, to be refused by whoever reads it."""
    assert tidied(tmp_path, ["time;size", f"1;{cell}"], numbers=numbers)[1] == ["1", plain]


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        ("27.935254839239038", "27.9353"),
        ("93.70000000000001", "93.7000"),
        ("0.00025", "0.0002"),  # halves to even
        ("0.00035", "0.0004"),
        ("-.00005001", "-0.0001"),
        ("16,5", "16,5"),
        ("93.7", "93.7"),
        ("1e-9", "1e-9"),
        ("n/a", "n/a"),
    ],
)
def test_numbers_of_too_many_decimals_are_rounded(tmp_path: Path, cell: str, plain: str) -> None:
    """But for times, and for what a share paid or was split by; what is no such number stays."""
    lines = ["time;Close;Dividends;Split Ratio", f"1.123456;{cell};0.84375;0.05556"]
    found = tidied(tmp_path, lines, decimals=4)
    assert found[1] == ["1.123456", plain, "0.84375", "0.05556"]
    with pytest.raises(InvalidInput, match="decimals=13: 0 to 12"):
        tidied(tmp_path, lines, decimals=13)


def test_numbers_written_otherwise_are_rounded_too(tmp_path: Path) -> None:
    """Once they are plain."""
    found = tidied(tmp_path, ["time;price", "1;1.037,855"], numbers="1.234,56", decimals=2)
    assert found[1] == ["1", "1037.86"]


def test_lines_before_the_header_and_rows_of_others_are_left_out(tmp_path: Path) -> None:
    """As of CryptoDataDownload, and of files of many shares."""
    lines = ["https://www.CryptoDataDownload.com", "time,Name,price", "1,A,5", "1,B,7", "2,A,6"]
    found = tidied(tmp_path, lines, skip_lines=1, only={"Name": "A"})
    assert found == [["time", "Name", "price"], ["1", "A", "5"], ["2", "A", "6"]]
    with pytest.raises(InvalidInput, match=r"no column name; it has time, Name, price"):
        tidied(tmp_path, lines, skip_lines=1, only={"name": "A"})


def test_a_packed_table(tmp_path: Path) -> None:
    """It is unpacked on the way."""
    source, table = tmp_path / "source.csv.gz", tmp_path / "table.csv"
    source.write_bytes(gzip.compress(f"{HEADER}\n02/01/2014,1,1,1,1,1\n".encode()))
    write_tidied(source, table, Tidying(time_format="%d/%m/%Y"))
    assert table.read_text().splitlines() == [HEADER, "2014-01-02,1,1,1,1,1"]


def test_what_cannot_be_meant_is_refused(tmp_path: Path) -> None:
    """Before anything is written; and rows that may be left out are left to whoever reads."""
    for numbers in ("1,234,56", "1234", "ten", "1.234.56"):
        with pytest.raises(InvalidInput, match=r"say how 1234\.56 is written there"):
            Tidying(numbers=numbers)
    with pytest.raises(InvalidInput, match=r"skip_lines=-1"):
        Tidying(skip_lines=-1)
    with pytest.raises(InvalidInput, match="which column of when, price is the time"):
        tidied(tmp_path, ["when,price", "01/02/2014,1"], time_format="%d/%m/%Y")
    told: dict[str, Any] = {"columns": {"ts_event": "when"}, "lenient": True}
    found = tidied(tmp_path, ["when,price", "soon,1"], told, time_format="%d/%m/%Y")
    assert found[1] == ["soon", "1"]
    with pytest.raises(BadMarketData, match="empty after 9 lines"):
        tidied(tmp_path, [HEADER], skip_lines=9)
    with pytest.raises(InvalidInput, match="only a table ending in"):
        write_tidied(tmp_path / "a.parquet", tmp_path / "b.csv", Tidying(newest_first=True))
