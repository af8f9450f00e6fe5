"""Portfolio margin at random: what is asked for is the largest of ten losses, and nothing happens
to an account while every price stays inside its band."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from random import Random
from types import SimpleNamespace
from typing import Any

import msgspec
from tests.properties.random_conditions import TOGETHER
from tests.properties.random_sessions import again, improvise
from tests.properties.reference_stress import stressed

from offbook.domain.config import AccountConfig, PortfolioMargin, ProductGroup
from offbook.domain.market_data import DataKind, MarketInfo, SourceInfo
from offbook.domain.records import decode_record
from offbook.domain.values import Amount
from offbook.engine.account.equity_bands import Bound, bands_within
from offbook.engine.account.margin_rules import initial_rule, maintenance_rule
from offbook.engine.account.need import MaintenanceRule
from offbook.engine.account.valuation import Valuation
from offbook.engine.desk.terms import Market
from offbook.engine.ledger.ledger import LedgerState
from offbook.engine.wake import NO_FALL, NO_RISE, UNBOUNDED, Band
from offbook.testing.markets import XYZ

SYMBOLS = "ABCDE"
INSTRUMENTS = {s: msgspec.structs.replace(XYZ, symbol=s, base=s) for s in SYMBOLS}


class Account:
    """Positions and prices that are made up, and cash for about what they need."""

    def __init__(self, rng: Random) -> None:
        pick = rng.choice
        groups = tuple(
            ProductGroup(
                symbols=symbols,
                down=pick(["0.08", "0.1", "0.333"]),
                up=pick(["0.06", "0.1", "0.5"]),
                offset=pick(["0", "0.75", "0.9", "1"]),
            )
            for symbols in pick([(), (tuple("AB"),), (tuple("ABC"),), (tuple("AB"), tuple("CD"))])
        )
        self.margin = PortfolioMargin(
            move=pick(["0.15", "0.2"]), groups=groups, initial_factor=pick(["1", "1.1", "1.9"])
        )
        self.config = AccountConfig(currency="USD", type="margin", portfolio_margin=self.margin)  # type: ignore[arg-type]  # text as in a file
        self.held = {
            s: rng.randint(1, 500) * pick([1, -1]) for s in rng.sample(SYMBOLS, rng.randint(1, 5))
        }
        self.bids = {s: rng.randint(50, 20_000) for s in SYMBOLS}
        self.spread = pick([0, 1, 2, 7])
        self.valuation = Valuation(self.config, self.prices)
        self.valuation.join(
            MarketInfo(
                sources=tuple(SourceInfo(symbol=s, kind=DataKind.QUOTES) for s in SYMBOLS),
                instruments=tuple(INSTRUMENTS.values()),
                data_identity="",
                calendar_identity="",
            )
        )
        self.cash = 0
        about = self.need("maintenance") - self.worth()
        self.cash = int(about * 10**18) + rng.randint(-200, 2000) * 10**18

    def prices(self, symbol: str) -> Market:
        bid = self.bids[symbol]
        return Market(bid_px=bid, ask_px=bid + self.spread)

    def rule(self, which: str) -> MaintenanceRule:
        make = initial_rule if which == "initial" else maintenance_rule
        return make(self.config, self.valuation, INSTRUMENTS)

    def values(self) -> dict[str, Fraction]:
        twice = {s: 2 * self.bids[s] + self.spread for s in self.held}
        return {s: Fraction(qty * twice[s], 200) for s, qty in self.held.items()}

    def worth(self) -> Fraction:
        return sum(self.values().values(), Fraction(0))

    def need(self, which: str) -> Fraction:
        return stressed(self.margin, self.values(), opens=which == "initial")

    def equity(self) -> Fraction:
        return Fraction(self.cash, 10**18) + self.worth()

    @property
    def kernel(self) -> Any:
        """As much of one as the bands ask for."""
        money = {"USD": Amount(self.cash)}
        return SimpleNamespace(
            ledger=SimpleNamespace(money=lambda: money, held_positions=lambda: self.held),
            valuation=self.valuation,
            instruments=INSTRUMENTS,
            prices=self.prices,
            equity=lambda: self.valuation.equity(money, self.held),
        )


def test_what_is_asked_for_is_the_largest_of_ten_losses() -> None:
    """Also of factors and offsets that leave fractions."""
    rng = Random(4210)
    seen = set()
    for _ in range(120):
        account = Account(rng)
        for which in ("maintenance", "initial"):
            needed = account.rule(which).need(account.held)
            assert Fraction(needed.required, 10**18) == account.need(which), account.held
        seen.add((len(account.held), bool(account.margin.groups), account.need("initial") == 0))
    assert len(seen) > 8


def test_nothing_happens_inside_the_bands() -> None:
    """No call while there is none, no end of one before its equity is there: at the corners of the
    bands and anywhere within."""
    rng = Random(2210)
    judged = left = 0
    for case in range(250):
        account = Account(rng)
        which = rng.choice(["maintenance", "initial"])
        is_enough = account.equity() >= account.need(which)
        need = account.rule(which).need(account.held)
        sign = 1 if is_enough else -1
        bound = Bound(need.denominator, need.most, 0 if is_enough else -1, sign, need)
        bands = bands_within(account.kernel, [bound])
        if bands is None:
            left += 1
            continue
        for corner in range(6):
            for symbol in account.held:
                band = bands.get(symbol, UNBOUNDED)
                account.bids[symbol] = moved(rng, band, account.spread, corner < 3)
            assert (account.equity() >= account.need(which)) is is_enough, (case, account.held)
            judged += 1
    assert judged > 900, (judged, left)


def moved(rng: Random, band: Band, spread: int, to_the_edge: bool) -> int:
    """A bid inside a band: the last one before it is left, or any."""
    low = max(band.bid_falls + 1, 1) if band.bid_falls > NO_FALL else 1
    high = band.ask_rises - spread - 1 if band.ask_rises < NO_RISE else max(low, 1) + 50_000
    if to_the_edge:
        return low if band.bid_falls > NO_FALL else high
    return rng.randint(low, max(high, low))


def test_rows_that_are_passed_over_change_nothing() -> None:
    """With splits and dividends: every row, none that is not asked for, and slices give the same
    bytes; the books balance after each record."""
    seen: Counter[str] = Counter()
    for seed in (6741, 6743, 6765, 6778, 6787):
        done = improvise(seed, "several", rows=60, accounts=TOGETHER)
        raws = done.rehearsal.raws
        assert again(done, lambda: 10**9, every_row=True) == raws, f"seed {seed}: every row"
        assert again(done, lambda: 7) == raws, f"seed {seed}: in slices"
        ledger = LedgerState()
        for raw in raws:
            record = decode_record(raw)
            ledger.apply(record)
            assert not any(ledger.sums().values()), record
            seen[type(record).__name__] += 1
    for name in ("MarginCalled", "OrderFilled"):
        assert seen[name], f"no {name} among {seen}"
