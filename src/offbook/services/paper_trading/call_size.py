"""How many rows one call of an engine is given, so that it takes the time that it may."""

from __future__ import annotations

from typing import Final

FIRST: Final = 256
LEAST: Final = 16
AIM: Final = 0.9
"""Of the time that a call may take, so much is aimed at: between two calls others are let run,
which costs as much as a hundred rows that are shown."""
_SHORTEST: Final = 1e-9


class CallSize:
    """Learns from each call; what is recorded does not depend on it."""

    __slots__ = ("_seconds", "rows")

    def __init__(self, seconds: float) -> None:
        """``seconds``: how long a call may take."""
        self._seconds = seconds
        self.rows = FIRST
        """How many rows to give at most."""

    def learn(self, asked: int, seconds: float, *, was_cut: bool, most: int) -> None:
        """A call that was given ``asked`` rows took so long, or was cut short by what came of them;
        not more than ``most`` rows are of use."""
        size, aim = self.rows, self._seconds * AIM
        if was_cut:
            size //= 2
        elif seconds > aim:
            size = max(int(asked * aim / seconds), size // 2)
        elif asked == size:
            size = min(int(asked * aim / max(seconds, _SHORTEST)), 2 * size, max(most, size))
        self.rows = max(size, LEAST)
