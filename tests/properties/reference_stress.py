"""The largest loss over ten equidistant moves of prices, as FINRA Rule 4210 (g) words it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from offbook.domain.config import PortfolioMargin, ProductGroup

ZERO = Fraction(0)
FINEST = Fraction(1, 10**18)


def group_of(margin: PortfolioMargin, symbol: str) -> ProductGroup | None:
    """The group that names an instrument, if any."""
    named = [group for group in margin.groups if symbol in group.symbols]
    return named[0] if named else None


def stressed(
    margin: PortfolioMargin, values: Mapping[str, Fraction], *, opens: bool = False
) -> Fraction:
    """What positions worth ``values`` (signed) need, group by group, each rounded up."""
    groups: dict[object, dict[str, Fraction]] = {}
    for symbol, value in values.items():
        groups.setdefault(group_of(margin, symbol) or symbol, {})[symbol] = value
    total = ZERO
    for held in groups.values():
        worst = max(_loss(margin, held, point) for point in _points(margin, next(iter(held))))
        loss = max(worst, ZERO) * (Fraction(margin.initial_factor) if opens else 1)
        total += -(-loss // FINEST) * FINEST
    return total


def _points(margin: PortfolioMargin, symbol: str) -> list[Fraction]:
    """Five on either side of where prices stand."""
    group = group_of(margin, symbol)
    down, up = (margin.move, margin.move) if group is None else (group.down, group.up)
    falls = [-Fraction(down) * n / 5 for n in range(1, 6)]
    return falls + [Fraction(up) * n / 5 for n in range(1, 6)]


def _loss(margin: PortfolioMargin, held: Mapping[str, Fraction], move: Fraction) -> Fraction:
    group = group_of(margin, next(iter(held)))
    offset = ZERO if group is None else Fraction(group.offset)
    results = [value * move for value in held.values()]
    losses = -sum((result for result in results if result < 0), ZERO)
    gains = sum((result for result in results if result > 0), ZERO)
    return losses - offset * gains
