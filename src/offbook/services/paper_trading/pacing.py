"""The pace of a replay: how session time follows the wall."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from offbook.domain.calendars import NEVER
from offbook.domain.config import parse_speed
from offbook.ports.clock import IClock

_NS = 1_000_000_000


class Pacer:
    """Session time as a line through an anchor, at ``speed`` seconds per second of the wall.

    At full speed (None) session time has no limit.  While ``standing`` it does not move.
    """

    __slots__ = (
        "_clock",
        "_from_ts",
        "_from_wall",
        "_ratio",
        "_terms",
        "speed",
    )

    def __init__(self, clock: IClock, speed: str | None) -> None:
        self._clock = clock
        self.speed = speed
        self._ratio, self._terms = _pace(speed)
        self._from_ts: int | None = None
        self._from_wall = 0.0

    @property
    def full_speed(self) -> bool:
        """Whether nothing is waited for."""
        return self._ratio is None

    def stand_still(self) -> None:
        """Stop session time until ``run_from``."""
        self._from_ts = None

    def run_from(self, ts: int) -> None:
        """Let session time run on from ``ts``, unless it is running."""
        if self._from_ts is None:
            self._from_ts = ts
            self._from_wall = self._clock.monotonic()

    def change(self, speed: str | None) -> None:
        """Another pace from now on, without a jump. Raises InvalidConfig."""
        pace = _pace(speed)
        reached = self.limit()
        if self._from_ts is not None and reached != NEVER:
            self._from_ts, self._from_wall = reached, self._clock.monotonic()
        elif reached == NEVER:
            # From full speed: the next row that is waiting starts the new pace.
            self._from_ts = None
        self.speed = speed
        self._ratio, self._terms = pace

    def limit(self) -> int:
        """The session time (ns UTC) that the wall allows now; ``NEVER`` at full speed."""
        if self._ratio is None:
            return NEVER
        if self._from_ts is None:
            return 0
        # Through whole nanoseconds: decimal arithmetic would cost more than all else of a command's
        # time.
        elapsed = int((self._clock.monotonic() - self._from_wall) * _NS)
        numerator, denominator = self._terms
        return self._from_ts + elapsed * numerator // denominator

    def seconds_until(self, ts: int) -> float:
        """How long the wall takes until session time is ``ts``."""
        if self._ratio is None or self._from_ts is None:
            return 0.0
        missing = Decimal(ts - self.limit()) / _NS / self._ratio
        return max(float(missing), 0.0)


@lru_cache(maxsize=256)
def _pace(speed: str | None) -> tuple[Decimal | None, tuple[int, int]]:
    """A pace and its terms, once for all sessions that have it. Raises InvalidConfig."""
    ratio = parse_speed(speed)
    return ratio, (1, 1) if ratio is None else ratio.as_integer_ratio()
