"""How late the strategy sees the market: its clock, and the ways of messages, beside session time.

Rows are taken once, at session time, which is that of the rows.  Where they have the venue's times
and the strategy sees a row of the time ``t`` at ``t + L``, its own clock is ahead of session time
by ``L``, for the row that it sees is ``L`` old by then.  So what it sends meets the venue ``L`` and
the entry delay later, and a report is back by its clock when the response delay has passed since
the venue sent it, in session time ``L`` sooner, though never before the row it came of.  Where rows
have the times of their reception, its clock is session time, and the venue's is behind by ``L``:
the ways take just as long in session time.

A delay that is drawn is drawn once for each second of the venue's time, as the delay at its
beginning; in between it moves steadily from the one to the next.  Where it falls by more than time
passes, rows wait for those before them: none is seen before an earlier one.  So when a row is seen
follows from its time and the seed alone, whatever other rows there are and whoever looks at them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, Protocol

from offbook.domain.config import LatencyConfig, RecordedDelay, RowTimes
from offbook.domain.errors import EngineFault
from offbook.domain.receipts import Receipts
from offbook.engine.models.draws import draw, quantile
from offbook.engine.models.latency import LatencyModel, delays

KNOT_NS: Final = 1_000_000_000
"""How far apart the times are for which a delay is drawn."""
_REMEMBERED: Final = 256


class Received(Protocol):
    """When rows of the venue's times are seen by the strategy; times in ns UTC.

    Never decreasing: ``seen(a) <= seen(b)`` for ``a <= b``, and ``seen(t) >= t``."""

    def seen(self, ts: int) -> int:
        """When a row of the venue's time ``ts`` is seen."""

    def had(self, at: int) -> int:
        """The latest venue's time of which rows are seen by ``at``."""


class Feed(Received, Protocol):
    """The same where it is also known from when on rows are seen at a time."""

    def first(self, at: int) -> int:
        """The earliest venue's time of which rows are seen at ``at`` or later."""


class ConstantFeed:
    """The same delay for every row."""

    def __init__(self, delay_ns: int) -> None:
        self._delay = delay_ns

    def seen(self, ts: int) -> int:
        """See ``Feed``."""
        return ts + self._delay

    def first(self, at: int) -> int:
        """See ``Feed``."""
        return at - self._delay

    def had(self, at: int) -> int:
        """See ``Received``."""
        return at - self._delay


class DrawnFeed:
    """A delay that moves from one that was drawn to the next."""

    def __init__(self, table: tuple[int, ...], seed: int) -> None:
        self._table = table
        self._seed = seed
        self._waits = table[-1] // KNOT_NS + 1
        """Rows of how many seconds before may still be on their way."""
        self._delay_at = lru_cache(maxsize=_REMEMBERED)(self._drawn)

    def _drawn(self, knot: int) -> int:
        return quantile(draw(self._seed, "market data latency", knot), self._table)

    def seen(self, ts: int) -> int:
        """See ``Feed``. Rises and falls are straight, so of those before it only the rows at whole
        seconds can be seen later than it."""
        knot, passed = divmod(ts, KNOT_NS)
        delay, following = self._delay_at(knot), self._delay_at(knot + 1)
        own = ts + delay + (following - delay) * passed // KNOT_NS
        before = range(knot - self._waits, knot + 1)
        return max(own, *(one * KNOT_NS + self._delay_at(one) for one in before))

    def first(self, at: int) -> int:
        """See ``Feed``. Found by halving, for what is seen never goes back."""
        low, high = at - self._table[-1] - 1, at - self._table[0]
        while low + 1 < high:
            middle = (low + high) // 2
            if self.seen(middle) < at:
                low = middle
            else:
                high = middle
        return high

    def had(self, at: int) -> int:
        """See ``Received``."""
        return self.first(at + 1) - 1


