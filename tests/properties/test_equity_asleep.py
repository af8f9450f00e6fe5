"""Accounts whose equity decides something, while nobody looks at a row: what a call, its end, each
step of a liquidation and a day's loss come to is what looking at every row comes to.

Each kind of account meets each kind of contract; positions are opened now and then, and between
these moments rows are passed over.
"""

from __future__ import annotations

from collections import Counter
from functools import cache, partial
from random import Random
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.properties.random_conditions import margin, portfolio
from tests.properties.test_wakes import Checked
from tests.rehearsal import attach_of, session_of

from offbook.domain import commands as c
from offbook.domain.config import (
    AccountConfig,
    AccountType,
    CombinedMarket,
    DailyLoss,
    Liquidation,
    MaintenanceTier,
    MarginCall,
    MarginMode,
    ReplayMarket,
    RiskConfig,
)
from offbook.domain.contracts import ContractTerms
from offbook.domain.instruments import AssetClass, Instrument
from offbook.domain.market_data import DataKind, MarketInfo, MergedSlice, QuoteSlice, SourceInfo
from offbook.domain.merging import merge
from offbook.domain.orders import OrderRequest, OrderSide
from offbook.domain.records import decode_record, encode_record
from offbook.domain.session import PaperTradingSession
from offbook.domain.values import Amount
from offbook.engine.account.equity_bands import Bound, bands_within
from offbook.engine.account.valuation import Valuation
from offbook.engine.desk.terms import Market
from offbook.engine.inputs import Advance, Attach, Take
from offbook.engine.processing_engine import ProcessingEngine
from offbook.testing.markets import SECOND, START, XYZ, BuiltCombination

ROWS, MOMENTS, SEEDS = 600, 12, range(3)
CALLS = {"maintenance_margin": "0.015"}
TIERS = tuple(
    MaintenanceTier(above=above, rate=rate)
    for above, rate in (("0", "0.02"), ("500", "0.03"), ("1000", "0.038"))
)
STEPS: dict[str, Any] = {"maintenance_tiers": TIERS, "liquidation": Liquidation.STEPWISE}
ISOLATED = {"margin_mode": MarginMode.ISOLATED}
ACCOUNTS: dict[str, tuple[str, dict[str, Any]]] = {
    "liquidated": ("MarginCalled", margin("50", **CALLS)),
    "denied": (
        "MarginRestored",
        margin("50", **CALLS, margin_call=MarginCall.DENY_INCREASE),
    ),
    "stepwise": ("MarginRestored", margin("25", **STEPS)),
    "isolated": ("LiquidationEnded", margin("50", **CALLS, **ISOLATED)),
    "isolated stepwise": ("LiquidationEnded", margin("25", **STEPS, **ISOLATED)),
    "portfolio": ("MarginCalled", portfolio("3")[1]),
    "a day's loss": ("DailyLossReached", margin("50", **CALLS)),
}
"""The record that tells, and the terms."""
CONTRACTS = ("share", "linear", "inverse", "inverse in dollars")
CELLS = [
    *((kind, contract) for kind in ACCOUNTS if kind != "portfolio" for contract in CONTRACTS),
    ("portfolio", "share"),
    ("liquidated", "linear in coins"),
    ("denied", "linear in coins"),
]
CASH = {"inverse in dollars": "4000", "linear in coins": "1"}
MOVING = tuple(CASH)
"""Where the price of XYZ is a rate of the account."""


def instrument_of(symbol: str, contract: str) -> Instrument:
    """Around 100 a contract of any kind is worth about as much as a share is."""
    made = msgspec.structs.replace(XYZ, symbol=symbol, base=symbol)
    if contract == "share":
        return made
    inverse = contract.startswith("inverse")
    terms = ContractTerms(multiplier="10000" if inverse else "1", is_inverse=inverse)
    kind = AssetClass.CRYPTO_PERPETUAL
    return msgspec.structs.replace(made, asset_class=kind, contract=terms)


