"""The margin of positions by what they would lose together if prices moved.

FINRA Rule 4210 (g) moves the prices of a group to ten equidistant points between a largest fall and
a largest rise, reckons at each point what every position would lose or gain there, lets a share
of the gains count against the losses, and asks for the largest loss.  What a share gains or loses
is linear in its price on either side of where it stands, so that the largest loss lies at one of
the two ends, and these alone are looked at; ``tests/properties`` look at all ten.
"""

from __future__ import annotations

from typing import Final

from offbook.domain.config import RATIO_PRECISION, PortfolioMargin
from offbook.domain.values import ceil_div, text_to_units
from offbook.engine.account.need import Need
from offbook.engine.account.valuation import Valuation, part_of

_ONE: Final = int(10**RATIO_PRECISION)
_WHOLE: Final = _ONE**3
"""What shares are told over: a move, an offset and a factor make one."""
_Moves = tuple[int, int, int]
"""How far down and up prices are moved, and what of a gain counts, in units of 10**-8."""


class StressMoves:
    """The largest loss of each group, ``factor`` times (in units of 10**-8), added up."""

    def __init__(self, margin: PortfolioMargin, factor: int, valuation: Valuation) -> None:
        self._factor = factor
        self._valuation = valuation
        move = text_to_units(margin.move, RATIO_PRECISION)
        self._alone: _Moves = (move, move, 0)
        self._groups: dict[str, tuple[int, _Moves]] = {
            symbol: (number, group.units)
            for number, group in enumerate(margin.groups)
            for symbol in group.symbols
        }

    def need(self, held: dict[str, int]) -> Need:
        """Rounded up for each group."""
        required = steepest = 0
        shares: dict[str, int] = {}
        for moves, together in self._grouped(held):
            need = self._of(together, moves)
            required += need.required
            shares |= need.shares
            steepest = max(steepest, need.steepest)
        return Need(required, shares, _WHOLE, steepest)

    def on(self, value: int) -> int:
        """Of one position of an instrument in no group."""
        return part_of(value, (self._alone[0] * self._factor, _ONE * _ONE))

    def _grouped(self, held: dict[str, int]) -> list[tuple[_Moves, dict[str, int]]]:
        """What is held of each group, and how that is moved; in the order of ``held``."""
        found: dict[int | str, tuple[_Moves, dict[str, int]]] = {}
        for symbol, qty in held.items():
            group, moves = self._groups.get(symbol, (symbol, self._alone))
            found.setdefault(group, (moves, {}))[1][symbol] = qty
        return list(found.values())

    def _of(self, held: dict[str, int], moves: _Moves) -> Need:
        """What one group needs, and how steeply that may grow with each price."""
        down, up, offset = moves
        owned = self._valuation.exposure({s: qty for s, qty in held.items() if qty > 0})
        owed = self._valuation.exposure({s: qty for s, qty in held.items() if qty < 0})
        falls = down * (_ONE * owned - offset * owed)
        rises = up * (_ONE * owed - offset * owned)
        required = ceil_div(max(falls, rises, 0) * self._factor, _WHOLE)
        # What is held loses value as its price falls: at worst that relieves nothing, but takes
        # away what stood against a loss of others. What is owed grows with its price.
        is_mixed = len({qty > 0 for qty in held.values()}) > 1
        long = -offset * up if is_mixed else _ONE * down
        shares = {
            symbol: (long if qty > 0 else _ONE * up) * self._factor for symbol, qty in held.items()
        }
        return Need(required, shares, _WHOLE, _ONE * max(down, up) * self._factor)
