"""A folder with a recording and strategies, and the program to run in it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from offbook.cli.main import run_cli

SECOND = 1_000_000_000
BEGIN = 1_704_205_800 * SECOND

DESCRIPTION = """\
symbol = "XYZUSDT"
asset_class = "crypto_spot"
currency = "USDT"
tick = 0.01
lot = 0.001
"""

STRATEGIES = '''\
from offbook import Strategy


class Idle(Strategy):
    def on_quote(self, quote):
        pass


class Flip(Strategy):
    """Buys and sells in turn, every so many quotes."""

    every: int = 50
    size: str = "1"

    def on_start(self):
        self.seen = 0

    def on_quote(self, quote):
        self.seen += 1
        if self.seen % self.every == 0 and not self.open_orders():
            if self.position("XYZUSDT"):
                self.close("XYZUSDT")
            else:
                self.buy("XYZUSDT", self.size)


class Raises(Strategy):
    def on_quote(self, quote):
        raise ValueError("a fault of the author")


class Refuses(Strategy):
    def on_start(self):
        raise ValueError("not today")


class Hangs(Strategy):
    def on_quote(self, quote):
        while True: pass  # one line, for which of several a stack shows differs by Python
'''


class Answer(NamedTuple):
    """What the program gave back."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The answer as the one JSON document that it must be."""
        return json.loads(self.out)


def recording(rows: int, *, seconds: int = 1) -> str:
    """Quotes that wander up and down, one every so many seconds."""
    lines = ["ts_init,bid,ask,bid_size,ask_size"]
    for row in range(rows):
        cents = 10_000 + abs(row % 200 - 100)
        bid, ask = f"{cents / 100:.2f}", f"{(cents + 1) / 100:.2f}"
        lines.append(f"{BEGIN + row * seconds * SECOND},{bid},{ask},5,5")
    return "\n".join(lines) + "\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory: ``quotes.csv``, described beside it, ``mine.py``, and a store."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OFFBOOK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "quotes.csv").write_text(recording(1000))
    (tmp_path / "quotes.csv.toml").write_text(DESCRIPTION)
    (tmp_path / "mine.py").write_text(STRATEGIES)
    return tmp_path


@pytest.fixture
def offbook(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Run the program in this process."""

    def run(*words: str) -> Answer:
        capsys.readouterr()
        code = run_cli(words)
        told = capsys.readouterr()
        return Answer(code, told.out, told.err)

    return run
