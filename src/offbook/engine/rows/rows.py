"""Rows out of columns: the objects that strategies see.

No numpy scalar leaves here: everything handed out is a Python int or float.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any, Final

import numpy as np

from offbook.domain.instruments import Instrument
from offbook.domain.market_data import (
    Bar,
    BarSlice,
    BookOrderSlice,
    BookOrderUpdate,
    DepthSlice,
    DepthUpdate,
    IntColumn,
    MergedSlice,
    Quote,
    QuoteSlice,
    SourceSlice,
    StatusSlice,
    StatusUpdate,
    Trade,
    TradeSlice,
)
from offbook.domain.orders import Auction, OrderSide
from offbook.domain.status import EVENTS
from offbook.domain.values import POWERS_OF_TEN
from offbook.engine.market.price_table import PriceTable

PriceRow = Quote | Trade | Bar
"""A row that says a price."""
BookUpdate = DepthUpdate | BookOrderUpdate
"""A row of which a book is made."""
Row = PriceRow | BookUpdate | StatusUpdate

_AGGRESSOR: Final = {1: OrderSide.BUY, -1: OrderSide.SELL, 0: None, 2: None, 3: None, 4: None}
_AGGRESSORS: Final = np.array([None, OrderSide.BUY, None, None, None, OrderSide.SELL], object)
"""The same by place; -1 is the last one's."""
_AUCTION: Final = {2: Auction.OPENING, 3: Auction.CLOSING, 4: Auction.REOPENING}


def side_of(aggressor: int) -> OrderSide | None:
    """Which side took, as a slice of prints tells it."""
    return _AGGRESSOR[aggressor]


def auction_of(aggressor: int) -> Auction | None:
    """The auction whose official price a print is, as a slice of prints tells it."""
    return _AUCTION.get(aggressor)


def made_rows(piece: SourceSlice) -> list[Any] | None:
    """The rows of a slice as objects, where those who share it have had them made."""
    if piece.made is None or piece.numbers is not None:
        return None
    return piece.made.of(piece.start, len(piece))


def _numbers(
    columns: Sequence[IntColumn],
    low: IntColumn,
    high: IntColumn,
    instrument: Instrument,
    table: PriceTable | None,
) -> tuple[list[list[float]], list[list[int]]]:
    """Prices of each column as floats, and as integers, out of a table where there is one."""
    found = None if table is None else table.numbers(columns, low, high)
    if found is not None:
        return found
    scale = 10**instrument.price_precision
    floats = [(column / scale).tolist() for column in columns]
    return floats, [column.tolist() for column in columns]


def each_quote(piece: QuoteSlice, table: PriceTable | None = None) -> Iterator[Quote]:
    """The rows of a slice as objects, each made when it is asked for."""
    if (made := made_rows(piece)) is not None:
        return iter(made)
    sides = (piece.bid_px, piece.ask_px)
    floats, units = _numbers(sides, *sides, piece.instrument, table)
    return map(
        Quote,
        piece.ts.tolist(),
        *floats,
        *units,
        piece.bid_qty.tolist(),
        piece.ask_qty.tolist(),
        repeat(None) if piece.ts_event is None else piece.ts_event.tolist(),
        piece.positions(),
        repeat(piece.instrument),
    )


def tick_at(piece: QuoteSlice | TradeSlice, place: int, row: int | None = None) -> Quote | Trade:
    """One row of a slice as an object, without the detour over columns; at its position in the
    market, or at ``row``."""
    instrument = piece.instrument
    scale = float(POWERS_OF_TEN[instrument.price_precision])
    ts, row = piece.ts.item(place), piece.position(place) if row is None else row
    event = None if piece.ts_event is None else piece.ts_event.item(place)
    if isinstance(piece, TradeSlice):
        px = piece.price_px.item(place)
        took = piece.aggressor.item(place)
        side, auction = _AGGRESSOR[took], _AUCTION.get(took)
        size = piece.size_qty.item(place)
        return Trade(ts, float(px) / scale, px, size, side, event, row, instrument, auction)
    bid_px, ask_px = piece.bid_px.item(place), piece.ask_px.item(place)
    bid, ask = float(bid_px) / scale, float(ask_px) / scale
    bid_qty, ask_qty = piece.bid_qty.item(place), piece.ask_qty.item(place)
    return Quote(ts, bid, ask, bid_px, ask_px, bid_qty, ask_qty, event, row, instrument)


def update_at(piece: DepthSlice, place: int, row: int) -> DepthUpdate:
    """The same of a book's updates."""
    return DepthUpdate(
        int(piece.ts[place]),
        int(piece.side[place]),
        int(piece.price_px[place]),
        int(piece.size_qty[place]),
        int(piece.flags[place]),
        int(piece.first_seq[place]),
        int(piece.last_seq[place]),
        int(piece.prev_seq[place]),
        None if piece.ts_event is None else int(piece.ts_event[place]),
        row,
        piece.instrument,
    )


