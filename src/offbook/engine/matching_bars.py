"""Matching on bars, whose inside is unknown: the model ``bar-range.1``.

- an order competes in bars that began at or after it was sent and ended after it arrived;
- in the first of these a market order, or a limit that the open satisfies, trades at the open;
- otherwise a limit needs a trade-through: the bar must have gone beyond its price, and it fills
  at its price, or where the whole bar lies beyond, at the price of the bar that is nearest to it;
  touching fills nothing;
- a stop that the bar reaches is triggered and trades at its price, or at an open beyond it; so
  does an order that it touches; one with a limit only if that price satisfies it, else it waits
  for a trade-through in the bars that follow;
- of several things that one bar may do, the worst come first: stops, then everything else by time;
- a stop that a fill releases is held against the same bar; what else it releases waits for the
  next, and a trailing stop begins at the close;
- a trailing stop is held against the bar where earlier bars left it, and follows the bar after;
- all orders together take at most ``bar_volume_share`` of the bar's volume.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from offbook.domain.calendars import DAY_NS
from offbook.domain.config import RATIO_PRECISION
from offbook.domain.market_data import Bar
from offbook.domain.orders import Liquidity, OrderSide
from offbook.domain.values import text_to_units
from offbook.engine.book import Book
from offbook.engine.fills import Filler, bar_evidence
from offbook.engine.kernel import Kernel
from offbook.engine.lists import children
from offbook.engine.state import OrderState
from offbook.engine.triggers import triggered_in_bar

if TYPE_CHECKING:
    from offbook.engine.venue import Venue

BAR_MODEL: Final = "bar-range.1"
Deal = tuple[int, Liquidity, str]


class BarMatching:
    """What bars do to the working orders of a venue."""

    def __init__(self, kernel: Kernel, venue: Venue, filler: Filler) -> None:
        self._kernel = kernel
        self._venue = venue
        self._filler = filler
        self._share = text_to_units(kernel.config.venue.bar_volume_share, RATIO_PRECISION)

    def match(self, bar: Bar) -> None:
        """Match working orders against a bar that has just ended."""
        if not self._counts(bar):
            return
        left = bar.volume_qty * self._share // int(10**RATIO_PRECISION)
        book = self._venue.book(bar.instrument.symbol)
        for order in self._turns(book):
            if not order.status.is_terminal and _competes(order, bar):
                left -= self._turn(order, bar, left)
                for stop in self._stops_released(order, bar):
                    left -= self._turn(stop, bar, left)
        following = [o.ordinal for o in book.triggers.by_priority() if _competes(o, bar)]
        if following:
            book.follow(bar.low_px, bar.high_px, following)

    def _counts(self, bar: Bar) -> bool:
        """Bars of a day or more span closed hours; shorter ones must begin in market hours."""
        calendar = self._kernel.calendar_of(bar.instrument)
        return bar.ts - bar.ts_open >= DAY_NS or calendar.is_open(bar.ts_open)

    def _turns(self, book: Book) -> list[OrderState]:
        """The orders of a book in the order in which a bar is held against them, worst first."""
        waiting = book.triggers.by_priority()
        orders = [self._kernel.ledger.orders[ordinal] for ordinal in book.by_priority()]
        orders += [order for order in waiting if order.order_type.is_touched]
        orders.sort(key=lambda order: order.priority)
        return [order for order in waiting if not order.order_type.is_touched] + orders

    def _stops_released(self, order: OrderState, bar: Bar) -> Iterator[OrderState]:
        """Stops that a fill in this bar has released: the rest of the bar may have reached them."""
        for child in children(self._kernel.ledger, order):
            works = not (child.held or child.status.is_terminal)
            stop = child.order_type.has_stop and not child.order_type.is_touched
            if works and stop and child.waits and child.sent_ts == bar.ts:
                yield child

    def _turn(self, order: OrderState, bar: Bar, left: int) -> int:
        """What an order takes of a bar."""
        book = self._venue.book(order.symbol)
        if order.waits:
            px = triggered_in_bar(order, book.triggers.stop_px(order.ordinal), bar)
            if px is None:
                return 0
            at_open = px == bar.open_px
            rule = "open reached the trigger price" if at_open else "bar reached the trigger price"
            self._venue.activate(order, bar_evidence(bar, BAR_MODEL, rule, left))
            deal = _triggered_deal(order, px)
        else:
            deal = _deal(order, bar, first=book.is_fresh(order))
        taken = 0 if deal is None else self._take(order, bar, left, deal)
        book.rest(order)
        self._venue.end_rest(order)
        return taken

    def _take(self, order: OrderState, bar: Bar, left: int, deal: Deal) -> int:
        qty = self._venue.tradable(order, left)
        if qty <= 0:
            self._venue.drop_if_not_reducing(order)
            return 0
        px, liquidity, rule = deal
        evidence = bar_evidence(bar, BAR_MODEL, rule, left)
        if not self._filler.fill(order, qty, px, liquidity, evidence):
            self._venue.end(order, self._filler.unpaid)
            return 0
        if order.status.is_terminal:
            self._venue.book(order.symbol).remove(order)
        self._venue.settle(order)
        return qty


def _competes(order: OrderState, bar: Bar) -> bool:
    """The time inside a bar is unknown, so an order takes part in whole bars only."""
    arrived = order.accepted_ts
    return arrived is not None and order.sent_ts <= bar.ts_open and arrived < bar.ts


def _triggered_deal(order: OrderState, px: int) -> Deal | None:
    limit = order.price_px
    if limit is not None and (px - limit) * order.side.sign > 0:
        return None
    return px, Liquidity.REMOVED, "triggered in the bar"


def _deal(order: OrderState, bar: Bar, *, first: bool) -> Deal | None:
    limit = order.price_px
    if limit is None:
        return bar.open_px, Liquidity.REMOVED, "market order at the open"
    buying = order.side is OrderSide.BUY
    if first and (bar.open_px <= limit if buying else bar.open_px >= limit):
        return bar.open_px, Liquidity.REMOVED, "open satisfied the limit"
    if order.time_in_force.is_immediate:
        return None
    if bar.low_px < limit if buying else bar.high_px > limit:
        px = min(limit, bar.high_px) if buying else max(limit, bar.low_px)
        return px, Liquidity.ADDED, "bar traded through the limit"
    return None
