"""Noticing that a session has slept for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Nap:
    """Notices when a sleep has lasted ``seconds`` of the event loop's time.

    Beginning and ending a sleep is cheap: there is one timer at most, and it is set anew only when
    it fires.
    """

    __slots__ = ("_seconds", "_since", "_timer")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, on_long: Callable[[], None]) -> None:
        """A sleep begins; ``on_long``, the same each time, is called once it is a long one."""
        loop = asyncio.get_running_loop()
        self._since = loop.time()
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look, on_long)

    def end(self) -> None:
        """It is over."""
        self._since = None

    def close(self) -> None:
        """There will be no other."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _look(self, on_long: Callable[[], None]) -> None:
        self._timer = None
        if self._since is None:
            return  # awake; the next sleep sets the timer
        loop = asyncio.get_running_loop()
        left = self._since + self._seconds - loop.time()
        if left > 0:
            self._timer = loop.call_later(left, self._look, on_long)
        else:
            on_long()
