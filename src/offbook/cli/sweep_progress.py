"""How far a sweep is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from offbook.cli.shell import Shell
from offbook.services.reporting.formatting import counted, duration

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

PLAIN_SECONDS: Final = 10.0
_BESIDE: Final = 24
"""Columns of the bar at its shortest, of the time left, and of what parts them."""
_LEAST: Final = 12
"""In less room words are cut too short to say anything."""


class SweepProgress:
    """Entered, it shows the bar; quiet shells see nothing."""

    def __init__(self, shell: Shell, name: str, cells: int, done: int) -> None:
        self._shell = shell
        self._name = name
        self._cells = cells
        self._begin = self._done = done
        self._failed = 0
        self._best = ""
        self._began = self._told = time.monotonic()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if not self._shell.quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
            self._bar = _bar()
            self._task = self._bar.add_task(
                cut(self._name, self._bar.console.width // 4),
                total=self._cells,
                completed=self._done,
                more="",
            )
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def cell(self, *, failed: bool, best: str) -> None:
        """One more cell is done; ``best`` tells the best so far."""
        self._done += 1
        self._failed += failed
        self._best = best
        if self._bar is not None and self._task is not None:
            more = cut(self._more(), self._room(self._bar.console.width))
            self._bar.update(self._task, completed=self._done, more=more)
        elif not self._shell.quiet and time.monotonic() - self._told >= PLAIN_SECONDS:
            self._told = time.monotonic()
            print(f"{self._line()}  {self._more()}".rstrip(), file=sys.stderr, flush=True)

    def say(self, text: str) -> None:
        """A line of its own; the bar goes on below it."""
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            print(text, file=sys.stderr, flush=True)

    def shout(self, text: str) -> None:
        """A line from a signal handler, past whatever is being written."""
        os.write(2, f"\r\x1b[K{text}\n".encode() if self._bar is not None else f"{text}\n".encode())

    def _more(self) -> str:
        failed = f"{self._failed:,} failed" if self._failed else ""
        return "  ".join(part for part in (failed, self._best) if part)

    def _room(self, width: int) -> int:
        """Columns that are left where name, counts and time are shown whole."""
        name = len(cut(self._name, width // 4))
        return width - name - 2 * len(f"{self._cells}") - _BESIDE

    def _line(self) -> str:
        line = f"{self._name}: {self._done:,} of {counted(self._cells, 'cell')}"
        ran = self._done - self._begin
        left = (time.monotonic() - self._began) / ran * (self._cells - self._done) if ran else 0.0
        return (
            f"{line}, about {duration(int(left * 1e9))} to go" if self._done < self._cells else line
        )


def cut(text: str, room: int) -> str:
    """The text, or as much of it as there is room for; nothing where that is next to nothing."""
    if len(text) <= room:
        return text
    return "" if room < _LEAST else text[: room - 1] + "…"


def _bar() -> Progress:
    from rich.console import Console

    return bar_on(Console(stderr=True, highlight=False))


def bar_on(console: Console) -> Progress:
    """Name, bar, counts, time left, and the best so far."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[more]}", markup=False),
        console=console,
        expand=True,
        transient=True,
    )
