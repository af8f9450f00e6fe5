"""Prints in the plain venue: the documented rules, alone and beside quotes."""

from __future__ import annotations

from fractions import Fraction

from tests.properties.market_cases import PrintRow, QuoteRow, Setup
from tests.properties.reference_account import ZERO, Order
from tests.properties.reference_venue import Level, ReferenceVenue

from offbook.domain.market_data import DataKind
from offbook.domain.orders import CancelReason, TimeInForce


class ReferencePrints(ReferenceVenue):
    """Matches prints; keeps what they gave until the next quote."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
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
        if order.tif is TimeInForce.IOC and not (satisfied and self.is_open(self.now)):
            self.cancel(order, CancelReason.IOC)

    def match_print(self, row: PrintRow) -> None:
        """Buys, then sells, best price first and then in time priority; then IOC is over, and
        limits that the print was away from rest."""
        left = row.size
        if self.is_open(self.now):
            for buying in (True, False):
                for order in self.by_price(buying=buying):
                    if _satisfied(order, row):
                        left -= self._take_print(order, row, left)
        if not self._alone:
            return
        for order in self.account.working():
            if order.accepted is None:
                continue
            if order.tif is TimeInForce.IOC:
                self.cancel(order, CancelReason.IOC)
            elif not _satisfied(order, row):
                order.taker = False

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
        if deal is None:
            return ZERO
        qty = self.tradable(order, offered)
        if qty <= 0:
            self.nothing_to_trade(order)
            return ZERO
        if not self.fill(order, qty, deal, offered, row):
            return ZERO
        if shares:
            level.story.append(("printed", qty))
        elif not self._alone:
            price, before = self._given.get(order.buying, (row.price, ZERO))
            self._given[order.buying] = (row.price, qty + (before if price == row.price else ZERO))
        return qty

    def _print_deal(self, order: Order, row: PrintRow) -> tuple[Fraction, str] | None:
        if order.limit is None or order.taker:
            if not self._alone:
                return None
            market = order.limit is None
            rule = "market order at the next print" if market else "print satisfied the limit"
            return row.price, rule
        if row.price == order.limit:
            return None
        return order.limit, "print traded through the limit"


def _satisfied(order: Order, row: PrintRow) -> bool:
    if order.limit is None:
        return True
    return row.price <= order.limit if order.buying else row.price >= order.limit
