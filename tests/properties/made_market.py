"""Rows made step by step from moves, in the form of the reference and in that of the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from tests.properties.made_books import MadeBook
from tests.properties.made_orders import MadeOrders
from tests.properties.market_cases import Setup
from tests.properties.row_cases import (
    BarRow,
    LineRow,
    MadeRow,
    MessageRow,
    Move,
    OrderLine,
    PrintRow,
    QuoteRow,
    StatusRow,
    rows_in,
)

from offbook.domain.config import BookStart
from offbook.domain.market_data import (
    BarSlice,
    BookOrderSlice,
    DataKind,
    DepthSlice,
    MarketSlice,
    MergedSlice,
    QuoteSlice,
    SourceSlice,
    StatusSlice,
    TradeSlice,
)

COLUMNS: dict[DataKind, tuple[type[Any], *tuple[tuple[str, ...], ...]]] = {
    DataKind.QUOTES: (QuoteSlice, ("ts",), ("bid", "ask"), ("bid_size", "ask_size"), ()),
    DataKind.TRADES: (TradeSlice, ("ts",), ("price",), ("size",), ("code",)),
    DataKind.STATUS: (StatusSlice, ("ts", "code"), ("lower", "upper"), (), ()),
    DataKind.BARS: (
        BarSlice,
        ("ts", "opened"),
        ("open", "high", "low", "close"),
        ("volume",),
        (),
    ),
    DataKind.DEPTH: (
        DepthSlice,
        ("ts", "side"),
        ("price",),
        ("size",),
        ("flags", "first", "last", "prev"),
    ),
    DataKind.ORDERS: (
        BookOrderSlice,
        ("ts", "action", "side"),
        ("price",),
        ("size",),
        ("order_id", "flags", "last", "prev"),
    ),
}

Line = BarRow | QuoteRow | PrintRow | StatusRow | LineRow | OrderLine
"""A row of the market's columns."""


_KINDS: dict[type[MadeRow | Line], DataKind] = {
    LineRow: DataKind.DEPTH,
    OrderLine: DataKind.ORDERS,
    QuoteRow: DataKind.QUOTES,
    PrintRow: DataKind.TRADES,
    BarRow: DataKind.BARS,
    StatusRow: DataKind.STATUS,
}


class MadeMarket:
    """The last row and the next ones; a row that was not taken did not happen."""

    def __init__(self, setup: Setup) -> None:
        self.ts = setup.start - setup.timeframe
        self.from_ts = setup.start
        self.taken = 0
        self.parts = [OneMarket(part, self) for part in setup.parts]
        self._sources = [(part, kind) for part in self.parts for kind in part.setup.sources]

    def rows(self, moves: tuple[Move, ...]) -> list[MadeRow]:
        """The rows after the last one."""
        made: list[MadeRow] = []
        before = self.ts, self.from_ts, self.taken
        parts = [(part.bid, part.bar_ts, part.book) for part in self.parts]
        for move in moves:
            part = self.parts[move.place % len(self.parts)]
            row = part.row(move)
            made.append(row)
            self.took(row)
        self.ts, self.from_ts, self.taken = before
        for part, (bid, bar_ts, book) in zip(self.parts, parts, strict=True):
            part.bid, part.bar_ts, part.book = bid, bar_ts, book
        return made

    def took(self, row: MadeRow) -> None:
        """A row has been taken."""
        self.ts = self.from_ts = row.ts
        self.taken += rows_in(row)
        self.part_of(row).took(row)

    def part_of(self, row: MadeRow | Line) -> OneMarket:
        """Of which instrument a row is."""
        return next(part for part in self.parts if part.symbol == row.symbol)

    def slice_of(self, made: list[MadeRow], start: int) -> MarketSlice:
        """The same rows in columns."""
        rows = [line for row in made for line in _lines(row)]
        if len(self._sources) == 1:
            piece = self.parts[0].piece(self._sources[0][1], rows)
            piece.start = start
            piece.check()
            return piece
        of = [(self.part_of(row), _KINDS[type(row)]) for row in rows]
        which = [self._sources.index(its) for its in of]
        merged = MergedSlice(
            start,
            np.array([row.ts for row in rows], np.int64),
            np.array(which, np.int64),
            np.array([which[:place].count(which[place]) for place in range(len(rows))], np.int64),
            tuple(
                part.piece(
                    kind, [row for row, its in zip(rows, of, strict=True) if its == (part, kind)]
                )
                for part, kind in self._sources
            ),
        )
        merged.check()
        return merged


