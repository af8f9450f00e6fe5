"""The rules for US shares at random: nothing happens to an account while every price stays inside
its band, also where a short share becomes a cheap one, or stops being one."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
from tests.properties.test_stress_moves import SYMBOLS, Account, moved

from offbook.domain.config import AccountConfig, MarginRules
from offbook.engine.account.equity_bands import Bound, bands_within
from offbook.engine.wake import UNBOUNDED

FIVE = Fraction(5)


class Regulated(Account):
    """Shares of about five dollars, and cash for about what they need."""

    def __init__(self, rng: Random, which: str) -> None:
        super().__init__(rng)
        self.config = AccountConfig(
            currency="USD",
            type="margin",  # type: ignore[arg-type]  # text as in a file
            leverage=rng.choice(["1", "2"]),
            margin_rules=MarginRules.REG_T,
        )
        self.bids = {s: rng.randint(100, 1500) for s in SYMBOLS}
        about = self.need(which) - self.worth()
        self.cash = int(about * 10**18) + rng.randint(-400, 400) * 10**18

    def need(self, which: str) -> Fraction:
        """As the rules word it, share by share."""
        if not hasattr(self, "bids") or self.config.margin_rules is not MarginRules.REG_T:
            return Fraction(0)
        share = Fraction(*self.config.initial_ratio) if which == "initial" else Fraction(0)
        needed = Fraction(0)
        for symbol, value in self.values().items():
            qty, size = self.held[symbol], abs(value)
            if qty > 0:
                needed += max(size / 4, size * share)
            elif size / -qty < FIVE:
                needed += max(size, -qty * FIVE / 2, size * share)
            else:
                needed += max(size * 3 / 10, -qty * FIVE, size * share)
        return needed


@pytest.mark.parametrize("which", ["maintenance", "initial"])
def test_nothing_happens_inside_the_bands(which: str) -> None:
    """No call while there is none, no end of one before its equity is there."""
    rng = Random(220 + len(which))
    judged = 0
    for case in range(150):
        account = Regulated(rng, which)
        need = account.rule(which).need(account.held)
        assert Fraction(need.required, 10**18) == account.need(which), (case, account.held)
        is_enough = account.equity() >= account.need(which)
        if is_enough is (which == "initial"):
            continue  # a call waits for less than is needed to keep, its end for enough to open
        sign = 1 if is_enough else -1
        bound = Bound(need.denominator, need.most, 0 if is_enough else -1, sign, need)
        bands = bands_within(account.kernel, [bound]) or {}
        for corner in range(8 if bands else 0):
            for symbol in account.held:
                band = bands.get(symbol, UNBOUNDED)
                account.bids[symbol] = moved(rng, band, account.spread, corner < 4)
            assert (account.equity() >= account.need(which)) is is_enough, (case, account.held)
            judged += 1
    assert judged > 300, judged
