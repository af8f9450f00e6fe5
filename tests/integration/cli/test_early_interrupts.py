"""Ctrl-C before a command listens to it: one line, exit code 130, no library's last words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Presses Ctrl-C as a module begins to be looked for: a moment of the start that is always the same.
PRESSES = """
import os, signal, sys

class Presses:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["PRESSED_AT"]:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Presses())
"""


def pressed_at(
    module: str, folder: Path, *words: str, before: str = ""
) -> subprocess.CompletedProcess[str]:
    """The program, with Ctrl-C pressed as it begins to load a module."""
    (folder / "sitecustomize.py").write_text(before + PRESSES)
    return subprocess.run(
        [sys.executable, "-m", "offbook", *words],
        env={
            **os.environ,
            "PYTHONPATH": str(folder),
            "PRESSED_AT": module,
            "OFFBOOK_DATA_DIR": str(folder / "data"),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    "module",
    [
        "offbook.cli.main",
        "typer",
        "numpy",
        "offbook.cli.demo",
        "sqlalchemy",
        "offbook.services.paper_trading.report",
    ],
)
def test_ctrl_c_while_the_program_loads_says_one_line(module: str, tmp_path: Path) -> None:
    done = pressed_at(module, tmp_path, "demo")
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


def test_ctrl_c_says_the_same_where_no_session_is_begun(tmp_path: Path) -> None:
    done = pressed_at("offbook.cli.listing", tmp_path, "orders", "none")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


def test_where_ctrl_c_was_ignored_from_the_start_it_stays_so(tmp_path: Path) -> None:
    """As for what a shell runs in the background."""
    ignored = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    done = pressed_at("typer", tmp_path, "--version", before=ignored)
    assert (done.returncode, done.stderr) == (0, "")
