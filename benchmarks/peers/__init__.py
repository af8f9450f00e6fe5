"""Other engines that do the same work: each in a virtual environment of its own.

An environment is made when it is first asked for, in ``.cache`` beside this file, and kept; where
it cannot be made or a run fails, the peer is left out and one line says why.  The scripts here run
inside these environments and know nothing of this project: they are given the data as a file, and
print what they did as one line of JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from rounds import Run, Variant

HERE = Path(__file__).resolve().parent
CACHE = HERE / ".cache"
INSTALL_SECONDS = 900
RUN_SECONDS = 900


class Peer(NamedTuple):
    """What to install, and the script that does the work; ``works`` are ``quotes``, ``bars``,
    ``trades`` (``same_trades.py``) and ``grid`` (``bench_skipping.py``)."""

    name: str
    requirements: tuple[str, ...]
    works: tuple[str, ...]
    same_fills: bool = True
    """Whether it sees all rows, and its orders trade at the same prices as ours."""


PEERS = (
    Peer("nautilus", ("nautilus_trader==1.221.0",), ("quotes", "bars", "grid")),
    Peer("hftbacktest", ("hftbacktest==2.4.4",), ("quotes", "grid")),
    Peer("backtesting", ("backtesting==0.6.5",), ("bars", "trades")),
    Peer("backtrader", ("backtrader==1.9.78.123", "numpy"), ("bars", "trades")),
    Peer("zipline", ("zipline-reloaded==3.2.1", "setuptools"), ("bars", "trades"), False),
    Peer("pyalgotrade", ("PyAlgoTrade==0.20",), ("trades",)),
    Peer("jesse", ("jesse",), ("bars",)),
)


class Answer(NamedTuple):
    """What a peer did: seconds inside its run call, by the wall and of the processor, fills, equity
    at mid, and its version."""

    seconds: float
    cpu: float
    fills: int
    equity: float
    version: str


class Unavailable(Exception):
    """The peer cannot be run here; the message says why in one line."""


def with_peers(work: str, data: Path, names: Sequence[str] | None) -> dict[str, Variant]:
    """Peers that do a work on a file of columns: none for None, all for an empty list, or those
    named."""
    if names is None:
        return {}
    chosen = [peer for peer in PEERS if work in peer.works and (not names or peer.name in names)]
    return {peer.name: partial(_run, peer, work, data) for peer in chosen}


def _run(peer: Peer, work: str, data: Path, number: int) -> Run | None:
    try:
        done = answer(peer, work, data)
    except Unavailable as error:
        print(f"{peer.name} is left out: {error}", flush=True)
        return None
    if number == 0:
        print(f"{peer.name} {done.version}", flush=True)
    return Run(done.seconds, done.fills, done.equity, peer.same_fills, done.cpu)


def ready(peer: Peer) -> Path:
    """The Python of the peer's environment, made if need be. Raises Unavailable."""
    folder = CACHE / peer.name
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    done = folder / ".ready"
    if done.exists() and done.read_text(encoding="utf-8") == " ".join(peer.requirements):
        return python
    print(f"installing {peer.name} (once)", flush=True)
    CACHE.mkdir(exist_ok=True)
    install = [str(python), "-m", "pip", "install", "--quiet", *peer.requirements]
    for command in ([sys.executable, "-m", "venv", str(folder)], install):
        _last_line(command, INSTALL_SECONDS)
    done.write_text(" ".join(peer.requirements), encoding="utf-8")
    return python


def answer(peer: Peer, work: str, data: Path) -> Answer:
    """Have a peer do a work once on the columns in ``data``. Raises Unavailable."""
    script = HERE / (f"grid_{peer.name}.py" if work == "grid" else f"{peer.name}_peer.py")
    line = _last_line([str(ready(peer)), str(script), work, str(data)], RUN_SECONDS)
    return Answer(**json.loads(line))


def told(peer: Peer, script: str, *arguments: str) -> dict[str, Any]:
    """What a script beside this file says when it is run by a peer's Python. Raises Unavailable."""
    command = [str(ready(peer)), str(HERE / script), *arguments]
    found: dict[str, Any] = json.loads(_last_line(command, RUN_SECONDS))
    return found


def _last_line(command: list[str], seconds: float) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds, check=False, cwd=CACHE
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(str(error)) from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Unavailable(said[-1] if said else f"ended with {done.returncode}")
    lines = done.stdout.strip().splitlines()
    return lines[-1] if lines else ""
