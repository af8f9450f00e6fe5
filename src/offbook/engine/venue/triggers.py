"""Orders that wait for a price: where they are triggered, and trailing stops' marks.

A *stop* waits for a price that is worse for it: a buy is triggered when what it would pay reaches
``stop_px`` from below, a sell when what it would get reaches it from above.  An order *if touched*
waits for a better one.  The price looked at is the side that the order would hit: the ask for a
buy and the bid for a sell; where there are trades alone, the last one.

A trailing stop follows the best of these prices since it was accepted, its *mark*, at a distance,
and never goes back.  A row is first held against the stop where it stands and only then moves the
mark, so that no row triggers by what it brought itself.

On bars, whose inside is unknown, ``triggered_in_bar`` alone says whether and where.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from offbook.domain.config import RATIO_PRECISION
from offbook.domain.market_data import Bar, Quote, Trade
from offbook.domain.orders import OrderSide, OrderType
from offbook.domain.values import MAX_UNITS, ceil_div, units_to_text
from offbook.engine.ledger.state import Amendment, OrderState

NO_RISE: Final = MAX_UNITS + 1
NO_FALL: Final = -MAX_UNITS
PERCENT_PRECISION: Final = 6
"""Decimals of a trail in percent, two less than those of the ratio that it is."""
_SCALE: Final = int(10**RATIO_PRECISION)


def trail_level(side: OrderSide, mark: int, trail_px: int | None, trail_ratio: int | None) -> int:
    """Where a trailing stop stands; a share's distance is rounded up to the price's last decimal,
    which is away from the market."""
    distance = trail_px
    if distance is None:
        distance = ceil_div(mark * (trail_ratio or 0), _SCALE)
    return mark + distance if side is OrderSide.BUY else mark - distance


def stop_px_of(order: OrderState, terms: OrderState | Amendment, mark: int | None) -> int | None:
    """Where an order is triggered on these terms, or was."""
    if mark is not None:
        return trail_level(order.side, mark, terms.trail_px, terms.trail_ratio)
    return terms.stop_px if order.order_type.has_stop else order.stop_px


def seen_prices(row: Quote | Trade) -> tuple[int, int]:
    """What a row holds against waiting buys and sells: ask and bid, or the last price for both."""
    if isinstance(row, Quote):
        return row.ask_px, row.bid_px
    return row.price_px, row.price_px


def percent_text(ratio: int) -> str:
    """A trail's ratio (10**-8) as the percent that it was given as."""
    return units_to_text(ratio, PERCENT_PRECISION)


def triggered_in_bar(order: OrderState, stop_px: int, bar: Bar, begin_px: int) -> int | None:
    """The price at which a bar triggers an order that waits at ``stop_px``, or None.

    That is the trigger price, or the price at which the order began to be held against the bar (its
    open, or that of the fill which released the order) where this lies beyond: for a stop the worse
    of both (a gap), for an order that is touched the first price that there was.
    """
    up = (order.side is OrderSide.BUY) is not order.order_type.is_touched
    if up:
        return max(stop_px, begin_px) if bar.high_px >= stop_px else None
    return min(stop_px, begin_px) if bar.low_px <= stop_px else None


class Waiting(msgspec.Struct):
    """One order that waits; ``mark`` is a trailing stop's best price so far."""

    order: OrderState
    stop_px: int
    mark: int | None


