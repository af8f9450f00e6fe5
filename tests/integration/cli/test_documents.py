"""What the documentation tells one to type works."""

from __future__ import annotations

import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.cli.conftest import Answer

Program = Callable[..., Answer]
ROOT = Path(__file__).parents[3]
PAGES = ["README.md", *sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("docs/**/*.md"))]
NAMED = re.compile(r"```(?:python|toml|csv)\n# ([\w.-]+)\n(.*?)```", re.DOTALL)
SESSION = re.compile(r"```console\n(.*?)```", re.DOTALL)


def commands(page: str) -> list[str]:
    """The offbook commands on a page, in order."""
    text = (ROOT / page).read_text("utf-8")
    lines = [line for block in SESSION.findall(text) for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ offbook ")]


def write_files(page: str, folder: Path) -> list[str]:
    """The files that a page shows, each under the name in its first line."""
    found = NAMED.findall((ROOT / page).read_text("utf-8"))
    for name, text in found:
        (folder / name).write_text(text)
    return [name for name, _ in found]


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)])
def test_commands_on_a_page_work_in_the_order_in_which_they_stand(
    page: str, offbook: Program, folder: Path
) -> None:
    """With the files of the page, in one folder; what is to be watched goes faster here."""
    write_files(page, folder)
    for command in commands(page):
        words = shlex.split(command.replace("--speed 60", "--speed 60000"), comments=True)
        answer = offbook(*words[1:])
        assert answer.code == 0, f"{command}\n{answer.err}"


def test_the_script_in_the_readme_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Start, wait, and a summary."""
    assert write_files("README.md", folder) == ["momentum.py", "rehearse.py"]
    runpy.run_path(str(folder / "rehearse.py"))
    assert capsys.readouterr().out.startswith("STOPPED ")


def test_the_strategy_in_the_readme_trades(offbook: Program, folder: Path) -> None:
    """An example that does nothing teaches nothing."""
    write_files("README.md", folder)
    answer = offbook("run", "momentum.py:Momentum", "--data", "demo", "--json")
    assert answer.document["orders_by_status"]["FILLED"] >= 2


def test_the_reference_of_the_command_line_is_current() -> None:
    """Run ``python scripts/make_cli_reference.py`` when this fails."""
    script = ROOT / "scripts" / "make_cli_reference.py"
    done = subprocess.run([sys.executable, str(script), "--check"], check=False)
    assert done.returncode == 0
