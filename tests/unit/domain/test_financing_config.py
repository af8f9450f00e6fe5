"""Rates of borrowed shares and of cash that are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from offbook.domain.config import (
    AccountConfig,
    AccountType,
    BorrowRate,
    CashCheck,
    FinancingConfig,
    InterestRate,
    MaintenanceTier,
    SettlementConfig,
    Unlisted,
)
from offbook.domain.errors import InvalidConfig


def tiers(*pairs: tuple[str, str]) -> tuple[MaintenanceTier, ...]:
    return tuple(MaintenanceTier(above=above, rate=rate) for above, rate in pairs)


REFUSED: list[tuple[Callable[..., Any], dict[str, Any], str]] = [
    *(
        (FinancingConfig, {"borrow": borrow}, "account.financing.borrow")
        for borrow in (
            (BorrowRate(symbol="A", since="2024-01-02", rate="-0.1"),),
            (BorrowRate(symbol="A", since="soon", rate="0.1"),),
            (BorrowRate(symbol="A", since="2024-01-02"),) * 2,
        )
    ),
    (
        FinancingConfig,
        {"interest": (InterestRate(currency="USD", since="2024-01-02", debit="-0.1"),)},
        "account.financing.interest",
    ),
    (FinancingConfig, {"borrow_year": 364}, "account.financing.borrow_year"),
    (FinancingConfig, {"unlisted": "maybe"}, "account.financing.unlisted"),
    (FinancingConfig, {"borrow_value": "cost"}, "account.financing.borrow_value"),
    (
        AccountConfig,
        {"currency": "USD", "financing": FinancingConfig(unlisted=Unlisted.DENY)},
        "account.financing.borrow",
    ),
    (AccountConfig, {"currency": "USD", "withholding": "1.1"}, "account.withholding"),
    (AccountConfig, {"currency": "USD", "margin_rules": "reg_t"}, "account.margin_rules"),
    *(
        (
            AccountConfig,
            {"currency": "USD", "type": "margin", "margin_rules": "reg_t", **terms},
            "account.margin_rules",
        )
        for terms in ({"leverage": "4"}, {"maintenance_margin": "0.3"})
    ),
    (AccountConfig, {"currency": "USD", "liquidation_fee": "0.1"}, "account.liquidation_fee"),
    *(
        (
            AccountConfig,
            {"currency": "USD", "type": "margin", "leverage": "10", **terms},
            "account.maintenance_tiers",
        )
        for terms in (
            {"maintenance_tiers": tiers(("1", "0.01"))},
            {"maintenance_tiers": tiers(("0", "0"))},
            {"maintenance_tiers": tiers(("0", "0.01"), ("0", "0.02"))},
            {"maintenance_tiers": tiers(("0", "0.02"), ("5", "0.01"))},
            {"maintenance_tiers": tiers(("0", "0.11"))},
            {"maintenance_tiers": tiers(("0", "0.01")), "maintenance_margin": "0.02"},
        )
    ),
    (SettlementConfig, {"days": 0}, "account.settlement.days"),
    (SettlementConfig, {"days": 6}, "account.settlement.days"),
    (SettlementConfig, {"unsettled": "free"}, "account.settlement.unsettled"),
    *(
        (
            AccountConfig,
            {"currency": "USD", "settlement": SettlementConfig(), **terms},
            "account.settlement",
        )
        for terms in ({"type": AccountType.MARGIN}, {"cash_check": CashCheck.FILL})
    ),
    (
        AccountConfig,
        {
            "currency": "USD",
            "financing": FinancingConfig(
                interest=(InterestRate(currency="EUR", since="2024-01-02"),)
            ),
        },
        "account.rates",
    ),
]


@pytest.mark.parametrize(("kind", "terms", "field"), REFUSED)
def test_what_cannot_be_is_refused_by_its_field(
    kind: Callable[..., Any], terms: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidConfig) as error:
        kind(**terms)
    assert error.value.fields["field"] == field
