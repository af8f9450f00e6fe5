"""Isolated positions under funding that eats them up: nobody ever owes, and nothing turns on how
rows were visited."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from random import Random
from typing import Any

import msgspec
import pytest
from tests.rehearsal import Rehearsal, attach_of, session_of

from offbook.domain.config import FundingRate, Liquidation, MaintenanceTier, MarginMode
from offbook.domain.instruments import AssetClass
from offbook.domain.orders import OrderSide
from offbook.domain.records import MarginDrawn
from offbook.engine.account.isolated_funds import IsolatedFunds
from offbook.engine.processing_engine import ProcessingEngine
from offbook.testing.markets import BTCUSDT, SECOND, START, BuiltMarket, quotes_market

PERPETUAL = msgspec.structs.replace(BTCUSDT, asset_class=AssetClass.CRYPTO_PERPETUAL)
TIERS = tuple(
    MaintenanceTier(above=above, rate=rate) for above, rate in (("0", "0.004"), ("300", "0.01"))
)
ROWS = 60


def market_at_random(rng: Random) -> BuiltMarket:
    """Quotes that walk, and funding every few of them."""
    cents, rows = 10_000, []
    for _ in range(ROWS):
        cents += rng.choice([-25, -10, 0, 10, 25])
        rows.append((f"{cents / 100:.2f}", f"{(cents + 1) / 100:.2f}", "99", "99"))
    built = quotes_market(rows, instrument=PERPETUAL)
    way = rng.choice([-1, 1])
    funding = tuple(
        FundingRate(
            at=datetime.fromtimestamp(START // SECOND + second, UTC).isoformat(),
            rate=f"{way * rng.randint(1, 40) / 1000}",
        )
        for second in range(5, ROWS, rng.randint(4, 9))
    )
    return BuiltMarket(
        config=msgspec.structs.replace(built.config, funding=funding), slices=built.slices
    )


def run(seed: int, *, every_row: bool, step: int, restores: bool = False) -> Rehearsal:
    """Opened with all there is, reduced, added to, and turned over, as far as it is let; with
    ``restores`` another engine goes on from a snapshot after every step."""
    rng = Random(seed)
    market = market_at_random(rng)
    account: dict[str, Any] = {
        "type": "margin",
        "leverage": "10",
        "margin_mode": MarginMode.ISOLATED,
        "liquidation_fee": rng.choice(["0", "0.005"]),
    }
    if rng.random() < 0.5:
        account |= {"maintenance_tiers": TIERS, "liquidation": Liquidation.STEPWISE}
    session = session_of(market, cash=rng.choice(["52.7", "53", "60"]), account=account)
    rehearsal = Rehearsal(market, session, None, attach_of(market))
    rehearsal.engine = ProcessingEngine(session, None, "source", every_row=every_row)
    rehearsal.start()

    def go_on(count: int) -> None:
        rehearsal.rows(count)
        if restores:
            state = rehearsal.engine.snapshot()
            rehearsal.engine = ProcessingEngine(session, None, "source", every_row=every_row)
            rehearsal.engine.restore(rehearsal.attach, state)
            assert rehearsal.engine.snapshot() == state

    side = rng.choice(list(OrderSide))
    orders = [(2, side, "5"), (20, side.opposite, "2"), (30, side, "0.3"), (45, side.opposite, "4")]
    for number, (row, way, qty) in enumerate(orders):
        while (left := row - rehearsal.engine.cursor.row) > 0:
            go_on(min(step, left))
        rehearsal.send(f"o{number}", way, qty)
    while rehearsal.engine.cursor.row < ROWS:
        go_on(step)
    return rehearsal


@pytest.mark.parametrize("seed", range(24))
def test_whatever_funding_takes_no_account_ends_in_debt(seed: int) -> None:
    """There is no less than what stands for open positions, and nothing owed where none is; the
    records are the same when every row is looked at, and when rows come in slices to engines that
    are restored."""
    done = run(seed, every_row=False, step=ROWS)
    assert run(seed, every_row=True, step=1).raws == done.raws
    assert run(seed, every_row=False, step=7, restores=True).raws == done.raws
    ledger, funds = done.ledger, done.engine._kernel.funds
    assert isinstance(funds, IsolatedFunds)
    assert funds.shortage() <= 0
    if not ledger.held_positions():
        assert all(amount >= 0 for amount in ledger.money().values()), ledger.money()
    assert all(state.amount > 0 for state in ledger.events.drawn.values())


def test_margins_were_drawn_on_and_positions_liquidated_for_it() -> None:
    """Else the rounds above would say nothing."""
    seen: Counter[str] = Counter()
    for seed in range(24):
        done = run(seed, every_row=False, step=ROWS)
        drawn = [record for record in done.records if isinstance(record, MarginDrawn)]
        seen["drawn"] += any(record.amount for record in drawn)
        seen["liquidated"] += any("LiquidationBegan" in type(r).__name__ for r in done.records)
        seen["flat"] += not done.ledger.held_positions()
    assert min(seen.values()) > 3, seen
