"""Matching on quotes: the model ``top-of-book.1``.

- an arriving order that crosses takes what is shown on the other side, at that side's price,
  if that quote is of the same trading hours;
- what it could not take keeps trying as a taker until the market has once moved away from it;
- a resting limit is filled at its own price when the other side reaches it; that a price was
  merely seen on its own side fills nothing, unless ``venue.limit_fill`` is ``touch`` and quotes are
  all that the market has: then each quote that shows its price there fills it, as if it had been
  first, up to the size shown, of which what was taken stays taken as of the other side; whoever
  sold there met the session's better limits first, so these are served before it;
- what was taken stays taken: available at a price is ``min(shown, shown - taken + increases seen
  at that price since)``, forgotten when the price leaves the top of the book;
- an order that waits is triggered by the quote that reaches its price, and meets that quote as one
  that has just arrived, before the orders that rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from offbook.domain.market_data import Quote
from offbook.domain.orders import BUY, SELL, Liquidity, OrderSide
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.state import OrderState
from offbook.engine.venue.book import Book
from offbook.engine.venue.fills import Filler, quote_evidence

if TYPE_CHECKING:
    from offbook.engine.venue.venue import Venue

_REMOVED: Final = Liquidity.REMOVED
QUOTE_MODEL: Final = "top-of-book.1"
QUOTE_TOUCHES: Final = (
    "bid touched the limit",
    "ask touched the limit",
    "bid touched a limit behind",
    "ask touched a limit behind",
)
"""The rules by which a quote's own side fills, of buys and of sells: a limit at its price, and one
that is better than another of the session there."""


class QuoteMatching:
    """What quotes do to the working orders of a venue."""

    def __init__(self, kernel: Kernel, venue: Venue, filler: Filler) -> None:
        self._kernel = kernel
        self._venue = venue
        self._filler = filler

    def match(self, quote: Quote) -> None:
        """Match working orders against a new quote."""
        book = self._venue.book(quote.instrument.symbol)
        book.see(quote)
        if not len(book):
            book.settle(quote)  # only what was taken is remembered
            return
        if self._venue.times.trades(quote.instrument):
            if len(book.triggers) and self._venue.times.is_open(quote.instrument):
                self._pull_triggers(book, quote)
            if quote.ask_px <= book.top_buy:
                self._sweep(book.buys_crossing(quote.ask_px), quote)
            if quote.bid_px >= book.top_sell:
                self._sweep(book.sells_crossing(quote.bid_px), quote)
            if book.touches:
                self._touch(book, BUY, quote, quote.bid_px)
                self._touch(book, SELL, quote, quote.ask_px)
        book.settle(quote)

    def arrive(self, order: OrderState, quote: Quote) -> None:
        """An order that has just arrived, or was just triggered, meets a quote."""
        book = self._venue.book(order.symbol)
        if not book.crosses(order, quote):
            book.rest(order)
        elif self._venue.times.is_present(quote):
            self._take_shown(order, quote)
        if order.time_in_force.is_immediate:
            self._venue.end_rest(order)

    def trigger(self, order: OrderState, quote: Quote) -> None:
        """A quote triggers an order, which takes part in it at once."""
        side = "ask" if order.side is BUY else "bid"
        available = self._venue.book(order.symbol).available(order.side, quote)
        rule = f"{side} reached the trigger price"
        if self._venue.activate(order, quote_evidence(quote, QUOTE_MODEL, rule, available)):
            self.arrive(order, quote)

    def _pull_triggers(self, book: Book, quote: Quote) -> None:
        """Orders that a quote triggers; what it did not trigger may follow it."""
        for ordinal in book.triggers.reached(quote.ask_px, quote.bid_px):
            if ordinal in book.triggers:
                self.trigger(self._kernel.ledger.orders[ordinal], quote)
        book.follow(quote.ask_px, quote.bid_px)

    def _sweep(self, ordinals: list[int], quote: Quote) -> None:
        for ordinal in ordinals:
            order = self._kernel.ledger.orders[ordinal]
            if not order.status.is_terminal:
                self._take_shown(order, quote)

    def _touch(self, book: Book, side: OrderSide, quote: Quote, px: int) -> None:
        """A quote shows a price on a side where limits may rest at it."""
        resting = [self._kernel.ledger.orders[ordinal] for ordinal in book.resting_to(side, px)]
        if not any(order.price_px == px and self._may_touch(order) for order in resting):
            return
        for order in resting:
            own_px = order.price_px
            if own_px is None or not self._may_touch(order):
                continue
            available = book.available(side.opposite, quote)
            qty = self._venue.tradable(order, available)
            if qty <= 0:
                self._venue.drop_if_not_reducing(order)
                continue
            rule = QUOTE_TOUCHES[(side is SELL) + 2 * (own_px != px)]
            evidence = quote_evidence(quote, QUOTE_MODEL, rule, available)
            if self._filler.fill(order, qty, own_px, Liquidity.ADDED, evidence):
                book.take(side.opposite, quote, qty)
                self._filled(order, book)
            else:
                self._venue.end(order, self._filler.unpaid)

    def _may_touch(self, order: OrderState) -> bool:
        """Whether a resting limit may trade at its price."""
        px = order.price_px
        if px is None or order.status.is_terminal or not self._venue.times.takes_part(order):
            return False
        return self._kernel.price_within(order.symbol, px, px) is not None

    def _filled(self, order: OrderState, book: Book) -> None:
        if order.status.is_terminal:
            book.remove(order)
        self._venue.settle(order)

    def _take_shown(self, order: OrderState, quote: Quote) -> None:
        book = self._venue.book(order.symbol)
        buying = order.side is BUY
        available = book.available(order.side, quote)
        seen_px = quote.ask_px if buying else quote.bid_px
        own_px = self._kernel.price_within(order.symbol, seen_px, order.price_px or seen_px)
        if own_px is None or not self._venue.times.takes_part(order):
            return
        qty = self._venue.tradable(order, available)
        if qty <= 0:
            self._venue.drop_if_not_reducing(order)
            return
        if order.price_px is None or book.is_fresh(order):
            px, liquidity = seen_px, _REMOVED
            rule = "took the shown ask" if buying else "took the shown bid"
        else:
            px, liquidity = own_px, Liquidity.ADDED
            rule = "ask reached the limit" if buying else "bid reached the limit"
        evidence = quote_evidence(quote, QUOTE_MODEL, rule, available)
        if self._filler.fill(order, qty, px, liquidity, evidence):
            book.take(order.side, quote, qty)
            self._filled(order, book)
        else:
            self._venue.end(order, self._filler.unpaid)
