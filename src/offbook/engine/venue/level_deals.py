"""At what price orders trade on the levels of a book, and whether the account can pay for what must
trade at once there.

Each level is a fill of its own, and the money might end between two of them.  So what trades all or
nothing, and the least quantity of others, is asked for as a whole before the first level is taken,
with all that is taken of the level that completes it: at the worst price that it comes to, and at
the first, which binds more of the money of a short sale on margin.  No other price is dearer than
both, so an account that may owe is not asked again level by level, where the price that its
position is marked at would count too.
"""

from __future__ import annotations

from collections.abc import Callable

from offbook.domain.orders import CancelReason, Liquidity, OrderSide, TimeInForce
from offbook.domain.record_parts import Evidence
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.state import OrderState
from offbook.engine.venue.book import Book
from offbook.engine.venue.fills import Filler

Offer = tuple[int, int, int]
"""Price, size and what may be taken of a level, in units of the instrument."""
LevelDeal = tuple[int, Liquidity, str]
"""Price (units), liquidity and rule of a fill."""
Shown = Callable[[OrderState, int, int, int, str], Evidence]
"""Makes the evidence of an order's fill: price and size of a level, what is available, the rule."""


def deal_at(kernel: Kernel, book: Book, order: OrderState, px: int) -> LevelDeal:
    """What an order makes of a level: who takes has its price, who rests his own."""
    shows = "ask" if order.side is OrderSide.BUY else "bid"
    if order.price_px is None or book.is_fresh(order):
        return px, Liquidity.REMOVED, f"took the shown {shows}"
    own_px = kernel.price_within(order.symbol, px, order.price_px)
    return own_px or px, Liquidity.ADDED, f"{shows} reached the limit"


def grant_at_once(
    filler: Filler,
    order: OrderState,
    left: int,
    levels: list[Offer],
    deals: Callable[[int], LevelDeal],
    shown: Shown,
) -> int | CancelReason:
    """How many levels, best first, the account pays for as a whole, or why it cannot: as many as
    what must trade at once takes, of the ``left`` that may (quantity units).  None of them (0)
    where one level is enough, for that is one fill, which is judged as it is made."""
    least = left if order.time_in_force is TimeInForce.FOK else min(order.min_qty, left)
    reached = 0
    for place, level in enumerate(levels):
        reached += level[2]
        if reached < least:
            continue
        if place == 0:
            return 0
        for px, size, offered in (level, levels[0]):
            paid, liquidity, rule = deals(px)
            evidence = shown(order, px, size, offered, rule)
            lacking = filler.lacking(order, min(reached, left), paid, liquidity, evidence)
            if lacking is not None:
                return lacking
        return place + 1
    return 0
