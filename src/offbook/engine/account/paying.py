"""What becomes of an order in a bar that the account cannot pay for (``account.unpaid``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from offbook.domain.config import Unpaid
from offbook.domain.orders import Liquidity, TimeInForce
from offbook.domain.record_parts import Evidence
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.state import OrderState
from offbook.engine.venue.fills import Filler

if TYPE_CHECKING:
    from offbook.engine.venue.venue import Venue


class Payer:
    """Trades what can be paid for, and deals with the rest."""

    def __init__(self, kernel: Kernel, venue: Venue, filler: Filler) -> None:
        self._kernel = kernel
        self._unpaid = kernel.config.account.unpaid
        self._venue = venue
        self._filler = filler

    def trade(
        self, order: OrderState, qty: int, px: int, liquidity: Liquidity, evidence: Evidence
    ) -> int:
        """Trade ``qty`` (quantity units) at ``px``, or as much of it as may be; how much that was.

        What has traded in full leaves its book.
        """
        terms = px, liquidity, evidence
        if self._filler.fill(order, qty, *terms):
            if order.status.is_terminal:
                self._venue.book(order.symbol).remove(order)
            return qty
        if self._unpaid is Unpaid.WAIT:
            return 0
        reason = self._filler.unpaid
        paid = self._affordable(order, qty, *terms) if self._unpaid is Unpaid.CUT else 0
        if paid:
            self._filler.fill(order, paid, *terms)
        if not order.status.is_terminal:
            self._venue.end(order, reason)
        return paid

    def _affordable(
        self, order: OrderState, qty: int, px: int, liquidity: Liquidity, evidence: Evidence
    ) -> int:
        """The most whole lots of ``qty`` that can be paid for, by halving: more costs more."""
        lot = self._kernel.instrument(order.symbol).lot_units
        some, too_many = 0, -(-qty // lot)
        while too_many - some > 1:
            middle = (some + too_many) // 2
            if self._filler.can_pay(order, middle * lot, px, liquidity, evidence):
                some = middle
            else:
                too_many = middle
        all_or_none = order.time_in_force is TimeInForce.FOK
        least = order.leaves_qty if all_or_none else min(order.min_qty, order.leaves_qty)
        return some * lot if some * lot >= least else 0
