"""``offbook report``: figures on the screen, one document, or files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.cli.conftest import Answer

Program = Callable[..., Answer]
STRATEGY = "offbook.strategies.ema_cross:EmaCross"


@pytest.fixture
def ran(offbook: Program) -> str:
    """A session that has ended; its id."""
    answer = offbook("run", STRATEGY, "--data", "demo", "--json")
    assert answer.code == 0, answer.err
    session_id: str = answer.document["session_id"]
    return session_id


def test_a_report_tells_result_risk_trips_and_execution(offbook: Program, ran: str) -> None:
    """In this order, with what to do next."""
    answer = offbook("report", ran)
    assert answer.code == 0, answer.err
    places = [answer.out.index(title) for title in ("Result", "Risk", "Round trips", "Execution")]
    assert places == sorted(places)
    assert "fewer than 30 days" in answer.out
    assert "report" in answer.out.splitlines()[-1]


def test_a_report_as_json_agrees_with_what_show_tells(offbook: Program, ran: str) -> None:
    """One document, amounts as text."""
    report = offbook("report", ran, "--json").document
    shown = offbook("show", ran, "--json").document
    assert report["version"] == 1
    assert report["session"]["equity"] == shown["equity"]
    assert isinstance(report["session"]["equity"], str)


def test_an_interval_is_asked_for_and_its_ends_can_be_named(offbook: Program, ran: str) -> None:
    """A preset by itself asks for it too."""
    assert offbook("report", ran, "--json").document["interval"] is None
    told = offbook("report", ran, "--interval")
    assert told.code == 0, told.err
    assert "hangs on" in told.out
    found = offbook("report", ran, "--pessimistic", "retail", "--json").document["interval"]
    assert found["pessimistic"]["preset"] == "retail"
    assert found["optimistic"]["preset"] is None


def test_a_report_is_written_as_files(offbook: Program, ran: str, folder: Path) -> None:
    """Into a folder of the session's own; the files are named."""
    answer = offbook("report", ran, "--write", "json,csv", "--into", str(folder), "--json")
    assert answer.code == 0, answer.err
    files = [Path(name) for name in answer.document["files"]]
    assert {file.name for file in files} >= {"report.json", "fills.csv", "equity.csv"}
    assert all(file.stat().st_size > 0 for file in files)
    assert json.loads(files[0].read_text())["session"]["session_id"] == ran


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("report", "no-such"), 3, "no-such"),
        (("report", "last", "--write", "pdf"), 2, "choose json, csv, parquet, png"),
        (("report", "last", "--write", "csv", "--into", "/proc/none"), 2, "cannot be written"),
    ],
)
def test_what_cannot_be_reported_is_said(
    offbook: Program, ran: str, words: tuple[str, ...], code: int, told: str
) -> None:
    """With the exit code of its kind."""
    answer = offbook(*words)
    assert answer.code == code, answer.out
    assert told in answer.err
