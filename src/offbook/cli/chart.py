"""A line over time in a few rows of a terminal. For the eye alone: figures here are floats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bits of a braille character: four rows of two dots (Unicode, Braille Patterns)."""

_BARS: Final = "▁▂▃▄▅▆▇█"
MOST_POINTS: Final = 600


class Mark(NamedTuple):
    """Something that happened at a time and a price: ``sign`` is +1 for a buy, -1 for a sell."""

    ts: int
    value: float
    sign: int


class Cell(NamedTuple):
    """One character of a chart, and which of its styles it has: line, buy or sell."""

    text: str
    style: str


class Trace:
    """A line that is added to for as long as one likes and keeps its beginning.

    Past ``MOST_POINTS`` every second point goes, and new ones are taken half as often.
    """

    def __init__(self) -> None:
        self.points: list[tuple[int, float]] = []
        self._spacing = 0

    def add(self, ts: int, value: float) -> None:
        """Take the value at a time; times never decrease, and the last value of one stands."""
        points = self.points
        if len(points) > 1 and ts - points[-2][0] < self._spacing:
            points[-1] = (ts, value)
            return
        points.append((ts, value))
        if len(points) > MOST_POINTS:
            self.points = points[::2] if len(points) % 2 else [*points[::2], points[-1]]
            self._spacing = 2 * (points[-1][0] - points[0][0]) // MOST_POINTS

    @property
    def values(self) -> list[float]:
        """The values alone."""
        return [value for _, value in self.points]


def draw(
    points: Sequence[tuple[int, float]], marks: Iterable[Mark], width: int, height: int
) -> list[list[Cell]]:
    """Rows of cells, highest first: the points as a line, the marks as triangles on it."""
    blank = [[Cell(" ", "") for _ in range(width)] for _ in range(height)]
    if not points or width < 1 or height < 1:
        return blank
    low, high = bounds(points)
    begin, end = points[0][0], points[-1][0]
    heights = _levels(points, begin, end, 2 * width, low, high, 4 * height)
    bits = [[0] * width for _ in range(height)]
    before: int | None = None
    for x, y in enumerate(heights):
        if y is None:
            continue
        first, last = (y, y) if before is None else sorted((before, y))
        for dot in range(first, last + 1):
            from_top = 4 * height - 1 - dot
            bits[from_top // 4][x // 2] |= _DOTS[from_top % 4][x % 2]
        before = y
    rows = [[Cell(chr(0x2800 + b) if b else " ", "line") for b in line] for line in bits]
    for mark in marks:
        if begin <= mark.ts <= end:
            column = min(int((mark.ts - begin) / max(end - begin, 1) * width), width - 1)
            row = height - 1 - _level(mark.value, low, high, height)
            rows[row][column] = Cell("▲", "buy") if mark.sign > 0 else Cell("▼", "sell")
    return rows


def bounds(points: Sequence[tuple[int, float]]) -> tuple[float, float]:
    """The lowest and the highest value."""
    values = [value for _, value in points]
    return min(values), max(values)


def sparkline(values: Sequence[float], width: int) -> str:
    """Values as a row of bars, evenly picked."""
    if not values or width < 1:
        return ""
    count = min(width, len(values))
    picked = [values[(i + 1) * len(values) // count - 1] for i in range(count)]
    low, high = min(picked), max(picked)
    return "".join(_BARS[_level(value, low, high, len(_BARS))] for value in picked)


def _levels(
    points: Sequence[tuple[int, float]],
    begin: int,
    end: int,
    columns: int,
    low: float,
    high: float,
    levels: int,
) -> list[int | None]:
    """For each column the level of the last point in it; between points the line is level."""
    found: list[int | None] = [None] * columns
    for ts, value in points:
        column = min(int((ts - begin) / max(end - begin, 1) * columns), columns - 1)
        found[column] = _level(value, low, high, levels)
    before = found[0]
    for column, level in enumerate(found):
        if level is None:
            found[column] = before
        before = found[column]
    return found


def _level(value: float, low: float, high: float, levels: int) -> int:
    if high <= low:
        return levels // 2
    level = int((value - low) / (high - low) * levels)
    return max(0, min(level, levels - 1))
