"""At what price orders trade on the levels of a book, and whether the account can pay for what must
trade at once there.

Each level is a fill of its own, and the money might end between two of them.  So what trades all or
nothing, and the least quantity of others, is asked for as a whole before the first level is taken,
at the worst price that it comes to: what comes before is no dearer.
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


def lacking_at_once(
    filler: Filler,
    order: OrderState,
    left: int,
    levels: list[Offer],
    deals: Callable[[int], LevelDeal],
    shown: Shown,
) -> CancelReason | None:
    """Why the account cannot pay for what must trade at once of the ``left`` that may (quantity
    units); None if it can, or if that is one fill, which is judged as it is made."""
    together = left if order.time_in_force is TimeInForce.FOK else min(order.min_qty, left)
    reached = 0
    for place, (px, size, offered) in enumerate(levels):
        reached += offered
        if reached >= together:
            if place == 0:
                return None
            paid, liquidity, rule = deals(px)
            evidence = shown(order, px, size, offered, rule)
            return filler.lacking(order, together, paid, liquidity, evidence)
    return None
