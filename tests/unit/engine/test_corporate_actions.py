"""Corporate actions in the engine: arithmetic beside fractions, snapshots, what a strategy sees."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.rehearsal import rehearse
from tests.scenarios.stage import Stage, Table

from offbook import Quote, Strategy
from offbook.domain.config import ActionKind, Adjustment, CorporateAction, LatencyConfig
from offbook.domain.session import SessionSummary
from offbook.domain.values import Amount
from offbook.engine.events.order_adjusting import _lower
from offbook.engine.events.restating import divided, restated_px
from offbook.engine.inputs import Advance, Attach
from offbook.engine.ledger.state import PositionState
from offbook.engine.processing_engine import ProcessingEngine
from offbook.testing.markets import START, XYZ, quotes_market

HELD = """
    given hours 24/7; margin 4x; cash 1000; action split 4:1 ex 2024-01-03
    given action dividend 0.25 ex 2024-01-03 pay 2024-01-09
    time         what                       expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:01     buy a 10                   a PENDING_NEW; a NEW; a FILL 10 @ 100.02 taker
    09:30:02     sell b 5 trail 2           b PENDING_NEW; b NEW stop 98.00
    2024-01-03
    00:00:00     -                          ...
"""


def staged(text: str) -> Stage:
    """A table played to its last line."""
    table = Table(text)
    stage = Stage(table)
    for line in table.lines:
        stage.carry_out(line)
        stage.feed(Advance(ts=line.ts))
    return stage


def test_a_snapshot_between_a_split_and_the_next_row_knows_the_restated_price() -> None:
    """The rows of the market that it comes back with are from before."""
    stage = staged(HELD)
    state = stage.engine.snapshot()
    assert state is not None
    setting = stage.table.setting
    again = ProcessingEngine(stage.engine._session)
    again.restore(Attach(market=setting.market, calendars=setting.calendars), state)
    assert again.summary() == stage.engine.summary()
    assert again._kernel.prices("XYZ") == stage.engine._kernel.prices("XYZ")
    assert again.wake() == stage.engine.wake()
    assert again.snapshot() == state


def test_a_snapshot_knows_the_price_with_which_a_symbol_became_another() -> None:
    """Also where the old one has rows after that, which are of the new one no more."""
    stage = staged("""
    given BTCUSDT; margin 10x; cash 130; beside BTXUSDT quotes
    given action symbol_change BTXUSDT ex 2024-01-03
    time         what                       expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:01     buy a 10                   ...
    2024-01-03
    09:30:00     quote 97.00 97.10 50 50
    """)
    state = stage.engine.snapshot()
    assert state is not None
    setting = stage.table.setting
    again = ProcessingEngine(stage.engine._session)
    again.restore(Attach(market=setting.market, calendars=setting.calendars), state)
    assert again.summary() == stage.engine.summary()
    assert again._kernel.prices("BTXUSDT") == stage.engine._kernel.prices("BTXUSDT")
    assert again.snapshot() == state


def test_what_fractions_realize_is_told_of_the_symbol_that_they_became() -> None:
    """Also where nothing whole is left of them, and none of it was ever held."""
    stage = staged("""
    given BTCUSDT; margin 10x; cash 130; beside BTXUSDT quotes
    given action symbol_change BTXUSDT ex 2024-01-03 ratio 1:1000000
    time         what                       expect
    09:30:00     quote 100.00 100.02 50 50
    09:30:01     buy a 1                    ...
    2024-01-03
    09:30:00     quote 97.00 97.10 50 50
    """)
    ledger = stage.engine._kernel.ledger
    assert ledger.position("BTXUSDT").qty == 0
    assert sum(one.realized for one in ledger.positions.values()) == ledger.realized != 0


def test_a_split_calls_for_no_margin() -> None:
    """The account is as rich as before, though no row has told the new price yet."""
    summary = staged(HELD).engine.summary()
    assert isinstance(summary, SessionSummary)
    # Ten shares at 100.02, now forty at a mid of 25.00; and 10 of dividend on forty, or 2.50 on
    # ten: whichever of a day's actions is told first is first.
    assert summary.positions == {"XYZ": "40"}
    assert summary.equity == Amount.parse("1009.80")
    assert summary.income == Amount.parse("10")


@given(
    qty=some.integers(-(10**9), 10**9).filter(bool),
    cost=some.integers(0, 10**30),
    new=some.integers(1, 50),
    old=some.integers(1, 50),
    twice_mid=some.integers(2, 10**7),
    lot=some.sampled_from([1, 2, 100]),
)
def test_a_split_position_is_what_fractions_say(
    qty: int, cost: int, new: int, old: int, twice_mid: int, lot: int
) -> None:
    """Whole lots are kept, the rest is paid; nothing of the cost is lost."""
    part = divided(PositionState(qty=qty, cost=Amount(cost)), (new, old), twice_mid, XYZ, lot)
    exact = Fraction(abs(qty) * new, old)
    kept = abs(part.qty)
    assert kept % lot == 0
    assert 0 <= exact - kept < lot
    assert part.qty * qty >= 0
    price = Fraction(twice_mid, 2) * Fraction(old, new) * XYZ.notional_scale
    value = (exact - kept) * price * (1 if qty > 0 else -1)
    assert 0 <= value - part.in_lieu < XYZ.charge_unit
    assert part.in_lieu % XYZ.charge_unit == 0
    gone = cost - part.cost
    assert abs(gone - cost * (exact - kept) / exact) <= Fraction(1, 2)
    assert part.realized == part.in_lieu - (gone if qty > 0 else -gone)


@pytest.mark.parametrize(
    ("px", "ratio", "tick", "up", "wanted"),
    [
        (9550, (3, 1), 1, False, 3183),
        (11000, (3, 1), 1, True, 3667),
        (100, (4, 1), 5, False, 25),
        (101, (4, 1), 5, False, 25),
        (101, (4, 1), 5, True, 30),
        (1, (4, 1), 1, False, 1),
    ],
)
def test_a_split_price_is_a_whole_tick(
    px: int, ratio: tuple[int, int], tick: int, up: bool, wanted: int
) -> None:
    assert restated_px(px, ratio, tick, up=up) == wanted


def test_a_price_less_a_dividend_is_rounded_down_to_a_tick() -> None:
    """Prices of two decimals; dividends in units of 10**-12."""
    cent = 10**10
    assert _lower(9500, 245 * 10**9, cent, 1) == 9475
    assert _lower(9500, 25 * cent, cent, 5) == 9475
    assert _lower(9500, 26 * cent, cent, 5) == 9470
    assert _lower(20, 25 * cent, cent, 1) == 0
    assert _lower(None, cent, cent, 1) is None


class Watcher(Strategy):
    """Buys ten at the first quote, and notes what it knows at each."""

    def on_start(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def on_quote(self, quote: Quote) -> None:
        if not self.seen:
            self.buy(quote.instrument.symbol, 10)
        held = self.position(quote.instrument.symbol)
        self.seen.append((str(held.signed_qty), str(self.account.cash)))


def test_a_strategy_learns_of_it_as_late_as_of_anything() -> None:
    """Its position follows when reports arrive, two seconds later."""
    market = quotes_market([("100", "100", "50", "50")] * 8, instrument=XYZ)
    ex = datetime.fromtimestamp(START // 10**9 + 3, UTC).isoformat()
    split = CorporateAction(symbol="XYZ", kind=ActionKind.SPLIT, ex=ex, ratio="2:1")
    config = msgspec.structs.replace(market.config, adjustment=Adjustment.RAW, actions=(split,))
    watcher = Watcher()
    told = rehearse(
        msgspec.structs.replace(market, config=config),
        watcher,
        latency=LatencyConfig(entry_ns=0, response_ns=2 * 10**9),
    )
    told.rows(8)
    flat, ten, twenty = ("0", "10000"), ("10", "9000"), ("20", "9000")
    assert watcher.seen == [flat, flat, ten, ten, ten, twenty, twenty, twenty]
