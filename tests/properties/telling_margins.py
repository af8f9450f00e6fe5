"""Sessions in which the rules of a margin account decide."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from tests.properties.calm_setups import by_days, calm, clock_of, lots, margin, of_all
from tests.properties.eager_steps import Eager
from tests.properties.event_cases import PERPETUAL, pick_funding
from tests.properties.other_cases import ABC
from tests.properties.sources import Source

from offbook.domain.config import (
    BorrowRate,
    BorrowValue,
    FinancingConfig,
    InterestRate,
    Liquidation,
    MaintenanceBasis,
    MaintenanceTier,
    MarginCall,
    MarginMode,
    MarginRules,
    PortfolioMargin,
    ProductGroup,
    SettlementPrice,
    Unlisted,
)
from offbook.domain.contracts import ContractTerms, Settles
from offbook.domain.instruments import AssetClass
from offbook.testing.markets import BTCUSDT, XYZ

if TYPE_CHECKING:
    from tests.properties.market_cases import Setup

HELD = [Eager.TO_BE_LONG, Eager.TO_BE_SHORT] * 2 + [Eager.TO_BE_BOTH]
KEPT = {
    "30": ("0.02", "0.03", "0.0333"),
    "10": ("0.06", "0.09", "0.0999"),
}
"""By leverage: maintenance margins that are soon too much."""
TIERS = {
    "30": [("0.03", "0.032", "0.0333"), ("0.004", "0.028", "0.0333")],
    "10": [("0.09", "0.096", "0.0999"), ("0.012", "0.084", "0.0999")],
}
"""The same, rising with what is held."""


def called(source: Source, setup: Setup) -> Setup:
    """What becomes of those who hold too much, by one rule or another."""
    made, leverage, money = _leveraged(source, setup)
    terms: dict[str, Any] = {"margin_call": source.pick(list(MarginCall))}
    if source.pick([False, False, True]):
        terms["maintenance_margin"] = source.pick(KEPT[leverage])
    else:
        terms["maintenance_tiers"] = _tiers(source, made, leverage, money)
        if terms["margin_call"] is MarginCall.LIQUIDATE:
            terms["liquidation"] = source.pick([Liquidation.STEPWISE, Liquidation.FULL])
    return _at_its_limit(source, made, margin(made, money, leverage=leverage, **terms))


def isolated(source: Source, setup: Setup) -> Setup:
    """The same where each position stands for itself."""
    made, leverage, money = _leveraged(source, setup)
    terms: dict[str, Any] = {"maintenance_basis": source.pick(list(MaintenanceBasis))}
    if source.pick([False, False, True]):
        terms["maintenance_margin"] = source.pick(KEPT[leverage])
    else:
        terms["maintenance_tiers"] = _tiers(source, made, leverage, money)
        terms["liquidation"] = source.pick([Liquidation.FULL, Liquidation.STEPWISE])
    account = margin(made, money, leverage=leverage, margin_mode=MarginMode.ISOLATED, **terms)
    return _at_its_limit(source, made, account)


def _leveraged(source: Source, setup: Setup) -> tuple[Setup, str, Decimal]:
    """Shares, coins, or contracts here and there with margins of their own; a leverage, and for
    how many lots the money would be enough without."""
    own = {"initial_margin": "1.2", "maintenance_margin": source.pick(["1", "1.17"])}
    contract, inverse, dear = (
        msgspec.structs.replace(PERPETUAL, contract=ContractTerms(**terms))
        for terms in ({}, {"is_inverse": True, "multiplier": "900"}, own)
    )
    kinds = [(XYZ,), (dear,), (XYZ, ABC), (inverse,), (contract, BTCUSDT), (BTCUSDT, dear)]
    made = of_all(calm(source, setup, *source.pick(kinds)), price="30")
    if made.instrument.symbol == PERPETUAL.symbol:
        made = replace(made, funding=pick_funding(source, clock_of(made)))
    leverage = source.pick(["30", "30", "10"])
    return made, leverage, Decimal(source.pick([9, 20, 60])) / Decimal(leverage)


def _tiers(
    source: Source, setup: Setup, leverage: str, money: Decimal
) -> tuple[MaintenanceTier, ...]:
    """Of large positions more."""
    starts = ["0", lots(setup, money * source.pick([3, 5])), lots(setup, money * 8)]
    rates = source.pick(TIERS[leverage])
    return tuple(
        MaintenanceTier(above=above, rate=rate) for above, rate in zip(starts, rates, strict=True)
    )


def _at_its_limit(source: Source, setup: Setup, account: Any) -> Setup:
    """It holds as much as its money is enough for."""
    fee = source.pick(["0", "0.0123"])
    account = msgspec.structs.replace(account, liquidation_fee=fee)
    return of_all(setup, account=account, eager=source.pick(HELD))


def regulated(source: Source, setup: Setup) -> Setup:
    """Rules of shares, some of which are about those that cost next to nothing."""
    made = calm(source, setup, *source.pick([(XYZ,), (XYZ, ABC)]))
    made = of_all(made, price=source.pick(["6", "5.05", "4", "20"]))
    account = margin(
        made,
        source.pick([4, 9]),
        leverage=source.pick(["2", "2", "1"]),
        margin_rules=MarginRules.REG_T,
        margin_call=source.pick(list(MarginCall)),
    )
    held = source.pick([Eager.TO_BE_SHORT, Eager.TO_BE_LONG, Eager.TO_BE_BOTH])
    return of_all(made, account=account, eager=held)


def grouped(source: Source, setup: Setup) -> Setup:
    """What is won here counts against what is lost there."""
    made = calm(source, setup, XYZ, ABC)
    group = ProductGroup(
        symbols=source.pick([("XYZ", "ABC")] * 4 + [("ABC",)]),
        down=source.pick(["0.08", "0.15", "0.0333"]),
        up=source.pick(["0.0633", "0.15"]),
        offset=source.pick(["1", "0.9", "0.33333333"]),
    )
    together = PortfolioMargin(
        move=source.pick(["0.15", "0.0333"]),
        groups=(group,),
        initial_factor=source.pick(["1", "1.1"]),
        minimum_equity=source.pick(["0", "0", "0", lots(made, "0.3")]),
    )
    account = margin(
        made,
        source.pick(["0.8", "1.3", "2"]),
        portfolio_margin=together,
        margin_call=source.pick(list(MarginCall)),
    )
    return of_all(made, account=account, eager=Eager.TO_BE_BOTH)


def lent(source: Source, setup: Setup) -> Setup:
    """What it costs to hold, from day to day, shares that are borrowed or bought with debt."""
    made = by_days(calm(source, setup, XYZ))
    clock = clock_of(made)
    rates = source.pick([["0.03"], ["1.5", "0.3333"], ["0.2", "0.3333"], ["0.03", None]])
    days = [clock.day(0), clock.day(source.pick([100, 250]))]
    debt = InterestRate(currency="USD", since="2020-01-01", credit="0.02", debit="0.07")
    financing = FinancingConfig(
        borrow=tuple(
            BorrowRate(symbol="XYZ", since=day, rate=rate)
            for day, rate in zip(days, rates, strict=False)
        ),
        unlisted=source.pick(list(Unlisted)),
        borrow_year=source.pick([360, 365, 365]),
        borrow_value=source.pick([*BorrowValue, BorrowValue.COLLATERAL]),
        interest=(debt,),
        interest_year=source.pick([365, 360]),
    )
    account = margin(made, source.pick([20, 100]), leverage="2", financing=financing)
    held = source.pick([Eager.TO_BE_SHORT] * 4 + [Eager.TO_BE_LONG])
    return of_all(made, account=account, eager=held)


def settled(source: Source, setup: Setup) -> Setup:
    """Gains of futures are paid from time to time."""
    made = calm(source, setup, XYZ)
    clock = clock_of(made)
    times = sorted({clock.text(source.number(20, 300)) for _ in range(8)})
    expires = times[-1] if source.pick([False, True]) else None
    own = {"initial_margin": "5", "maintenance_margin": "3.3333"}
    terms = ContractTerms(
        multiplier=source.pick(["1", "3"]),
        settles=source.pick([Settles.DAILY, Settles.DAILY, Settles.AT_EXPIRY]),
        expires=expires,
        **source.pick([{}, own]),
    )
    if terms.settles is Settles.AT_EXPIRY:
        times = [at for at in times if at == expires]
    prices = source.pick([("99", "100.5", "101.25"), ("97.3", "103.0123")])
    made = replace(
        made,
        instrument=msgspec.structs.replace(
            made.instrument, asset_class=AssetClass.FUTURE, contract=terms
        ),
        settlements=tuple(SettlementPrice(at=at, price=source.pick(prices)) for at in times),
    )
    account = margin(made, source.pick([9, 60]), leverage=source.pick(["2", "20"]))
    held = source.pick([Eager.TO_BE_LONG, Eager.TO_BE_SHORT])
    return of_all(made, account=account, eager=held)
