"""Open orders across a corporate action, by FINRA Rule 5330 (Adjustment of Orders).

- Cash dividend of a cent or more: the prices of limits to buy (once triggered, those of others to
  buy too) and of stops to sell fall by it, rounded down to a tick; other orders stay.  A price that
  would not stay positive ends the order.
- Split (more units than before): quantities grow by the ratio, in whole lots, and prices fall by
  it, those of limits to buy and stops to sell rounded down to a tick, all others up.  The rule
  leaves sells at their price; brokers do not, and one left there would never trade again.
- Reverse split, change of symbol, delisting: all open orders end.
- An entry that still works and has exits waiting for it ends at a split; exits that work already
  are adjusted like any other order.  Orders of other instruments that wait for it are no reason to
  end, nor are they changed: they get their share of what it trades, by the ratio.

What was filled before stays told in the units of its time.  New terms that were on their way are
rejected (CORPORATE_ACTION).
"""

from __future__ import annotations

from typing import Final

import msgspec

from offbook.domain import records as r
from offbook.domain.config import ActionOrders
from offbook.domain.orders import CancelReason, ExecType, OrderSide, OrderType
from offbook.domain.values import Amount, ceil_div
from offbook.engine.events.restating import restated_px
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.lists import children, spans_instruments
from offbook.engine.ledger.state import OrderState
from offbook.engine.venue.reservations import Reservations
from offbook.engine.venue.triggers import trail_level
from offbook.engine.venue.venue import Venue

_CENT: Final = 10**10
"""In units of 10**-12."""
_STOPS: Final = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})


class _New(msgspec.Struct, kw_only=True):
    """Terms of an order after an action."""

    order_qty: int
    price_px: int | None
    stop_px: int | None
    trail_px: int | None
    reserve_px: int
    mark: int | None
    display_qty: int | None
    min_qty: int
    cap_px: int | None
    peg_offset_px: int

    @property
    def prices(self) -> tuple[int | None, int | None, int | None]:
        """Where it trades at the worst, and where it is triggered."""
        return self.price_px, self.stop_px, self.cap_px

    def bound_px(self, order: OrderState) -> int | None:
        """What it pays at most, where that is told: a pegged order may move up to its cap."""
        return self.price_px if order.peg is None else self.cap_px


