"""What a quote or a print is to an order: whether it satisfies it, and at what prices."""

from __future__ import annotations

from fractions import Fraction

from tests.properties.market_cases import Setup
from tests.properties.reference_orders import Order
from tests.properties.row_cases import PrintRow, QuoteRow

from offbook.domain.market_data import DataKind


def shows_bid_and_ask(setup: Setup) -> bool:
    """Whether quotes or a book give an instrument its price."""
    return any(kind is DataKind.QUOTES or kind.is_book for kind in setup.kinds)


def crosses(order: Order, quote: QuoteRow) -> bool:
    """Whether the other side of a quote satisfies an order."""
    if order.limit is None:
        return True
    return quote.ask <= order.limit if order.buying else quote.bid >= order.limit


def seen_prices(row: QuoteRow | PrintRow) -> tuple[Fraction, Fraction]:
    """What a buy would pay and a sell get."""
    if isinstance(row, QuoteRow):
        return row.ask, row.bid
    return row.price, row.price
