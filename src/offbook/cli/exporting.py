"""``offbook export``: a session as files for other programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from offbook.bootstrap import export_stored, find_stored
from offbook.cli.filters import one_of
from offbook.cli.loop import run_async
from offbook.cli.shell import Shell, paint
from offbook.domain.errors import InvalidInput, system_reason
from offbook.services.reporting.listing import EXPORT_FORMATS, EXPORT_TABLES, export_paths


def export_session(
    shell: Shell,
    reference: str,
    to: Path,
    form: str | None,
    tables: Sequence[str],
    *,
    force: bool,
) -> int:
    """Write a session's tables to a directory or a file, over others only with ``force``; 0."""
    names = [one_of(name, list(EXPORT_TABLES), "table") for name in dict.fromkeys(tables)]
    names = names or list(EXPORT_TABLES)
    ending = to.suffix.removeprefix(".").lower()
    is_other = to.exists() if not ending else ending not in EXPORT_FORMATS
    if is_other and not to.is_dir():
        raise InvalidInput(
            f"{to.name}: write a directory, or a file ending in "
            f"{', '.join('.' + known for known in EXPORT_FORMATS)}",
            field="to",
        )
    if ending in EXPORT_FORMATS and form not in (None, ending):
        raise InvalidInput(f"{to.name} ends in .{ending} and --format says {form}", field="format")
    form = form or (ending if ending in EXPORT_FORMATS else EXPORT_FORMATS[0])
    if not force:
        _require_free(export_paths(to, form, names).values())

    async def export() -> tuple[str, list[Path], tuple[str, ...]]:
        listed = await find_stored(shell.data_dir, reference)
        written, notes = await export_stored(
            listed.session, listed.store, to=to, form=form, names=names
        )
        return listed.session.id, written, notes

    try:
        session_id, written, notes = run_async(shell, export())
    except OSError as error:
        told = system_reason(error)
        raise InvalidInput(f"the export cannot be written to {to}: {told}") from error
    for note in notes:
        shell.note(paint(note, "yellow", sys.stderr))
    if shell.json:
        shell.document(
            {"session_id": session_id, "files": list(map(str, written)), "notes": list(notes)}
        )
    for path in [] if shell.json else written:
        shell.say(str(path))
    return 0


def _require_free(paths: Iterable[Path]) -> None:
    """Raise InvalidInput where a file is there already: of several, none is written."""
    found = [str(path) for path in paths if path.exists()]
    if found:
        verb, them = ("exist", "them") if len(found) > 1 else ("exists", "it")
        raise InvalidInput(
            f"{', '.join(found)} {verb}: name another place, or replace {them} with --force",
            field="to",
        )
