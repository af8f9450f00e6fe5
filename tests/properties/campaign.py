"""The long form of the comparison with the reference.

::

    python -m tests.properties.campaign --steps 1000000 --books 2000 --seed 1
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from tests.properties.book_pairs import compare_books
from tests.properties.market_cases import End, Setup, Step, pick_setup, pick_step
from tests.properties.side_by_side import SideBySide

T = TypeVar("T")
LENGTHS = (20, 60, 150)


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
    divergences: int = 0
    counts: Counter[str] = field(default_factory=Counter)


def case_of(seed: int, number: int) -> tuple[Setup, list[Step]]:
    """One session of a campaign: the same for the same seed and number, wherever it runs."""
    source = Drawn(f"{seed}/{number}")
    setup = pick_setup(source)
    steps = [pick_step(source) for _ in range(source.pick(LENGTHS))]
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign; 1 when anything diverged."""
    parser = argparse.ArgumentParser(prog="campaign", description=__doc__)
    parser.add_argument("--steps", type=int, default=200_000, help="steps to compare (200000)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same campaign (1)")
    parser.add_argument("--case", type=int, help="run this one session of the campaign, shortened")
    parser.add_argument("--most", type=int, default=5, help="divergences after which to give up")
    parser.add_argument("--books", type=int, default=0, help="books to compare as well (0)")
    options = parser.parse_args(arguments)
    tally, begun = Tally(), time.perf_counter()
    number = 0 if options.case is None else options.case
    while tally.steps < options.steps and tally.divergences < options.most:
        setup, steps = case_of(options.seed, number)
        wrong = run_case(setup, steps, tally)
        if wrong is not None:
            say(f"case {number} of seed {options.seed}: {wrong}")
            if options.case is not None:
                steps = shortened(setup, steps, wrong.partition("\n")[0])
                say(f"shortened to {len(steps)} steps:\n", *steps, sep="\n  ")
                say(run_case(setup, steps, Tally()))
        if options.case is not None:
            break
        number += 1
    for number in range(options.books):
        try:
            compare_books(1000 * options.seed + number, (None, 1, 3)[number % 3])
        except AssertionError:
            tally.divergences += 1
            say(f"book {number} of seed {options.seed}: {traceback.format_exc(limit=-2)}")
    seconds = time.perf_counter() - begun
    say(
        f"seed {options.seed}: {tally.steps} steps, {tally.sessions} sessions, "
        f"{options.books} books, "
        f"{tally.counts['OrderFilled']} fills, {tally.divergences} divergences "
        f"({seconds:.1f} s)"
    )
    say("  " + ", ".join(f"{name} {count}" for name, count in sorted(tally.counts.items())))
    return 1 if tally.divergences else 0


if __name__ == "__main__":
    sys.exit(main())
