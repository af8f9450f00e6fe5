"""Where a taker's price goes, in the reference."""

from __future__ import annotations

import math
from fractions import Fraction

from tests.properties.market_cases import Setup
from tests.properties.reference_orders import ZERO, Order
from tests.properties.row_cases import BarRow, LevelRow, PriceRow, PrintRow, QuoteRow

from offbook.domain.config import (
    BasisPointsSlippage,
    NoSlippage,
    SlippageBound,
    SpreadSlippage,
    SquareRootSlippage,
)

Bands = tuple[Fraction | None, Fraction | None]


def slipped(
    setup: Setup, order: Order, price: Fraction, qty: Fraction, row: PriceRow, bands: Bands
) -> Fraction | None:
    """Where a taker's price goes: to the next tick against it, within its limit, its bar and the
    bands of the exchange; None where nothing slips."""
    config = setup.venue.slippage
    quoted = isinstance(row, QuoteRow)
    if isinstance(config, NoSlippage) or (quoted and not config.quotes):
        return None
    move = _move(setup, order, price, qty, row)
    tick = Fraction(setup.instrument.tick_size)
    if not move:
        return price
    bar = row if isinstance(row, BarRow) else None
    if setup.venue.slippage_bound is SlippageBound.NONE:
        bar = None
    if order.buying:
        most = [] if order.limit is None else [order.limit]
        most += [] if bar is None else [bar.high]
        most += [] if bands[1] is None else [bands[1]]
        return max(price, min([-(-(price + move) // tick) * tick, *most]))
    least = [tick] if order.limit is None else [tick, order.limit]
    least += [] if bar is None else [bar.low]
    least += [] if bands[0] is None else [bands[0]]
    return min(price, max([(price - move) // tick * tick, *least]))


def _move(setup: Setup, order: Order, price: Fraction, qty: Fraction, row: PriceRow) -> Fraction:
    """By how much a model takes a price away."""
    config = setup.venue.slippage
    assert not isinstance(config, NoSlippage)
    if isinstance(config, BasisPointsSlippage):
        return price * Fraction(config.bps) / 10_000
    if isinstance(config, SpreadSlippage):
        assumed = Fraction(config.assumed_spread or "0")
        spread = row.ask - row.bid if isinstance(row, QuoteRow) else assumed
        return Fraction(config.share) * max(spread, ZERO)
    share = qty / max(_volume(order, row), qty)  # where less is shown than traded, all of it
    if isinstance(config, SquareRootSlippage):
        return price * Fraction(config.bps) / 10_000 * _root(share)
    return price * Fraction(config.impact) * share * share


def _volume(order: Order, row: PriceRow) -> Fraction:
    """The volume that a row shows."""
    if isinstance(row, BarRow):
        return row.volume
    if isinstance(row, PrintRow):
        return row.size
    if isinstance(row, LevelRow):
        return row.shown
    return row.ask_size if order.buying else row.bid_size


def _root(share: Fraction) -> Fraction:
    """The least number of eight decimals whose square is no less."""
    finest = Fraction(1, 10**8)
    root = Fraction(math.isqrt(int(share * 10**16)), 10**8)
    while root * root < share:
        root += finest
    return root


def is_maker(rule: str) -> bool:
    """Whether an order rested that has traded by a rule."""
    words = ("reached", "through", "touched", "beyond the limit", "came back")
    return any(word in rule for word in words)
