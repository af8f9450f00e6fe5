"""Charges in the reference that depend on the day: tiers by volume, and what US regulators take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Protocol

from offbook.domain.config import (
    DatedFee,
    DatedRate,
    SharesFrom,
    TieredFee,
    UsRegulatoryFee,
    VolumeTier,
)
from offbook.domain.instruments import AssetClass, Instrument

ZERO = Fraction(0)
FINEST = Fraction(1, 10**26)
"""Charges are told exactly to so much."""


def rates_of(*lines: str) -> tuple[DatedRate, ...]:
    """A day, a rate and now and then a maximum each."""
    return tuple(
        DatedRate(since=since, rate=rate, maximum=most[0] if most else None)
        for since, rate, *most in map(str.split, lines)
    )


SEC = rates_of(
    "2007-03-17 15.30",
    "2008-01-25 11.00",
    "2008-04-01 5.60",
    "2009-04-10 25.70",
    "2010-01-15 12.70",
    "2010-04-01 16.90",
    "2011-01-21 19.20",
    "2012-02-21 18.00",
    "2012-04-01 22.40",
    "2013-05-25 17.40",
    "2014-03-18 22.10",
    "2015-02-14 18.40",
    "2016-02-16 21.80",
    "2017-07-04 23.10",
    "2018-05-22 13.00",
    "2019-04-16 20.70",
    "2020-02-18 22.10",
    "2021-02-25 5.10",
    "2022-05-14 22.90",
    "2023-02-27 8.00",
    "2024-05-22 27.80",
    "2025-05-14 0",
    "2026-04-04 20.60",
)
"""Dollars per million sold, as the SEC's advisories say."""
TAF = rates_of(
    "2004-11-01 0.000075 3.75",
    "2011-07-01 0.000090 4.50",
    "2012-03-01 0.000095 4.75",
    "2012-07-01 0.000119 5.95",
    "2022-01-01 0.00013 6.49",
    "2023-01-01 0.000145 7.27",
    "2024-01-01 0.000166 8.30",
    "2026-01-01 0.000195 9.79",
    "2027-01-01 0.000232 11.61",
    "2028-01-01 0.00024 12.05",
)
"""Dollars per share sold and the most of one trade: FINRA's By-Laws, Schedule A, section 1."""


class Trade(Protocol):
    """A fill, when and of what."""

    @property
    def qty(self) -> Fraction: ...
    @property
    def value(self) -> Fraction: ...
    @property
    def maker(self) -> bool: ...
    @property
    def at(self) -> int: ...
    @property
    def selling(self) -> bool: ...
    @property
    def of(self) -> Instrument | None: ...
    @property
    def before(self) -> Fraction: ...


def dated_charge(fee: TieredFee | DatedFee | UsRegulatoryFee, fill: Trade) -> Fraction:
    """What one fill is charged on its day."""
    if not isinstance(fee, UsRegulatoryFee):
        known = fill.before + Fraction(fee.volume)
        tiers = fee.tiers if isinstance(fee, TieredFee) else _tiers_at(fee, fill.at)
        tier = [one for one in tiers if Fraction(one.volume) <= known][-1]
        return fill.value * Fraction(tier.maker if fill.maker else tier.taker) / 10_000
    if not is_us_stock(fill.of):
        return ZERO
    day = day_of(fill)
    charged = charged_at(fee.cat, day, fill.qty)
    if fill.selling:
        sec = charged_at(SEC if fee.sec is None else fee.sec, day, fill.value) / 10**6
        charged += math.floor(sec / FINEST) * FINEST
        charged += charged_at(TAF if fee.taf is None else fee.taf, day, fill.qty)
    return charged


@dataclass(frozen=True)
class More:
    """What an order may still trade, from ``now`` on; ``buys`` where it is known to buy."""

    qty: Fraction
    value: Fraction
    of: Instrument
    buys: bool
    now: int


def dearest(fee: TieredFee | DatedFee | UsRegulatoryFee, more: More) -> Fraction:
    """The most that so much more may be charged, on whatever day: no rebate, and no maximum; of
    rates that change at moments those that hold now or later."""
    if not isinstance(fee, UsRegulatoryFee):
        tiers = fee.tiers if isinstance(fee, TieredFee) else _tiers_from(fee, more.now)
        rates = [Fraction(text) for one in tiers for text in (one.maker, one.taker)]
        return more.value * max([ZERO, *rates]) / 10_000
    if not is_us_stock(more.of):
        return ZERO
    if more.buys:
        return _highest(fee.cat) * more.qty
    sec = _highest(SEC if fee.sec is None else fee.sec) * more.value / 10**6
    shares = _highest(TAF if fee.taf is None else fee.taf) + _highest(fee.cat)
    return math.ceil(sec / FINEST) * FINEST + shares * more.qty


def _tiers_of(rates: SharesFrom) -> list[VolumeTier]:
    if rates.tiers:
        return list(rates.tiers)
    assert rates.maker is not None
    assert rates.taker is not None
    return [VolumeTier(volume="0", maker=rates.maker, taker=rates.taker)]


def _tiers_at(fee: DatedFee, at: int) -> list[VolumeTier]:
    """Those of the last rates that hold at a moment."""
    held = [one for one in fee.rates if one.since is None or _ns(one.since) <= at]
    return _tiers_of(held[-1])


def _tiers_from(fee: DatedFee, now: int) -> list[VolumeTier]:
    """Those of rates that no other has followed by now."""
    ends = [_ns(after.since or "") for after in fee.rates[1:]]
    lasting = [rates for rates, end in zip(fee.rates, ends, strict=False) if end > now]
    return [tier for rates in (*lasting, fee.rates[-1]) for tier in _tiers_of(rates)]


def _ns(text: str) -> int:
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


def day_of(fill: Trade) -> date:
    """Its date in New York."""
    return new_york(fill.at)


def new_york(at: int) -> date:
    """The date there, by its standard time."""
    return (datetime.fromtimestamp(at // 10**9, UTC) - timedelta(hours=5)).date()


def charged_at(rates: Sequence[DatedRate], day: date, amount: Fraction) -> Fraction:
    """The day's rate of an amount, no more than the most of that day."""
    told = [one for one in rates if date.fromisoformat(one.since) <= day]
    if not told:
        return ZERO
    charged = Fraction(told[-1].rate) * amount
    return charged if told[-1].maximum is None else min(charged, Fraction(told[-1].maximum))


def _highest(rates: Sequence[DatedRate]) -> Fraction:
    return max((Fraction(one.rate) for one in rates), default=ZERO)


def is_us_stock(of: Instrument | None) -> bool:
    """Whether anything is charged of it."""
    return of is not None and of.asset_class is AssetClass.EQUITY and of.quote_currency == "USD"
