"""``offbook sweep``: real processes on a small recording."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.integration.cli.conftest import Answer, recording

from offbook.cli.main import run_cli

Program = Callable[..., Answer]
SWEEP = ("sweep", "sweeps.py:Turns", "--data", "quotes.csv", "--jobs", "2", "--name", "turns")
GRID = ("--set", "every=20..60:20", "--set", "size=0.5,1")

STRATEGIES = '''\
import os
import time
from pathlib import Path

from offbook import Strategy


class Turns(Strategy):
    """Buys and sells in turn. With ``gate``, it waits at its first quote for a file to appear."""

    every: int = 50
    size: str = "1"
    gate: str = ""

    def on_start(self):
        self.seen = 0
        if self.every == 13:
            raise ValueError("thirteen brings no luck")

    def on_quote(self, quote):
        self.seen += 1
        if self.gate and self.seen == 1:
            Path(self.gate + f".{os.getpid()}").touch()
            while not Path(self.gate).exists():
                time.sleep(0.01)
        if self.seen % self.every == 0 and not self.open_orders():
            if self.position("XYZUSDT"):
                self.close("XYZUSDT")
            else:
                self.buy("XYZUSDT", self.size)
                print("a strategy may print")
'''


@pytest.fixture
def swept(folder: Path) -> Path:
    (folder / "sweeps.py").write_text(STRATEGIES)
    (folder / "quotes.csv").write_text(recording(300))
    (folder / "late.toml").write_text('[venue.latency.market_data]\ntype = "each_row"\n')
    return folder


def cells(document: dict[str, Any]) -> list[dict[str, Any]]:
    return document["cells"]  # type: ignore[no-any-return]  # the program's own document


def run(*words: str) -> subprocess.Popen[str]:
    """The program in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "offbook", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def gated(folder: Path, count: int) -> list[int]:
    """Wait until so many workers stand at the gate; their process ids."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = [int(path.suffix[1:]) for path in folder.glob("gate.*")]
        if len(found) >= count:
            return found
        time.sleep(0.02)
    raise AssertionError("no worker came to the gate")


@pytest.fixture
def at_the_gate(swept: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A sweep whose two workers wait inside their first cells."""
    process = run(*SWEEP, *GRID, "--set", "gate=gate", "--json")
    yield process, gated(swept, 2)
    (swept / "gate").touch()
    process.kill()
    process.communicate()


def test_every_cell_is_a_session_that_is_ranked_and_verifies(offbook: Program, swept: Path) -> None:
    """And is not run again, whatever is asked next under the same name."""
    answer = offbook(*SWEEP, *GRID, "--where", "every < 60 or size < 1", "--json")
    assert answer.code == 0, answer.err
    found = cells(answer.document)
    assert [cell["rank"] for cell in found] == [1, 2, 3, 4, 5]
    returns = [float(cell["statistics"]["return_pct"]) for cell in found]
    assert returns == sorted(returns, reverse=True)
    assert {(c["params"]["every"], c["params"]["size"]) for c in found} == {
        (20, "0.5"), (20, "1"), (40, "0.5"), (40, "1"), (60, "0.5"),
    }  # fmt: skip
    assert "best of 5 trials" in answer.document["overfitting"]["text"]
    best = found[0]
    verified = offbook("verify", best["session_id"][:13], "--json").document
    assert verified["outcome"] == "EQUAL"
    report = offbook("report", best["session_id"], "--json").document
    assert report["session"]["return_pct"] == best["statistics"]["return_pct"]
    assert report["session"]["name"].startswith("turns every=")
    listed = offbook("sessions", "--json").document["sessions"]
    assert {line["session_id"] for line in listed} == {cell["session_id"] for cell in found}

    told = offbook("sessions")
    assert told.out.splitlines() == [
        " 5 sessions of the sweep turns: offbook sessions --sweep turns"
    ]
    one_by_one = offbook("sessions", "--sweep", "turns").out
    assert all(cell["session_id"][:13] in one_by_one for cell in found)
    unknown = offbook("sessions", "--sweep", "turn")
    assert unknown.code == 2
    assert "there are turns" in unknown.err

    best_elsewhere(offbook, swept, found)

    # As when the sweep was killed between a session's end and its result.
    [lost] = [c for c in found if (c["params"]["every"], c["params"]["size"]) == (40, "1")]
    with closing(sqlite3.connect(swept / "data/sweeps/turns/sweep.sqlite3")) as book:
        book.execute("DELETE FROM cells WHERE session_id = ?", (lost["session_id"],))
        book.commit()
    more = offbook(*SWEEP, "--jobs", "1", "--set", "every=20..80:20", "--set", "size=1", "--json")
    assert "1 done before" in more.err
    known = {cell["session_id"]: cell["statistics"] for cell in found}
    again = {cell["session_id"]: cell["statistics"] for cell in cells(more.document)}
    assert len(again) == 4
    assert len(known.keys() & again.keys()) == 2
    assert all(known[name] == again[name] for name in known.keys() & again.keys())
    assert "best of 7 trials" in more.document["overfitting"]["text"]
    assert len(offbook("sessions", "--json").document["sessions"]) == 9


