"""What a strategy knows: the truth, as late as it would be told it."""

from random import Random
from typing import Any

import pytest
from tests.rehearsal import Rehearsal, Snapshotting, rehearse

from offbook.domain import records as r
from offbook.domain.config import BasisPointsFee, LatencyConfig
from offbook.domain.orders import ExecType, OrderSide, OrderStatus
from offbook.domain.values import Amount
from offbook.engine.account.accounts import CASH
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import SECOND, START, XYZ, quotes_market

BACK = 3 * SECOND // 10
SLOW = LatencyConfig(entry_ns=SECOND // 5, response_ns=BACK)
LATE = LatencyConfig(entry_ns=SECOND // 5, response_ns=2 * SECOND + SECOND // 2)
WAVE = [
    (f"{100 + (5 * i) % 7}", f"{101 + (5 * i) % 7}", str(2 + i % 4), str(2 + i % 3))
    for i in range(60)
]


class Busy(Snapshotting):
    """Sends, cancels and replaces by dice."""

    dice: int = 0

    def on_start(self) -> None:
        self.seen = 0

    def on_quote(self, quote: Any) -> None:
        self.seen += 1
        rng = Random(self.dice * 1000 + self.seen)
        act, open_orders = rng.random(), self.open_orders()
        if act < 0.35:
            self.buy("XYZ", rng.randint(1, 6), price=rng.choice([None, 99, 102, 104]))
        elif act < 0.6 and self.position("XYZ"):
            self.sell("XYZ", self.position("XYZ").qty, price=rng.choice([None, 103, 106]))
        elif open_orders and act < 0.8:
            self.cancel(rng.choice(open_orders).client_order_id)
        elif open_orders:
            chosen = rng.choice(open_orders)
            if chosen.price is not None:
                self.replace(chosen.client_order_id, qty=rng.randint(1, 8))


def told(rehearsal: Rehearsal) -> list[r.OrderFilled]:
    """The fills whose reports have arrived by now."""
    return [fill for fill in rehearsal.fills if fill.due <= rehearsal.engine.now]


@pytest.mark.parametrize("latency", [SLOW, LATE], ids=["within a row", "over rows"])
@pytest.mark.parametrize("dice", range(6))
def test_the_view_is_the_ledger_of_the_reports_that_arrived(
    dice: int, latency: LatencyConfig
) -> None:
    """Cash, positions and what was filled, after every row; never ahead of the truth."""
    market = quotes_market(WAVE, instrument=XYZ)
    fee = BasisPointsFee(maker="1", taker="3")
    rehearsal = rehearse(market, Busy(dice=dice), latency=latency, fee=fee)
    opening = Amount.parse("10000")
    for _ in WAVE:
        rehearsal.rows(1)
        view, ledger, heard = rehearsal.engine._kernel.view, rehearsal.ledger, told(rehearsal)
        paid = sum(p.amount for fill in heard for p in fill.postings if p.account == CASH)
        assert view.cash["USD"] == opening + paid
        position = view.positions.get("XYZ")
        assert (position.qty if position else 0) == (heard[-1].position_qty if heard else 0)
        for ordinal, order in ledger.orders.items():
            known = max((fill.cum_qty for fill in heard if fill.order == ordinal), default=0)
            assert view.orders[ordinal].cum_qty == known <= order.cum_qty
            final = view.orders[ordinal].status
            assert not final.is_terminal or final is order.status
            assert (ordinal in view.open_orders) is not final.is_terminal
    assert rehearsal.fills, "the dice made no trade"
    assert rehearsal.engine.error is None


@pytest.mark.parametrize("dice", range(3))
def test_once_all_reports_have_arrived_the_view_is_the_truth(dice: int) -> None:
    """Nothing is lost on the way."""
    market = quotes_market(WAVE, instrument=XYZ)
    rehearsal = rehearse(market, Busy(dice=dice), latency=SLOW)
    rehearsal.rest()
    rehearsal.advance(rehearsal.engine.now + 10 * SECOND)
    view, ledger = rehearsal.engine._kernel.view, rehearsal.ledger
    assert view.cash["USD"] == ledger.balance(CASH, "USD")
    assert view.positions["XYZ"].qty == rehearsal.position
    assert list(view.open_orders) == list(ledger.open_orders)
    for ordinal, order in ledger.orders.items():
        known = view.orders[ordinal]
        assert (known.status, known.cum_qty) == (order.status, order.cum_qty)
        assert (known.order_qty, known.price_px) == (order.order_qty, order.price_px)
        assert known.cum_notional == order.cum_notional
    assert view.reserved(ledger.orders, "USD") == ledger.held("cash", "USD")


class Diary(Strategy):
    """One limit buy at the first quote; writes down what it is told and what it can ask."""

    def on_start(self) -> None:
        self.told: list[tuple[int, str, int]] = []
        self.asked: list[tuple[int, str, int]] = []

    def on_quote(self, quote: Any) -> None:
        if quote.row == 0:
            self.buy("XYZ", 4, price=101, client_order_id="A")
        self.set_timer("ask", after=SECOND // 10, every=SECOND // 10)

    def on_order(self, order: Any) -> None:
        at = self.now - START
        self.told.append((at, order.exec_type.value, order.cum_qty.units))

    def on_timer(self, name: str) -> None:
        order = self.order("A")
        self.asked.append((self.now - START, order.order_status.value, order.cum_qty.units))


def test_reports_arrive_after_both_delays_and_change_what_is_known_then() -> None:
    """Sent at 0, at the venue at 0.2 s, known at 0.5 s."""
    strategy = Diary()
    market = quotes_market([("100", "101", "2", "3"), ("100", "102")], instrument=XYZ)
    rehearsal = rehearse(market, strategy, latency=SLOW)
    rehearsal.rest()
    arrival, known = SECOND // 5, SECOND // 2
    assert rehearsal.order("A").order_status is OrderStatus.PARTIALLY_FILLED
    assert rehearsal.fills[0].ts == START + arrival
    assert strategy.told == [
        (known, ExecType.NEW.value, 0),
        (known, ExecType.TRADE.value, 3),
    ]
    # Timers come before messages at one instant, so the question at 0.5 s comes too early.
    assert all(
        what == ("PENDING_NEW", 0)
        for at, *pair in strategy.asked
        if at <= known
        for what in [tuple(pair)]
    )
    assert all(
        what == ("PARTIALLY_FILLED", 3)
        for at, *pair in strategy.asked
        if at > known
        for what in [tuple(pair)]
    )


def test_buying_power_is_held_from_the_moment_of_sending() -> None:
    """A strategy cannot spend twice what it has not yet heard about."""

    class Spender(Strategy):
        def on_quote(self, quote: Any) -> None:
            if quote.row == 0:
                self.before = self.account
                self.buy("XYZ", 10, price=100)
                self.after = self.account

    strategy = Spender()
    rehearse(quotes_market([("100", "101")], instrument=XYZ), strategy, latency=SLOW).rest()
    assert strategy.before.buying_power == Amount.parse("10000")
    assert strategy.after.cash == strategy.before.cash
    assert strategy.after.reserved == Amount.parse("1000")
    assert strategy.after.buying_power == Amount.parse("9000")


def test_an_average_price_is_none_before_a_fill_and_exact_to_28_digits() -> None:
    """Three at 100 and one at 101."""

    class Averager(Strategy):
        def on_quote(self, quote: Any) -> None:
            if quote.row == 0:
                self.buy("XYZ", 4, client_order_id="A")
                self.first = self.order("A")

    strategy = Averager()
    market = quotes_market([("99", "100", "9", "3"), ("99", "101", "9", "3")], instrument=XYZ)
    rehearsal = rehearse(market, strategy)
    rehearsal.rest()
    rehearsal.advance(rehearsal.engine.now)
    assert strategy.first.avg_px is None
    assert strategy.first.leaves_qty.units == 4
    assert str(strategy.order("A").avg_px) == "100.25"
    assert str(strategy.position("XYZ").avg_px) == "100.25"
    assert strategy.position("XYZ").is_long
    assert strategy.order("A").is_closed
    assert strategy.order("A").leaves_qty.units == 0
    assert strategy.order("A").side is OrderSide.BUY
    assert rehearsal.order("A").avg_px == "100.250000"
