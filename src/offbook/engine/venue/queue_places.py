"""What a session has on one instrument's book: the places of its resting orders, and what it took
of the levels shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from offbook.domain.orders import OrderSide
from offbook.engine.books.books import AnyBook
from offbook.engine.books.order_book import Execution
from offbook.engine.books.shown_book import Levels
from offbook.engine.ledger.state import OrderState
from offbook.engine.models.queues import Place, QueueModel
from offbook.engine.venue.book import Taken
from offbook.engine.venue.taken_levels import Held, TakenLevels
from offbook.engine.wake import NO_FALL, NO_RISE


class PlacesState(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, as it stands in a snapshot of an engine: what was taken of bids and of asks."""

    places: list[Place]
    bids: list[Taken]
    asks: list[Taken]
    held_bids: list[Held] = []
    held_asks: list[Held] = []

    @property
    def holds(self) -> bool:
        """Whether there is anything."""
        return bool(self.places or self.bids or self.asks or self.held_bids or self.held_asks)


class QueuePlaces:
    """The places of resting orders, earliest first at each price, and the memory of what was taken
    (``taken_levels``)."""

    def __init__(self, look_up: Callable[[], AnyBook], model: QueueModel) -> None:
        """``look_up`` gives the book, which may be lent meanwhile."""
        self._look_up = look_up
        self.model = model
        self._lost = self._wholes = 0
        self._unsettled: tuple[int, int] | None = None
        self._places: dict[int, Place] = {}
        self._taken = {side: TakenLevels() for side in OrderSide}

    @property
    def _depth(self) -> AnyBook:
        return self._look_up()

    def __len__(self) -> int:
        return len(self._places) + sum(map(len, self._taken.values()))

    # -- places -----------------------------------------------------------------------------

    def join(self, order: OrderState, turn: int | None = None) -> None:
        """An order rests from now on, behind what is shown at its price, and behind those of the
        session that came there before its priority, or the number of a record that ``turn`` is."""
        assert order.price_px is not None
        self._begin()
        self._unsettled = None
        levels = self._depth.side(order.side)
        self._places[order.ordinal] = Place(
            ordinal=order.ordinal,
            side=order.side.sign,
            px=order.price_px,
            ahead=self.ahead_at(order.side, order.price_px),
            shown=levels.sizes.get(order.price_px, 0),
            slice_left=order.display_qty,
            turn=order.priority if turn is None else turn,
        )

    def _begin(self) -> None:
        """Where nothing is held, it does not matter how often the book was begun anew before."""
        if not len(self):
            self._note()

    def _note(self) -> None:
        """What happened to the book up to now does not matter."""
        self._lost, self._wholes = self._depth.lost, self._depth.wholes

    def leave(self, ordinal: int) -> None:
        """An order does not rest, or no more."""
        self._unsettled = None
        self._places.pop(ordinal, None)

    def lose(self) -> None:
        """All that the book held is gone: what is ahead is not known, and nothing was taken."""
        self._unsettled = None
        for taken in self._taken.values():
            taken.clear()
        for place in self._places.values():
            place.ahead = place.rank = None

    def rejoin(self, orders: Mapping[int, OrderState]) -> None:
        """After that, on their terms of now: whoever had a place has one in the next book, behind
        all that this begins with; among the session's own in the same turns."""
        for place in list(self._places.values()):
            self.join(orders[place.ordinal], place.turn)

    def place(self, ordinal: int) -> Place | None:
        """The place of an order that rests."""
        return self._places.get(ordinal)

    def ahead_at(self, side: OrderSide, px: int) -> int | None:
        """What an order that joins at a price now has ahead of it, None where that is not known:
        the book is not sound, or does not reach so far, or may lack the level."""
        depth = self._depth
        levels = depth.side(side)
        shown = levels.sizes.get(px, 0)
        if not depth.is_sound:
            return None
        if shown or (depth.is_complete and levels.covers(px)):
            return shown
        return None

    @property
    def is_unsettled(self) -> bool:
        """Whether any change of the book may tell more of a place than is known."""
        return self.unsettled() != (NO_FALL, NO_RISE)

    def unsettled(self) -> tuple[int, int]:
        """A bid at or below the first, or an ask at or above the second (price units), may tell
        more of a place than is known, for the book does not reach so far; NO_FALL and NO_RISE
        where all is known.

        Rows that are passed over bear on no place, so what was found is true until others come.
        """
        if self._unsettled is None:
            self._unsettled = self._find_unsettled() if self._places else (NO_FALL, NO_RISE)
        return self._unsettled

    def _find_unsettled(self) -> tuple[int, int]:
        depth = self._depth
        shown = {1: depth.bids.sizes, -1: depth.asks.sizes}
        bids, asks = NO_FALL, NO_RISE
        for place in self._places.values():
            if place.ahead is None or place.shown != shown[place.side].get(place.px, 0):
                if place.side > 0:
                    bids = max(bids, place.px)
                else:
                    asks = min(asks, place.px)
        return bids, asks

    def printed(
        self,
        place: Place,
        qty: int,
        leaves: int,
        ts_event: int | None,
        execution: Execution | None = None,
    ) -> int:
        """A print at a resting order's price, or an execution of an order there; how much of it
        may be the order's.

        A hidden order has what goes beyond all that is shown there, whenever that came; of an
        iceberg the part that is shown has a place, and no more of it may trade.
        """
        if place.ahead is None:
            return 0
        late = 0
        if place.cut_event is not None and ts_event is not None:
            late = min(qty, place.cut) if ts_event <= place.cut_event else 0
            place.cut = place.cut - late if ts_event <= place.cut_event else 0
        before = place.printed
        place.printed += qty - late
        if place.slice_left is None:
            return self.model.printed(place, qty, leaves, late)
        if place.slice_left == 0:
            return max(place.printed - place.shown, 0) - max(before - place.shown, 0)
        return self.model.printed(place, qty, min(place.slice_left, leaves), late)

    def in_turn(self, orders: list[OrderState]) -> list[OrderState]:
        """The session's orders at one price that have a place there, in the order in which they are
        served: what is hidden after all that is shown."""
        placed = [order for order in orders if order.ordinal in self._places]
        return sorted(
            placed, key=lambda one: (one.display_qty == 0, self._places[one.ordinal].turn)
        )

    def refill(self, order: OrderState, qty: int, turn: int) -> None:
        """An iceberg traded in its place: once all it showed is gone, more is shown at the back."""
        place = self._places.get(order.ordinal)
        if place is None or not place.slice_left:
            return
        place.slice_left -= qty
        if place.slice_left <= 0:
            self.join(order, turn)

    # -- what was taken ---------------------------------------------------------------------

    def available(self, side: OrderSide, px: int, shown: int) -> int:
        """What an order of ``side`` may still take of a level of the other side."""
        return self._taken[side].available(px, shown)

    def take(self, side: OrderSide, px: int, shown: int, qty: int) -> None:
        """Remember what was taken of a level."""
        self._begin()
        self._taken[side].take(px, shown, qty)

    def missing(self, side: OrderSide, px: int) -> int:
        """What the session took of the level at a price: a print there may be the same."""
        return self._taken[side].missing(px)

    # -- the book moves ---------------------------------------------------------------------

    def see(self) -> None:
        """The book is another: carry over what was taken, and move those who wait."""
        depth = self._depth
        self._unsettled = None
        is_lost, is_whole = self._lost != depth.lost, self._wholes != depth.wholes
        self._note()
        for side, taken in self._taken.items():
            if is_lost:
                taken.lose()
            if depth.is_followed and len(taken):
                taken.follow(depth.side(side.opposite).sizes, is_whole=is_whole)
        if depth.is_followed:
            self._move_all()

    def catch_up(self) -> None:
        """Between two messages: the book may have been lost in rows that were passed over, and what
        is taken from now on is of the one after that."""
        if self._lost != self._depth.lost and len(self):
            self._lost = self._depth.lost
            for taken in self._taken.values():
                taken.lose()

    def renew(self) -> None:
        """The book was told anew, or has missed something, in rows that were left out: what was
        taken of it may be shown again as if it were new."""
        for taken in self._taken.values():
            taken.lose()

    def _move_all(self) -> None:
        """Those who wait move with their levels."""
        for place in self._places.values():
            self._move(place, self._depth)

    def _move(self, place: Place, depth: AnyBook) -> None:
        side = OrderSide.BUY if place.side > 0 else OrderSide.SELL
        levels = depth.side(side)
        shown = levels.sizes.get(place.px, 0)
        if place.ahead is None:
            place.ahead, place.shown = self.ahead_at(side, place.px), shown
        elif shown != place.shown and (shown or _tells(levels, place.px, depth)):
            before = place.ahead
            self.model.changed(place, shown)
            cut = before - place.ahead
            if cut > 0:
                place.cut, place.cut_event = place.cut + cut, depth.ts_event
            place.shown = shown
        else:
            return
        place.printed = 0

    def concerned(self, side: int) -> list[int]:
        """The prices of a side (1 bids, -1 asks) whose level must be looked at as it changes."""
        other = OrderSide.SELL if side > 0 else OrderSide.BUY
        return [p.px for p in self._places.values() if p.side == side] + self._taken[other].prices()

    # -- snapshots of an engine -------------------------------------------------------------

    def dump(self) -> PlacesState:
        """All of it, as the last message has left it, also where that was passed over: whoever goes
        on from here does not know what became of the book before."""
        if len(self):
            self.see()
        bids, held_bids = self._taken[OrderSide.SELL].dump()
        asks, held_asks = self._taken[OrderSide.BUY].dump()
        return PlacesState(
            places=list(self._places.values()),
            bids=bids,
            asks=asks,
            held_bids=held_bids,
            held_asks=held_asks,
        )

    def load(self, state: PlacesState) -> None:
        """Become what was dumped."""
        self._note()
        self._unsettled = None
        self._places = {place.ordinal: place for place in state.places}
        self._taken[OrderSide.BUY].load(state.asks, state.held_asks)
        self._taken[OrderSide.SELL].load(state.bids, state.held_bids)


def _tells(levels: Levels, px: int, depth: AnyBook) -> bool:
    """Whether a level that is not shown is known to be empty: a book may end before it."""
    return depth.is_complete and (levels.covers(px) or not len(levels))