def best_elsewhere(offbook: Program, swept: Path, found: list[dict[str, Any]]) -> None:
    """The best two are run on later rows, as sessions too; not on rows that were swept."""
    words = (*SWEEP, *GRID, "--where", "every < 60 or size < 1", "--jobs", "1", "--unseen")
    head, *rows = recording(600).splitlines()
    for name, first in (("overlap.csv", 299), ("later.csv", 300)):
        (swept / name).write_text("\n".join([head, *rows[first:], ""]))
        (swept / f"{name}.toml").write_text((swept / "quotes.csv.toml").read_text())
    for name, why in (("quotes.csv", "the very data"), ("overlap.csv", "overlap those")):
        refused = offbook(*words, name)
        assert refused.code == 2
        assert why in refused.err
    answer = offbook(*words, "later.csv", "--top", "2", "--out", "out")
    assert answer.code == 0, answer.err
    assert "5 done before" in answer.err
    assert "the best on unseen data: XYZUSDT, " in answer.out
    assert "--unseen DATA" not in answer.out
    assert "Judge it on data" not in answer.out, "it has been"
    lines = list(csv.DictReader((swept / "out" / "unseen.csv").read_text().splitlines()))
    assert {int(line["cell"]) for line in lines} == {cell["number"] for cell in found[:2]}
    assert offbook("verify", lines[0]["session_id"]).code == 0


def test_a_cell_that_fails_is_a_line_and_a_name_stays_with_its_sweep(
    offbook: Program, swept: Path
) -> None:
    words = (*SWEEP, "--jobs", "1", "--set", "every=12..14")
    answer = offbook(*words, "--out", "out")
    assert answer.code == 0
    assert "failed  every=13: " in answer.out
    assert "thirteen brings no luck" in answer.out
    assert "--unseen DATA" in answer.out
    assert "Judge it on data" in answer.out
    with (swept / "out" / "sweep.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["every"] for row in rows][-1] == "13"
    assert "thirteen" in rows[-1]["error"]
    assert (swept / "out" / "sweep.png").read_bytes().startswith(b"\x89PNG")
    assert (swept / "out" / "sweep.parquet").exists()
    log = (swept / "data" / "sweeps" / "turns" / "worker-1.log").read_text()
    assert "a strategy may print" in log
    assert "a strategy may print" not in answer.out

    assert offbook(*words, "--cash", "7").code == 5
    (swept / "quotes.csv").write_text(recording(301))
    changed = offbook(*words, "--json")
    assert changed.code == 5
    assert changed.document["error"]["code"] == "sweep_conflict"
    assert changed.document["error"]["fields"] == {"sweep": "turns", "what": "data"}
    (swept / "quotes.csv").write_text(recording(300))
    (swept / "sweeps.py").write_text(STRATEGIES + "\n# another version\n")
    changed = offbook(*words)
    assert changed.code == 5
    assert "choose another --name" in changed.err


def test_killed_and_interrupted_it_comes_to_the_same_table(
    offbook: Program, swept: Path, at_the_gate: tuple[subprocess.Popen[str], list[int]]
) -> None:
    """A worker is killed inside its cell, Ctrl-C comes inside of two, the same command goes on:
    all as if nobody had interrupted it."""
    words = (*GRID, "--set", "gate=gate")
    process, workers = at_the_gate
    refused = offbook(*SWEEP, *words)
    assert refused.code == 5
    assert "the sweep turns is being run: process" in refused.err

    os.kill(workers[0], signal.SIGKILL)
    assert len(gated(swept, 3)) == 3, "another worker runs the cell again"
    process.send_signal(signal.SIGINT)
    (swept / "gate").touch()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    left = json.loads(out)
    assert left["waiting"] + left["done"] == 6
    assert left["waiting"] >= 4
    begun = {line["session_id"] for line in offbook("sessions", "--json").document["sessions"]}
    assert len(begun) == 2

    ended = offbook(*SWEEP, "--jobs", "1", *words, "--json")
    assert ended.code == 0, ended.err
    straight = offbook(*SWEEP[:-1], "straight", "--jobs", "1", *words, "--json")

    def table(document: dict[str, Any]) -> list[Any]:
        return [(c["rank"], c["params"], c["statistics"], c["ended"]) for c in cells(document)]

    assert table(ended.document) == table(straight.document)
    assert len(table(ended.document)) == 6
    assert begun <= {cell["session_id"] for cell in cells(ended.document)}
    for session_id in begun:
        assert offbook("verify", session_id).code == 0


@pytest.mark.usefixtures("swept")
def test_a_dry_run_says_what_would_run_and_runs_nothing(offbook: Program) -> None:
    answer = offbook(*SWEEP, *GRID, "--sample", "2", "--dry-run")
    assert answer.out.splitlines()[-1] == "2 cells of a grid of 6"
    assert not offbook("sessions", "--json").document["sessions"]


@pytest.mark.usefixtures("swept")
@pytest.mark.parametrize(
    ("words", "word"),
    [
        (("--set", "every=9"), "nothing varies"),
        (("--set", "ever=1..3"), "did you mean 'every'"),
        (("--set", "every=1..x"), "write a range as"),
        (("--set", "every=1,2", "--rank", "sharp"), "did you mean sharpe?"),
        (("--set", "every=1,2", "--axes", "size"), "does not vary"),
        (("--set", "every=1,2", "--name", "../x"), "letters, digits"),
        (("--set", "every=1,2", "--where", "evry > 1"), "did you mean 'every'"),
        (("--set", "every=1,2", "--config", "late.toml"), "do not hold both times"),
    ],
)
def test_wrong_input_is_told_before_anything_is_made(
    folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], word: str
) -> None:
    assert run_cli([*SWEEP[:6], *words]) == 2
    assert word in capsys.readouterr().err
    assert not (folder / "data").exists()
