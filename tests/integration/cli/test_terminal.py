"""Keys, Ctrl-C and signals, on a terminal."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.cli.conftest import Answer, recording

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals", allow_module_level=True)

from tests.integration.cli.terminal import CTRL_C, Terminal

Program = Callable[..., Answer]
LONG = ("run", "mine.py:Flip", "--data", "quotes.csv", "--speed", "60")


@pytest.fixture
def long(folder: Path) -> None:
    """A recording of an hour: nobody reaches its end at the speed of ``LONG``."""
    (folder / "quotes.csv").write_text(recording(3600))


@pytest.mark.usefixtures("long")
def test_ctrl_c_stops_and_reports(offbook: Program) -> None:
    """0; the terminal is as it was; the session is STOPPED as if it had been asked to."""
    with Terminal(*LONG) as terminal:
        terminal.until("RUNNING")
        assert not terminal.is_canonical
        terminal.press(CTRL_C)
        terminal.until("stopping; Ctrl-C again leaves at once")
        terminal.until("chain")
        assert terminal.ended() == 0
        assert terminal.is_canonical
    document = offbook("show", "last", "--json").document
    assert (document["status"], document["status_reason"]) == ("STOPPED", "requested")
    assert offbook("verify", "last").code == 0


def test_a_second_ctrl_c_leaves_a_session_that_hangs(offbook: Program) -> None:
    """130, although no callback of the loop is ever run; the session can be taken up."""
    with Terminal("run", "mine.py:Hangs", "--data", "quotes.csv") as terminal:
        terminal.until("does not return")
        terminal.until("while True:")
        terminal.press(CTRL_C)
        terminal.until("Ctrl-C again leaves at once")
        terminal.press(CTRL_C)
        terminal.until("left at once")
        assert terminal.ended() == 130
        assert terminal.is_canonical
    assert offbook("show", "last", "--json").document["status"] in ("STARTING", "RUNNING")
    assert offbook("recover", "last", "--stop", "--json").document["recovered"]


@pytest.mark.usefixtures("long")
@pytest.mark.parametrize("state", ["RUNNING", "PAUSED"])
@pytest.mark.parametrize(
    ("signals", "code", "left"),
    [("Ctrl-C", 0, "STOPPED"), ("Ctrl-C twice", 130, None), ("SIGTERM", 143, "same")],
)
def test_signals_are_heard_while_nothing_happens(
    offbook: Program, state: str, signals: str, code: int, left: str | None
) -> None:
    """At a speed at which the next row is minutes away, running and paused."""
    with Terminal(*LONG[:-1], "0.001") as terminal:
        terminal.until("RUNNING")
        if state == "PAUSED":
            terminal.press("p")
            terminal.until("PAUSED")
        if signals == "SIGTERM":
            os.kill(terminal.pid, signal.SIGTERM)
        else:
            terminal.press(CTRL_C)
        if signals == "Ctrl-C twice":
            terminal.until("Ctrl-C again leaves at once")
            terminal.press(CTRL_C)
        assert terminal.ended() == code
        assert terminal.is_canonical
    kept = offbook("show", "last", "--json").document
    # After the second Ctrl-C the first may have been carried out or not.
    assert kept["status"] in {None: (state, "STOPPED"), "same": (state,)}.get(left, (left,))
    assert offbook("verify", "last").code == 0
    if kept["status"] != "STOPPED":
        assert offbook("recover", "last", "--stop").code == 0


@pytest.mark.usefixtures("long")
def test_a_store_that_is_taken_away_is_told_and_waited_for(offbook: Program, folder: Path) -> None:
    """What was asked meanwhile did not happen; when the file is back the session goes on."""
    database = folder / "data" / "store" / "sessions.sqlite3"
    with Terminal(*LONG, "--no-dashboard") as terminal:
        terminal.until("RUNNING")
        database.rename(folder / "aside")
        terminal.until("the store does not answer")
        terminal.until(f"{database} was deleted or moved away")
        terminal.press("s")
        terminal.until("did not")  # happen, or answer
        (folder / "aside").rename(database)
        terminal.until("the store answers again")
        terminal.press("s")
        assert terminal.ended() == 0
        assert not re.search(r"-[\d.]+x", terminal.seen), "time does not run backwards"
    assert offbook("verify", "last").code == 0


@pytest.mark.usefixtures("long")
def test_keys_pause_resume_change_the_speed_and_stop(offbook: Program) -> None:
    """p, r, +, s."""
    with Terminal(*LONG) as terminal:
        terminal.until("p pause, r resume, s stop")
        terminal.until("RUNNING")
        terminal.press("p")
        terminal.until("PAUSED")
        terminal.press("r")
        terminal.until("RUNNING")
        terminal.press("+")
        terminal.until("speed: 120")
        terminal.press("-")
        terminal.until("speed: 60")
        terminal.press("x")
        terminal.press("s")
        assert terminal.ended() == 0
        assert terminal.is_canonical
        assert "STOPPED" in terminal.seen
    moments = offbook("show", "last", "--json").document["moments"]
    assert [m["event"] for m in moments] == ["started", "paused", "resumed", "stopped"]


@pytest.mark.usefixtures("long")
def test_sigterm_suspends_and_recover_carries_on(offbook: Program) -> None:
    """The session stays RUNNING in the store, and ends as one that was never interrupted."""
    with Terminal(*LONG) as terminal:
        terminal.until(" 1 %")
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.ended() == 143
        assert terminal.is_canonical
        assert "recover" in terminal.seen
    assert offbook("show", "last", "--json").document["status"] == "RUNNING"
    interrupted = offbook("show", "last", "--json").document["session_id"]
    with Terminal("recover") as terminal:
        terminal.until("rebuilt from its journal")
        terminal.until("RUNNING")
        for speed in ("120", "300", "600", "1800", "3600", "as fast as possible"):
            terminal.press("+")
            terminal.until(f"speed: {speed}")
        assert terminal.ended() == 0
    whole = offbook(*LONG[:-2], "--json").document["chain_head"]
    assert offbook("show", interrupted, "--json").document["chain_head"] == whole


@pytest.mark.usefixtures("long")
def test_the_line_fits_a_narrow_terminal() -> None:
    """What matters least gives way."""
    with Terminal(*LONG, columns=40) as terminal:
        terminal.until("RUNNING")
        terminal.until("\r\x1b[K")
        terminal.press("s")
        assert terminal.ended() == 0
    lines = [part.split("\r")[0] for part in terminal.seen.split("\r\x1b[K")[1:-1]]
    plain = [line.replace("\x1b[32m", "").replace("\x1b[0m", "") for line in lines]
    assert plain
    assert max(len(line.splitlines()[0]) for line in plain if line) < 40
