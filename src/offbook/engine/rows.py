"""Rows out of columns: the objects that strategies see.

No numpy scalar leaves here: everything handed out is a Python int or float.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import Final

from offbook.domain.market_data import (
    Bar,
    BarSlice,
    MergedSlice,
    Quote,
    QuoteSlice,
    SourceSlice,
    Trade,
    TradeSlice,
)
from offbook.domain.orders import OrderSide

Row = Quote | Trade | Bar

_AGGRESSOR: Final = {1: OrderSide.BUY, -1: OrderSide.SELL, 0: None}


def quotes_of(piece: QuoteSlice) -> list[Quote]:
    """All rows of a slice as objects."""
    scale = 10**piece.instrument.price_precision
    events = repeat(None) if piece.ts_event is None else piece.ts_event.tolist()
    return list(
        map(
            Quote,
            piece.ts.tolist(),
            (piece.bid_px / scale).tolist(),
            (piece.ask_px / scale).tolist(),
            piece.bid_px.tolist(),
            piece.ask_px.tolist(),
            piece.bid_qty.tolist(),
            piece.ask_qty.tolist(),
            events,
            piece.positions(),
            repeat(piece.instrument),
        )
    )


def trades_of(piece: TradeSlice) -> list[Trade]:
    """All rows of a slice as objects."""
    events = repeat(None) if piece.ts_event is None else piece.ts_event.tolist()
    return list(
        map(
            Trade,
            piece.ts.tolist(),
            (piece.price_px / 10**piece.instrument.price_precision).tolist(),
            piece.price_px.tolist(),
            piece.size_qty.tolist(),
            map(_AGGRESSOR.__getitem__, piece.aggressor.tolist()),
            events,
            piece.positions(),
            repeat(piece.instrument),
        )
    )


def bars_of(piece: BarSlice) -> list[Bar]:
    """All rows of a slice as objects."""
    scale = 10**piece.instrument.price_precision
    prices = (piece.open_px, piece.high_px, piece.low_px, piece.close_px)
    return list(
        map(
            Bar,
            piece.ts.tolist(),
            piece.ts_open.tolist(),
            *[(column / scale).tolist() for column in prices],
            *[column.tolist() for column in prices],
            piece.volume_qty.tolist(),
            piece.positions(),
            repeat(piece.instrument),
        )
    )


def rows_of(piece: SourceSlice) -> list[Quote] | list[Trade] | list[Bar]:
    """All rows of a slice as objects."""
    if isinstance(piece, QuoteSlice):
        return quotes_of(piece)
    return trades_of(piece) if isinstance(piece, TradeSlice) else bars_of(piece)


def merged_rows(piece: MergedSlice) -> Iterator[tuple[int, Row]]:
    """All rows of a merged slice as objects, in order, each with its source."""
    rows: dict[int, Iterator[Row]] = {}
    for source, part in piece.parts():
        rows[source] = iter(rows_of(part))
    for source in piece.which.tolist():
        yield source, next(rows[source])
