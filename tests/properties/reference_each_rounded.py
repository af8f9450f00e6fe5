"""What US regulators take, each of the three charges rounded up by itself, in the reference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.properties.reference_dated_fees import (
    SEC,
    TAF,
    More,
    Trade,
    charged_at,
    day_of,
    is_us_stock,
    new_york,
)

from offbook.domain.config import DatedRate, UsRegulatoryFee

ZERO, CENT = Fraction(0), Fraction(1, 100)


@dataclass
class Part:
    """One charge: its rates, and what of an order's fills they are for, or of more to come."""

    rates: Sequence[DatedRate]
    of: list[Fraction]
    more: Fraction


def rounded_each(fee: UsRegulatoryFee, fills: Sequence[Trade]) -> Fraction:
    """Fill by fill: what all that was traded by then would be charged on that day, less what would
    be without the fill."""
    total = ZERO
    for place, fill in enumerate(fills, 1):
        if is_us_stock(fill.of):
            total += _all_on_a_day_of(fee, fills[:place], fill)
            total -= _all_on_a_day_of(fee, fills[: place - 1], fill)
    return total


def _all_on_a_day_of(fee: UsRegulatoryFee, fills: Sequence[Trade], last: Trade) -> Fraction:
    parts = _parts(fee, fills, buys=not last.selling)
    return sum((_cents(charged_at(one.rates, day_of(last), sum(one.of))) for one in parts), ZERO)


def dearest_of_each(fee: UsRegulatoryFee, fills: Sequence[Trade], more: More) -> Fraction:
    """The most that so much more may be charged from now on: at the dearest rate that may still
    hold, and a cent for every lower one at which a part of the order may trade."""
    if not is_us_stock(more.of) or not more.qty:
        return ZERO
    total = ZERO
    for part in _parts(fee, fills, more.qty, more.value, buys=more.buys):
        rates = _still_to_hold(part.rates, more.now)
        rate = max(rates, default=ZERO)
        before = sum(part.of, ZERO)
        total += _cents(rate * (before + part.more)) - _cents(rate * before)
        total += CENT * sum(1 for one in rates if 0 < one < rate)
    return total


def _still_to_hold(rates: Sequence[DatedRate], now: int) -> list[Fraction]:
    """All but those that another has followed by now."""
    followed = [date.fromisoformat(one.since) <= new_york(now) for one in rates[1:]]
    return [
        Fraction(one.rate)
        for one, is_over in zip(rates, [*followed, False], strict=False)
        if not is_over
    ]


def _parts(
    fee: UsRegulatoryFee,
    fills: Sequence[Trade],
    qty: Fraction = ZERO,
    value: Fraction = ZERO,
    *,
    buys: bool,
) -> list[Part]:
    """Of a buy the audit trail's alone."""
    shares = [fill.qty for fill in fills]
    trail = Part(fee.cat, shares, qty)
    if buys:
        return [trail]
    dollars_of_a_million = [fill.value / 10**6 for fill in fills]
    sec = Part(SEC if fee.sec is None else fee.sec, dollars_of_a_million, value / 10**6)
    return [sec, Part(TAF if fee.taf is None else fee.taf, shares, qty), trail]


def _cents(amount: Fraction) -> Fraction:
    return math.ceil(amount / CENT) * CENT
