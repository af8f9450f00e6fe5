"""Matching on books: the models ``depth-walk.1`` and, at an order's own price, those of
``engine.models.queues``.

- an arriving order that crosses walks the levels of the other side, best first and none worse than
  its limit: each level is a fill of its own, at its price; all or none looks at all of them first;
- what it could not take keeps trying as a taker until the market has once moved away from it;
- a resting limit is filled at its own price where the other side comes to it, as far as is shown
  there, or where a print goes beyond it; at its own price only prints that the queue lets through
  fill it;
- what was taken stays taken until the level refreshes (``queue_places``);
- orders are matched between messages, while the book is followed, has both sides and is not
  crossed; while it is not, nothing is matched, on prints neither;
- a book that is told order by order tells its prints itself, as executions of its messages: these
  meet the book as the rows before them left it, if it was sound before the message.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from offbook.domain.depth import BID
from offbook.domain.market_data import Quote, Trade
from offbook.domain.orders import CancelReason, Liquidity, OrderSide, TimeInForce
from offbook.domain.record_parts import Evidence
from offbook.engine.books.books import AnyBook, take_update
from offbook.engine.books.order_book import Execution, OrderBook, Seen
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.state import OrderState
from offbook.engine.rows.rows import BookUpdate
from offbook.engine.venue.book import Book
from offbook.engine.venue.book_places import places_on
from offbook.engine.venue.fills import Filler
from offbook.engine.venue.level_deals import deal_at, grant_at_once
from offbook.engine.venue.queue_places import QueuePlaces

if TYPE_CHECKING:
    from offbook.engine.venue.venue import Venue

WALK_MODEL: Final = "depth-walk.1"
_SIDES: Final = (OrderSide.BUY, OrderSide.SELL)


def execution_as_trade(depth: OrderBook, execution: Execution) -> Trade:
    """An execution as the print that it was: who took is on the side of nobody who was served."""
    told, instrument = execution.told, depth.instrument
    took = {BID: OrderSide.SELL, -BID: OrderSide.BUY}.get(told.side)
    price = told.px / 10**instrument.price_precision
    return Trade(told.ts, price, told.px, told.qty, took, told.ts_event, told.row, instrument, None)


class DepthMatching:
    """What books and the prints beside them do to the working orders of a venue."""

    def __init__(self, kernel: Kernel, venue: Venue, filler: Filler) -> None:
        self._kernel = kernel
        self._venue = venue
        self._filler = filler
        self._places: dict[str, QueuePlaces] = {}

    def places(self, symbol: str) -> QueuePlaces:
        """What the session has on an instrument's book."""
        found = self._places.get(symbol)
        if found is None:
            made = places_on(self._kernel.depths, symbol, self._kernel.config.venue.queue)
            found = self._places[symbol] = made
        return found

    def queue_ahead(self, order: OrderState) -> int | None:
        """What an order finds ahead of it at its limit as it is accepted, if it has a book and
        works from then on."""
        px = order.price_px
        if px is None or order.held or order.waits or order.symbol not in self._kernel.depths:
            return None
        return self.places(order.symbol).ahead_at(order.side, px)

    def forget(self, order: OrderState) -> None:
        """An order has ended."""
        if order.symbol in self._places:
            self._places[order.symbol].leave(order.ordinal)

    # -- the market is another --------------------------------------------------------------

    def drop(self, symbol: str, mark: Quote | None, due: int) -> None:
        """A corporate action: all that is known of a book is of another market.  Until the next
        one is told it reads as ``mark``, and nothing is matched; orders ``rejoin`` it."""
        kernel = self._kernel
        kernel.depths[symbol].drop(kernel.now, mark, due)
        kernel.resumed[symbol] = kernel.now  # what was shown before is of another market
        self.places(symbol).lose()

    def rejoin(self, symbol: str) -> None:
        """Open orders are on the terms on which they wait for it."""
        self.places(symbol).rejoin(self._kernel.ledger.orders)

    # -- the book moves ---------------------------------------------------------------------

    def take(self, update: BookUpdate) -> bool:
        """Take a row, and match where it ends its message; whether it did."""
        symbol = update.instrument.symbol
        depth = self._kernel.depths[symbol]
        if not take_update(depth, update, self._execution_in(depth)):
            return False
        places = self.places(symbol)
        if len(places):
            places.see()
        top = depth.top()
        book = self._venue.book(symbol)
        if top is None or not len(book) or top.row != update.row:
            return True  # a message that the book knew already shows nothing anew
        self._match(book, places, depth, top)
        if book.pegs:
            self._venue.pegs.follow(top)
        return True

    def _match(self, book: Book, places: QueuePlaces, depth: AnyBook, top: Quote) -> None:
        """Match working orders against the book as a message has left it."""
        if self._venue.times.trades(depth.instrument):
            if len(book.triggers) and self._venue.times.is_open(depth.instrument):
                self._pull_triggers(book, top)
            if top.ask_px <= book.top_buy:
                self._sweep(book.buys_crossing(top.ask_px), depth)
            if top.bid_px >= book.top_sell:
                self._sweep(book.sells_crossing(top.bid_px), depth)
        self._settle(book, places, top)

    def _pull_triggers(self, book: Book, top: Quote) -> None:
        """Orders that the book triggers; what it did not trigger may follow it."""
        for ordinal in book.triggers.reached(top.ask_px, top.bid_px):
            if ordinal in book.triggers:
                self.trigger(self._kernel.ledger.orders[ordinal], top)
        book.follow(top.ask_px, top.bid_px)

    def _sweep(self, ordinals: list[int], depth: AnyBook) -> None:
        for ordinal in ordinals:
            order = self._kernel.ledger.orders[ordinal]
            if not order.status.is_terminal:
                self._walk(order, depth)

    def _settle(self, book: Book, places: QueuePlaces, top: Quote) -> None:
        """Limits that the market is away from rest from now on, and queue."""
        fresh = book.fresh_ordinals()
        if not fresh:
            return
        book.settle(top)
        for ordinal in fresh:
            order = self._kernel.ledger.orders[ordinal]
            if not order.status.is_terminal and not book.is_fresh(order):
                places.join(order)

    # -- orders arrive ----------------------------------------------------------------------

    def arrive(self, order: OrderState, seen: Quote) -> None:
        """An order that has just arrived, or was just triggered, meets the book; ``seen`` is its
        top, or what that was when it was last sound."""
        book, depth = self._venue.book(order.symbol), self._kernel.depths[order.symbol]
        places = self.places(order.symbol)
        places.catch_up()
        places.leave(order.ordinal)
        if not book.crosses(order, seen):
            book.rest(order)
            places.join(order)
        elif depth.is_sound and self._venue.times.is_present(seen):
            self._walk(order, depth)
        self._venue.end_rest(order)

    def trigger(self, order: OrderState, top: Quote) -> None:
        """The book triggers an order, which takes part in it at once; one that arrives while the
        book is not sound waits for the next that is."""
        if not self._kernel.depths[order.symbol].is_sound:
            return
        buying = order.side is OrderSide.BUY
        px, shown = (top.ask_px, top.ask_qty) if buying else (top.bid_px, top.bid_qty)
        rule = f"{'ask' if buying else 'bid'} reached the trigger price"
        available = self.places(order.symbol).available(order.side, px, shown)
        evidence = self._level_evidence(order, px, shown, available, rule)
        if self._venue.activate(order, evidence):
            self.arrive(order, top)

    # -- trades -----------------------------------------------------------------------------

    def _walk(self, order: OrderState, depth: AnyBook) -> None:
        """Trade an order against the levels that satisfy it, best first."""
        if not self._venue.times.takes_part(order):
            return
        levels = self._offered(order, depth)
        left = self._venue.tradable(order, sum(offered for _, _, offered in levels))
        if left <= 0:
            self._venue.drop_if_not_reducing(order)
            return
        book, shown = self._venue.book(order.symbol), self._level_evidence
        deals = partial(deal_at, self._kernel, book, order)
        granted = grant_at_once(self._filler, order, left, levels, deals, shown)
        if isinstance(granted, CancelReason):
            self._venue.end(order, granted)
            return
        wanted = left
        for place, (px, size, _) in enumerate(levels, 1):
            left -= self._take_level(order, px, size, left, granted - place)
            if left == 0 or order.status.is_terminal:
                return
        if left < wanted:  # what its fills set free had some of these levels: it goes further
            self._walk(order, depth)

    def _offered(self, order: OrderState, depth: AnyBook) -> list[tuple[int, int, int]]:
        """Price, size and what may be taken, in whole lots, of so many levels that satisfy an order
        as it can use, best first."""
        lot = self._kernel.instrument(order.symbol).lot_units
        places = self.places(order.symbol)
        levels, total = [], 0
        for px, shown in depth.side(order.side.opposite).walk(order.price_px):
            if self._kernel.price_within(order.symbol, px, px) is None:
                break
            available = places.available(order.side, px, shown)
            offered = available - available % lot
            if offered > 0:
                levels.append((px, shown, offered))
                total += offered
            if total >= order.leaves_qty:
                break
        return levels

    def _take_level(self, order: OrderState, px: int, shown: int, left: int, more: int) -> int:
        """Trade an order against one level; how much that was.  So many ``more`` levels are paid
        for together with it, and are one trade to its list; below 0 where it is asked for alone."""
        places, book = self.places(order.symbol), self._venue.book(order.symbol)
        # What its last fill set free may have traded meanwhile.
        available = places.available(order.side, px, shown)
        qty = min(left, available)
        if order.time_in_force is TimeInForce.FOK or order.min_qty:
            qty -= qty % self._kernel.instrument(order.symbol).lot_units  # it was judged as a whole
        else:
            qty = self._venue.tradable(order, qty)
        if qty <= 0:
            return 0
        paid, liquidity, rule = deal_at(self._kernel, book, order, px)
        evidence = self._level_evidence(order, px, shown, available, rule)
        if not self._filler.fill(order, qty, paid, liquidity, evidence, granted=more >= 0):
            self._venue.end(order, self._filler.unpaid)
            return 0
        places.take(order.side, px, shown, qty)
        if more <= 0 or order.status.is_terminal:
            self._filled(order, book)
        return qty

    def _filled(self, order: OrderState, book: Book) -> None:
        if order.status.is_terminal:
            book.remove(order)
            self.forget(order)
        self._venue.settle(order)

    def _execution_in(self, depth: AnyBook) -> Seen | None:
        """What an execution that a book's message tells of is to be told to."""
        if not isinstance(depth, OrderBook):
            return None
        return lambda execution: self._print(execution_as_trade(depth, execution), 0, execution)

    def print(self, trade: Trade, taken: int = 0) -> None:
        """What was traded between others: it brings queues forward, and fills limits beyond which
        it went; so much of it was ``taken`` in its auction.  A book that tells every order tells
        its prints too: of another source they are the same once more."""
        if not isinstance(self._kernel.depths[trade.instrument.symbol], OrderBook):
            self._print(trade, taken, None)

    def _print(self, trade: Trade, taken: int, execution: Execution | None) -> None:
        symbol, px = trade.instrument.symbol, trade.price_px
        book, depth = self._venue.book(symbol), self._kernel.depths[symbol]
        if not len(book):
            return
        if execution is None:
            self.places(symbol).catch_up()
        sound = depth.is_sound if execution is None else execution.may_fill
        may_fill = sound and self._venue.times.trades(trade.instrument)
        left = trade.size_qty - taken
        for side in _SIDES:
            reached = [self._kernel.ledger.orders[o] for o in book.crossing(side, px)]
            resting = [o for o in reached if o.price_px is not None and not book.is_fresh(o)]
            for order in resting:
                if order.price_px != px and may_fill and not order.status.is_terminal:
                    left -= self._traded_through(order, trade, left, execution)
            if trade.aggressor is not side:
                queued = [order for order in resting if order.price_px == px]
                left -= self._queued(queued, trade, left, execution, may_fill=may_fill)

    def _traded_through(
        self, order: OrderState, trade: Trade, left: int, execution: Execution | None
    ) -> int:
        """A print beyond a limit fills it, less what the session took of the level shown there."""
        offered = left - self.places(order.symbol).missing(order.side, trade.price_px)
        return self._take_print(order, trade, offered, None, execution)

    def _queued(
        self,
        orders: list[OrderState],
        trade: Trade,
        left: int,
        execution: Execution | None,
        *,
        may_fill: bool,
    ) -> int:
        """A print at the price of limits, in their turns; how much of it they had."""
        given = 0
        places = self.places(trade.instrument.symbol)
        for order in places.in_turn(orders):
            place = places.place(order.ordinal)
            if order.status.is_terminal or place is None:
                continue
            ahead = place.ahead
            reach = places.printed(place, left, order.leaves_qty, trade.ts_event, execution)
            if may_fill and reach > 0:
                offered = min(reach, left - given)
                if places.model.is_by_time or place.slice_left == 0:
                    offered = reach - given  # what is hidden comes after all that is shown
                if place.slice_left:
                    offered = min(offered, place.slice_left)
                given += self._take_print(order, trade, offered, ahead, execution)
        return given

    def _take_print(
        self,
        order: OrderState,
        trade: Trade,
        offered: int,
        ahead: int | None,
        execution: Execution | None,
    ) -> int:
        """Trade what an order may have of a print; how much that was."""
        assert order.price_px is not None
        px = self._kernel.price_within(order.symbol, trade.price_px, order.price_px)
        if px is None or not self._venue.times.takes_part(order):
            return 0
        qty = self._venue.tradable(order, offered)
        if qty <= 0:
            if offered > 0:
                self._venue.drop_if_not_reducing(order)
            return 0
        depth, places = self._kernel.depths[order.symbol], self.places(order.symbol)
        evidence = Evidence(
            row=trade.row,
            row_ts=trade.ts,
            model=WALK_MODEL if ahead is None else places.model.name,
            rule="print traded through the limit" if ahead is None else "print reached the order",
            available_qty=offered,
            ts_event=trade.ts_event,
            trade_px=trade.price_px,
            trade_qty=trade.size_qty,
            aggressor=trade.aggressor,
            queue_ahead=ahead,
            trade_order_id=None if execution is None else execution.told.order_id or None,
            book_incomplete=not depth.is_complete,
        )
        if not self._filler.fill(order, qty, px, Liquidity.ADDED, evidence):
            self._venue.end(order, self._filler.unpaid)
            return 0
        shown = depth.side(order.side.opposite).sizes.get(trade.price_px)
        if shown is not None:
            places.take(order.side, trade.price_px, shown, qty)
        if ahead is not None and not order.status.is_terminal:
            places.refill(order, qty, self._kernel.ledger.seq)
        self._filled(order, self._venue.book(order.symbol))
        return qty

    def _level_evidence(
        self, order: OrderState, px: int, shown: int, available: int, rule: str
    ) -> Evidence:
        """The level that a fill traded against, and the top of its book."""
        depth = self._kernel.depths[order.symbol]
        top = depth.quote()
        assert top is not None
        return Evidence(
            row=depth.row,
            row_ts=depth.ts,
            model=WALK_MODEL,
            rule=rule,
            available_qty=available,
            ts_event=depth.ts_event,
            bid_px=top.bid_px,
            ask_px=top.ask_px,
            bid_qty=top.bid_qty,
            ask_qty=top.ask_qty,
            level_px=px,
            level_qty=shown,
            book_incomplete=not depth.is_complete,
        )
