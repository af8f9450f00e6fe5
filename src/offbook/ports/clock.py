"""Wall time and identifiers, which the core never makes itself."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, runtime_checkable


@runtime_checkable
class IClock(Protocol):
    """Wall time, for pacing and for what is told to people; never part of a chain."""

    def now(self) -> datetime:
        """The present time as an aware UTC datetime."""

    def monotonic(self) -> float:
        """Seconds that never run backwards, from an arbitrary start."""

    async def sleep(self, seconds: float) -> None:
        """Wait; a manual clock wakes the sleeper when it is moved far enough."""


@runtime_checkable
class IIdSource(Protocol):
    """Makes identifiers that are unique for ever."""

    def session_id(self) -> str:
        """A new UUIDv7."""

    def command_id(self) -> str:
        """A new id for a command that came without one."""
