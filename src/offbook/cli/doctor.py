"""``offbook doctor``: what could keep offbook from working here, and what to do about it."""

from __future__ import annotations

import enum
import os
import platform
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import import_module, metadata
from pathlib import Path
from typing import Final

import msgspec

from offbook.bootstrap import check_store, list_stored, store_owners
from offbook.cli.failures import FAILURE
from offbook.cli.loop import run_async
from offbook.cli.shell import Shell, near, paint, shows_color
from offbook.config.checking import check_file
from offbook.config.resolving import project_file, user_file
from offbook.config.settings import data_directory
from offbook.domain.errors import InvalidConfig, OffbookError
from offbook.services.reporting.formatting import counted

_SAFE_WAL: Final = (3, 51, 3)
_LITTLE_SPACE: Final = 1 << 30
_NO_SPACE: Final = 50 << 20
_SLOW_FLUSH_MS: Final = 30.0
_FLUSHES: Final = 15
_PYTHONS: Final = ((3, 11), (3, 15))
_PARTS: Final = ("numpy", "duckdb", "msgspec", "sqlalchemy")
_ADVICE: Final = {
    "newer": "use the offbook that wrote it, or another --data-dir",
    "older": "run offbook once, which brings it up to date",
    "foreign": "choose another --data-dir, or restore the store from a copy",
    "empty": "restore it from a copy, or delete it if its making was broken off",
    "missing": "mend its permissions",
    "read_only": "mend its permissions",
    "locked": "close the program that holds it",
    "io": "check the disk",
}
"""What to do about a store that cannot be read, by the reason; else it is restored."""

