"""What a venue charges.

A model gives the exact charge of a fill in units of 10**-26 of the quote currency (``ACCRUAL``);
the engine adds these up per order and rounds the sum once, up to the currency's smallest charge,
booking at each fill what the rounded sum has grown by.  So many small fills never cost more than
one large one, and a reservation made for the whole order always suffices.
"""

from __future__ import annotations

from typing import Final, Protocol

from offbook.domain.config import BasisPointsFee, FeeConfig, FlatFee
from offbook.domain.orders import Liquidity
from offbook.domain.values import AMOUNT_PRECISION, round_against_client, text_to_units

ACCRUAL: Final = 10**8
"""Accrued charges count units of 10**-18 / ACCRUAL."""


class FeeModel(Protocol):
    """The charge of one fill, exact, never negative."""

    def accrue(self, notional: int, liquidity: Liquidity, accrued: int) -> int:
        """The charge of a fill worth ``notional`` (10**-18), in units of 10**-26.

        ``accrued`` is what the same order has been charged before.
        """

    def worst(self, notional: int, accrued: int) -> int:
        """The most that ``accrue`` can give for that value however it is split and filled."""


class BasisPoints:
    """A share of value, maker and taker apart. Exact: basis points have at most 4 decimals."""

    def __init__(self, config: BasisPointsFee) -> None:
        self._maker = text_to_units(config.maker, 4)
        self._taker = text_to_units(config.taker, 4)
        self._worst = max(self._maker, self._taker)

    def accrue(self, notional: int, liquidity: Liquidity, accrued: int) -> int:
        """One basis point is 10**-4, so with four decimals the product counts 10**-26."""
        return notional * (self._maker if liquidity is Liquidity.ADDED else self._taker)

    def worst(self, notional: int, accrued: int) -> int:
        """The higher of the two rates on the whole value."""
        return notional * self._worst


class Flat:
    """A fixed charge per order, at its first fill."""

    def __init__(self, config: FlatFee) -> None:
        self._charge = text_to_units(config.per_order, AMOUNT_PRECISION) * ACCRUAL

    def accrue(self, notional: int, liquidity: Liquidity, accrued: int) -> int:
        """The whole charge once."""
        return 0 if accrued else self._charge

    def worst(self, notional: int, accrued: int) -> int:
        """The charge, unless it was taken already."""
        return 0 if accrued else self._charge


def fee_model(config: FeeConfig) -> FeeModel:
    """The model that a configuration names."""
    return Flat(config) if isinstance(config, FlatFee) else BasisPoints(config)


def booked(accrued: int, unit: int) -> int:
    """What an order's accrued charge amounts to once rounded, in units of 10**-18."""
    return round_against_client(accrued, unit * ACCRUAL) // ACCRUAL
