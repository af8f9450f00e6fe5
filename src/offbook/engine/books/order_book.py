"""An order book kept order by order (L3): who stands at each price, in the order of being served.

Every order has a *rank*, which only grows: an order of a price is served before another if its rank
is lower.  It is the position of the row that gave it, so that it is the same in every book that is
made of these rows, whatever came before.  A modification that raises its size or changes its price
gives it a new one.  A snapshot
tells who is there, not who was first: whoever was in the book before with the same price and no
smaller size keeps his rank, the others came since, in the order of the snapshot.  Of those that
nobody tells apart it is not known when they came: they are served before all others at their price.

What a message says of an order that the book does not have, or has otherwise, is *flagged*: it
changes nothing, and is counted (``unknown``, ``duplicates``).  A book that begins with a snapshot
is stale from then on, until a snapshot or a clear; one that is built of updates is incomplete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from offbook.domain import book_orders as a
from offbook.domain.book_orders import BookOrderSlice, BookOrderUpdate
from offbook.domain.book_states import OrderBookState as OrderBookState
from offbook.domain.book_states import OrderRow as Row
from offbook.domain.book_states import Resting as Resting
from offbook.domain.columns import IntColumn
from offbook.domain.config import BookStart
from offbook.domain.depth import BID, LAST, NO_SEQ, SNAPSHOT
from offbook.domain.instruments import Instrument
from offbook.engine.books.order_queues import BEFORE_ALL as BEFORE_ALL
from offbook.engine.books.order_queues import OrderQueues
from offbook.engine.books.shown_book import BookPhase, Levels, ShownBook


class Execution(msgspec.Struct, frozen=True, gc=False):
    """An execution that a message tells of: ``rank`` is that of the order that traded, None where
    it was hidden; ``may_fill`` says whether the book before the message was sound, and all fits it
    up to here."""

    told: Row
    rank: int | None
    may_fill: bool


Seen = Callable[[Execution], None]


class OrderBook(ShownBook):
    """The book of one instrument, order by order.

    ``unknown`` counts the rows about an order that the book does not have, or has on the other
    side, at another price or with less than was traded; ``duplicates`` those that add one that it
    has.
    """

    def __init__(self, instrument: Instrument, start: BookStart = BookStart.SNAPSHOT) -> None:
        super().__init__(instrument, start)
        self.unknown = 0
        self.duplicates = 0
        self.renewals = 0
        """How often it was told anew by orders that may have come before any that it knew."""
        self.next_rank = 0
        """The rank of whoever comes next."""
        self._orders = OrderQueues()
        self._begun: list[Row] = []
        self._strangers: set[int] = set()
        """Orders that the book did not know and that have traded."""

    # -- taking rows ------------------------------------------------------------------------

    def take(self, update: BookOrderUpdate, seen: Seen | None = None) -> bool:
        """Take one row; whether its message is complete, and the book is another now.

        ``seen`` is told each execution of a message, with the book as the rows before it left it.
        """
        self._begun.append(
            Row(
                update.action, update.side, update.price_px, update.size_qty, update.order_id,
                update.row, update.ts, update.ts_event,
            )
        )  # fmt: skip
        if not update.flags & LAST:
            return False
        told = update.flags, update.seq, update.prev_seq
        self._end(told, update.row, update.ts, update.ts_event, seen)
        return True

    def take_all(self, piece: BookOrderSlice, begin: int, end: int, numbers: IntColumn) -> bool:
        """Take rows of a slice, from ``begin`` to ``end`` (places within it) at these positions in
        the market, as ``take`` would one by one; whether a message was complete among them."""
        events: list[Any] = [None] * (end - begin)
        if piece.ts_event is not None:
            events = piece.ts_event[begin:end].tolist()
        names = ("action", "side", "price_px", "size_qty", "order_id")
        columns = [getattr(piece, name)[begin:end].tolist() for name in names]
        stamps, at = piece.ts[begin:end].tolist(), numbers.tolist()
        rows = list(map(Row, *columns, at, stamps, events))
        flags = piece.flags[begin:end]
        seq, prev = piece.seq[begin:end].tolist(), piece.prev_seq[begin:end].tolist()
        first = 0
        flagged = flags.tolist()
        for last in (flags & LAST).nonzero()[0].tolist():
            self._begun += rows[first : last + 1]
            first = last + 1
            told = flagged[last], seq[last], prev[last]
            self._end(told, at[last], stamps[last], events[last], None)
        self._begun += rows[first:]
        return first > 0

    def _end(
        self,
        told: tuple[int, int, int],
        row: int,
        ts: int,
        ts_event: int | None,
        seen: Seen | None,
    ) -> None:
        """A message is complete; its flags, number and that of the one before are ``told``."""
        before = self._shown
        flags, seq, prev = told
        begun, self._begun = self._begun, []
        if flags & SNAPSHOT:
            self._begin_anew(begun)
        elif self._is_old(seq, prev):
            self.is_cut = False
            return  # what the book knows already
        else:
            if flags & a.MISSED or self._missed(seq, prev):
                self._lose()
            if seen is None:
                for one in begun:
                    self._apply(one)
            else:
                may_fill = self.is_sound
                for one in begun:
                    if one.action in (a.EXECUTE, a.HIDDEN):
                        counts = may_fill and self.is_followed and self._fits(one)
                        seen(Execution(one, self._rank_of(one), counts))
                    self._apply(one)
        if seq > NO_SEQ or flags & SNAPSHOT:
            self.last_seq = seq
        self._came(row, ts, ts_event, before)

    def _begin_anew(self, rows: list[Row]) -> None:
        """A snapshot: its rows are the whole book."""
        known = self._orders.by_key
        self._empty()
        self.renewals += self.phase is BookPhase.INCOMPLETE
        self.phase = BookPhase.LIVE
        self.wholes += 1
        self._strangers.clear()
        for one in rows:
            if one.action == a.ADD:
                key = one.order_id or _key_of(one.side, one.px)
                old = known.get(key)
                if key in self._orders.by_key:
                    self._flag(duplicate=True)
                elif old is not None and one.order_id and _may_be(one, old):
                    self._enter(key, one, old.rank)
                else:
                    self._enter(key, one, self._next(one) if one.order_id else BEFORE_ALL)
            elif one.action not in (a.CLEAR, a.NONE):
                self._flag()
        self._orders.sort()

    def _apply(self, one: Row) -> None:
        """What a row does to the book."""
        action = one.action
        if action == a.ADD:
            if one.order_id and one.order_id not in self._orders.by_key:
                self._enter(one.order_id, one, self._next(one))
            else:
                self._add(one)
        elif action == a.MODIFY:
            self._modify(one)
        elif action == a.CLEAR:
            self._empty()
            self.phase = BookPhase.LIVE
            self.clears += 1
            self.renewals += 1
            self._strangers.clear()
        elif action not in (a.HIDDEN, a.NONE):
            self._take_away(one)

    def _add(self, one: Row) -> None:
        key = one.order_id or _key_of(one.side, one.px)
        known = self._orders.by_key.get(key)
        if known is None:
            self._enter(key, one, BEFORE_ALL)
        elif one.order_id:
            self._flag(duplicate=True)
        else:
            self._resize(known, known.qty + one.qty)

    def _modify(self, one: Row) -> None:
        known = self._orders.by_key.get(one.order_id)
        if known is None or known.side != one.side:
            self._flag()
        elif one.px == known.px and one.qty <= known.qty:
            self._resize(known, one.qty)
        else:
            self._resize(known, 0)
            self._enter(one.order_id, one, self._next(one))

    def _take_away(self, one: Row) -> None:
        """An order, or a part of one, is gone."""
        found = self._found(one)
        if found is None and one.action == a.EXECUTE and one.order_id:
            self._met_stranger(one.order_id)
        if found is None or (found.key < 0 and not one.qty):
            self._flag()
        elif one.action == a.DELETE and found.key > 0:
            self._resize(found, 0)
        elif one.action == a.EXECUTE and found.key > 0 and one.qty > found.qty:
            self._flag()
        else:
            self._resize(found, max(found.qty - one.qty, 0))

    def _met_stranger(self, order_id: int) -> None:
        """An order has traded that the book does not know."""
        if self.is_rebuilt:
            self._strangers.add(order_id)

    def _found(self, one: Row) -> Resting | None:
        """The order that a row is about: its own, or those at its price that are not told apart."""
        found = self._orders.by_key.get(one.order_id) if one.order_id else None
        if found is None:
            return self._orders.by_key.get(_key_of(one.side, one.px))
        return found if (found.side, found.px) == (one.side, one.px) else None

    def _rank_of(self, one: Row) -> int | None:
        if one.action == a.HIDDEN:
            return None
        found = self._found(one)
        return BEFORE_ALL if found is None else found.rank

    def _fits(self, one: Row) -> bool:
        """Whether the book may have been traded on as an execution says.  Only a book that is built
        of updates lacks orders that others have; of one of these nobody knows whether it is told
        twice that it traded, so the first time counts."""
        if one.action == a.HIDDEN:
            return True
        found = self._found(one)
        if found is None:
            known = one.order_id in self._orders.by_key or one.order_id in self._strangers
            return self.is_rebuilt and not known
        return found.key < 0 or one.qty <= found.qty

    def _next(self, one: Row) -> int:
        rank = max(self.next_rank, one.row)
        self.next_rank = rank + 1
        return rank

    def _enter(self, key: int, one: Row, rank: int) -> None:
        """An order joins those at its price."""
        side, px, qty = one.side, one.px, one.qty
        levels = self.bids if side == BID else self.asks
        levels.put(px, levels.sizes.get(px, 0) + qty)
        self._orders.put(Resting(key, side, px, qty, rank))

    def _resize(self, order: Resting, qty: int) -> None:
        """An order has another size, 0 if it is gone; its place stays what it was."""
        px = order.px
        levels: Levels = self.bids if order.side == BID else self.asks
        levels.put(px, levels.sizes[px] + qty - order.qty)
        self._orders.resize(order, qty)

    def _empty(self) -> None:
        super()._empty()
        self._orders = OrderQueues()

    def _flag(self, *, duplicate: bool = False) -> None:
        """A row does not fit the book, as far as that is followed."""
        if not self.is_followed:
            return
        if duplicate:
            self.duplicates += 1
        else:
            self.unknown += 1
        if self.phase is BookPhase.LIVE:
            waits = self._start is BookStart.SNAPSHOT
            self.phase = BookPhase.STALE if waits else BookPhase.INCOMPLETE

    # -- asking -----------------------------------------------------------------------------

    @property
    def begun(self) -> Sequence[Row]:
        """The rows of a message that has begun and not ended."""
        return self._begun

    @property
    def is_within(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._begun)

    def orders(self, side: int, px: int) -> Iterator[Resting]:
        """The orders of a side (1 bids, -1 asks) at a price, first served first."""
        return self._orders.at(side, px)

    def ahead_of(self, side: int, px: int, rank: int) -> int:
        """How much at a price is served before an order of a rank."""
        ahead = 0
        for order in self.orders(side, px):
            if order.rank >= rank:
                break
            ahead += order.qty
        return ahead

    def count_orders_better(self, side: int, px: int) -> int:
        """How many orders of a side have better prices than this one."""
        levels, count = self.bids if side == BID else self.asks, 0
        for at, _ in levels.walk():
            if at * side <= px * side:
                break
            count += self._orders.count(side, at)
        return count

    # -- others of the same instrument ------------------------------------------------------

    def end(self, told: tuple[int, int, int], row: int, ts: int, ts_event: int | None) -> None:
        """The message of which all rows wait is complete: its flags, number and that of the one
        before, and the position and times of its last row."""
        self._end(told, row, ts, ts_event, None)

    def wait_with(self, other: OrderBook) -> None:
        """Have the rows of the message that another book of this instrument has begun."""
        self._begun = list(other._begun)

    def misses(self, told: tuple[int, int, int]) -> bool:
        """Whether something was missed before a message of these flags and numbers."""
        flags, seq, prev = told
        if flags & SNAPSHOT or self._is_old(seq, prev):
            return False
        return bool(flags & a.MISSED) or self._missed(seq, prev)

    def has_orders_of(self, other: OrderBook) -> bool:
        """Whether the same orders stand in both, in the same places."""
        return self.next_rank == other.next_rank and self._orders.by_key == other._orders.by_key

    def become(self, other: OrderBook) -> None:
        """Know what another knows, without copying its orders."""
        self.phase, self.last_seq, self.gaps = other.phase, other.last_seq, other.gaps
        self.unknown, self.duplicates = other.unknown, other.duplicates
        self.next_rank = other.next_rank
        self.bids.share(other.bids)
        self.asks.share(other.asks)
        self._orders = other._orders.share()
        self._strangers = set(other._strangers)
        self.row, self.ts, self.ts_event = other.row, other.ts, other.ts_event
        self._begun = list(other._begun)
        self._top, self._shown, self._mark = None, self._ends(), other._mark

    def let_go(self) -> None:
        """Keep no orders: the book becomes another before it is asked for."""
        self._empty()
        self._begun.clear()

    # -- snapshots of an engine -------------------------------------------------------------

    def dump(self) -> OrderBookState:
        """All that the book knows."""
        return OrderBookState(
            phase=self.phase,
            last_seq=self.last_seq,
            orders=sorted(self._orders.by_key.values(), key=lambda order: order.rank),
            next_rank=self.next_rank,
            at=(self.row, self.ts, self.ts_event),
            mark=self._mark_state(),
            begun=list(self._begun),
            gaps=self.gaps,
            unknown=self.unknown,
            duplicates=self.duplicates,
            strangers=sorted(self._strangers),
        )

    def load(self, state: OrderBookState) -> None:
        """Become what was dumped."""
        self.phase, self.last_seq, self.gaps = state.phase, state.last_seq, state.gaps
        self.unknown, self.duplicates = state.unknown, state.duplicates
        self.next_rank, self._begun = state.next_rank, list(state.begun)
        self._strangers = set(state.strangers)
        self._empty()
        for kept in state.orders:
            row = Row(a.ADD, kept.side, kept.px, kept.qty, kept.key, 0, 0, None)
            self._enter(kept.key, row, kept.rank)
        self._load_mark(state.at, state.mark)


def _key_of(side: int, px: int) -> int:
    """Under which number those at a price stand that are not told apart."""
    return -2 * px - (side < 0)


def _may_be(one: Row, old: Resting) -> bool:
    """Whether an order of a snapshot may never have lost the place it had."""
    return (one.side, one.px) == (old.side, old.px) and one.qty <= old.qty
