"""The operating system's lock on an open file: gone with the process that holds it."""

from __future__ import annotations

import os
import sys
from typing import Final

if sys.platform == "win32":
    import msvcrt

    LOCKED_AT: Final = (1 << 31) - 2
    """Locked bytes cannot be read by others there, so the lock lies behind all that is read."""

    def lock_file(descriptor: int) -> None:
        """Lock a file until it is closed. Raises OSError where another has it."""
        os.lseek(descriptor, LOCKED_AT, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def lock_file(descriptor: int) -> None:
        """Lock a file until it is closed. Raises OSError where another has it."""
        # Not lockf: the system drops that one as soon as anyone in the process closes the file.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
