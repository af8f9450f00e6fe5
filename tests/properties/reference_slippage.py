"""Where a taker's price goes, in the reference."""

from __future__ import annotations

from fractions import Fraction

from tests.properties.market_cases import Setup
from tests.properties.reference_orders import ZERO, Order
from tests.properties.row_cases import BarRow, PriceRow, QuoteRow

from offbook.domain.config import BasisPointsSlippage, NoSlippage

Bands = tuple[Fraction | None, Fraction | None]


def slipped(
    setup: Setup, order: Order, price: Fraction, row: PriceRow, bands: Bands
) -> Fraction | None:
    """Where a taker's price goes: to the next tick against it, within its limit, its bar and the
    bands of the exchange; None where nothing slips."""
    config = setup.venue.slippage
    quoted = isinstance(row, QuoteRow)
    if isinstance(config, NoSlippage) or (quoted and not config.quotes):
        return None
    if isinstance(config, BasisPointsSlippage):
        move = price * Fraction(config.bps) / 10_000
    else:
        spread = (
            row.ask - row.bid
            if isinstance(row, QuoteRow)
            else Fraction(config.assumed_spread or "0")
        )
        move = Fraction(config.share) * max(spread, ZERO)
    tick = Fraction(setup.instrument.tick_size)
    if not move:
        return price
    if order.buying:
        most = [] if order.limit is None else [order.limit]
        most += [row.high] if isinstance(row, BarRow) else []
        most += [] if bands[1] is None else [bands[1]]
        return max(price, min([-(-(price + move) // tick) * tick, *most]))
    least = [tick] if order.limit is None else [tick, order.limit]
    least += [row.low] if isinstance(row, BarRow) else []
    least += [] if bands[0] is None else [bands[0]]
    return min(price, max([(price - move) // tick * tick, *least]))
