"""What a simulated venue charges, and how charges are rounded."""

from __future__ import annotations

import datetime
import enum
from decimal import Decimal
from itertools import pairwise

from offbook.domain.config.actions import moment_of
from offbook.domain.config.base import ConfigPart, exact_amount, exact_decimal
from offbook.domain.errors import InvalidConfig

MOST_BASIS_POINTS = 1000


class FeeRounding(enum.Enum):
    """How charges become whole cents (or whatever is the currency's smallest charge).

    ``up``: an order's charge is added up exactly and the sum rounded once, against the client.
    ``half_even``: the same, the sum rounded to the nearest.  ``per_fill_half_up``: every fill's
    part is rounded by itself, halves up, as some venues bill.  ``exact``: not at all, as engines do
    that count in fractions of a cent.
    """

    UP = "up"
    HALF_EVEN = "half_even"
    PER_FILL_HALF_UP = "per_fill_half_up"
    EXACT = "exact"


class BasisPointsFee(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="basis_points"):
    """A share of each fill's value in basis points (decimal text, at most 4 decimals), within
    bounds for the whole order.

    A negative ``maker`` is a rebate: the venue pays for orders that rested.  ``minimum`` and
    ``maximum`` are amounts per order; ``maximum_percent`` is a share of the order's traded value in
    percent (at most 4 decimals).  Where they disagree a maximum wins over the minimum.
    """

    maker: str = "10"
    taker: str = "10"
    minimum: str | None = None
    maximum: str | None = None
    maximum_percent: str | None = None

    def __post_init__(self) -> None:
        _check_maker_and_taker(self.maker, self.taker, "venue.fee")
        check_bounds(self.minimum, self.maximum, self.maximum_percent)


class VolumeTier(ConfigPart, frozen=True, kw_only=True):
    """The rates of those who have traded ``volume`` or more, in the account's currency."""

    volume: str
    maker: str
    taker: str


class TieredFee(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="tiered"):
    """Basis points by what was traded in the 30 days before the day of a fill (UTC days).

    ``tiers`` rise by volume, and the first begins at 0.  ``volume`` is what the account has traded
    in every 30 days besides this session, and counts always.  So a tier changes at midnight and
    never within a day, as at venues that set it once a day.
    """

    tiers: tuple[VolumeTier, ...]
    volume: str = "0"

    def __post_init__(self) -> None:
        not_negative("volume", self.volume)
        _check_tiers(self.tiers, "venue.fee.tiers")


class SharesFrom(ConfigPart, frozen=True, kw_only=True):
    """Basis points that hold from a moment on: a day (``YYYY-MM-DD``, its midnight UTC) or a moment
    with its offset from UTC; None for the first ones, which hold before all others.

    Either ``maker`` and ``taker``, or ``tiers`` as those of a tiered charge.
    """

    since: str | None = None
    maker: str | None = None
    taker: str | None = None
    tiers: tuple[VolumeTier, ...] = ()

    def all_tiers(self) -> tuple[VolumeTier, ...]:
        """The tiers, of which there is one where there is one pair of rates."""
        if self.maker is None or self.taker is None:
            return self.tiers
        return (VolumeTier(volume="0", maker=self.maker, taker=self.taker),)


class DatedFee(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="dated"):
    """Basis points that change at stated moments, as where a pair trades without a charge for some
    months: each fill at the rates of its moment.

    ``rates`` are in the order of their moments; the first has none, for it says what holds before.
    ``volume`` is as in a tiered charge.
    """

    rates: tuple[SharesFrom, ...]
    volume: str = "0"

    def __post_init__(self) -> None:
        field = "venue.fee.rates"
        not_negative("volume", self.volume)
        if not self.rates or self.rates[0].since is not None:
            raise InvalidConfig(
                f"{field}: the first rates have no since, for they hold before all others",
                field=field,
            )
        for place, rate in enumerate(self.rates):
            _check_shares(rate, f"{field}[{place}]")
        moments = self.moments()
        if any(after <= before for before, after in pairwise(moments)):
            raise InvalidConfig(f"{field}: moments must rise from rate to rate", field=field)

    def moments(self) -> tuple[int, ...]:
        """From when on all rates but the first hold, in ns UTC."""
        field = "venue.fee.rates.since"
        return tuple(moment_of(rate.since or "", field, field)[0] for rate in self.rates[1:])


class DatedRate(ConfigPart, frozen=True, kw_only=True):
    """A rate that holds from a day on (``YYYY-MM-DD``, the exchange's date); ``maximum`` is the
    most that one trade is charged."""

    since: str
    rate: str
    maximum: str | None = None


class UsRegulatoryFee(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="us_regulatory"):
    """What brokers pass on for US stocks: the SEC's Section 31 fee on the value sold, FINRA's
    trading activity fee on each share sold, and the fee of the consolidated audit trail on each
    share bought or sold.

    ``sec`` is in dollars per million, ``taf`` and ``cat`` in dollars per share (at most 8
    decimals), each from its day on and nothing before the first.  ``None`` takes the rates that
    come with offbook, ``()`` charges nothing.  Only stocks in USD are charged.

    With ``round_each`` each of the three is rounded up to the cent by itself, once for what an
    order has traded, as brokers do that book them one by one; without it they are parts of the
    order's one sum.
    """

    sec: tuple[DatedRate, ...] | None = None
    taf: tuple[DatedRate, ...] | None = None
    cat: tuple[DatedRate, ...] = ()
    round_each: bool = False

    def __post_init__(self) -> None:
        for name in ("sec", "taf", "cat"):
            rates = getattr(self, name) or ()
            for rate in rates:
                _check_dated_rate(rate, f"venue.fee.{name}")
            if any(after.since <= before.since for before, after in pairwise(rates)):
                raise InvalidConfig(
                    f"venue.fee.{name}: days must rise from rate to rate", field=f"venue.fee.{name}"
                )


