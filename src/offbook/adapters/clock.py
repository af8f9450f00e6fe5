"""The wall clock of this machine."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """An ``IClock``: the operating system's time."""

    def now(self) -> datetime:
        """The present time as an aware UTC datetime."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never run backwards, from an arbitrary start."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds; at least let others run."""
        await asyncio.sleep(seconds)
