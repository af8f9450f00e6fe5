"""A book told order by order, and queues in it, written for obviousness, by the rules of
``docs/reference/order-books.md``: one list of all who rest, in the order in which they came, those
of the session among them."""

from __future__ import annotations

import msgspec
from tests.properties.reference_depth import PlainVenue
from tests.properties.reference_depth_orders import PlainOrder

from offbook.domain import book_orders as a

Told = tuple[int, int, int, int, int]
"""Action, side, price, size, number of the order."""


class Entry(msgspec.Struct):
    """Somebody who rests: an order of the venue's, or of the session (``own``)."""

    buying: bool
    px: int
    qty: int = 0
    number: int = 0
    own: str | None = None


class PlainOrderVenue(PlainVenue):
    """One book, the orders of one session, and what came of each step in ``fills``."""

    def __init__(self, queue: str = "exact") -> None:
        super().__init__(queue)
        self.line: list[Entry] = []
        self.cleared = False

    # -- the book ---------------------------------------------------------------------------

    def levels(self) -> None:
        """Bids and asks follow from the orders."""
        self.bids, self.asks = {}, {}
        for one in self.line:
            if one.own is None:
                side = self.bids if one.buying else self.asks
                side[one.px] = side.get(one.px, 0) + one.qty

    def told(self, rows: list[Told], flags: int, seq: int) -> None:
        """A whole message."""
        if flags & 1:
            self.live = self.whole = True
            self.begin_anew(rows)
        elif seq < self.number:
            self.after_message()
            return
        else:
            if flags & a.MISSED or (self.number >= 0 and seq > self.number + 1):
                self.live = False
            sound = self.sound
            for row in rows:
                if row[0] in (a.EXECUTE, a.HIDDEN):
                    self.executed(row, sound and self.live and self.fits(row))
                self.apply(row)
                self.levels()
        self.number = seq
        self.levels()
        self.after_message()

    def begin_anew(self, rows: list[Told]) -> None:
        before, self.line = self.line, []
        first: list[Entry] = []
        fresh: list[Entry] = []
        named: set[tuple[int, bool, int]] = set()
        for action, side, px, qty, number in rows:
            assert action == a.ADD
            name = (number, False, 0) if number else (0, side > 0, px)
            if name in named:
                self.live = False
                continue
            named.add(name)
            if number == 0:
                first.append(Entry(side > 0, px, qty))
                continue
            for old in before:
                same = old.own is None and old.number == number
                if same and (old.buying, old.px) == (side > 0, px) and qty <= old.qty:
                    old.qty, old.own = qty, "kept"
                    break
            else:
                fresh.append(Entry(side > 0, px, qty, number))
        for old in before:
            if old.own == "kept":
                old.own = None
                self.line.append(old)
            elif old.own is not None:
                self.line.append(old)
        self.line = first + self.line + fresh

    def find(self, side: int, px: int, number: int) -> Entry | None:
        """The order that a row is about."""
        for one in self.line:
            if number and one.own is None and one.number == number:
                return one if (one.buying, one.px) == (side > 0, px) else None
        for one in self.line:
            if one.own is None and one.number == 0 and (one.buying, one.px) == (side > 0, px):
                return one
        return None

    def apply(self, row: Told) -> None:
        action, side, px, qty, number = row
        if action in (a.NONE, a.HIDDEN):
            return
        if action == a.CLEAR:
            self.line = [one for one in self.line if one.own is not None]
            self.live = self.cleared = True
            return
        known = [one for one in self.line if one.own is None and number and one.number == number]
        if action == a.ADD:
            lump = self.find(side, px, 0) if number == 0 else None
            if known:
                self.live = False
            elif lump is not None:
                lump.qty += qty
            elif number == 0:
                self.line.insert(0, Entry(side > 0, px, qty))
            else:
                self.line.append(Entry(side > 0, px, qty, number))
        elif action == a.MODIFY:
            if not known or known[0].buying != (side > 0):
                self.live = False
            elif known[0].px == px and qty <= known[0].qty:
                known[0].qty = qty
            else:
                self.line.remove(known[0])
                self.line.append(Entry(side > 0, px, qty, number))
        else:
            self.take_away(action, self.find(side, px, number), qty)

    def take_away(self, action: int, found: Entry | None, qty: int) -> None:
        if (
            found is None
            or (found.number == 0 and qty == 0)
            or (action == a.EXECUTE and found.number and qty > found.qty)
        ):
            self.live = False
        else:
            whole = action == a.DELETE and found.number
            found.qty -= found.qty if whole else min(qty, found.qty)
            if not found.qty:
                self.line = [one for one in self.line if one is not found]

    def after_message(self) -> None:
        if self.cleared:
            self.cleared = False
            self.line = [one for one in self.line if one.own is None]
            self.hold()
        self.refresh()
        if self.sound:
            for order in self.working():
                if order.place and self.mark(order) is None:
                    self.line.append(Entry(order.buying, order.px or 0, own=order.name))
        if self.sound:
            self.match()

    def drop(self) -> None:
        """Nobody stands anywhere, until the next book is told."""
        self.line = []
        super().drop()

    # -- places -----------------------------------------------------------------------------

    def mark(self, order: PlainOrder) -> int | None:
        """Where in the line an order of the session stands."""
        for place, one in enumerate(self.line):
            if one.own == order.name:
                return place
        return None

    def ahead(self, order: PlainOrder) -> int | None:
        """What is served before it."""
        mark = self.mark(order)
        if mark is None:
            return None
        return sum(
            one.qty
            for one in self.line[:mark]
            if one.own is None and (one.buying, one.px) == (order.buying, order.px)
        )

    def leave(self, name: str) -> None:
        """An order of the session stands where it stood no more."""
        self.line = [one for one in self.line if one.own != name]

    def meet(self, order: PlainOrder) -> None:
        self.leave(order.name)
        super().meet(order)

    def rest(self, order: PlainOrder) -> None:
        order.taker, order.place, order.slice_left = False, True, order.display or 0
        # After an action the first book that is sound tells what is ahead, of this one too.
        if self.live and (self.sound or not self.dropped):
            self.line.append(Entry(order.buying, order.px or 0, own=order.name))

    def cancel(self, name: str) -> None:
        super().cancel(name)
        self.leave(name)

    # -- executions -------------------------------------------------------------------------

    def executed(self, row: Told, sound: bool) -> None:
        action, side, px, qty, number = row
        traded = self.find(side, px, number) if action == a.EXECUTE else None
        left = qty
        for buying in (True, False):
            mine = self.by_priority(buying)
            for order in mine:
                beyond = order.px is not None and (px < order.px if buying else px > order.px)
                if beyond and not order.taker and sound:
                    left -= self.printed(order, left - self.missing(buying, px), px)
            if side == 0 or (side > 0) is buying:
                left -= self.served(mine, px, left, action, traded, sound=sound)

    def served(
        self,
        orders: list[PlainOrder],
        px: int,
        left: int,
        action: int,
        traded: Entry | None,
        *,
        sound: bool,
    ) -> int:
        """An execution at the price of orders of the session: how much of it they had."""
        given = 0
        mine = [o for o in orders if o.px == px and not o.taker]
        for order in sorted(mine, key=lambda o: max(o.turn, o.shown_turn)):
            if order.hidden or not self.serves(order, action, traded):
                continue
            first = self.ahead(order) or 0
            reach = max(0, left - (0 if action == a.HIDDEN else first) - given)
            if order.slice_left:
                reach = min(reach, order.slice_left)
            qty = self.printed(order, reach, px, first) if sound else 0
            given += qty
            if qty and order.slice_left and order.left:
                order.slice_left -= qty
                if order.slice_left <= 0:  # the next part is shown at the back
                    self.leave(order.name)
                    self.rest(order)
                    order.shown_turn = self.next_turn()
        return given

    def fits(self, row: Told) -> bool:
        """Whether the order that traded was there, with so much at this price."""
        action, side, px, qty, number = row
        found = self.find(side, px, number)
        return action == a.HIDDEN or (found is not None and (found.number == 0 or qty <= found.qty))

    def serves(self, order: PlainOrder, action: int, traded: Entry | None) -> bool:
        """Whether an execution at its price would have been the order's."""
        mark = self.mark(order)
        if mark is None or self.cleared:
            return False
        if action == a.HIDDEN:
            return self.ahead(order) == 0
        return any(one is traded for one in self.line[mark:])
