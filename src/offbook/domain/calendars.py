"""Trading hours: when a market is open and where its trading days end.

Times are integer nanoseconds UTC.  A calendar is data: adapters load it, the engine only asks it.
"""

from __future__ import annotations

import hashlib
import operator
from bisect import bisect_right
from typing import Final

import msgspec

from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import ALWAYS_OPEN

DAY_NS: Final = 86_400_000_000_000
NEVER: Final = 2**63 - 1
"""A time that does not come: the largest int64."""


class TradingCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """The regular sessions of one market, ``[opens[i], closes[i])``, ascending, disjoint.

    A session is a whole trading day.  Where the market rests at noon it is shut in
    ``[break_starts[j], break_ends[j])``, ascending, each inside a session, at most one in each.
    An always-open market has no sessions and its trading day is the UTC day.
    """

    name: str
    opens: tuple[int, ...] = ()
    closes: tuple[int, ...] = ()
    break_starts: tuple[int, ...] = ()
    break_ends: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if len(self.opens) != len(self.closes):
            raise InvalidConfig(f"calendar {self.name}: opens and closes differ in number")
        backwards = any(map(operator.le, self.closes, self.opens))
        if backwards or any(map(operator.lt, self.opens[1:], self.closes)):
            raise InvalidConfig(f"calendar {self.name}: sessions overlap or run backwards")
        if not self.opens and self.name != ALWAYS_OPEN:
            raise InvalidConfig(f"calendar {self.name} has no sessions")
        _check_breaks(self)

    @property
    def always_open(self) -> bool:
        """Whether the market trades at every moment."""
        return not self.opens

    def digest(self) -> str:
        """SHA-256 of name and session times in hex: equal digests mean equal trading hours."""
        hours: dict[str, object] = {"name": self.name, "opens": self.opens, "closes": self.closes}
        if self.break_starts:
            # Left out where there are none, so that such a calendar keeps the digest it always had.
            hours |= {"break_starts": self.break_starts, "break_ends": self.break_ends}
        return hashlib.sha256(msgspec.json.encode(hours)).hexdigest()

    def spans(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """When trading begins and when it stops, ascending: the sessions, cut at their breaks."""
        if not self.break_starts:
            return self.opens, self.closes
        begins = sorted((*self.opens, *self.break_ends))
        return tuple(begins), tuple(sorted((*self.closes, *self.break_starts)))

    def is_open(self, ts: int) -> bool:
        """Whether the regular session is open at ``ts``, and not at its break."""
        return self.is_within_day(ts) and not self._rests(ts)

    def is_within_day(self, ts: int) -> bool:
        """Whether ``ts`` lies in a session, its break included; always so in an open market."""
        if self.always_open:
            return True
        index = bisect_right(self.opens, ts) - 1
        return index >= 0 and ts < self.closes[index]

    def is_same_session(self, one: int, other: int) -> bool:
        """Whether both times lie in the same regular session, on the same side of its break;
        always so in an open market."""
        if self.always_open:
            return True
        index = bisect_right(self.opens, one)
        same = index > 0 and index == bisect_right(self.opens, other)
        if not same or max(one, other) >= self.closes[index - 1]:
            return False
        rests = self.break_starts
        alike = not rests or bisect_right(rests, one) == bisect_right(rests, other)
        return alike and not (self._rests(one) or self._rests(other))

    def next_change(self, ts: int) -> int:
        """The first open or close strictly after ``ts``, breaks included; ``NEVER`` if there is
        none."""
        if self.always_open:
            return NEVER
        changes = []
        for times in (self.opens, self.closes, self.break_starts, self.break_ends):
            index = bisect_right(times, ts)
            if index < len(times):
                changes.append(times[index])
        return min(changes, default=NEVER)

    def next_open(self, ts: int) -> int:
        """The first opening of a trading day strictly after ``ts``; of a table that has ended, and
        of a market that never closes, ``NEVER``."""
        index = bisect_right(self.opens, ts)
        return self.opens[index] if index < len(self.opens) else NEVER

    def last_close(self, ts: int) -> int:
        """The last close at or before ``ts``; -1 before the first."""
        index = bisect_right(self.closes, ts)
        return self.closes[index - 1] if index else -1

    def day_end(self, ts: int) -> int:
        """When a DAY order accepted at ``ts`` expires.

        The close of the session that ``ts`` lies in (a break does not end it), else of the next
        one; midnight UTC in an always-open market.  Raises InvalidConfig past the end of the table.
        """
        if self.always_open:
            return (ts // DAY_NS + 1) * DAY_NS
        index = bisect_right(self.closes, ts)
        if index == len(self.closes):
            raise InvalidConfig(
                f"calendar {self.name} ends before the market data does; "
                "a newer session table is needed",
                field="instrument.calendar",
            )
        return self.closes[index]

    def _rests(self, ts: int) -> bool:
        index = bisect_right(self.break_starts, ts)
        return index > 0 and ts < self.break_ends[index - 1]


def _check_breaks(calendar: TradingCalendar) -> None:
    """Raise InvalidConfig unless every break is inside a session of its own."""
    if len(calendar.break_starts) != len(calendar.break_ends):
        raise InvalidConfig(f"calendar {calendar.name}: begins and ends of breaks differ in number")
    last = -1
    for begin, end in zip(calendar.break_starts, calendar.break_ends, strict=True):
        index = bisect_right(calendar.opens, begin) - 1
        is_inside = index > last and calendar.opens[index] < begin < end < calendar.closes[index]
        if not is_inside:
            raise InvalidConfig(
                f"calendar {calendar.name}: the break from {begin} to {end} is not inside a session"
                " of its own"
            )
        last = index


ALWAYS_OPEN_CALENDAR: Final = TradingCalendar(name=ALWAYS_OPEN)
