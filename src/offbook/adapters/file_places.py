"""Bytes at a place of an open file, and what makes files last, in the same words on all systems.

All of it blocks for the disk.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

if sys.platform == "win32":
    BINARY: Final = os.O_BINARY
    """To open a file with: else line ends are translated there."""
else:
    BINARY: Final = 0
    """To open a file with: nothing is translated here."""


def read_at(descriptor: int, size: int, offset: int) -> bytes:
    """Up to ``size`` bytes from byte ``offset``, fewer at the file's end. Raises OSError.

    Moves the descriptor's position, for there is no ``pread`` on Windows: one thread at a time.
    """
    os.lseek(descriptor, offset, os.SEEK_SET)
    return os.read(descriptor, size)


def write_at(descriptor: int, raw: bytes, offset: int) -> None:
    """Put all of ``raw`` at byte ``offset``. Raises OSError: then a part of it may be there.

    Moves the descriptor's position: one thread at a time.
    """
    os.lseek(descriptor, offset, os.SEEK_SET)
    rest = memoryview(raw)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync_directory(folder: Path) -> None:
    """Make the names of the files in a directory durable. Raises OSError."""
    if sys.platform == "win32":  # there a directory cannot be opened, and needs no flush
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
