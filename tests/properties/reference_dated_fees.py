"""Charges in the reference that depend on the day: tiers by volume, and what US regulators take."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
SEC = (
    DatedRate(since="2023-02-27", rate="8.00"),
    DatedRate(since="2024-05-22", rate="27.80"),
    DatedRate(since="2025-05-14", rate="0"),
    DatedRate(since="2026-04-04", rate="20.60"),
)
"""Dollars per million sold, as the SEC's advisories say since sessions here may begin."""
TAF = (
    DatedRate(since="2024-01-01", rate="0.000166", maximum="8.30"),
    DatedRate(since="2026-01-01", rate="0.000195", maximum="9.79"),
    DatedRate(since="2027-01-01", rate="0.000232", maximum="11.61"),
    DatedRate(since="2028-01-01", rate="0.00024", maximum="12.05"),
)
"""Dollars per share sold: FINRA's By-Laws, Schedule A, section 1."""


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
    if not _is_us_stock(fill.of):
        return ZERO
    day = (datetime.fromtimestamp(fill.at // 10**9, UTC) - timedelta(hours=5)).date()
    charged = _at(fee.cat, day, fill.qty)
    if fill.selling:
        sec = _at(SEC if fee.sec is None else fee.sec, day, fill.value) / 10**6
        charged += math.floor(sec / FINEST) * FINEST
        charged += _at(TAF if fee.taf is None else fee.taf, day, fill.qty)
    return charged


def dearest(
    fee: TieredFee | DatedFee | UsRegulatoryFee,
    qty: Fraction,
    value: Fraction,
    of: Instrument,
    *,
    buys: bool,
) -> Fraction:
    """The most that so much more may be charged, on whatever day: no rebate, and no maximum."""
    if not isinstance(fee, UsRegulatoryFee):
        tiers = fee.tiers if isinstance(fee, TieredFee) else _every_tier(fee)
        rates = [Fraction(text) for one in tiers for text in (one.maker, one.taker)]
        return value * max([ZERO, *rates]) / 10_000
    if not _is_us_stock(of):
        return ZERO
    if buys:
        return _highest(fee.cat) * qty
    sec = _highest(SEC if fee.sec is None else fee.sec) * value / 10**6
    shares = _highest(TAF if fee.taf is None else fee.taf) + _highest(fee.cat)
    return math.ceil(sec / FINEST) * FINEST + shares * qty


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


def _every_tier(fee: DatedFee) -> list[VolumeTier]:
    return [tier for rates in fee.rates for tier in _tiers_of(rates)]


def _ns(text: str) -> int:
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


def _at(rates: Sequence[DatedRate], day: date, amount: Fraction) -> Fraction:
    told = [one for one in rates if date.fromisoformat(one.since) <= day]
    if not told:
        return ZERO
    charged = Fraction(told[-1].rate) * amount
    return charged if told[-1].maximum is None else min(charged, Fraction(told[-1].maximum))


def _highest(rates: Sequence[DatedRate]) -> Fraction:
    return max((Fraction(one.rate) for one in rates), default=ZERO)


def _is_us_stock(of: Instrument | None) -> bool:
    return of is not None and of.asset_class is AssetClass.EQUITY and of.quote_currency == "USD"
