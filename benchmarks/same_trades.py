"""Whether offbook and other engines make the same trades of the same plan, to the cent.

    python benchmarks/same_trades.py [--case NAME ...] [--peer NAME ...] [--show N] [--keep FILE]

A plan is bars and orders, each sent at the close of a bar: where averages cross, or where a limit
or a stop is laid near the close. Every engine is given the same plan, offbook with the settings
that docs/reference/comparing.md names for the other; what must agree is each fill (bar, quantity,
price, commission) and the equity at the last close. The bars are those of IBM and Apple that ship
with offbook. Peers run in environments of their own, made when first asked for; one that cannot be
installed is left out with a line that says why. ``--keep`` writes what the peers made of the first
bars, for the project's tests. Ends with 1 where an engine disagrees.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from peers import PEERS, Peer, Unavailable, told
from planned import (
    AS_OTHERS,
    CASES,
    Case,
    Made,
    Outcome,
    Plan,
    differences,
    plan_of,
    run_here,
    together,
)

KEPT_BARS = 450


def run_there(peer: Peer, plan: Plan) -> Outcome:
    """What a peer makes of a plan. Raises Unavailable."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(plan, file)
        file.flush()
        answer = told(peer, f"trades_{peer.name}.py", file.name)
    fills = [Made(bar, *map(_short, rest)) for _, bar, *rest in answer["fills"]]
    return Outcome(fills, _short(answer["equity"]), answer["version"])


def _short(value: float) -> Decimal:
    """A double without its last digits, which are noise."""
    return Decimal(str(round(value, 6)))


def compare(case: Case, name: str, shown: int) -> bool:
    """Run a case in a peer and here, and say what does not agree; whether that is new."""
    plan = plan_of(case, case.peers[name])
    title = f"{case.name:<28}{name:<13}"
    try:
        theirs = run_there(_peer(name), plan)
    except Unavailable as error:
        print(f"{title}left out: {error}", flush=True)
        return False
    found = differences(run_here(case, name, plan), theirs, plan["bars"])
    verdict = f"{len(found)} differences" if found else "agree"
    if found and name in case.known:
        print(f"{title}{theirs.version:<13}{verdict}, known: {case.known[name]}", flush=True)
        return False
    count = f"{len(together(theirs.fills))} fills"
    print(f"{title}{theirs.version:<13}{count:<11}{verdict}", flush=True)
    for line in found[:shown]:
        print(f"    {line}")
    return bool(found)


def _peer(name: str) -> Peer:
    return next(peer for peer in PEERS if peer.name == name)


def kept(case: Case, name: str) -> dict[str, Any] | None:
    """What a peer makes of the first bars of a case; None where it cannot be run."""
    try:
        made = run_there(_peer(name), plan_of(case, case.peers[name], KEPT_BARS))
    except Unavailable as error:
        print(f"{case.name:<28}{name:<13}left out: {error}", flush=True)
        return None
    fills = [[fill.bar, *map(str, fill[1:])] for fill in made.fills]
    return {
        "case": case.name,
        "engine": name,
        "version": made.version,
        "bars": KEPT_BARS,
        "equity": str(made.equity),
        "fills": fills,
    }


def main() -> int:
    """Run all cases and say what agrees."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", nargs="*", default=[case.name for case in CASES])
    parser.add_argument("--peer", nargs="*", default=list(AS_OTHERS))
    parser.add_argument("--show", type=int, default=3, help="differences shown of each case")
    parser.add_argument("--keep", type=Path, help="write what the peers made of the first bars")
    asked = parser.parse_args()
    chosen = [
        (case, name)
        for case in CASES
        for name in case.peers
        if case.name in asked.case and name in asked.peer
    ]
    if asked.keep is not None:
        made = [kept(case, name) for case, name in chosen if name not in case.known]
        lines = [json.dumps(one) for one in made if one is not None]
        asked.keep.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return 0
    return 1 if sum([compare(case, name, asked.show) for case, name in chosen]) else 0


if __name__ == "__main__":
    sys.exit(main())
