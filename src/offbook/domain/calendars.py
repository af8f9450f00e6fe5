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

    An always-open market has no sessions and its trading day is the UTC day.
    """

    name: str
    opens: tuple[int, ...] = ()
    closes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if len(self.opens) != len(self.closes):
            raise InvalidConfig(f"calendar {self.name}: opens and closes differ in number")
        backwards = any(map(operator.le, self.closes, self.opens))
        if backwards or any(map(operator.lt, self.opens[1:], self.closes)):
            raise InvalidConfig(f"calendar {self.name}: sessions overlap or run backwards")
        if not self.opens and self.name != ALWAYS_OPEN:
            raise InvalidConfig(f"calendar {self.name} has no sessions")

    @property
    def always_open(self) -> bool:
        """Whether the market trades at every moment."""
        return not self.opens

    def digest(self) -> str:
        """SHA-256 of name and session times in hex: equal digests mean equal trading hours."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()

    def is_open(self, ts: int) -> bool:
        """Whether the regular session is open at ``ts``."""
        if self.always_open:
            return True
        index = bisect_right(self.opens, ts) - 1
        return index >= 0 and ts < self.closes[index]

    def is_same_session(self, one: int, other: int) -> bool:
        """Whether both times lie in the same regular session; always so in an open market."""
        if self.always_open:
            return True
        index = bisect_right(self.opens, one)
        same = index > 0 and index == bisect_right(self.opens, other)
        return same and max(one, other) < self.closes[index - 1]

    def next_change(self, ts: int) -> int:
        """The first open or close strictly after ``ts``; ``NEVER`` if there is none."""
        if self.always_open:
            return NEVER
        at_open = bisect_right(self.opens, ts)
        at_close = bisect_right(self.closes, ts)
        changes = [
            times[index]
            for times, index in ((self.opens, at_open), (self.closes, at_close))
            if index < len(times)
        ]
        return min(changes, default=NEVER)

    def next_open(self, ts: int) -> int:
        """The first opening strictly after ``ts``; of a table that has ended, and of a market that
        never closes, ``NEVER``."""
        index = bisect_right(self.opens, ts)
        return self.opens[index] if index < len(self.opens) else NEVER

    def last_close(self, ts: int) -> int:
        """The last close at or before ``ts``; -1 before the first."""
        index = bisect_right(self.closes, ts)
        return self.closes[index - 1] if index else -1

    def day_end(self, ts: int) -> int:
        """When a DAY order accepted at ``ts`` expires.

        The close of the session that is open at ``ts``, else of the next one; midnight UTC in an
        always-open market.  Raises InvalidConfig past the end of the table.
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


ALWAYS_OPEN_CALENDAR: Final = TradingCalendar(name=ALWAYS_OPEN)
