"""What starting ``offbook`` costs beside a Typer program that does nothing.

    python benchmarks/bench_startup.py [--rounds 15]

Each program is started in turn and its processor time taken, user and system, of the whole
process.  *a Typer program* has two commands, prints plain help as ours does, and nothing else.
What counts is the difference between it and ``offbook --help``: what our own imports cost.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from rounds import machine, spread

GOAL = 0.15
"""Seconds that our own imports may take."""

TYPER_PROGRAM = """
import typer

app = typer.Typer(rich_markup_mode=None)


@app.command()
def one(name: str = typer.Option("x", help="A name.")) -> None:
    "Do nothing."


@app.command()
def two() -> None:
    "Do nothing."


app()
"""


def seconds(command: list[str]) -> float:
    """The processor time of one run."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    taken: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "program.py"
        program.write_text(TYPER_PROGRAM, encoding="utf-8")
        programs = {
            "interpreter": ["-c", "pass"],
            "a Typer program": [str(program), "--help"],
            "offbook --help": ["-m", "offbook", "--help"],
        }
        for _ in range(rounds + 1):
            for name, arguments in programs.items():
                taken.setdefault(name, []).append(seconds([sys.executable, *arguments]))
    print(f"{rounds} rounds; {machine()}")
    for name, runs in taken.items():
        warm = runs[1:]  # the first of each compiles and fills caches
        print(f"{name:18}{statistics.median(warm):8.3f} s ({min(warm):.3f}-{max(warm):.3f})")
    ours, bare = taken["offbook --help"][1:], taken["a Typer program"][1:]
    more = [mine - other for mine, other in zip(ours, bare, strict=True)]
    print(f"{'our own':18}{statistics.median(more):8.3f} s ({min(more):.3f}-{max(more):.3f})")
    ratios = [mine / other for mine, other in zip(ours, bare, strict=True)]
    print(f"offbook --help takes {spread(ratios)} times a Typer program;")
    print(f"our own part is {spread([one / GOAL for one in more])} times the goal of {GOAL} s")


if __name__ == "__main__":
    main()
