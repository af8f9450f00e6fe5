"""The margin of positions: a share of their value, tiers, rules of US shares, amounts per contract.

Under ``reg_t`` a position needs what FINRA Rule 4210 (c) asks for: long, 25 % of its value; short,
30 % of its value or 5 dollars a share, whichever is more; short below 5 dollars a share, its value
or 2.50 a share, whichever is more.  Initially Regulation T, 12 CFR 220.12, asks for 50 % of either
(that is ``account.initial_margin``), and Rule 4210 (b) for no less than is needed afterwards.
Dollars are units of the instrument's currency.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from offbook.domain.config import RATIO_PRECISION, AccountConfig, MarginRules
from offbook.domain.instruments import Instrument
from offbook.domain.values import AMOUNT_PRECISION, ceil_div, text_to_units
from offbook.engine.account.need import MaintenanceRule, Need
from offbook.engine.account.stress_moves import StressMoves
from offbook.engine.account.valuation import Rate, Valuation, part_of

_PERCENT: Final = 100
_LONG, _SHORT, _CHEAP_SHORT = 25, 30, 100
_CHEAP: Final = 5
_ONE: Final = 10**RATIO_PRECISION


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

    def on(self, value: int) -> int:
        """Rounded up."""
        return part_of(value, self._ratio)


class Tiers:
    """Shares that rise with the value of a position, each for what lies beyond its amount, as of
    most exchanges of perpetuals (whose "maintenance amount" comes to the same)."""

    def __init__(
        self,
        account: AccountConfig,
        valuation: Valuation,
        instruments: Mapping[str, Instrument],
    ) -> None:
        self._valuation = valuation
        self._instruments = instruments
        self._starts = [text_to_units(t.above, AMOUNT_PRECISION) for t in account.maintenance_tiers]
        self._rates = [text_to_units(t.rate, RATIO_PRECISION) for t in account.maintenance_tiers]

    def need(self, held: dict[str, int]) -> Need:
        """Rounded up for each position."""
        required = sum(self._of(symbol, qty) for symbol, qty in held.items())
        # One that loses as its value falls is relieved by the lowest rate, one that loses as it
        # grows, as a short one does, is burdened by the highest.
        shares = {
            symbol: self._rates[0 if (qty > 0) is not self._is_inverse(symbol) else -1]
            for symbol, qty in held.items()
        }
        return Need(required, shares, _ONE)

    def _is_inverse(self, symbol: str) -> bool:
        return self._instruments[symbol].is_inverse

    def _of(self, symbol: str, qty: int) -> int:
        return self.on(self._valuation.exposure({symbol: qty}))

    def on(self, value: int) -> int:
        """Rounded up."""
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

    def on(self, value: int) -> int:
        """Of a long position."""
        return part_of(value, (_LONG, _PERCENT))

    def _of(self, symbol: str, qty: int) -> tuple[int, int]:
        value = self._valuation.exposure({symbol: qty})
        if qty > 0:
            return part_of(value, (_LONG, _PERCENT)), _LONG
        units, currency, is_cheap = self._valuation.short_of(symbol, -qty, _CHEAP)
        share, floor = _asked_of_a_short(units, is_cheap=is_cheap)
        least = self._valuation.costs(floor, currency)
        return max(part_of(value, (share, _PERCENT)), least), share


class InitialOfShares:
    """To open positions under these rules: a share of the value of each, of what is owed no less
    than is needed to keep it."""

    def __init__(self, ratio: Rate, valuation: Valuation) -> None:
        self._share = OneShare(ratio, valuation)
        self._kept = RegulationT(valuation)

    def need(self, held: dict[str, int]) -> Need:
        """Rounded up, once for the share of all of them, and once for what each asks beyond."""
        need = self._share.need(held)
        required, shares = need.required, dict(need.shares)
        for symbol, qty in held.items():
            if qty < 0:
                one = {symbol: qty}
                beyond = self._kept.need(one).required - self._share.need(one).required
                required += max(beyond, 0)
                # Of what costs less than five dollars the whole value may come to be asked for.
                shares[symbol] = need.denominator
        return Need(required, shares, need.denominator)

    def on(self, value: int) -> int:
        """Of a long position."""
        return self._share.on(value)


def short_of_shares(instrument: Instrument, qty: int, px: int) -> int:
    """What being short of so many quantity units needs at a price, in their own currency."""
    is_cheap = px < _CHEAP * 10**instrument.price_precision
    share, floor = _asked_of_a_short(qty * instrument.qty_scale, is_cheap=is_cheap)
    return max(part_of(instrument.value_of(qty, px), (share, _PERCENT)), floor)


def _asked_of_a_short(units: int, *, is_cheap: bool) -> tuple[int, int]:
    """The percentage of its value, and the least amount, that being short of shares (in 10**-18 of
    one) needs: 5 units of money a share, or 2.50."""
    if is_cheap:
        return _CHEAP_SHORT, ceil_div(units * _CHEAP, 2)
    return _SHORT, units * _CHEAP


class PerContract:
    """Amounts for each contract of those that have their own, as exchanges of futures ask for; the
    rest by another rule.  They do not grow with the price."""

    def __init__(
        self,
        rest: MaintenanceRule,
        valuation: Valuation,
        instruments: Mapping[str, Instrument],
        amount: Callable[[Instrument, int], int],
    ) -> None:
        self._rest = rest
        self._valuation = valuation
        self._instruments = instruments
        self._amount = amount

    def need(self, held: dict[str, int]) -> Need:
        """Rounded up for each position."""
        own = [symbol for symbol in held if has_own_margin(self._instruments[symbol])]
        if not own:
            return self._rest.need(held)
        need = self._rest.need({s: qty for s, qty in held.items() if s not in own})
        required = need.required + sum(self._of(symbol, held[symbol]) for symbol in own)
        return Need(required, {**need.shares, **dict.fromkeys(own, 0)}, need.denominator)

    def on(self, value: int) -> int:
        """By the other rule."""
        return self._rest.on(value)

    def _of(self, symbol: str, qty: int) -> int:
        instrument = self._instruments[symbol]
        amount = self._amount(instrument, abs(qty))
        return self._valuation.costs(amount, instrument.settle_currency)


def has_own_margin(instrument: Instrument) -> bool:
    """Whether its margin is an amount for each contract."""
    terms = instrument.contract
    return terms is not msgspec.UNSET and terms.initial_margin is not None


def own_initial(instrument: Instrument, qty: int) -> int:
    """The initial margin of so many quantity units, rounded up to 10**-18."""
    assert instrument.contract is not msgspec.UNSET
    return ceil_div(qty * instrument.contract.initial_units, int(10**instrument.qty_precision))


def own_maintenance(instrument: Instrument, qty: int) -> int:
    """The maintenance margin of so many quantity units, rounded up to 10**-18."""
    assert instrument.contract is not msgspec.UNSET
    return ceil_div(qty * instrument.contract.maintenance_units, int(10**instrument.qty_precision))


def initial_rule(
    account: AccountConfig, valuation: Valuation, instruments: Mapping[str, Instrument]
) -> MaintenanceRule:
    """What an account must have to open positions."""
    if account.portfolio_margin is not None:
        factor = text_to_units(account.portfolio_margin.initial_factor, RATIO_PRECISION)
        return StressMoves(account.portfolio_margin, factor, valuation)
    by_regulation = account.margin_rules is MarginRules.REG_T
    rule = (InitialOfShares if by_regulation else OneShare)(account.initial_ratio, valuation)
    return PerContract(rule, valuation, instruments, own_initial)


def maintenance_rule(
    account: AccountConfig, valuation: Valuation, instruments: Mapping[str, Instrument]
) -> MaintenanceRule:
    """What an account must have to keep them."""
    if account.portfolio_margin is not None:
        return StressMoves(account.portfolio_margin, int(_ONE), valuation)
    rule = _usual_rule(account, valuation, instruments)
    return PerContract(rule, valuation, instruments, own_maintenance)


def _usual_rule(
    account: AccountConfig, valuation: Valuation, instruments: Mapping[str, Instrument]
) -> MaintenanceRule:
    if account.margin_rules is MarginRules.REG_T:
        return RegulationT(valuation)
    if account.maintenance_tiers:
        return Tiers(account, valuation, instruments)
    return OneShare(account.maintenance_ratio, valuation)
