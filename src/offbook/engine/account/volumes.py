"""How much a session has traded, day by day: what tiers of charges go by."""

from __future__ import annotations

from typing import Final

import msgspec

from offbook.domain import records as r
from offbook.domain.calendars import DAY_NS
from offbook.domain.values import Amount

WINDOW_DAYS: Final = 30


class TradedVolumes(msgspec.Struct, kw_only=True):
    """Traded value by UTC day (days since 1970), in units of 10**-18 of the account's currency;
    days that no window reaches any more are forgotten."""

    days: dict[int, Amount] = msgspec.field(default_factory=dict)

    def add(self, record: r.OrderFilled, notional: int) -> None:
        """A fill of so much value in its own currency: in the account's at the fill's rate."""
        if record.conversion is not None:
            notional = notional * record.conversion.numerator // record.conversion.denominator
        day = record.ts // DAY_NS
        if day not in self.days:
            for old in [one for one in self.days if one < day - WINDOW_DAYS]:
                del self.days[old]
        self.days[day] = Amount(self.days.get(day, 0) + notional)

    def before(self, ts: int) -> int:
        """What was traded in the 30 days before the day of ``ts``."""
        today = ts // DAY_NS
        if len(self.days) < 2 and (not self.days or today in self.days):
            return 0
        return sum(
            amount for day, amount in self.days.items() if today - WINDOW_DAYS <= day < today
        )
