"""Status: what an exchange says of an instrument beside its prices: halts, and price bands.

A row is one event.  ``HALT`` and ``RESUME`` stop trading and let it go on; ``BANDS`` (limit up,
limit down) says between which prices trades may be, both ends included, until it says others.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from offbook.domain.columns import Columns, IntColumn, check_columns
from offbook.domain.errors import BadMarketData
from offbook.domain.instruments import Instrument
from offbook.domain.market_info import DataKind
from offbook.domain.named import Named
from offbook.domain.values import Price


class StatusEvent(Named):
    """What happened (FIX SecurityTradingStatus 326: 2, 3; bands are of the LULD plan)."""

    HALT = "halt"
    RESUME = "resume"
    BANDS = "bands"


EVENTS: Final = {1: StatusEvent.HALT, 2: StatusEvent.RESUME, 3: StatusEvent.BANDS}
"""The events as they stand in a column."""


class StatusUpdate(msgspec.Struct, frozen=True, gc=False):
    """One event; ``lower_px`` and ``upper_px`` (price units) are those of BANDS, 0 for none.

    ``ts``, ``ts_event`` and ``row`` are as for a quote.
    """

    ts: int
    event: StatusEvent
    lower_px: int
    upper_px: int
    ts_event: int | None
    row: int
    instrument: Instrument

    @property
    def lower_price(self) -> Price | None:
        """The lowest price at which trades may be, None where there is none."""
        return Price(self.lower_px, self.instrument.price_precision) if self.lower_px else None

    @property
    def upper_price(self) -> Price | None:
        """The highest price at which trades may be, None where there is none."""
        return Price(self.upper_px, self.instrument.price_precision) if self.upper_px else None


class StatusSlice(Columns):
    """Status events of one instrument, in columns.

    ``ts`` never decreases; ``event`` is one of ``EVENTS``; bands are 0 or more, below
    ``2**62``, and the lower is not above an upper that there is.
    """

    __slots__ = ("event", "lower_px", "ts_event", "upper_px")

    kind: Final = DataKind.STATUS
    COLUMNS = ("ts", "event", "lower_px", "upper_px")

    def __init__(
        self,
        instrument: Instrument,
        start: int,
        ts: IntColumn,
        event: IntColumn,
        lower_px: IntColumn,
        upper_px: IntColumn,
        ts_event: IntColumn | None = None,
    ) -> None:
        self._begin(instrument, start, ts)
        self.event = event
        self.lower_px = lower_px
        self.upper_px = upper_px
        self.ts_event = ts_event

    def _part(self, begin: int, end: int) -> StatusSlice:
        columns = {name: getattr(self, name)[begin:end] for name in self.COLUMNS}
        if self.ts_event is not None:
            columns["ts_event"] = self.ts_event[begin:end]
        return StatusSlice(self.instrument, self.start, **columns)

    def check(self) -> None:
        """Raise BadMarketData unless the columns keep what the class promises."""
        columns = [getattr(self, name) for name in self.COLUMNS]
        if self.ts_event is not None:
            columns.append(self.ts_event)
        check_columns(columns, self.start)
        if len(self) and not (
            bool(np.all((self.event >= 1) & (self.event <= len(EVENTS))))
            and bool(np.all((self.lower_px >= 0) & (self.upper_px >= 0)))
            and bool(np.all((self.upper_px == 0) | (self.lower_px <= self.upper_px)))
        ):
            raise BadMarketData("a status slice holds an event or a band that cannot be")
