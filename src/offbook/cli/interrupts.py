"""Ctrl-C once asks, twice leaves; SIGTERM suspends."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

from offbook.cli.failures import INTERRUPTED


class Interrupts:
    """Takes SIGINT and SIGTERM over while entered.

    The first SIGINT calls ``on_stop`` on the running loop; the second ends the process, also
    while a callback keeps the loop from turning: what is committed is safe, and the session can be
    recovered.  SIGTERM calls ``on_suspend`` on the loop.  ``before_asking`` and ``before_leaving``
    run in the signal handler: they may interrupt anything, a half-done write to stderr too.
    """

    def __init__(
        self,
        on_stop: Callable[[], None],
        on_suspend: Callable[[], None],
        before_asking: Callable[[], None],
        before_leaving: Callable[[], None],
    ) -> None:
        self._on_stop = on_stop
        self._on_suspend = on_suspend
        self._before_asking = before_asking
        self._before_leaving = before_leaving
        self._asked = False
        self._before: dict[int, Any] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        try:
            self._before[signal.SIGINT] = signal.signal(signal.SIGINT, self._interrupt)
            self._before[signal.SIGTERM] = signal.signal(signal.SIGTERM, self._terminate)
        except ValueError:
            pass  # not in the main thread: whoever runs us there sees to signals
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            self._before_leaving()
            os._exit(INTERRUPTED)
        self._asked = True
        self._before_asking()
        self._call(self._on_stop)

    def _terminate(self, number: int, frame: FrameType | None) -> None:
        self._call(self._on_suspend)

    def _call(self, work: Callable[[], None]) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(work)
