"""The deepest fall of an account's equity and its longest time below a peak, at every market row.

Between fills equity is ``cash + qty * mid``, so peaks and troughs of equity are those of the price
and whole blocks of rows are searched at once.  All comparisons of equity are exact.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from offbook.domain.market_data import IntColumn
from offbook.services.reporting.account_path import AccountStep

_INT64_MAX: Final = 2**63 - 1


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


class DrawdownTracker:
    """Takes an account's equity in time order and keeps the deepest and the longest fall.

    Equity is held doubled, so that a mid on half a price unit stays exact.  The share of the peak
    picks the candidate within a block in double precision; between blocks it is compared exactly.
    """

    def __init__(self, notional_scale: int) -> None:
        self._scale = notional_scale
        self._peak: int | None = None
        self._peak_ts = 0
        self._below = False
        self._last_ts = 0
        self._deepest: Drawdown | None = None
        self._longest: Underwater | None = None

    def point(self, ts: int, twice_equity: int) -> None:
        """Equity (doubled, 10**-18) at one moment."""
        self._last_ts = ts
        if self._peak is None or twice_equity >= self._peak:
            self._surface(ts)
            self._peak, self._peak_ts, self._below = twice_equity, ts, False
        else:
            self._fall(self._peak, self._peak_ts, twice_equity, ts)
            self._below = True

    def stretch(self, step: AccountStep, ts: IntColumn, twice_mid: IntColumn) -> None:
        """Equity at consecutive rows while the account is as ``step`` says.

        ``twice_mid`` is bid plus ask in price units.
        """
        if not len(ts):
            return
        if step.qty == 0:
            self.point(int(ts[0]), 2 * step.cash)
            self.point(int(ts[-1]), 2 * step.cash)
            return
        # Along ``level`` equity rises, also for a short position.
        level = twice_mid if step.qty > 0 else -twice_mid
        slope = abs(step.qty) * self._scale
        first = self._first_at_peak(level, 2 * step.cash, slope)
        if first:
            low = int(np.argmin(level[:first]))
            assert self._peak is not None
            equity = 2 * step.cash + slope * int(level[low])
            self._fall(self._peak, self._peak_ts, equity, int(ts[low]))
            self._below = True
        if first < len(ts):
            self._surface(int(ts[first]))
            self._above(ts[first:], level[first:], 2 * step.cash, slope)
        self._last_ts = int(ts[-1])

    def deepest(self) -> Drawdown | None:
        """The fall of the largest share of its peak; None where equity never fell."""
        return self._deepest

    def longest(self) -> Underwater | None:
        """The longest time below a peak, to the last moment taken if it is not over."""
        if not self._below:
            return self._longest
        now = Underwater(from_ts=self._peak_ts, to_ts=self._last_ts, recovered=False)
        longer = self._longest is None or now.duration_ns > self._longest.duration_ns
        return now if longer else self._longest

    def _first_at_peak(self, level: IntColumn, base: int, slope: int) -> int:
        """The position of the first row at or above the peak; their number when there is none."""
        if self._peak is None:
            return 0
        needed = -((base - self._peak) // slope)  # rounded up
        if needed > _INT64_MAX:
            return len(level)
        reached = level >= max(needed, -_INT64_MAX)
        first = int(np.argmax(reached))
        return first if reached[first] else len(level)

    def _above(self, ts: IntColumn, level: IntColumn, base: int, slope: int) -> None:
        """Rows of which the first is a peak, so that all peaks lie among them."""
        peaks = np.maximum.accumulate(level)
        at_peak = np.flatnonzero(level == peaks)
        height = peaks + base / slope
        share = np.divide(peaks - level, height, out=np.zeros(len(level)), where=height > 0)
        low = int(np.argmax(share))
        self._peak_ts = int(ts[at_peak[-1]])
        if share[low] > 0:
            following = int(np.searchsorted(at_peak, low))
            recovered = int(ts[at_peak[following]]) if following < len(at_peak) else None
            self._fall(
                base + slope * int(peaks[low]),
                int(ts[at_peak[following - 1]]),
                base + slope * int(level[low]),
                int(ts[low]),
                recovered,
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
            self._deepest = msgspec.structs.replace(self._deepest, recovered_ts=ts)

    def _under(self, from_ts: int, to_ts: int) -> None:
        span = Underwater(from_ts=from_ts, to_ts=to_ts, recovered=True)
        if self._longest is None or span.duration_ns > self._longest.duration_ns:
            self._longest = span

    def _fall(
        self, peak: int, peak_ts: int, trough: int, trough_ts: int, recovered: int | None = None
    ) -> None:
        if peak <= 0:
            return
        fall = Drawdown(
            peak=peak // 2,
            peak_ts=peak_ts,
            trough=trough // 2,
            trough_ts=trough_ts,
            recovered_ts=recovered,
        )
        if fall.deeper_than(self._deepest):
            self._deepest = fall
