"""What can change a sleeping session: the engine's hint to whoever feeds it.

A wake is a hint. An extra one changes no byte; a missed one is the only error.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from offbook.domain.calendars import NEVER
from offbook.domain.market_data import Bar, Quote, StatusUpdate, Trade
from offbook.domain.values import MAX_UNITS

NO_FALL: Final = 0
"""No price is ever at or below it: prices are positive."""
NO_RISE: Final = MAX_UNITS
"""No price is ever at or above it."""


class Band(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The prices of one instrument (price units) between which its rows change nothing.

    A quote matters whose ask is at or below ``ask_falls`` or at or above ``ask_rises``, or whose
    bid is at or below ``bid_falls`` or at or above ``bid_rises``.  Limits to buy and orders to buy
    if touched stand in ``ask_falls``, stops to buy in ``ask_rises``, stops to sell in
    ``bid_falls``, limits to sell in ``bid_rises``; each is the one nearest to the market.  Of a
    print the price is both, of a bar the low stands where something falls and the high where it
    rises.  ``NO_FALL`` and ``NO_RISE`` are never reached; all four fit into int64.
    """

    ask_falls: int = NO_FALL
    ask_rises: int = NO_RISE
    bid_falls: int = NO_FALL
    bid_rises: int = NO_RISE

    def is_left_by(self, row: Quote | Trade | Bar) -> bool:
        """Whether a row of the instrument matters."""
        if isinstance(row, Quote):
            return (
                row.ask_px <= self.ask_falls
                or row.bid_px >= self.bid_rises
                or row.ask_px >= self.ask_rises
                or row.bid_px <= self.bid_falls
            )
        low, high = (
            (row.low_px, row.high_px) if isinstance(row, Bar) else (row.price_px, row.price_px)
        )
        falls, rises = max(self.ask_falls, self.bid_falls), min(self.ask_rises, self.bid_rises)
        return low <= falls or high >= rises

    def narrowed(self, other: Band) -> Band:
        """What lies within both."""
        return Band(
            ask_falls=max(self.ask_falls, other.ask_falls),
            ask_rises=min(self.ask_rises, other.ask_rises),
            bid_falls=max(self.bid_falls, other.bid_falls),
            bid_rises=min(self.bid_rises, other.bid_rises),
        )


UNBOUNDED: Final = Band()
"""No price leaves it."""


_NO_BANDS: Final[Mapping[str, Band]] = MappingProxyType({})


class Wake(msgspec.Struct, frozen=True, kw_only=True):
    """The next things that can change the session, as it stands after the last input.

    ``every_row``: symbols whose every next row concerns it (always a legal answer).  ``bands``: of
    other symbols, the prices between which their rows do not; a symbol in neither never concerns
    it.  ``at``: the earliest session time (ns UTC) at which something falls due, at or before the
    present where that is still to be done; ``NEVER`` if nothing does.

    Rows that do not concern the session must still be given to it, in their order and in slices as
    long as wanted, before the row, the time or the command that does; and then it is asked again.
    """

    every_row: frozenset[str] = frozenset()
    bands: Mapping[str, Band] = _NO_BANDS
    at: int = NEVER

    def concerns(self, row: Quote | Trade | Bar | StatusUpdate) -> bool:
        """Whether this row, or its time, may change the session; a status always may.

        Rows of a book alone do not tell: what counts is the book that a message leaves.
        """
        if isinstance(row, StatusUpdate):
            return True
        symbol = row.instrument.symbol
        if row.ts >= self.at or symbol in self.every_row:
            return True
        band = self.bands.get(symbol)
        return band is not None and band.is_left_by(row)
