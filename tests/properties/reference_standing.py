"""A session's resting orders as the plain book sees them, and the book as the session does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.properties.reference_depth import PlainVenue
from tests.properties.reference_depth_orders import PlainOrder
from tests.properties.reference_order_book import PlainOrderVenue, Told
from tests.properties.reference_orders import Order
from tests.properties.reference_queues import name_of
from tests.properties.reference_updates import PlainLevelsOfUpdates, PlainOrdersOfUpdates
from tests.properties.row_cases import MessageRow, OrderLine, PrintRow

from offbook.domain.config import BookStart
from offbook.domain.market_data import DataKind

if TYPE_CHECKING:
    from tests.properties.reference_books import ReferenceBooks


class Standing(PlainOrder):
    """Where an order of a session stands in its book; of its terms only a copy."""

    @classmethod
    def of(cls, order: Order) -> Standing:
        """One that has not come to the book yet."""
        return cls(name=str(order.number), buying=order.buying, px=None, left=0)


class BookOfSession(PlainVenue):
    """Its orders are those of a session, whose account says what trades."""

    def __init__(self, session: ReferenceBooks) -> None:
        super().__init__(name_of(session.setup.venue.queue))
        self._session = session
        instrument = session.setup.instrument
        self.prices = 10**instrument.price_precision
        self.sizes = 10**instrument.qty_precision
        self._standings: dict[int, Standing] = {}

    def standing(self, order: Order) -> Standing:
        """Where an order stands, on its terms of now."""
        one = self._standings.setdefault(order.number, Standing.of(order))
        one.px = None if order.limit is None else int(order.limit * self.prices)
        one.left = int(order.open * self.sizes)
        one.taker, one.turn = order.taker, order.rank
        one.display = None if order.display is None else int(order.display * self.sizes)
        return one

    def working(self) -> list[PlainOrder]:
        """Limits and market orders that may trade here."""
        mine = [o for o in self._session.account.working() if o.is_in_book and not o.waits]
        return [self.standing(order) for order in mine]

    def lift(self, order: Order) -> None:
        """An order does not rest any more, or not where it did."""
        self.standing(order).place = False

    def in_front(self, standing: PlainOrder) -> int | None:
        """What is ahead of an order that rests."""
        return standing.ahead

    def joins_behind(self, order: Order) -> int | None:
        """What an order that comes to rest finds ahead of it."""
        return self.shown_ahead(self.standing(order))

    def knows(self, row: MessageRow) -> bool:
        """Whether a message, if it is no snapshot, has been told already."""
        return row.last <= self.number

    def hear(self, row: MessageRow) -> None:
        """A whole message."""
        levels = [
            (line.side > 0, int(line.price * self.prices), int(line.size * self.sizes))
            for line in row.lines
            if line.side
        ]
        self.message(levels, row.first, row.last, row.snapshot, row.event)

    def match(self) -> None:
        """The book can be trusted, and is another."""
        self.dropped = self.dropped and not self.live
        self._session.book_moved()

    def printed(self, order: PlainOrder, offered: int, px: int, ahead: int | None = None) -> int:
        """What an order has of a print."""
        had = self._session.take_print(int(order.name), offered, px, ahead)
        self.standing(self._session.account.orders[int(order.name) - 1])  # less is left of it
        self.working()  # and of those that go with it
        return had

    def next_turn(self) -> int:
        """After all that came so far."""
        return self._session.next_rank()

    @property
    def last_turn(self) -> int:
        """The last at which more of an iceberg was shown."""
        return max((one.shown_turn for one in self._standings.values()), default=0)


class BookOfUpdates(BookOfSession, PlainLevelsOfUpdates):
    """One that begins with what it is told."""


class OrdersOfSession(BookOfSession, PlainOrderVenue):
    """One that tells every order, and its own prints."""

    def __init__(self, session: ReferenceBooks) -> None:
        super().__init__(session)
        self._rows: tuple[int, MessageRow] | None = None

    def lift(self, order: Order) -> None:
        super().lift(order)
        self.leave(str(order.number))

    def in_front(self, standing: PlainOrder) -> int | None:
        return self.ahead(standing)

    def joins_behind(self, order: Order) -> int | None:
        """Also while the book is crossed, if it is followed."""
        standing = self.standing(order)
        shown = (self.bids if standing.buying else self.asks).get(standing.px or 0, 0)
        return shown if self.live or (shown and self.may_lack_some) else None

    may_lack_some = False

    def knows(self, row: MessageRow) -> bool:
        return row.last < self.number

    def hear(self, row: MessageRow) -> None:
        if not row.snapshot and self.knows(row):
            return
        self._rows = 0, row
        told = [
            (line.action, line.side, int(line.price * self.prices), int(line.size * self.sizes),
             line.order_id)
            for line in row.lines
            if isinstance(line, OrderLine)
        ]  # fmt: skip
        self.told(told, row.lines[0].flags, row.last)

    def apply(self, row: Told) -> None:
        super().apply(row)
        assert self._rows is not None
        self._rows = self._rows[0] + 1, self._rows[1]

    def executed(self, row: Told, sound: bool) -> None:
        """As a print of the row that tells it."""
        assert self._rows is not None
        place, message = self._rows
        line = message.lines[place]
        self._session.print_of_book(
            PrintRow(
                number=message.number + place,
                ts=message.ts,
                price=line.price,
                size=line.size,
                took=-line.side,
                symbol=message.symbol,
            ),
            row[4] or None,
        )
        super().executed(row, sound and not self.halted)


class OrdersOfUpdates(OrdersOfSession, PlainOrdersOfUpdates):
    """One of these that begins with what it is told."""

    may_lack_some = True


def book_of(session: ReferenceBooks) -> BookOfSession | None:
    """The book of a session's instrument, before anything is told of it, if it has one."""
    kinds = session.setup.kinds
    anew = session.setup.venue.book_start is BookStart.SNAPSHOT
    if DataKind.ORDERS in kinds:
        return (OrdersOfSession if anew else OrdersOfUpdates)(session)
    if DataKind.DEPTH in kinds:
        return (BookOfSession if anew else BookOfUpdates)(session)
    return None