def order_update_at(piece: BookOrderSlice, place: int, row: int) -> BookOrderUpdate:
    """The same of what happened to an order."""
    return BookOrderUpdate(
        int(piece.ts[place]),
        int(piece.action[place]),
        int(piece.side[place]),
        int(piece.price_px[place]),
        int(piece.size_qty[place]),
        int(piece.order_id[place]),
        int(piece.flags[place]),
        int(piece.seq[place]),
        int(piece.prev_seq[place]),
        None if piece.ts_event is None else int(piece.ts_event[place]),
        row,
        piece.instrument,
    )


def merged_row(piece: MergedSlice, place: int) -> tuple[int, Row]:
    """One row of a merged slice as an object, and its source."""
    source, index, row = int(piece.which[place]), int(piece.index[place]), piece.start + place
    part = piece.pieces[source]
    if isinstance(part, DepthSlice):
        return source, update_at(part, index, row)
    if isinstance(part, BookOrderSlice):
        return source, order_update_at(part, index, row)
    if isinstance(part, BarSlice | StatusSlice):
        numbers = np.array([row], np.int64)
        return source, next(each_row(part.rows(index, index + 1).numbered(numbers)))
    return source, tick_at(part, index, row)


def each_trade(piece: TradeSlice, table: PriceTable | None = None) -> Iterator[Trade]:
    """The rows of a slice as objects, each made when it is asked for."""
    if (made := made_rows(piece)) is not None:
        return iter(made)
    px = piece.price_px
    (floats,), (units,) = _numbers((px,), px, px, piece.instrument, table)
    columns = (
        piece.ts.tolist(),
        floats,
        units,
        piece.size_qty.tolist(),
        _AGGRESSORS.take(piece.aggressor).tolist(),
        repeat(None) if piece.ts_event is None else piece.ts_event.tolist(),
        piece.positions(),
        repeat(piece.instrument),
    )
    if len(piece) and int(piece.aggressor.max()) > 1:
        return map(Trade, *columns, map(_AUCTION.get, piece.aggressor.tolist()))
    return map(Trade, *columns)


def each_bar(piece: BarSlice, table: PriceTable | None = None) -> Iterator[Bar]:
    """The rows of a slice as objects, each made when it is asked for."""
    if (made := made_rows(piece)) is not None:
        return iter(made)
    prices = (piece.open_px, piece.high_px, piece.low_px, piece.close_px)
    floats, units = _numbers(prices, piece.low_px, piece.high_px, piece.instrument, table)
    return map(
        Bar,
        piece.ts.tolist(),
        piece.ts_open.tolist(),
        *floats,
        *units,
        piece.volume_qty.tolist(),
        piece.positions(),
        repeat(piece.instrument),
    )


def each_update(piece: DepthSlice) -> Iterator[DepthUpdate]:
    """The rows of a slice as objects, each made when it is asked for."""
    events = repeat(None) if piece.ts_event is None else piece.ts_event.tolist()
    return map(
        DepthUpdate,
        *(getattr(piece, name).tolist() for name in piece.COLUMNS),
        events,
        piece.positions(),
        repeat(piece.instrument),
    )


def each_order_update(piece: BookOrderSlice) -> Iterator[BookOrderUpdate]:
    """The rows of a slice as objects, each made when it is asked for."""
    events = repeat(None) if piece.ts_event is None else piece.ts_event.tolist()
    return map(
        BookOrderUpdate,
        *(getattr(piece, name).tolist() for name in piece.COLUMNS),
        events,
        piece.positions(),
        repeat(piece.instrument),
    )


def each_book_update(piece: DepthSlice | BookOrderSlice) -> Iterator[BookUpdate]:
    """The rows of which a book is made as objects."""
    return each_update(piece) if isinstance(piece, DepthSlice) else each_order_update(piece)


def each_status(piece: StatusSlice) -> Iterator[StatusUpdate]:
    """The rows of a slice as objects, each made when it is asked for."""
    events = repeat(None) if piece.ts_event is None else piece.ts_event.tolist()
    return map(
        StatusUpdate,
        piece.ts.tolist(),
        map(EVENTS.__getitem__, piece.event.tolist()),
        piece.lower_px.tolist(),
        piece.upper_px.tolist(),
        events,
        piece.positions(),
        repeat(piece.instrument),
    )


def each_row(piece: SourceSlice) -> Iterator[Row]:
    """The rows of a slice as objects, each made when it is asked for."""
    if isinstance(piece, DepthSlice | BookOrderSlice):
        return each_book_update(piece)
    if isinstance(piece, StatusSlice):
        return each_status(piece)
    if isinstance(piece, QuoteSlice):
        return each_quote(piece)
    return each_trade(piece) if isinstance(piece, TradeSlice) else each_bar(piece)


def rows_of(piece: SourceSlice) -> list[Row]:
    """All rows of a slice as objects."""
    return list(each_row(piece))


def merged_rows(piece: MergedSlice) -> Iterator[tuple[int, Row]]:
    """All rows of a merged slice as objects, in order, each with its source."""
    rows: dict[int, Iterator[Row]] = {}
    for source, part in piece.parts():
        rows[source] = each_row(part)
    for source in piece.which.tolist():
        yield source, next(rows[source])
