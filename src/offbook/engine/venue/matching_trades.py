"""Matching on prints: the model ``trade-through.1``.

Where trades alone give an instrument its price, nobody knows what was on offer:

- a market order, and a limit that the last print satisfied when it arrived, trade as takers at
  the prices of the next prints, until what is left of a limit once sees a print away from it;
- any other limit rests, and needs a trade-through: a print strictly beyond its price fills it, at
  its own price; a print at its price fills nothing, for who was served there is not known, unless
  ``venue.limit_fill`` is ``touch``: then it does, as if the order had been first in its queue;
- all orders together take at most the size of a print, buys first, each side by price and time;
- IOC and FOK compete in one print; they are canceled on arrival where the last print does not
  satisfy them or the market is closed;
- an order that waits is triggered by a print at or beyond its price, and then is as one that has
  just arrived: the print itself was somebody else's, the next is for it.

Where the instrument has quotes too, these stay what takers trade against, and a print does one
thing more: strictly beyond the price of a resting limit (or at it, as above), it fills that at its
own price.  What is shown at a price and what is printed there may be the same shares, so no side
is given them twice: a print gives its size less what the session took from the level shown at its
price, and what a print gave is missing in the level at its price, shown now or by the next quote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from offbook.domain.config import LimitFill
from offbook.domain.market_data import DataKind, Trade
from offbook.domain.orders import Liquidity, OrderSide
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.state import OrderState
from offbook.engine.venue.book import Book
from offbook.engine.venue.fills import Filler, print_evidence

if TYPE_CHECKING:
    from offbook.engine.venue.venue import Venue

TRADE_MODEL: Final = "trade-through.1"
_TOUCHED: Final = "print touched the limit"
_SIDES: Final = (OrderSide.BUY, OrderSide.SELL)


class TradeMatching:
    """What prints do to the working orders of a venue."""

    def __init__(self, kernel: Kernel, venue: Venue, filler: Filler) -> None:
        self._kernel = kernel
        self._venue = venue
        self._filler = filler
        self._touch = kernel.config.venue.limit_fill is LimitFill.TOUCH

    def arrive(self, order: OrderState, last: Trade) -> None:
        """An order has arrived where prints give the price: whether the next ones are for it."""
        reached = _reaches(order, last.price_px)
        if not reached:
            self._venue.book(order.symbol).rest(order)
        if not (reached and self._venue.times.is_open(last.instrument)):
            self._venue.end_rest(order)

    def trigger(self, order: OrderState, trade: Trade) -> None:
        """A print triggers an order, for which the next may be."""
        rule = "print reached the trigger price"
        evidence = print_evidence(trade, TRADE_MODEL, rule, trade.size_qty)
        if self._venue.activate(order, evidence):
            self.arrive(order, trade)

    def match(self, trade: Trade, taken: int = 0) -> None:
        """Match working orders against a print, of which so much was ``taken`` in its auction."""
        symbol, px = trade.instrument.symbol, trade.price_px
        book = self._venue.book(symbol)
        alone = self._kernel.pricing[symbol].kind is DataKind.TRADES
        if not len(book):
            return
        ordinals = {side: book.crossing(side, px) for side in _SIDES}
        fresh = book.fresh_ordinals()
        if self._venue.times.trades(trade.instrument):
            left = trade.size_qty - taken
            for side in _SIDES:
                for ordinal in ordinals[side]:
                    order = self._kernel.ledger.orders[ordinal]
                    if not order.status.is_terminal:
                        offered = left if alone else left - book.missing(side, px)
                        left -= self._take(order, trade, offered, alone=alone)
        if alone:
            seen = {*ordinals[OrderSide.BUY], *ordinals[OrderSide.SELL], *fresh}
            self._settle(book, sorted(seen), px)
            if len(book.triggers) and self._venue.times.is_open(trade.instrument):
                self._pull_triggers(book, trade)

    def _pull_triggers(self, book: Book, trade: Trade) -> None:
        """Orders that a print triggers; what it did not trigger may follow it."""
        px = trade.price_px
        for ordinal in book.triggers.reached(px, px):
            if ordinal in book.triggers:
                self.trigger(self._kernel.ledger.orders[ordinal], trade)
        book.follow(px, px)

    def _take(self, order: OrderState, trade: Trade, offered: int, *, alone: bool) -> int:
        """Trade what an order may have of a print; how much that was."""
        book = self._venue.book(order.symbol)
        deal = _deal(order, trade.price_px, fresh=book.is_fresh(order), alone=alone)
        if deal is None or (deal[2] == _TOUCHED and not self._touch):
            return 0
        px = self._kernel.price_within(order.symbol, trade.price_px, deal[0])
        if px is None or not self._venue.times.takes_part(order):
            return 0
        qty = self._venue.tradable(order, offered)
        if qty <= 0:
            self._venue.drop_if_not_reducing(order)
            return 0
        _, liquidity, rule = deal
        evidence = print_evidence(trade, TRADE_MODEL, rule, offered)
        if not self._filler.fill(order, qty, px, liquidity, evidence):
            self._venue.end(order, self._filler.unpaid)
            return 0
        if not alone:
            book.take_print(order.side, trade.price_px, qty)
        if order.status.is_terminal:
            book.remove(order)
        self._venue.settle(order)
        return qty

    def _settle(self, book: Book, ordinals: list[int], px: int) -> None:
        """After a print: limits that it was away from rest, and IOC has had its print."""
        for ordinal in ordinals:
            order = self._kernel.ledger.orders[ordinal]
            if order.status.is_terminal:
                continue
            if order.time_in_force.is_immediate:
                self._venue.end_rest(order)
            elif not _reaches(order, px):
                book.rest(order)


def _reaches(order: OrderState, px: int) -> bool:
    """Whether a print satisfies an order."""
    limit = order.price_px
    if limit is None:
        return True
    return px <= limit if order.side is OrderSide.BUY else px >= limit


def _deal(
    order: OrderState, px: int, *, fresh: bool, alone: bool
) -> tuple[int, Liquidity, str] | None:
    """Price, liquidity and rule of a trade in a print that satisfies an order; None for none."""
    limit = order.price_px
    if limit is None or fresh:
        rule = "market order at the next print" if limit is None else "print satisfied the limit"
        return (px, Liquidity.REMOVED, rule) if alone else None
    if px == limit:
        return limit, Liquidity.ADDED, _TOUCHED
    return limit, Liquidity.ADDED, "print traded through the limit"
