"""Every book of a sweep keeps the book's contract; the one on disk keeps its owner and identity."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from offbook.adapters.sweeps.book import BOOK_FILE, SqliteSweepBook
from offbook.domain.errors import StorageUnavailable, StoreOwned, SweepConflict
from offbook.domain.sweeps import CellResult, SweepIdentity
from offbook.ports.sweeps import ISweepBook
from offbook.testing.contracts.sweep_book import FULL, SweepBookContract
from offbook.testing.memory_sweep_book import InMemorySweepBook

IDENTITY = SweepIdentity(strategy="s", data="d", config="c")


class TestInMemorySweepBook(SweepBookContract):
    """The one that is shipped for tests."""

    def open(self, tmp_path: Path) -> ISweepBook:
        return InMemorySweepBook()


class TestSqliteSweepBook(SweepBookContract):
    """The one on disk."""

    def open(self, tmp_path: Path) -> ISweepBook:
        return SqliteSweepBook.open(tmp_path / "x", "x", IDENTITY)

    def close(self, book: ISweepBook) -> None:
        assert isinstance(book, SqliteSweepBook)
        book.close()


def test_results_are_there_for_the_next_process(tmp_path: Path) -> None:
    book = SqliteSweepBook.open(tmp_path, "x", IDENTITY)
    book.put(FULL)
    book.close()
    again = SqliteSweepBook.open(tmp_path, "x", IDENTITY)
    assert again.results() == {"b": FULL}
    again.close()


@pytest.mark.parametrize("part", ["engine", "strategy", "data", "config"])
def test_a_book_is_of_one_thing_for_ever(tmp_path: Path, part: str) -> None:
    SqliteSweepBook.open(tmp_path, "x", IDENTITY).close()
    other = msgspec.structs.replace(IDENTITY, **{part: 99 if part == "engine" else "other"})
    with pytest.raises(SweepConflict, match="choose another --name") as caught:
        SqliteSweepBook.open(tmp_path, "x", other)
    assert caught.value.fields == {"sweep": "x", "what": part}
    SqliteSweepBook.open(tmp_path, "x", IDENTITY).close()


def test_a_book_has_one_owner_at_a_time(tmp_path: Path) -> None:
    book = SqliteSweepBook.open(tmp_path, "x", IDENTITY)
    with pytest.raises(StoreOwned, match="the sweep x is being run: process"):
        SqliteSweepBook.open(tmp_path, "x", IDENTITY)
    book.close()


def test_a_file_that_is_no_book_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / BOOK_FILE).write_bytes(b"something else entirely" * 100)
    with pytest.raises(StorageUnavailable) as caught:
        SqliteSweepBook.open(tmp_path, "x", IDENTITY)
    assert caught.value.fields["reason"] == "damaged"
    with closing(sqlite3.connect(tmp_path / "new.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    (tmp_path / "new.db").replace(tmp_path / BOOK_FILE)
    with pytest.raises(StorageUnavailable, match="newer offbook"):
        SqliteSweepBook.open(tmp_path, "x", IDENTITY)


def test_a_closed_book_takes_nothing(tmp_path: Path) -> None:
    book = SqliteSweepBook.open(tmp_path, "x", IDENTITY)
    book.close()
    with pytest.raises(StorageUnavailable):
        book.put(CellResult(session_id="a"))
