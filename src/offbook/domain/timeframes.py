"""Timeframes of bars as people write them: ``5s``, ``1m``, ``4h``, ``1d``."""

from __future__ import annotations

import re
from typing import Final

from offbook.domain.errors import InvalidConfig

_UNITS: Final = {
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
}
_TEXT = re.compile(r"([1-9]\d*)(ms|s|m|h|d)\Z", re.ASCII)


def parse_timeframe(text: str) -> int:
    """A timeframe in nanoseconds. Raises InvalidConfig for anything but a number and a unit."""
    match = _TEXT.match(text) if isinstance(text, str) else None
    if match is None:
        raise InvalidConfig(
            f"timeframe {text!r}: expected a number and ms, s, m, h or d, such as 5s or 1m; a week "
            "is 7d",
            field="timeframe",
        )
    return int(match.group(1)) * _UNITS[match.group(2)]


def format_timeframe(timeframe_ns: int) -> str:
    """The shortest way to write a timeframe of whole milliseconds."""
    for unit in ("d", "h", "m", "s", "ms"):
        if timeframe_ns % _UNITS[unit] == 0:
            return f"{timeframe_ns // _UNITS[unit]}{unit}"
    return f"{timeframe_ns}ns"
