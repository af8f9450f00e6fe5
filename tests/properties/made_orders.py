"""Made-up books order by order: who rests in a market, and the messages that tell of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from tests.properties.row_cases import MessageRow, Move, OrderLine

from offbook.domain import book_orders as a
from offbook.domain.depth import LAST, SNAPSHOT
from offbook.domain.instruments import Instrument

MOST = 12
"""Of so many orders the farthest from the market is deleted, when there are more."""
STRANGER = 10**9
"""The number of an order that is in no book."""


@dataclass(frozen=True)
class Rester:
    """An order of the market's: side 1 or -1, price and size in the instrument's units."""

    number: int
    side: int
    px: int
    qty: int


Told = tuple[int, int, int, int, int]
"""Action, side, price, size, number of the order."""


@dataclass(frozen=True)
class MadeOrders:
    """Who rests, in the order of arrival; ``number`` is that of the last message, ``orders`` how
    many there have been."""

    resting: tuple[Rester, ...] = ()
    number: int = 0
    orders: int = 0
    missed: bool = True
    """Whether those who follow the book wait for a snapshot."""
    heals: bool = True
    """Whether that comes soon."""

    def message(
        self, move: Move, instrument: Instrument, number: int, ts: int, bid: int
    ) -> MessageRow:
        """The row ``number`` and those that follow, by a move that brings the best bid to ``bid``;
        with the book after it."""
        after, rows = self._moved(move, instrument, bid)
        flags, seq, misfit = 0, self.number + 1, False
        healing = self.missed and self.heals and move.mark != "close"
        if healing or (move.mark == "open" and move.reach < 2):
            flags = SNAPSHOT
            rows = [(a.ADD, one.side, one.px, one.qty, one.number) for one in after.resting]
        elif move.mark == "open" and move.reach == 2:
            rows = [(a.ADD, one.side, one.px, one.qty, one.number) for one in after.resting]
            rows.insert(0, (a.CLEAR, 0, 0, 0, 0))
        elif move.mark == "close" and move.reach == 0:
            seq, flags = seq + move.other % 2, 0 if move.other % 2 else a.MISSED
        elif move.mark == "reopen" and move.reach == 0:
            side = move.other % 3 - 1
            rows.append((a.HIDDEN, side, bid, max(move.size, 1) * instrument.lot_units, 0))
        elif move.mark == "reopen" and move.reach == 1 and move.size == 5:
            rows.append((a.DELETE, 1, bid, 0, STRANGER))
            misfit = True
        elif move.mark == "reopen" and move.reach == 2 and self.number > 1:  # it is known already
            return _row(instrument, rows, 0, self.number - 1, (number, ts, bid), self)
        whole = bool(flags & SNAPSHOT) or (bool(rows) and rows[0][0] == a.CLEAR)
        lost = misfit or bool(flags & a.MISSED) or seq > self.number + 1
        after = replace(after, number=seq, missed=(self.missed or lost) and not whole)
        return _row(instrument, rows, flags, seq, (number, ts, bid), after)

    def _moved(self, move: Move, instrument: Instrument, bid: int) -> tuple[MadeOrders, list[Told]]:
        """What lies beyond the best bid and ask trades or goes; somebody new stands at both; and
        something happens to one who is there."""
        tick, lot = instrument.tick_units, instrument.lot_units
        ask = bid + move.spread * tick
        there, rows = list(self.resting), list[Told]()
        for one in self.resting:
            if one.px > bid if one.side > 0 else one.px < ask:
                action = a.DELETE if move.odd else a.EXECUTE
                rows.append((action, one.side, one.px, one.qty, one.number))
                there.remove(one)
        orders = self.orders
        new = [(1, bid, move.size), (-1, ask, move.other)]
        new += [(1, bid - tick, move.reach), (-1, ask + tick, 3 - move.reach)]
        for side, px, lots in new:
            if lots and px > 0:
                orders += 1
                one = Rester(orders, side, px, lots * lot + move.odd)
                rows.append((a.ADD, side, px, one.qty, one.number))
                there.append(one)
        self._change(move, instrument, there, rows)
        while len(there) > MOST:
            far = max(there, key=lambda one: (abs(one.px - bid), one.number))
            rows.append((a.DELETE, far.side, far.px, 0, far.number))
            there.remove(far)
        return replace(self, resting=tuple(there), orders=orders), rows

    @staticmethod
    def _change(move: Move, instrument: Instrument, there: list[Rester], rows: list[Told]) -> None:
        """The best bid or ask trades, its earliest or its latest, is made smaller or larger."""
        side = 1 if move.shift <= 0 else -1
        mine = [one for one in there if one.side == side]
        if not mine or move.mark == "close":
            return
        best = max(one.px * side for one in mine)
        at_best = [one for one in mine if one.px * side == best]
        one = at_best[0 if move.reach < 2 else -1]
        some = min(max(move.size, 1) * instrument.lot_units, one.qty)
        if move.gap in {5, 25}:
            rows.append((a.EXECUTE, one.side, one.px, some, one.number))
            left = one.qty - some
        elif move.gap == 0:
            rows.append((a.CANCEL, one.side, one.px, some, one.number))
            left = one.qty - some
        elif move.gap == -1:
            left = some if move.spread else one.qty + instrument.lot_units
            rows.append((a.MODIFY, one.side, one.px, left, one.number))
        else:
            return
        place = there.index(one)
        if left > one.qty:
            there.remove(one)
            there.append(replace(one, qty=left))
        else:
            there[place : place + 1] = [replace(one, qty=left)] if left else []


def _row(
    instrument: Instrument,
    rows: list[Told],
    flags: int,
    seq: int,
    at: tuple[int, int, int],
    after: MadeOrders,
) -> MessageRow:
    """A message in whole units; ``at`` are the number of its first row, its time, and the bid."""
    prices, sizes = 10**instrument.price_precision, 10**instrument.qty_precision
    number, ts, bid = at
    rows = rows or [(a.NONE, 0, 0, 0, 0)]
    lines = tuple(
        OrderLine(
            ts=ts,
            action=action,
            side=side,
            price=Fraction(px, prices),
            size=Fraction(qty, sizes),
            order_id=one,
            flags=flags | (LAST if place == len(rows) else 0),
            last=seq,
            symbol=instrument.symbol,
        )
        for place, (action, side, px, qty, one) in enumerate(rows, 1)
    )
    return MessageRow(
        number=number,
        ts=ts,
        lines=lines,
        snapshot=bool(flags & SNAPSHOT),
        first=seq,
        last=seq,
        bid=Fraction(bid, prices),
        after=after,
        symbol=instrument.symbol,
    )
