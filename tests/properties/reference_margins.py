"""What contracts need by themselves, and isolated positions, in the reference."""

from __future__ import annotations

from fractions import Fraction

from tests.properties.reference_numbers import rounded_down, rounded_even
from tests.properties.reference_position import Position
from tests.properties.reference_rates import borrow_rate
from tests.properties.reference_stress import group_of, stressed

from offbook.domain.config import (
    AccountConfig,
    MaintenanceBasis,
    MarginMode,
    MarginRules,
    PortfolioMargin,
)

Market = tuple[Fraction, Fraction]


def shares_of(config: AccountConfig) -> tuple[Fraction, Fraction]:
    """What opening a position takes of its value, and what keeping it does: half as much unless
    that is told; of a portfolio margin that of what is in no group."""
    stress = config.portfolio_margin
    if stress is not None:
        return Fraction(stress.move) * Fraction(stress.initial_factor), Fraction(stress.move)
    if config.leverage is not None:
        opens = 1 / Fraction(config.leverage)
    else:
        opens = Fraction("0.5" if config.initial_margin is None else config.initial_margin)
    keeps = config.maintenance_margin
    return opens, opens / 2 if keeps is None else Fraction(keeps)


class Margins(Position):
    """The margin of one position."""

    config: AccountConfig
    initial: Fraction
    drawn: tuple[Fraction, Fraction] = (Fraction(0), Fraction(0))
    """A quantity, and what was out of its margin."""
    closing = False
    """Whether the isolated position is liquidated."""

    def own_margin(self, qty: Fraction, *, opens: bool) -> Fraction | None:
        """What contracts need that have a margin of their own."""
        terms = self.contract
        if terms is None or terms.initial_margin is None:
            return None
        each = terms.initial_margin if opens else terms.maintenance_margin
        return -rounded_down(-qty * Fraction(str(each)))

    def to_open(self, qty: Fraction, price: Fraction, *, buying: bool) -> Fraction:
        """The initial margin of a quantity; of shares owed no less than they need then."""
        own = self.own_margin(qty, opens=True)
        if own is not None:
            return own
        share = self.initial
        if self.stress is not None:
            group = group_of(self.stress, self.instrument.symbol)
            moves = (self.stress.move,) if group is None else (group.down, group.up)
            share = max(map(Fraction, moves)) * Fraction(self.stress.initial_factor)
        need = self.value(qty, price) * share
        if self.config.margin_rules is MarginRules.REG_T and not buying:
            if price < 5:
                need = max(need, self.value(qty, price), qty * Fraction(5, 2))
            else:
                need = max(need, self.value(qty, price) * Fraction(3, 10), qty * 5)
        return -rounded_down(-need)

    @property
    def stress(self) -> PortfolioMargin | None:
        return self.config.portfolio_margin

    def together(self, market: Market | None, *, opens: bool) -> Fraction:
        """The largest of ten losses."""
        assert self.stress is not None
        signed = {}
        for one in self.all:
            worth = -one._at_mid(-abs(one.held), self.its_market(one, market))
            if one.held:
                signed[one.instrument.symbol] = worth if one.held > 0 else -worth
        return stressed(self.stress, signed, opens=opens)

    @property
    def isolated(self) -> bool:
        return self.config.margin_mode is MarginMode.ISOLATED

    def margin_here(self) -> Fraction:
        """The margin of an isolated position, in its own money: that of its cost."""
        return self.assigned_here() - self.drawn_here()

    def bound_here(self) -> Fraction:
        """The same in the account's money."""
        return self.costs(self.margin_here())

    def assigned_here(self) -> Fraction:
        """The same, had nothing been taken out of it."""
        own = self.own_margin(abs(self.held), opens=True)
        return -rounded_down(-self.cost * self.initial) if own is None else own

    def drawn_here(self) -> Fraction:
        """What is out of it: of a smaller position than then a part."""
        qty, amount = self.drawn
        if qty * self.held <= 0:
            return Fraction(0)
        return amount if abs(self.held) >= abs(qty) else rounded_even(amount * self.held / qty)

    def gain(self, market: Market | None) -> Fraction:
        """What the position is worth above its cost."""
        return self._at_mid(self.held, market) + self.worth(-self.signed_cost())

    def of_position(self, market: Market | None) -> Fraction:
        """An isolated position's margin and gains."""
        return self.bound_here() + self.gain(market)

    def worth_of_position(self, market: Market | None) -> Fraction:
        """Its size, rounded up; or what it was at its entry."""
        if self.config.maintenance_basis is MaintenanceBasis.ENTRY:
            return self.costs(self.cost)
        return -self._at_mid(abs(self.held) if self.inverse else -abs(self.held), market)

    def tiers(self) -> list[tuple[Fraction, Fraction]]:
        """Where each begins, and its rate."""
        return [(Fraction(t.above), Fraction(t.rate)) for t in self.config.maintenance_tiers]

    def _freed_of_position(self, market: Market | None, closes: Fraction) -> Fraction:
        """And what it gained so far."""
        held, cost, before = self.held, self.cost, self.of_position(market)
        left = abs(held) - min(closes, abs(held))
        self.cost = rounded_even(cost - rounded_even(cost * (abs(held) - left) / abs(held)))
        self.held = left if held > 0 else -left
        after = self.of_position(market)
        self.held, self.cost = held, cost
        return before - after

    def _by_regulation(self, value: Fraction, market: Market | None) -> Fraction:
        """FINRA Rule 4210 (c): a quarter of what is held; of what is owed more, and so much a
        share."""
        if self.held > 0:
            return -rounded_down(-value / 4)
        cheap = sum(market or (Fraction(0), Fraction(0))) / 2 < 5
        share, a_share = (1, Fraction(5, 2)) if cheap else (Fraction(3, 10), Fraction(5))
        floor = self.costs(-self.held * a_share)
        return max(-rounded_down(-value * share), floor)

    def is_lent(self, at: int) -> bool:
        """Whether somebody lends the share; of contracts nothing is borrowed."""
        rate = borrow_rate(self.config, self.instrument.symbol, at)
        return self.contract is not None or rate is not None

    def holds(self) -> bool:
        """Whether there is any position."""
        return any(one.held for one in self.all)

    def _beyond(self, market: Market | None) -> Fraction:
        """What short positions of shares need by themselves beyond their share."""
        beyond = Fraction(0)
        for one in self.all if self.config.margin_rules is MarginRules.REG_T else ():
            its = self.its_market(one, market)
            alone = -rounded_down(-one.worth_of_position(its) * self.initial)
            beyond += max(one.kept_here(its) - alone, Fraction(0)) if one.held < 0 else Fraction(0)
        return beyond
