"""From judged columns to slices of one kind of row, without those that cannot be true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import msgspec
import numpy as np

from offbook.adapters.brokers.replay.arrow import ArrowBatch
from offbook.adapters.brokers.replay.columns import AUCTION, BANDS, EVENT, SEQUENCE
from offbook.adapters.brokers.replay.faults import RowFault, refusal
from offbook.adapters.brokers.replay.intervals import BarIntervals
from offbook.adapters.brokers.replay.numbers import BoolColumn
from offbook.adapters.brokers.replay.order_rows import NO_MESSAGE, begun_by, order_columns
from offbook.adapters.brokers.replay.query import Cell
from offbook.adapters.brokers.replay.times import iso
from offbook.adapters.brokers.replay.verdicts import Judged, WallClocks
from offbook.domain.calendars import TradingCalendar
from offbook.domain.config import BadRows, OffHours, ReplayMarket
from offbook.domain.depth import ALL_FLAGS, NO_SEQ
from offbook.domain.errors import BadMarketData
from offbook.domain.market_data import (
    BarSlice,
    BookOrderSlice,
    DataKind,
    DepthSlice,
    IntColumn,
    QuoteSlice,
    SourceSlice,
    StatusSlice,
    TradeSlice,
)

_PRICES = ("open", "high", "low", "close")


class Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """A batch after judgement: the rows that stay, why others do not, and the refusal if any.

    ``dropped`` maps positions in the batch to faults.  With ``error`` the rows are those before
    the one refused.
    """

    rows: SourceSlice
    dropped: dict[int, RowFault]
    error: BadMarketData | None


class RowDecoder:
    """Judges batches of one file in order; remembers the last row that stayed."""

    def __init__(
        self,
        market: ReplayMarket,
        cells: Sequence[Cell],
        calendar: TradingCalendar,
        local: WallClocks,
    ) -> None:
        self._market = market
        self._cells = cells
        self._calendar = calendar
        self._local = local
        self._intervals = BarIntervals(market, calendar) if market.kind is DataKind.BARS else None
        self._hours = None if market.off_hours is OffHours.KEEP else Hours(calendar)
        self.last_ts: int | None = None
        self._begun = NO_MESSAGE

    def decode(self, batch: ArrowBatch, file_row: int, start: int) -> Decoded:
        """Judge a batch whose first row is ``file_row`` (from 0) and ``start`` of those kept."""
        judged = Judged(self._cells, batch, self._local, self._refuses)
        rows = self._rows(judged, start)
        faults, error = judged.faults, None
        refused = min((row for row in faults if self._refuses(faults[row].reason)), default=None)
        if refused is not None:
            error = refusal(self._market.path, file_row + refused + 1, faults[refused])
            rows = rows.rows(0, refused)
        if faults:
            rows = _take(rows, ~judged.bad[: len(rows)])
        if len(rows):
            self.last_ts = int(rows.ts[-1])
        dropped = {row: f for row, f in faults.items() if refused is None or row < refused}
        return Decoded(rows=rows, dropped=dropped, error=error)

    def _refuses(self, reason: str) -> bool:
        if reason == "off_hours":
            return self._market.off_hours is OffHours.REFUSE
        return self._market.bad_rows is BadRows.REFUSE

    def _rows(self, judged: Judged, start: int) -> SourceSlice:
        kind = self._market.kind
        if kind is DataKind.QUOTES:
            return self._quotes(judged, start)
        if kind is DataKind.TRADES:
            return self._trades(judged, start)
        if kind is DataKind.BARS:
            return self._bars(judged, start)
        if kind is DataKind.DEPTH:
            return self._depth(judged, start)
        if kind is DataKind.STATUS:
            return self._status(judged, start)
        if kind is DataKind.ORDERS:
            return self._orders(judged, start)
        assert_never(kind)

    def _times(self, judged: Judged) -> tuple[str, IntColumn, IntColumn | None]:
        """Which column is session time, the times, and those of the venue if it tells them."""
        times = {cell.ours: judged.time(cell.ours) for cell in self._cells if cell.is_time}
        name = "ts_init" if "ts_init" in times else "ts_event"
        return name, times[name], times.get("ts_event")

    def _quotes(self, judged: Judged, start: int) -> QuoteSlice:
        name, ts, ts_event = self._times(judged)
        bid, ask = judged.number("bid"), judged.number("ask")
        bid_size, ask_size = judged.number("bid_size"), judged.number("ask_size")
        judged.positive("bid", bid)
        judged.positive("ask", ask)
        judged.not_negative("bid_size", bid_size)
        judged.not_negative("ask_size", ask_size)
        judged.blame(
            bid > ask,
            "crossed",
            "bid",
            lambda row: (
                f"the quote is crossed: bid {judged.written('bid', bid[row])} is above "
                f"ask {judged.written('ask', ask[row])}"
            ),
        )
        self._watch_hours(judged, name, ts)
        judged.ascending(name, ts, self.last_ts)
        return QuoteSlice(
            self._market.instrument, start, ts, bid, ask, bid_size, ask_size, ts_event
        )

    def _trades(self, judged: Judged, start: int) -> TradeSlice:
        name, ts, ts_event = self._times(judged)
        price, size, side = judged.number("price"), judged.number("size"), judged.side()
        judged.positive("price", price)
        judged.positive("size", size)
        if judged.has(AUCTION):
            auction = judged.word(AUCTION)
            side = np.where(auction != 0, auction, side)
        self._watch_hours(judged, name, ts)
        judged.ascending(name, ts, self.last_ts)
        return TradeSlice(self._market.instrument, start, ts, price, size, side, ts_event)

    def _depth(self, judged: Judged, start: int) -> DepthSlice:
        name, ts, ts_event = self._times(judged)
        price, size, side = judged.number("price"), judged.number("size"), judged.side()
        flags = judged.number("flags")
        judged.not_negative("size", size)
        judged.blame(
            (price > 0) != (side != 0),
            "bad_level",
            "price",
            lambda row: (
                f"the price {judged.written('price', price[row])} is no level's: levels "
                "have a price above 0, a row of no side has 0"
            ),
        )
        judged.blame(
            (side == 0) & (size > 0), "bad_level", "size", lambda _: "a row of no side has a size"
        )
        judged.blame(
            (flags < 0) | (flags > ALL_FLAGS),
            "bad_flags",
            "flags",
            lambda row: f"{int(flags[row])} are no flags",
        )
        numbers = {ours: self._sequence(judged, ours, len(ts)) for ours in SEQUENCE}
        self._watch_hours(judged, name, ts)
        judged.ascending(name, ts, self.last_ts)
        instrument = self._market.instrument
        return DepthSlice(
            instrument, start, ts, side, price, size, flags, **numbers, ts_event=ts_event
        )

    def _orders(self, judged: Judged, start: int) -> BookOrderSlice:
        name, ts, ts_event = self._times(judged)
        columns = order_columns(judged, self._begun)
        self._begun = begun_by(columns["flags"], self._begun)
        numbers = {ours: self._sequence(judged, ours, len(ts)) for ours in ("seq", "prev_seq")}
        self._watch_hours(judged, name, ts)
        judged.ascending(name, ts, self.last_ts)
        return BookOrderSlice(
            self._market.instrument, start, ts, **columns, **numbers, ts_event=ts_event
        )

    def _status(self, judged: Judged, start: int) -> StatusSlice:
        name, ts, ts_event = self._times(judged)
        event = judged.word(EVENT)
        lower, upper = (
            judged.number(ours, blank=True) if judged.has(ours) else np.zeros(len(ts), np.int64)
            for ours in BANDS
        )
        judged.blame(
            (lower < 0) | ((upper != 0) & (lower > upper)),
            "bad_bands",
            "lower",
            lambda row: (
                f"the lower band {judged.written('lower', lower[row])} is below zero, "
                "or above the upper"
            ),
        )
        self._watch_hours(judged, name, ts)
        judged.ascending(name, ts, self.last_ts)
        return StatusSlice(self._market.instrument, start, ts, event, lower, upper, ts_event)

    def _sequence(self, judged: Judged, ours: str, rows: int) -> IntColumn:
        if not judged.has(ours):
            return np.full(rows, NO_SEQ, dtype=np.int64)
        numbers = judged.number(ours)
        judged.blame(
            numbers < NO_SEQ,
            "bad_sequence",
            ours,
            lambda row: f"{int(numbers[row])} is no sequence number",
        )
        return numbers

    def _bars(self, judged: Judged, start: int) -> BarSlice:
        name = next(cell.ours for cell in self._cells if cell.is_time)
        opens, closes = self._interval_columns(judged, name)
        prices = [judged.number(price) for price in _PRICES]
        volume = judged.number("volume")
        for ours, column in zip(_PRICES, prices, strict=True):
            judged.positive(ours, column)
        judged.not_negative("volume", volume)
        open_, high, low, close = prices
        for ours, wrong in (
            ("low", low > np.minimum(open_, close)),
            ("high", high < np.maximum(open_, close)),
        ):
            judged.blame(
                wrong,
                "impossible_bar",
                ours,
                lambda row: (
                    "the bar is impossible: "
                    + ", ".join(
                        f"{label} {judged.written(label, column[row])}"
                        for label, column in zip(_PRICES, prices, strict=True)
                    )
                ),
            )
        self._watch_hours(judged, name, opens)
        judged.ascending(name, closes, self.last_ts)
        judged.apart(name, opens, closes, self.last_ts)
        return BarSlice(
            self._market.instrument, start, closes, opens, open_, high, low, close, volume
        )

    def _interval_columns(self, judged: Judged, name: str) -> tuple[IntColumn, IntColumn]:
        assert self._intervals is not None
        labels = judged.time(name)
        opens, closes, known = self._intervals.of(labels)
        judged.blame(
            ~known,
            # A day on which the exchange does not trade is a row outside its hours.
            self._intervals.reason if self._hours is None else "off_hours",
            name,
            lambda row: self._intervals.explain(int(labels[row])) if self._intervals else "",
        )
        return opens, closes

    def _watch_hours(self, judged: Judged, name: str, moments: IntColumn) -> None:
        if self._hours is not None:
            judged.blame(
                self._hours.closed(moments),
                "off_hours",
                name,
                lambda row: f"{self._calendar.name} is closed at {iso(int(moments[row]))}",
            )


class Hours:
    """A calendar's trading hours, asked for many moments at once."""

    def __init__(self, calendar: TradingCalendar) -> None:
        self._always = calendar.always_open
        opens, closes = calendar.spans()
        self._opens = np.array(opens, dtype=np.int64)
        self._closes = np.array(closes, dtype=np.int64)

    def closed(self, moments: IntColumn) -> BoolColumn:
        """Where no session is open, breaks included."""
        if self._always:
            return np.zeros(len(moments), dtype=np.bool_)
        session = np.searchsorted(self._opens, moments, side="right") - 1
        return (session < 0) | (moments >= self._closes[np.maximum(session, 0)])


def _take(rows: SourceSlice, keep: BoolColumn) -> SourceSlice:
    if bool(keep.all()):
        return rows
    columns = {name: getattr(rows, name)[keep] for name in rows.present}
    return type(rows)(rows.instrument, rows.start, **columns)
