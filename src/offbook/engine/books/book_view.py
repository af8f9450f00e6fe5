"""A book as strategies see it: its best levels at one moment, immutable."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

import msgspec

from offbook.domain.instruments import Instrument
from offbook.domain.values import Price, Quantity
from offbook.engine.books.shown_book import BookPhase, ShownBook

SHOWN_LEVELS: Final = 10
"""How many levels of each side ``on_depth`` shows."""


class BookLevel(msgspec.Struct, frozen=True, gc=False):
    """One level: ``price`` and ``size`` are floats for indicators, ``px`` (price units) and ``qty``
    (quantity units) exact."""

    price: float
    size: float
    px: int
    qty: int


class BookView(msgspec.Struct, frozen=True, kw_only=True):
    """The best levels of a book after its last message, best first.

    ``ts`` is session time, ``ts_event`` the venue's time or None, both in ns UTC; ``row`` is the
    position of the message's last row.  ``phase`` says what the book is worth, ``is_sound`` whether
    orders are matched on it: nothing is missing, both sides are there, and it is not crossed.
    """

    instrument: Instrument
    ts: int
    ts_event: int | None
    row: int
    phase: BookPhase
    is_sound: bool
    bids: tuple[BookLevel, ...]
    asks: tuple[BookLevel, ...]

    @property
    def best_bid(self) -> BookLevel | None:
        """The highest bid, None where there is none."""
        return self.bids[0] if self.bids else None

    @property
    def best_ask(self) -> BookLevel | None:
        """The lowest ask, None where there is none."""
        return self.asks[0] if self.asks else None

    @property
    def mid(self) -> float | None:
        """The middle of best bid and ask, for indicators; None unless there are both."""
        if not self.bids or not self.asks:
            return None
        return (self.bids[0].price + self.asks[0].price) * 0.5

    def price_of(self, level: BookLevel) -> Price:
        """A level's exact price, to be used in orders."""
        return Price(level.px, self.instrument.price_precision)

    def size_of(self, level: BookLevel) -> Quantity:
        """A level's exact size."""
        return Quantity(level.qty, self.instrument.qty_precision)


def book_view(depth: ShownBook, levels: int) -> BookView:
    """The best ``levels`` of each side of a book as it is now."""
    prices, sizes = 10**depth.instrument.price_precision, 10**depth.instrument.qty_precision

    def best(side: Iterator[tuple[int, int]]) -> tuple[BookLevel, ...]:
        return tuple(
            BookLevel(px / prices, qty / sizes, px, qty) for px, qty in islice(side, levels)
        )

    return BookView(
        instrument=depth.instrument,
        ts=depth.ts,
        ts_event=depth.ts_event,
        row=depth.row,
        phase=depth.phase,
        is_sound=depth.is_sound,
        bids=best(depth.bids.walk()),
        asks=best(depth.asks.walk()),
    )
