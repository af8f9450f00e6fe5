"""Orders that follow the market (FIX OrdType P): at what price they stand, and when they move.

- PRIMARY follows the best price of the order's own side, MARKET that of the other side, MIDPOINT
  the middle of both; the offset is added to it, and the price goes no further than the order's
  cap.  Of two ticks that it falls between it is the one further from the market;
- a row is first held against the order where it stands, and only then moves it, so that no row
  fills an order at a price that it brought itself; an order that comes to a price which the other
  side satisfies takes it, as one that has just arrived;
- each move is a record, and gives the place in time and in the queue away;
- while nothing trades an order stands still; before it has seen a market in which something does,
  it stands nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from offbook.domain import records as r
from offbook.domain.market_data import DataKind, Quote
from offbook.domain.orders import OrderSide, PegType, RejectReason
from offbook.engine.desk.terms import Refusal
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.state import OrderState

if TYPE_CHECKING:
    from offbook.engine.venue.venue import Venue


class Pegs:
    """Moves the pegged orders of a venue."""

    def __init__(self, kernel: Kernel, venue: Venue) -> None:
        self._kernel = kernel
        self._venue = venue

    def refusal(self, order: OrderState) -> Refusal | None:
        """Why the venue does not take a pegged order: its market shows no bid and ask."""
        if order.peg is None:
            return None
        kind = self._kernel.pricing[order.symbol].kind
        if kind is DataKind.QUOTES or kind.is_book:
            return None
        return Refusal(reason=RejectReason.NO_PEG_PRICE, limit=f"{kind.value} show no bid and ask")

    def follow(self, top: Quote) -> None:
        """The market has moved: the orders that follow it do, earliest first."""
        book = self._venue.book(top.instrument.symbol)
        if not self._venue.times.trades(top.instrument):
            return
        for order in sorted(book.pegs.values(), key=lambda order: order.priority):
            if not order.status.is_terminal and self._venue.times.takes_part(order):
                self._move(order, top)

    def place(self, order: OrderState) -> None:
        """A pegged order has arrived: it stands where the market as last seen puts it."""
        last = self._kernel.pricing_row(order.symbol)
        self._venue.book(order.symbol).add(order)
        times = self._venue.times
        if not (isinstance(last, Quote) and times.is_present(last) and times.takes_part(order)):
            return
        if self._price(order, last) == order.price_px:
            if self._venue.self_match.admits(order):  # after a replace
                self._venue.meet(order, last)
        else:
            self._move(order, last)

    def _move(self, order: OrderState, top: Quote) -> None:
        px = self._price(order, top)
        if px == order.price_px:
            return
        book = self._venue.book(order.symbol)
        book.remove(order)
        self._kernel.emit(r.OrderRepegged, order=order.ordinal, price_px=px)
        if self._venue.self_match.admits(order):
            book.add(order)
            self._venue.meet(order, top)

    def _price(self, order: OrderState, top: Quote) -> int:
        """Where an order stands, in price units."""
        buying = order.side is OrderSide.BUY
        own, other = (top.bid_px, top.ask_px) if buying else (top.ask_px, top.bid_px)
        twice = 2 * (own if order.peg is PegType.PRIMARY else other)
        if order.peg is PegType.MIDPOINT:
            twice = own + other
        twice += 2 * order.peg_offset_px
        tick = 2 * self._kernel.instrument(order.symbol).tick_units
        ticks = twice // tick if buying else -(-twice // tick)
        px = max(ticks, 1) * tick // 2
        if order.cap_px is None:
            return px
        return min(px, order.cap_px) if buying else max(px, order.cap_px)
