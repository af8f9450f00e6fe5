"""Margin by what positions would lose together if prices moved, and how far they are moved.

The moves are those of FINRA Rule 4210 (g)(2): 15 % up and down for a share, or what is based on a
narrow index; 10 % for a broad index; 6 % up and 8 % down for one of high capitalisation.
"""

from __future__ import annotations

from offbook.domain.config.base import RATIO_PRECISION, ConfigPart, exact_amount, exact_decimal
from offbook.domain.errors import InvalidConfig
from offbook.domain.values import text_to_units

_FIELD = "account.portfolio_margin"
_MOST_FACTOR = 4


class ProductGroup(ConfigPart, frozen=True, kw_only=True):
    """Instruments that are moved together: ``down`` and ``up`` are shares of their prices
    (decimal text), ``offset`` (0 to 1) how much of what some of them would gain counts against
    what others would lose. Nothing counts between groups."""

    symbols: tuple[str, ...]
    down: str = "0.15"
    up: str = "0.15"
    offset: str = "0"

    def __post_init__(self) -> None:
        if not self.symbols or not all(self.symbols):
            raise _refused("groups", "a group names its symbols")
        for name in ("down", "up"):
            _share(f"groups.{name}", getattr(self, name), least=1)
        _share("groups.offset", self.offset)

    @property
    def units(self) -> tuple[int, int, int]:
        """``down``, ``up`` and ``offset`` in units of 10**-8."""
        return _units(self.down), _units(self.up), _units(self.offset)


class PortfolioMargin(ConfigPart, frozen=True, kw_only=True):
    """The margin of an account by the worst that could happen to it, in place of its leverage.

    What is in none of the ``groups`` is moved by ``move``, each instrument by itself.  To open
    positions ``initial_factor`` times that loss must be there.  Below ``minimum_equity`` (decimal
    text, in the account's currency) nothing is added to a position.
    """

    move: str = "0.15"
    groups: tuple[ProductGroup, ...] = ()
    initial_factor: str = "1"
    minimum_equity: str = "100000"

    def __post_init__(self) -> None:
        _share("move", self.move, least=1)
        field = f"{_FIELD}.initial_factor"
        factor = exact_decimal(field, self.initial_factor, RATIO_PRECISION)
        if not 1 <= factor <= _MOST_FACTOR:
            raise _refused(
                "initial_factor", f"{self.initial_factor} is not between 1 and {_MOST_FACTOR}"
            )
        if exact_amount(f"{_FIELD}.minimum_equity", self.minimum_equity) < 0:
            raise _refused("minimum_equity", f"{self.minimum_equity} is negative")
        moves = [_units(self.move), *(max(group.units[:2]) for group in self.groups)]
        if max(moves) * _units(self.initial_factor) > 100**RATIO_PRECISION:
            raise _refused(
                "initial_factor",
                f"{self.initial_factor} times the largest move is more than the whole value",
            )
        symbols = [symbol for group in self.groups for symbol in group.symbols]
        twice = sorted({symbol for symbol in symbols if symbols.count(symbol) > 1})
        if twice:
            raise _refused("groups", f"{twice[0]} is named more than once")

    def group_of(self, symbol: str) -> ProductGroup | None:
        """The group that names a symbol."""
        for group in self.groups:
            if symbol in group.symbols:
                return group
        return None

    def opening_ratio(self, symbol: str | None = None) -> tuple[int, int]:
        """What opening a position of an instrument needs of its value, whichever way, with nothing
        against it, as numerator and denominator; of one in no group without a symbol."""
        group = None if symbol is None else self.group_of(symbol)
        move = _units(self.move) if group is None else max(group.units[:2])
        return move * _units(self.initial_factor), int(100**RATIO_PRECISION)


def _units(text: str) -> int:
    return text_to_units(text, RATIO_PRECISION)


def _share(name: str, text: str, least: int = 0) -> None:
    exact_decimal(f"{_FIELD}.{name}", text, RATIO_PRECISION)
    if not least <= _units(text) <= 10**RATIO_PRECISION:
        raise _refused(name, f"{text}, expected a share {'above 0, ' if least else ''}up to 1")


def _refused(name: str, why: str) -> InvalidConfig:
    return InvalidConfig(f"{_FIELD}.{name}: {why}", field=f"{_FIELD}.{name}")
