"""The long form of the comparison with the reference.

::

    python -m tests.properties.campaign --steps 1000000 --books 5000 --on-books 5000 --seed 2

It takes all cores unless ``--jobs`` says otherwise.  The sessions of a seed are numbered, and so
are its books, which take the models of queues in turn, and the sessions whose first instrument has
a book; of several processes each takes every so many-th.  What goes wrong is told by its number,
and ``--case`` or ``--book-case`` runs that session again.

One session in four is made for one term to decide (``telling_cases``), each kind in its turn.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from tests.properties.book_pairs import compare_books
from tests.properties.depth_cases import pick_setup_on_books, pick_step_on_books
from tests.properties.market_cases import Setup, pick_setup
from tests.properties.reference_queues import QUEUES
from tests.properties.side_by_side import SideBySide
from tests.properties.sources import Seeded
from tests.properties.step_cases import End, Step, pick_step
from tests.properties.telling_cases import with_one_that_tells

T = TypeVar("T")
LENGTHS, TELLING_LENGTHS = (20, 60, 150), (60, 100, 150)
"""Of sessions, and of those in which one term tells."""
TELLING_EVERY = 4
"""Of so many sessions one is of the latter kind."""


class Drawn:
    """Choices drawn from a seed."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def pick(self, values: Sequence[T]) -> T:
        """One of these."""
        return values[int(self._random.random() * len(values))]

    def number(self, least: int, most: int) -> int:
        """An integer, both ends included."""
        return least + int(self._random.random() * (most - least + 1))


@dataclass
class Tally:
    """What a campaign did."""

    steps: int = 0
    sessions: int = 0
    books: int = 0
    divergences: int = 0
    counts: Counter[str] = field(default_factory=Counter)


