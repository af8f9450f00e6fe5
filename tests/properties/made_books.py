"""Made-up books by price: what a market shows, and the messages that tell how it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from tests.properties.row_cases import LineRow, MessageRow, Move

from offbook.domain.depth import LAST, SNAPSHOT
from offbook.domain.instruments import Instrument

DEEPEST = 6
"""Of so many levels of a side the worst is deleted, when there are more."""
Levels = Mapping[int, int]


@dataclass(frozen=True)
class MadeBook:
    """Sizes by price, in the instrument's units, as they are at the venue; ``number`` is that of
    its last message, of which those that are told may miss some."""

    bids: Levels = field(default_factory=dict)
    asks: Levels = field(default_factory=dict)
    number: int = 0
    missed: bool = True
    """Whether those who follow it wait for a snapshot."""
    heals: bool = True
    """Whether that comes soon."""

    def message(
        self, move: Move, instrument: Instrument, number: int, ts: int, bid: int
    ) -> MessageRow:
        """The row ``number`` and those that follow, by a move that brings the best bid to ``bid``;
        with the book after it."""
        after, told = self.next(move, instrument, bid)
        return told.as_row(instrument, number, ts, bid, after)

    def next(self, move: Move, instrument: Instrument, bid: int) -> tuple[MadeBook, Told]:
        """The book after a move that brings the best bid to ``bid``, and how that is told."""
        snapshot = self.missed and self.heals and move.mark != "close"
        snapshot = snapshot or (move.mark == "open" and move.reach < 2)
        if snapshot:
            sides = _anew(move, instrument, bid)
            number = self.number + 1
            rows = [(1, px, qty) for px, qty in sides[0].items() if qty]
            rows += [(-1, px, qty) for px, qty in sides[1].items() if qty]
            return self._with(sides, number, missed=False), Told(
                rows, number, number, snapshot=True
            )
        rows = _changes(self, move, instrument, bid)
        if move.mark == "reopen" and move.reach == 1:  # one that is known already
            return self, Told(rows, self.number, self.number)
        lost = move.mark == "close" and move.reach == 0
        first = self.number + 1 + lost
        sides = dict(self.bids), dict(self.asks)
        for side, px, qty in rows:
            sides[0 if side > 0 else 1][px] = qty
        last = first + move.other % 2
        return self._with(sides, last, missed=self.missed or lost), Told(rows, first, last)

    def _with(
        self, sides: tuple[dict[int, int], dict[int, int]], number: int, *, missed: bool
    ) -> MadeBook:
        bids, asks = ({px: qty for px, qty in side.items() if qty} for side in sides)
        return MadeBook(bids, asks, number, missed, self.heals)


@dataclass(frozen=True)
class Told:
    """A message: side, price and size of levels, and the venue's numbers of first and last."""

    rows: list[tuple[int, int, int]]
    first: int
    last: int
    snapshot: bool = False

    def as_row(
        self, instrument: Instrument, number: int, ts: int, bid: int, after: MadeBook
    ) -> MessageRow:
        """In whole units; a message without a level is a row that says so."""
        prices, sizes = 10**instrument.price_precision, 10**instrument.qty_precision
        rows = self.rows or [(0, 0, 0)]
        flags = SNAPSHOT if self.snapshot else 0
        lines = tuple(
            LineRow(
                ts=ts,
                side=side,
                price=Fraction(px, prices),
                size=Fraction(qty, sizes),
                flags=flags | (LAST if place == len(rows) else 0),
                first=self.first,
                last=self.last,
                symbol=instrument.symbol,
            )
            for place, (side, px, qty) in enumerate(rows, 1)
        )
        return MessageRow(
            number=number,
            ts=ts,
            lines=lines,
            snapshot=self.snapshot,
            first=self.first,
            last=self.last,
            bid=Fraction(bid, prices),
            after=after,
            symbol=instrument.symbol,
        )


def _size(lots: int, move: Move, instrument: Instrument) -> int:
    return lots * instrument.lot_units + (move.odd if lots else 0)


def _anew(move: Move, instrument: Instrument, bid: int) -> tuple[dict[int, int], dict[int, int]]:
    """Three levels a side, the best as the move says."""
    tick, ask = instrument.tick_units, bid + max(move.spread, 0) * instrument.tick_units
    sizes = [move.size, (move.other + move.reach) % 7 + 1, (move.size + move.other) % 9 + 1]
    others = [move.other, *sizes[1:]]
    bids = {bid - n * tick: _size(lots, move, instrument) for n, lots in enumerate(sizes)}
    asks = {ask + n * tick: _size(lots, move, instrument) for n, lots in enumerate(others)}
    return {px: qty for px, qty in bids.items() if px > 0}, asks


def _changes(
    book: MadeBook, move: Move, instrument: Instrument, bid: int
) -> list[tuple[int, int, int]]:
    """The best of one side or both are others; what lies beyond them is gone, unless the book is to
    cross; and something deeper is new."""
    tick, ask = instrument.tick_units, bid + move.spread * instrument.tick_units
    rows = []
    if not (move.mark == "reopen" and move.reach == 2):
        rows += [(1, px, 0) for px in sorted(book.bids) if px > bid or px >= ask]
        rows += [(-1, px, 0) for px in sorted(book.asks) if px < ask or px <= bid]
    if move.reach != 3:
        rows.append((1, bid, _size(move.size, move, instrument)))
    if move.reach != 1:
        rows.append((-1, ask, _size(move.other, move, instrument)))
    deep = _size((move.size + move.other) % 7 + 1, move, instrument)
    if len(book.bids) < 3 and bid > 3 * tick:
        rows.append((1, bid - (1 + move.reach % 2) * tick, deep))
    if len(book.asks) < 3:
        rows.append((-1, ask + (1 + move.reach % 2) * tick, deep))
    if len(book.bids) > DEEPEST:
        rows.append((1, min(book.bids), 0))
    if len(book.asks) > DEEPEST:
        rows.append((-1, max(book.asks), 0))
    return rows
