"""Charges that are put together: sums, and lists of prices by instrument."""

from __future__ import annotations

import enum
from collections import Counter
from typing import NoReturn

from offbook.domain.config.base import ConfigPart, exact_decimal, settle_enum
from offbook.domain.config.fees import (
    BasisPointsFee,
    DatedFee,
    FlatFee,
    PerUnitFee,
    SingleFee,
    TieredFee,
    UsRegulatoryFee,
    check_bounds,
    gives_back,
)
from offbook.domain.config.market import MarketConfig, instruments_of
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import AssetClass, Instrument


class BoundedFee(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="bounded"):
    """Several charges whose sum has a least and a most for the whole order, however it is filled.

    ``minimum`` and ``maximum`` are amounts per order, ``minimum_percent`` and ``maximum_percent``
    shares of the order's traded value in percent (at most 4 decimals).  Where they disagree a
    maximum wins over a minimum.  ``surcharge_percent`` (at most 4 decimals) is a share of what the
    sum comes to within its bounds, and is charged on top: a tax on charges, or what is passed on as
    a part of a commission.  It goes without rebates.
    """

    parts: tuple[SingleFee, ...]
    minimum: str | None = None
    maximum: str | None = None
    minimum_percent: str | None = None
    maximum_percent: str | None = None
    surcharge_percent: str | None = None

    def __post_init__(self) -> None:
        _not_empty(self.parts)
        check_bounds(self.minimum, self.maximum, self.maximum_percent, self.minimum_percent)
        bounds = (self.minimum, self.maximum, self.minimum_percent, self.maximum_percent)
        if (*bounds, self.surcharge_percent) == (None,) * 5:
            raise InvalidConfig(
                "venue.fee: type=bounded without a bound: give minimum, maximum, minimum_percent, "
                "maximum_percent or surcharge_percent, or take type=sum",
                field="venue.fee",
            )
        if self.surcharge_percent is not None:
            self._check_surcharge(self.surcharge_percent)

    def _check_surcharge(self, percent: str) -> None:
        field = "venue.fee.surcharge_percent"
        if not 0 <= exact_decimal(field, percent, precision=4) <= 100:
            raise InvalidConfig(f"{field}={percent}, expected 0 to 100", field=field)
        if any(map(gives_back, self.parts)):
            raise InvalidConfig(
                f"{field} is a share of what is charged, and a rebate among the parts may leave "
                "nothing to take it of: give the rebate beside type=bounded, in type=sum",
                field=field,
            )


class SumFee(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="sum"):
    """Several charges together, such as a commission and an exchange's fee; their exact sum is
    rounded once.  One of them may be bounded itself; what else there is lies outside its bounds."""

    parts: tuple[SingleFee | BoundedFee, ...]

    def __post_init__(self) -> None:
        _not_empty(self.parts)
        if sum(isinstance(part, BoundedFee) for part in self.parts) > 1:
            raise InvalidConfig(
                "venue.fee.parts: two of type=bounded: an order keeps the sum of one; give the "
                "other's bounds to its own parts",
                field="venue.fee.parts",
            )


def _not_empty(parts: tuple[SingleFee | BoundedFee, ...]) -> None:
    if not parts:
        raise InvalidConfig("venue.fee.parts is empty: name one", field="venue.fee.parts")


OneInstrumentsFee = SingleFee | BoundedFee | SumFee


class FeeGroup(ConfigPart, frozen=True, kw_only=True):
    """What the instruments of one group are charged: those that are named in ``symbols``, that are
    of an ``asset_class`` and are paid for in a ``currency``, as far as these are given."""

    fee: OneInstrumentsFee
    symbols: tuple[str, ...] = ()
    asset_class: AssetClass | None = None
    currency: str | None = None

    @property
    def is_for_all(self) -> bool:
        """Whether it is for whatever no other group is for."""
        return not self.symbols and self.asset_class is None and self.currency is None

    def has(self, instrument: Instrument) -> bool:
        """Whether an instrument fits it."""
        return (
            (not self.symbols or instrument.symbol in self.symbols)
            and self.asset_class in (None, instrument.asset_class)
            and self.currency in (None, instrument.quote_currency)
        )


