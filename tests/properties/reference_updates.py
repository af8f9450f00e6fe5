"""Books that begin with what they are told (``venue.book_start = "updates"``), and queues in them,
by the rules of ``docs/reference``: what they do not know may be there all the same, and of one told
order by order it was there before all whom it knows.

In both ``live`` says that nothing is unknown."""

from __future__ import annotations

from tests.properties.reference_depth import PlainVenue
from tests.properties.reference_depth_orders import PlainOrder
from tests.properties.reference_order_book import PlainOrderVenue, Told

from offbook.domain import book_orders as a


class _OfUpdates(PlainVenue):
    """What is told is believed at once."""

    @property
    def sound(self) -> bool:
        both = len(self.bids) > 0 and len(self.asks) > 0
        return both and max(self.bids) <= min(self.asks)

    def refresh(self) -> None:
        live, self.live = self.live, True
        super().refresh()
        self.live = live

    def match(self) -> None:
        """After an action it is another book until all of it is told."""
        dropped = self.dropped
        super().match()
        self.dropped = dropped and not self.live


class PlainLevelsOfUpdates(_OfUpdates):
    """A book by price."""

    def message(
        self,
        levels: list[tuple[bool, int, int]],
        first: int,
        last: int,
        snapshot: bool,
        event: int | None = None,
    ) -> None:
        """A whole message; where one was missed before it, the book is another."""
        if not snapshot and self.number >= 0 and first > self.number + 1:
            self.bids, self.asks, self.live = {}, {}, False
            self.hold()
            self.number = first - 1
        super().message(levels, first, last, snapshot, event)

    def after_message(self) -> None:
        self.refresh()
        for order in self.working():
            if order.place:
                self.move(order)
        if self.sound:
            self.match()

    def reaches(self, order: PlainOrder) -> bool:
        """A level that is not told may be there."""
        return self.live and super().reaches(order)

    def shown_ahead(self, order: PlainOrder) -> int | None:
        own = self.bids if order.buying else self.asks
        shown = own.get(order.px or 0, 0)
        return shown if shown and self.sound else super().shown_ahead(order)


class PlainOrdersOfUpdates(_OfUpdates, PlainOrderVenue):
    """A book order by order."""

    def __init__(self, queue: str = "exact") -> None:
        super().__init__(queue)
        self.strangers: set[int] = set()

    def told(self, rows: list[Told], flags: int, seq: int) -> None:
        """A whole message."""
        if flags & 1:
            if not self.live:  # whoever is new in it may have been there before the session
                self.line = [one for one in self.line if one.own is None]
            self.live = self.whole = True
            self.strangers = set()
            self.begin_anew(rows)
        elif seq < self.number:
            self.after_message()
            return
        else:
            if flags & a.MISSED or (self.number >= 0 and seq > self.number + 1):
                self.lose()
            sound = self.sound
            for row in rows:
                if row[0] in (a.EXECUTE, a.HIDDEN):
                    self.executed(row, sound and self.believes(row))
                self.meet_strangers(row)
                self.apply(row)
                self.levels()
        self.number = seq
        self.levels()
        self.after_message()

    def lose(self) -> None:
        """Something was missed: nobody is known any more, but for those of the session."""
        self.live = False
        self.line = [one for one in self.line if one.own is not None]
        self.hold()
        self.levels()

    def believes(self, row: Told) -> bool:
        """Of an order that is not known the first trade counts."""
        action, side, px, _, number = row
        if action == a.HIDDEN or self.find(side, px, number) is not None:
            return self.fits(row)
        known = any(one.own is None and number and one.number == number for one in self.line)
        return not known and number not in self.strangers

    def meet_strangers(self, row: Told) -> None:
        """Who has traded and was not there."""
        action, side, px, _, number = row
        if action == a.CLEAR:
            self.strangers = set()
        elif action == a.EXECUTE and number and self.find(side, px, number) is None:
            self.strangers.add(number)

    def rest(self, order: PlainOrder) -> None:
        """Behind all whom it knows."""
        live, self.live = self.live, True
        super().rest(order)
        self.live = live
