"""Waiting for a moment, or for something that may come before it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Protocol

from offbook.ports.clock import IClock


class Waited(Protocol):
    """What may come: an event, or what is like one."""

    def wait(self) -> Awaitable[object]:
        """Return once it has come."""


async def until(event: Waited, clock: IClock, seconds: float | None) -> None:
    """Until ``event`` has come, or until so many seconds have passed; None waits for it alone."""
    if seconds is None:
        await event.wait()
        return
    waits = [
        asyncio.ensure_future(clock.sleep(seconds)),
        # Begun after the sleep: who sees that somebody waits may let a clock of his run on.
        asyncio.ensure_future(_come(event)),
    ]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


async def _come(event: Waited) -> None:
    await event.wait()
