"""Identifiers that are unique for ever and sort by the time they were made."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Final

from offbook.domain.identifiers import uuid7_head, uuid7_tail

_RANDOM_BITS: Final = 74
_TAIL_BITS: Final = 62


class Uuid7Source:
    """An ``IIdSource`` of UUIDv7; each is greater than the one before, also within a millisecond
    and when the wall clock steps back. Safe on any thread."""

    def __init__(
        self,
        *,
        milliseconds: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._milliseconds = milliseconds
        self._random_bytes = random_bytes
        self._guard = threading.Lock()
        self._last = 0
        self._head = (0, "")

    def session_id(self) -> str:
        """A new UUIDv7."""
        return self._next()

    def command_id(self) -> str:
        """A new UUIDv7 for a command that came without an id."""
        return self._next()

    def _next(self) -> str:
        with self._guard:
            now = self._milliseconds()
            if now <= self._last >> _RANDOM_BITS:
                value = self._last + 1
            else:
                # Drawn once for each millisecond and counted on from there, as the RFC has it.
                chance = int.from_bytes(self._random_bytes(10), "big") >> (80 - _RANDOM_BITS)
                value = (now << _RANDOM_BITS) | chance
            self._last = value
            high, head = self._head
            if value >> _TAIL_BITS != high:
                high, head = self._head = self._headed(value)
        return head + uuid7_tail(value)

    @staticmethod
    def _headed(value: int) -> tuple[int, str]:
        """What ids of one moment have in common: asked for again only when it has passed."""
        return value >> _TAIL_BITS, uuid7_head(value >> _RANDOM_BITS, value)
