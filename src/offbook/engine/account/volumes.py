"""How much a session has traded, day by day: what tiers of charges go by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from offbook.domain import records as r
from offbook.domain.calendars import DAY_NS
from offbook.domain.values import Amount

WINDOW_DAYS: Final = 30


class TradedVolumes(msgspec.Struct, kw_only=True):
    """Traded value by UTC day (days since 1970), in units of 10**-18 of the account's currency;
    days that no window reaches any more are forgotten.

    ``symbols`` has the same of each instrument where there are several.
    """

    days: dict[int, Amount] = msgspec.field(default_factory=dict)
    symbols: dict[str, dict[int, Amount]] = msgspec.field(default_factory=dict)

    def add(self, record: r.OrderFilled, notional: int, attached: r.SessionAttached | None) -> None:
        """A fill of so much value in its own currency, in the market that the session is attached
        to: in the account's at the fill's rate."""
        if record.conversion is not None:
            notional = notional * record.conversion.numerator // record.conversion.denominator
        day = record.ts // DAY_NS
        _add(self.days, day, notional)
        if attached is not None and len(attached.market.instruments) > 1:
            _add(self.symbols.setdefault(record.symbol, {}), day, notional)

    def before(self, ts: int) -> int:
        """What was traded in the 30 days before the day of ``ts``."""
        return _before(self.days, ts // DAY_NS)

    def before_of(self, symbols: Iterable[str], ts: int) -> int:
        """The same of these instruments alone."""
        today = ts // DAY_NS
        return sum(_before(self.symbols.get(symbol, {}), today) for symbol in symbols)


def _add(days: dict[int, Amount], day: int, notional: int) -> None:
    if day not in days:
        for old in [one for one in days if one < day - WINDOW_DAYS]:
            del days[old]
    days[day] = Amount(days.get(day, 0) + notional)


def _before(days: dict[int, Amount], today: int) -> int:
    if len(days) < 2 and (not days or today in days):
        return 0
    return sum(amount for day, amount in days.items() if today - WINDOW_DAYS <= day < today)
