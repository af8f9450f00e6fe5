"""Charges that depend on nothing but what an order trades: on its value, on its quantity, or that
it trades at all; and their bounds."""

from __future__ import annotations

from offbook.domain.config import BasisPointsFee, FlatFee, PerUnitFee
from offbook.domain.values import AMOUNT_PRECISION, text_to_units
from offbook.engine.models.charging import ACCRUAL, NOTHING, Chance, Occasion, Traded


class Bounds:
    """What an order is charged at least and at most; maxima win over minima."""

    def __init__(
        self,
        minimum: str | None,
        maximum: str | None,
        maximum_percent: str | None,
        minimum_percent: str | None = None,
    ) -> None:
        self._minimum = self._maximum = self._percent = self._least_percent = None
        if minimum is not None:
            self._minimum = text_to_units(minimum, AMOUNT_PRECISION) * ACCRUAL
        if maximum is not None:
            self._maximum = text_to_units(maximum, AMOUNT_PRECISION) * ACCRUAL
        if maximum_percent is not None:
            self._percent = text_to_units(maximum_percent, 4)
        if minimum_percent is not None:
            self._least_percent = text_to_units(minimum_percent, 4)
        every = (minimum, maximum, maximum_percent, minimum_percent)
        self.binds = any(bound is not None for bound in every)
        """Whether there is any bound."""

    def of(self, charge: int, traded: Traded) -> int:
        """The charge of an order that has traded this, within the bounds; a percentage with four
        decimals is a share of 10**-6."""
        if not traded.qty:
            return 0
        if self._minimum is not None:
            charge = max(charge, self._minimum)
        if self._least_percent is not None:
            charge = max(charge, traded.notional * self._least_percent * (ACCRUAL // 10**6))
        if self._maximum is not None:
            charge = min(charge, self._maximum)
        if self._percent is not None:
            charge = min(charge, traded.notional * self._percent * (ACCRUAL // 10**6))
        return charge

    def rise(self, traded: Traded, notional: int) -> int:
        """By how much they alone can raise a charge that has its ups and downs, while so much more
        is traded: by the minimum at first, and by percentages as the value grows."""
        percent = max(self._percent or 0, self._least_percent or 0)
        first = 0 if traded.qty else self._minimum or 0
        return first + notional * percent * (ACCRUAL // 10**6)


class BasisPoints:
    """A share of value within bounds for the order, maker and taker apart. Exact: basis points
    have at most 4 decimals, so that the product with an amount in 10**-18 counts 10**-26."""

    def __init__(self, config: BasisPointsFee) -> None:
        self._maker = text_to_units(config.maker, 4)
        self._taker = text_to_units(config.taker, 4)
        self._highest = max(self._maker, self._taker, 0)
        self._bounds = Bounds(config.minimum, config.maximum, config.maximum_percent)

    def grows(self, before: Traded, after: Traded, on: Occasion) -> int:
        """What the bounded charge of the whole has grown by."""
        if not self._bounds.binds:
            return self._share(after) - self._share(before)
        return self._charge(after) - self._charge(before)

    def _share(self, traded: Traded) -> int:
        return traded.added * self._maker + (traded.notional - traded.added) * self._taker

    def _charge(self, traded: Traded) -> int:
        return self._bounds.of(self._share(traded), traded)

    def worst(self, traded: Traded, qty: int, notional: int, on: Chance) -> int:
        """All of it traded at the higher of the two rates: no bound falls as more trades, and a
        rebate is not counted on."""
        if traded is NOTHING and qty and not self._bounds.binds:
            return notional * self._highest  # as of every new order without bounds
        share = self._share(traded) + notional * self._highest
        whole = Traded(traded.qty + qty, traded.notional + notional)
        return self._bounds.of(share, whole) - self._charge(traded)

    def rises(self, traded: Traded, qty: int, notional: int, on: Chance) -> int:
        """With a rebate and a bound what was given may be charged again, and no end tells."""
        if self._maker >= 0 or not self._bounds.binds:
            return self.worst(traded, qty, notional, on)
        return notional * self._taker + self._bounds.rise(traded, notional)


class Flat:
    """A fixed charge per order, at its first fill."""

    def __init__(self, config: FlatFee) -> None:
        self._charge = text_to_units(config.per_order, AMOUNT_PRECISION) * ACCRUAL

    def grows(self, before: Traded, after: Traded, on: Occasion) -> int:
        """The whole charge when anything has traded."""
        return self._charge if after.qty and not before.qty else 0

    def worst(self, traded: Traded, qty: int, notional: int, on: Chance) -> int:
        """The same."""
        return self._charge if qty and not traded.qty else 0


class PerUnit:
    """A charge per unit within bounds for the order; maxima win over the minimum."""

    def __init__(self, config: PerUnitFee) -> None:
        self._rate = text_to_units(config.per_unit, 8)
        self._bounds = Bounds(config.minimum, config.maximum, config.maximum_percent)

    def grows(self, before: Traded, after: Traded, on: Occasion) -> int:
        """What the bounded charge of the whole has grown by."""
        return self._charge(after) - self._charge(before)

    def _charge(self, traded: Traded) -> int:
        """A rate with eight decimals times a quantity in 10**-18 counts 10**-26."""
        return self._bounds.of(traded.qty * self._rate, traded)

    def worst(self, traded: Traded, qty: int, notional: int, on: Chance) -> int:
        """All of it traded: no bound falls as more trades."""
        whole = Traded(traded.qty + qty, traded.notional + notional)
        return self._charge(whole) - self._charge(traded)
