"""What the tab key offers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.integration.cli.conftest import Answer

COMPLETE = """\
import contextlib, io, json, os, sys
from offbook.cli.main import run_cli

answers, before = [], dict(os.environ)
for words, environment in json.load(sys.stdin):
    line = {"COMP_WORDS": " ".join(["offbook", *words]), "COMP_CWORD": str(len(words))}
    os.environ.update(before | environment | line)
    with contextlib.redirect_stdout(io.StringIO()) as told, contextlib.suppress(SystemExit):
        run_cli([])
    answers.append(told.getvalue().split())
print(json.dumps(answers))
"""
"""Every line completed as a shell would have it done, in one process."""


def test_the_tab_key_offers_sessions_strategies_and_names(
    offbook: Callable[..., Answer], folder: Path
) -> None:
    """And runs none of the user's code; where there is nothing it offers nothing."""
    flip = ("run", "mine.py:Flip", "--data", "quotes.csv", "--name", "flip")
    made = offbook(*flip, "--json").document["session_id"]
    (folder / "exits.py").write_text("raise SystemExit(7)\nclass Later(Strategy):\n    pass\n")

    asked: list[tuple[tuple[str, ...], dict[str, str]]] = [
        (("show", ""), {}),
        (("show", "fl"), {}),
        (("show", ""), {"OFFBOOK_DATA_DIR": str(folder / "none")}),
        (("run", "exits"), {}),
        (("run", "mi"), {}),
        (("run", "offbook"), {}),
        (("orders", "last", "--status", "fil"), {}),
        (("journal", "last", "--kind", "OrderF"), {}),
        (("export", "last", "--table", "po"), {}),
        (("config", "show", "ven"), {}),
    ]
    out = subprocess.run(
        [sys.executable, "-c", COMPLETE],
        check=True,
        capture_output=True,
        text=True,
        input=json.dumps(asked),
        env={**os.environ, "_OFFBOOK_COMPLETE": "complete_bash"},
    )
    assert out.stderr == ""
    every, named, nothing, exits, mine, shipped, filled, kind, table, key = json.loads(out.stdout)
    assert every == ["last", "flip", made]
    assert named == ["flip"]
    assert nothing == []
    assert exits == ["exits.py:Later"]
    assert "mine.py:Flip" in mine
    assert "offbook.strategies.ema_cross:EmaCross" in shipped
    assert filled == ["filled"]
    assert kind == ["OrderFilled"]
    assert table == ["positions"]
    assert "venue.fee" in key
