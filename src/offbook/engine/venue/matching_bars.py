"""Matching on bars, whose inside is unknown: the model ``bar-range.1``.

- an order competes in bars that began at or after it was sent and ended after it arrived;
- in the first of these a market order, or a limit that the open satisfies, trades at the open;
- otherwise a limit needs a trade-through: the bar must have gone beyond its price, and it fills
  at its price, or where the whole bar lies beyond, at the price of the bar that is nearest to it;
  touching fills nothing, unless ``venue.limit_fill`` is ``touch``;
- a stop that the bar reaches is triggered and trades at its price, or at an open beyond it; so
  does an order that it touches; one with a limit only if that price satisfies it, else it waits
  for a trade-through in the bars that follow;
- of several things that one bar may do, the worst come first: stops, then everything else by time;
- a stop that a fill releases is held against the same bar from the fill's price on, unless that is
  its close; what else it releases, and what is of another instrument, waits for the next, and a
  trailing stop begins at the close;
- a trailing stop is held against the bar where earlier bars left it, and follows the bar after;
- all orders together take at most ``volume_share`` of the bar's volume, if it is a share.

For comparison with other engines ``fill_at`` lets market orders trade at the close of the bar that
ended last when they arrive (in its own trading hours, or sent at its very end), or of the next one;
``stop_gap`` lets a stop have its own price where a
bar opens beyond it, even outside the bar; ``limit_gap`` lets a resting limit have an open that is
better than its price; ``stop_limit`` lets a stop have its limit in the bar that triggers it;
``intrabar`` holds orders against a bar in the order in
which a path through its prices reaches them (``intrabar_path``); ``bar_prices`` leaves nothing of a
bar but its close.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from offbook.domain.calendars import DAY_NS
from offbook.domain.config import (
    RATIO_PRECISION,
    UNLIMITED,
    BarPrices,
    FillAt,
    Intrabar,
    LimitFill,
    LimitGap,
    StopGap,
    StopLimitFill,
)
from offbook.domain.market_data import Bar
from offbook.domain.orders import Liquidity, OrderSide
from offbook.domain.record_parts import Evidence
from offbook.domain.values import text_to_units
from offbook.engine.account.paying import Payer
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.lists import children
from offbook.engine.ledger.state import OrderState
from offbook.engine.market.extended_hours import span_at
from offbook.engine.venue.book import Book
from offbook.engine.venue.fills import NO_LIMIT, Filler, bar_evidence
from offbook.engine.venue.intrabar_path import Path, in_order, length, path_of, reached_at, rest_of
from offbook.engine.venue.triggers import triggered_in_bar

if TYPE_CHECKING:
    from offbook.engine.venue.venue import Venue

BAR_MODEL: Final = "bar-range.1"
_AT_CLOSE: Final = frozenset({FillAt.THIS_CLOSE, FillAt.NEXT_CLOSE})
_AT_THE_CLOSE: Final = "market order at the close"
_OVER_A_GAP: Final = "stop had its own price, which the open was beyond"
Deal = tuple[int, Liquidity, str]


class BarMatching:
    """What bars do to the working orders of a venue."""

    def __init__(self, kernel: Kernel, venue: Venue, filler: Filler) -> None:
        self._kernel = kernel
        self._venue = venue
        self._filler = filler
        config = kernel.config.venue
        self._share: int | None = None
        if config.volume_share != UNLIMITED:
            self._share = text_to_units(config.volume_share, RATIO_PRECISION)
        self._fill_at = config.fill_at
        self._stop_gap = config.stop_gap
        self._limit_gap = config.limit_gap
        self._intrabar = config.intrabar
        self._extended = config.extended_hours
        self._touch = config.limit_fill is LimitFill.TOUCH
        self._stop_limit = config.stop_limit
        self._close_alone = config.bar_prices is BarPrices.CLOSE
        self._payer = Payer(kernel, venue, filler)
        self._row: Bar | None = None

    def match(self, bar: Bar) -> None:
        """Match working orders against a bar that has just ended."""
        if not self._counts(bar):
            return
        came, bar = bar, self._seen(bar)
        left = NO_LIMIT
        if self._share is not None:
            left = bar.volume_qty * self._share // int(10**RATIO_PRECISION)
        book = self._venue.book(bar.instrument.symbol)
        path = None if self._intrabar is Intrabar.WORST_FIRST else path_of(bar, self._intrabar)
        if book.auctions:
            left -= self._venue.auctions.opens(bar, came, left)
        for order in self._turns(book, bar, path):
            if order.status.is_terminal or not (_competes(order, bar) and self._serves(order, bar)):
                continue
            rest = None if path is None else rest_of(path, self._moment(order, bar, path) or 0)
            deal = self._turn(order, bar, left)
            left -= self._serve(order, bar, left, deal)
            if deal is None or deal[2] == _AT_THE_CLOSE:
                continue  # of a bar nothing comes after its close
            # Whoever had its own price over a gap traded when the market stood at the open.
            begin_px = bar.open_px if deal[2] == _OVER_A_GAP else deal[0]
            for stop in self._stops_released(order, bar, rest):
                after = self._turn(stop, bar, left, begin_px)
                left -= self._serve(stop, bar, left, after)
        if book.auctions:
            left -= self._venue.auctions.closes(bar, came, left)
        book.bar_left = left
        waiting = [o for o in book.triggers.by_priority() if self._serves(o, bar)]
        following = [o.ordinal for o in waiting if _competes(o, bar)]
        if following:
            book.follow(bar.low_px, bar.high_px, following)

    def arrive(self, order: OrderState, bar: Bar) -> None:
        """An order that has just arrived meets the last bar: nothing, unless it may have its
        close; one that was released while bars are matched may not, for what else is in them
        comes first."""
        book, limit = self._venue.book(order.symbol), order.price_px
        halted = order.symbol in self._kernel.halted
        if halted or self._fill_at is not FillAt.THIS_CLOSE or not self._counts(bar):
            return
        if isinstance(self._kernel.present, Bar) or not self._has_this_close(order, bar):
            return
        if not self._serves(order, bar):
            return
        bar = self._seen(bar)
        if limit is not None and (bar.close_px - limit) * order.side.sign > 0:
            return
        deal = (bar.close_px, Liquidity.REMOVED, "had the close of the bar that had just ended")
        taken = self._take(order, bar, book.bar_left, deal)
        book.bar_left -= taken  # before it releases others, which may have what is left
        if taken:
            self._venue.settle(order)
        self._venue.end_rest(order)

    def _seen(self, bar: Bar) -> Bar:
        """A bar as orders see it."""
        self._row = bar
        if not self._close_alone:
            return bar
        px = bar.close_px
        return msgspec.structs.replace(bar, open_px=px, high_px=px, low_px=px)

    def _evidence(self, bar: Bar, rule: str, left: int) -> Evidence:
        """The bar as it came, whatever orders see of it."""
        return bar_evidence(self._row or bar, BAR_MODEL, rule, left)

    def _has_this_close(self, order: OrderState, bar: Bar) -> bool:
        """Whether a close still counts: for what was sent at its very moment, and else for as long
        as the hours last in which its bar began.  After that nobody trades there any more, nor
        after a split or a halt."""
        if bar.ts <= self._kernel.resumed.get(order.symbol, -1):
            return False
        hours = self._kernel.calendar_of(bar.instrument)
        return order.sent_ts == bar.ts or hours.is_same_session(bar.ts_open, self._kernel.now)

    def _counts(self, bar: Bar) -> bool:
        """Bars of a day or more span closed hours; shorter ones must begin in market hours. None
        counts in all of which trading was halted."""
        since = self._kernel.halted.get(bar.instrument.symbol)
        if since is not None and since <= bar.ts_open:
            return False
        calendar = self._kernel.calendar_of(bar.instrument)
        regular = bar.ts - bar.ts_open >= DAY_NS or calendar.is_open(bar.ts_open)
        return regular or span_at(calendar, self._extended, bar.ts_open) is not None

    def _serves(self, order: OrderState, bar: Bar) -> bool:
        """Whether a bar is of hours in which an order takes part: one that begins in extended hours
        is for those alone that say so."""
        if self._extended is None or order.extended_hours or bar.ts - bar.ts_open >= DAY_NS:
            return True
        return self._kernel.calendar_of(bar.instrument).is_open(bar.ts_open)

    def _turns(self, book: Book, bar: Bar, path: Path | None) -> list[OrderState]:
        """The orders of a book in the order in which a bar is held against them."""
        waiting = book.triggers.by_priority()
        orders = [self._kernel.ledger.orders[ordinal] for ordinal in book.by_priority()]
        if path is not None:
            moments = {
                order.ordinal: self._moment(order, bar, path) for order in [*waiting, *orders]
            }
            return in_order([*waiting, *orders], moments, path)
        orders += [order for order in waiting if order.order_type.is_touched]
        orders.sort(key=lambda order: order.priority)
        return [order for order in waiting if not order.order_type.is_touched] + orders

    def _moment(self, order: OrderState, bar: Bar, path: Path) -> int | None:
        """How far along a path an order trades or is triggered; None if it is not reached."""
        book = self._venue.book(order.symbol)
        if order.waits:
            return reached_at(order, book.triggers.stop_px(order.ordinal), path)
        deal = self._deal(order, bar, first=book.is_fresh(order))
        if deal is None:
            return None
        if deal[1] is Liquidity.ADDED:
            return reached_at(order, None, path, touch=self._touch)
        return length(path) if deal[2] == _AT_THE_CLOSE else 0

    def _stops_released(
        self, order: OrderState, bar: Bar, rest: Path | None
    ) -> Iterator[OrderState]:
        """Stops that a fill in this bar has released: the rest of the bar may have reached them,
        and where a path is supposed its ``rest`` has."""
        triggers = self._venue.book(order.symbol).triggers
        for child in children(self._kernel.ledger, order):
            works = not (child.held or child.status.is_terminal)
            stop = child.order_type.has_stop and not child.order_type.is_touched
            released = works and stop and child.waits and child.sent_ts == bar.ts
            if not released or child.symbol != order.symbol:
                continue
            if rest is None or reached_at(child, triggers.stop_px(child.ordinal), rest) is not None:
                yield child

    def _turn(
        self, order: OrderState, bar: Bar, left: int, begin_px: int | None = None
    ) -> Deal | None:
        """What a bar offers an order, which it triggers if it waits.

        ``begin_px`` is where the price stood when the order was released inside the bar; others
        are held against it from its open.
        """
        book = self._venue.book(order.symbol)
        if not order.waits:
            return self._deal(order, bar, first=book.is_fresh(order))
        stop_px = book.triggers.stop_px(order.ordinal)
        px = triggered_in_bar(order, stop_px, bar, bar.open_px if begin_px is None else begin_px)
        if px is None:
            return None
        deal_rule = "triggered in the bar"
        if begin_px is None and px != stop_px and self._has_no_gaps(order):
            px, deal_rule = stop_px, _OVER_A_GAP
        at_open = px == bar.open_px
        rule = "open reached the trigger price" if at_open else "bar reached the trigger price"
        if not self._venue.activate(order, self._evidence(bar, rule, left)):
            return None
        deal = _triggered_deal(order, px, deal_rule)
        if deal is None and self._stop_limit is not StopLimitFill.NEXT_BAR:
            whole = at_open or self._stop_limit is StopLimitFill.RANGE
            return _returned_deal(order, bar, whole=whole, touch=self._touch)
        return deal

    def _has_no_gaps(self, order: OrderState) -> bool:
        """Whether a stop has its own price where the open lies beyond it."""
        return self._stop_gap is StopGap.STOP and not order.order_type.is_touched

    def _serve(self, order: OrderState, bar: Bar, left: int, deal: Deal | None) -> int:
        """What an order takes of what a bar offers it; with that its turn is over, unless it still
        waits."""
        if order.waits:
            return 0
        taken = 0 if deal is None else self._take(order, bar, left, deal)
        if taken:
            self._venue.settle(order)
        self._venue.book(order.symbol).rest(order)
        self._venue.end_rest(order)
        return taken

    def _deal(self, order: OrderState, bar: Bar, *, first: bool) -> Deal | None:
        if order.price_px is None and self._fill_at in _AT_CLOSE:
            return bar.close_px, Liquidity.REMOVED, _AT_THE_CLOSE
        deal = _deal(order, bar, first=first, touch=self._touch)
        if deal is None or self._limit_gap is LimitGap.LIMIT or deal[1] is Liquidity.REMOVED:
            return deal
        limit = order.price_px or 0
        if (limit - bar.open_px) * order.side.sign <= 0:
            return deal
        return bar.open_px, Liquidity.ADDED, "open was beyond the limit"

    def _take(self, order: OrderState, bar: Bar, left: int, deal: Deal) -> int:
        px, liquidity, rule = deal
        if self._kernel.price_within(order.symbol, px, px) is None:
            return 0
        qty = self._venue.tradable(order, left)
        if qty <= 0:
            self._venue.drop_if_not_reducing(order)
            return 0
        return self._payer.trade(order, qty, px, liquidity, self._evidence(bar, rule, left))


def _competes(order: OrderState, bar: Bar) -> bool:
    """The time inside a bar is unknown, so an order takes part in whole bars only."""
    arrived = order.accepted_ts
    return arrived is not None and order.sent_ts <= bar.ts_open and arrived < bar.ts


def _triggered_deal(order: OrderState, px: int, rule: str) -> Deal | None:
    limit = order.price_px
    if limit is not None and (px - limit) * order.side.sign > 0:
        return None
    return px, Liquidity.REMOVED, rule


def _returned_deal(order: OrderState, bar: Bar, *, whole: bool, touch: bool) -> Deal | None:
    """A stop's limit that its trigger did not satisfy, held against what came later in the bar: the
    ``whole`` of it, or its close."""
    limit = order.price_px
    if limit is None or order.time_in_force.is_immediate:
        return None
    buying = order.side is OrderSide.BUY
    best = bar.close_px if not whole else bar.low_px if buying else bar.high_px
    if (best - limit) * order.side.sign < 0 or (touch and best == limit):
        return limit, Liquidity.ADDED, "came back to the limit after the trigger"
    return None


def _deal(order: OrderState, bar: Bar, *, first: bool, touch: bool) -> Deal | None:
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
    if touch and (bar.low_px if buying else bar.high_px) == limit:
        return limit, Liquidity.ADDED, "bar touched the limit"
    return None
