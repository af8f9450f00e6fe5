"""What wakes a pump: an event for one who waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable


class Bell:
    """Like ``asyncio.Event``, for a single waiter, and a tenth of its size. On one loop."""

    __slots__ = ("_rung", "_waiter")

    def __init__(self) -> None:
        self._rung = False
        self._waiter: asyncio.Future[None] | None = None

    def is_set(self) -> bool:
        """Whether it was rung since it was cleared."""
        return self._rung

    def set(self) -> None:
        """Ring: who waits goes on, and so will who comes before it is cleared."""
        self._rung = True
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def clear(self) -> None:
        """From now on there is something to wait for."""
        self._rung = False
        if self._waiter is not None and self._waiter.done():
            self._waiter = None  # who waited has gone away

    def wait(self) -> Awaitable[None]:
        """What ends when it is rung: a bare future, for ten thousand sessions may wait at once."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._rung:
            waiter.set_result(None)
        else:
            self._waiter = waiter
        return waiter
