"""Errors as people and programs read them: one line, what to do, and an exit code."""

from __future__ import annotations

import sys
from typing import Final

from offbook.cli.shell import Shell, paint, plain
from offbook.domain.errors import (
    InvalidInput,
    NotFound,
    OffbookError,
    Refused,
    SessionFailed,
    StorageUnavailable,
    StoreOwned,
)

FAILURE: Final = 1
USAGE: Final = 2
NOT_FOUND: Final = 3
REFUSED: Final = 5
TERMINATED: Final = 143
INTERRUPTED: Final = 130


def exit_code(error: OffbookError) -> int:
    """2 for what the caller can mend, 3 not found, 5 refused by the state of things, else 1."""
    if isinstance(error, InvalidInput):
        return USAGE
    if isinstance(error, NotFound):
        return NOT_FOUND
    return REFUSED if isinstance(error, Refused) else FAILURE


def tell(error: OffbookError, shell: Shell) -> int:
    """Print an expected error; gives the exit code."""
    print_error(error.code, error.message, dict(error.fields), _advice(error, shell), shell)
    return exit_code(error)


def print_error(
    code: str, message: str, fields: dict[str, object], advice: str, shell: Shell
) -> None:
    """One red line on stderr and what to do; with ``json`` a document on stdout instead."""
    if shell.json:
        document = {"error": {"code": code, "message": message, "fields": plain(fields)}}
        shell.document(document)
        return
    first, *rest = message.split("\n")
    print(paint(f"error: {first}", "red", sys.stderr), file=sys.stderr)
    for line in [*rest, *([advice] if advice else [])]:
        print(f"  {line.strip()}", file=sys.stderr)


def _advice(error: OffbookError, shell: Shell) -> str:
    """What to do, where the message does not say it itself."""
    if isinstance(error, NotFound):
        return f"see what there is: {shell.command('sessions')}"
    if isinstance(error, StoreOwned):
        return "wait until that process has ended, or stop it"
    if isinstance(error, StorageUnavailable):
        return f"look for what is wrong: {shell.command('doctor')}"
    if isinstance(error, SessionFailed):
        return f"what is kept of it: {shell.command('show', str(error.fields['session_id']))}"
    if error.fields.get("field") == "market.columns":
        return "on the command line: --column OURS=THEIRS, once for each"
    return ""
