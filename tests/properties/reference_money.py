"""What money is worth in other money in the reference: at stated rates, or at those of a market."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from tests.properties.reference_numbers import rounded_down

from offbook.domain.config import AccountConfig

if TYPE_CHECKING:
    from tests.properties.reference_common import Common

ZERO, ONE = Fraction(0), Fraction(1)


class Money:
    """One instrument's ``money`` beside the account's."""

    config: AccountConfig
    common: Common
    money: str

    @property
    def rate(self) -> Fraction:
        """What one is worth, nothing while the market has not told it."""
        return self.rate_of(self.money) or ZERO

    def rate_of(self, currency: str, flow: Fraction = ZERO) -> Fraction | None:
        """What one of a currency is worth in the account's, None while that is not known; what a
        ``flow`` below zero takes is bought at the dear side, what one above brings is sold at the
        cheap one."""
        config = self.config
        if currency == config.currency:
            return ONE
        if currency in config.rates:
            return Fraction(config.rates[currency])
        pair = next(
            one
            for one in self.common.accounts
            if one.instrument.symbol == config.rates_from[currency]
        )
        market = pair.market_now()
        if market is None:
            return None
        bid, ask = market
        if pair.instrument.base == currency:
            buying, selling = ask, bid
        else:
            buying, selling = 1 / bid, 1 / ask
            bid, ask = 2 / (bid + ask), 2 / (bid + ask)
        if not flow:
            return (bid + ask) / 2
        return buying if flow < 0 else selling

    def moves(self, currency: str) -> bool:
        """Whether its rate is that of a market."""
        return currency in self.config.rates_from

    def worth(self, amount: Fraction, currency: str = "") -> Fraction:
        """An amount in the account's money, at mid."""
        return rounded_down(amount * (self.rate_of(currency or self.money) or ZERO))

    def changed(self, amount: Fraction, currency: str = "") -> Fraction:
        """What the account gets for an amount, or for one below zero gives."""
        return rounded_down(amount * (self.rate_of(currency or self.money, amount) or ZERO))

    def costs(self, amount: Fraction) -> Fraction:
        """What an amount costs in the account's money, rounded up."""
        return -rounded_down(-amount * (self.rate_of(self.money, -ONE) or ZERO))
