"""What the exchange last said of each instrument of a running market, for whoever joins it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from offbook.domain.book_states import KnownStatus
from offbook.domain.market_data import (
    DataKind,
    MarketInfo,
    MarketSlice,
    StatusSlice,
    rows_by_source,
)
from offbook.domain.status import EVENTS, StatusEvent


class StatusesInForce:
    """Follows the statuses of a market by its rows in their order; ``KnownStatus`` by symbol."""

    def __init__(self, info: MarketInfo, known: Iterable[KnownStatus] = ()) -> None:
        self.are_given = any(source.kind is DataKind.STATUS for source in info.sources)
        """Whether the market tells any."""
        self._known = {one.symbol: one for one in known}

    def take(self, rows: MarketSlice) -> None:
        """The next rows of the market."""
        if not self.are_given:
            return
        for _, part in rows_by_source(rows):
            if isinstance(part, StatusSlice):
                self._take(part)

    def _take(self, part: StatusSlice) -> None:
        symbol = part.instrument.symbol
        known = self._known.get(symbol) or KnownStatus(symbol)
        columns = (part.ts, part.event, part.lower_px, part.upper_px)
        rows = zip(part.positions(), *(one.tolist() for one in columns), strict=True)
        for row, ts, event, lower, upper in rows:
            known = _after(known, EVENTS[event], ts, (lower, upper, row))
        self._known[symbol] = known

    def all(self) -> tuple[KnownStatus, ...]:
        """What is known, by symbol."""
        return tuple(self._known[symbol] for symbol in sorted(self._known))

    def told(self) -> tuple[KnownStatus, ...] | msgspec.UnsetType:
        """The same for a record; UNSET where the market tells none."""
        return self.all() if self.are_given else msgspec.UNSET


def _after(
    known: KnownStatus, event: StatusEvent, ts: int, bands: tuple[int, int, int]
) -> KnownStatus:
    """What is known after one more event."""
    if event is StatusEvent.BANDS:
        return msgspec.structs.replace(known, bands=bands)
    halts = event is StatusEvent.HALT
    if halts is (known.halted is not None):
        return known
    if halts:
        return msgspec.structs.replace(known, halted=ts)
    return msgspec.structs.replace(known, halted=None, resumed=ts)
