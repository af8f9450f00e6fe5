"""What all that a session has is worth, in the reference: cash of all currencies, and positions."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tests.properties.reference_position import Position

Market = tuple[Fraction, Fraction]
ZERO = Fraction(0)


class Wealth(Position):
    """One instrument's part of the account, and the whole of it."""

    market_now: Callable[[], Market | None]
    owed: dict[tuple[str, str], Fraction]
    turn: int

    @property
    def now(self) -> int:
        return self.common.now

    @property
    def all(self) -> list[Any]:
        """The accounts of all instruments, those first that were traded first."""
        return sorted([*self.common.accounts], key=lambda one: one.turn or 10**9)

    def join(self, other: Any, realized: Fraction) -> Fraction:
        """Take the position of another symbol over, at its cost; what it realized with that."""
        held, cost = other.held, other.cost
        other.held = other.cost = ZERO
        if held or realized:
            self.turn = self.turn or self.next_turn()
        return realized + self._add(held, cost) if held else realized

    def next_turn(self) -> int:
        """Of instruments those come first that were held first."""
        return max(one.turn for one in self.common.accounts) + 1

    def own(self) -> Fraction:
        """Cash of the account's own currency."""
        return self.purse[self.config.currency]

    def equity(self, market: tuple[Fraction, Fraction] | None) -> Fraction:
        """All cash, and what is held at mid, in the account's currency. What a contract cost was
        never paid, and counts as if it had been."""
        money = dict(self.purse)
        for (_, currency), amount in self.owed.items():
            money[currency] = money.get(currency, ZERO) + amount
        for one in self.all:
            if one.contract:
                money[one.money] = money.get(one.money, ZERO) - one.signed_cost()
        cash = [self.worth(some, name) for name, some in money.items()]
        held = [one._at_mid(one.held, self.its_market(one, market)) for one in self.all]
        return sum([*cash, *held], ZERO)

    def its_market(self, one: Any, market: Market | None) -> Market | None:
        """The prices of an instrument; ``market`` are those of this one."""
        return market if one is self else one.market_now()
