"""``offbook doctor``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
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


def test_sound_settings_are_named(offbook: Program, folder: Path) -> None:
    assert "no offbook.toml" in offbook("doctor").out
    (folder / "offbook.toml").write_text('[venue]\nvolume_share = "0.5"\n')
    answer = offbook("doctor")
    assert answer.code == 0
    assert "settings   offbook.toml" in answer.out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[venue]\nvolume_shares = "0.5"\n', "volume_share"),
        ('[venue]\nvolume_share = "7"\n', "expected a share between 0 and 1"),
        ("[venue\n", "offbook.toml"),
    ],
)
def test_settings_that_cannot_be_used_are_problems(
    offbook: Program, folder: Path, text: str, said: str
) -> None:
    """Told among the others, for the data directory may still be looked at."""
    (folder / "offbook.toml").write_text(text)
    answer = offbook("doctor", "--json")
    assert answer.code == 1
    findings = {f["what"]: f for f in answer.document["findings"]}
    assert findings["settings"]["grade"] == "problem"
    assert said in findings["settings"]["seen"]
    assert "config check offbook.toml" in findings["settings"]["advice"]
    assert findings["data"]["grade"] == "ok"


def test_a_variable_that_cannot_be_used_is_a_problem_too(
    offbook: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFBOOK_VENUE__VOLUME_SHARES", "0.5")
    answer = offbook("doctor", "--json")
    assert answer.code == 1
    [problem] = [f for f in answer.document["findings"] if f["grade"] == "problem"]
    assert "OFFBOOK_VENUE__VOLUME_SHARES" in problem["seen"]
