"""Time that moves when a test says so."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

BEGINNING: Final = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
"""Where a manual clock starts: a Monday morning."""


class ManualClock:
    """An ``IClock`` that stands still until ``advance``.

    Use from one event loop; ``now`` and ``monotonic`` may be read on any thread.
    """

    def __init__(self, start: datetime = BEGINNING) -> None:
        self._start = start
        self._elapsed = 0.0
        self._order = 0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._arrived = asyncio.Event()

    def now(self) -> datetime:
        """The present time as an aware UTC datetime."""
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """Seconds that were advanced so far."""
        return self._elapsed

    @property
    def sleepers(self) -> int:
        """How many wait for the clock."""
        return sum(not future.done() for _, _, future in self._sleepers)

    @property
    def next_wake(self) -> float | None:
        """Seconds until the first sleeper wakes, or None if nobody sleeps."""
        waits = [at for at, _, future in self._sleepers if not future.done()]
        return min(waits) - self._elapsed if waits else None

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been moved far enough; not at all for 0 and less."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._order += 1
        entry = (self._elapsed + seconds, self._order, future)
        self._sleepers.append(entry)
        self._arrived.set()
        try:
            await future
        finally:
            self._sleepers.remove(entry)

    def advance(self, seconds: float) -> None:
        """Move on, and wake those whose time has come, the earliest first."""
        if seconds < 0:
            raise ValueError(f"a clock cannot be moved by {seconds} seconds")
        self._elapsed += seconds
        for at, _, future in sorted(self._sleepers, key=lambda entry: entry[:2]):
            if at <= self._elapsed and not future.done():
                future.set_result(None)

    async def until_sleeping(self, count: int = 1) -> None:
        """Wait until so many sleep."""
        while self.sleepers < count:
            self._arrived.clear()
            await self._arrived.wait()
