"""What the tab key offers: sessions, strategies, and names of records and states.

Nothing of the user's is run here, and nothing is said when something is wrong: completion then
offers nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import typer

_CLASS: Final = re.compile(r"^class (\w+)\([^)]*Strategy[^)]*\)", re.MULTILINE)
_FILES_MAX: Final = 50
_BYTES_MAX: Final = 1 << 20


def sessions(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Ids and names of sessions, newest first, each with what it is."""
    import asyncio

    from offbook.bootstrap import LAST, list_stored
    from offbook.cli.shell import Shell
    from offbook.domain.errors import OffbookError

    given = ctx.params.get("data_dir") or ctx.find_root().params.get("data_dir")
    shell = Shell(given_data_dir=given)
    try:
        listing = asyncio.run(list_stored(shell.data_dir))
    except (OffbookError, OSError):
        return []
    offered = [(LAST, "the newest")] if listing.sessions else []
    for listed in reversed(listing.sessions):
        session = listed.session
        told = f"{session.status.value} {session.created_at:%m-%d %H:%M}"
        if session.config.name:
            offered.append((session.config.name, told))
        offered.append((session.id, told))
    return [(word, told) for word, told in offered if word.startswith(incomplete)]


def strategies(incomplete: str) -> list[str]:
    """Strategies of files in the folder that is being written, and those that ship."""
    folder = Path(incomplete.partition(":")[0]).parent
    shown = "" if str(folder) == "." and not incomplete.startswith("./") else f"{folder}/"
    found = [f"{shown}{file.name}:{name}" for file, name in _classes(folder)]
    shipped = Path(__file__).parent.parent / "strategies"
    found += [f"offbook.strategies.{file.stem}:{name}" for file, name in _classes(shipped)]
    return [word for word in found if word.startswith(incomplete)]


def statuses(incomplete: str) -> list[str]:
    """What an order may be, as it is written after ``--status``."""
    from offbook.domain.orders import OrderStatus

    return _beginning(["open", "closed", *(s.value.lower() for s in OrderStatus)], incomplete)


def record_kinds(incomplete: str) -> list[str]:
    """Kinds of records."""
    from offbook.domain.records import Record

    return _beginning([kind.__name__ for kind in Record.__args__], incomplete)


def tables(incomplete: str) -> list[str]:
    """Tables of an export."""
    from offbook.services.reporting.listing import EXPORT_TABLES

    return _beginning(list(EXPORT_TABLES), incomplete)


def figures(incomplete: str) -> list[str]:
    """Figures that rank the cells of a sweep."""
    from offbook.services.sweeping.statistics import FIGURES

    return _beginning(["return", *FIGURES], incomplete)


def settings(incomplete: str) -> list[str]:
    """Settings and their tables."""
    from offbook.config.known import dotted, project_catalogue

    catalogue = project_catalogue()
    return _beginning(sorted(map(dotted, [*catalogue.tables, *catalogue.settings])), incomplete)


def _beginning(words: list[str], incomplete: str) -> list[str]:
    return [word for word in words if word.casefold().startswith(incomplete.casefold())]


def _classes(folder: Path) -> Iterator[tuple[Path, str]]:
    """Strategies by the look of their text."""
    try:
        for file in sorted(folder.glob("*.py"))[:_FILES_MAX]:
            if file.stat().st_size <= _BYTES_MAX:
                for name in _CLASS.findall(file.read_text("utf-8", "replace")):
                    yield file, name
    except OSError:
        return
