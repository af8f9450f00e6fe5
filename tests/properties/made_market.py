"""Rows made step by step from moves, in the form of the reference and in that of the engine."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from tests.properties.market_cases import BASE, BarRow, Move, QuoteRow, Setup

from offbook.domain.market_data import BarSlice, MarketSlice, QuoteSlice


class MadeMarket:
    """The last row and the next ones; a row that was not taken did not happen."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._instrument = setup.instrument
        base = Fraction(BASE[setup.instrument.symbol])
        self.bid = int(base * 10**setup.instrument.price_precision)
        self.ts = setup.start - setup.timeframe
        self.from_ts = setup.start
        self.taken = 0

    def rows(self, moves: tuple[Move, ...]) -> list[QuoteRow | BarRow]:
        """The rows after the last one."""
        made: list[QuoteRow | BarRow] = []
        ts, bid = self.ts, self.bid
        make = self._bar if self._setup.bars else self._quote
        for number, move in enumerate(moves, self.taken):
            row = make(number, move, ts, bid)
            made.append(row)
            ts = row.ts
            bid = self._last_bid(row)
        return made

    def took(self, row: QuoteRow | BarRow) -> None:
        """A row has been taken."""
        self.ts = self.from_ts = row.ts
        self.taken += 1
        self.bid = self._last_bid(row)

    def _last_bid(self, row: QuoteRow | BarRow) -> int:
        price = row.close if isinstance(row, BarRow) else row.bid
        return int(price * self._price_scale)

    def slice_of(self, rows: list[QuoteRow | BarRow], start: int) -> MarketSlice:
        """The same rows in columns."""
        kind = BarSlice if self._setup.bars else QuoteSlice
        prices = ("open", "high", "low", "close") if self._setup.bars else ("bid", "ask")
        sizes = ("volume",) if self._setup.bars else ("bid_size", "ask_size")
        times = ("ts", "opened") if self._setup.bars else ("ts",)
        columns = [[getattr(row, name) for row in rows] for name in times]
        for names, scale in ((prices, self._price_scale), (sizes, self._size_scale)):
            columns += [[int(getattr(row, name) * scale) for row in rows] for name in names]
        arrays = [np.array(column, dtype=np.int64) for column in columns]
        piece = kind(self._instrument, start, *arrays)
        piece.check()
        return piece

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
        gap = 1 if move.gap < 0 else move.gap * self._setup.timeframe // 10
        bid = max(last_bid // tick * tick + move.shift * tick + move.odd * (tick // 2), 1)
        return QuoteRow(
            number=number,
            ts=max(last_ts + gap, self.from_ts),
            bid=self._price(bid),
            ask=self._price(bid + move.spread * tick),
            bid_size=self._size(move.size, move.odd),
            ask_size=self._size(move.other, move.odd),
        )

    def _bar(self, number: int, move: Move, last_ts: int, last_close: int) -> BarRow:
        tick, length = self._instrument.tick_units, self._setup.timeframe
        gap = length if move.gap > 10 else 0
        ends = last_ts + gap + length
        late = max(self.from_ts - ends, 0)
        ends += (late + length - 1) // length * length
        opened = last_close // tick * tick + move.shift * tick + move.odd * (tick // 2)
        opened = max(opened, 4 * tick)
        close = opened + (move.other % 5 - 2) * tick
        return BarRow(
            number=number,
            ts=ends,
            opened=ends - length,
            open=self._price(opened),
            high=self._price(max(opened, close) + move.reach * tick),
            low=self._price(min(opened, close) - move.spread * tick),
            close=self._price(close),
            volume=self._size(move.size, move.odd),
        )
