"""``offbook doctor``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.integration.cli.conftest import Answer

Program = Callable[..., Answer]


def test_a_healthy_place_is_told_to_be_one(offbook: Program) -> None:
    """0, and what was looked at."""
    answer = offbook("doctor")
    assert answer.code == 0
    for what in ("python", "sqlite", "numpy", "duckdb", "data", "space", "flush", "terminal"):
        assert what in answer.out
    assert "all is well" in answer.out


def test_a_place_that_cannot_be_used_is_a_problem(offbook: Program, folder: Path) -> None:
    """1, and what to do; nothing is made there."""
    (folder / "file").write_text("")
    answer = offbook("doctor", "--data-dir", "file/below", "--json")
    assert answer.code == 1
    [problem] = [f for f in answer.document["findings"] if f["grade"] == "problem"]
    assert problem["what"] == "data"
    assert problem["advice"]


def test_looking_leaves_no_trace(offbook: Program, folder: Path) -> None:
    """A data directory that is not there yet is not made by looking."""
    offbook("doctor")
    offbook("sessions")
    assert not (folder / "data").exists()
