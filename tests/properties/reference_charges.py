"""Plain charges: what an order has been charged is told anew from all of its fills."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from tests.properties.reference_dated_fees import More, dated_charge, dearest
from tests.properties.reference_each_rounded import dearest_of_each, rounded_each

from offbook.domain.config import (
    BasisPointsFee,
    BoundedFee,
    ByInstrumentFee,
    DatedFee,
    FeeConfig,
    FeeGroup,
    FeeRounding,
    FlatFee,
    OneInstrumentsFee,
    PerUnitFee,
    SingleFee,
    SumFee,
    TieredFee,
    UsRegulatoryFee,
    VenueConfig,
    VolumeOf,
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


def group_of(fee: ByInstrumentFee, instrument: Instrument) -> FeeGroup:
    """The first group that an instrument fits."""
    for group in fee.groups:
        if group.symbols and instrument.symbol not in group.symbols:
            continue
        if group.asset_class is not None and group.asset_class != instrument.asset_class:
            continue
        if group.currency is None or group.currency == instrument.quote_currency:
            return group
    raise AssertionError(f"{instrument.symbol} is in no group")


def fee_for(fee: FeeConfig, instrument: Instrument) -> OneInstrumentsFee:
    """What an instrument is charged."""
    return group_of(fee, instrument).fee if isinstance(fee, ByInstrumentFee) else fee


def count_together(fee: FeeConfig, one: Instrument, other: Instrument) -> bool:
    """Whether what is traded of the other counts in the tiers of the one."""
    if not isinstance(fee, ByInstrumentFee) or fee.volume_of is VolumeOf.ACCOUNT:
        return True
    return group_of(fee, one) is group_of(fee, other)


def charge(fee: OneInstrumentsFee, fills: Sequence[Fill]) -> Fraction:
    """The exact charge of an order with these fills."""
    if not fills:
        return ZERO
    if isinstance(fee, SumFee | BoundedFee):
        total = sum((charge(part, fills) for part in fee.parts), ZERO)
        return total if isinstance(fee, SumFee) else _within(fee, total, fills)
    if isinstance(fee, FlatFee):
        return Fraction(fee.per_order)
    if isinstance(fee, UsRegulatoryFee) and fee.round_each:
        return rounded_each(fee, fills)
    if isinstance(fee, TieredFee | DatedFee | UsRegulatoryFee):
        return sum((dated_charge(fee, fill) for fill in fills), ZERO)
    if isinstance(fee, BasisPointsFee):
        rates = {True: Fraction(fee.maker), False: Fraction(fee.taker)}
        share = sum((fill.value * rates[fill.maker] / 10_000 for fill in fills), ZERO)
        return _within(fee, share, fills)
    return _within(fee, sum(fill.qty for fill in fills) * Fraction(fee.per_unit), fills)


def _within(
    fee: BoundedFee | BasisPointsFee | PerUnitFee, total: Fraction, fills: Sequence[Fill]
) -> Fraction:
    """A charge of an order with these fills within its bounds."""
    value = sum((fill.value for fill in fills), ZERO)
    if fee.minimum is not None:
        total = max(total, Fraction(fee.minimum))
    if isinstance(fee, BoundedFee) and fee.minimum_percent is not None:
        total = max(total, value * Fraction(fee.minimum_percent) / 100)
    if fee.maximum is not None:
        total = min(total, Fraction(fee.maximum))
    if fee.maximum_percent is not None:
        total = min(total, value * Fraction(fee.maximum_percent) / 100)
    on_top = fee.surcharge_percent if isinstance(fee, BoundedFee) else None
    return total * (1 + Fraction(on_top or 0) / 100)


def worst(fee: OneInstrumentsFee, fills: Sequence[Fill], more: More) -> Fraction:
    """The most that the charge can become while so much more trades: each part at its worst, and of
    what only ``buys`` at that of a buy."""
    if isinstance(fee, SumFee | BoundedFee):
        most = sum((worst(part, fills, more) for part in fee.parts), ZERO)
        if isinstance(fee, SumFee) or not (fills or more.qty > 0):
            return most
        return _within(fee, most, [*fills, Fill(more.qty, more.value, maker=False)])
    if isinstance(fee, UsRegulatoryFee) and fee.round_each:
        return charge(fee, fills) + dearest_of_each(fee, fills, more)
    if isinstance(fee, TieredFee | DatedFee | UsRegulatoryFee):
        return charge(fee, fills) + dearest(fee, more)
    ends = [charge(fee, fills)]
    if more.qty > 0:
        ends += [
            charge(fee, [*fills, Fill(more.qty, more.value, maker)]) for maker in (True, False)
        ]
    return max(ends)


def rises(fee: OneInstrumentsFee, fills: Sequence[Fill], more: More) -> Fraction:
    """The most that fills which make a charge grow can add to it, whatever rebates take away in
    between: where there are bounds, each part's own, the minimum at first, and percentages."""
    if isinstance(fee, SumFee):
        return sum((rises(one, fills, more) for one in fee.parts), ZERO)
    if not _may_be_given_back(fee):
        return worst(fee, fills, more) - charge(fee, fills)
    assert isinstance(fee, BoundedFee | BasisPointsFee)
    if isinstance(fee, BoundedFee):
        most = sum((rises(one, fills, more) for one in fee.parts), ZERO)
    else:
        most = more.value * Fraction(fee.taker) / 10_000
    if fee.minimum is not None and not fills:
        most += Fraction(fee.minimum)
    percents = [fee.maximum_percent, getattr(fee, "minimum_percent", None)]
    return most + more.value * max(Fraction(percent or 0) for percent in percents) / 100


