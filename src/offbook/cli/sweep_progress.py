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
    from rich.progress import Progress, TaskID

PLAIN_SECONDS: Final = 10.0


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
                self._name, total=self._cells, completed=self._done, more=""
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
            self._bar.update(self._task, completed=self._done, more=self._more())
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

    def _line(self) -> str:
        line = f"{self._name}: {self._done:,} of {counted(self._cells, 'cell')}"
        ran = self._done - self._begin
        left = (time.monotonic() - self._began) / ran * (self._cells - self._done) if ran else 0.0
        return (
            f"{line}, about {duration(int(left * 1e9))} to go" if self._done < self._cells else line
        )


def _bar() -> Progress:
    from rich.console import Console
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
        console=Console(stderr=True, highlight=False),
        expand=True,
        transient=True,
    )
