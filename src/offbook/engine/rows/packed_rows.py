"""Rows of which the floats that most strategies read are made, and nothing else.

All other numbers stay packed in eight bytes each until somebody asks: to make each of them for
every row costs more than all else that is done for it.  A packed row is a ``Quote``, ``Trade`` or
``Bar`` like any other, equal to the whole one; it keeps the numbers of its group of rows.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from itertools import repeat
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec
import numpy as np

from offbook.domain.instruments import Instrument
from offbook.domain.market_data import (
    Bar,
    BarSlice,
    IntColumn,
    Quote,
    QuoteSlice,
    Trade,
    TradeSlice,
)
from offbook.engine.market.price_table import PriceTable
from offbook.engine.rows.rows import auction_of, side_of

T = TypeVar("T", Quote, Trade, Bar)
TickOrBar = QuoteSlice | TradeSlice | BarSlice

_NUMBER: Final = struct.Struct("=q").unpack_from
_NUMBER_BYTES: Final = 8
GROUP: Final = 64
"""So many rows share one pack: all of it is kept as long as one of them is."""
_PLACES: Final = list(range(GROUP))


class PackedLayout:
    """Where in a row of a block each number is, and the instrument of all.

    Counts how often a number was asked for, so that rows may sooner be made whole.
    """

    __slots__ = ("instrument", "offsets", "reads", "scale", "width")

    def __init__(self, instrument: Instrument, names: tuple[str, ...]) -> None:
        self.instrument = instrument
        self.scale = float(10**instrument.price_precision)
        self.offsets = {name: place * _NUMBER_BYTES for place, name in enumerate(names)}
        self.width = len(names) * _NUMBER_BYTES
        self.reads = 0


class RowPack(msgspec.Struct, frozen=True, gc=False):
    """The numbers of a group of rows."""

    layout: PackedLayout
    numbers: bytes

    def number(self, place: int, name: str) -> int:
        """A number of a row."""
        layout = self.layout
        layout.reads += 1
        offset = place * layout.width + layout.offsets[name]
        number: int = _NUMBER(self.numbers, offset)[0]
        return number

    def number_or_none(self, place: int, name: str) -> int | None:
        """The same, where rows need not have it."""
        return self.number(place, name) if name in self.layout.offsets else None


class Packing(NamedTuple, Generic[T]):
    """How rows of one kind are packed: their class, and the floats that are made, by column."""

    whole: type[T]
    packed: Callable[..., T]
    shown: tuple[str, ...]
    unpacked: Callable[[PackedLayout, tuple[int, ...], list[float]], T]
    """Makes a row whole, of all its numbers and the floats that are shown."""


class PackedBlock(Generic[T]):
    """Rows of a slice, ready to be made: ``columns`` are what ``make`` takes for each."""

    __slots__ = ("_floats", "_numbers", "_unpacked", "columns", "layout", "make")

    def __init__(self, piece: TickOrBar, packing: Packing[T], table: PriceTable) -> None:
        events = None if isinstance(piece, BarSlice) else piece.ts_event
        names = (*piece.COLUMNS, "row") if events is None else (*piece.COLUMNS, "row", "ts_event")
        self.make: Callable[..., T] = packing.packed
        self.layout = PackedLayout(piece.instrument, names)
        shown: list[IntColumn] = [getattr(piece, name) for name in packing.shown]
        length = len(piece)
        places, packs = _PLACES * -(-length // GROUP), _packs(piece, self.layout)
        del places[length:], packs[length:]
        self._floats = table.floats(shown)
        self._numbers = struct.Struct(f"={len(names)}q").unpack_from
        self._unpacked: Callable[[PackedLayout, tuple[int, ...], list[float]], T]
        self._unpacked = packing.unpacked
        self.columns: list[list[Any]] = [*self._floats, places, packs]

    def at(self, place: int) -> T:
        """One row, whole."""
        layout, pack = self.layout, self.columns[-1][place]
        numbers = self._numbers(pack.numbers, place % GROUP * layout.width)
        return self._unpacked(layout, numbers, [column[place] for column in self._floats])


def _packs(piece: TickOrBar, layout: PackedLayout) -> list[RowPack]:
    """The pack of each row, and of some more where the last group is not full."""
    length, width = len(piece), len(layout.offsets)
    groups = -(-length // GROUP)
    numbers = np.empty((groups * GROUP, width), np.int64)
    for place, name in enumerate(layout.offsets):
        if name != "row":
            numbers[:length, place] = getattr(piece, name)
        elif piece.numbers is None:
            numbers[:length, place] = np.arange(piece.start, piece.start + length)
        else:
            numbers[:length, place] = piece.numbers
    of_groups = numbers.reshape(groups, GROUP * width).view(f"V{GROUP * layout.width}")
    packs: list[RowPack] = []
    for pack in map(RowPack, repeat(layout), of_groups.ravel().tolist()):
        packs += [pack] * GROUP
    return packs


def _packed(whole: type[T], shown: tuple[str, ...], special: dict[str, Any]) -> Callable[..., T]:
    """A class of rows like ``whole``, made of the floats that are shown, the place in its pack, and
    the pack: what is not shown is read from there, and its own place in the row stays unset."""
    names, kind = whole.__struct_fields__, f"Packed{whole.__name__}"
    unset = msgspec.defstruct(
        kind,
        [(name, Any, msgspec.UNSET) for name in names],
        bases=(whole,),
        frozen=True,
        gc=False,
        kw_only=True,
    )

    def said(row: Any) -> tuple[Any, ...]:
        return tuple(getattr(row, name) for name in names)

    def equal(row: Any, other: object) -> bool:
        return said(row) == said(other) if isinstance(other, whole) else NotImplemented

    def unequal(row: Any, other: object) -> bool:
        # By itself a struct would compare what is packed, which no whole row has.
        return said(row) != said(other) if isinstance(other, whole) else NotImplemented

    def made_whole(row: Any) -> T:
        return whole(*said(row))

    def changed(row: Any, /, **changes: Any) -> T:
        return msgspec.structs.replace(made_whole(row), **changes)

    readers: dict[str, Any] = {
        name: property(special.get(name) or _reader(name)) for name in names if name not in shown
    }
    made: Any = msgspec.defstruct(
        kind,
        [*((name, float) for name in shown), ("_place", int), ("_pack", RowPack)],
        bases=(unset,),
        namespace={
            **readers,
            "__eq__": equal,
            "__ne__": unequal,
            "__hash__": lambda row: hash(made_whole(row)),
            "__repr__": lambda row: repr(made_whole(row)),
            "__rich_repr__": lambda row: made_whole(row).__rich_repr__(),
            "__reduce__": lambda row: (whole, said(row)),
            "__copy__": made_whole,
            "__replace__": changed,
        },
        module=__name__,
        frozen=True,
        gc=False,
    )
    row_class: Callable[..., T] = made
    return row_class


def _reader(name: str) -> Callable[[Any], Any]:
    return lambda row: row._pack.number(row._place, name)


def _float(name: str) -> Callable[[Any], float]:
    column = f"{name}_px"
    return lambda row: float(row._pack.number(row._place, column)) / row._pack.layout.scale


_SPECIAL: Final[dict[str, Any]] = {
    "ts_event": lambda row: row._pack.number_or_none(row._place, "ts_event"),
    "instrument": lambda row: row._pack.layout.instrument,
    "aggressor": lambda row: side_of(row._pack.number(row._place, "aggressor")),
    "auction": lambda row: auction_of(row._pack.number(row._place, "aggressor")),
    "open": _float("open"),
    "high": _float("high"),
    "low": _float("low"),
}


def _quote(layout: PackedLayout, numbers: tuple[int, ...], floats: list[float]) -> Quote:
    ts, bid_px, ask_px, bid_qty, ask_qty, row, *event = numbers
    bid, ask = floats
    instrument = layout.instrument
    return Quote(
        ts, bid, ask, bid_px, ask_px, bid_qty, ask_qty, event[0] if event else None, row, instrument
    )


def _trade(layout: PackedLayout, numbers: tuple[int, ...], floats: list[float]) -> Trade:
    ts, px, size, took, row, *event = numbers
    at = event[0] if event else None
    auction, instrument = auction_of(took), layout.instrument
    return Trade(ts, floats[0], px, size, side_of(took), at, row, instrument, auction)


def _bar(layout: PackedLayout, numbers: tuple[int, ...], floats: list[float]) -> Bar:
    ts, ts_open, *prices, volume, row = numbers
    first, high, low, _ = (float(px) / layout.scale for px in prices)
    opens, highest, lowest, close = prices
    return Bar(
        ts,
        ts_open,
        first,
        high,
        low,
        floats[0],
        opens,
        highest,
        lowest,
        close,
        volume,
        row,
        layout.instrument,
    )


QUOTES: Final = Packing(
    Quote, _packed(Quote, ("bid", "ask"), _SPECIAL), ("bid_px", "ask_px"), _quote
)
TRADES: Final = Packing(Trade, _packed(Trade, ("price",), _SPECIAL), ("price_px",), _trade)
BARS: Final = Packing(Bar, _packed(Bar, ("close",), _SPECIAL), ("close_px",), _bar)
