"""``offbook report``: what a session came to, figure by figure, and as files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from offbook.bootstrap import find_stored, report_stored, write_report
from offbook.bootstrap.intervals import interval_stored
from offbook.cli.loop import run_async
from offbook.cli.shell import Shell, short
from offbook.domain.errors import InvalidInput, system_reason
from offbook.domain.records import encode_hook
from offbook.services.reporting.sections import sections

if TYPE_CHECKING:
    from offbook.services.reporting.full_report import FullReport


def report_session(
    shell: Shell,
    reference: str,
    formats: list[str],
    directory: Path,
    shadows: Mapping[str, str] | None = None,
) -> int:
    """Print the full report of a session, or write it as files; 0. With ``shadows`` (presets by
    ``optimistic`` and ``pessimistic``, each may be left out) it has an interval."""
    report = run_async(shell, _read(shell, reference, shadows))
    if formats:
        return _write(shell, report, formats, directory / f"offbook-{short(_id(report))}")
    if shell.json:
        shell.document(msgspec.json.decode(msgspec.json.encode(report, enc_hook=encode_hook)))
        return 0
    for section in sections(report):
        shell.say()
        shell.say(section.title)
        width = max(len(row.label) for row in section.rows)
        for row in section.rows:
            shell.say(f"  {row.label.ljust(width)}  {row.value}")
    shell.say()
    shell.say(f"as files  {shell.command('report', short(_id(report)), '--write', 'csv,png')}")
    return 0


def _write(shell: Shell, report: FullReport, formats: list[str], directory: Path) -> int:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        written = write_report(report, directory, formats)
    except OSError as error:
        told = system_reason(error)
        raise InvalidInput(f"the report cannot be written to {directory}: {told}") from error
    if shell.json:
        shell.document({"session_id": _id(report), "files": [str(path) for path in written]})
        return 0
    for path in written:
        shell.say(str(path))
    return 0


def _id(report: FullReport) -> str:
    return report.session.session_id


async def _read(shell: Shell, reference: str, shadows: Mapping[str, str] | None) -> FullReport:
    listed = await find_stored(shell.data_dir, reference)
    if shadows is not None:
        return await interval_stored(listed.session, listed.store, shadows)
    return await report_stored(listed.session, listed.store)
