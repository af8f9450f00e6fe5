"""Telling a signal from trouble: who raised what ended a strategy's code?

What a strategy raises is its session's trouble, whatever it is, and happens again whenever the
session is replayed.  What a signal raises in it, such as a Ctrl-C, will not: it must never come
into the records, and is for the process.
"""

from __future__ import annotations

import dis
from types import FrameType, TracebackType
from typing import Final

_RAISE: Final = dis.opmap["RAISE_VARARGS"]


def is_from_a_signal(error: BaseException) -> bool:
    """Whether a signal raised this in the code that it ended, not that code itself.

    Two signs tell.  A signal's handler, such as that of ``asyncio.run``, is called with the frame
    that it interrupts, which is its caller's.  Python's own handler of Ctrl-C is no Python code: it
    leaves a KeyboardInterrupt at a place where nothing is raised.  Only what ends processes
    (KeyboardInterrupt, SystemExit) is asked about; a handler that raises anything else in the
    midst of a strategy is taken for a part of it.
    """
    link = error.__traceback__
    if link is None or not isinstance(error, (KeyboardInterrupt, SystemExit)):
        return False
    while link.tb_next is not None:
        if _is_given(link.tb_next.tb_frame, link.tb_frame):
            return True
        link = link.tb_next
    return isinstance(error, KeyboardInterrupt) and not _raises(link)


def _is_given(called: FrameType, caller: FrameType) -> bool:
    """Whether a function was given its caller's frame, by itself or among further arguments."""
    for value in called.f_locals.values():
        parts = value if type(value) is tuple else (value,)
        if any(part is caller for part in parts):
            return True
    return False


def _raises(link: TracebackType) -> bool:
    return link.tb_frame.f_code.co_code[link.tb_lasti] == _RAISE
