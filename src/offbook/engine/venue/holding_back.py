"""Why orders take nothing from what a market last showed, for whoever explains it."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from offbook.domain.market_data import Quote, Trade
from offbook.engine.kernel import Kernel
from offbook.engine.rows.rows import PriceRow

if TYPE_CHECKING:
    from offbook.engine.venue.venue import Venue


class HeldBack(enum.Enum):
    """What is wrong with the last row, whatever its age: from before a halt or a split; of other
    trading hours; a book that cannot be trusted; one that a corporate action has ended, and that
    was not told as a whole since."""

    BEFORE_A_HALT = "before_a_halt"
    OTHER_HOURS = "other_hours"
    UNSOUND = "unsound"
    DROPPED = "dropped"


def held_back(kernel: Kernel, venue: Venue, row: PriceRow) -> HeldBack | None:
    """Why nothing is taken from a row that stands while the market is open; None if it may be, and
    for bars, of which nothing ever is."""
    symbol = row.instrument.symbol
    if not isinstance(row, (Quote, Trade)):
        return None
    if symbol in kernel.depths and not (depth := kernel.depths[symbol]).is_sound:
        waits = depth.dropped_at > 0 and not depth.is_followed
        return HeldBack.DROPPED if waits else HeldBack.UNSOUND
    if row.ts < kernel.resumed.get(symbol, 0):
        return HeldBack.BEFORE_A_HALT
    aged = venue.freshness.holds_back(row)
    if venue.times.trades(row.instrument) and not aged and not venue.times.is_present(row):
        return HeldBack.OTHER_HOURS
    return None
