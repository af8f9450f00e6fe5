"""Orders that follow the market, in the plain venue."""

from __future__ import annotations

from fractions import Fraction

from tests.properties.reference_matching import ReferenceMatching
from tests.properties.reference_orders import Order
from tests.properties.row_cases import QuoteRow

from offbook.domain.orders import PegType


class ReferencePegs(ReferenceMatching):
    """Moves them."""

    def follow_pegs(self, quote: QuoteRow) -> None:
        """A quote that has been held against all orders moves them, the earliest first."""
        mine = [o for o in self.account.working() if o.peg is not None and o.is_at_venue]
        for order in sorted(mine, key=lambda o: o.rank):
            if not order.ended and self.may_trade(order):
                self._move(order, quote)

    def place(self, order: Order) -> None:
        """A pegged order has arrived, or has new terms: it stands where the last quote puts it."""
        quote = self.present or self.priced
        if not isinstance(quote, QuoteRow) or not self.may_take(quote):
            return
        if not self.may_trade(order):
            return
        if self._stands_at(order, quote) != order.limit:
            self._move(order, quote)
        elif self.keeps_off_itself(order):
            self.meet_quote(order, quote)

    def _move(self, order: Order, quote: QuoteRow) -> None:
        price = self._stands_at(order, quote)
        if price == order.limit:
            return
        order.limit, order.rank, order.taker = price, self.next_rank(), True
        self.tell("OrderRepegged", order.number, price)
        if self.keeps_off_itself(order):
            self.meet_quote(order, quote)

    def _stands_at(self, order: Order, quote: QuoteRow) -> Fraction:
        own, other = (quote.bid, quote.ask) if order.buying else (quote.ask, quote.bid)
        followed = {
            PegType.PRIMARY: own,
            PegType.MARKET: other,
            PegType.MIDPOINT: (own + other) / 2,
        }
        assert order.peg is not None
        price = followed[order.peg] + order.offset
        tick = Fraction(self.setup.instrument.tick_size)
        ticks = price // tick if order.buying else -(-price // tick)
        price = max(ticks, 1) * tick
        if order.cap is None:
            return price
        return min(price, order.cap) if order.buying else max(price, order.cap)
