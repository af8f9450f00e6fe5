"""The maintenance margin of positions: one share of their value, tiers, or rules of US shares.

Under ``reg_t`` a position needs what FINRA Rule 4210 (c) asks for: long, 25 % of its value; short,
30 % of its value or 5 dollars a share, whichever is more; short below 5 dollars a share, its value
or 2.50 a share, whichever is more.  (Initially Regulation T, 12 CFR 220.12, asks for 50 % of
either; that is ``account.initial_margin``.)  Dollars are units of the instrument's currency.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from offbook.domain.config import RATIO_PRECISION, AccountConfig, MarginRules
from offbook.domain.values import AMOUNT_PRECISION, text_to_units
from offbook.engine.valuation import Rate, Valuation, part_of

_PERCENT: Final = 100
_LONG, _SHORT, _CHEAP_SHORT = 25, 30, 100
_CHEAP: Final = 5
_ONE: Final = 10**RATIO_PRECISION


class Need(NamedTuple):
    """The equity that positions need, and by what share of its value (over ``denominator``) the
    need of each can grow at most as its price moves against it."""

    required: int
    shares: dict[str, int]
    denominator: int


class MaintenanceRule(Protocol):
    """What positions (signed quantity units by symbol) need."""

    def need(self, held: dict[str, int]) -> Need:
        """At the last prices."""


class OneShare:
    """The same share of the value of every position."""

    def __init__(self, ratio: Rate, valuation: Valuation) -> None:
        self._ratio = ratio
        self._valuation = valuation

    def need(self, held: dict[str, int]) -> Need:
        """Rounded up, once for all of them."""
        numerator, denominator = self._ratio
        required = part_of(self._valuation.exposure(held), self._ratio)
        return Need(required, dict.fromkeys(held, numerator), denominator)


class Tiers:
    """Shares that rise with the value of a position, each for what lies beyond its amount, as of
    most exchanges of perpetuals (whose "maintenance amount" comes to the same)."""

    def __init__(self, account: AccountConfig, valuation: Valuation) -> None:
        self._valuation = valuation
        self._starts = [text_to_units(t.above, AMOUNT_PRECISION) for t in account.maintenance_tiers]
        self._rates = [text_to_units(t.rate, RATIO_PRECISION) for t in account.maintenance_tiers]

    def need(self, held: dict[str, int]) -> Need:
        """Rounded up for each position."""
        required = sum(self._of(symbol, qty) for symbol, qty in held.items())
        # A long one that falls is relieved by the lowest rate, a short one that rises is burdened
        # by the highest.
        shares = {s: self._rates[0] if qty > 0 else self._rates[-1] for s, qty in held.items()}
        return Need(required, shares, _ONE)

    def _of(self, symbol: str, qty: int) -> int:
        value = self._valuation.exposure({symbol: qty})
        ends = [*self._starts[1:], max(value, self._starts[-1])]
        exact = sum(
            rate * max(min(value, end) - start, 0)
            for start, end, rate in zip(self._starts, ends, self._rates, strict=True)
        )
        return part_of(exact, (1, _ONE))


class RegulationT:
    """The rules for US shares, see above."""

    def __init__(self, valuation: Valuation) -> None:
        self._valuation = valuation

    def need(self, held: dict[str, int]) -> Need:
        """Rounded up for each position."""
        required, shares = 0, {}
        for symbol, qty in held.items():
            amount, shares[symbol] = self._of(symbol, qty)
            required += amount
        return Need(required, shares, _PERCENT)

    def _of(self, symbol: str, qty: int) -> tuple[int, int]:
        value = self._valuation.exposure({symbol: qty})
        if qty > 0:
            return part_of(value, (_LONG, _PERCENT)), _LONG
        units, currency, is_cheap = self._valuation.short_of(symbol, -qty, _CHEAP)
        share = _CHEAP_SHORT if is_cheap else _SHORT
        # 5 units of money a share, or 2.50.
        floor = self._valuation.costs(units * _CHEAP // (2 if is_cheap else 1), currency)
        return max(part_of(value, (share, _PERCENT)), floor), share


def maintenance_rule(account: AccountConfig, valuation: Valuation) -> MaintenanceRule:
    """The rule of an account."""
    if account.margin_rules is MarginRules.REG_T:
        return RegulationT(valuation)
    if account.maintenance_tiers:
        return Tiers(account, valuation)
    return OneShare(account.maintenance_ratio, valuation)
