"""Links of the pages lead to files that exist, and to headings that stand in them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")


def anchors_of(page: Path) -> set[str]:
    """The names of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    heads = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head).lower() for head in heads]
    marked = set(re.findall(r'<a (?:id|name)="([^"]+)"', text))
    return marked | {re.sub(r"[^\w\- ]", "", head).replace(" ", "-") for head in plain}


def test_links_lead_somewhere() -> None:
    """Also those to a heading, which nothing else would miss once it is called otherwise."""
    lost, seen = [], 0
    for page in PAGES:
        for file, anchor in LINK.findall(page.read_text("utf-8")):
            target = page.parent / file if file else page
            seen += 1
            if not target.exists() or (
                anchor and target.suffix == ".md" and anchor not in anchors_of(target)
            ):
                lost.append(f"{page.relative_to(ROOT)}: {file}#{anchor}")
    assert seen > 200
    assert lost == []
