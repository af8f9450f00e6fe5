"""Prints in the plain venue: the documented rules, alone and beside quotes."""

from __future__ import annotations

from fractions import Fraction

from tests.properties.market_cases import Setup
from tests.properties.reference_common import Common
from tests.properties.reference_levels import Level
from tests.properties.reference_orders import ZERO, Order
from tests.properties.reference_venue import ReferenceVenue
from tests.properties.row_cases import PrintRow, QuoteRow

from offbook.domain.config import LimitFill
from offbook.domain.market_data import DataKind
from offbook.domain.orders import TimeInForce


class ReferencePrints(ReferenceVenue):
    """Matches prints; keeps what they gave until the next quote."""

    def __init__(self, setup: Setup, of: Common | None = None) -> None:
        super().__init__(setup, of)
        self._given: dict[bool, tuple[Fraction, Fraction]] = {}

    @property
    def _alone(self) -> bool:
        return DataKind.QUOTES not in self.setup.kinds

    def try_prints(self, order: Order, last: PrintRow) -> None:
        """An order arrives where prints are the market: the last says whether it waits as a
        taker."""
        satisfied = _satisfied(order, last)
        if not satisfied:
            order.taker = False
        if not (satisfied and self.trades_now()):
            self.end_rest(order)

    def match_print(self, row: PrintRow, left: Fraction) -> None:
        """Buys, then sells, best price first and then in time priority; then IOC is over, and
        limits that the print was away from rest. What an auction took of it is not left."""
        before = [o for o in self.account.working() if o.is_in_book and not o.waits]
        for order in self.by_price(buying=True) + self.by_price(buying=False):
            if not order.ended and _satisfied(order, row) and self.may_trade(order):
                left -= self._take_print(order, row, left)
        if not self._alone:
            return
        for order in before:
            if order.tif in {TimeInForce.IOC, TimeInForce.FOK}:
                self.end_rest(order)
            elif not _satisfied(order, row):
                order.taker = False
        if self.trades_now():
            self.pull(row)

    def meet(self, quote: QuoteRow) -> None:
        """What prints gave since the last quote is missing in a level at their price."""
        for buying, (price, size) in self._given.items():
            shown = quote.ask if buying else quote.bid
            if price == shown:
                level = Level(price, [("shows", size), ("printed", size)])
                if buying:
                    self.asks = level
                else:
                    self.bids = level
        self._given = {}

    def _take_print(self, order: Order, row: PrintRow, left: Fraction) -> Fraction:
        level = self.asks if order.buying else self.bids
        shares = not self._alone and level.price == row.price and level.was_taken()
        offered = left - level.missing() if shares else left
        deal = self._print_deal(order, row)
        if deal is None or not self.within_bands(row.price):
            return ZERO
        deal = (self.into_bands(deal[0]), deal[1])
        qty = self.tradable(order, offered)
        if qty <= 0:
            self.nothing_to_trade(order)
            return ZERO
        if not self.fill(order, qty, deal, offered, row):
            return ZERO
        self._gave(order, row, level, qty, shares=shares)
        self.settle(order)
        return qty

    def _gave(
        self, order: Order, row: PrintRow, level: Level, qty: Fraction, *, shares: bool
    ) -> None:
        if shares:
            level.story.append(("printed", qty))
        elif not self._alone:
            price, before = self._given.get(order.buying, (row.price, ZERO))
            self._given[order.buying] = (row.price, qty + (before if price == row.price else ZERO))

    def _print_deal(self, order: Order, row: PrintRow) -> tuple[Fraction, str] | None:
        if order.limit is None or order.taker:
            if not self._alone:
                return None
            market = order.limit is None
            rule = "market order at the next print" if market else "print satisfied the limit"
            return row.price, rule
        if row.price == order.limit:
            if self.setup.venue.limit_fill is LimitFill.THROUGH:
                return None
            return order.limit, "print touched the limit"
        return order.limit, "print traded through the limit"


def _satisfied(order: Order, row: PrintRow) -> bool:
    if order.limit is None:
        return True
    return row.price <= order.limit if order.buying else row.price >= order.limit
