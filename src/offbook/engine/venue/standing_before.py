"""What of the market stands before one of the session's own orders, for whoever comes to take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from offbook.domain.market_data import Quote
from offbook.domain.orders import OrderSide
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.state import OrderState

if TYPE_CHECKING:
    from offbook.engine.venue.venue import Venue


def stands_before(kernel: Kernel, venue: Venue, order: OrderState, other: OrderState) -> int:
    """How much (quantity units, whole lots) ``order`` finds in the market before it comes to
    ``other``, a limit on the side that it takes from.

    At better prices, as far as they are known: all levels of a book, the best of quotes; and at the
    other's own price what is ahead of it, where its place in the queue is known.  Nothing on prints
    and bars, and where nothing can be taken now.
    """
    row = kernel.pricing_row(order.symbol)
    if not isinstance(row, Quote) or other.price_px is None:
        return 0
    if not (venue.times.is_present(row) and venue.times.takes_part(order)):
        return 0
    lot = kernel.instrument(order.symbol).lot_units
    if order.symbol in kernel.depths:
        return _of_book(kernel, venue, order, other, lot)
    best = row.ask_px if order.side is OrderSide.BUY else row.bid_px
    if (other.price_px - best) * order.side.sign <= 0:
        return 0
    if kernel.price_within(order.symbol, best, best) is None:
        return 0
    available = venue.book(order.symbol).available(order.side, row)
    return available - available % lot


def _of_book(kernel: Kernel, venue: Venue, order: OrderState, other: OrderState, lot: int) -> int:
    depth = kernel.depths[order.symbol]
    if not depth.is_sound:
        return 0
    places, before = venue.depth.places(order.symbol), 0
    for px, shown in depth.side(order.side.opposite).walk(other.price_px):
        if kernel.price_within(order.symbol, px, px) is None:
            break
        available = places.available(order.side, px, shown)
        if px == other.price_px:
            place = places.place(other.ordinal)
            available = 0 if place is None else min(available, place.ahead or 0)
        before += available - available % lot
    return before
