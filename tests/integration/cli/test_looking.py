"""``offbook sessions``, ``show`` and ``verify``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.cli.conftest import Answer

from offbook.cli.main import run_cli

Program = Callable[..., Answer]
FLIP = ("run", "mine.py:Flip", "--data", "quotes.csv")


def test_an_empty_place_says_how_to_begin(offbook: Program) -> None:
    """And is no error."""
    answer = offbook("sessions")
    assert answer.code == 0
    assert "offbook demo" in answer.out
    assert offbook("sessions", "--json").document == {"sessions": [], "unreadable": []}


def test_sessions_are_listed_oldest_first_with_what_tells_them_apart(offbook: Program) -> None:
    """As a table and as a document."""
    first = offbook(*FLIP, "--name", "one", "--json").document
    second = offbook(*FLIP, "--name", "two", "--json").document
    listed = offbook("sessions", "--json").document["sessions"]
    assert [entry["session_id"] for entry in listed] == [s["session_id"] for s in (first, second)]
    assert listed[0]["equity"] == first["equity"]
    table = offbook("sessions").out
    assert table.index("one") < table.index("two")
    assert first["session_id"][:13] in table


def test_a_long_name_takes_more_lines_and_nothing_from_the_others(
    offbook: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    made = offbook(*FLIP, "--name", "a-name " + 30 * "of-many-words-", "--json").document
    table = offbook("sessions").out
    assert "…" not in table
    assert max(map(len, table.splitlines())) <= 80
    for told in (made["session_id"][:13], made["status"], f"{float(made['equity']):,.2f}"):
        assert told in table


def test_show_gives_the_same_document_as_the_run_did(offbook: Program) -> None:
    """By whole id, by a beginning, and as the last one."""
    made = offbook(*FLIP, "--json").document
    for name in (made["session_id"], made["session_id"][:9], "last"):
        assert offbook("show", name, "--json").document == made


def test_show_tells_the_configuration_and_every_fill(offbook: Program) -> None:
    """What one needs to judge the result."""
    made = offbook(*FLIP, "--json").document
    text = offbook("show", "last").out
    assert text.count("100.") >= len(made["fills"])
    for told in (
        "every=50",
        "fee maker 10 taker 10",
        "50 ms there",
        "seed 0",
        "started",
        "stopped",
    ):
        assert told in text


def test_a_beginning_that_several_share_is_refused(offbook: Program) -> None:
    """With all of them named."""
    ids = [offbook(*FLIP, "--json").document["session_id"] for _ in range(2)]
    shared = ids[0][:6]  # the time, to within hours
    answer = offbook("show", shared)
    assert answer.code == 2
    assert all(session_id in answer.err for session_id in ids)


def test_verify_finds_the_same_bytes(offbook: Program) -> None:
    """EQUAL, and 0."""
    offbook(*FLIP)
    answer = offbook("verify", "last")
    assert answer.code == 0
    assert answer.out.startswith("EQUAL")
    document = offbook("verify", "last", "--json").document
    assert document["outcome"] == "EQUAL"
    assert document["records"] > 10


@pytest.mark.parametrize(
    ("file", "change", "what"),
    [
        ("mine.py", lambda text: text + "# changed\n", "strategy"),
        ("mine.py", None, "strategy"),
        ("quotes.csv", lambda text: text.replace(",5,5", ",5,6", 1), "data"),
        ("quotes.csv", None, "data"),
    ],
)
def test_verify_says_when_there_is_nothing_to_compare_with(
    offbook: Program, folder: Path, file: str, change: Callable[[str], str] | None, what: str
) -> None:
    """A strategy or a recording that changed, or is gone."""
    offbook(*FLIP)
    path = folder / file
    if change is None:
        path.unlink()
    else:
        path.write_text(change(path.read_text()))
    answer = offbook("verify", "last", "--json")
    assert answer.code == 1
    assert (answer.document["outcome"], answer.document["what"]) == ("NOT_COMPARABLE", what)


def test_verify_names_the_first_record_that_differs(offbook: Program, folder: Path) -> None:
    """A strategy that asks for more than it was given is found out."""
    (folder / "moody.py").write_text(
        "from offbook import Strategy\n"
        "from pathlib import Path\n"
        "class Moody(Strategy):\n"
        "    def on_start(self):\n"
        "        self.row = int(Path('mood').read_text())\n"
        "    def on_quote(self, quote):\n"
        "        if quote.row == self.row:\n"
        "            self.buy('XYZUSDT', '1')\n"
    )
    (folder / "mood").write_text("100")
    offbook("run", "moody.py:Moody", "--data", "quotes.csv")
    (folder / "mood").write_text("101")
    answer = offbook("verify", "last")
    assert answer.code == 1
    assert answer.out.startswith("DIVERGED at record ")
    assert "OrderSubmitted" in answer.out


def test_options_may_stand_before_or_after_the_command(
    offbook: Program, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--data-dir goes before the environment, and copied commands carry it."""
    other = str(folder / "elsewhere")
    assert offbook("--data-dir", other, *FLIP).out.count(f"--data-dir {other}") == 2
    assert len(offbook("sessions", "--data-dir", other, "--json").document["sessions"]) == 1
    assert offbook("--json", "sessions").document["sessions"] == []
    assert run_cli(["--version"]) == 0
    assert capsys.readouterr().out.startswith("offbook ")


def test_a_damaged_store_is_told_and_not_hidden(offbook: Program, folder: Path) -> None:
    """The other stores are still listed; test_bad_stores.py has every kind of damage."""
    offbook(*FLIP)
    broken = folder / "data" / "stores" / "1"
    broken.mkdir(parents=True)
    (broken / "sessions.sqlite3").write_bytes(b"no database at all" * 100)
    answer = offbook("sessions")
    assert answer.code == 1
    assert "could not be read" in answer.err
    assert "Flip" in answer.out
    assert offbook("doctor").code == 1
