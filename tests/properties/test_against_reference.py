"""The engine against a plain reference: whatever rows and commands come, both say the same.

``campaign.py`` is the long form.  Each step is compared in records, fills with their evidence,
orders, account and what the strategy is shown; the invariants are checked after every record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.properties.campaign import Tally, case_of, main, run_case
from tests.properties.market_cases import Setup, pick_setup
from tests.properties.side_by_side import SideBySide
from tests.properties.step_cases import End, Step, pick_step
from tests.properties.telling_cases import TELLING, with_one_that_tells
from tests.rehearsal import rehearse

from offbook.domain.calendars import TradingCalendar
from offbook.domain.config import LatencyConfig
from offbook.domain.orders import Liquidity, OrderSide
from offbook.testing.markets import MINUTE, START, XYZ, bars_market

T = TypeVar("T")
CASES = (
    *(19, 34, 56, 61, 101, 109, 110, 136, 141, 191, 216, 260, 297),
    *(310, 357, 379, 396, 414, 416, 457, 483, 512, 545, 557, 624, 679),
)
"""Sessions of a campaign in which all of these come about."""
RARE = (
    "DAILY_LOSS",
    "DailyLossReached",
    "FlowPaid",
    "HALTED",
    "LOT_SIZE",
    "LiquidationBegan",
    "LiquidationBegan-several",
    "LiquidationEnded",
    "MARGIN_CALL",
    "MARKET_CLOSED",
    "MAX_OPEN_ORDERS",
    "MAX_ORDER_NOTIONAL",
    "MAX_ORDER_QTY",
    "MAX_POSITION_NOTIONAL",
    "MAX_POSITION_QTY",
    "MINIMUM_EQUITY",
    "MIN_NOTIONAL",
    "MarginCalled",
    "MarginCalled-several",
    "NOT_BORROWABLE",
    "NO_RATE",
    "ORDER_RATE",
    "OrderAdjusted",
    "OrderRepegged",
    "PRICE_BAND",
    "PositionDelisted",
    "PositionRestated",
    "PositionSettled",
    "SELF_MATCH",
    "SESSION_NOT_TRADING",
    "SIDE_NOT_ALLOWED",
    "SYMBOL_NOT_ALLOWED",
    "SettlementDone",
    "SettlementPending",
    "TICK_SIZE",
    "TradingStatusChanged",
    "UNSETTLED",
    "accrued borrow_fee own",
    "fills:BoundedFee",
    "fills:ByInstrumentFee",
    "fills:DatedFee",
    "fills:EmpiricalDelay",
    "fills:LogNormalDelay",
    "fills:NormalDelay",
    "fills:SquareRootSlippage",
    "fills:TieredFee",
    "fills:UsRegulatoryFee",
    "fills:VolumeShareSlippage",
    "fills:bar_prices",
    "fills:bars beside",
    "fills:currencies-3",
    "fills:late",
    "fills:late-drawn",
    "fills:moving rate",
    "fills:other hours",
    "fills:others",
    "fills:own tax",
    "fills:round_each",
    "fills:several-cash",
    "fills:several-isolated",
    "fills:several-kinds",
    "fills:several-margin",
    "fills:several-portfolio",
    "fills:slippage_bound",
    "fills:stop_limit",
    "fills:surcharge",
    "fills:unpaid-cut",
    "fills:unpaid-wait",
    "fills:venues",
    "fills:volume-account",
    "fills:volume-group",
    "fills:whole_shares",
    "level: called cross",
    "level: cross",
    "level: isolated",
    "level: none cross",
    "level: unknown cross",
    "paid delisting own",
    "paid dividend changed",
    "paid dividend kept",
    "paid funding changed",
    "paid funding own",
    "paid in_lieu own",
    "paid insurance own",
    "paid interest own",
    "paid liquidation_fee own",
    "paid settlement kept",
    "paid settlement own",
    "symbol-change",
)
"""Records, refusals, fills, levels of margin calls and payments without which a comparison had left
something out."""


class Chosen:
    """Choices made by hypothesis, so that a failure shrinks."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self._draw = draw

    def pick(self, values: Sequence[T]) -> T:
        """One of these."""
        return values[self._draw(st.integers(0, len(values) - 1))]

    def number(self, least: int, most: int) -> int:
        """An integer, both ends included."""
        return int(self._draw(st.integers(least, most)))