class OrderAdjusting:
    """Adjusts or ends the open orders of a symbol."""

    def __init__(self, kernel: Kernel, venue: Venue) -> None:
        self._kernel = kernel
        self._venue = venue
        self._reserves = Reservations(kernel)
        self._policy = kernel.config.venue.action_orders

    def cancel(self, symbol: str) -> None:
        """All open orders end."""
        for order in self._open(symbol):
            if not order.status.is_terminal:  # with another of its list it may have ended
                self._venue.end(order, CancelReason.CORPORATE_ACTION)

    def follow_dividend(self, symbol: str, per_unit: int, per_px: int) -> None:
        """Buys and stops to sell of a share that goes ex-dividend; ``per_unit`` in 10**-12, of
        which ``per_px`` are one unit of price."""
        if self._policy is not ActionOrders.ADJUST or per_unit < _CENT:
            return
        tick = self._kernel.instrument(symbol).tick_units
        for order in self._open(symbol):
            new = self._terms(order)
            before = new.prices
            if order.side is OrderSide.BUY and not order.waits:
                new.price_px = _lower(order.price_px, per_unit, per_px, tick)
                new.cap_px = _lower(order.cap_px, per_unit, per_px, tick)
            elif order.side is OrderSide.SELL and order.order_type in _STOPS and order.waits:
                new.price_px = _lower(order.price_px, per_unit, per_px, tick)
                new.stop_px = _lower(order.stop_px, per_unit, per_px, tick)
            if new.prices == before or order.status.is_terminal:
                continue  # as it is, or gone with another of its list
            if 0 in new.prices:
                self._venue.end(order, CancelReason.CORPORATE_ACTION)
                continue
            bound = new.bound_px(order)
            if order.side is OrderSide.BUY and bound is not None:
                new.reserve_px = bound
            self._adjust(order, new)

    def follow_split(self, symbol: str, ratio: tuple[int, int]) -> None:
        """Orders of a share of which there are more now than before."""
        if self._policy is ActionOrders.CANCEL or ratio[0] < ratio[1]:
            self.cancel(symbol)
            return
        for order in self._open(symbol):
            family = children(self._kernel.ledger, order)
            waits = any(
                child.held and child.symbol == symbol and not child.status.is_terminal
                for child in family
            )
            if waits and not order.status.is_terminal:
                self._venue.end(order, CancelReason.CORPORATE_ACTION)
        for order in self._open(symbol):
            if order.status.is_terminal:
                continue
            new = self._split(order, ratio)
            if new.order_qty > order.cum_qty:
                apart = spans_instruments(self._kernel.ledger, order)
                self._adjust(order, new, ratio if apart else None)
            else:  # for less than a lot, and not yet refused for that
                self._venue.end(order, CancelReason.CORPORATE_ACTION)

    def _split(self, order: OrderState, ratio: tuple[int, int]) -> _New:
        instrument, new = self._kernel.instrument(order.symbol), self._terms(order)
        tick, lot = instrument.tick_units, instrument.lot_units
        left = order.leaves_qty * ratio[0] // (ratio[1] * lot) * lot
        new.order_qty = order.cum_qty + left
        limit_up = order.side is OrderSide.SELL
        stop_up = limit_up is order.order_type.is_touched
        if order.price_px is not None:
            new.price_px = restated_px(order.price_px, ratio, tick, up=limit_up)
        if order.stop_px is not None:
            new.stop_px = restated_px(order.stop_px, ratio, tick, up=stop_up)
        if order.trail_px is not None:
            new.trail_px = restated_px(order.trail_px, ratio, tick, up=True)
        if new.mark is not None:
            new.mark = restated_px(new.mark, ratio, 1, up=False)
            new.stop_px = trail_level(order.side, new.mark, new.trail_px, order.trail_ratio)
        if new.cap_px is not None:
            new.cap_px = restated_px(new.cap_px, ratio, tick, up=limit_up)
        # Rounded away from the market, as the price that comes of it.
        offset = new.peg_offset_px * ratio[1]
        new.peg_offset_px = ceil_div(offset, ratio[0]) if limit_up else offset // ratio[0]
        if new.display_qty:
            new.display_qty = _grown(new.display_qty, ratio, lot)
        if new.min_qty:
            new.min_qty = _grown(new.min_qty, ratio, lot)
        new.reserve_px = ceil_div(order.reserve_px * ratio[1], ratio[0])
        bound = new.bound_px(order)
        if order.side is OrderSide.BUY and bound is not None:
            new.reserve_px = bound
        return new

    def _open(self, symbol: str) -> list[OrderState]:
        return [order for order in self._kernel.ledger.working() if order.symbol == symbol]

    def _terms(self, order: OrderState) -> _New:
        triggers = self._venue.book(order.symbol).triggers
        return _New(
            order_qty=order.order_qty,
            price_px=order.price_px,
            stop_px=order.stop_px,
            trail_px=order.trail_px,
            reserve_px=order.reserve_px,
            mark=triggers.mark(order.ordinal) if order.ordinal in triggers else None,
            display_qty=order.display_qty,
            min_qty=order.min_qty,
            cap_px=order.cap_px,
            peg_offset_px=order.peg_offset_px,
        )

    def _adjust(
        self, order: OrderState, new: _New, list_ratio: tuple[int, int] | None = None
    ) -> None:
        kernel, book = self._kernel, self._venue.book(order.symbol)
        works = order.accepted_ts is not None and not order.held
        fresh = book.is_fresh(order)
        due = kernel.response_due(order.ordinal, order.symbol)
        held = self._reserves.after(order, new.order_qty, new.reserve_px)
        book.remove(order)
        kernel.emit(
            r.OrderAdjusted,
            order=order.ordinal,
            order_qty=new.order_qty,
            price_px=new.price_px,
            stop_px=new.stop_px,
            trail_px=new.trail_px,
            trail_ratio=order.trail_ratio,
            reserve_px=new.reserve_px,
            reserved=Amount(0) if order.held else held,
            display_qty=new.display_qty,
            min_qty=new.min_qty,
            cap_px=new.cap_px,
            peg_offset_px=new.peg_offset_px,
            list_ratio=list_ratio,
            due=due,
        )
        if not works:
            return  # what it is told when it arrives, or is released, are the new terms
        kernel.report(order, ExecType.RESTATED, due)
        if order.waits:
            book.wait(order, new.mark)
        else:
            book.add(order, fresh=fresh)
        if book.auctions:
            book.expect(kernel.now)


def _grown(qty: int, ratio: tuple[int, int], lot: int) -> int:
    """Quantity units after a split, in whole lots; not below one."""
    return max(qty * ratio[0] // (ratio[1] * lot), 1) * lot


def _lower(px: int | None, per_unit: int, per_px: int, tick: int) -> int | None:
    """A price less a dividend, rounded down to a tick; 0 where nothing is left."""
    if px is None:
        return None
    return max(0, (px * per_px - per_unit) // (tick * per_px) * tick)
