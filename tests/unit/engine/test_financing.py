"""Borrow fees and interest beside plain fractions, day by day."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.scenarios.stage import Stage, Table

from offbook.domain import records as r
from offbook.domain.action_records import FlowReason
from offbook.domain.config import BorrowRate, FinancingConfig, Unlisted
from offbook.domain.config.financing import day_of
from offbook.engine.account.lending import Lending
from offbook.engine.inputs import Advance

DAYS = 40
DAY = 86_400 * 10**9


def held(qty: int, price: str, borrow: str, credit: str, debit: str) -> Stage:
    """Short (or long) for forty days at one price."""
    side = "sell" if qty < 0 else "buy"
    table = Table(f"""
    given hours 24/7; margin 100x; cash 10000; borrow XYZ {borrow}; interest USD {credit} {debit}
    time         what                                        expect
    09:30:00     quote {price} {price} 9999 9999
    09:30:01     {side} a {abs(qty)}
    """)
    stage = Stage(table)
    for line in table.lines:
        stage.carry_out(line)
    stage.feed(Advance(ts=table.lines[-1].ts + DAYS * DAY))
    return stage


def rates() -> some.SearchStrategy[str]:
    return some.integers(0, 99_999_999).map(lambda units: f"0.{units:08}")


@settings(max_examples=12, deadline=None)
@given(
    qty=some.integers(-300, 300).filter(bool),
    cents=some.integers(100, 9999),
    borrow=rates(),
    credit=rates(),
    debit=rates(),
)
def test_forty_days_are_what_fractions_say(
    qty: int, cents: int, borrow: str, credit: str, debit: str
) -> None:
    """Each day's amount is exact to 10**-18, against the account; the books hold all of it."""
    stage = held(qty, f"{cents // 100}.{cents % 100:02}", borrow, credit, debit)
    flows = [record for record in stage.records if isinstance(record, r.FlowAccrued)]
    cash, owed = Fraction(10000) - Fraction(qty * cents, 100), Fraction(0)
    worth = Fraction(max(-qty, 0) * cents, 100)
    paid = {record.ts: record for record in stage.records if isinstance(record, r.FlowPaid)}
    for ts in sorted({record.ts for record in flows}):
        made = {record.reason: record for record in flows if record.ts == ts}
        balance = cash - worth
        exact = {
            FlowReason.BORROW_FEE: -worth * Fraction(borrow) / 360,
            FlowReason.INTEREST: balance * Fraction(credit if balance > 0 else debit) / 360,
        }
        for reason, record in made.items():
            amount = Fraction(int(record.amount), 10**18)
            assert 0 <= exact[reason] - amount < Fraction(1, 10**18)
            owed += amount
        if ts in paid:
            booked = Fraction(int(paid[ts].amount), 10**18)
            assert 0 <= owed - booked < Fraction(1, 100)
            assert (booked * 100).denominator == 1
            cash, owed = cash + booked, owed - booked
    assert Fraction(stage.ledger.balance("cash", "USD"), 10**18) == cash
    assert Fraction(stage.ledger.balance("accrued", "USD"), 10**18) == owed
    assert not any(stage.ledger.sums().values())


@pytest.mark.parametrize(
    ("unlisted", "day", "rate"),
    [
        (Unlisted.FREE, "2024-01-01", "0"),
        (Unlisted.DENY, "2024-01-01", None),
        (Unlisted.DENY, "2024-01-02", "0.3"),
        (Unlisted.FREE, "2024-01-05", None),
    ],
)
def test_a_rate_holds_from_its_day_on(unlisted: Unlisted, day: str, rate: str | None) -> None:
    lending = Lending(
        FinancingConfig(
            unlisted=unlisted,
            borrow=(
                BorrowRate(symbol="XYZ", since="2024-01-02", rate="0.3"),
                BorrowRate(symbol="XYZ", since="2024-01-05"),
            ),
        )
    )
    assert lending.rate("XYZ", day_of(day, "borrow")) == rate


def test_without_a_configuration_all_is_lent_for_nothing() -> None:
    assert Lending(None).rate("XYZ", 0) == "0"
