"""The exact places of a session's resting orders in a book that is told order by order (L3).

What is ahead follows from the book alone: the orders at the price that stood there when the
session's came.  So a place moves with every order that trades, is canceled or reduced, and nothing
of it is kept but the rank of whoever came next.
"""

from __future__ import annotations

from collections.abc import Callable

from offbook.domain.orders import OrderSide
from offbook.domain.values import MAX_UNITS
from offbook.engine.books.order_book import Execution, OrderBook
from offbook.engine.ledger.state import OrderState
from offbook.engine.models.queues import Place, QueueModel
from offbook.engine.venue.queue_places import PlacesState, QueuePlaces
from offbook.engine.wake import NO_FALL, NO_RISE


class ExactPlaces(QueuePlaces):
    """Places by rank, and the memory of what was taken."""

    def __init__(self, look_up: Callable[[], OrderBook], model: QueueModel) -> None:
        super().__init__(look_up, model)
        self._look_up_orders = look_up
        self._renewals = look_up().renewals

    @property
    def _orders(self) -> OrderBook:
        return self._look_up_orders()

    def join(self, order: OrderState, turn: int | None = None) -> None:
        """An order rests from now on, behind all that stand at its price; what is ahead of it is
        not known while the book is not followed: then behind all that are there when it is.  A
        message that has begun was before it, so that it is behind what that will have told; and
        what a book that was dropped will be is told by the first that is sound."""
        assert order.price_px is not None
        depth = self._orders
        is_known = depth.is_followed and not depth.is_within
        is_known = is_known and (not depth.dropped_at or depth.is_sound)
        self._begin()
        if not self._places:
            self._renewals = self._orders.renewals
        self._places[order.ordinal] = Place(
            ordinal=order.ordinal,
            side=order.side.sign,
            px=order.price_px,
            ahead=None,
            shown=0,
            slice_left=order.display_qty,
            turn=order.priority if turn is None else turn,
            rank=self._orders.next_rank if is_known else None,
        )

    def place(self, ordinal: int) -> Place | None:
        """The place of an order that rests, with what is ahead of it now."""
        place = self._places.get(ordinal)
        if place is not None:
            self._look(place)
        return place

    def _look(self, place: Place) -> None:
        rank = place.rank
        place.ahead = None if rank is None else self._orders.ahead_of(place.side, place.px, rank)

    def ahead_at(self, side: OrderSide, px: int) -> int | None:
        """What an order that joins at a price now has ahead of it, None where that is not known."""
        shown = self._orders.side(side).sizes.get(px, 0)
        known = self._orders.is_followed and (shown or self._orders.is_complete)
        return shown if known else None

    @property
    def is_unsettled(self) -> bool:
        """Whether the next message may tell more of a place than is known."""
        return any(place.rank is None for place in self._places.values())

    def unsettled(self) -> tuple[int, int]:
        """Any price, or none: a rank that is not known is told by the next book that is sound."""
        return (MAX_UNITS, 0) if self.is_unsettled else (NO_FALL, NO_RISE)

    def printed(
        self,
        place: Place,
        qty: int,
        leaves: int,
        ts_event: int | None,
        execution: Execution | None = None,
    ) -> int:
        """An execution at a resting order's price: how much of it would have been the order's.

        Where the order that traded came later, what goes beyond all that is still ahead: had time
        priority been kept, those would have had theirs first.  What was hidden is served after all
        that is shown: it is the order's where nothing is ahead of it, unless it is hidden itself,
        for then nobody knows which of both came first.  Nothing is, once the message has cleared
        the book: whoever is told of since may have been there before.
        """
        if place.rank is None or execution is None or place.slice_left == 0:
            return 0
        if self._renewals != self._orders.renewals:
            return 0
        ahead = place.ahead or 0
        if execution.rank is None:
            return 0 if ahead else qty
        return max(0, qty - ahead) if execution.rank >= place.rank else 0

    def see(self) -> None:
        """The book is another. One that was cleared is a new one: whoever waits is behind all that
        it then begins with, as he is where the book was not followed when he came; and where one
        that was built of updates is told as a whole, for it lacked orders that came before him."""
        renewals = self._orders.renewals
        if self._renewals != renewals:
            self._renewals = renewals
            self._go_back()
        super().see()

    def renew(self) -> None:
        """The same, where that was not seen."""
        super().renew()
        self._go_back()

    def _go_back(self) -> None:
        """Everybody is behind all that the next sound book holds."""
        for place in self._places.values():
            place.rank = None

    def _move_all(self) -> None:
        depth = self._orders
        if depth.is_sound and not depth.is_within:  # else they are behind what that message tells
            for place in self._places.values():
                if place.rank is None:
                    place.rank = depth.next_rank

    def concerned(self, side: int) -> list[int]:
        """The prices of a side (1 bids, -1 asks) whose level must be looked at as it changes: those
        at which something was taken; places follow from the book whenever they are asked for."""
        other = OrderSide.SELL if side > 0 else OrderSide.BUY
        return self._taken[other].prices()

    def dump(self) -> PlacesState:
        """All of it."""
        state = super().dump()
        for place in state.places:
            self._look(place)
        return state

    def load(self, state: PlacesState) -> None:
        """Become what was dumped."""
        super().load(state)
        self._renewals = self._orders.renewals
