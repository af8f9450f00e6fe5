"""A terminal with the program in it, to press keys and read along."""

from __future__ import annotations

import codecs
import os
import pty
import select
import subprocess
import sys
import termios
import time
from types import TracebackType
from typing import Self

BOUND_SECONDS = 40.0

# The program's terminal must be the one that it is controlled by, or Ctrl-C would reach nobody.
LAUNCH = (
    "import fcntl, os, sys, termios\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "os.execv(sys.argv[1], sys.argv[1:])\n"
)
PROGRAM = [sys.executable, "-m", "offbook"]
CTRL_C = "\x03"


class Terminal:
    """The program on a pseudo-terminal of its own."""

    def __init__(
        self, *words: str, columns: int = 100, lines: int = 50, **environment: str
    ) -> None:
        self.seen = ""
        self._read_to = 0
        # A character may come in two reads.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._deadline = time.monotonic() + BOUND_SECONDS
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (lines, columns))
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", LAUNCH, *PROGRAM, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env={k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR")}
            | environment,
        )
        self._theirs = theirs

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._ours)
        os.close(self._theirs)

    @property
    def pid(self) -> int:
        """The program's process."""
        return self._process.pid

    @property
    def is_canonical(self) -> bool:
        """Whether the terminal gives whole lines and echoes them, as shells leave it."""
        flags = termios.tcgetattr(self._theirs)[3]
        return bool(flags & termios.ICANON and flags & termios.ECHO)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._ours, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        """Pull at the window's corner."""
        termios.tcsetwinsize(self._theirs, (lines, columns))

    def until(self, text: str) -> str:
        """Read on until the text has come after what was waited for before; gives all up to it."""
        begin = self._read_to
        while (found := self.seen.find(text, begin)) < 0:
            assert self._read(), f"waited for {text!r}, saw {self.seen[begin:]!r}"
        self._read_to = found + len(text)
        return self.seen[begin : self._read_to]

    def ended(self) -> int:
        """Read to the end; gives the exit code."""
        while self._process.poll() is None:
            assert time.monotonic() < self._deadline, f"still runs after {self.seen!r}"
            self._read(0.02)
        while self._read(0.0):
            pass
        return self._process.returncode

    def _read(self, patience: float | None = None) -> bool:
        """Take what has come; False if nothing came in time."""
        left = self._deadline - time.monotonic() if patience is None else patience
        ready, _, _ = select.select([self._ours], [], [], max(left, 0.0))
        if not ready:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # the other end is closed
            return False
        self.seen += self._decoder.decode(data)
        return bool(data)
