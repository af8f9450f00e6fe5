"""Running variants of one work in turn, and printing how they compare."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple


class Run(NamedTuple):
    """One run: how long it took, how many orders traded, and the equity at its end (None where it
    counts no money)."""

    seconds: float
    fills: int
    equity: float | None = None
    is_same_work: bool = True
    """Whether it must have traded as the others did."""
    cpu: float | None = None
    """Processor time of the process that did it, which says more on a machine that is shared; None
    where it is not known."""


Variant = Callable[[int], "Run | None"]
"""Runs the work once, given the number of the round; None if it cannot be run here."""


def in_turn(variants: Mapping[str, Variant], rounds: int) -> dict[str, list[Run]]:
    """So many rounds, each running all variants; one that cannot be run is left out."""
    taken: dict[str, list[Run]] = {name: [] for name in variants}
    for number in range(rounds):
        for name in list(taken):
            done = variants[name](number)
            if done is None:
                del taken[name]
            else:
                taken[name].append(done)
    return taken


def machine() -> str:
    """What it was measured on."""
    name = platform.processor()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            name = next(line.split(":")[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        pass
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    python = platform.python_version()
    return f"{name or 'cpu'}, {os.cpu_count()} cores{load}, Python {python}"


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Median, least and most."""
    middle = statistics.median(values)
    return f"{middle:,.{digits}f} ({min(values):,.{digits}f}-{max(values):,.{digits}f})"


def print_table(taken: Mapping[str, list[Run]], rows: int, what: str, base: str, ours: str) -> None:
    """Medians, and how many times as long as the base and as ours each takes: the median of the
    rounds, the least and the most."""
    width = max(map(len, taken)) + 2
    heads = f"{'seconds':>9}{what + '/s':>13}{'fills':>7}"
    print(f"{'':{width}}{heads}  {'times ' + base + ' (min-max)':28}times {ours} (min-max)")
    for name, runs in taken.items():
        seconds = statistics.median(run.seconds for run in runs)
        told = f"{seconds:9.3f}{rows / seconds:13,.0f}{runs[0].fills:7}"
        print(f"{name:{width}}{told}  {_times(runs, taken[base]):28}{_times(runs, taken[ours])}")


def print_cpu(taken: Mapping[str, list[Run]], base: str, ours: str) -> None:
    """How many times the base's and our processor time each takes: median of the rounds, least and
    most; and the least of all rounds over the least, for what others do on the machine adds."""
    spent = {
        name: [run.cpu for run in runs if run.cpu is not None]
        for name, runs in taken.items()
        if all(run.cpu is not None for run in runs)
    }
    for name, mine in spent.items():
        told = []
        for other in (base, ours):
            if other in spent and name != other:
                ratios = [one / two for one, two in zip(mine, spent[other], strict=True)]
                least = min(mine) / min(spent[other])
                told.append(
                    f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}, "
                    f"of the least {least:.2f}) times {other}"
                )
        print(f"{name} by processor time: {'; '.join(told)}")


def _times(runs: list[Run], others: list[Run]) -> str:
    return spread([run.seconds / other.seconds for run, other in zip(runs, others, strict=True)])


def require_same(taken: Mapping[str, list[Run]], *, within: float = 2.0) -> None:
    """Stop unless all traded the same: as many fills, and an equity that differs by no more."""
    runs = [(name, run) for name, several in taken.items() for run in several if run.is_same_work]
    if len({run.fills for _, run in runs}) != 1:
        raise SystemExit(f"not the same fills: {sorted({(n, run.fills) for n, run in runs})}")
    equities = {name: run.equity for name, run in runs if run.equity is not None}
    if equities and max(equities.values()) - min(equities.values()) > within:
        raise SystemExit(f"not the same equity: {equities}")
