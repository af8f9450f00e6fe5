"""How late the strategy sees the market in the reference: by looking at all that could be on the
way, and by trying for times."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor

from tests.properties.reference_latency import drawn_delay

from offbook.domain.config import LatencyConfig, RowTimes

SECOND = 10**9
LONGEST = 60 * SECOND


class LateView:
    """When a strategy sees what, and when messages arrive in the time that rows have."""

    def __init__(self, latency: LatencyConfig, seed: int, *, is_live: bool) -> None:
        self._latency = latency
        self._seed = seed
        received = latency.row_times is RowTimes.RECEIVED
        self._known: dict[int, int] = {}
        self._received = received or (is_live and latency.row_times is None)

    def seen(self, ts: int) -> int:
        """When the strategy sees a row that the venue has at ``ts``: not before any that the venue
        had earlier, of which those at whole seconds are seen last."""
        if self._latency.market_data is None:
            return ts + self._latency.market_data_ns
        second = ts // SECOND
        seconds = range(second - 61, second + 1)
        return max(ts + self._delay(ts), *(one * SECOND + self._drawn(one) for one in seconds))

    def _delay(self, ts: int) -> int:
        """On the straight line between those that were drawn, in whole nanoseconds."""
        second, part = ts // SECOND, ts % SECOND
        one, other = self._drawn(second), self._drawn(second + 1)
        return floor(Fraction(one * (SECOND - part) + other * part, SECOND))

    def _drawn(self, second: int) -> int:
        if second not in self._known:
            assert self._latency.market_data is not None
            key = f"{self._seed}|market data latency|{second}|0"
            self._known[second] = drawn_delay(self._latency.market_data, key)
        return self._known[second]

    def clock(self, now: int) -> int:
        """What the strategy's clock shows."""
        return now if self._received else self.seen(now)

    def arrives(self, now: int, took: int) -> int:
        """When a message that the strategy sends is at the venue, by the time of the rows."""
        if not self._latency.shows_late:
            return now + took
        return self.seen(now + took) if self._received else self.seen(now) + took

    def told(self, now: int, took: int) -> int:
        """When the strategy has a message of the venue, by the time of the rows; not before the row
        that made it."""
        if not self._latency.shows_late:
            return now + took
        if self._received:
            # The venue's time is the last whose rows are received by now.
            left = earliest(lambda ts: self.seen(ts) > now, now - LONGEST) - 1
            return max(now, left + took)
        return max(now, earliest(lambda ts: self.seen(ts) >= now + took, now + took - LONGEST))


class RecordedView:
    """The same of rows that tell both times, when the venue had each and when it was received."""

    def __init__(self, rows: list[tuple[int, int]]) -> None:
        had = [max(one for one, _ in rows[: place + 1]) for place in range(len(rows))]
        self.rows = [(one, at) for one, (_, at) in zip(had, rows, strict=True)]
        self._pairs = list(zip(self.rows, self.rows[1:], strict=False))

    def seen(self, ts: int) -> int:
        """When what the venue has at ``ts`` is received: between the rows that come before and
        after it there, as far along as it was, and never together with the one before."""
        for (had, at), (then, seen) in self._pairs:
            if had < ts <= then:
                return at + max(1, ceil(Fraction((ts - had) * (seen - at), then - had)))
        had, at = self.rows[0] if ts <= self.rows[0][0] else self.rows[-1]
        return ts + at - had

    def told(self, ts: int, took: int) -> int:
        """When a message is back that left when what the venue had at ``ts`` is received."""
        now = self.seen(ts)
        for (had, at), (then, seen) in self._pairs:
            if at <= now < seen:
                left = had + floor(Fraction((now - at) * (then - had), seen - at))
                return max(now, left + took)
        had, at = self.rows[0] if now < self.rows[0][1] else self.rows[-1]
        return max(now, now - at + had + took)


def earliest(holds: Callable[[int], bool], begin: int) -> int:
    """The first time from ``begin`` on of which something holds that holds ever after."""
    step = 2 * LONGEST
    while step:
        while not holds(begin + step - 1):
            begin += step
        step //= 2
    return begin
