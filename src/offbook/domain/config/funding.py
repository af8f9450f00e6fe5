"""Funding of perpetual contracts: what longs pay shorts, at dated rates."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from offbook.domain.config.actions import moment_of
from offbook.domain.config.base import ConfigPart, exact_decimal
from offbook.domain.errors import InvalidConfig
from offbook.domain.instruments import AssetClass, Instrument

RATE_DECIMALS: Final = 12
"""Decimals of a funding rate."""


class FundingRate(ConfigPart, frozen=True, kw_only=True, omit_defaults=True):
    """At the moment ``at`` (with its offset from UTC) holders pay ``rate`` of their position's
    value, longs to shorts where it is positive (``"0.0001"`` is 0.01 %); valued at ``mark`` (a
    price), else at the last mid."""

    at: str
    rate: str
    mark: str | None = None

    def __post_init__(self) -> None:
        moment_of(self.at, "market.funding", f"funding at {self.at}")
        exact_decimal("market.funding", self.rate, RATE_DECIMALS)
        if self.mark is not None and exact_decimal("market.funding", self.mark, RATE_DECIMALS) <= 0:
            raise InvalidConfig(
                f"funding at {self.at}: mark={self.mark} is no price", field="market.funding"
            )

    @property
    def due(self) -> int:
        """When it is paid, in ns UTC."""
        return moment_of(self.at, "market.funding", f"funding at {self.at}")[0]

    @property
    def rate_units(self) -> int:
        """``rate`` in units of 10**-12."""
        return int(exact_decimal("market.funding", self.rate, RATE_DECIMALS) * 10**RATE_DECIMALS)

    @property
    def mark_units(self) -> int | None:
        """``mark`` in units of 10**-12."""
        if self.mark is None:
            return None
        return int(exact_decimal("market.funding", self.mark, RATE_DECIMALS) * 10**RATE_DECIMALS)


def check_funding(rates: tuple[FundingRate, ...], instrument: Instrument) -> None:
    """Raise InvalidConfig for rates of what has none, or that do not rise in time."""
    if rates and instrument.asset_class is not AssetClass.CRYPTO_PERPETUAL:
        raise InvalidConfig(
            f"market.funding: {instrument.symbol} is {instrument.asset_class.value}, and funding "
            "is paid on perpetuals: say asset_class = crypto_perpetual, or leave it out",
            field="market.funding",
        )
    for before, after in pairwise(rates):
        if after.due <= before.due:
            raise InvalidConfig(
                f"market.funding: {after.at} does not come after {before.at}",
                field="market.funding",
            )
