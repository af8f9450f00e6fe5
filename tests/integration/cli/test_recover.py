"""``offbook recover``, and two processes in one data directory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.integration.cli.conftest import Answer, recording

from offbook.cli import driving

Program = Callable[..., Answer]
FLIP = ("run", "mine.py:Flip", "--data", "quotes.csv")


@contextmanager
def running(*words: str, until: str = "RUNNING") -> Iterator[subprocess.Popen[str]]:
    """The program in a process of its own, that has got as far as saying ``until``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "offbook", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if until in line:
                break
        else:
            pytest.fail(f"it ended without saying {until}")
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def slow(folder: Path) -> None:
    """A day of quotes, so that a paced run is still running whenever it is killed."""
    (folder / "quotes.csv").write_text(recording(1440, seconds=60))


@pytest.mark.usefixtures("slow")
def test_a_killed_session_is_carried_on_to_the_end_it_would_have_had(offbook: Program) -> None:
    """kill -9, and the same chain as of a run that nobody disturbed."""
    with running(*FLIP, "--speed", "60") as process:
        process.kill()
        process.wait()
    [listed] = offbook("sessions", "--json").document["sessions"]
    assert listed["status"] == "RUNNING"
    assert "1 of them without a process" in offbook("doctor").out
    answer = offbook("recover", "--full-speed")
    assert answer.code == 0
    assert "every byte the same" in answer.err
    assert "STOPPED" in answer.out
    carried_on = offbook("show", listed["session_id"], "--json").document
    undisturbed = offbook(*FLIP, "--json").document
    assert carried_on["chain_head"] == undisturbed["chain_head"]
    assert offbook("recover").out.startswith("nothing to recover")


@pytest.mark.usefixtures("slow")
def test_recover_can_stop_instead(offbook: Program) -> None:
    """Not a row further than what was committed."""
    with running(*FLIP, "--speed", "60") as process:
        process.kill()
        process.wait()
    before = offbook("show", "last", "--json").document
    document = offbook("recover", "last", "--stop", "--json").document
    assert [entry["status"] for entry in document["recovered"]] == ["STOPPED"]
    after = offbook("show", "last", "--json").document
    assert after["rows"] == before["rows"]
    assert offbook("verify", "last").code == 0


@pytest.mark.usefixtures("slow")
def test_a_second_process_works_beside_the_first_and_leaves_it_alone(offbook: Program) -> None:
    """Its sessions go to another store; listings show both; recovering the first is refused."""
    with running(*FLIP, "--speed", "60"):
        mine = offbook(*FLIP, "--json").document
        assert "stores" in mine["store"]
        listed = offbook("sessions", "--json").document["sessions"]
        assert [entry["status"] for entry in listed] == ["RUNNING", "STOPPED"]
        first = listed[0]["session_id"]
        assert offbook("show", first).code == 0
        assert offbook("verify", first).code == 0
        refused = offbook("recover", first, "--json")
        assert refused.code == 5
        assert refused.document["elsewhere"][0]["session_id"] == first
        assert offbook("recover").code == 0
        assert "open, process" in offbook("doctor").out
        assert offbook("show", first, "--json").document["status"] == "RUNNING"


def test_a_paused_session_waits_until_it_is_resumed(offbook: Program) -> None:
    """recover alone leaves it as it is and says how to go on."""
    offbook(*FLIP, "--at-end", "pause")
    answer = offbook("recover")
    assert answer.code == 0
    assert "PAUSED" in answer.out
    assert "--resume" in answer.out
    resumed = offbook("recover", "last", "--resume", "--json").document
    assert resumed["recovered"][0]["status"] == "PAUSED"  # there is still no more data
    assert offbook("recover", "last", "--stop").code == 0


def test_a_session_that_is_over_is_refused(offbook: Program) -> None:
    """5: it is final."""
    offbook(*FLIP)
    answer = offbook("recover", "last")
    assert answer.code == 5
    assert "it is final: start a new one" in answer.err


def test_a_session_whose_strategy_changed_is_not_carried_on(offbook: Program, folder: Path) -> None:
    """It is told, kept as FAILED, and the others do not suffer."""
    (folder / "other.py").write_text((folder / "mine.py").read_text())
    offbook(*FLIP, "--at-end", "pause")
    offbook("run", "other.py:Flip", "--data", "quotes.csv", "--at-end", "pause")
    (folder / "mine.py").write_text((folder / "mine.py").read_text() + "# changed\n")
    document = offbook("recover", "--json").document
    assert [entry["reason"] for entry in document["failed"]] == ["strategy_changed"]
    assert len(document["recovered"]) == 1


def test_how_many_processes_rebuild_is_set_where_all_else_is(
    offbook: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a flag, else by a variable or a file; what is no number of processes is refused."""
    given: list[int | None] = []
    make = driving.make_manager

    def noting(*parts: Any, recovery_jobs: int | None, **more: Any) -> Any:
        given.append(recovery_jobs)
        return make(*parts, recovery_jobs=recovery_jobs, **more)

    monkeypatch.setattr(driving, "make_manager", noting)
    Path("quotes.csv").write_text(recording(10))
    assert offbook(*FLIP, "--at-end", "pause").code == 0
    given.clear()
    assert offbook("recover").code == 0
    Path("offbook.toml").write_text("[recovery]\njobs = 3\n")
    assert offbook("recover").code == 0
    monkeypatch.setenv("OFFBOOK_RECOVERY__JOBS", "2")
    assert offbook("recover").code == 0
    assert offbook("recover", "--jobs", "1").code == 0
    assert given == [None, 3, 2, 1]
    monkeypatch.setenv("OFFBOOK_RECOVERY__JOBS", "0")
    answer = offbook("recover")
    assert answer.code == 2
    assert "recovery_jobs" in answer.err
