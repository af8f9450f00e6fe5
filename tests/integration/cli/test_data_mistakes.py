"""``offbook data``: mistakes in what is typed, told as such and of the file that was named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.integration.cli.conftest import Answer

Program = Callable[..., Answer]


def test_errors_in_a_table_that_was_made_plain_name_the_table(
    offbook: Program, folder: Path
) -> None:
    """Not the file that was made on the way, which is gone by then."""
    (folder / "prices.csv").write_text(
        "of an exchange\nName;Date;Open;High;Low;Close;Volume\nABC;16/01/2014;2;2;2;2;9\n"
        "XYZ;16/01/2014;1;1;1;1;9\nABC;15/01/2014;2;2;2;2;9\n"
    )
    told = ("data", "convert", "prices.csv", "abc.csv", "--skip-lines", "1")
    for options, words in [
        ((), f"{folder / 'prices.csv'} holds rows of several instruments"),
        (("--only", "Name=ABC"), "prices.csv, as it was made plain, row 1, column Date"),
        (("--only", "Name=QQQ"), "prices.csv has no row with Name=QQQ"),
        (("--only", "Name"), "--only 'Name': write COLUMN=TEXT, such as Symbol=AAPL"),
    ]:
        answer = offbook(*told, *options)
        assert (answer.code, words in answer.err) == (2, True), answer.err
        assert "offbook-table-" not in answer.err
    assert not (folder / "abc.csv").exists()


def test_a_size_of_quotes_that_makes_no_sense_is_refused(offbook: Program, folder: Path) -> None:
    """It is the option that is wrong, not the file; quotes that have sizes keep theirs. Delays are
    told of recordings with both times alone."""
    (folder / "bare.csv").write_text("time,bid,ask\n2024-01-02T00:00:00Z,1.1,1.2\n")
    told = ("data", "convert", "bare.csv", "sized.csv", "--quote-size")
    for size in ("-5", "NaN", "0", "many"):
        assert f"--quote-size '{size}': write a plain number above 0" in offbook(*told, size).err
    assert offbook(*told, "1000000").code == 0
    assert " delay " not in offbook("data", "info", "sized.csv").out
    again = offbook("data", "convert", "sized.csv", "again.csv", "--quote-size", "5")
    assert "leave --quote-size out" in again.err


def test_what_is_no_recording_yet_says_how_one_is_made(offbook: Program, folder: Path) -> None:
    """Raw captures have any name; a capture that is not there is no capture of another venue."""
    (folder / "capture.gz").write_bytes(b"?")
    answer = offbook("data", "info", "capture.gz")
    assert "Of a raw capture of a venue it is made by: offbook data convert" in answer.err
    for name in ("capture.gz", "page.html"):
        (folder / name).write_bytes(b"?")
        answer = offbook("data", "convert", name, "made.csv")
        assert (answer.code, "made.csv" in answer.err) == (2, False), answer.err
        assert f"{name} is neither a table" in answer.err
    (folder / "empty.gz").write_bytes(b"")
    assert "empty.gz cannot be converted" in offbook("data", "convert", "empty.gz", "a.csv").err
    assert "there is no file" in offbook("data", "check", "nope.gz").err
    assert "is a folder" in offbook("data", "check", ".").err


def test_a_table_of_instruments_one_below_the_other_says_how_one_is_taken(
    offbook: Program, folder: Path
) -> None:
    """Its rows go back in time where the second begins."""
    days = [f"2024-01-{day:02d},9,9,9,9,5" for day in (2, 3)]
    rows = [f"{name},{day}" for name in ("AAA", "BBB") for day in days]
    (folder / "all.csv").write_text("\n".join(["name,date,open,high,low,close,volume", *rows]))
    told = offbook("data", "info", "all.csv").out
    assert "one of several instruments: offbook data convert --only COLUMN=TEXT" in told
    answer = offbook("data", "convert", "all.csv", "made.csv", "--source-timeframe", "1d")
    assert (answer.code, "--only COLUMN=TEXT" in answer.err) == (2, True), answer.err


def test_a_recording_without_a_book_gives_no_part_of_a_table(offbook: Program) -> None:
    """What reads the table from a pipe gets nothing, not a header."""
    for options in ((), ("--orders",)):
        answer = offbook("data", "book", "demo", *options)
        assert (answer.code, answer.out) == (2, ""), answer.err
        assert "no book is made of these" in answer.err
