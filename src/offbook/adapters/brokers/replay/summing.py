"""Rows of a recording summed up in bars of a fixed length, piece by piece."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from offbook.domain.instruments import Instrument
from offbook.domain.market_data import BarSlice, IntColumn, QuoteSlice, SourceSlice, StatusSlice
from offbook.domain.values import MAX_UNITS


class _Open(NamedTuple):
    """A bar that has not ended: its interval's number, four prices and its volume."""

    number: int
    open: int
    high: int
    low: int
    close: int
    volume: int


class BarSummer:
    """Makes bars of quotes, prints or shorter bars, by the rules of bars built in a session.

    Intervals are aligned to the epoch UTC.  Quotes give their middle, where it falls on half a
    price unit the lower one, and no volume.  An interval without rows makes no bar.
    """

    def __init__(self, instrument: Instrument, timeframe_ns: int) -> None:
        self._instrument = instrument
        self._timeframe = timeframe_ns
        self._growing: _Open | None = None

    def take(self, piece: SourceSlice) -> BarSlice | None:
        """The bars that ended with this piece, if any; its rows follow those taken before."""
        back = 1 if isinstance(piece, BarSlice) else 0
        numbers = (piece.ts - back) // self._timeframe
        starts = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
        opened, high, low, closed, volume = _columns(piece)
        ends = np.append(starts[1:], len(piece)) - 1
        bars = [
            _Open(*values)
            for values in zip(
                numbers[starts].tolist(),
                opened[starts].tolist(),
                np.maximum.reduceat(high, starts).tolist(),
                np.minimum.reduceat(low, starts).tolist(),
                closed[ends].tolist(),
                _sums(volume, starts),
                strict=True,
            )
        ]
        before = self._growing
        if before is not None:
            bars = [_joined(before, bars[0]), *bars[1:]] if before.number == bars[0].number else [
                before, *bars,
            ]  # fmt: skip
        self._growing = bars.pop()
        return self._slice(bars) if bars else None

    def finish(self) -> BarSlice | None:
        """The last bar, if there was a row at all."""
        growing, self._growing = self._growing, None
        return None if growing is None else self._slice([growing])

    def _slice(self, bars: list[_Open]) -> BarSlice:
        numbers, *columns = (np.array(column, np.int64) for column in zip(*bars, strict=True))
        opens = numbers * self._timeframe
        return BarSlice(self._instrument, 0, opens + self._timeframe, opens, *columns)


def _joined(one: _Open, other: _Open) -> _Open:
    return one._replace(
        high=max(one.high, other.high),
        low=min(one.low, other.low),
        close=other.close,
        volume=one.volume + other.volume,
    )


def _columns(
    piece: SourceSlice,
) -> tuple[IntColumn, IntColumn, IntColumn, IntColumn, IntColumn]:
    if isinstance(piece, BarSlice):
        return piece.open_px, piece.high_px, piece.low_px, piece.close_px, piece.volume_qty
    if isinstance(piece, QuoteSlice):
        middle = (piece.bid_px + piece.ask_px) // 2  # both are below 2**62
        return middle, middle, middle, middle, np.zeros(len(piece), np.int64)
    if isinstance(piece, StatusSlice):
        raise TypeError("a status has no prices to sum up")
    price = piece.price_px
    return price, price, price, price, piece.size_qty


def _sums(volume: IntColumn, starts: IntColumn) -> list[int]:
    """The sum of each stretch, exact also where it exceeds int64."""
    if int(volume.max()) < MAX_UNITS // len(volume):
        sums: list[int] = np.add.reduceat(volume, starts).tolist()
        return sums
    return [sum(part.tolist()) for part in np.split(volume, starts[1:])]
