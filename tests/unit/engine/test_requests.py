"""Requests about working orders: what a strategy may ask while an answer is on its way."""

from typing import Any

import msgspec
from tests.rehearsal import rehearse

from offbook.domain import records as r
from offbook.domain.config import LatencyConfig
from offbook.domain.orders import (
    ContingencyType,
    ExecType,
    OrderListRequest,
    OrderSide,
    OrderStatus,
    RejectReason,
)
from offbook.domain.session import SessionStatus
from offbook.engine.strategy.strategy import Strategy
from offbook.engine.strategy.view import OrderUpdate
from offbook.testing.markets import SECOND, START, XYZ, quotes_market

FLAT = [("100", "101")] * 6


class OtherText(str):
    """A text that is not Python's own kind, as numpy's are."""


class Actor(Strategy):
    """Sends a limit buy with the first quote and acts when its timers fall due."""

    def on_start(self) -> None:
        self.heard: list[tuple[str, str | None]] = []
        self.seen: list[Any] = []

    def on_quote(self, quote: Any) -> None:
        if quote.row == 0:
            self.buy("XYZ", 10, price="99", client_order_id="A")
            self.set_timer("one", after=SECOND // 2)

    def on_order(self, order: OrderUpdate) -> None:
        self.heard.append((order.exec_type.value if order.exec_type else "", order.reason))


def test_a_second_replace_while_the_answer_to_the_first_travels_is_denied() -> None:
    """The venue is done with the first, but the strategy cannot know it yet."""

    class Twice(Actor):
        def on_timer(self, name: str) -> None:
            self.replace("A", price="98" if name == "one" else "97")
            if name == "one":
                self.set_timer("two", after=SECOND // 5)

    latency = LatencyConfig(entry_ns=SECOND // 10, response_ns=SECOND // 5)
    rehearsal = rehearse(quotes_market(FLAT, instrument=XYZ), Twice(), latency=latency)
    rehearsal.rest()
    assert rehearsal.engine.status is SessionStatus.RUNNING, rehearsal.engine.error
    (denied,) = rehearsal.of(r.RequestDenied)
    assert denied.reason is RejectReason.REQUEST_PENDING
    assert rehearsal.order("A").price == "98.00"


def test_a_strategy_hears_that_its_request_was_denied() -> None:
    """A refusal of our own comes to on_order like the venue's, with its reason."""

    class Greedy(Actor):
        def on_timer(self, name: str) -> None:
            self.replace("A", qty=1_000_000)

    strategy = Greedy()
    rehearsal = rehearse(quotes_market(FLAT, instrument=XYZ), strategy)
    rehearsal.rest()
    assert strategy.heard == [
        (ExecType.NEW.value, None),
        (ExecType.REPLACE_REJECTED.value, RejectReason.INSUFFICIENT_BUYING_POWER.value),
    ]
    assert rehearsal.order("A").order_status is OrderStatus.NEW


def test_a_denied_request_tells_nothing_that_was_not_reported_yet() -> None:
    """The fill is at the venue but its report travels: the denial shows the order as known."""

    class Early(Actor):
        def on_timer(self, name: str) -> None:
            self.replace("A", qty=1_000_000)

        def on_order(self, order: OrderUpdate) -> None:
            self.seen.append((order.exec_type, order.cum_qty.units))

    rows = [("100", "101"), ("98", "99", "5", "5"), ("100", "101")]
    market = quotes_market(rows, instrument=XYZ, times=[START, START + SECOND // 4, START + SECOND])
    strategy = Early()
    latency = LatencyConfig(entry_ns=0, response_ns=SECOND // 2)
    rehearse(market, strategy, latency=latency).rest()
    assert (ExecType.REPLACE_REJECTED, 0) in strategy.seen


def test_a_resting_order_that_shrinks_does_not_become_a_taker() -> None:
    """Keeping its place includes keeping its price: no improvement by asking for less."""
    rows = [("99", "101"), ("99", "101"), ("94", "95", "50", "50")]
    rehearsal = rehearse(quotes_market(rows, instrument=XYZ))
    rehearsal.rows(1)
    rehearsal.send("A", OrderSide.BUY, "10", "100")
    rehearsal.advance(START + SECOND - 1)
    rehearsal.replace("A", qty="9")
    rehearsal.rest()
    (fill,) = rehearsal.fills
    assert (fill.last_px, fill.liquidity.value) == (10000, "ADDED")


def test_outside_and_strategy_may_replace_one_order_in_turn() -> None:
    """Whoever asks, one answer is waited for, also while it travels back to the strategy."""
    latency = LatencyConfig(entry_ns=0, response_ns=SECOND // 2)
    rehearsal = rehearse(quotes_market(FLAT, instrument=XYZ), Actor(), latency=latency)
    rehearsal.rows(1)
    rehearsal.replace("A", price="98", at=START + SECOND // 5)
    rehearsal.replace("A", price="97", at=START + SECOND // 4)
    rehearsal.replace("A", price="96", at=START + SECOND)
    rehearsal.rest()
    assert [record.reason for record in rehearsal.of(r.RequestDenied)] == [
        RejectReason.REQUEST_PENDING
    ]
    assert rehearsal.order("A").price == "96.00"


def test_asking_to_cancel_again_and_again_is_no_livelock() -> None:
    """A bot that cancels all it has at every report hears nothing new from the second time on."""

    class Nervous(Actor):
        def on_order(self, order: OrderUpdate) -> None:
            for each in self.open_orders():
                self.cancel(each.client_order_id)

    latency = LatencyConfig(entry_ns=SECOND, response_ns=0)
    rehearsal = rehearse(quotes_market(FLAT, instrument=XYZ), Nervous(), latency=latency)
    rehearsal.rest()
    assert rehearsal.engine.status is SessionStatus.RUNNING
    assert rehearsal.order("A").order_status is OrderStatus.CANCELED


def test_names_of_another_kind_of_text_are_recorded_as_python_s_own() -> None:
    """A strategy may name orders, lists and timers after what it read from an array."""

    def journal(kind: type[str]) -> list[bytes]:
        class Namer(Strategy):
            def on_quote(self, quote: Any) -> None:
                if quote.row == 0:
                    names = [kind(f"N-{number}") for number in range(4)]
                    legs = [
                        self.draft(OrderSide.BUY, "XYZ", 1, price="98", client_order_id=n)
                        for n in names
                    ]
                    self.submit(legs[0])
                    self.submit(msgspec.structs.replace(legs[1], post_only=True))
                    self.submit_group(
                        OrderListRequest(
                            contingency_type=ContingencyType.OCO,
                            orders=tuple(legs[2:]),
                            order_list_id=kind("L"),
                        )
                    )
                    self.set_timer(kind("one"), after=SECOND)
                    self.set_timer(kind("two"), after=100 * SECOND)
                    self.cancel_timer(kind("two"))

            def on_timer(self, name: str) -> None:
                self.cancel(kind("N-1"))

        rehearsal = rehearse(quotes_market(FLAT, instrument=XYZ), Namer())
        rehearsal.rest()
        assert rehearsal.engine.status is SessionStatus.RUNNING, rehearsal.engine.error
        assert len(rehearsal.of(r.OrderAccepted)) == 4
        assert rehearsal.of(r.TimerFired)
        assert rehearsal.of(r.TimerCanceled)
        rehearsal.engine.snapshot()
        return rehearsal.raws

    assert journal(OtherText) == journal(str)
