"""Stores that cannot be read: told by every command, and never in the way of the others."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.cli.conftest import Answer, recording

Program = Callable[..., Answer]
FLIP = ("run", "mine.py:Flip", "--data", "quotes.csv")
PAGE = 4096


def corrupt(path: Path) -> None:
    """All but the first page is noise."""
    path.write_bytes(path.read_bytes()[:PAGE].ljust(path.stat().st_size, b"\xa5"))


def truncated(path: Path) -> None:
    """The second half is missing."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def torn(path: Path) -> None:
    """Not even its head is whole."""
    path.write_bytes(path.read_bytes()[:50])


def empty(path: Path) -> None:
    """Nothing is left."""
    path.write_bytes(b"")


def alien(path: Path) -> None:
    """Something else altogether."""
    path.write_bytes(b"no database at all" * 1000)


def foreign(path: Path) -> None:
    """Another program's database."""
    path.unlink()
    edit(path, "CREATE TABLE t (x)")


def newer(path: Path) -> None:
    """As a later version would leave it."""
    edit(path, "UPDATE alembic_version SET version_num = '9999'")


def folder_instead(path: Path) -> None:
    """A directory of the same name."""
    path.unlink()
    path.mkdir()


def edit(path: Path, statement: str) -> None:
    """Change a database."""
    database = sqlite3.connect(path)
    database.execute(statement)
    database.commit()
    database.close()


def content(store: Path) -> bytes | None:
    """The database, byte for byte."""
    path = store / "sessions.sqlite3"
    return path.read_bytes() if path.is_file() else None


DAMAGES = {
    corrupt: ("damaged", "the database is damaged: restore it from a copy"),
    truncated: ("damaged", "the database is damaged: restore it from a copy"),
    torn: ("damaged", "restore it from a copy"),
    empty: ("empty", "is empty: if it was emptied, restore it from a copy"),
    alien: ("damaged", "the file is no database: restore it from a copy"),
    foreign: ("foreign", "is a database of another program"),
    newer: ("newer", "was written by a newer offbook (schema 9999"),
    folder_instead: ("foreign", "a directory is in the database's place: move it away"),
}


@pytest.fixture
def ids(offbook: Program, folder: Path) -> tuple[str, str]:
    """A session in the default store, and one in a store of another process."""
    (folder / "quotes.csv").write_text(recording(200))
    first = offbook(*FLIP, "--json").document["session_id"]
    second = offbook("--data-dir", "other", *FLIP, "--json").document["session_id"]
    shutil.copytree(folder / "other" / "store", folder / "data" / "stores" / "1")
    return first, second


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_store_that_cannot_be_read_is_told_by_every_command(
    offbook: Program, folder: Path, ids: tuple[str, str], damage: Callable[[Path], None]
) -> None:
    """1, with what is wrong; sessions of the healthy store are listed, shown and verified."""
    lost, kept = ids
    store = folder / "data" / "store"
    damage(store / "sessions.sqlite3")
    before = content(store)
    reason, told = DAMAGES[damage]

    listed = offbook("sessions")
    assert (listed.code, kept[:13] in listed.out, lost[:13] in listed.out) == (1, True, False)
    assert f"{store} could not be read" in listed.err
    assert told in listed.err
    assert offbook("sessions", "--quiet").err == listed.err
    for command, key in (("sessions", "sessions"), ("recover", "recovered")):
        answer = offbook(command, "--json")
        assert answer.code == 1
        [entry] = answer.document["unreadable"]
        assert (entry["store"], entry["reason"]) == (str(store), reason)
        assert told in entry["error"]
        assert [one["session_id"] for one in answer.document[key]] == [kept] * (key == "sessions")

    for command in ("show", "verify", "report", "recover"):
        for reference in (lost, "last"):
            answer = offbook(command, reference)
            assert (answer.code, answer.out) == (1, "")
            assert told in answer.err
            assert "there is no session" not in answer.err
            error = offbook(command, reference, "--json").document["error"]
            assert error["code"] == "storage_unavailable"
            assert error["fields"]["stores"] == [str(store)]
    for command in ("show", "verify", "report"):
        assert offbook(command, kept).code == 0

    found = offbook("doctor", "--json")
    assert found.code == 1
    problems = [one for one in found.document["findings"] if one["grade"] == "problem"]
    assert [one["what"] for one in problems] == ["store"]
    assert told in problems[0]["seen"]
    assert problems[0]["advice"]
    assert content(store) == before, "looking changes nothing"


def test_a_store_that_is_all_there_is_and_cannot_be_read_is_not_called_empty(
    offbook: Program, folder: Path, ids: tuple[str, str]
) -> None:
    shutil.rmtree(folder / "data" / "stores")
    alien(folder / "data" / "store" / "sessions.sqlite3")
    answer = offbook("sessions")
    assert (answer.code, answer.out) == (1, "")
    assert "offbook doctor" in answer.err
    assert offbook("recover").code == 1
    assert "nothing to recover" not in offbook("recover").out


def test_a_store_is_not_made_in_a_database_of_another_program(
    offbook: Program, folder: Path, ids: tuple[str, str]
) -> None:
    path = folder / "data" / "store" / "sessions.sqlite3"
    foreign(path)
    before = path.read_bytes()
    answer = offbook(*FLIP)
    assert answer.code == 1
    assert "database of another program" in answer.err
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM journal WHERE first_seq = 1",
        "UPDATE journal SET records = replace(records, 'BUY', 'SELL')",
        "UPDATE journal SET records = x'00'",
    ],
)
def test_a_journal_that_was_changed_is_told_as_damaged(
    offbook: Program, folder: Path, ids: tuple[str, str], statement: str
) -> None:
    """The database is sound, the session is not; the list is whole."""
    damaged, _ = ids
    edit(folder / "data" / "store" / "sessions.sqlite3", statement)
    assert offbook("sessions").code == 0
    for command in ("verify", "report", "show"):
        answer = offbook(command, damaged, "--json")
        assert (command, answer.code) == (command, 1)
        assert answer.document["error"]["code"] == "journal_damaged"
        assert damaged in offbook(command, damaged).err


def test_the_doctor_finds_damage_that_a_listing_does_not_meet(
    offbook: Program, folder: Path, ids: tuple[str, str]
) -> None:
    """Every page is read."""
    path = folder / "data" / "store" / "sessions.sqlite3"
    database = sqlite3.connect(path)
    [root] = database.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'operations_by_session'"
    ).fetchone()
    database.close()
    raw = bytearray(path.read_bytes())
    raw[(root - 1) * PAGE : root * PAGE] = b"\xa5" * PAGE
    path.write_bytes(raw)
    assert offbook("sessions").code == 0
    answer = offbook("doctor", "--json")
    assert answer.code == 1
    [problem] = [one for one in answer.document["findings"] if one["grade"] == "problem"]
    assert problem["advice"] == "restore it from a copy"
