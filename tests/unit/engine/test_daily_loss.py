"""The largest loss of a day: the session is paused or stopped, and adds nothing until the next."""

from __future__ import annotations

from typing import Any

import pytest
from tests.rehearsal import Rehearsal, rehearse

from offbook import Bar, Quote, Strategy, Trade
from offbook.domain import records as r
from offbook.domain.config import DailyLoss, OnDailyLoss, RiskConfig
from offbook.domain.errors import InvalidConfig
from offbook.domain.orders import OrderSide, RejectReason
from offbook.domain.session import SessionStatus
from offbook.testing.markets import (
    SECOND,
    START,
    XYZ,
    BuiltMarket,
    bars_market,
    quotes_market,
    trades_market,
)

BUY, SELL = OrderSide.BUY, OrderSide.SELL
FALLING = [("99", "101", "100", "100")] * 2 + [
    (str(99 - 2 * step), str(101 - 2 * step), "100", "100") for step in range(1, 9)
]

PRICES = [100] * 20 + list(range(100, 80, -1))


def falling(limit: DailyLoss, *, strategy: Strategy | None = None, **more: Any) -> Rehearsal:
    """Ten shares are bought at 101 and the market falls by two a second from 100."""
    market = quotes_market(FALLING, instrument=XYZ, **more)
    rehearsal = rehearse(market, strategy, risk=RiskConfig(daily_loss=limit), cash="10000")
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "10")
    rehearsal.send("B", BUY, "1", "50")
    return rehearsal


@pytest.mark.parametrize(
    "limit", [DailyLoss(amount="50"), DailyLoss(percent="0.5")], ids=["amount", "percent"]
)
def test_the_session_is_paused_at_the_first_row_that_reaches_the_limit(limit: DailyLoss) -> None:
    """Bought at 101, worth 100: the loss is 10, and 20 more with every row."""
    rehearsal = falling(limit)
    rehearsal.rest()
    (began,) = rehearsal.of(r.DayBegan)
    (reached,) = rehearsal.of(r.DailyLossReached)
    (paused,) = rehearsal.of(r.SessionPaused)
    assert (began.ts, str(began.equity)) == (START, "10000")
    assert (str(reached.loss), str(reached.limit), str(reached.equity)) == ("50", "50", "9950")
    assert (
        (paused.reason, paused.ts)
        == ("daily_loss", reached.ts)
        == ("daily_loss", START + 3 * SECOND)
    )
    assert rehearsal.order("B").order_status.value == "CANCELED"


def test_by_policy_it_is_stopped() -> None:
    rehearsal = falling(DailyLoss(amount="50", action=OnDailyLoss.STOP))
    rehearsal.rest()
    assert rehearsal.ledger.status is SessionStatus.STOPPED
    assert rehearsal.ledger.status_reason == "daily_loss"
    assert rehearsal.ledger.position("XYZ").qty == 10


def test_the_strategy_does_not_see_the_row_that_paused_it() -> None:
    class Watches(Strategy):
        """Counts what it sees."""

        def on_start(self) -> None:
            self.seen: list[int] = []
            self.paused_after = -1

        def on_quote(self, quote: Quote) -> None:
            self.seen.append(quote.row)

        def on_pause(self) -> None:
            self.paused_after = len(self.seen)

    strategy = Watches()
    rehearsal = falling(DailyLoss(amount="50"), strategy=strategy)
    rehearsal.rest()
    assert strategy.seen == [0, 1, 2]
    assert strategy.paused_after == 3


@pytest.mark.parametrize(
    "market",
    [
        trades_market([(str(price), "100") for price in PRICES], instrument=XYZ),
        bars_market([(str(price),) * 4 + ("1000",) for price in PRICES], instrument=XYZ),
    ],
    ids=["prints", "bars"],
)
def test_a_strategy_without_orders_is_paused_at_the_very_row(market: BuiltMarket) -> None:
    """Ten shares bought at 100 have lost 50 where the price is 95; what follows is not seen."""

    class Watches(Strategy):
        """Notes what it sees."""

        def on_start(self) -> None:
            self.seen: list[int] = []

        def on_trade(self, trade: Trade) -> None:
            self.seen.append(trade.row)

        def on_bar(self, bar: Bar) -> None:
            self.seen.append(bar.row)

    strategy = Watches()
    rehearsal = rehearse(market, strategy, risk=RiskConfig(daily_loss=DailyLoss(amount="50")))
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "10")
    rehearsal.rest()
    (paused,) = rehearsal.of(r.SessionPaused)
    assert (paused.reason, paused.row) == ("daily_loss", PRICES.index(95) + 1)
    assert strategy.seen == list(range(PRICES.index(95)))


def test_resumed_on_the_same_day_it_may_reduce_and_not_add() -> None:
    rehearsal = falling(DailyLoss(amount="50"))
    rehearsal.rows(4)
    assert rehearsal.ledger.status is SessionStatus.PAUSED
    rehearsal.resume()
    rehearsal.send("C", BUY, "1")
    rehearsal.send("D", SELL, "11")
    rehearsal.send("E", SELL, "10")
    rehearsal.rest()
    denied = [(d.client_order_id, d.reason, d.limit, d.value) for d in rehearsal.of(r.OrderDenied)]
    assert denied == [(name, RejectReason.DAILY_LOSS, "50", "50") for name in "CD"]
    assert rehearsal.order("E").order_status.value == "FILLED"
    assert len(rehearsal.of(r.DailyLossReached)) == 1


def test_after_a_days_loss_a_replace_does_not_grow_beyond_what_reduces() -> None:
    rehearsal = falling(DailyLoss(amount="50"))
    rehearsal.rows(4)
    rehearsal.resume()
    rehearsal.send("E", SELL, "10", "105")
    rehearsal.replace("E", qty="11")
    assert [d.reason for d in rehearsal.of(r.RequestDenied)] == [RejectReason.DAILY_LOSS]


def test_the_next_day_begins_with_what_there_is_then() -> None:
    """At midnight UTC in a market that never closes: the loss of the day before is forgotten."""
    midnight = (START // 86_400_000_000_000 + 1) * 86_400_000_000_000
    times = [midnight + (step - 3) * SECOND for step in range(10)]
    rehearsal = falling(DailyLoss(amount="60"), times=times)
    rehearsal.rest()
    first, second = rehearsal.of(r.DayBegan)
    assert second.ts == first.ends == midnight
    assert str(second.equity) == "9970"
    (reached,) = rehearsal.of(r.DailyLossReached)
    assert reached.ts > midnight
    assert str(reached.loss) == "60"


@pytest.mark.parametrize(
    "given",
    [{}, {"amount": "1", "percent": "1"}, {"amount": "0"}, {"percent": "0"}, {"percent": "101"}],
)
def test_a_limit_that_means_nothing_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(InvalidConfig, match=r"risk\.daily_loss"):
        DailyLoss(**given)
