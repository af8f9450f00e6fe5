"""Market data: rows in columns for the engine, small immutable objects for strategies.

Each row has two times: ``ts_event`` (the venue's, may be absent) and ``ts_init`` (receipt).
Session time ``ts`` is ``ts_init``, else ``ts_event``, and never decreases.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from offbook.domain.errors import BadMarketData
from offbook.domain.instruments import Instrument
from offbook.domain.values import MAX_UNITS, Price, Quantity

IntColumn = npt.NDArray[np.int64]


class DataKind(enum.Enum):
    """What the rows of a market are."""

    QUOTES = "quotes"
    BARS = "bars"


class Quote(msgspec.Struct, frozen=True, gc=False):
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


class Bar(msgspec.Struct, frozen=True, gc=False):
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
    def volume(self) -> float:
        """Traded quantity, for indicators."""
        return float(self.volume_qty / 10**self.instrument.qty_precision)

    @property
    def close_price(self) -> Price:
        """The exact close, to be used in orders."""
        return Price(self.close_px, self.instrument.price_precision)


class Cursor(msgspec.Struct, frozen=True, order=True):
    """A place in a session's market: ``row`` rows taken, session time ``ts`` reached (ns UTC)."""

    row: int = 0
    ts: int = 0


class QuoteSlice:
    """Consecutive quotes of one instrument, in columns; immutable by convention.

    ``start`` is the ordinal of the first row in the market.  ``ts`` never decreases; prices are
    positive with ``bid_px <= ask_px``; sizes are not negative; all below ``2**62``.
    """

    __slots__ = ("ask_px", "ask_qty", "bid_px", "bid_qty", "instrument", "start", "ts", "ts_event")

    kind: Final = DataKind.QUOTES

    def __init__(
        self,
        instrument: Instrument,
        start: int,
        ts: IntColumn,
        bid_px: IntColumn,
        ask_px: IntColumn,
        bid_qty: IntColumn,
        ask_qty: IntColumn,
        ts_event: IntColumn | None = None,
    ) -> None:
        self.instrument = instrument
        self.start = start
        self.ts = ts
        self.bid_px = bid_px
        self.ask_px = ask_px
        self.bid_qty = bid_qty
        self.ask_qty = ask_qty
        self.ts_event = ts_event

    def __len__(self) -> int:
        return len(self.ts)

    def rows(self, begin: int, end: int) -> QuoteSlice:
        """Rows ``begin`` to ``end`` of this slice (positions within it), without copying."""
        return QuoteSlice(
            self.instrument,
            self.start + begin,
            self.ts[begin:end],
            self.bid_px[begin:end],
            self.ask_px[begin:end],
            self.bid_qty[begin:end],
            self.ask_qty[begin:end],
            None if self.ts_event is None else self.ts_event[begin:end],
        )

    def check(self) -> None:
        """Raise BadMarketData unless the columns keep what the class promises."""
        columns = [self.ts, self.bid_px, self.ask_px, self.bid_qty, self.ask_qty]
        if self.ts_event is not None:
            columns.append(self.ts_event)
        _check_columns(columns, self.start)
        if len(self) and not (
            bool(np.all(self.bid_px > 0))
            and bool(np.all(self.ask_px >= self.bid_px))
            and bool(np.all(self.bid_qty >= 0))
            and bool(np.all(self.ask_qty >= 0))
        ):
            raise BadMarketData("a quote slice holds a crossed, negative or zero price or size")


class BarSlice:
    """Consecutive bars of one instrument and timeframe, in columns; immutable by convention.

    ``ts`` is when each bar ended and became known, ``ts_open`` when it began.  Intervals do not
    overlap; ``low <= open, close <= high``; prices positive; volume not negative.
    """

    __slots__ = (
        "close_px",
        "high_px",
        "instrument",
        "low_px",
        "open_px",
        "start",
        "ts",
        "ts_open",
        "volume_qty",
    )

    kind: Final = DataKind.BARS

    def __init__(
        self,
        instrument: Instrument,
        start: int,
        ts: IntColumn,
        ts_open: IntColumn,
        open_px: IntColumn,
        high_px: IntColumn,
        low_px: IntColumn,
        close_px: IntColumn,
        volume_qty: IntColumn,
    ) -> None:
        self.instrument = instrument
        self.start = start
        self.ts = ts
        self.ts_open = ts_open
        self.open_px = open_px
        self.high_px = high_px
        self.low_px = low_px
        self.close_px = close_px
        self.volume_qty = volume_qty

    def __len__(self) -> int:
        return len(self.ts)

    def rows(self, begin: int, end: int) -> BarSlice:
        """Rows ``begin`` to ``end`` of this slice (positions within it), without copying."""
        return BarSlice(
            self.instrument,
            self.start + begin,
            self.ts[begin:end],
            self.ts_open[begin:end],
            self.open_px[begin:end],
            self.high_px[begin:end],
            self.low_px[begin:end],
            self.close_px[begin:end],
            self.volume_qty[begin:end],
        )

    def check(self) -> None:
        """Raise BadMarketData unless the columns keep what the class promises."""
        prices = (self.open_px, self.high_px, self.low_px, self.close_px)
        _check_columns((self.ts, self.ts_open, *prices, self.volume_qty), self.start)
        if len(self) and not (
            bool(np.all(self.low_px > 0))
            and bool(np.all(self.low_px <= np.minimum(self.open_px, self.close_px)))
            and bool(np.all(self.high_px >= np.maximum(self.open_px, self.close_px)))
            and bool(np.all(self.volume_qty >= 0))
            and bool(np.all(self.ts_open < self.ts))
            and bool(np.all(self.ts_open[1:] >= self.ts[:-1]))
        ):
            raise BadMarketData("a bar slice holds an impossible bar or overlapping intervals")


MarketSlice = QuoteSlice | BarSlice


def _check_columns(columns: Sequence[IntColumn], start: int) -> None:
    length = len(columns[0])
    for column in columns:
        if column.dtype != np.int64 or len(column) != length:
            raise BadMarketData("market columns must be int64 and of one length")
        if length and not -MAX_UNITS < int(np.min(column)) <= int(np.max(column)) < MAX_UNITS:
            raise BadMarketData(f"a market column exceeds 2**62 after row {start}")
    if length and bool(np.any(np.diff(columns[0]) < 0)):
        raise BadMarketData(f"session time runs backwards after row {start}")


class MarketInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a market is, fixed for the life of a session.

    ``data_identity`` is a digest of everything that decides the rows (content and reading
    options); two markets with the same identity give the same rows.  ``calendar_identity`` is a
    digest of the session table used.  ``clock_stops`` says whether session time stands still while
    the session is paused: so it is for recordings, and never for a live market.
    """

    kind: DataKind
    instruments: tuple[Instrument, ...]
    data_identity: str
    calendar_identity: str
    timeframe_ns: int | None = None
    clock_stops: bool = True
