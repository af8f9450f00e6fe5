"""The scripts in the documentation run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs/how-to"
PAGES = "".join((FOLDER / name).read_text("utf-8") for name in ("use-from-python.md", "sweeps.md"))
SCRIPTS = dict(re.findall(r"```python\n# (\w+\.py)\n(.*?)```", PAGES, re.DOTALL))
LAST_WORD = {"compare.py": None, "desk.py": "EQUAL\n", "sweep.py": None, "grid.py": None}


@pytest.mark.parametrize("name", sorted(LAST_WORD))
def test_a_script_of_the_page_runs_to_its_end(name: str, tmp_path: Path) -> None:
    """In an empty folder, with nothing but what the page shows."""
    (tmp_path / name).write_text(SCRIPTS[name], "utf-8")
    environment = {**os.environ, "OFFBOOK_DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(
        [sys.executable, name],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(LAST_WORD[name] or done.stdout[-1:])
    assert done.stdout.count("\n") == 3