@st.composite
def setups(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Setup:
    """A session's setup; in one of three a certain term of it is to tell."""
    source = Chosen(draw)
    setup = pick_setup(source)
    place = source.number(-2 * len(TELLING), len(TELLING) - 1)
    return setup if place < 0 else with_one_that_tells(source, setup, place)


@st.composite
def steps(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Step:
    """One step."""
    return pick_step(Chosen(draw))


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(setups(), st.lists(steps(), max_size=40))
def test_the_engine_does_what_the_reference_does(setup: Setup, wishes: list[Step]) -> None:
    """After every step; and what was recorded gives the same bytes again."""
    pair = SideBySide(setup)
    for step in [*wishes, End()]:
        pair.step(step)
    pair.replay()


def test_a_stretch_of_the_campaign_is_without_divergence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Longer sessions than hypothesis makes, the same ones each time, and a book by each queue."""
    assert (
        main(["--steps", "2000", "--seed", "26", "--books", "5", "--on-books", "2", "--jobs", "1"])
        == 0
    )
    assert " 0 divergences" in capsys.readouterr().out


def test_sessions_in_which_rare_things_happen_are_without_divergence() -> None:
    """And these do happen in them."""
    tally = Tally()
    assert [wrong for number in CASES if (wrong := run_case(*case_of(5, number), tally))] == []
    assert [kind for kind in RARE if not tally.counts[kind]] == []


def test_a_case_of_a_campaign_is_the_same_wherever_it_runs() -> None:
    """A divergence can be looked at again by its number alone."""
    assert case_of(3, 14) == case_of(3, 14)
    one, other = Tally(), Tally()
    assert run_case(*case_of(7, 2), one) == run_case(*case_of(7, 2), other)
    assert one == other


def test_an_order_that_competed_before_closed_hours_rests_after_them() -> None:
    """Only the first bar trades at its open; the last here opens beyond a limit that rests."""
    bars = [
        ("101", "101", "101", "101", "100"),
        ("101", "102", "101", "101", "100"),
        ("101", "102", "101", "101", "100"),
        ("99", "103", "99", "102", "100"),
    ]
    hours = TradingCalendar(
        name="GAP",
        opens=(START, START + 3 * MINUTE),
        closes=(START + 2 * MINUTE, START + 9 * MINUTE),
    )
    rehearsal = rehearse(bars_market(bars, instrument=XYZ), calendar=hours)
    rehearsal.rows(1)
    rehearsal.send("A", OrderSide.BUY, "5", "100")
    rehearsal.rest()
    (fill,) = rehearsal.fills
    assert (fill.last_px, fill.liquidity) == (10_000, Liquidity.ADDED)


def test_new_terms_trade_at_the_open_of_their_own_first_bar() -> None:
    """As a new order does that is sent and arrives at the same times."""
    bars = [("101", "101", "101", "101", "100")] * 3 + [("99", "103", "98", "102", "100")]
    found = []
    for replaced in (True, False):
        latency = LatencyConfig(entry_ns=MINUTE, response_ns=0)
        rehearsal = rehearse(bars_market(bars, instrument=XYZ), latency=latency)
        rehearsal.rows(1)
        if replaced:
            rehearsal.send("A", OrderSide.BUY, "5", "90", at=START + MINUTE)
        rehearsal.rows(1)
        if replaced:
            rehearsal.replace("A", price="100")
        else:
            rehearsal.send("A", OrderSide.BUY, "5", "100")
        rehearsal.rest()
        found.append([(fill.last_px, fill.liquidity) for fill in rehearsal.fills])
    assert found[0] == found[1] == [(9900, Liquidity.REMOVED)]
