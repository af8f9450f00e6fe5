"""Contracts and margins that end early, at random: nothing turns on how rows were visited."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from tests.properties.gambler import Gambler
from tests.properties.random_conditions import margin
from tests.properties.random_sessions import again, carry_on, fresh, improvise

from offbook.domain.config import Liquidation, MaintenanceBasis, MaintenanceTier, MarginMode
from offbook.domain.market_data import DataKind
from offbook.domain.records import decode_record
from offbook.engine.ledger.ledger import LedgerState

TIERS = tuple(
    MaintenanceTier(above=above, rate=rate)
    for above, rate in (("0", "0.0007"), ("300", "0.0008"), ("900", "0.00095"))
)


def near(mode: MarginMode, cash: str = "9", **terms: Any) -> tuple[str, dict[str, Any]]:
    """An account whose positions are liquidated by a tick or two."""
    return cash, margin("1000", margin_mode=mode, **terms)


ACCOUNTS = [
    near(MarginMode.ISOLATED, maintenance_margin="0.0009"),
    near(
        MarginMode.ISOLATED,
        maintenance_tiers=TIERS,
        liquidation=Liquidation.STEPWISE,
        maintenance_basis=MaintenanceBasis.ENTRY,
    ),
    near(MarginMode.CROSS, "3", maintenance_tiers=TIERS, liquidation=Liquidation.STEPWISE),
]
KINDS = [DataKind.QUOTES, DataKind.BARS, "several"]


@pytest.mark.parametrize("account", range(len(ACCOUNTS)))
def test_a_liquidation_comes_whether_or_not_rows_are_passed_over(account: int) -> None:
    """Every row, none that is not asked for, slices, and snapshots in between: the same bytes; and
    the books balance after each record."""
    happened: Counter[str] = Counter()
    for seed in range(9):
        done = improvise(
            8000 + seed, KINDS[seed % 3], strategy=Gambler, accounts=ACCOUNTS[account : account + 1]
        )
        raws = done.rehearsal.raws
        assert again(done, lambda: 10**9, every_row=True) == raws, f"seed {seed}: every row"
        assert again(done, lambda: 7) == raws, f"seed {seed}: in slices"
        for fed, records, state in done.steps[::12]:
            if state is not None:
                engine = fresh(done)
                engine.restore(done.rehearsal.attach, state)
                tail = carry_on(done, engine, fed, records, lambda: 10**9)
                assert tail == raws[records:], f"seed {seed}: from a snapshot"
        ledger = LedgerState()
        for raw in raws:
            record = decode_record(raw)
            ledger.apply(record)
            assert not any(ledger.sums().values()), record
            happened[type(record).__name__] += 1
    began = happened["LiquidationBegan"] if account < 2 else happened["MarginCalled"]
    assert began > (1 if account < 2 else 0), happened
    assert happened["PositionSettled"], happened
