"""The manual clock moves when told, and wakes whoever's time has come."""

import asyncio
from datetime import timedelta

import pytest

from offbook.ports.clock import IClock
from offbook.testing.manual_clock import BEGINNING, ManualClock


async def test_it_stands_still_until_it_is_advanced() -> None:
    """Wall and monotonic time together."""
    clock = ManualClock()
    assert isinstance(clock, IClock)
    assert (clock.now(), clock.monotonic()) == (BEGINNING, 0.0)
    clock.advance(1.5)
    assert (clock.now(), clock.monotonic()) == (BEGINNING + timedelta(seconds=1.5), 1.5)
    with pytest.raises(ValueError, match="-1"):
        clock.advance(-1)


async def test_sleepers_wake_in_the_order_of_their_times() -> None:
    """Those whose time has not come sleep on."""
    clock = ManualClock()
    woken: list[str] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(name)

    tasks = [
        asyncio.ensure_future(sleeper(name, seconds))
        for name, seconds in (("late", 3), ("early", 1), ("middle", 2), ("at once", 0))
    ]
    await clock.until_sleeping(3)
    assert clock.next_wake == 1
    clock.advance(2)
    await asyncio.gather(tasks[1], tasks[2], tasks[3])
    assert woken == ["at once", "early", "middle"]
    assert clock.sleepers == 1
    tasks[0].cancel()
    await asyncio.gather(tasks[0], return_exceptions=True)
    assert (clock.sleepers, clock.next_wake) == (0, None)