_REMOTE: Final = ("nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "afs")


class Grade(enum.Enum):
    """How a finding is to be taken."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at, what was seen, and what to do about it if anything."""

    what: str
    grade: Grade
    seen: str
    advice: str = ""


def examine(shell: Shell) -> int:
    """Print what was found; 1 when something keeps offbook from working."""
    findings = list(_findings(shell))
    bad = [finding for finding in findings if finding.grade is Grade.PROBLEM]
    if shell.json:
        shell.document({"ok": not bad, "findings": [msgspec.to_builtins(f) for f in findings]})
    else:
        styles = {Grade.OK: "green", Grade.NOTE: "yellow", Grade.PROBLEM: "red"}
        for finding in findings:
            mark = paint(f"{finding.grade.value:<8}", styles[finding.grade], sys.stdout)
            shell.say(f"{mark}{finding.what:<11}{finding.seen}")
            if finding.advice:
                shell.say(f"{'':19}-> {finding.advice}")
        shell.say()
        shell.say("all is well" if not bad else f"{counted(len(bad), 'problem')} to mend")
    return FAILURE if bad else 0


def _findings(shell: Shell) -> Iterator[Finding]:
    yield _python()
    for name in _PARTS:
        yield _part(name)
    yield _sqlite()
    yield from _settings(shell)
    yield from _directory(shell.data_dir)
    yield from _stores(shell)
    yield _terminal()


def _python() -> Finding:
    seen = f"{platform.python_version()} ({sys.executable})"
    if _PYTHONS[0] <= sys.version_info[:2] < _PYTHONS[1]:
        return Finding("python", Grade.OK, seen)
    return Finding("python", Grade.PROBLEM, seen, "use Python 3.11 to 3.14")


def _part(name: str) -> Finding:
    try:
        import_module(name)
        return Finding(name, Grade.OK, metadata.version(name))
    except (ImportError, OSError) as error:
        return Finding(
            name,
            Grade.PROBLEM,
            f"cannot be loaded: {error}",
            f"pip install --force-reinstall {name}",
        )


def _sqlite() -> Finding:
    seen = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info >= _SAFE_WAL:
        return Finding("sqlite", Grade.OK, seen)
    return Finding(
        "sqlite",
        Grade.NOTE,
        f"{seen}; before 3.51.3 two connections that checkpoint may damage a log",
        "offbook writes through one alone; open its stores with nothing else that writes",
    )


def _settings(shell: Shell) -> Iterator[Finding]:
    """The files that every command reads, and the environment; where they cannot be used, what
    comes after is looked for where it would be without them."""
    files = [file for file in (user_file(), project_file(Path.cwd())) if file and file.is_file()]
    wrong = False
    for file in files:
        for problem in _problems(file):
            wrong = True
            advice = f"mend it; {shell.command('config', 'check', near(str(file)))}"
            yield Finding("settings", Grade.PROBLEM, problem, advice)
    try:
        _ = shell.settings
    except InvalidConfig as error:
        if not wrong:  # then it is the environment
            yield Finding("settings", Grade.PROBLEM, str(error), "mend it")
        shell.given_data_dir = data_directory(shell.given_data_dir)
        return
    if not wrong:
        names = ", ".join(near(str(file)) for file in files)
        yield Finding("settings", Grade.OK, names or "no offbook.toml, here or of your own")


def _problems(file: Path) -> list[str]:
    try:
        return [str(problem) for problem in check_file(file).problems]
    except InvalidConfig as error:
        return [str(error)]


def _directory(data_dir: Path) -> Iterator[Finding]:
    there = next(folder for folder in (data_dir, *data_dir.parents) if folder.exists())
    named = str(data_dir) if there == data_dir else f"{data_dir} (to be made in {there})"
    if not there.is_dir():
        yield Finding("data", Grade.PROBLEM, f"{there} is a file", "choose another --data-dir")
        return
    try:
        flushes = _flush_milliseconds(there)
    except OSError as error:
        yield Finding(
            "data", Grade.PROBLEM, f"{named} cannot be written: {error.strerror or error}",
            "mend its permissions, or choose another with --data-dir or OFFBOOK_DATA_DIR",
        )  # fmt: skip
        return
    yield Finding("data", Grade.OK, named)
    remote = _remote_file_system(there)
    if remote:
        yield Finding(
            "disk", Grade.PROBLEM, f"{there} lies on {remote}, where SQLite's log does not work",
            "choose a directory on a disk of this machine",
        )  # fmt: skip
    free = shutil.disk_usage(there).free
    grade = Grade.OK if free >= _LITTLE_SPACE else Grade.NOTE
    advice = "" if free >= _LITTLE_SPACE else "free some space before long runs"
    if free < _NO_SPACE:
        grade = Grade.PROBLEM
    yield Finding("space", grade, f"{free / 2**30:,.1f} GiB free", advice)
    slow = flushes > _SLOW_FLUSH_MS
    yield Finding(
        "flush",
        Grade.NOTE if slow else Grade.OK,
        f"{flushes:.2f} ms to make a write durable (median of {_FLUSHES})",
        "commands and commits wait for it: a faster disk helps" if slow else "",
    )


def _flush_milliseconds(folder: Path) -> float:
    took = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(_FLUSHES):
            began = time.perf_counter()
            file.write(b"\0" * 4096)
            file.flush()
            os.fsync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def _remote_file_system(folder: Path) -> str | None:
    """The kind of file system, where Linux tells it and it is another machine's."""
    try:
        mounts = Path("/proc/mounts").read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    best, kind = "", ""
    for line in mounts:
        fields = line.split(" ")
        covers = len(fields) > 2 and folder.resolve().is_relative_to(fields[1])
        if covers and len(fields[1]) >= len(best):
            best, kind = fields[1], fields[2]
    return kind if kind in _REMOTE else None


def _stores(shell: Shell) -> Iterator[Finding]:
    try:
        owners = store_owners(shell.data_dir)
        listing = run_async(shell, list_stored(shell.data_dir))
    except (OffbookError, OSError) as error:
        yield Finding("stores", Grade.PROBLEM, str(error), "mend its permissions")
        return
    busy = {path: holder for path, holder in owners if holder is not None}
    unreadable = dict(listing.unreadable)
    for path, holder in owners:
        trouble = unreadable.get(path) or _damage(path)
        if trouble is None:
            seen = f"{path}: " + (f"open, {holder}" if holder else "free")
            yield Finding("store", Grade.OK, seen)
        else:
            advice = _ADVICE.get(str(trouble.fields.get("reason")), "restore it from a copy")
            yield Finding("store", Grade.PROBLEM, f"{path}: {trouble}", advice)
    waiting = [
        listed
        for listed in listing.sessions
        if listed.store not in busy
        and listed.session.status.value in ("STARTING", "RUNNING", "STOPPING", "PAUSED")
    ]
    yield Finding(
        "sessions",
        Grade.NOTE if waiting else Grade.OK,
        f"{len(listing.sessions)} kept"
        + (f", {len(waiting)} of them without a process" if waiting else ""),
        shell.command("recover") if waiting else "",
    )


def _damage(store: Path) -> OffbookError | None:
    try:
        check_store(store)
    except OffbookError as error:
        return error
    return None


def _terminal() -> Finding:
    size = shutil.get_terminal_size()
    kind = os.environ.get("TERM", "unknown")
    told = [
        f"{kind}, {size.columns} columns",
        "colours" if shows_color(sys.stdout) else "no colours",
        "keys"
        if sys.stdin is not None and sys.stdin.isatty()
        else "no keys (stdin is no terminal)",
        sys.stdout.encoding or "unknown encoding",
    ]
    return Finding("terminal", Grade.OK, ", ".join(told))