def _may_be_given_back(fee: OneInstrumentsFee) -> bool:
    """Whether a rebate lowers what has bounds."""
    if isinstance(fee, SumFee):
        return any(_may_be_given_back(part) for part in fee.parts)
    if isinstance(fee, BoundedFee):
        return any(_is_given(part) for part in fee.parts)
    bounds = (getattr(fee, name, None) for name in ("minimum", "maximum", "maximum_percent"))
    return isinstance(fee, BasisPointsFee) and _is_given(fee) and any(map(bool, bounds))


def _is_given(fee: SingleFee) -> bool:
    """Whether somebody may be paid for having rested."""
    if isinstance(fee, BasisPointsFee):
        return Fraction(fee.maker) < 0
    rates = list(fee.rates) if isinstance(fee, DatedFee) else [fee]
    makers = [getattr(one, "maker", None) for one in rates]
    makers += [tier.maker for one in rates for tier in getattr(one, "tiers", ())]
    return any(Fraction(maker) < 0 for maker in makers if maker is not None)


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
    unit, fee = _unit(instrument), fee_for(venue.fee, instrument)
    after = charge(fee, [*order.fills, fill])
    if venue.fee_rounding is FeeRounding.PER_FILL_HALF_UP:
        grown = after - charge(fee, order.fills)
        return math.floor(grown / unit + Fraction(1, 2)) * unit
    return _rounded(venue, after, unit) - order.fees


def most_charged(
    venue: VenueConfig,
    instrument: Instrument,
    order: Charged,
    qty: Fraction,
    value: Fraction,
    *,
    now: int,
    buys: bool = False,
) -> Fraction:
    """The most that may still be booked for an order."""
    unit, fee = _unit(instrument), fee_for(venue.fee, instrument)
    more = More(qty, value, instrument, buys, now)
    most = worst(fee, order.fills, more)
    if venue.fee_rounding is FeeRounding.PER_FILL_HALF_UP:
        if not _may_be_given_back(fee):
            return _up(2 * (most - charge(fee, order.fills)), unit)
        return _up(2 * rises(fee, order.fills, more), unit)
    return _rounded(venue, most, unit) - order.fees
