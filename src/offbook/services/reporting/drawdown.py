"""The deepest fall of an account's equity and its longest time below a peak, at every market row.

Between fills equity is ``base + slope * level``, where the level is a whole number at each row (the
price of the one instrument held, or the sum of several), so peaks and troughs of equity are those
of the level and whole blocks of rows are searched at once.  All comparisons of equity are exact.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from offbook.domain.market_data import IntColumn

Levels = npt.NDArray[np.int64] | npt.NDArray[np.object_]
"""Whole numbers at each row: int64 of at most 2**62 in size, else Python's integers."""

FITS: Final = 2**62
"""Sums below this are kept in int64."""

_INT64_MAX: Final = 2**63 - 1
_NEAR: Final = 1 - 1e-12
"""Shares within this of the largest, in double precision, are compared exactly: a share that was
rounded a few times is right to a thousandth of that."""


class Drawdown(msgspec.Struct, frozen=True, kw_only=True):
    """A fall from a peak: equity in units of 10**-18, times in ns UTC.

    ``peak_ts`` is when equity last stood at the peak, ``recovered_ts`` when it was back there,
    None when it never was.
    """

    peak: int
    peak_ts: int
    trough: int
    trough_ts: int
    recovered_ts: int | None = None

    @property
    def amount(self) -> int:
        """How far equity fell, in units of 10**-18; never negative."""
        return self.peak - self.trough

    @property
    def ratio(self) -> float:
        """The fall as a share of the peak, 0 to 1 (above 1 where equity fell below zero)."""
        return self.amount / self.peak

    def deeper_than(self, other: Drawdown | None) -> bool:
        """Whether this falls by a larger share of its peak; exact."""
        return other is None or self.amount * other.peak > other.amount * self.peak


class Underwater(msgspec.Struct, frozen=True, kw_only=True):
    """A time spent below a peak, ns UTC; ``recovered`` is False when it lasted to the end."""

    from_ts: int
    to_ts: int
    recovered: bool

    @property
    def duration_ns(self) -> int:
        """How long, in ns."""
        return self.to_ts - self.from_ts


class _Fall(msgspec.Struct):
    """A fall, in multiples of equity."""

    peak: int
    peak_ts: int
    trough: int
    trough_ts: int
    recovered_ts: int | None

    def deeper_than(self, other: _Fall | None) -> bool:
        """Whether this falls by a larger share of its peak; exact."""
        if other is None:
            return True
        return (self.peak - self.trough) * other.peak > (other.peak - other.trough) * self.peak


