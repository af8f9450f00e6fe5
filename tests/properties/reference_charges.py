"""Plain charges: what an order has been charged is told anew from all of its fills."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from tests.properties.reference_dated_fees import dated_charge, dearest
from tests.properties.reference_each_rounded import dearest_of_each, rounded_each

from offbook.domain.config import (
    BasisPointsFee,
    FeeConfig,
    FeeRounding,
    FlatFee,
    SumFee,
    TieredFee,
    UsRegulatoryFee,
    VenueConfig,
)
from offbook.domain.contracts import ContractTerms
from offbook.domain.instruments import Instrument

ZERO = Fraction(0)
CENTS = {"USD": 2, "EUR": 2, "GBP": 2, "CHF": 2, "JPY": 0}


@dataclass(frozen=True)
class Fill:
    """One fill: quantity, value, and whether the order rested; when and of what it was, and what
    the session had traded in the 30 days before that day."""

    qty: Fraction
    value: Fraction
    maker: bool
    at: int = 0
    selling: bool = False
    of: Instrument | None = None
    before: Fraction = ZERO


class Charged(Protocol):
    """An order with its fills and what was booked for them."""

    fills: list[Fill]
    fees: Fraction


def charge(fee: FeeConfig, fills: Sequence[Fill]) -> Fraction:
    """The exact charge of an order with these fills."""
    if not fills:
        return ZERO
    if isinstance(fee, SumFee):
        return sum((charge(part, fills) for part in fee.parts), ZERO)
    if isinstance(fee, FlatFee):
        return Fraction(fee.per_order)
    if isinstance(fee, UsRegulatoryFee) and fee.round_each:
        return rounded_each(fee, fills)
    if isinstance(fee, TieredFee | UsRegulatoryFee):
        return sum((dated_charge(fee, fill) for fill in fills), ZERO)
    if isinstance(fee, BasisPointsFee):
        rates = {True: Fraction(fee.maker), False: Fraction(fee.taker)}
        share = sum((fill.value * rates[fill.maker] / 10_000 for fill in fills), ZERO)
        total = share if fee.minimum is None else max(share, Fraction(fee.minimum))
    else:
        units = sum(fill.qty for fill in fills)
        total = max(units * Fraction(fee.per_unit), Fraction(fee.minimum))
    if fee.maximum is not None:
        total = min(total, Fraction(fee.maximum))
    if fee.maximum_percent is not None:
        value = sum(fill.value for fill in fills)
        total = min(total, value * Fraction(fee.maximum_percent) / 100)
    return Fraction(total)


def worst(
    fee: FeeConfig,
    fills: Sequence[Fill],
    qty: Fraction,
    value: Fraction,
    of: Instrument,
    *,
    buys: bool,
) -> Fraction:
    """The most that the charge can become while so much more trades: each part at its worst, and of
    what only ``buys`` at that of a buy."""
    if isinstance(fee, SumFee):
        return sum((worst(part, fills, qty, value, of, buys=buys) for part in fee.parts), ZERO)
    if isinstance(fee, UsRegulatoryFee) and fee.round_each:
        return charge(fee, fills) + dearest_of_each(fee, fills, qty, value, of, buys=buys)
    if isinstance(fee, TieredFee | UsRegulatoryFee):
        return charge(fee, fills) + dearest(fee, qty, value, of, buys=buys)
    ends = [charge(fee, fills)]
    if qty > 0:
        ends += [charge(fee, [*fills, Fill(qty, value, maker)]) for maker in (True, False)]
    return max(ends)


def _unit(instrument: Instrument) -> Fraction:
    terms = instrument.contract
    inverse = isinstance(terms, ContractTerms) and terms.is_inverse
    money = instrument.base if inverse else instrument.quote_currency
    return Fraction(1, 10 ** CENTS.get(money, 8))


def _up(amount: Fraction, unit: Fraction) -> Fraction:
    return math.ceil(amount / unit) * unit


def _rounded(venue: VenueConfig, amount: Fraction, unit: Fraction) -> Fraction:
    if venue.fee_rounding is FeeRounding.HALF_EVEN:
        return round(amount / unit) * unit
    if venue.fee_rounding is FeeRounding.EXACT:
        return _up(amount, Fraction(1, 10**18))
    return _up(amount, unit)


def fee_of_fill(venue: VenueConfig, instrument: Instrument, order: Charged, fill: Fill) -> Fraction:
    """What a fill books."""
    unit = _unit(instrument)
    after = charge(venue.fee, [*order.fills, fill])
    if venue.fee_rounding is FeeRounding.PER_FILL_HALF_UP:
        grown = after - charge(venue.fee, order.fills)
        return math.floor(grown / unit + Fraction(1, 2)) * unit
    return _rounded(venue, after, unit) - order.fees


def most_charged(
    venue: VenueConfig,
    instrument: Instrument,
    order: Charged,
    qty: Fraction,
    value: Fraction,
    *,
    buys: bool = False,
) -> Fraction:
    """The most that may still be booked for an order."""
    unit = _unit(instrument)
    most = worst(venue.fee, order.fills, qty, value, instrument, buys=buys)
    if venue.fee_rounding is FeeRounding.PER_FILL_HALF_UP:
        return _up(2 * (most - charge(venue.fee, order.fills)), unit)
    return _rounded(venue, most, unit) - order.fees
