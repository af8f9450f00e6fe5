"""Settlement prices of futures: the exchange's own, at dated moments."""

from __future__ import annotations

from itertools import pairwise

import msgspec

from offbook.domain.config.actions import moment_of
from offbook.domain.config.base import ConfigPart, exact_decimal
from offbook.domain.contracts import Settles
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import AssetClass, Instrument
from offbook.domain.values import text_to_units

PRICE_DECIMALS = 12
"""Decimals of a settlement price."""
_FIELD = "market.settlements"


class SettlementPrice(ConfigPart, frozen=True, kw_only=True, omit_defaults=True):
    """At the moment ``at`` (with its offset from UTC) positions are settled at ``price``; the one
    at the moment of expiry is the final one."""

    at: str
    price: str

    def __post_init__(self) -> None:
        _, is_day = moment_of(self.at, _FIELD, f"settlement at {self.at}")
        if is_day:
            raise InvalidConfig(
                f"settlement at {self.at}: say the time and its offset too "
                f"({self.at}T20:00:00Z): it is the exchange's settlement time",
                field=_FIELD,
            )
        if exact_decimal(_FIELD, self.price, PRICE_DECIMALS) <= 0:
            raise InvalidConfig(
                f"settlement at {self.at}: price={self.price} is no price", field=_FIELD
            )

    @property
    def due(self) -> int:
        """When it is, in ns UTC."""
        return moment_of(self.at, _FIELD, f"settlement at {self.at}")[0]

    @property
    def price_units(self) -> int:
        """``price`` in units of 10**-12."""
        return text_to_units(self.price, PRICE_DECIMALS)


def check_settlements(prices: tuple[SettlementPrice, ...], instrument: Instrument) -> None:
    """Raise InvalidConfig for prices of what is not settled, that do not rise in time, or come
    after its end."""
    if not prices:
        return
    contract = instrument.contract
    if instrument.asset_class is not AssetClass.FUTURE or contract is msgspec.UNSET:
        raise InvalidConfig(
            f"{_FIELD}: {instrument.symbol} is {instrument.asset_class.value}, and only futures "
            "are settled: say asset_class = future, or leave it out",
            field=_FIELD,
        )
    for before, after in pairwise(prices):
        if after.due <= before.due:
            raise InvalidConfig(
                f"{_FIELD}: {after.at} does not come after {before.at}", field=_FIELD
            )
    expiry = contract.expiry_ts
    if expiry is not None and prices[-1].due > expiry:
        raise InvalidConfig(
            f"{_FIELD}: {prices[-1].at} comes after {instrument.symbol} expires "
            f"({contract.expires}): the price of that moment is the final one",
            field=_FIELD,
        )
    if contract.settles is Settles.AT_EXPIRY and any(price.due != expiry for price in prices):
        raise InvalidConfig(
            f"{_FIELD}: {instrument.symbol} is settled at its expiry alone "
            "(contract.settles = at_expiry), and there are prices of other moments",
            field=_FIELD,
        )
