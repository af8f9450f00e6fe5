"""The account that a session trades with."""

from __future__ import annotations

import enum
from itertools import pairwise
from typing import Final

import msgspec

from offbook.domain.config.base import (
    RATIO_PRECISION,
    ConfigPart,
    exact_amount,
    exact_decimal,
    settle_enum,
)
from offbook.domain.config.comparing import Unpaid
from offbook.domain.config.financing import FinancingConfig, Unlisted
from offbook.domain.config.portfolio_margin import PortfolioMargin
from offbook.domain.config.settlement import SettlementConfig
from offbook.domain.errors import InvalidConfig

RATE_PRECISION: Final = 12
"""Decimals of a stated exchange rate."""


class AccountType(enum.Enum):
    """``cash``: what is bought is paid for, and only what is owned is sold. ``margin``: positions
    of both sides against a share of their value."""

    CASH = "cash"
    MARGIN = "margin"


class CashCheck(enum.Enum):
    """When money must be there: when an order is sent (and then it is held), or when it fills (and
    what the account cannot pay for is canceled)."""

    SUBMIT = "submit"
    FILL = "fill"


class MarginCall(enum.Enum):
    """What a margin call does: the venue closes all positions at market, or nothing that adds to a
    position is taken until the call is met."""

    LIQUIDATE = "liquidate"
    DENY_INCREASE = "deny_increase"


class MarginMode(enum.Enum):
    """What stands for the losses of a position: the whole account, or the margin that the position
    was opened with, and no more."""

    CROSS = "cross"
    ISOLATED = "isolated"


class MaintenanceBasis(enum.Enum):
    """Of which value an isolated position needs its maintenance margin: that at the last prices, or
    that at which it was entered."""

    MARK = "mark"
    ENTRY = "entry"


class Liquidation(enum.Enum):
    """What a liquidation closes: everything, or step by step no more than takes a position into the
    next lower of the ``maintenance_tiers``."""

    FULL = "full"
    STEPWISE = "stepwise"


class MarginRules(enum.Enum):
    """What positions need as maintenance margin: one share of their value, or what the rules for
    US shares ask for (Regulation T, FINRA Rule 4210)."""

    SHARE = "share"
    REG_T = "reg_t"


class MaintenanceTier(ConfigPart, frozen=True, kw_only=True):
    """Of what a position is worth beyond ``above`` (in the account's currency), the share ``rate``
    must be there, up to the next tier."""

    above: str
    rate: str


