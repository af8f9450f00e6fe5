"""What a simulated venue charges, and how charges are rounded."""

from __future__ import annotations

import enum
from decimal import Decimal

from offbook.domain.config.base import ConfigPart, exact_amount, exact_decimal
from offbook.domain.errors import InvalidConfig

MOST_BASIS_POINTS = 1000


class FeeRounding(enum.Enum):
    """How charges become whole cents (or whatever is the currency's smallest charge).

    ``up``: an order's charge is added up exactly and the sum rounded once, against the client.
    ``half_even``: the same, the sum rounded to the nearest.  ``per_fill_half_up``: every fill's
    part is rounded by itself, halves up, as some venues bill.
    """

    UP = "up"
    HALF_EVEN = "half_even"
    PER_FILL_HALF_UP = "per_fill_half_up"


class BasisPointsFee(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="basis_points"):
    """A share of each fill's value in basis points (decimal text, at most 4 decimals).

    A negative ``maker`` is a rebate: the venue pays for orders that rested.
    """

    maker: str = "10"
    taker: str = "10"

    def __post_init__(self) -> None:
        for name, least in (("maker", -MOST_BASIS_POINTS), ("taker", 0)):
            bps = exact_decimal(f"venue.fee.{name}", getattr(self, name), precision=4)
            if not least <= bps <= MOST_BASIS_POINTS:
                raise InvalidConfig(
                    f"venue.fee.{name}={getattr(self, name)}, expected {least} to "
                    f"{MOST_BASIS_POINTS} basis points",
                    field=f"venue.fee.{name}",
                )


class FlatFee(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="flat"):
    """A fixed charge per order, taken at its first fill (a sell pays it out of its proceeds)."""

    per_order: str = "1"

    def __post_init__(self) -> None:
        _not_negative("per_order", self.per_order)


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
        _not_negative("minimum", self.minimum)
        if self.maximum is not None:
            _not_negative("maximum", self.maximum)
        if self.maximum_percent is not None:
            percent = exact_decimal("venue.fee.maximum_percent", self.maximum_percent, precision=4)
            if not 0 <= percent <= Decimal(100):
                raise InvalidConfig(
                    f"venue.fee.maximum_percent={self.maximum_percent}, expected 0 to 100",
                    field="venue.fee.maximum_percent",
                )


SingleFee = BasisPointsFee | FlatFee | PerUnitFee


class SumFee(ConfigPart, frozen=True, kw_only=True, tag_field="type", tag="sum"):
    """Several charges together, such as a commission and an exchange's fee; their exact sum is
    rounded once."""

    parts: tuple[SingleFee, ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise InvalidConfig("venue.fee.parts is empty: name one", field="venue.fee.parts")


FeeConfig = BasisPointsFee | FlatFee | PerUnitFee | SumFee


def _not_negative(name: str, text: str) -> None:
    if exact_amount(f"venue.fee.{name}", text) < 0:
        raise InvalidConfig(f"venue.fee.{name}={text} is negative", field=f"venue.fee.{name}")
