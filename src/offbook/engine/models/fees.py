"""What a venue charges.

A model gives the exact charge of a whole order, for all that it has traded so far, in units of
10**-26 of the quote currency (``ACCRUAL``).  The engine books at each fill what the rounded charge
has grown by.  So many small fills never cost more than one large one (unless the venue is said to
round each of them), and a reservation made for the whole order always suffices.
"""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

from offbook.domain.config import (
    BasisPointsFee,
    FeeConfig,
    FeeRounding,
    FlatFee,
    PerUnitFee,
    SingleFee,
    SumFee,
)
from offbook.domain.values import (
    AMOUNT_PRECISION,
    round_against_client,
    round_half_up,
    share_of,
    text_to_units,
)

ACCRUAL: Final = 10**8
"""Accrued charges count units of 10**-18 / ACCRUAL."""


class Traded(msgspec.Struct, frozen=True, gc=False):
    """What an order has traded so far: quantity and value, and how much of the value as a maker,
    all in units of 10**-18."""

    qty: int = 0
    notional: int = 0
    added: int = 0


class FeeModel(Protocol):
    """The exact charge of an order."""

    def charge(self, traded: Traded) -> int:
        """The charge for all that an order has traded, in units of 10**-26; never less for more
        traded, except by a maker's rebate."""

    def worst(self, traded: Traded, qty: int, notional: int) -> int:
        """The most that ``charge`` can come to while ``qty`` and ``notional`` (10**-18) more are
        traded, however split, on whichever side of the book, and wherever it ends."""


class BasisPoints:
    """A share of value, maker and taker apart. Exact: basis points have at most 4 decimals."""

    def __init__(self, config: BasisPointsFee) -> None:
        self._maker = text_to_units(config.maker, 4)
        self._taker = text_to_units(config.taker, 4)

    def charge(self, traded: Traded) -> int:
        """One basis point is 10**-4, so with four decimals the product counts 10**-26."""
        return traded.added * self._maker + (traded.notional - traded.added) * self._taker

    def worst(self, traded: Traded, qty: int, notional: int) -> int:
        """The higher of the two rates on the rest; a rebate is not counted on."""
        return self.charge(traded) + notional * max(self._maker, self._taker, 0)


class Flat:
    """A fixed charge per order, at its first fill."""

    def __init__(self, config: FlatFee) -> None:
        self._charge = text_to_units(config.per_order, AMOUNT_PRECISION) * ACCRUAL

    def charge(self, traded: Traded) -> int:
        """The whole charge once anything has traded."""
        return self._charge if traded.qty else 0

    def worst(self, traded: Traded, qty: int, notional: int) -> int:
        """The same."""
        return self._charge if traded.qty or qty else 0


class PerUnit:
    """A charge per unit within bounds for the order; maxima win over the minimum."""

    def __init__(self, config: PerUnitFee) -> None:
        self._rate = text_to_units(config.per_unit, 8)
        self._minimum = text_to_units(config.minimum, AMOUNT_PRECISION) * ACCRUAL
        self._maximum = self._percent = None
        if config.maximum is not None:
            self._maximum = text_to_units(config.maximum, AMOUNT_PRECISION) * ACCRUAL
        if config.maximum_percent is not None:
            self._percent = text_to_units(config.maximum_percent, 4)

    def charge(self, traded: Traded) -> int:
        """A rate with eight decimals times a quantity in 10**-18 counts 10**-26, and a percentage
        with four decimals is a share of 10**-6."""
        if not traded.qty:
            return 0
        charge = max(traded.qty * self._rate, self._minimum)
        if self._maximum is not None:
            charge = min(charge, self._maximum)
        if self._percent is not None:
            charge = min(charge, traded.notional * self._percent * (ACCRUAL // 10**6))
        return charge

    def worst(self, traded: Traded, qty: int, notional: int) -> int:
        """All of it traded: no bound falls as more trades."""
        return self.charge(Traded(traded.qty + qty, traded.notional + notional))


class Sum:
    """Several charges together."""

    def __init__(self, parts: tuple[FeeModel, ...]) -> None:
        self._parts = parts

    def charge(self, traded: Traded) -> int:
        """Their exact sum."""
        return sum(part.charge(traded) for part in self._parts)

    def worst(self, traded: Traded, qty: int, notional: int) -> int:
        """The sum of the worst of each."""
        return sum(part.worst(traded, qty, notional) for part in self._parts)


def fee_model(config: FeeConfig) -> FeeModel:
    """The model that a configuration names."""
    if isinstance(config, SumFee):
        return Sum(tuple(map(_single, config.parts)))
    return _single(config)


def _single(config: SingleFee) -> FeeModel:
    if isinstance(config, PerUnitFee):
        return PerUnit(config)
    return Flat(config) if isinstance(config, FlatFee) else BasisPoints(config)


class Charges:
    """What fills book of the charges that a model gives; ``unit`` is the currency's smallest
    charge, and amounts are in units of 10**-18."""

    def __init__(self, config: FeeConfig, rounding: FeeRounding) -> None:
        self._model = fee_model(config)
        self._rounding = rounding

    def accrued(self, traded: Traded) -> int:
        """The exact charge of an order so far, in units of 10**-26."""
        return self._model.charge(traded)

    def fee(self, before: Traded, after: Traded, paid: int, unit: int) -> int:
        """What a fill books for an order that has ``paid`` this much before it; negative where a
        rebate is due."""
        if self._rounding is FeeRounding.PER_FILL_HALF_UP:
            part = self._model.charge(after) - self._model.charge(before)
            return round_half_up(part, unit * ACCRUAL) // ACCRUAL
        return self._rounded(self._model.charge(after), unit) - paid

    def most(self, traded: Traded, qty: int, notional: int, paid: int, unit: int) -> int:
        """The most that an order may still be charged while ``qty`` worth ``notional`` more is
        traded.

        Rounding each fill half up at most doubles a charge: what rounds up is half a unit or more.
        """
        worst = self._model.worst(traded, qty, notional)
        if self._rounding is FeeRounding.PER_FILL_HALF_UP:
            rest = 2 * (worst - self._model.charge(traded))
            return round_against_client(rest, unit * ACCRUAL) // ACCRUAL
        return self._rounded(worst, unit) - paid

    def _rounded(self, accrued: int, unit: int) -> int:
        if self._rounding is FeeRounding.HALF_EVEN:
            return share_of(accrued, 1, unit * ACCRUAL) * unit
        return round_against_client(accrued, unit * ACCRUAL) // ACCRUAL
