"""A session's resting orders as the plain book sees them, and the book as the session does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.properties.reference_depth import PlainVenue
from tests.properties.reference_depth_orders import PlainOrder
from tests.properties.reference_orders import Order
from tests.properties.reference_queues import name_of

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

    def leave(self, order: Order) -> None:
        """An order does not rest any more, or not where it did."""
        self.standing(order).place = False

    def match(self) -> None:
        """The book can be trusted, and is another."""
        self._session.book_moved()

    def printed(self, order: PlainOrder, offered: int, px: int, ahead: int | None = None) -> int:
        """What an order has of a print."""
        return self._session.take_print(int(order.name), offered, px, ahead)

    def next_turn(self) -> int:
        """After all that came so far."""
        return self._session.next_rank()

    @property
    def last_turn(self) -> int:
        """The last at which more of an iceberg was shown."""
        return max((one.shown_turn for one in self._standings.values()), default=0)
