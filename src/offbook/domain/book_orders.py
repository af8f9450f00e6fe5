"""Order by order (L3): what a venue says of each order in its book, as it says it.

A row is one thing that happened to one order.  A message is what the venue sent at once: its rows
follow one another and the last carries ``LAST``; a book is looked at between messages, never within
one.  The rows of a *snapshot* all carry ``SNAPSHOT``: they add, and together they are the whole
book, in the order in which the orders of a price are served.  ``MISSED`` in a message says that the
venue, or whoever recorded it, lost something before it.

==========  ==================================================================================
``ADD``     a new order: its number, side, price and size
``MODIFY``  its price and size from now on; it loses its place if the price is another one or the
            size is larger, and keeps it otherwise
``CANCEL``  so much of it is taken away, or all that is left
``DELETE``  all that is left of it is taken away
``EXECUTE`` so much of it traded, at its price
``HIDDEN``  so much traded that no order in the book shows; ``side`` is that of the order that was
            hidden, 0 where it is not told
``CLEAR``   no order is left
``NONE``    nothing: a message may be empty
==========  ==================================================================================

All rows that are about an order name its side and price: those that it has, or with ``MODIFY`` the
price that it gets.  Order 0 stands for those at a price that nobody tells apart, such as what a
level held when a recording began: what is said later of an order that the book does not know, at
its price, is said of these.

``seq`` and ``prev_seq`` are the venue's number of the message and of the one before it, -1 where it
gives none.  They stand in every row of a message.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from offbook.domain.columns import Columns, IntColumn, check_columns
from offbook.domain.depth import LAST, NO_SEQ, SNAPSHOT
from offbook.domain.errors import BadMarketData
from offbook.domain.instruments import Instrument
from offbook.domain.market_info import DataKind

NONE: Final = 0
ADD: Final = 1
MODIFY: Final = 2
CANCEL: Final = 3
DELETE: Final = 4
EXECUTE: Final = 5
HIDDEN: Final = 6
CLEAR: Final = 7
MISSED: Final = 4
"""Something before the row's message was lost."""
ORDER_FLAGS: Final = SNAPSHOT | LAST | MISSED
UNKNOWN_ORDER: Final = 0
"""The number of orders that nobody tells apart."""
ACTION_WORDS: Final = ("none", "add", "modify", "cancel", "delete", "execute", "hidden", "clear")
"""The actions by number, as files call them."""


class BookOrderUpdate(msgspec.Struct, frozen=True, gc=False):
    """One row, exact: ``price_px`` in price units, ``size_qty`` in quantity units.

    ``action``, ``side``, ``flags`` and the numbers are as the module says; ``ts``, ``ts_event`` and
    ``row`` as for a quote.
    """

    ts: int
    action: int
    side: int
    price_px: int
    size_qty: int
    order_id: int
    flags: int
    seq: int
    prev_seq: int
    ts_event: int | None
    row: int
    instrument: Instrument

    @property
    def is_last(self) -> bool:
        """Whether the message ends with this row."""
        return bool(self.flags & LAST)


class BookOrderSlice(Columns):
    """What happened to the orders in the book of one instrument, in columns.

    ``ts`` never decreases.  Prices are positive, but for ``CLEAR`` and ``NONE``, where they are 0;
    sizes are positive, but for these and ``DELETE``; numbers of orders are not negative; all below
    ``2**62``.  ``side`` is 1 for bids, -1 for asks, and 0 where there is none.
    """

    __slots__ = (
        "action",
        "flags",
        "order_id",
        "prev_seq",
        "price_px",
        "seq",
        "side",
        "size_qty",
        "ts_event",
    )

    kind: Final = DataKind.ORDERS
    COLUMNS = (
        "ts", "action", "side", "price_px", "size_qty", "order_id", "flags", "seq", "prev_seq",
    )  # fmt: skip

    def __init__(
        self,
        instrument: Instrument,
        start: int,
        ts: IntColumn,
        action: IntColumn,
        side: IntColumn,
        price_px: IntColumn,
        size_qty: IntColumn,
        order_id: IntColumn,
        flags: IntColumn,
        seq: IntColumn,
        prev_seq: IntColumn,
        ts_event: IntColumn | None = None,
    ) -> None:
        self._begin(instrument, start, ts)
        self.action = action
        self.side = side
        self.price_px = price_px
        self.size_qty = size_qty
        self.order_id = order_id
        self.flags = flags
        self.seq = seq
        self.prev_seq = prev_seq
        self.ts_event = ts_event

    def _part(self, begin: int, end: int) -> BookOrderSlice:
        columns = {name: getattr(self, name)[begin:end] for name in self.COLUMNS}
        if self.ts_event is not None:
            columns["ts_event"] = self.ts_event[begin:end]
        return BookOrderSlice(self.instrument, self.start, **columns)

    def check(self) -> None:
        """Raise BadMarketData unless the columns keep what the class promises."""
        columns = [getattr(self, name) for name in self.COLUMNS]
        if self.ts_event is not None:
            columns.append(self.ts_event)
        check_columns(columns, self.start)
        if not len(self):
            return
        if not bool(np.all((self.action >= NONE) & (self.action <= CLEAR))):
            raise BadMarketData("a slice of orders holds an action that cannot be")
        no_price, no_size, no_side = wrong_places(
            self.action, self.side, self.price_px, self.size_qty
        )
        if bool(np.any(no_price | no_size | no_side)) or bool(np.any(np.abs(self.side) > 1)):
            raise BadMarketData("a slice of orders holds a side, price or size that cannot be")
        if bool(np.any(self.order_id < 0)):
            raise BadMarketData("a slice of orders holds a number of an order below 0")
        if not bool(np.all((self.flags >= 0) & (self.flags <= ORDER_FLAGS))):
            raise BadMarketData("a slice of orders holds a flag that cannot be")
        if bool(np.any(self.seq < NO_SEQ)) or bool(np.any(self.prev_seq < NO_SEQ)):
            raise BadMarketData("a slice of orders holds a sequence number below -1")


Wrong = np.ndarray[tuple[int], np.dtype[np.bool_]]


def wrong_places(
    action: IntColumn, side: IntColumn, price_px: IntColumn, size_qty: IntColumn
) -> tuple[Wrong, Wrong, Wrong]:
    """Which rows have a price, a size and a side that their action cannot have."""
    empty = (action == NONE) | (action == CLEAR)
    no_price = (price_px > 0) == empty
    no_size = np.where(
        empty, size_qty != 0, np.where(action == DELETE, size_qty < 0, size_qty <= 0)
    )
    no_side = np.where(empty, side != 0, (side == 0) & (action != HIDDEN))
    return no_price | (price_px < 0), no_size, no_side
