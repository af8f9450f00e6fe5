"""The diagrams in the documentation are what the program's tables say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_states_page_is_drawn_from_the_tables() -> None:
    """Run ``python scripts/draw_states.py`` when this fails."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts/draw_states.py"), "--check"], check=False
    )
    assert done.returncode == 0


def test_every_link_between_pages_leads_somewhere() -> None:
    """Relative links in Markdown files name files that exist."""
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert not broken