class DrawdownTracker:
    """Takes an account's equity in time order and keeps the deepest and the longest fall.

    Equity is given times ``unit`` (a positive number), so that a mid on half a price unit, or an
    exchange rate, stays exact.  The share of the peak
    picks candidates in double precision; they are compared exactly.  Of equal falls and of equal
    times the first is kept.
    """

    def __init__(self, unit: int) -> None:
        self._unit = unit
        self._peak: int | None = None
        self._peak_ts = 0
        self._below = False
        self._last_ts = 0
        self._deepest: _Fall | None = None
        self._longest: Underwater | None = None

    def point(self, ts: int, equity: int) -> None:
        """Equity (times ``unit``, 10**-18) at one moment."""
        self._last_ts = ts
        if self._peak is None or equity >= self._peak:
            self._surface(ts)
            self._peak, self._peak_ts, self._below = equity, ts, False
        else:
            self._fall(_Fall(self._peak, self._peak_ts, equity, ts, None))
            self._below = True

    def stand(self, ts: IntColumn, equity: int) -> None:
        """The same equity at all of these rows."""
        if len(ts):
            self.point(int(ts[0]), equity)
            self.point(int(ts[-1]), equity)

    def stretch(self, ts: IntColumn, level: Levels, base: int, slope: int) -> None:
        """Equity ``base + slope * level`` (times ``unit``) at consecutive rows; ``slope`` is
        positive."""
        if not len(ts):
            return
        first = self._first_at_peak(level, base, slope)
        if first:
            low = int(np.argmin(level[:first]))
            assert self._peak is not None
            equity = base + slope * int(level[low])
            self._fall(_Fall(self._peak, self._peak_ts, equity, int(ts[low]), None))
            self._below = True
        if first < len(ts):
            self._surface(int(ts[first]))
            self._above(ts[first:], level[first:], base, slope)
        self._last_ts = int(ts[-1])

    def deepest(self) -> Drawdown | None:
        """The fall of the largest share of its peak; None where equity never fell."""
        found = self._deepest
        if found is None:
            return None
        return Drawdown(
            peak=found.peak // self._unit,
            peak_ts=found.peak_ts,
            trough=found.trough // self._unit,
            trough_ts=found.trough_ts,
            recovered_ts=found.recovered_ts,
        )

    def longest(self) -> Underwater | None:
        """The longest time below a peak, to the last moment taken if it is not over."""
        if not self._below:
            return self._longest
        now = Underwater(from_ts=self._peak_ts, to_ts=self._last_ts, recovered=False)
        longer = self._longest is None or now.duration_ns > self._longest.duration_ns
        return now if longer else self._longest

    def _first_at_peak(self, level: Levels, base: int, slope: int) -> int:
        """The position of the first row at or above the peak; their number when there is none."""
        if self._peak is None:
            return 0
        needed = -((base - self._peak) // slope)  # rounded up
        if level.dtype != object:
            if needed > _INT64_MAX:
                return len(level)
            needed = max(needed, -_INT64_MAX)
        reached = level >= needed
        first = int(np.argmax(reached))
        return first if reached[first] else len(level)

    def _above(self, ts: IntColumn, level: Levels, base: int, slope: int) -> None:
        """Rows of which the first is a peak, so that all peaks lie among them."""
        peaks = np.maximum.accumulate(level)
        at_peak = np.flatnonzero(level == peaks)
        self._peak_ts = int(ts[at_peak[-1]])
        for low in _deepest_rows(level, peaks, base, slope):
            following = int(np.searchsorted(at_peak, low))
            recovered = int(ts[at_peak[following]]) if following < len(at_peak) else None
            self._fall(
                _Fall(
                    base + slope * int(peaks[low]),
                    int(ts[at_peak[following - 1]]),
                    base + slope * int(level[low]),
                    int(ts[low]),
                    recovered,
                )
            )
        self._gaps(ts, at_peak)
        self._peak = base + slope * int(peaks[-1])
        self._below = int(at_peak[-1]) < len(ts) - 1

    def _gaps(self, ts: IntColumn, at_peak: IntColumn) -> None:
        """Times below a peak that began and ended within these rows."""
        ends = np.flatnonzero(np.diff(at_peak) > 1) + 1
        if len(ends):
            since, until = ts[at_peak[ends - 1]], ts[at_peak[ends]]
            longest = int(np.argmax(until - since))
            self._under(int(since[longest]), int(until[longest]))

    def _surface(self, ts: int) -> None:
        """Equity is back at its peak."""
        if not self._below:
            return
        self._below = False
        self._under(self._peak_ts, ts)
        if self._deepest is not None and self._deepest.recovered_ts is None:
            self._deepest.recovered_ts = ts

    def _under(self, from_ts: int, to_ts: int) -> None:
        span = Underwater(from_ts=from_ts, to_ts=to_ts, recovered=True)
        if self._longest is None or span.duration_ns > self._longest.duration_ns:
            self._longest = span

    def _fall(self, fall: _Fall) -> None:
        if fall.peak > 0 and fall.deeper_than(self._deepest):
            self._deepest = fall


def _deepest_rows(level: Levels, peaks: Levels, base: int, slope: int) -> list[int]:
    """The rows that lie deepest below their peak, as a share of it; those whose shares double
    precision cannot tell apart, in order; none where nothing fell."""
    whole, part = divmod(base, slope)
    # The whole part is added exactly, since a leveraged account's peak is a small difference.
    size = abs(whole) + max(abs(int(peaks[0])), abs(int(peaks[-1])))
    wide = peaks if size <= _INT64_MAX else peaks.astype(object)
    height = (wide + whole).astype(np.float64) + part / slope
    fall = (peaks - level).astype(np.float64)
    share = np.divide(fall, height, out=np.zeros(len(level)), where=height > 0)
    deepest = share.max()
    if deepest <= 0:
        return []
    near = np.flatnonzero(share >= deepest * _NEAR)
    # Of neighbours at one level the first says it all.
    new = (np.diff(level[near], prepend=-1) != 0) | (np.diff(peaks[near], prepend=-1) != 0)
    new[0] = True
    rows: list[int] = near[new].tolist()
    return rows
