"""The program's entry point: Ctrl-C is heard before anything heavy is loaded.

Nothing is imported here that takes time.  An interrupt in the midst of an import would end in the
library's words, or in those of one that was left half loaded.
"""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

_INTERRUPTED = 130


def main() -> None:
    """Carry out the command line of the process, and leave with its exit code."""
    # Python hears no Ctrl-C where whoever started it said so, as for work in the background.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, hear)
    try:
        from offbook.cli.main import run_cli

        code = run_cli(sys.argv[1:])
    except KeyboardInterrupt:
        _leave()
    if code == _INTERRUPTED:
        _leave()
    sys.exit(code)


def hear(_number: int, frame: FrameType | None) -> None:
    """Leave at once while something is being imported, and so nothing has begun; else raise
    KeyboardInterrupt, so that what has begun is ended in order."""
    looked_at = frame
    while looked_at is not None:
        if looked_at.f_code.co_filename.startswith("<frozen importlib"):
            _leave()
        looked_at = looked_at.f_back
    raise KeyboardInterrupt


def _leave() -> NoReturn:
    """End the process without asking libraries, which would tell of what they could not finish."""
    try:
        sys.stdout.flush()
        # Not by print: the write that was interrupted may be one to this very stream.
        os.write(2, b"interrupted\n")
    finally:
        os._exit(_INTERRUPTED)
