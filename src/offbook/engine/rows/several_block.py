"""Rows of several sources made in the order in which they come, with what most strategies read.

As of one source (``packed_rows``), but for the instrument, which is made too: whoever trades
several asks each row for it.  All columns are those of a block of a merged slice, put into its
order once for all rows of a kind.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from sys import getrefcount
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from offbook.domain.market_data import (
    IntColumn,
    MergedSlice,
    Quote,
    QuoteSlice,
    SourceSlice,
    Trade,
    TradeSlice,
)
from offbook.domain.values import POWERS_OF_TEN
from offbook.engine.rows.packed_rows import ALONE, GROUP, SPECIAL, packed_class, places_of
from offbook.engine.rows.row_sources import Coming, part_of

Callback = Callable[[Any], None]
Ticks = QuoteSlice | TradeSlice


class SeveralRead:
    """How often a number of a block was asked for, so that rows may sooner be made whole."""

    __slots__ = ("reads",)

    def __init__(self) -> None:
        self.reads = 0


class SeveralPack(msgspec.Struct, gc=False):
    """The numbers of a group of rows that follow one another: those of the block's columns, until
    they are packed."""

    read: SeveralRead
    piece: MergedSlice | None
    begin: int
    kept: list[dict[str, int]] = []

    def number(self, place: int, name: str) -> int:
        """A number of a row, by its place in the block."""
        self.read.reads += 1
        piece = self.piece
        if piece is None:
            return self.kept[place - self.begin][name]
        return _number(piece, place, name)

    def number_or_none(self, place: int, name: str) -> int | None:
        """The same, where rows need not have it."""
        piece = self.piece
        if piece is None:
            return self.kept[place - self.begin].get(name)
        part = piece.pieces[piece.which.item(place)]
        return None if getattr(part, name) is None else _number(piece, place, name)

    def pack(self) -> None:
        """Keep these numbers alone, for the rows of this group outlive their block."""
        piece = self.piece
        if piece is not None:
            end = min(self.begin + GROUP, len(piece))
            self.kept = [_numbers(piece, place) for place in range(self.begin, end)]
            self.piece = None


def _number(piece: MergedSlice, place: int, name: str) -> int:
    if name == "row":
        return piece.start + place
    column: IntColumn = getattr(piece.pieces[piece.which.item(place)], name)
    return column.item(piece.index.item(place))


def _numbers(piece: MergedSlice, place: int) -> dict[str, int]:
    """All numbers of a row that may be asked for."""
    part = piece.pieces[piece.which.item(place)]
    if not isinstance(part, Ticks):
        return {}
    names = [*part.COLUMNS, "row"]
    if part.ts_event is not None:
        names.append("ts_event")
    return {name: _number(piece, place, name) for name in names}


class ShownKind(NamedTuple):
    """One kind of rows that may be shown: what shows them, their slices, how they are made, and
    the columns of the floats that are."""

    callback: str
    slices: type[Ticks]
    make: Callable[..., Any]
    columns: tuple[str, ...]


_SPECIAL: Final = {name: read for name, read in SPECIAL.items() if name != "instrument"}
SHOWN_KINDS: Final = (
    ShownKind(
        "on_quote",
        QuoteSlice,
        packed_class(Quote, ("bid", "ask"), _SPECIAL, made=("instrument",), called="Merged"),
        ("bid_px", "ask_px"),
    ),
    ShownKind(
        "on_trade",
        TradeSlice,
        packed_class(Trade, ("price",), _SPECIAL, made=("instrument",), called="Merged"),
        ("price_px",),
    ),
)


class SourceRows(NamedTuple):
    """The rows of one source in a block: their places in it, and the first in the source's
    piece."""

    source: int
    piece: SourceSlice
    places: IntColumn
    first: int


class _Made(NamedTuple):
    """The rows of one kind, ready to be made, and where in the block they are."""

    kind: ShownKind
    places: Sequence[int]
    columns: list[list[Any]]


class SeveralBlock:
    """A block of a merged slice, whose rows are shown by ``callbacks``, each by its name."""

    def __init__(self, rows: MergedSlice, callbacks: dict[str, Callback]) -> None:
        self.rows = rows
        self.sources: list[SourceRows] = list(_by_source(rows))
        self.callbacks = callbacks
        self._read = SeveralRead()
        self._packs: list[SeveralPack] = []
        self._made: list[_Made] | None = None
        self.places: Sequence[int] = ()
        """Where in the block the rows are that are shown, once columns are made."""
        self._turns: tuple[list[Any], list[Any]] | None = None
        self._ahead: list[list[Iterator[Any]]] = []

    @property
    def reads(self) -> int:
        """How many numbers were asked for that had not been made."""
        return self._read.reads

    def between(self, begin: int, end: int) -> tuple[int, int]:
        """Which of the rows that are shown are at places from ``begin`` to ``end``."""
        if self._made is None:
            self._make()
        places = self.places
        if isinstance(places, range):
            return begin, end
        return bisect_left(places, begin), bisect_left(places, end)

    def coming(self, begin: int, end: int) -> tuple[Coming, Callback | None, Iterator[Callback]]:
        """Those of the rows shown from ``begin`` to ``end``, as ``between`` counts them; and what
        shows them: one for all, or for each its own."""
        assert self._made
        if len(self._made) == 1:
            (only,) = self._made
            first, *others = only.columns
            ahead = part_of(first, begin, end)
            more = [part_of(column, begin, len(column)) for column in others]
            callback = self.callbacks[only.kind.callback]
            return Coming(ahead, map(only.kind.make, ahead, *more)), callback, iter(())
        makers, callbacks = self._in_turn()
        place = self.places[begin]
        for made, columns in zip(self._made, self._ahead, strict=True):
            at = bisect_left(made.places, place)
            for column in columns:
                column.__setstate__(at)  # type: ignore[attr-defined]  # of a list's iterator
        ahead = part_of(makers, begin, end)
        shown = part_of(callbacks, begin, len(callbacks))
        return Coming(ahead, map(next, ahead)), None, shown

    def _in_turn(self) -> tuple[list[Any], list[Any]]:
        """For each row that is shown what makes it, and what shows it, where kinds alternate."""
        if self._turns is None:
            assert self._made is not None
            kinds = np.zeros(len(self.rows), np.int64)
            makers, shown = np.empty(len(self._made), object), np.empty(len(self._made), object)
            for number, made in enumerate(self._made):
                kinds[made.places] = number
                columns: list[Iterator[Any]] = [iter(column) for column in made.columns]
                self._ahead.append(columns)
                makers[number] = map(made.kind.make, *columns)
                shown[number] = self.callbacks[made.kind.callback]
            kinds = kinds[self.places]
            self._turns = makers.take(kinds).tolist(), shown.take(kinds).tolist()
        return self._turns

    def _make(self) -> None:
        """Put the columns of the kinds that are shown into the order of the block."""
        rows, made = self.rows, []
        self._packs = [SeveralPack(self._read, rows, at) for at in range(0, len(rows), GROUP)]
        packs: list[SeveralPack] = []
        for pack in self._packs:
            packs += [pack] * GROUP
        for kind in SHOWN_KINDS:
            mine = [one for one in self.sources if isinstance(one.piece, kind.slices)]
            if mine and kind.callback in self.callbacks:
                made.append(_made(rows, kind, mine, packs))
        if len(made) == 1:
            self.places = made[0].places
        elif made:
            self.places = sorted(place for one in made for place in one.places)
        self._made = made

    def let_go(self) -> None:
        """All has been shown: what is kept of the block is no more than what rows need that
        somebody holds."""
        self._made, self._turns, self._ahead = None, None, []
        references = list(map(getrefcount, self._packs))
        for pack, count in zip(self._packs, references, strict=True):
            if count > ALONE:
                pack.pack()


def _by_source(rows: MergedSlice) -> Iterator[SourceRows]:
    """The rows of each source in a slice; sources without one are left out."""
    for source, places in rows.places():
        yield SourceRows(source, rows.pieces[source], places, int(rows.index[places[0]]))


def _made(
    rows: MergedSlice, kind: ShownKind, mine: list[SourceRows], packs: list[SeveralPack]
) -> _Made:
    """All rows of a kind: their floats, instruments, places and packs, each in the order in which
    they come."""
    count, counts = len(rows), [len(one.places) for one in mine]
    at = np.concatenate([one.places for one in mine])
    scales = [float(POWERS_OF_TEN[one.piece.instrument.price_precision]) for one in mine]
    scale: Any = scales[0] if len(set(scales)) == 1 else np.repeat(scales, counts)
    which = np.empty(count, np.int64)
    which[at] = np.repeat(np.arange(len(mine)), counts)
    instruments = np.empty(len(mine), object)
    for number, one in enumerate(mine):
        instruments[number] = one.piece.instrument
    is_all = len(at) == count
    places = None if is_all else np.sort(at)
    columns: list[list[Any]] = []
    for name in kind.columns:
        parts = [
            getattr(o.piece, name)[o.first : o.first + n] for o, n in zip(mine, counts, strict=True)
        ]
        floats = np.empty(count)
        floats[at] = np.concatenate(parts) / scale
        columns.append((floats if places is None else floats[places]).tolist())
    columns.append(instruments.take(which if places is None else which[places]).tolist())
    if places is None:
        return _Made(kind, range(count), [*columns, places_of(count), packs])
    here: list[int] = places.tolist()
    return _Made(kind, here, [*columns, here, [packs[place] for place in here]])
