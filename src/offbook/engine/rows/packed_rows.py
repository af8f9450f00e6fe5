"""Rows of which the floats that most strategies read are made, and nothing else.

All other numbers stay in the columns of their block until somebody asks: to make each of them for
every row costs more than all else that is done for it.  A packed row is a ``Quote``, ``Trade`` or
``Bar`` like any other, equal to the whole one.  Once its block has been shown, one that somebody
still holds keeps the numbers of its group of rows, packed in bytes, and nothing of the columns.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from sys import getrefcount
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec
import numpy as np

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
from offbook.engine.rows.rows import auction_of, each_bar, side_of, tick_at

T = TypeVar("T", Quote, Trade, Bar)
TickOrBar = QuoteSlice | TradeSlice | BarSlice

_NUMBER: Final = struct.Struct("=q").unpack_from
_NUMBER_BYTES: Final = 8
GROUP: Final = 64
"""So many rows share one pack: all of it is kept as long as one of them is."""
_PLACES: Final[list[int]] = []
"""The places of a block, made once for all."""


class PackedLayout:
    """Where in a packed row each number is, and what all rows of a block share.

    Counts how often a number was asked for, so that rows may sooner be made whole.
    """

    __slots__ = ("instrument", "offsets", "reads", "scale", "width")

    def __init__(self, piece: TickOrBar) -> None:
        names = [*piece.COLUMNS, "row"]
        if not isinstance(piece, BarSlice) and piece.ts_event is not None:
            names.append("ts_event")
        self.instrument = piece.instrument
        self.scale = float(10**piece.instrument.price_precision)
        self.offsets = {name: place * _NUMBER_BYTES for place, name in enumerate(names)}
        self.width = len(names) * _NUMBER_BYTES
        self.reads = 0


class RowPack(msgspec.Struct, gc=False):
    """The numbers of a group of rows: those of its block, until they are packed."""

    layout: PackedLayout
    piece: TickOrBar | None
    begin: int
    numbers: bytes = b""

    def number(self, place: int, name: str) -> int:
        """A number of a row, by its place in the block."""
        layout = self.layout
        layout.reads += 1
        if self.piece is not None:
            return _number(self.piece, place, name)
        offset = (place - self.begin) * layout.width + layout.offsets[name]
        number: int = _NUMBER(self.numbers, offset)[0]
        return number

    def number_or_none(self, place: int, name: str) -> int | None:
        """The same, where rows need not have it."""
        return self.number(place, name) if name in self.layout.offsets else None

    def pack(self) -> None:
        """Keep these numbers alone, for the rows of this group outlive their block."""
        piece = self.piece
        if piece is None:
            return
        rows, offsets = piece.rows(self.begin, self.begin + GROUP), self.layout.offsets
        numbers = np.empty((len(rows), len(offsets)), np.int64)
        for place, name in enumerate(offsets):
            numbers[:, place] = list(rows.positions()) if name == "row" else getattr(rows, name)
        self.numbers, self.piece = numbers.tobytes(), None


def _number(piece: TickOrBar, place: int, name: str) -> int:
    if name == "row":
        return piece.position(place)
    column: IntColumn = getattr(piece, name)
    return column.item(place)


class Packing(NamedTuple, Generic[T]):
    """How rows of one kind are packed: their class, and the floats that are made, by column."""

    whole: type[T]
    packed: Callable[..., T]
    shown: tuple[str, ...]


class PackedBlock(Generic[T]):
    """Rows of a slice, ready to be made: ``columns`` are what ``make`` takes for each row, the
    first of them as many as there are rows, others maybe more."""

    __slots__ = ("_packs", "_piece", "columns", "layout", "make")

    def __init__(self, piece: TickOrBar, packing: Packing[T], table: PriceTable) -> None:
        self.make: Callable[..., T] = packing.packed
        self.layout: PackedLayout = PackedLayout(piece)
        self._piece: TickOrBar = piece
        self._packs: list[RowPack] = [
            RowPack(self.layout, piece, begin) for begin in range(0, len(piece), GROUP)
        ]
        floats: list[list[Any]] = table.floats([getattr(piece, name) for name in packing.shown])
        packs: list[RowPack] = []
        for pack in self._packs:
            packs += [pack] * GROUP
        self.columns: list[list[Any]] = [*floats, places_of(len(piece)), packs]

    def at(self, place: int) -> Any:
        """One row, whole."""
        piece = self._piece
        if isinstance(piece, BarSlice):
            return next(each_bar(piece.rows(place, place + 1)))
        return tick_at(piece, place)

    def let_go(self) -> None:
        """All has been shown: what is kept of the block is no more than what rows need that
        somebody holds. Whether it is, or when, changes nothing but what memory they take."""
        self.columns = []
        references = list(map(getrefcount, self._packs))
        for pack, count in zip(self._packs, references, strict=True):
            if count > ALONE:
                pack.pack()


ALONE: Final = next(map(getrefcount, [object()]))
"""What is counted where nothing but one list refers to an object."""


def places_of(count: int) -> list[int]:
    """As many places as that, or more."""
    _PLACES.extend(range(len(_PLACES), count))
    return _PLACES


def packed_class(
    whole: type[T],
    shown: tuple[str, ...],
    special: dict[str, Any],
    *,
    made: tuple[str, ...] = (),
    called: str = "Packed",
) -> Callable[..., T]:
    """A class of rows that are taken for those of ``whole``, made of the floats that are shown, of
    what else is ``made``, the place in the block, and the pack, from which all the rest is read.

    It says that it is ``whole``, as ``isinstance``, ``match`` and the like ask, and does not derive
    from it: to make and to let go as many places as a whole row has would cost a third of all.
    """
    names = whole.__struct_fields__
    readers: dict[str, Any] = {
        name: property(special.get(name) or _reader(name))
        for name in names
        if name not in {*shown, *made}
    }
    taken_over = {
        name: value
        for name, value in vars(whole).items()
        if not name.startswith("_") and name not in names
    }
    fields: list[tuple[str, Any]] = [*((name, float) for name in shown)]
    fields += [(name, object) for name in made]
    row_class: Any = msgspec.defstruct(
        f"{called}{whole.__name__}",
        [*fields, ("_place", int), ("_pack", object)],
        namespace={**taken_over, **readers, **_as_whole(whole)},
        module=__name__,
        frozen=True,
        gc=False,
    )
    found: Callable[..., T] = row_class
    return found


def _as_whole(whole: type[T]) -> dict[str, Any]:
    """What lets a row be taken for one of ``whole``."""
    names = whole.__struct_fields__

    def said(row: Any) -> tuple[Any, ...]:
        return tuple(getattr(row, name) for name in names)

    def equal(row: Any, other: object) -> bool:
        return said(row) == said(other) if isinstance(other, whole) else NotImplemented

    def unequal(row: Any, other: object) -> bool:
        # By itself a struct would compare what is packed, which no whole row has.
        return said(row) != said(other) if isinstance(other, whole) else NotImplemented

    def made_whole(row: Any) -> T:
        return whole(*said(row))

    return {
        "__class__": property(lambda _: whole),
        "__eq__": equal,
        "__ne__": unequal,
        "__hash__": lambda row: hash(made_whole(row)),
        "__repr__": lambda row: repr(made_whole(row)),
        "__rich_repr__": lambda row: made_whole(row).__rich_repr__(),
        "__reduce__": lambda row: (whole, said(row)),
        "__copy__": made_whole,
        "__replace__": whole.__replace__,
    }


def _reader(name: str) -> Callable[[Any], Any]:
    return lambda row: row._pack.number(row._place, name)


def _float(name: str) -> Callable[[Any], float]:
    column = f"{name}_px"
    return lambda row: float(row._pack.number(row._place, column)) / row._pack.layout.scale


SPECIAL: Final[dict[str, Any]] = {
    "ts_event": lambda row: row._pack.number_or_none(row._place, "ts_event"),
    "instrument": lambda row: row._pack.layout.instrument,
    "aggressor": lambda row: side_of(row._pack.number(row._place, "aggressor")),
    "auction": lambda row: auction_of(row._pack.number(row._place, "aggressor")),
    "open": _float("open"),
    "high": _float("high"),
    "low": _float("low"),
}


QUOTES: Final = Packing(Quote, packed_class(Quote, ("bid", "ask"), SPECIAL), ("bid_px", "ask_px"))
TRADES: Final = Packing(Trade, packed_class(Trade, ("price",), SPECIAL), ("price_px",))
BARS: Final = Packing(Bar, packed_class(Bar, ("close",), SPECIAL), ("close_px",))
