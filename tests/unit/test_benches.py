"""What ``make bench`` runs, and how often each script measures unless told otherwise."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SCRIPTS = sorted(BENCHMARKS.glob("bench_*.py"))
ROUNDS = re.compile(r'"--rounds", type=int, default=(\d+)\)|^ROUNDS = (\d+)$', re.MULTILINE)
ONE_RUN = {"bench_billion"}
"""Tells what memory a long recording takes, which does not vary."""


@pytest.fixture
def benches(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The program behind ``make bench``."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("run_benches")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_bench_measures_at_least_five_rounds(script: Path) -> None:
    """Unless told otherwise; and names the machine."""
    text = script.read_text(encoding="utf-8")
    rounds = [int(one or other) for one, other in ROUNDS.findall(text)]
    assert (script.stem in ONE_RUN) == (not rounds)
    assert all(number >= 5 for number in rounds)
    assert "machine()" in text


def test_every_bench_is_run_and_those_with_goals_first(benches: Any) -> None:
    """None is forgotten, none is named that is not there."""
    names = benches.names()
    assert sorted(names) == [path.stem for path in SCRIPTS]
    assert names[: len(benches.GOALS)] == list(benches.GOALS)
    assert {*benches.NOTES, *benches.WITH_PEERS} <= set(names)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_peers_are_asked_of_those_that_know_them(script: Path, benches: Any) -> None:
    """No script is given an option that it does not have."""
    knows = '"--peers"' in script.read_text(encoding="utf-8")
    command = benches.command_of(script.stem, peers=True, options=["--rounds", "9"])
    assert command[1:] == [str(script), "--rounds", "9", *(["--peers"] if knows else [])]
    assert "--peers" not in benches.command_of(script.stem, peers=False, options=[])


def test_options_need_a_script(benches: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """For they differ."""
    found = benches.asked(["--only", "benchmarks/bench_orders.py", "--", "--orders", "64"])
    assert (found.only, found.options) == ("bench_orders", ["--orders", "64"])
    for wrong, said in ((["--", "--orders", "64"], "ONLY="), (["--only", "orders"], "no orders")):
        with pytest.raises(SystemExit):
            benches.asked(wrong)
        assert said in capsys.readouterr().err


def test_runs_that_did_not_trade_the_same_are_not_compared(benches: Any) -> None:
    """Neither by their fills nor by what they came to; only who says that it cannot is let be."""
    rounds = importlib.import_module("rounds")
    ours = rounds.Run(1.0, 700, 5000.0)
    rounds.require_same({"ours": [ours], "bare": [rounds.Run(1.0, 700)]})
    rounds.require_same({"ours": [ours], "other": [rounds.Run(9.0, 3, 1.0, False)]})
    for fills, equity, said in ((699, 5000.0, "fills"), (700, 5002.5, "equity")):
        with pytest.raises(SystemExit, match=f"not the same {said}"):
            rounds.require_same({"ours": [ours], "other": [ours, rounds.Run(1.0, fills, equity)]})


def test_a_peer_that_does_not_install_is_left_out_with_the_reason(
    benches: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the others go on."""
    peers, rounds = (importlib.import_module(name) for name in ("peers", "rounds"))

    def ready(peer: Any) -> Path:
        raise peers.Unavailable("no wheel for this machine")

    monkeypatch.setattr(peers, "ready", ready)
    found = peers.with_peers("quotes", Path("none"), ["nautilus"])
    taken = rounds.in_turn({"ours": lambda number: rounds.Run(1.0, number), **found}, 3)
    assert {name: len(runs) for name, runs in taken.items()} == {"ours": 3}
    assert capsys.readouterr().out == "nautilus is left out: no wheel for this machine\n"
