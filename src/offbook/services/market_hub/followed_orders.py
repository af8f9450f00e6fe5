"""One book of a running market, told order by order, made once of its rows for all sessions."""

from __future__ import annotations

import msgspec
import numpy as np

from offbook.domain import book_orders as a
from offbook.domain.book_states import BookPhase, ByOrder, KnownBook, OrderBookState, OrderRow
from offbook.domain.config import BookStart
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import BookOrderSlice
from offbook.engine.books.order_book import OrderBook, Seen
from offbook.services.market_hub.followed_book import Notes, Told


class FollowedOrders(OrderBook):
    """The book of one instrument, as sessions have it that wait for a snapshot.

    ``rebuilt`` is the one of sessions that build it anew where something was missed or did not fit,
    as long as it is another: until both were told the same orders as a whole.
    """

    def __init__(self, instrument: Instrument) -> None:
        super().__init__(instrument)
        self.rebuilt: OrderBook | None = OrderBook(instrument, BookStart.UPDATES)
        self.notes = Notes()
        self._misfits: list[bool] = []
        self._met: list[tuple[int, int]] = []

    def know(self, known: KnownBook) -> None:
        """Become what was known at some place."""
        assert isinstance(known.state, ByOrder)
        self.load(known.state.book)
        self.rebuilt = None
        if known.rebuilt is not None:
            assert isinstance(known.rebuilt, ByOrder)
            self.rebuilt = _rebuilding(self.instrument, known.rebuilt.book)
        self.notes.take_over(known)

    def known(self) -> KnownBook:
        """What is known now: the same object until another row comes."""
        notes = self.notes
        if notes.known is None:
            rebuilt = None if self.rebuilt is None else ByOrder(self.rebuilt.dump())
            notes.known = KnownBook(
                symbol=self.instrument.symbol,
                state=ByOrder(self.dump()),
                rebuilt=rebuilt,
                since=notes.since,
                begun=notes.begun,
            )
        return notes.known

    def follow(self, part: BookOrderSlice) -> list[Told]:
        """The next rows of the book; what is told of each message that ends among them."""
        self.notes.begin()
        self.take_all(part, 0, len(part), np.array(part.positions(), dtype=np.int64))
        if self.rebuilt is not None:
            self.rebuilt.wait_with(self)
        self.notes.came(part, is_within=self.is_within)
        return self.notes.tops

    def _end(
        self,
        told: tuple[int, int, int],
        row: int,
        ts: int,
        ts_event: int | None,
        seen: Seen | None,
    ) -> None:
        """A message is complete, for both."""
        begun, notes, other = self._begun, self.notes, self.rebuilt
        before = self.clears, self.wholes
        if other is not None:
            other.wait_with(self)
        elif self.misses(told):
            other = self.rebuilt = OrderBook(self.instrument, BookStart.UPDATES)
            other.become(self)
        unknown, duplicates = self.unknown, self.duplicates
        self._misfits, self._met = [], []
        super()._end(told, row, ts, ts_event, seen)
        is_anew = before != (self.clears, self.wholes)
        if is_anew:
            notes.since = ts
        if other is not None:
            other.end(told, row, ts, ts_event)
            if is_anew and self._is_as(other):
                self.rebuilt = None
        elif self.phase is BookPhase.STALE:
            # A row did not fit: whoever builds his book anew goes on with these orders.
            twice = sum(self._misfits)
            more = len(self._misfits) - twice
            met = {order_id for order_id, clears in self._met if clears == self.clears}
            self.rebuilt = other = _rebuilding(
                self.instrument,
                msgspec.structs.replace(
                    self.dump(),
                    phase=BookPhase.INCOMPLETE,
                    unknown=unknown + more,
                    duplicates=duplicates + twice,
                    strangers=sorted(met),
                ),
            )
        notes.note(self, is_told=not is_anew and other is None)
        if other is not None and other.is_sound:
            notes.saw(other.bids.best, other.asks.best)
        self._note_executions(begun)

    def _is_as(self, other: OrderBook) -> bool:
        """Whether the other is the same in all that is ever asked for."""
        live = self.phase is BookPhase.LIVE and other.phase is BookPhase.LIVE
        return live and self.is_sound and self.has_orders_of(other)

    def _note_executions(self, begun: list[OrderRow]) -> None:
        """Orders of sessions at the price of one that traded, or beyond it, may have been filled:
        to them it is as if the other side had come there."""
        for one in begun:
            if one.action in (a.EXECUTE, a.HIDDEN):
                self.notes.saw(one.px, one.px)

    def _met_stranger(self, order_id: int) -> None:
        self._met.append((order_id, self.clears))

    def _flag(self, *, duplicate: bool = False) -> None:
        self._misfits.append(duplicate)
        super()._flag(duplicate=duplicate)


def _rebuilding(instrument: Instrument, state: OrderBookState) -> OrderBook:
    made = OrderBook(instrument, BookStart.UPDATES)
    made.load(state)
    return made
