"""A process that is killed again and again loses nothing that it acknowledged, doubles nothing,
and ends as if it had never been killed."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.kill_parent import Run, check_nothing_lost_or_doubled, journal

SPEED = "40"
Tell = Callable[[str, object], None]


def plan(rng: random.Random, times: int) -> list[dict[str, Any] | None]:
    """Where each life ends; None is at a moment drawn by chance."""
    middle: list[dict[str, Any] | None] = []
    for _ in range(times):
        middle += [{"phase": "commit", "n": rng.randint(1, 12)} for _ in range(7)]
        middle += [{"phase": "snapshot", "n": rng.randint(1, 2)} for _ in range(3)]
        middle += [{"phase": "recovery", "n": rng.randint(1, 4)} for _ in range(4)]
        middle += [None] * 5
    rng.shuffle(middle)
    return [
        *({"phase": "migration", "n": n} for n in (1, 2, 4, 6, 9)),
        *({"phase": "start", "n": n} for n in (1, 2, 3, 5, 8)),
        *middle,
    ]


def killed_run(data: Path, seed: int, *, until: int, times: int) -> tuple[Run, dict[str, Any]]:
    """A run that is killed by plan, then while it stops, then left to end."""
    rng = random.Random(seed)
    run = Run(data, until, SPEED)
    for halt in plan(rng, times):
        run.live(halt, rng, rng.uniform(0.05, 0.4))
    for n in (1, 2, 3, 4):
        run.live({"phase": "stop", "n": n}, rng, 0.0, to_the_end=True)
    return run, run.finish(rng)


def unkilled_run(data: Path, until: int) -> tuple[Run, dict[str, Any]]:
    """The same commands, and nobody killed."""
    run = Run(data, until, SPEED)
    return run, run.finish(random.Random(0))


def compare(tmp_path: Path, seed: int, tell: Tell, *, until: int, times: int) -> None:
    """Kill, then hold the outcome against the run that was never killed."""
    plain, plain_end = unkilled_run(tmp_path / "plain", until)
    run, end = killed_run(tmp_path / "killed", seed, until=until, times=times)
    tell("summary", told(run, seed))
    records = journal(tmp_path / "killed", run.session or "")
    check_nothing_lost_or_doubled(run, records)
    expected = journal(tmp_path / "plain", plain.session or "")
    assert records == expected
    keys = ("status", "reason", "head", "last_seq", "row", "summary")
    assert {k: end[k] for k in keys} == {k: plain_end[k] for k in keys}
    assert min(run.kills[phase] for phase in PHASES) > 0, run.kills
    assert sum(run.kills[phase] for phase in PHASES) >= 50


def told(run: Run, seed: int) -> str:
    """How often the process was killed in which phase; shown in the tests' summary."""
    phases = ", ".join(f"{phase} {count}" for phase, count in sorted(run.kills.items()))
    return (
        f"killed {sum(run.kills.values())} times (seed {seed}): {phases}; "
        f"{len(run.acks)} acknowledgements, {run.repeats} repeated with the same answer"
    )


PHASES = ("migration", "start", "commit", "snapshot", "recovery", "running", "stop")


def test_a_session_killed_fifty_times_ends_as_if_it_never_had_been(
    tmp_path: Path, record_property: Tell
) -> None:
    """Kills at statements of every phase and at moments drawn by chance; same chain, same end."""
    seed = int(os.environ.get("OFFBOOK_KILL_SEED", "1"))
    compare(tmp_path, seed, record_property, until=560, times=2)


@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_more_kills_change_nothing_either(
    tmp_path: Path, seed: int, record_property: Tell
) -> None:
    """The long form, with other seeds."""
    compare(tmp_path, seed, record_property, until=560, times=4)
