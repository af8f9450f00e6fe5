"""Wall clocks: local time that says no offset, made into UTC."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from offbook.adapters.brokers.replay.faults import CellFault
from offbook.adapters.brokers.replay.numbers import BoolColumn
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import IntColumn

_DAY: Final = 86_400
_DAYS: Final = 53_375
"""From 1970 into 2116, beyond which no time is read."""


class Zone:
    """A time zone's offsets since 1970, as periods that each have one.

    ``digest`` tells zones apart that would read a time otherwise: databases differ now and then.
    """

    def __init__(self, name: str, changes: list[int], offsets: list[int]) -> None:
        self.name = name
        begins, ends = [0, *changes], [*changes, _DAYS * _DAY]
        self._offsets = np.array(offsets, dtype=np.int64) * 10**9
        # The first period reaches back far enough for every wall clock of 1970.
        self._first = np.array([b * 10**9 for b in begins], dtype=np.int64) + self._offsets
        self._end = np.array([e * 10**9 for e in ends], dtype=np.int64) + self._offsets
        self._first[0] = -(2**62)
        self.digest = hashlib.sha256(repr((name, changes, offsets)).encode()).hexdigest()

    def utc(self, walls: IntColumn) -> tuple[IntColumn, BoolColumn]:
        """Wall clock readings (ns as if UTC) to times, and where there is exactly one."""
        period = np.searchsorted(self._first, walls, side="right") - 1
        known = walls < self._end[period]
        before = np.maximum(period - 1, 0)
        known &= (period == 0) | (walls >= self._end[before])
        return walls - self._offsets[period], known

    def utc_of(self, wall: int, text: str) -> int:
        """One reading to its time. Raises CellFault where the clock was put forward or back."""
        times, known = self.utc(np.array([wall], dtype=np.int64))
        if known[0]:
            return int(times[0])
        period = int(np.searchsorted(self._first, wall, side="right")) - 1
        if wall >= int(self._end[period]):
            raise CellFault("bad_time", f"{text!r} never was on the clocks of {self.name}")
        raise CellFault(
            "ambiguous_time", f"{text!r} was twice on the clocks of {self.name}, put back that day"
        )


@cache
def load_zone(name: str) -> Zone:
    """The zone called ``America/New_York`` or the like. Raises InvalidConfig."""
    try:
        info = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidConfig(
            f"there is no time zone {name!r}: write a name such as America/New_York "
            "(on a machine without a time zone database, install the package tzdata)",
            field="market.timezone",
        ) from None
    changes: list[int] = []
    offsets = [_offset(info, 0)]
    for day in range(1, _DAYS):
        if _offset(info, day * _DAY) != offsets[-1]:
            changes.append(_change(info, (day - 1) * _DAY, day * _DAY))
            offsets.append(_offset(info, day * _DAY))
    return Zone(name, changes, offsets)


def _change(info: ZoneInfo, low: int, high: int) -> int:
    """The first second of another offset than that at ``low``."""
    before = _offset(info, low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(info, middle) == before else (low, middle)
    return high


def _offset(info: ZoneInfo, second: int) -> int:
    shift = datetime.fromtimestamp(second, UTC).astimezone(info).utcoffset()
    assert shift is not None
    return shift.days * _DAY + shift.seconds
