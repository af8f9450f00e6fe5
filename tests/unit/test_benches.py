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


def test_peers_rest_the_orders_of_the_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the third bar on, anew each ten bars, and where one was filled."""
    monkeypatch.syspath_prepend(str(BENCHMARKS / "peers"))
    slots = [(1, 0, 160), (0, 0, 280), (1, 1, 280), (0, 1, 480)]  # buys, is a stop, ticks
    grid = importlib.import_module("grid").Grid(slots)
    asked = []
    for bar in range(1, 15):
        sent = dict(grid.at_close(1_000))
        asked.append(len(sent))
        for slot in sent:
            grid.resting[slot] = f"order {slot}"
        if bar == 3:
            assert sent == {0: 840, 1: 1_280, 2: 1_280, 3: 520}
        if bar == 5:
            grid.resting[2] = None
    assert asked == [0, 0, 4, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4, 0]


def test_peers_that_traded_otherwise_are_told_of(
    benches: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """After the figures: fills as many, and an equity within a cent for each."""
    peers = importlib.import_module("grid_peers")
    run = importlib.import_module("rounds").Run
    taken = {peers.OURS: [run(2.0, 4, 100.0, cpu=1.0)], "other": [run(8.0, 4, 100.03, cpu=6.0)]}
    peers.tell_peers(taken, 1_000, [(0.0001, 0.00002)])
    said = capsys.readouterr().out
    assert "as fast as other: 4.0 (4.0-4.0) times over as many rows" in said
    assert "as fast as other, by cpu: 6.0 (6.0-6.0) times over as many rows" in said
    assert "as fast as other: 80.0 (80.0-80.0) times a quote, indexed over all rows" in said
    assert "as fast as other, by cpu: 300.0 (300.0-300.0) times a quote, so too" in said
    for fills, equity in ((5, 100.0), (4, 100.05)):
        taken["other"] = [run(8.0, fills, equity, cpu=6.0)]
        with pytest.raises(SystemExit, match="not the same"):
            peers.tell_peers(taken, 1_000, [(0.0001, 0.00002)])


async def test_one_of_many_sessions_is_run_again_alone(
    benches: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those to which most has happened too; and what does not come to the same is told."""
    many, one = (importlib.import_module(name) for name in ("bench_many_sessions", "one_alone"))
    setting = many.Setting(tmp_path, many.quotes(10 + one.ROWS), limits=one.LIMITS)
    asleep = many.Asleep(setting, 10)
    await asleep.load(4)
    await asleep.rest()
    apart = one.SomeApart(setting, each=1)
    await apart.happen()
    lines = await apart.verified()
    assert [line.count(": EQUAL, ") for line in lines] == [1, 1, 1, 1], lines
    with pytest.raises(SystemExit, match="resting orders are"):
        await asleep.rest()

    def otherwise(self: Any, bar: Any) -> None:
        self.buy("XYZ", 1, price=f"{bar.low - 0.01:.2f}")

    monkeypatch.setattr(one.LimitAtLow, "on_bar", otherwise)
    (joined,) = apart.of_kind["joined within a minute"]
    with pytest.raises(SystemExit, match="DIVERGED"):
        await one.alone(setting, joined)
    await setting.close()