class RecordedFeed:
    """As late as each row was: what comes between two rows of the venue's is seen between them, as
    far along as it was there.

    Rows that were received at one time are one moment: what comes between them is seen after all.
    """

    def __init__(self, receipts: Receipts) -> None:
        self._had = receipts.had
        self._received = receipts.received

    def seen(self, ts: int) -> int:
        """See ``Received``."""
        place = int(self._had.searchsorted(ts))
        last = len(self._had) - 1
        if place in {0, last + 1}:
            end = min(place, last)
            return ts + int(self._received[end]) - int(self._had[end])
        begin, begin_seen = int(self._had[place - 1]), int(self._received[place - 1])
        end, end_seen = int(self._had[place]), int(self._received[place])
        passed = -((begin - ts) * (end_seen - begin_seen) // (end - begin))  # rounded up
        return begin_seen + max(passed, 1)

    def had(self, at: int) -> int:
        """See ``Received``."""
        place = int(self._received.searchsorted(at, side="right")) - 1
        if place in {-1, len(self._had) - 1}:
            end = max(place, 0)
            return at - int(self._received[end]) + int(self._had[end])
        begin, begin_seen = int(self._had[place]), int(self._received[place])
        end, end_seen = int(self._had[place + 1]), int(self._received[place + 1])
        return begin + (at - begin_seen) * (end - begin) // (end_seen - begin_seen)


class StrategyClock(Protocol):
    """The strategy's clock beside session time, and when messages arrive in session time."""

    def at(self, now: int) -> int:
        """What the strategy's clock shows at the session time ``now``."""

    def session(self, at: int) -> int:
        """The session time at which the strategy's clock first shows ``at`` or later."""

    def arrives(self, now: int, delay: int) -> int:
        """When what the strategy sends at ``now`` is at the venue, ``delay`` after it left."""

    def told(self, now: int, delay: int) -> int:
        """When the strategy has what the venue sends at ``now``, ``delay`` after it left."""


class SameClock:
    """The strategy sees the market as early as the venue does."""

    def at(self, now: int) -> int:
        """See ``StrategyClock``."""
        return now

    def session(self, at: int) -> int:
        """See ``StrategyClock``."""
        return at

    def arrives(self, now: int, delay: int) -> int:
        """See ``StrategyClock``."""
        return now + delay

    def told(self, now: int, delay: int) -> int:
        """See ``StrategyClock``."""
        return now + delay


class AheadClock:
    """Session time is the venue's, and the strategy's clock is ahead of it."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def at(self, now: int) -> int:
        """See ``StrategyClock``."""
        return self._feed.seen(now)

    def session(self, at: int) -> int:
        """See ``StrategyClock``."""
        return self._feed.first(at)

    def arrives(self, now: int, delay: int) -> int:
        """See ``StrategyClock``."""
        return self._feed.seen(now) + delay

    def told(self, now: int, delay: int) -> int:
        """See ``StrategyClock``."""
        return max(now, self._feed.first(now + delay))


class ReceivedClock(SameClock):
    """Session time is the strategy's, and the venue's is behind it."""

    def __init__(self, feed: Received) -> None:
        self._feed = feed

    def arrives(self, now: int, delay: int) -> int:
        """See ``StrategyClock``."""
        return self._feed.seen(now + delay)

    def told(self, now: int, delay: int) -> int:
        """See ``StrategyClock``."""
        return max(now, self._feed.had(now) + delay)


class LateMarket:
    """Delays of messages in session time, where the strategy sees the market late."""

    def __init__(
        self, messages: LatencyModel, clock: StrategyClock, now: Callable[[], int]
    ) -> None:
        self._messages = messages
        self._clock = clock
        self._now = now

    def entry(self, seed: int, order: int, n: int) -> int:
        """See ``LatencyModel``."""
        now = self._now()
        return self._clock.arrives(now, self._messages.entry(seed, order, n)) - now

    def response(self, seed: int, order: int, n: int) -> int:
        """See ``LatencyModel``."""
        now = self._now()
        return self._clock.told(now, self._messages.response(seed, order, n)) - now


def strategy_clock(
    config: LatencyConfig, seed: int, *, received: bool, receipts: Receipts | None = None
) -> StrategyClock:
    """The strategy's clock in a market that it sees late; ``received`` where its rows have the
    times of their reception, unless the configuration says what they have.

    Raises EngineFault where rows are to tell how late they are, and no ``receipts`` came.
    """
    drawn = config.market_data
    if isinstance(drawn, RecordedDelay):
        if receipts is None:
            raise EngineFault("the times of the rows were not given", reason="no_receipts")
        return ReceivedClock(RecordedFeed(receipts))
    feed: Feed = ConstantFeed(config.market_data_ns)
    if drawn is not None:
        feed = DrawnFeed(delays(drawn), seed)
    usual = RowTimes.RECEIVED if received else RowTimes.VENUE
    if (config.row_times or usual) is RowTimes.RECEIVED:
        return ReceivedClock(feed)
    return AheadClock(feed)
