"""Depth: the updates of an order book by price (L2), as a venue sends them.

A row is one level of one message.  A message is what the venue sent at once: its rows follow one
another and the last carries ``LAST``; a book is looked at between messages, never within one.  The
rows of a *snapshot* all carry ``SNAPSHOT``: together they are the whole book, and what was known
before is gone.  All others say the new size of their level, 0 deletes it.

Sequence numbers are the venue's and stand in every row of a message, -1 where it gives none:
``first_seq`` and ``last_seq`` are the first and last update in it, ``prev_seq`` the last one of the
message before (Binance: ``U``, ``u`` and ``pu``).  ``side`` is 1 for bids, -1 for asks and 0 in the
one row of a message that changes no level; its price and size are 0.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from offbook.domain.columns import Columns, IntColumn, check_columns
from offbook.domain.errors import BadMarketData
from offbook.domain.instruments import Instrument
from offbook.domain.market_info import DataKind

SNAPSHOT: Final = 1
"""The row's message is the whole book."""
LAST: Final = 2
"""The row is the last of its message."""
ALL_FLAGS: Final = SNAPSHOT | LAST
NO_SEQ: Final = -1
BID: Final = 1
ASK: Final = -1


class DepthUpdate(msgspec.Struct, frozen=True, gc=False):
    """One level of one message, exact: ``price_px`` in price units, ``size_qty`` in quantity units.

    ``side``, ``flags`` and the sequence numbers are as the module says; ``ts``, ``ts_event`` and
    ``row`` as for a quote.
    """

    ts: int
    side: int
    price_px: int
    size_qty: int
    flags: int
    first_seq: int
    last_seq: int
    prev_seq: int
    ts_event: int | None
    row: int
    instrument: Instrument

    @property
    def is_last(self) -> bool:
        """Whether the message ends with this row."""
        return bool(self.flags & LAST)


class DepthSlice(Columns):
    """Book updates of one instrument, in columns.

    ``ts`` never decreases; prices are positive and sizes not negative, all below ``2**62``, but for
    rows of side 0, where both are 0; sequence numbers are -1 or more.
    """

    __slots__ = (
        "first_seq",
        "flags",
        "last_seq",
        "prev_seq",
        "price_px",
        "side",
        "size_qty",
        "ts_event",
    )

    kind: Final = DataKind.DEPTH
    COLUMNS = (
        "ts", "side", "price_px", "size_qty", "flags", "first_seq", "last_seq", "prev_seq",
    )  # fmt: skip

    def __init__(
        self,
        instrument: Instrument,
        start: int,
        ts: IntColumn,
        side: IntColumn,
        price_px: IntColumn,
        size_qty: IntColumn,
        flags: IntColumn,
        first_seq: IntColumn,
        last_seq: IntColumn,
        prev_seq: IntColumn,
        ts_event: IntColumn | None = None,
    ) -> None:
        self._begin(instrument, start, ts)
        self.side = side
        self.price_px = price_px
        self.size_qty = size_qty
        self.flags = flags
        self.first_seq = first_seq
        self.last_seq = last_seq
        self.prev_seq = prev_seq
        self.ts_event = ts_event

    def _part(self, begin: int, end: int) -> DepthSlice:
        columns = {name: getattr(self, name)[begin:end] for name in self.COLUMNS}
        if self.ts_event is not None:
            columns["ts_event"] = self.ts_event[begin:end]
        return DepthSlice(self.instrument, self.start, **columns)

    def check(self) -> None:
        """Raise BadMarketData unless the columns keep what the class promises."""
        columns = [getattr(self, name) for name in self.COLUMNS]
        if self.ts_event is not None:
            columns.append(self.ts_event)
        check_columns(columns, self.start)
        level = self.side != 0
        if len(self) and not (
            bool(np.all(np.abs(self.side) <= 1))
            and bool(np.all((self.price_px > 0) == level))
            and bool(np.all(self.price_px >= 0))
            and bool(np.all(self.size_qty >= 0))
            and bool(np.all(level | (self.size_qty == 0)))
            and bool(np.all((self.flags >= 0) & (self.flags <= ALL_FLAGS)))
        ):
            raise BadMarketData("a depth slice holds a side, price, size or flag that cannot be")
        for numbers in (self.first_seq, self.last_seq, self.prev_seq):
            if bool(np.any(numbers < NO_SEQ)):
                raise BadMarketData("a depth slice holds a sequence number below -1")
