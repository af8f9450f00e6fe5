"""Rows as strategies see them: small, immutable, floats for indicators beside exact integers.

Each row has two times: ``ts_event`` (the venue's, may be absent) and ``ts_init`` (receipt).
Session time ``ts`` is ``ts_init``, else ``ts_event``, and never decreases.

A row that a strategy is shown may keep most of its numbers packed until they are asked for, which
msgspec's encoders and ``msgspec.structs`` do not do: give these ``copy.copy(row)``.  It is a
``Quote``, ``Trade`` or ``Bar`` to ``isinstance``, whatever ``type`` says.
"""

from __future__ import annotations

import copy
from typing import Any, NamedTuple, Protocol, Self

import msgspec

from offbook.domain.instruments import Instrument
from offbook.domain.orders import Auction, OrderSide
from offbook.domain.values import Price, Quantity


class _Replaceable(msgspec.Struct, frozen=True, gc=False):
    """What ``copy.replace`` takes, whole or packed: it asks the class that a row says it has."""

    def __replace__(self, /, **changes: Any) -> Self:
        return msgspec.structs.replace(copy.copy(self), **changes)


class Quote(_Replaceable, frozen=True, gc=False):
    """Best bid and ask at one moment.

    ``bid`` and ``ask`` are floats for indicators; ``bid_px``, ``ask_px`` (price units) and
    ``bid_qty``, ``ask_qty`` (quantity units) are exact.  ``ts`` is session time, ``ts_event`` the
    venue's time or None, both in ns UTC; ``row`` is the row's position in the market.
    """

    ts: int
    bid: float
    ask: float
    bid_px: int
    ask_px: int
    bid_qty: int
    ask_qty: int
    ts_event: int | None
    row: int
    instrument: Instrument

    @property
    def mid(self) -> float:
        """Midpoint of bid and ask, for indicators."""
        return (self.bid + self.ask) * 0.5

    @property
    def bid_price(self) -> Price:
        """The exact bid, to be used in orders."""
        return Price(self.bid_px, self.instrument.price_precision)

    @property
    def ask_price(self) -> Price:
        """The exact ask, to be used in orders."""
        return Price(self.ask_px, self.instrument.price_precision)

    @property
    def bid_size(self) -> Quantity:
        """Size shown at the bid."""
        return Quantity(self.bid_qty, self.instrument.qty_precision)

    @property
    def ask_size(self) -> Quantity:
        """Size shown at the ask."""
        return Quantity(self.ask_qty, self.instrument.qty_precision)


class Trade(_Replaceable, frozen=True, gc=False):
    """One print: what was traded between others.

    ``price`` is a float for indicators; ``price_px`` (price units) and ``size_qty`` (quantity
    units) are exact.  ``aggressor`` is the side that took, where the recording tells it;
    ``auction`` says that the print is the official price of one, in which nobody takes.
    """

    ts: int
    price: float
    price_px: int
    size_qty: int
    aggressor: OrderSide | None
    ts_event: int | None
    row: int
    instrument: Instrument
    auction: Auction | None = None

    @property
    def trade_price(self) -> Price:
        """The exact price, to be used in orders."""
        return Price(self.price_px, self.instrument.price_precision)

    @property
    def size(self) -> Quantity:
        """The exact size."""
        return Quantity(self.size_qty, self.instrument.qty_precision)


class Bar(_Replaceable, frozen=True, gc=False):
    """Open, high, low, close and volume of ``[ts_open, ts_close)``; known at ``ts``.

    Floats for indicators, exact price and quantity units beside them.
    """

    ts: int
    ts_open: int
    open: float
    high: float
    low: float
    close: float
    open_px: int
    high_px: int
    low_px: int
    close_px: int
    volume_qty: int
    row: int
    instrument: Instrument

    @property
    def ts_close(self) -> int:
        """The end of the bar's interval, which is when it became known."""
        return self.ts

    @property
    def timeframe_ns(self) -> int:
        """The length of the bar's interval."""
        return self.ts - self.ts_open

    @property
    def volume(self) -> float:
        """Traded quantity, for indicators."""
        return float(self.volume_qty / 10**self.instrument.qty_precision)

    @property
    def close_price(self) -> Price:
        """The exact close, to be used in orders."""
        return Price(self.close_px, self.instrument.price_precision)


class Stretch(NamedTuple):
    """What some rows come to: first, highest, lowest and last price (price units), and what was
    traded (quantity units)."""

    open_px: int
    high_px: int
    low_px: int
    close_px: int
    volume_qty: int


BarUnits = tuple[int, int, int, int, int, int, int, int]
"""All that tells a bar of an instrument: ts, ts_open, four prices, volume and row."""


def bar_of(units: BarUnits, instrument: Instrument) -> Bar:
    """A bar from its numbers."""
    ts, opens, first, high, low, last, volume, row = units
    scale = 10**instrument.price_precision
    floats = (first / scale, high / scale, low / scale, last / scale)
    return Bar(ts, opens, *floats, first, high, low, last, volume, row, instrument)


class MadeRows(Protocol):
    """Rows as objects, made once for all who are shown them; they never change."""

    def of(self, first: int, count: int) -> list[Any] | None:
        """So many rows from position ``first`` on; None where each had better make its own."""


class MadeBooks(Protocol):
    """The book that certain rows of it leave, made once for all who ask; it never changes."""

    def tops(self) -> tuple[Any, Any, Any]:
        """For each of the rows (columns of integers, price units): where a message ends with it,
        the best bid and ask that it leaves, and whether these tell all that it did beside its
        levels."""

    def is_within(self, end: int) -> bool:
        """Whether a message has begun before row ``end`` and not ended."""

    def at(self, end: int, *, rebuilt: bool) -> Any:
        """The book before row ``end``, not to be changed; with ``rebuilt`` that of sessions which
        build it anew where something was missed."""


class MadeStretches(Protocol):
    """What rows of certain columns come to, reduced once for all who ask; it never changes."""

    def of(self, begin: int, end: int, price: str) -> Stretch:
        """Rows ``begin`` to ``end`` of the columns (at least one); of quotes their bid, ask or
        mid."""

    def bar(self, units: BarUnits) -> Bar:
        """A bar of these rows and others, the same object for all who have built it."""
