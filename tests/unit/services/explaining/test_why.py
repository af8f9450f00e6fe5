"""Why there was no trade: the first gate that is shut is the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from offbook import OrderRequest, OrderSide, OrderType, Quote, Strategy
from offbook.domain.config import (
    AccountConfig,
    LatencyConfig,
    RiskConfig,
    SessionConfig,
    VenueConfig,
)
from offbook.domain.errors import InvalidInput
from offbook.domain.session import PaperTradingSession
from offbook.engine.processing_engine import ProcessingEngine
from offbook.services.explaining.gates import Explanation, GateState
from offbook.services.explaining.why import why
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.strategies.bracket_reversion import BracketReversion
from offbook.strategies.ema_cross import EmaCross
from offbook.testing.markets import START, XYZ, BuiltMarket, bars_market, quotes_market
from offbook.testing.memory_repository import InMemoryRepository
from offbook.testing.scripted_gateway import ScriptedGateway

SECOND = 1_000_000_000
MARKET = quotes_market(
    [("99", "101", "5", "5"), ("99", "101", "5", "5"), ("98", "100", "5", "5")] * 2,
    instrument=XYZ,
)


class Acts(Strategy):
    """Does one thing at its second quote."""

    def act(self) -> None:
        """What it does."""

    def words(self) -> str | None:
        """What it says of itself."""

    def on_start(self) -> None:
        self.seen = 0

    def on_quote(self, quote: Quote) -> None:
        self.seen += 1
        if self.seen == 2:
            self.act()

    def why(self) -> str | None:
        return self.words()


class Deaf(Strategy):
    """Waits for bars in a market of quotes."""

    def on_bar(self, bar: Any) -> None:
        raise AssertionError("there are no bars")


async def explained(
    strategy: type[Strategy],
    *,
    market: BuiltMarket = MARKET,
    at: int | None = START + SECOND,
    latency: int = 0,
    **parts: Any,
) -> Explanation:
    """A session run to its end, and why nothing traded at a moment (its second quote)."""
    venue = VenueConfig(latency=LatencyConfig(entry_ns=latency, response_ns=0))
    account = AccountConfig(currency="USD", initial_cash="100000")
    config = SessionConfig(market=market.config, account=account, venue=venue, **parts)

    def make_engine(session: PaperTradingSession) -> ProcessingEngine:
        return ProcessingEngine(session, strategy(), "source")

    repository, gateway = InMemoryRepository(), ScriptedGateway(market.slices)
    async with PaperTradingSessionManager(gateway, make_engine, repository) as manager:
        started = await manager.start_session(config)
        session = await manager.wait(started.id)
        return await why(session, gateway, make_engine, repository, Limits(), at=at)


def that(
    act: Callable[[Any], object] = lambda self: None,
    words: Callable[[Any], str | None] = lambda self: None,
) -> type[Strategy]:
    """A strategy that does this at its second quote, and says this of itself."""
    return type("Acting", (Acts,), {"act": act, "words": words})


def gate(found: Explanation, name: str) -> tuple[GateState, str]:
    (one,) = [gate for gate in found.gates if gate.name == name]
    return one.state, one.text


async def test_a_strategy_that_sent_nothing_is_the_answer_with_its_own_words() -> None:
    found = await explained(that(words=lambda self: "the averages to cross"))
    assert found.answer.startswith("decision: it had not sent any order yet")
    assert found.answer.endswith("it says: the averages to cross")
    assert gate(found, "data of XYZ")[1] == "bid 99.00, ask 101.00, 5 by 5"
    assert found.row == 2


async def test_words_that_raise_are_told_as_such() -> None:
    def fails(self: Any) -> str:
        raise ValueError("no words")

    found = await explained(that(words=fails))
    assert "its why() raised ValueError: no words" in found.answer


async def test_a_callback_that_this_market_never_calls_is_told() -> None:
    found = await explained(Deaf)
    assert found.answer == "subscribed data: Deaf defines on_bar, and this market gives on_quote"


async def test_a_denied_order_is_told_with_both_numbers() -> None:
    found = await explained(
        that(lambda self: self.buy("XYZ", "9")), risk=RiskConfig(max_order_qty="4")
    )
    assert found.answer.startswith("risk: the last order denied was for max order qty")
    assert found.answer.endswith("(it was 9, the limit 4)")


async def test_a_rejected_order_is_told_with_the_venues_rule() -> None:
    coarse = msgspec.structs.replace(XYZ, tick_size="0.05")
    market = quotes_market([("99", "101")] * 4, instrument=coarse)
    found = await explained(
        that(lambda self: self.buy("XYZ", "1", price="99.01")), market=market, at=None
    )
    state, text = gate(found, "venue")
    assert state is GateState.SHUT
    assert "rejected was for tick size" in text


async def test_a_limit_away_from_the_market_is_told_how_far() -> None:
    found = await explained(that(lambda self: self.buy("XYZ", "1", price="90")))
    assert "buy 1 XYZ at 90.00: price not reached: ask 101.00 is 11.00 (10.89 %) away" in (
        found.answer
    )


async def test_a_stop_that_waits_is_told_how_far_its_trigger_is() -> None:
    found = await explained(that(lambda self: self.buy("XYZ", "1", stop_price="110")))
    assert "buy 1 XYZ, stop at market: not triggered: 101.00 is 9.00 (8.91 %) away" in found.answer


async def test_a_leg_that_is_held_is_told_to_be_held() -> None:
    found = await explained(
        that(lambda self: self.buy("XYZ", "1", price="90", take_profit="120", stop_loss="80"))
    )
    texts = [g.text for g in found.gates if g.name.startswith("order ")]
    assert "price not reached" in texts[0]
    assert all("it is held until the first order of its list trades" in text for text in texts[1:])
    assert len(texts) == 3


async def test_a_limit_at_the_best_price_is_told_what_a_queue_means_here() -> None:
    found = await explained(that(lambda self: self.buy("XYZ", "1", price="99")))
    assert "queue: it stands at the best bid, where 5 are shown" in found.answer
    assert gate(found, "warm-up") == (GateState.OPEN, "it was past it, for it had ordered before")


async def test_before_its_first_order_a_strategy_may_be_warming_up() -> None:
    found = await explained(that())
    state, text = gate(found, "warm-up")
    assert state is GateState.TOLD
    assert text.startswith("2 rows seen and nothing ordered yet")


def warming(*answers: Any) -> type[Strategy]:
    """A strategy that says this of its warm-up, a callable for what raises."""

    def warm_up(self: Any) -> Any:
        if callable(answers[0]):
            return answers[0]()
        return answers[0]

    return type("Warming", (Acts,), {"warm_up": warm_up, "words": lambda self: "two more"})


async def test_a_warm_up_that_is_declared_shuts_its_gate_until_it_is_done() -> None:
    found = await explained(warming((2, 4)))
    said = "Warming had 2 of the 4 that it needs before it acts"
    assert gate(found, "warm-up") == (GateState.SHUT, said)
    assert found.answer == f"warm-up: {said}"
    text = "it had not sent any order yet: it was warming up; it says: two more"
    assert gate(found, "decision") == (GateState.SHUT, text)
    done = await explained(warming((4, 4)))
    assert gate(done, "warm-up")[0] is GateState.OPEN
    assert done.answer.startswith("decision: it had not sent any order yet: its condition")


class Small(EmaCross):
    """Its slow average needs four quotes."""

    fast: int = 1
    slow: int = 4


class Short(BracketReversion):
    """Counts the bars that it has built."""

    timeframe: str = "1s"
    length: int = 4


@pytest.mark.parametrize(("strategy", "has"), [(Small, 2), (Short, 1)])
async def test_the_examples_declare_what_they_gather(strategy: type[Strategy], has: int) -> None:
    early = gate(await explained(strategy), "warm-up")
    said = f"{strategy.__name__} had {has} of the 4 that it needs before it acts"
    assert early == (GateState.SHUT, said)
    late = gate(await explained(strategy, at=None), "warm-up")
    assert late[0] is GateState.OPEN


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda: 1 / 0, "its warm_up() raised ZeroDivisionError: division by zero"),
        (7, "its warm_up() gave 7, expected two integers: how much it has, and needs"),
        ((1, True), "its warm_up() gave (1, True), expected two integers"),
    ],
)
async def test_a_warm_up_that_is_no_answer_is_told_as_such(answer: Any, said: str) -> None:
    found = await explained(warming(answer))
    state, text = gate(found, "warm-up")
    assert (state, text.startswith(said)) == (GateState.TOLD, True)


async def test_an_order_on_its_way_is_told_to_be_on_its_way() -> None:
    found = await explained(that(lambda self: self.buy("XYZ", "1")), latency=SECOND // 2)
    assert found.answer.endswith("it was on its way to the venue")


async def test_liquidity_that_was_taken_is_told() -> None:
    found = await explained(that(lambda self: self.buy("XYZ", "7")))
    assert "liquidity: of 5 shown at the ask it had taken all but 0" in found.answer
    assert "1 so far" in gate(found, "fills")[1]


async def test_a_paused_session_says_since_when_and_why() -> None:
    def fails(self: Any) -> None:
        raise ValueError("author's fault")

    found = await explained(that(fails))
    assert found.answer.startswith("session: it was PAUSED (strategy error) since ")
    assert "on_quote had raised ValueError" in found.answer


async def test_a_trade_at_that_very_moment_is_no_riddle() -> None:
    found = await explained(that(lambda self: self.buy("XYZ", "1")))
    assert found.answer.startswith("there was a trade at this moment: record ")


async def test_on_bars_a_limit_needs_more_than_a_touch() -> None:
    class OnBars(Strategy):
        """A limit at its first bar."""

        def on_bar(self, bar: Any) -> None:
            if not self.open_orders():
                self.buy("XYZ", "1", price="90")

    market = bars_market([("100", "101", "99", "100", "1000")] * 4, instrument=XYZ)
    found = await explained(OnBars, market=market, at=None)
    assert "price not reached: the last price 100.00 is 10.00" in found.answer


async def test_before_the_first_price_there_is_nothing_to_trade_against() -> None:
    """An order at the very start is denied, and the explanation begins with the data."""

    class Early(Strategy):
        """Orders before any row."""

        def on_start(self) -> None:
            self.submit(
                OrderRequest(
                    symbol="XYZ", side=OrderSide.BUY, order_qty="1", order_type=OrderType.MARKET
                )
            )

    found = await explained(Early, at=START)
    assert gate(found, "risk")[1].startswith("the last order denied was for no market data")


@pytest.mark.parametrize("at", [START - 1, START + 10**15])
async def test_a_time_outside_the_session_is_refused_with_its_span(at: int) -> None:
    with pytest.raises(InvalidInput, match="is outside the session, which ran from 2024-01-02T14"):
        await explained(that(), at=at)
