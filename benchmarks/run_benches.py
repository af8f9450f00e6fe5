"""Run the benchmarks one after another, each with options of its own: ``make bench``.

    python benchmarks/run_benches.py [--peers] [--only NAME [-- OPTION ...]]

Those that print the goals of speed come first, and their goals stand above what they print.  With
``--peers`` other engines do the same work where a script knows such; each lives in a virtual
environment of its own, and one that cannot be installed is left out with a line that says why.
Options after ``--`` go to the one script that is named.  A script that fails holds up none of the
others; the exit code is then 1.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

GOALS = {
    "bench_replay": "at most 2.5 times the bare loop; NautilusTrader at least 12 times as long",
    "bench_bars": "at most 6 times the bare loop; the fastest peer at least 8 times as long",
    "bench_skipping": "60 M quotes/s indexed, index made at 100 M rows/s; 300 times "
    "NautilusTrader, 15 times hftbacktest",
    "bench_many_sessions": "2 M callbacks/s with 100 strategies, linear; a tick beside 10,000 that "
    "sleep at most twice one beside 1",
    "bench_memory": "at most 12 KB a sleeping session",
    "bench_orders": "15,000 durable orders/s with 64 callers, p99 under 25 ms",
    "bench_recovery": "1,000 sessions with 1 M events under 20 s",
    "bench_startup": "our own imports for --help under 0.15 s over a bare Typer program",
}
"""What is printed first, and what it is held against; nothing is asserted."""

NOTES = {
    "bench_depth": "it needs a capture: make bench ONLY=bench_depth ARGS=CAPTURE.gz",
    "bench_billion": "5 M rows, in one run: what counts is the memory, which is the same with a "
    "billion (--rows 1000000000)",
}

WITH_PEERS = ("bench_replay", "bench_bars", "bench_depth", "bench_skipping")


def names() -> list[str]:
    """All scripts, those with goals first."""
    found = sorted(path.stem for path in HERE.glob("bench_*.py"))
    return [*GOALS, *(name for name in found if name not in GOALS)]


def command_of(name: str, *, peers: bool, options: list[str]) -> list[str]:
    """How a script is run."""
    more = ["--peers"] if peers and name in WITH_PEERS else []
    return [sys.executable, str(HERE / f"{name}.py"), *options, *more]


def asked(arguments: list[str] | None = None) -> argparse.Namespace:
    """What the command line asks for; ends with 2 where that cannot be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="NAME", help="this script alone")
    parser.add_argument("--peers", action="store_true", help="other engines too")
    parser.add_argument("options", nargs="*", help="of the one script, after --")
    found = parser.parse_args(arguments)
    if found.only is not None:
        found.only = found.only.removesuffix(".py").rpartition("/")[2]
        if found.only not in names():
            parser.error(f"there is no {found.only}; there are {', '.join(names())}")
    elif found.options:
        parser.error("options differ from script to script: name one (make bench ONLY=bench_NAME)")
    return found


def main() -> int:
    """Run, and say at the end which failed."""
    wanted = asked()
    failed = []
    for name in names() if wanted.only is None else [wanted.only]:
        print(f"== {name}", flush=True)
        for what, notes in (("goal", GOALS), ("note", NOTES)):
            if name in notes:
                print(f"   {what}: {notes[name]}", flush=True)
        done = subprocess.run(
            command_of(name, peers=wanted.peers, options=wanted.options), check=False
        )
        if done.returncode:
            failed.append(f"{name} (exit code {done.returncode})")
        print(flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
