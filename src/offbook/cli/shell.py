"""What every command shares: where it writes, how, and which data directory it works on."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from offbook.config.settings import absolute, data_directory

if TYPE_CHECKING:
    from rich.console import Console

    from offbook.config.resolving import Settings

SHORT_ID: Final = 13
"""As much of a session's id as tells the millisecond of its making."""

_STYLES: Final = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "dim": "2", "bold": "1"}


@dataclass
class Shell:
    """How one call of the program speaks.

    ``json``: one JSON document on stdout and nothing else there.  ``lines`` (with ``json``): one
    document on each line instead.  ``quiet``: nothing on stderr but errors.
    """

    json: bool = False
    lines: bool = False
    quiet: bool = False
    verbose: bool = False
    given_data_dir: Path | None = None
    _answers: IO[str] | None = field(default=None, repr=False)
    _console: Console | None = field(default=None, repr=False)
    _settings: Settings | None = field(default=None, repr=False)

    @property
    def settings(self) -> Settings:
        """What files and environment say, read when it is first needed. Raises InvalidConfig."""
        if self._settings is None:
            from offbook.config.resolving import load_settings

            self._settings = load_settings()
            self.quiet |= self._settings.value("cli", "quiet")
        return self._settings

    @property
    def data_dir(self) -> Path:
        """The directory of the stores; it need not exist. Raises InvalidConfig."""
        if self.given_data_dir is not None:
            return data_directory(self.given_data_dir)
        told = self.settings.value("data_dir")
        return data_directory(None, {}) if told is None else absolute(Path(told))

    @property
    def console(self) -> Console:
        """Rich, on stdout; made when it is first needed."""
        if self._console is None:
            from rich.console import Console

            self._console = Console(highlight=False, soft_wrap=False)
        return self._console

    def say(self, text: str = "") -> None:
        """A plain line of the answer; nothing with ``json``."""
        if not self.json:
            print(text)

    def document(self, document: Mapping[str, Any]) -> None:
        """The answer as one JSON document."""
        self.answer(json.dumps(document, ensure_ascii=False, indent=None if self.lines else 2))

    def answer(self, text: str) -> None:
        """The answer, or a line of it, on stdout whatever else is printed meanwhile."""
        print(text, file=self._answers or sys.stdout)

    @contextmanager
    def keeping_stdout(self) -> Iterator[None]:
        """With ``json``, what others print (a strategy may) goes to stderr while this lasts."""
        if not self.json:
            yield
            return
        self._answers = sys.stdout
        with redirect_stdout(sys.stderr):
            yield

    def note(self, text: str) -> None:
        """A line beside the answer, on stderr, unless quiet."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    def command(self, *words: str) -> str:
        """A command line that does what it says when it is copied."""
        told = [_program(), *words]
        if self.given_data_dir is not None:
            told += ["--data-dir", str(self.given_data_dir)]
        return shlex.join(told)


def paint(text: str, style: str, stream: IO[str]) -> str:
    """The text in a style, where the stream shows any."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if shows_color(stream) else text


def shows_color(stream: IO[str]) -> bool:
    """Whether colours are wanted there: a terminal, no ``NO_COLOR``, not a dumb one."""
    if os.environ.get("NO_COLOR"):
        return False
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def short(session_id: str) -> str:
    """The beginning of an id that is enough to name it."""
    return session_id[:SHORT_ID]


def plain(value: Any) -> Any:
    """A value as JSON can hold it: what it does not know becomes its text."""
    return json.loads(json.dumps(value, default=str))


def _program() -> str:
    """This program as it was called: its name where the shell would find it, else its path."""
    called = Path(sys.argv[0])
    found = shutil.which("offbook")
    if found is not None and called.name == "offbook" and Path(found).samefile(called):
        return "offbook"
    if called.name != "offbook":
        return "offbook"
    try:
        return str(called.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(called)


def near(path: str) -> str:
    """A path from here where that is shorter."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