class VolumeOf(enum.Enum):
    """Whose trades tiers by volume go by: all of the account's, or those of an instrument's own
    group."""

    ACCOUNT = "account"
    GROUP = "group"


class ByInstrumentFee(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="by_instrument"):
    """A price list: each instrument is charged as the first group says that it fits.

    The last group is for all others, and so has neither symbols, nor an asset class, nor a
    currency.  ``volume_of`` says what tiers by volume count.
    """

    groups: tuple[FeeGroup, ...]
    volume_of: VolumeOf = VolumeOf.ACCOUNT

    def __post_init__(self) -> None:
        settle_enum(self, "volume_of", VolumeOf, "venue.fee.volume_of")
        field = "venue.fee.groups"
        for_all = [place for place, group in enumerate(self.groups) if group.is_for_all]
        if for_all != [len(self.groups) - 1]:
            raise InvalidConfig(
                f"{field}: the last group, and no other, is for all instruments that are in none: "
                "give it a fee alone",
                field=field,
            )
        named = Counter(symbol for group in self.groups for symbol in group.symbols)
        twice = [symbol for symbol, count in named.items() if count > 1]
        if twice:
            raise InvalidConfig(f"{field} name {twice[0]} twice", field=field)

    def group_of(self, instrument: Instrument) -> int:
        """The place of the group that an instrument is in."""
        return next(place for place, one in enumerate(self.groups) if one.has(instrument))


FeeConfig = (
    BasisPointsFee
    | FlatFee
    | PerUnitFee
    | TieredFee
    | DatedFee
    | UsRegulatoryFee
    | BoundedFee
    | SumFee
    | ByInstrumentFee
)


def single_fees(fee: FeeConfig) -> tuple[SingleFee, ...]:
    """All charges that a configuration is made of."""
    if isinstance(fee, ByInstrumentFee):
        return tuple(one for group in fee.groups for one in single_fees(group.fee))
    if isinstance(fee, SumFee):
        return tuple(one for part in fee.parts for one in single_fees(part))
    return fee.parts if isinstance(fee, BoundedFee) else (fee,)


def bounded_part(fee: OneInstrumentsFee) -> BoundedFee | None:
    """The charges that have bounds in common, where there are any."""
    parts = fee.parts if isinstance(fee, SumFee) else (fee,)
    return next((part for part in parts if isinstance(part, BoundedFee)), None)


def check_fees(market: MarketConfig, fee: FeeConfig) -> None:
    """Raise InvalidConfig for a price list that names what is not traded here, or what none of its
    rates would ever be for."""
    if not isinstance(fee, ByInstrumentFee):
        return
    known = {instrument.symbol: instrument for instrument in instruments_of(market)}
    for place, group in enumerate(fee.groups):
        for symbol in group.symbols:
            if symbol not in known:
                _refuse(f"names {symbol}; this market has {', '.join(known)}")
            _require_charged(fee, place, known[symbol])
        for instrument in known.values():
            money = instrument.quote_currency
            if group.currency not in (None, money) and group.currency.upper() == money.upper():
                _refuse(f"have the currency {group.currency}; it is written {money} here")


def _require_charged(fee: ByInstrumentFee, place: int, instrument: Instrument) -> None:
    """Refuse a group that names an instrument which is charged as another group says."""
    first, symbol = fee.group_of(instrument), instrument.symbol
    if first < place:
        _refuse(
            f"name {symbol} in number {place + 1}, but it fits number {first + 1} before it, which "
            "counts: put the one that names it first"
        )
    if first > place:
        _refuse(
            f"name {symbol} in number {place + 1}, which is for another asset_class or currency "
            f"than {instrument.asset_class.value} in {instrument.quote_currency}"
        )


def _refuse(what: str) -> NoReturn:
    raise InvalidConfig(f"venue.fee.groups {what}", field="venue.fee.groups")
