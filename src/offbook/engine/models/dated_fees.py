"""Charges that depend on when an order trades: tiers by volume, and what US regulators take."""

from __future__ import annotations

import datetime
from bisect import bisect_right
from typing import Final

from offbook.domain.calendars import DAY_NS
from offbook.domain.config import DatedFee, DatedRate, UsRegulatoryFee, VolumeTier
from offbook.domain.instruments import AssetClass, Instrument
from offbook.domain.orders import OrderSide
from offbook.domain.values import AMOUNT_PRECISION, ceil_div, text_to_units
from offbook.engine.models.charging import ACCRUAL, Chance, Occasion, Traded
from offbook.engine.models.us_rates import SEC_PER_MILLION, TAF_PER_SHARE

_EPOCH: Final = datetime.date(1970, 1, 1).toordinal()
_NEW_YORK_NS: Final = 5 * 3_600_000_000_000
"""Standard time behind UTC: all that trades from 4:00 to 20:00 in New York, summer or winter, has
its date then."""
_MILLION: Final = 10**6


class Tiered:
    """A share of value, maker and taker apart, by what was traded in the 30 days before."""

    def __init__(self, tiers: tuple[VolumeTier, ...], volume: str) -> None:
        self._volume = text_to_units(volume, AMOUNT_PRECISION)
        self._starts = [text_to_units(tier.volume, AMOUNT_PRECISION) for tier in tiers]
        self._rates = [
            (text_to_units(tier.maker, 4), text_to_units(tier.taker, 4)) for tier in tiers
        ]
        self.dearest = max(max(0, *rates) for rates in self._rates)

    def grows(self, before: Traded, after: Traded, on: Occasion) -> int:
        """One basis point is 10**-4, so with four decimals the product counts 10**-26."""
        maker, taker = self._rates[bisect_right(self._starts, self._volume + on.volume) - 1]
        added = after.added - before.added
        return added * maker + (after.notional - before.notional - added) * taker

    def worst(self, traded: Traded, qty: int, notional: int, on: Chance) -> int:
        """The dearest of all rates, for a tier may change before the order trades."""
        return notional * self.dearest


class DatedShares:
    """A share of value at the rates of a fill's moment."""

    def __init__(self, config: DatedFee) -> None:
        self._since = config.moments()
        self._rates = [Tiered(rate.all_tiers(), config.volume) for rate in config.rates]
        each = [rates.dearest for rates in self._rates]
        self._dearest_from = [max(each[place:]) for place in range(len(each))]

    def grows(self, before: Traded, after: Traded, on: Occasion) -> int:
        """By the rates that hold then."""
        return self._rates[bisect_right(self._since, on.ts)].grows(before, after, on)

    def worst(self, traded: Traded, qty: int, notional: int, on: Chance) -> int:
        """The dearest that may still hold, for they may change before the order trades."""
        return notional * self._dearest_from[bisect_right(self._since, on.ts)]


class UsRegulatory:
    """The SEC's fee on value sold, FINRA's on shares sold, the audit trail's on all shares."""

    def __init__(self, config: UsRegulatoryFee) -> None:
        sec = SEC_PER_MILLION if config.sec is None else config.sec
        taf = TAF_PER_SHARE if config.taf is None else config.taf
        self._sec, self._taf, self._cat = _Dated(sec), _Dated(taf), _Dated(config.cat)
        self._round_each = config.round_each

    def grows(self, before: Traded, after: Traded, on: Occasion) -> int:
        """What one trade is charged, on its date in New York."""
        if not _is_us_stock(on.instrument):
            return 0
        day = _day_of(on.ts)
        if self._round_each:
            unit = on.instrument.charge_unit * ACCRUAL
            return self._rounded(after, on, day, unit) - self._rounded(before, on, day, unit)
        qty, notional = after.qty - before.qty, after.notional - before.notional
        charge = self._cat.charge(day, qty)
        if on.side is OrderSide.SELL:
            # Dollars per million with eight decimals times 10**-18 count 10**-32.
            charge += self._sec.charge(day, notional) // _MILLION + self._taf.charge(day, qty)
        return charge

    def _rounded(self, traded: Traded, on: Occasion, day: int, unit: int) -> int:
        """What an order would be charged for all of this on one day, each charge rounded up by
        itself; ``unit`` is a cent in 10**-26."""
        charge = ceil_div(self._cat.charge(day, traded.qty), unit)
        if on.side is OrderSide.SELL:
            charge += ceil_div(self._sec.charge(day, traded.notional), unit * _MILLION)
            charge += ceil_div(self._taf.charge(day, traded.qty), unit)
        return charge * unit

    def worst(self, traded: Traded, qty: int, notional: int, on: Chance) -> int:
        """The dearest rates there are, without their maxima; those of a sell unless it is a buy.
        Where each is rounded by itself, those that may still hold."""
        if not _is_us_stock(on.instrument) or not qty:
            return 0
        value, shares = (_NOTHING, [self._cat]) if on.side is OrderSide.BUY else self._of_a_sale
        if self._round_each:
            unit, day = on.instrument.charge_unit * ACCRUAL, _day_of(on.ts)
            cents = value.most_cents(day, traded.notional, notional, unit * _MILLION)
            cents += sum(one.most_cents(day, traded.qty, qty, unit) for one in shares)
            return cents * unit
        sold = -(-notional * value.dearest // _MILLION)
        return sold + qty * sum(rates.dearest for rates in shares)

    @property
    def _of_a_sale(self) -> tuple[_Dated, list[_Dated]]:
        """What is charged on the value, and what on the shares."""
        return self._sec, [self._taf, self._cat]


class _Dated:
    """Rates with eight decimals, each from its day (since 1970) on."""

    def __init__(self, rates: tuple[DatedRate, ...]) -> None:
        self._since = [
            datetime.date.fromisoformat(rate.since).toordinal() - _EPOCH for rate in rates
        ]
        self._rates = [text_to_units(rate.rate, 8) for rate in rates]
        self._most = [
            None
            if rate.maximum is None
            else text_to_units(rate.maximum, AMOUNT_PRECISION) * ACCRUAL
            for rate in rates
        ]
        self.dearest = max(self._rates, default=0)
        rests = [self._rates[place:] for place in range(len(self._rates))]
        self._from = [(max(rest), sum(0 < one < max(rest) for one in rest)) for rest in rests]
        """From each rate on: the dearest, and how many there are below it."""

    def charge(self, day: int, amount: int) -> int:
        """The rate of a day times an amount, at most the day's maximum."""
        place = bisect_right(self._since, day) - 1
        if place < 0:
            return 0
        charge, most = self._rates[place] * amount, self._most[place]
        return charge if most is None else min(charge, most)

    def most_cents(self, day: int, before: int, more: int, unit: int) -> int:
        """The most whole units that can be charged for ``more`` of an amount from a day on, where
        what an order is charged for all of it by then is rounded up.

        While one rate holds, these are the units between two sums that are rounded up: of a rate
        below the dearest at most one more than the dearest would come to.
        """
        if not self._from:
            return 0
        dearest, lower = self._from[max(bisect_right(self._since, day) - 1, 0)]
        grown = ceil_div(dearest * (before + more), unit) - ceil_div(dearest * before, unit)
        return grown + lower


_NOTHING: Final = _Dated(())


def _day_of(ts: int) -> int:
    """The date in New York, in days since 1970."""
    return (ts - _NEW_YORK_NS) // DAY_NS


def _is_us_stock(instrument: Instrument) -> bool:
    return instrument.asset_class is AssetClass.EQUITY and instrument.quote_currency == "USD"
