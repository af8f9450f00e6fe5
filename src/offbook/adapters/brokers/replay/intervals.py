"""When a bar began and when it became known, from the time that labels it."""

from __future__ import annotations

import numpy as np

from offbook.adapters.brokers.replay.numbers import BoolColumn
from offbook.adapters.brokers.replay.times import iso
from offbook.adapters.brokers.replay.verdicts import WallClocks
from offbook.adapters.brokers.replay.zones import Zone, load_zone
from offbook.domain.calendars import DAY_NS, TradingCalendar
from offbook.domain.config import ReplayMarket
from offbook.domain.market_data import IntColumn
from offbook.domain.values import MAX_UNITS


class UtcClocks:
    """Times without an offset are UTC."""

    def utc(self, walls: IntColumn) -> tuple[IntColumn, BoolColumn]:
        """The readings themselves, all certain."""
        return walls, np.ones(len(walls), dtype=np.bool_)

    def utc_of(self, wall: int, text: str) -> int:
        """The reading itself."""
        return wall


class DayNames(UtcClocks):
    """Local times of daily bars: midnight names a day, all else is a time of the zone."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone

    def utc(self, walls: IntColumn) -> tuple[IntColumn, BoolColumn]:
        """Midnight as it stands, other readings as the zone has them."""
        times, known = self._zone.utc(walls)
        names = walls % DAY_NS == 0
        return np.where(names, walls, times), known | names

    def utc_of(self, wall: int, text: str) -> int:
        """Midnight as it stands, another reading as the zone has it. Raises CellFault."""
        return wall if wall % DAY_NS == 0 else self._zone.utc_of(wall, text)


def local_clocks(market: ReplayMarket, intervals: BarIntervals | None) -> WallClocks:
    """What makes UTC of a recording's times without an offset. Raises InvalidConfig."""
    if market.timezone is None:
        return UtcClocks()
    zone = load_zone(market.timezone)
    return DayNames(zone) if intervals is not None and intervals.by_session else zone


class BarIntervals:
    """The rule of one recording.

    A bar labelled by its opening covers ``[label, label + timeframe)``, by its closing
    ``[label - timeframe, label)``.  A daily bar of a market with trading hours covers that day's
    session and is known at its close.  A label at midnight UTC names the day, whichever end it is
    said to be; any other belongs to the session that closes within the day after it (``open``) or
    before it (``close``).
    """

    def __init__(self, market: ReplayMarket, calendar: TradingCalendar) -> None:
        self._timeframe = market.timeframe_ns or 0
        self._at_close = market.label == "close"
        self._calendar = calendar
        self.by_session = self._timeframe == DAY_NS and not calendar.always_open
        self.reason = "no_trading_day" if self.by_session else "bad_time"
        if self.by_session:
            self._opens = np.array(calendar.opens, dtype=np.int64)
            self._closes = np.array(calendar.closes, dtype=np.int64)

    def of(self, labels: IntColumn) -> tuple[IntColumn, IntColumn, BoolColumn]:
        """Openings and closings of bars (ns), and where the label has an answer at all."""
        if self.by_session:
            return self._sessions(labels)
        opens = labels - self._timeframe if self._at_close else labels
        closes = opens + self._timeframe
        return opens, closes, (opens >= 0) & (closes < MAX_UNITS)

    def explain(self, label: int) -> str:
        """Why a label has no answer."""
        if not self.by_session:
            return f"the bar labelled {iso(label)} begins before 1970 or ends after 2115"
        first, last = int(self._opens[0]), int(self._closes[-1])
        return (
            f"{self._calendar.name} has no trading day at {iso(label)} "
            f"(its table runs from {iso(first)[:10]} to {iso(last)[:10]})"
        )

    def _sessions(self, labels: IntColumn) -> tuple[IntColumn, IntColumn, BoolColumn]:
        # The first session that closes after the label, or the last that had closed by then.
        after = np.searchsorted(self._closes, labels, side="right")
        if self._at_close:
            after = np.where(labels % DAY_NS == 0, after, after - 1)
        index = np.clip(after, 0, len(self._closes) - 1)
        opens, closes = self._opens[index], self._closes[index]
        known = (index == after) & (np.abs(closes - labels) < DAY_NS)
        return opens, closes, known
