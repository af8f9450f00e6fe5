"""Single keys while something runs, where stdin is a terminal that is ours."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

KEYS: Final = "p pause, r resume, s stop, + faster, - slower"
"""What the keys do, as people are told."""


class Keys:
    """Hands each key pressed to ``on_key`` while entered; the terminal is always put back.

    Does nothing where there is no terminal, where the process is in its background, and on
    systems without termios.
    """

    def __init__(self, on_key: Callable[[str], None]) -> None:
        self._on_key = on_key
        self._saved: list[object] | None = None
        self._descriptor = -1

    @property
    def listening(self) -> bool:
        """Whether keys are heard."""
        return self._saved is not None

    def __enter__(self) -> Self:
        if sys.platform == "win32":
            return self
        try:
            import termios
            import tty

            self._descriptor = sys.stdin.fileno()
            if not os.isatty(self._descriptor):
                return self
            # Setting up a terminal from its background would stop the process.
            if os.tcgetpgrp(self._descriptor) != os.getpgrp():
                return self
            saved = termios.tcgetattr(self._descriptor)
            tty.setcbreak(self._descriptor, termios.TCSANOW)
            self._saved = saved
            asyncio.get_running_loop().add_reader(self._descriptor, self._read)
        except (ImportError, OSError, ValueError, NotImplementedError):
            self.restore()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.listening:
            asyncio.get_running_loop().remove_reader(self._descriptor)
        self.restore()

    def restore(self) -> None:
        """Put the terminal back; safe in a signal handler, and a second time."""
        saved, self._saved = self._saved, None
        if saved is not None and sys.platform != "win32":
            import termios

            termios.tcsetattr(self._descriptor, termios.TCSANOW, saved)  # type: ignore[arg-type] # as it was given

    def _read(self) -> None:
        try:
            pressed = os.read(self._descriptor, 64)
        except OSError:
            pressed = b""
        if not pressed:  # the terminal is gone
            asyncio.get_running_loop().remove_reader(self._descriptor)
            return
        for key in pressed.decode("utf-8", "ignore"):
            self._on_key(key)
