"""What a cell of a sweep costs beside a run of its own.

    python benchmarks/bench_sweep.py [--cells 16] [--rounds 5]

*one run* is the program started for one set of parameters: ``offbook run EmaCross --data demo``,
its session committed to a store.  *1 job* and *2 jobs* are ``offbook sweep`` over so many sets,
processes started and stores made included, every cell committed and reported in full.  Each round
runs all in turn, each in a data directory of its own; what counts are the ratios for each cell to
one run: of seconds by the clock and, where others use the machine too, of processor time.  The
cell that both ran must have come to the same.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from rounds import machine, spread

STRATEGY = "offbook.strategies.ema_cross:EmaCross"
FIRST = 200


class Cost(NamedTuple):
    """Seconds by the clock, and of processor time of the program and its workers."""

    wall: float
    processor: float


def program(*words: str, data: Path) -> tuple[Cost, Any]:
    """What it cost, and the document of the answer."""
    command = [sys.executable, "-m", "offbook", *words, "--json", "--quiet"]
    environment = {**os.environ, "OFFBOOK_DATA_DIR": str(data)}
    began, spent = time.perf_counter(), processor_seconds()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    cost = Cost(time.perf_counter() - began, processor_seconds() - spent)
    if done.returncode:
        raise SystemExit(done.stderr + done.stdout)
    return cost, json.loads(done.stdout)


def processor_seconds() -> float:
    """What all processes that were waited for have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def one_run(data: Path) -> tuple[Cost, str]:
    """The cost, and the return that it came to."""
    words = ("run", STRATEGY, "--data", "demo", "--set", f"fast={FIRST}")
    cost, document = program(*words, data=data)
    return cost, document["return_pct"]


def sweep(cells: int, jobs: int, data: Path) -> tuple[Cost, str]:
    """The cost of all cells, and what the first of the grid came to."""
    grid = f"fast={FIRST}..{FIRST + cells - 1}"
    words = ("sweep", STRATEGY, "--data", "demo", "--set", grid, "--jobs", str(jobs))
    cost, document = program(*words, data=data)
    [first] = [cell for cell in document["cells"] if cell["number"] == 1]
    return cost, first["statistics"]["return_pct"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    taken: dict[str, list[Cost]] = {"one run": [], "1 job": [], "2 jobs": []}
    returns = set()
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            for name, costs in taken.items():
                data, cells = Path(folder) / name, 1 if name == "one run" else options.cells
                jobs = int(name[0]) if name[0].isdigit() else 0
                cost, found = sweep(cells, jobs, data) if jobs else one_run(data)
                costs.append(Cost(cost.wall / cells, cost.processor / cells))
                returns.add(found)
    print(f"{options.cells} cells of 73,174 quotes, {options.rounds} rounds; {machine()}")
    print(f"{'a cell':9}{'seconds':>9}{'cells/s':>9}  {'ratio to one run':18}processor s  ratio")
    base = taken["one run"]
    for name, costs in taken.items():
        wall = statistics.median(cost.wall for cost in costs)
        processor = statistics.median(cost.processor for cost in costs)
        walls = [cost.wall / one.wall for cost, one in zip(costs, base, strict=True)]
        times = [cost.processor / one.processor for cost, one in zip(costs, base, strict=True)]
        print(
            f"{name:9}{wall:9.3f}{1 / wall:9.2f}  {spread(walls):18}{processor:11.3f}"
            f"  {spread(times)}"
        )
    if len(returns) != 1:
        raise SystemExit(f"run and sweep came to different ends: {returns}")


if __name__ == "__main__":
    main()