def case_of(seed: int, number: int) -> tuple[Setup, list[Step]]:
    """One session of a campaign: the same for the same seed and number, wherever it runs."""
    source = Drawn(f"{seed}/{number}")
    setup, lengths = pick_setup(source), LENGTHS
    if number % TELLING_EVERY == 2:
        setup, lengths = (
            with_one_that_tells(Seeded(1 + setup.seed), setup, number // TELLING_EVERY),
            TELLING_LENGTHS,
        )
    steps = [pick_step(source) for _ in range(source.pick(lengths))]
    return setup, [*steps, End()]


def case_on_books(seed: int, number: int) -> tuple[Setup, list[Step]]:
    """One session on books, likewise."""
    source = Drawn(f"{seed}/on books/{number}")
    setup = pick_setup_on_books(source)
    steps = [pick_step_on_books(source) for _ in range(source.pick(LENGTHS))]
    return setup, [*steps, End()]


def run_case(setup: Setup, steps: Sequence[Step], tally: Tally) -> str | None:
    """Run one session; what went wrong, or None."""
    tally.sessions += 1
    done: list[Step] = []
    pair = None
    try:
        pair = SideBySide(setup)
        for step in steps:
            if pair.reference.over:
                break
            done.append(step)
            tally.steps += 1
            pair.step(step)
        pair.replay()
    except Exception:
        tally.divergences += 1
        where = done[-1] if done else "the start"
        told = traceback.format_exc(limit=-3)
        return f"{kind_of_error()}\n{setup}\nafter {len(done)} steps, at {where}:\n{told}"
    finally:
        if pair is not None:
            tally.counts += pair.counts
    return None


def say(*words: object, sep: str = " ") -> None:
    """A line for whoever runs the campaign."""
    sys.stdout.write(sep.join(str(word) for word in words) + "\n")
    sys.stdout.flush()


def kind_of_error() -> str:
    """What went wrong, without the numbers of the case."""
    error = sys.exception()
    return f"{type(error).__name__} {str(error).split(':')[0][:40]}"


def shortened(setup: Setup, steps: list[Step], kind: str) -> list[Step]:
    """Fewer steps that still go wrong in the same way: each is left out if it can be."""
    steps = list(steps)
    index = len(steps) - 1
    while index >= 0:
        fewer = steps[:index] + steps[index + 1 :]
        wrong = run_case(setup, fewer, Tally())
        if wrong is not None and wrong.partition("\n")[0] == kind:
            steps = fewer
        index -= 1
    return steps


@dataclass(frozen=True)
class Share:
    """What one process does of a campaign: every so many-th session, and so on."""

    seed: int
    job: int
    jobs: int
    steps: int
    most: int
    books: int
    on_books: int


def run_share(share: Share) -> Tally:
    """Run sessions and books; what goes wrong is said at once."""
    tally, number = Tally(), share.job
    while tally.steps < share.steps and tally.divergences < share.most:
        wrong = run_case(*case_of(share.seed, number), tally)
        if wrong is not None:
            say(f"case {number} of seed {share.seed}: {wrong}")
        number += share.jobs
    for number in range(share.job, share.on_books, share.jobs):
        if tally.divergences >= share.most:
            break
        wrong = run_case(*case_on_books(share.seed, number), tally)
        if wrong is not None:
            say(f"case {number} on books of seed {share.seed}: {wrong}")
    for number in range(share.job, share.books, share.jobs):
        if tally.divergences >= share.most:
            break
        tally.books += 1
        try:
            compare_books(1000 * share.seed + number, QUEUES[number % len(QUEUES)])
        except Exception:
            tally.divergences += 1
            say(f"book {number} of seed {share.seed}: {traceback.format_exc(limit=-2)}")
    return tally


def run_one(setup: Setup, steps: list[Step]) -> Tally:
    """Look at one session of a campaign again, shortened where it goes wrong."""
    tally = Tally()
    wrong = run_case(setup, steps, tally)
    if wrong is not None:
        say(wrong)
        steps = shortened(setup, steps, wrong.partition("\n")[0])
        say(f"shortened to {len(steps)} steps:\n", *steps, sep="\n  ")
        say(run_case(setup, steps, Tally()))
    return tally


def together(tallies: Sequence[Tally]) -> Tally:
    """Their sum."""
    total = Tally()
    for one in tallies:
        total.steps += one.steps
        total.sessions += one.sessions
        total.books += one.books
        total.divergences += one.divergences
        total.counts += one.counts
    return total


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign; 1 when anything diverged."""
    parser = argparse.ArgumentParser(prog="campaign", description=__doc__)
    parser.add_argument("--steps", type=int, default=200_000, help="steps to compare (200000)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same sessions (1)")
    parser.add_argument("--case", type=int, help="run this one session of the campaign, shortened")
    parser.add_argument("--book-case", type=int, help="the same of those on books")
    parser.add_argument("--most", type=int, default=5, help="divergences after which to give up")
    parser.add_argument("--books", type=int, default=1000, help="books to compare as well (1000)")
    parser.add_argument(
        "--on-books", type=int, default=1000, help="sessions on books to compare as well (1000)"
    )
    parser.add_argument("--jobs", type=int, default=0, help="processes, 0 for one a core (0)")
    options = parser.parse_args(arguments)
    begun, jobs = time.perf_counter(), options.jobs or os.cpu_count() or 1
    shares = [
        Share(
            options.seed, job, jobs, -(-options.steps // jobs), options.most, options.books,
            options.on_books,
        )
        for job in range(jobs)
    ]  # fmt: skip
    if options.case is not None:
        tally = run_one(*case_of(options.seed, options.case))
    elif options.book_case is not None:
        tally = run_one(*case_on_books(options.seed, options.book_case))
    elif jobs == 1:
        tally = run_share(shares[0])
    else:
        with multiprocessing.Pool(jobs) as pool:
            tally = together(pool.map(run_share, shares, chunksize=1))
    seconds = time.perf_counter() - begun
    say(
        f"seed {options.seed}: {tally.steps} steps, {tally.sessions} sessions, "
        f"{tally.books} books, "
        f"{tally.counts['OrderFilled']} fills, {tally.divergences} divergences "
        f"({seconds:.1f} s)"
    )
    counts = sorted(tally.counts.items())
    for kind in ("", "fills:"):
        mine = [one for one in counts if one[0].startswith("fills:") is bool(kind)]
        say("  " + ", ".join(f"{name} {count}" for name, count in mine))
    return 1 if tally.divergences else 0


if __name__ == "__main__":
    sys.exit(main())