class AccountConfig(ConfigPart, frozen=True, kw_only=True):
    """An account with ``initial_cash`` (decimal text) in its ``currency``.

    ``cash`` holds balances in further currencies: instruments quoted in them are paid for from
    these.  Instruments in any other currency are paid for by converting at each fill.  Rates are
    units of the account's currency for one of another: ``rates`` states them, ``rates_from`` names
    an instrument of the market that quotes the pair, either way round.

    A margin account says ``leverage`` or ``initial_margin`` (0.5 without either), the share of a
    position's value that must be there to open it; below ``maintenance_margin`` (half of the
    initial one unless given) the ``margin_call`` comes.  ``margin_rules`` of US shares take the
    place of the latter, and allow no initial margin below 0.5; so do ``maintenance_tiers``, by
    which large positions need more of their value.  ``liquidation_fee`` is charged on the value of
    what a margin call closes, ``liquidation`` says how much that is at a time; with
    ``margin_mode`` isolated each position has a margin, and calls, of its own, and
    ``maintenance_basis`` says of which value it needs a share.  ``portfolio_margin`` asks instead
    for what all positions would lose together.

    ``withholding`` (0 to 1) is the tax kept back of dividends that are received; ``financing`` says
    what borrowed shares cost, and what cash and debt bear; ``settlement`` when a cash account may
    use what a sale brings (at once without it).  ``unpaid`` says what becomes of an order that
    cannot be paid for when it would trade in a bar.
    """

    currency: str
    type: AccountType = AccountType.CASH
    initial_cash: str = "100000"
    cash: dict[str, str] = msgspec.field(default_factory=dict)
    rates: dict[str, str] = msgspec.field(default_factory=dict)
    rates_from: dict[str, str] = msgspec.field(default_factory=dict)
    cash_check: CashCheck = CashCheck.SUBMIT
    leverage: str | None = None
    initial_margin: str | None = None
    maintenance_margin: str | None = None
    margin_call: MarginCall = MarginCall.LIQUIDATE
    margin_rules: MarginRules = MarginRules.SHARE
    maintenance_tiers: tuple[MaintenanceTier, ...] = ()
    liquidation_fee: str = "0"
    margin_mode: MarginMode = MarginMode.CROSS
    liquidation: Liquidation = Liquidation.FULL
    maintenance_basis: MaintenanceBasis = MaintenanceBasis.MARK
    withholding: str = "0"
    financing: FinancingConfig | None = None
    settlement: SettlementConfig | None = None
    unpaid: Unpaid = Unpaid.CANCEL
    portfolio_margin: PortfolioMargin | None = None

    def __post_init__(self) -> None:
        if not self.currency:
            raise InvalidConfig("account.currency is empty", field="account.currency")
        kinds = {
            "type": AccountType,
            "cash_check": CashCheck,
            "unpaid": Unpaid,
            "margin_call": MarginCall,
            "margin_rules": MarginRules,
            "margin_mode": MarginMode,
            "liquidation": Liquidation,
            "maintenance_basis": MaintenanceBasis,
        }
        for name, kind in kinds.items():
            settle_enum(self, name, kind, f"account.{name}")
        _not_negative("account.initial_cash", self.initial_cash)
        self._check_currencies()
        self._check_margin()
        tax = exact_decimal("account.withholding", self.withholding, RATIO_PRECISION)
        if not 0 <= tax <= 1:
            raise InvalidConfig(
                f"account.withholding={self.withholding}, expected a share between 0 and 1",
                field="account.withholding",
            )

        self._check_financing()

        submit = self.type is AccountType.CASH and self.cash_check is CashCheck.SUBMIT
        if self.settlement is not None and not submit:
            raise InvalidConfig(
                'account.settlement needs account.type="cash" and account.cash_check="submit"',
                field="account.settlement",
            )

    def _check_financing(self) -> None:
        given = self.financing
        if given is None:
            return
        if self.type is AccountType.CASH and (given.borrow or given.unlisted is Unlisted.DENY):
            raise InvalidConfig(
                'account.financing.borrow needs account.type="margin": a cash account is never '
                "short",
                field="account.financing.borrow",
            )
        for rate in given.interest:
            self.require_rate(rate.currency, f"account.financing pays interest on {rate.currency}")

    def _check_currencies(self) -> None:
        for name in ("cash", "rates", "rates_from"):
            if self.currency in getattr(self, name):
                hint = ": its balance is account.initial_cash" if name == "cash" else ""
                raise InvalidConfig(
                    f"account.{name} names the account's own currency {self.currency}{hint}",
                    field=f"account.{name}",
                )
        for currency, text in self.cash.items():
            _not_negative(f"account.cash.{currency}", text)
        for currency, text in self.rates.items():
            field = f"account.rates.{currency}"
            if exact_decimal(field, text, RATE_PRECISION) <= 0:
                raise InvalidConfig(f"{field}={text} is not positive", field=field)
            if currency in self.rates_from:
                raise InvalidConfig(
                    f"{field}: give a rate or where it is from, not both", field=field
                )
        for currency in self.cash:
            self.require_rate(currency, f"account.cash holds {currency}")

    def require_rate(self, currency: str, why: str) -> None:
        """Raise InvalidConfig unless it is said what a currency is worth in the account's."""
        if currency != self.currency and currency not in {**self.rates, **self.rates_from}:
            raise InvalidConfig(
                f"{why} and the account is in {self.currency}: say what {currency} is worth by "
                f'account.rates ({{{currency} = "1.10"}}) or account.rates_from '
                f"({{{currency} = SYMBOL}})",
                field="account.rates",
            )

    def _check_margin(self) -> None:
        given = ("leverage", "initial_margin", "maintenance_margin")
        if self.type is AccountType.CASH:
            self._refuse_margin_terms(given)
            return
        if self.portfolio_margin is not None:
            self._check_portfolio_margin(given)
        if self.leverage is not None and self.initial_margin is not None:
            raise InvalidConfig(
                "give account.leverage or account.initial_margin, not both",
                field="account.initial_margin",
            )
        for name, least, most in zip(given, (1, 0, 0), (1000, 1, 1), strict=True):
            text = getattr(self, name)
            if text is None:
                continue
            value = exact_decimal(f"account.{name}", text, RATIO_PRECISION)
            if value <= 0 or not least <= value <= most:
                raise InvalidConfig(
                    f"account.{name}={text}, expected {least} to {most}", field=f"account.{name}"
                )
        initial, maintenance = self.initial_ratio, self.maintenance_ratio
        if self.margin_rules is MarginRules.REG_T:
            _check_reg_t(initial, self.maintenance_margin)
        fee = exact_decimal("account.liquidation_fee", self.liquidation_fee, RATIO_PRECISION)
        if not 0 <= fee <= 1:
            raise InvalidConfig(
                f"account.liquidation_fee={self.liquidation_fee}, expected a share from 0 to 1",
                field="account.liquidation_fee",
            )
        self._check_tiers(initial)
        self._check_liquidation()
        if maintenance[0] * initial[1] > initial[0] * maintenance[1]:
            raise InvalidConfig(
                f"account.maintenance_margin={self.maintenance_margin} is more than the initial "
                "margin",
                field="account.maintenance_margin",
            )

    def _check_liquidation(self) -> None:
        closes = self.margin_call is MarginCall.LIQUIDATE
        if self.liquidation is Liquidation.STEPWISE and not (self.maintenance_tiers and closes):
            raise InvalidConfig(
                'account.liquidation="stepwise" goes down account.maintenance_tiers, one at a '
                'time: give some, with account.margin_call="liquidate"',
                field="account.liquidation",
            )
        if self.margin_mode is not MarginMode.ISOLATED:
            if self.maintenance_basis is not MaintenanceBasis.MARK:
                raise InvalidConfig(
                    'account.maintenance_basis="entry" is for account.margin_mode="isolated": an '
                    "account as a whole is judged at the last prices",
                    field="account.maintenance_basis",
                )
            return
        if not closes or self.margin_rules is not MarginRules.SHARE:
            raise InvalidConfig(
                'account.margin_mode="isolated": an isolated position is liquidated when its '
                "margin no longer suffices, and rules for shares know no such thing: leave "
                "account.margin_call and account.margin_rules out",
                field="account.margin_mode",
            )

    def _check_tiers(self, initial: tuple[int, int]) -> None:
        tiers, field = self.maintenance_tiers, "account.maintenance_tiers"
        if not tiers:
            return
        if self.maintenance_margin is not None or self.margin_rules is not MarginRules.SHARE:
            raise InvalidConfig(
                f"{field} say what maintenance needs: leave account.maintenance_margin and "
                "account.margin_rules out",
                field=field,
            )
        starts = [exact_amount(field, tier.above) for tier in tiers]
        rates = [_units(tier.rate) for tier in tiers]
        rising = all(a < b for a, b in pairwise(starts)) and all(a < b for a, b in pairwise(rates))
        if starts[0] != 0 or not rising or rates[0] <= 0:
            raise InvalidConfig(
                f'{field}: the first begins above "0", and amounts and rates rise from tier to '
                "tier",
                field=field,
            )
        if rates[-1] * initial[1] > initial[0] * 10**RATIO_PRECISION:
            raise InvalidConfig(
                f"{field}: {tiers[-1].rate} is more than the initial margin: lower the leverage",
                field=field,
            )

    def _check_portfolio_margin(self, terms: tuple[str, ...]) -> None:
        defaults = {
            **dict.fromkeys(terms),
            "margin_rules": MarginRules.SHARE,
            "maintenance_tiers": (),
            "margin_mode": MarginMode.CROSS,
        }
        for name, default in defaults.items():
            if getattr(self, name) != default:
                raise InvalidConfig(
                    f"account.portfolio_margin says what positions need: leave account.{name} out",
                    field=f"account.{name}",
                )

    def _refuse_margin_terms(self, terms: tuple[str, ...]) -> None:
        defaults = {
            **dict.fromkeys(terms),
            "margin_call": MarginCall.LIQUIDATE,
            "margin_rules": MarginRules.SHARE,
            "maintenance_tiers": (),
            "liquidation_fee": "0",
            "margin_mode": MarginMode.CROSS,
            "liquidation": Liquidation.FULL,
            "maintenance_basis": MaintenanceBasis.MARK,
            "portfolio_margin": None,
        }
        for name, default in defaults.items():
            if getattr(self, name) != default:
                raise InvalidConfig(
                    f'account.{name} needs account.type="margin"', field=f"account.{name}"
                )

    @property
    def withheld_ratio(self) -> tuple[int, int]:
        """The tax on dividends as numerator and denominator."""
        return _units(self.withholding), int(10**RATIO_PRECISION)

    @property
    def is_margin(self) -> bool:
        """Whether positions of both sides are held against a share of their value."""
        return self.type is AccountType.MARGIN

    @property
    def initial_ratio(self) -> tuple[int, int]:
        """The initial margin as numerator and denominator; of a portfolio margin that of what is in
        no group, by itself."""
        if self.portfolio_margin is not None:
            return self.portfolio_margin.opening_ratio()
        scale = int(10**RATIO_PRECISION)
        if self.leverage is not None:
            return scale, _units(self.leverage)
        return _units(self.initial_margin or "0.5"), scale

    @property
    def maintenance_ratio(self) -> tuple[int, int]:
        """The maintenance margin as numerator and denominator; of a portfolio margin likewise."""
        if self.portfolio_margin is not None:
            return _units(self.portfolio_margin.move), int(10**RATIO_PRECISION)
        if self.maintenance_margin is not None:
            return _units(self.maintenance_margin), int(10**RATIO_PRECISION)
        numerator, denominator = self.initial_ratio
        return numerator, 2 * denominator


def _check_reg_t(initial: tuple[int, int], maintenance: str | None) -> None:
    if maintenance is not None or 2 * initial[0] < initial[1]:
        raise InvalidConfig(
            'account.margin_rules="reg_t" says what maintenance needs, and asks for an initial '
            "margin of 0.5 at least: leave account.maintenance_margin out, and lower the leverage",
            field="account.margin_rules",
        )


def _units(text: str) -> int:
    return int(exact_decimal("account", text, RATIO_PRECISION).scaleb(RATIO_PRECISION))


def _not_negative(field: str, text: str) -> None:
    if exact_amount(field, text) < 0:
        raise InvalidConfig(f"{field}={text} is negative", field=field)