class FlatFee(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="flat"):
    """A fixed charge per order, taken at its first fill (a sell pays it out of its proceeds)."""

    per_order: str = "1"

    def __post_init__(self) -> None:
        not_negative("per_order", self.per_order)


class PerUnitFee(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="per_unit"):
    """A charge per share, contract or coin, within bounds for the whole order.

    ``per_unit`` has at most 8 decimals.  ``minimum`` and ``maximum`` are amounts per order;
    ``maximum_percent`` is a share of the order's traded value in percent (at most 4 decimals).
    Where they disagree a maximum wins over the minimum.
    """

    per_unit: str
    minimum: str = "0"
    maximum: str | None = None
    maximum_percent: str | None = None

    def __post_init__(self) -> None:
        if exact_decimal("venue.fee.per_unit", self.per_unit, precision=8) < 0:
            raise InvalidConfig(
                f"venue.fee.per_unit={self.per_unit} is negative", field="venue.fee.per_unit"
            )
        check_bounds(self.minimum, self.maximum, self.maximum_percent)


SingleFee = BasisPointsFee | FlatFee | PerUnitFee | TieredFee | DatedFee | UsRegulatoryFee


def gives_back(fee: SingleFee) -> bool:
    """Whether a charge can be a rebate."""
    match fee:
        case BasisPointsFee():
            return Decimal(fee.maker) < 0
        case TieredFee():
            tiers = fee.tiers
        case DatedFee():
            tiers = tuple(tier for rate in fee.rates for tier in rate.all_tiers())
        case _:
            return False
    return any(Decimal(tier.maker) < 0 for tier in tiers)


def not_negative(name: str, text: str) -> None:
    """Raise InvalidConfig for an amount of ``venue.fee`` below zero, or no amount."""
    if exact_amount(f"venue.fee.{name}", text) < 0:
        raise InvalidConfig(f"venue.fee.{name}={text} is negative", field=f"venue.fee.{name}")


def check_bounds(
    minimum: str | None,
    maximum: str | None,
    maximum_percent: str | None,
    minimum_percent: str | None = None,
) -> None:
    """Raise InvalidConfig for bounds of an order's charge that are none."""
    for name, text in (("minimum", minimum), ("maximum", maximum)):
        if text is not None:
            not_negative(name, text)
    for name, text in (("minimum", minimum_percent), ("maximum", maximum_percent)):
        field = f"venue.fee.{name}_percent"
        if text is not None and not 0 <= exact_decimal(field, text, precision=4) <= Decimal(100):
            raise InvalidConfig(f"{field}={text}, expected 0 to 100", field=field)


def _check_maker_and_taker(maker: str, taker: str, field: str) -> None:
    for name, text, least in (("maker", maker, -MOST_BASIS_POINTS), ("taker", taker, 0)):
        bps = exact_decimal(f"{field}.{name}", text, precision=4)
        if not least <= bps <= MOST_BASIS_POINTS:
            raise InvalidConfig(
                f"{field}.{name}={text}, expected {least} to {MOST_BASIS_POINTS} basis points",
                field=f"{field}.{name}",
            )


def _check_tiers(tiers: tuple[VolumeTier, ...], field: str) -> None:
    for place, tier in enumerate(tiers):
        _check_maker_and_taker(tier.maker, tier.taker, f"{field}[{place}]")
    starts = [exact_amount(f"{field}.volume", tier.volume) for tier in tiers]
    if not starts or starts[0] != 0:
        raise InvalidConfig(f'{field}: the first tier begins at volume "0"', field=field)
    if any(after <= before for before, after in pairwise(starts)):
        raise InvalidConfig(f"{field}: volumes must rise from tier to tier", field=field)


def _check_shares(rate: SharesFrom, field: str) -> None:
    pair = [one for one in (rate.maker, rate.taker) if one is not None]
    if len(pair) != (0 if rate.tiers else 2):
        raise InvalidConfig(f"{field}: give maker and taker, or tiers", field=field)
    _check_tiers(rate.all_tiers(), f"{field}.tiers" if rate.tiers else field)


def _check_dated_rate(rate: DatedRate, field: str) -> None:
    try:
        datetime.date.fromisoformat(rate.since)
    except (ValueError, TypeError):
        raise InvalidConfig(
            f"{field}.since={rate.since!r}, expected a day such as 2024-05-22",
            field=f"{field}.since",
        ) from None
    if exact_decimal(f"{field}.rate", rate.rate, precision=8) < 0:
        raise InvalidConfig(f"{field}.rate={rate.rate} is negative", field=f"{field}.rate")
    if rate.maximum is not None and exact_amount(f"{field}.maximum", rate.maximum) < 0:
        raise InvalidConfig(f"{field}.maximum={rate.maximum} is negative", field=f"{field}.maximum")