def market_of(rng: Random, contract: str) -> BuiltCombination:
    """Quotes of two instruments, of which either moves by a percent and comes back; one whose price
    is a rate of the account moves farther."""
    pieces, sources = [], []
    for symbol in ("XYZ", "ABC"):
        instrument = instrument_of(symbol, contract)
        far = 5 if contract in MOVING and symbol == "XYZ" else 1
        steps = [far * step for step in rng.choices([-30, -10, -2, 0, 0, 2, 10, 30], k=ROWS)]
        mid = [10_000]
        for step in steps[1:]:
            mid.append(mid[-1] + step - (mid[-1] - 10_000) // 150)
        bid = np.array(mid, np.int64)
        ts = START + np.arange(ROWS) * SECOND + (symbol == "ABC") * SECOND // 2
        size = np.full(ROWS, 10**7)
        pieces.append(QuoteSlice(instrument, 0, ts, bid, bid + 1, size, size))
        name = f"{symbol}.csv"
        sources.append(ReplayMarket(path=name, kind=DataKind.QUOTES, instrument=instrument))
    merged = merge(0, pieces)
    assert isinstance(merged, MergedSlice)
    return BuiltCombination(config=CombinedMarket(sources=tuple(sources)), slices=(merged,))


def money_of(contract: str) -> dict[str, Any]:
    """An account in coins, or in dollars, with rates that stand or move with a price."""
    if contract == "linear in coins":
        return {"currency": "XYZ", "rates_from": {"USD": "XYZ"}}
    if contract == "inverse":
        return {"currency": "XYZ", "rates": {"ABC": "1.1", "USD": "0.01"}}
    if contract == "inverse in dollars":
        coins = {"cash": {"XYZ": "60"}, "rates": {"ABC": "101.5"}, "rates_from": {"XYZ": "XYZ"}}
        return {"currency": "USD", **coins}
    return {}


@cache
def case_of(seed: int, kind: str, contract: str) -> tuple[PaperTradingSession, Attach, MergedSlice]:
    """A session with what it is fed."""
    rng = Random(f"{seed} {kind} {contract}")
    market = market_of(rng, contract)
    loss = RiskConfig(daily_loss=DailyLoss(percent="3")) if kind == "a day's loss" else RiskConfig()
    terms = ACCOUNTS[kind][1] | money_of(contract)
    session = session_of(market, cash=CASH.get(contract, "100"), account=terms, risk=loss)
    (rows,) = market.slices
    assert isinstance(rows, MergedSlice)
    return session, attach_of(market, clock_stops=False), rows


def moments(rng: Random, leverage: int) -> list[tuple[int, OrderRequest]]:
    """After which rows which orders are sent."""
    found = []
    for row in sorted(rng.sample(range(4, 2 * ROWS - 60), MOMENTS)):
        side = rng.choice(list(OrderSide))
        qty = rng.choice([leverage // 4, leverage // 2, leverage * 3 // 4])
        symbol = rng.choice(["XYZ", "ABC"])
        found.append((row, OrderRequest(symbol=symbol, side=side, order_qty=str(qty))))
    return found


def run(seed: int, kind: str, contract: str, cut: int, *, every_row: bool = False) -> list[bytes]:
    """All records of the session."""
    session, *_ = case_of(seed, kind, contract)
    return fed(ProcessingEngine(session, every_row=every_row), seed, kind, contract, cut)


def fed(engine: Any, seed: int, kind: str, contract: str, cut: int) -> list[bytes]:
    """The same of an engine of it."""
    session, attach, rows = case_of(seed, kind, contract)
    made = engine.process([attach])
    made += engine.process([Take(command=c.Start(command_id="start"), ts=START)])
    leverage = int(session.config.account.leverage or "100")
    sent = moments(Random(seed), leverage)
    for number, (row, order) in enumerate([*sent, (len(rows), None)]):
        while engine.cursor.row < row:
            place = engine.cursor.row
            made += engine.process([rows.rows(place, min(place + cut, row))])
        if order is not None:
            command = c.SubmitOrder(command_id=f"{number}", order=order)
            made += engine.process([Take(command=command, ts=engine.now + 1)])
    made += engine.process([Advance(ts=engine.now + SECOND)])
    return [encode_record(one) for one in made]


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_what_equity_decides_is_not_slept_through(kind: str) -> None:
    """However rows are cut; and it does decide something, or this would prove nothing."""
    told: Counter[str] = Counter()
    for contract in [contract for one, contract in CELLS if one == kind]:
        for seed in SEEDS:
            wanted = run(seed, kind, contract, 10**6, every_row=True)
            made = run(seed, kind, contract, [50, 10**6][seed % 2])
            assert made == wanted, f"seed {seed}, {contract}"
            told.update(type(decode_record(raw)).__name__ for raw in wanted)
    assert told[ACCOUNTS[kind][0]] > 0, told


def test_whoever_cannot_tell_a_band_is_woken_by_every_row() -> None:
    """Where a rate moves: by a hub too."""
    case = 0, "denied", "linear in coins"
    session, attach, _ = case_of(*case)
    engine = Checked(ProcessingEngine(session), attach.market)
    assert fed(engine, *case, cut=1) == run(*case, cut=1, every_row=True)


class Folded:
    """An engine that goes on from a snapshot after every input, as another."""

    def __init__(self, session: PaperTradingSession, attach: Attach) -> None:
        self._session, self._attach = session, attach
        self._engine = ProcessingEngine(session)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def process(self, inputs: list[Any]) -> list[Any]:
        """As the engine's."""
        made = self._engine.process(inputs)
        state = self._engine.snapshot()
        if state is not None:
            self._engine = ProcessingEngine(self._session)
            self._engine.restore(self._attach, state)
        return made


def test_who_goes_on_from_a_snapshot_looks_at_what_is_held() -> None:
    """Though no order of his has come to it since."""
    case = 0, "liquidated", "share"
    session, attach, _ = case_of(*case)
    assert fed(Folded(session, attach), *case, cut=50) == run(*case, cut=50, every_row=True)


def test_no_band_is_told_where_a_rate_moves() -> None:
    """Of what is held, or of money that lies there: nobody knows what it will be worth."""
    config = AccountConfig(
        currency="ABC", type=AccountType.MARGIN, leverage="2", rates_from={"USD": "ABC"}
    )
    instruments = {symbol: instrument_of(symbol, "share") for symbol in ("XYZ", "ABC")}

    def prices(_: str) -> Market:
        return Market(bid_px=10_000, ask_px=10_001)

    valuation = Valuation(config, prices)
    valuation.join(
        MarketInfo(
            sources=tuple(SourceInfo(symbol=s, kind=DataKind.QUOTES) for s in instruments),
            instruments=tuple(instruments.values()),
            data_identity="",
            calendar_identity="",
        )
    )
    for currency in ("ABC", "USD"):
        money, held = {currency: Amount(10**20)}, {"XYZ": 10}
        kernel: Any = SimpleNamespace(
            ledger=SimpleNamespace(money=partial(dict, money), held_positions=partial(dict, held)),
            valuation=valuation,
            instruments=instruments,
            prices=prices,
            equity=partial(valuation.equity, money, held),
        )
        assert bands_within(kernel, [Bound(d=1, n=0, at=0, sign=1)]) is None