class OneMarket:
    """The market of one instrument."""

    def __init__(self, setup: Setup, whole: MadeMarket) -> None:
        self.setup = setup
        self.symbol = setup.instrument.symbol
        self.whole = whole
        self._instrument = setup.instrument
        self.bid = int(Fraction(setup.first_price) * 10**setup.instrument.price_precision)
        self.bar_ts = whole.ts
        made = MadeOrders if DataKind.ORDERS in setup.kinds else MadeBook
        heals = setup.venue.book_start is BookStart.SNAPSHOT
        self.book: MadeBook | MadeOrders = made(heals=heals)

    @property
    def from_ts(self) -> int:
        """The time before which no row comes any more."""
        return self.whole.from_ts

    def row(self, move: Move) -> MadeRow:
        """The next one."""
        return self._maker(move)(self.whole.taken, move, self.whole.ts, self.bid)

    def took(self, row: MadeRow) -> None:
        """It was taken."""
        self.bid = self._last_bid(row, self.bid)
        if isinstance(row, BarRow):
            self.bar_ts = row.ts
        if isinstance(row, MessageRow):
            assert isinstance(row.after, MadeBook | MadeOrders)
            self.book = row.after

    def _maker(self, move: Move) -> Callable[[int, Move, int, int], MadeRow]:
        if move.event and self.setup.status:
            return self._status
        kinds = self.setup.kinds
        kind = kinds[move.other % len(kinds)]
        makers: dict[DataKind, Callable[[int, Move, int, int], MadeRow]] = {
            DataKind.BARS: self._bar,
            DataKind.TRADES: self._print,
            DataKind.QUOTES: self._quote,
            DataKind.DEPTH: self._message,
            DataKind.ORDERS: self._message,
        }
        return makers[kind]

    def _last_bid(self, row: MadeRow, before: int) -> int:
        """What comes beside other rows moves no price; a status never does."""
        if isinstance(row, MessageRow):
            return int(row.bid * self._price_scale)
        if isinstance(row, StatusRow) or _KINDS[type(row)] is not self.setup.kinds[0]:
            return before
        if isinstance(row, PrintRow):
            return int(row.price * self._price_scale)
        price = row.close if isinstance(row, BarRow) else row.bid
        return int(price * self._price_scale)

    def piece(self, kind: DataKind, rows: list[Line]) -> SourceSlice:
        """Rows of one kind in columns."""
        make, times, prices, sizes, plain = COLUMNS[kind]
        columns = [[getattr(row, name) for row in rows] for name in times]
        for names, scale in ((prices, self._price_scale), (sizes, self._size_scale), (plain, 1)):
            columns += [[int((getattr(row, name) or 0) * scale) for row in rows] for name in names]
        arrays = [np.array(column, dtype=np.int64) for column in columns]
        made: SourceSlice = make(self._instrument, 0, *arrays)
        if kind in {DataKind.DEPTH, DataKind.TRADES} and self._tells_both_times:
            events = [getattr(row, "event", None) for row in rows]
            made.ts_event = np.array(events, dtype=np.int64)
        return made

    @property
    def _price_scale(self) -> int:
        return int(10**self._instrument.price_precision)

    @property
    def _size_scale(self) -> int:
        return int(10**self._instrument.qty_precision)

    def _price(self, units: int) -> Fraction:
        return Fraction(max(units, 1), self._price_scale)

    def _size(self, lots: int, odd: int) -> Fraction:
        return Fraction(lots * self._instrument.lot_units + odd, self._size_scale)

    def _quote(self, number: int, move: Move, last_ts: int, last_bid: int) -> QuoteRow:
        tick = self._instrument.tick_units
        gap = 1 if move.gap < 0 else move.gap * self.setup.timeframe // 10
        bid = max(last_bid // tick * tick + move.shift * tick + move.odd * (tick // 2), 1)
        return QuoteRow(
            symbol=self.symbol,
            number=number,
            ts=max(last_ts + gap, self.from_ts),
            bid=self._price(bid),
            ask=self._price(bid + move.spread * tick),
            bid_size=self._size(move.size, move.odd),
            ask_size=self._size(move.other, move.odd),
        )

    def _message(self, number: int, move: Move, last_ts: int, last_bid: int) -> MessageRow:
        tick = self._instrument.tick_units
        gap = 1 if move.gap < 0 else move.gap * self.setup.timeframe // 10
        bid = last_bid // tick * tick + move.shift * tick + move.odd * (tick // 2)
        bid = max(bid, 1)
        ts = max(last_ts + gap, self.from_ts)
        made = self.book.message(move, self._instrument, number, ts, bid)
        if not self._tells_both_times:
            return made
        event = ts - move.reach // 3 * self.setup.timeframe
        lines = tuple(
            replace(line, event=event) for line in made.lines if isinstance(line, LineRow)
        )
        return replace(made, event=event, lines=lines)

    @property
    def _tells_both_times(self) -> bool:
        """Whether rows tell when they were at the venue, for some were later than others there."""
        late = self.setup.venue.latency.shows_late
        return DataKind.DEPTH in self.setup.kinds and self.setup.seed % 3 > 0 and not late

    def _print(self, number: int, move: Move, last_ts: int, last_px: int) -> PrintRow:
        tick = self._instrument.tick_units
        gap = 1 if move.gap < 0 else move.gap * self.setup.timeframe // 10
        beside = move.spread - move.reach if self.setup.kinds[0] is not DataKind.TRADES else 0
        px = last_px // tick * tick + (move.shift + beside) * tick + move.odd * (tick // 2)
        mark = move.mark if self.setup.marked else ""
        ts = max(last_ts + gap, self.from_ts)
        ago = 2 * move.spread * self.setup.timeframe if self._tells_both_times else None
        return PrintRow(
            symbol=self.symbol,
            number=number,
            ts=ts,
            event=None if ago is None else ts - ago,
            price=self._price(px),
            size=self._size(max(move.size, 1), move.odd),
            took=0 if mark else move.other % 3 - 1,
            mark=mark,
        )

    def _status(self, number: int, move: Move, last_ts: int, last_px: int) -> StatusRow:
        tick = self._instrument.tick_units
        bands = [last_px // tick * tick + (move.shift + n * move.reach) * tick for n in (-2, 1)]
        lower, upper = (self._price(band) for band in bands)
        told = move.event == "bands"
        return StatusRow(
            symbol=self.symbol,
            number=number,
            ts=max(last_ts + max(move.gap * self.setup.timeframe // 40, 0), self.from_ts),
            event=move.event,
            lower=lower if told and move.size else None,
            upper=upper if told and move.other else None,
        )

    def _bar(self, number: int, move: Move, last_ts: int, last_close: int) -> BarRow:
        tick, length = self._instrument.tick_units, self.setup.timeframe
        gap = length if move.gap > 10 else 0
        ends = self.bar_ts + gap + length
        late = max(self.from_ts - ends, 0)
        ends += (late + length - 1) // length * length
        opened = last_close // tick * tick + move.shift * tick + move.odd * (tick // 2)
        opened = max(opened, 7 * tick)
        close = opened + (move.other % 5 - 2) * tick
        return BarRow(
            symbol=self.symbol,
            number=number,
            ts=ends,
            opened=ends - length,
            open=self._price(opened),
            high=self._price(max(opened, close) + 2 * move.reach * tick),
            low=self._price(min(opened, close) - 2 * move.spread * tick),
            close=self._price(close),
            volume=self._size(8 * move.size, move.odd),
        )


def _lines(row: MadeRow) -> tuple[Line, ...]:
    """The rows of the market that it is."""
    return row.lines if isinstance(row, MessageRow) else (row,)
