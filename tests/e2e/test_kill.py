"""A process that is killed again and again loses nothing that it acknowledged, doubles nothing,
and ends as if it had never been killed: sessions of every kind, side by side in one store."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.kill_judge import check_nothing_lost_or_doubled, journal
from tests.e2e.kill_parent import Run, Session
from tests.e2e.killed_kinds import KINDS, make_recordings

Tell = Callable[[str, object], None]
Halt = dict[str, Any] | None
End = dict[str, Any]
Ends = dict[str, End]
TOGETHER = 3
"""How many sessions a process runs side by side; which they are goes by the seed."""
FEW = 6
"""How often each of them is killed at least."""
PHASES = ("migration", "start", "commit", "snapshot", "recovery", "running", "stop")


def plan(rng: random.Random, times: int) -> list[Halt]:
    """Where each life ends before the sessions stop; None is at a moment drawn by chance."""
    middle: list[Halt] = []
    for _ in range(times):
        middle += [{"phase": "commit", "n": rng.randint(1, 20)} for _ in range(2)]
        middle += [{"phase": "snapshot", "n": rng.randint(1, 2)}]
        middle += [{"phase": "recovery", "n": rng.randint(1, 6)} for _ in range(2)]
        middle += [None]
    rng.shuffle(middle)
    return [
        *({"phase": "migration", "n": rng.randint(1, 9)} for _ in range(times)),
        *({"phase": "start", "n": rng.randint(1, 25)} for _ in range(times)),
        *middle,
    ]


def killed_run(run: Run, rng: random.Random, times: int) -> Ends:
    """A run that is killed by plan, then while it stops, then left to end."""
    for halt in plan(rng, times):
        run.live(halt, rng, rng.uniform(0.05, 0.4))
    for _ in range(2 * times):
        run.live({"phase": "stop", "n": rng.randint(1, 12)}, rng, 0.0, to_the_end=True)
    return run.finish(rng)


def compare(tmp_path: Path, seed: int, tell: Tell, *, until: int, times: int) -> None:
    """Kill, then hold the outcome against a run with the same commands that was never killed."""
    make_recordings(tmp_path, until)
    plain = Run(tmp_path / "plain", KINDS, until)
    plain_ends = plain.finish(random.Random(0))
    rng, kinds = random.Random(seed), list(KINDS)
    rng.shuffle(kinds)
    runs = []
    for number in range(0, len(kinds), TOGETHER):
        run = Run(tmp_path / f"killed-{number}", kinds[number : number + TOGETHER], until)
        ends = killed_run(run, rng, times)
        for name, session in run.sessions.items():
            check_same(session, run.data, ends[name], plain.sessions[name], plain, plain_ends[name])
        runs.append(run)
    tell("summary", told(runs, seed))
    kills = sum((run.kills for run in runs), Counter[str]())
    assert min(kills[phase] for phase in PHASES) > 0, kills


def check_same(
    session: Session, data: Path, end: End, other: Session, plain: Run, plain_end: End
) -> None:
    """A killed session lost nothing, and is as the one that was never killed."""
    records = journal(data, session.id or "")
    check_nothing_lost_or_doubled(session, records)
    name = session.kind.name
    assert records == journal(plain.data, other.id or ""), name
    keys = ("status", "reason", "head", "last_seq", "row", "summary")
    assert {k: end[k] for k in keys} == {k: plain_end[k] for k in keys}, name
    assert session.kills.total() >= FEW, (name, session.kills)


def told(runs: list[Run], seed: int) -> str:
    """How often the processes were killed in which phase; shown in the tests' summary."""
    kills = sum((run.kills for run in runs), Counter[str]())
    table = [f"killed {kills.total()} times (seed {seed}): {counted(kills)}"]
    sessions = [session for run in runs for session in run.sessions.values()]
    table += [f"  {s.kind.name} {s.kills.total()}: {counted(s.kills)}" for s in sessions]
    acks, repeats = sum(len(s.acks) for s in sessions), sum(s.repeats for s in sessions)
    told = f"  {acks} acknowledgements, {repeats} repeated with the same answer"
    return "\n".join([*table, told])


def counted(kills: Counter[str]) -> str:
    """Counts by phase."""
    return ", ".join(f"{phase} {count}" for phase, count in sorted(kills.items()))


def test_sessions_of_every_kind_end_as_if_they_had_never_been_killed(
    tmp_path: Path, record_property: Tell
) -> None:
    """Kills at statements of every phase and at moments drawn by chance; same chain, same end."""
    seed = int(os.environ.get("OFFBOOK_KILL_SEED", "1"))
    compare(tmp_path, seed, record_property, until=140, times=2)


@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_more_kills_change_nothing_either(
    tmp_path: Path, seed: int, record_property: Tell
) -> None:
    """The long form, with other seeds."""
    compare(tmp_path, seed, record_property, until=400, times=4)
