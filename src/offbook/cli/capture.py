"""Keeping what a strategy prints off a screen that is drawn, and giving it out afterwards."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Final

_KEPT_MAX: Final = 1 << 20


class Capture:
    """While open, what is printed to a terminal goes to ``on_line`` and is given out at the end.

    A stdout that is no terminal is left alone.  Past a megabyte the oldest text is dropped.
    """

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._before = sys.stdout
        self._kept = _Kept(self._line) if self._before.isatty() else None
        self._texts: list[str] = []
        self._size = 0
        self._dropped = False

    def open(self) -> None:
        """Begin."""
        if self._kept is not None:
            sys.stdout = self._kept

    def close(self) -> None:
        """Give stdout back and print what was kept."""
        if self._kept is not None and sys.stdout is self._kept:
            sys.stdout = self._before
            self._before.write(self.text())
            self._before.flush()

    def text(self) -> str:
        """What was kept so far."""
        first = ["... (what was printed before is left out)\n"] if self._dropped else []
        rest = [] if self._kept is None else [self._kept.unfinished]
        return "".join([*first, *self._texts, *rest])

    def _line(self, line: str) -> None:
        self._texts.append(line + "\n")
        self._size += len(line) + 1
        while self._size > _KEPT_MAX and len(self._texts) > 1:
            self._size -= len(self._texts.pop(0))
            self._dropped = True
        self._on_line(line)


class _Kept(io.TextIOBase):
    """A stream that hands on whole lines."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self.unfinished = ""

    @property
    def encoding(self) -> str:  # type: ignore[override] # a property serves where an attribute is declared
        return "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self.unfinished = (self.unfinished + text).split("\n")
        for line in lines:
            self._on_line(line)
        return len(text)
