"""Settlement days, and what a strategy sees of them."""

from __future__ import annotations

import pytest
from tests.rehearsal import rehearse
from tests.scenarios.wording import moment

from offbook import Quote, Strategy
from offbook.adapters.calendars import load_calendar
from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR, NEVER, TradingCalendar
from offbook.domain.config import EmpiricalDelay, LatencyConfig, SettlementConfig
from offbook.engine.account.settlement import settles_at
from offbook.testing.markets import SECOND, XYZ, quotes_market


@pytest.mark.parametrize(
    ("traded", "days", "settles"),
    [
        ("2024-01-02 15:00:00", 1, "2024-01-03 06:30:00"),
        # Before the open, the trade is of the session to come; after the close, of the next.
        ("2024-01-02 13:00:00", 1, "2024-01-03 06:30:00"),
        ("2024-01-02 22:00:00", 1, "2024-01-04 06:30:00"),
        # Over a weekend, a holiday (15 January), and at two days.
        ("2024-01-05 15:00:00", 1, "2024-01-08 06:30:00"),
        ("2024-01-12 15:00:00", 1, "2024-01-16 06:30:00"),
        ("2024-01-12 15:00:00", 2, "2024-01-17 06:30:00"),
    ],
)
def test_a_trade_settles_before_the_session_of_its_day(
    traded: str, days: int, settles: str
) -> None:
    calendar = load_calendar("XNYS")
    assert settles_at(calendar, moment(*traded.split()), days) == moment(*settles.split())


def test_where_a_market_never_closes_days_end_at_midnight() -> None:
    traded, settles = moment("2024-01-02", "15:00:00"), moment("2024-01-04", "00:00:00")
    assert settles_at(ALWAYS_OPEN_CALENDAR, traded, 2) == settles


def test_beyond_a_calendar_nothing_settles() -> None:
    calendar = TradingCalendar(name="T", opens=(10, 30), closes=(20, 40))
    assert settles_at(calendar, 15, 1) == 20
    assert settles_at(calendar, 35, 1) == NEVER


class Seller(Strategy):
    """Buys ten, sells them, and notes its buying power at every quote."""

    def on_start(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def on_quote(self, quote: Quote) -> None:
        account = self.account
        self.seen.append((str(account.unsettled), str(account.buying_power)))
        if len(self.seen) == 1:
            self.buy(quote.instrument.symbol, 10)
        if len(self.seen) == 2:
            self.sell(quote.instrument.symbol, 10)


def test_a_strategy_sees_what_it_may_spend() -> None:
    """The first three quotes are of one day, the last is after its midnight."""
    seller, hours = Seller(), 4 * 3600 * 10**9
    market = quotes_market([("100", "100", "50", "50")] * 4, instrument=XYZ, step=hours)
    account = {"settlement": SettlementConfig()}
    rehearse(market, seller, cash="1500", account=account).rows(4)
    assert seller.seen == [("0", "1500"), ("0", "500"), ("1000", "500"), ("0", "1500")]


@pytest.mark.parametrize("seed", [7, 10, 24])
def test_a_strategy_never_takes_for_settled_what_a_sale_has_just_brought(seed: int) -> None:
    """However long reports take: what waits is told with its fill."""
    seller = Seller()
    latency = LatencyConfig(
        entry_ns=0, response_ns=0, response=EmpiricalDelay(quantiles_ns=(0, 0, 0, 20 * SECOND))
    )
    market = quotes_market([("100", "100", "50", "50")] * 60, instrument=XYZ, step=SECOND)
    account = {"settlement": SettlementConfig()}
    rehearse(market, seller, cash="1500", account=account, latency=latency, seed=seed).rows(60)
    assert ("1000", "500") in seller.seen
    assert ("0", "1500") not in seller.seen[2:]