class Triggers:
    """The waiting orders of one instrument, and the bands outside of which a row concerns them.

    ``rise`` and ``fall``: an ask at or above, a bid at or below triggers a stop.  ``touch_buy`` and
    ``touch_sell``: an ask at or below, a bid at or above touches an order or moves a mark.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, Waiting] = {}
        self.rise = NO_RISE
        self.fall = NO_FALL
        self.touch_buy = NO_FALL
        self.touch_sell = NO_RISE

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, ordinal: int) -> bool:
        return ordinal in self._waiting

    def add(self, order: OrderState, mark: int | None) -> None:
        """Enter an order; a trailing stop with the ``mark`` that it follows."""
        stop_px = order.stop_px
        if order.order_type is OrderType.TRAILING_STOP:
            assert mark is not None
            stop_px = trail_level(order.side, mark, order.trail_px, order.trail_ratio)
        assert stop_px is not None
        self._waiting[order.ordinal] = Waiting(order, stop_px, mark)
        self._band()

    def remove(self, ordinal: int) -> None:
        """Take an order out, if it is in."""
        if self._waiting.pop(ordinal, None) is not None:
            self._band()

    def stop_px(self, ordinal: int) -> int:
        """Where an order is triggered as things stand."""
        return self._waiting[ordinal].stop_px

    def mark(self, ordinal: int) -> int | None:
        """The best price that a trailing stop has seen."""
        return self._waiting[ordinal].mark

    def marks(self) -> dict[int, int | None]:
        """The waiting orders with their marks, for a snapshot."""
        return {ordinal: w.mark for ordinal, w in sorted(self._waiting.items())}

    def concern(self, ask_px: int, bid_px: int) -> bool:
        """Whether prices trigger a stop; touches and marks are within the book's other bands."""
        return ask_px >= self.rise or bid_px <= self.fall

    def reached(self, ask_px: int, bid_px: int) -> list[int]:
        """The orders that prices trigger: stops, then those touched, each in time priority."""
        hit = [w.order for w in self._waiting.values() if _is_reached(w, ask_px, bid_px)]
        return [order.ordinal for order in sorted(hit, key=_worst_first)]

    def by_priority(self) -> list[OrderState]:
        """All waiting orders: stops first, then those that wait to be touched."""
        return sorted((w.order for w in self._waiting.values()), key=_worst_first)

    def move(self, ask_px: int, bid_px: int, ordinals: Iterable[int] | None = None) -> None:
        """Let trailing stops follow prices that have triggered nothing; all, or some of them."""
        moved = False
        for ordinal in list(self._waiting) if ordinals is None else ordinals:
            waiting = self._waiting.get(ordinal)
            if waiting is not None and waiting.mark is not None:
                moved = _follow(waiting, ask_px, bid_px) or moved
        if moved:
            self._band()

    def _band(self) -> None:
        self.rise = self.touch_sell = NO_RISE
        self.fall = self.touch_buy = NO_FALL
        for waiting in self._waiting.values():
            buying = waiting.order.side is OrderSide.BUY
            if waiting.order.order_type.is_touched:
                if buying:
                    self.touch_buy = max(self.touch_buy, waiting.stop_px)
                else:
                    self.touch_sell = min(self.touch_sell, waiting.stop_px)
                continue
            if buying:
                self.rise = min(self.rise, waiting.stop_px)
            else:
                self.fall = max(self.fall, waiting.stop_px)
            if waiting.mark is not None and buying:
                self.touch_buy = max(self.touch_buy, waiting.mark - 1)
            elif waiting.mark is not None:
                self.touch_sell = min(self.touch_sell, waiting.mark + 1)


def _is_reached(waiting: Waiting, ask_px: int, bid_px: int) -> bool:
    order = waiting.order
    buying = order.side is OrderSide.BUY
    beyond = ask_px - waiting.stop_px if buying else waiting.stop_px - bid_px
    return beyond <= 0 if order.order_type.is_touched else beyond >= 0


def _follow(waiting: Waiting, ask_px: int, bid_px: int) -> bool:
    """Move a mark to a better price. The stop never goes back by it: of a price that is one unit
    better, a share below one is at most one unit longer."""
    order, mark = waiting.order, waiting.mark
    assert mark is not None
    buying = order.side is OrderSide.BUY
    if ask_px >= mark if buying else bid_px <= mark:
        return False
    waiting.mark = ask_px if buying else bid_px
    waiting.stop_px = trail_level(order.side, waiting.mark, order.trail_px, order.trail_ratio)
    return True


def _worst_first(order: OrderState) -> tuple[bool, int]:
    return order.order_type.is_touched, order.priority
