"""How much one callback may send, and how many timers may wait."""

from typing import Any

import pytest
from tests.rehearsal import rehearse

from offbook.domain.errors import TooManyRequests
from offbook.domain.records import OrderDenied, StrategyFailed, TimerSet
from offbook.domain.session import SessionStatus
from offbook.engine.desk import desk
from offbook.engine.strategy import host
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import SECOND, XYZ, quotes_market

ROWS = [("100", "101", "50", "50")] * 4
MOST = 20
MOST_TIMERS = 12


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds that are quickly reached."""
    assert (host.MOST_REQUESTS, host.MOST_TIMERS) == (1000, 1000)
    monkeypatch.setattr(host, "MOST_REQUESTS", MOST)
    monkeypatch.setattr(host, "MOST_TIMERS", MOST_TIMERS)


class Sends(Strategy):
    """Sends so many requests of all kinds from each of its callbacks."""

    many: int = MOST

    def _send_all(self) -> None:
        for number in range(self.many - 3):
            self.buy("XYZ", "1000000", client_order_id=f"{self.now}-{number}-{self.calls}")
        name = self.buy("XYZ", 1, price=50, client_order_id=f"{self.now}-{self.calls}")
        self.cancel(name)
        self.set_timer("tick", after=SECOND // 3)
        self.calls += 1

    def on_start(self) -> None:
        self.calls = 0
        self._send_all()

    def on_quote(self, quote: Any) -> None:
        self._send_all()

    def on_timer(self, name: str) -> None:
        self._send_all()


def test_every_callback_may_send_as_much_as_one_may() -> None:
    """What one sent is not counted against the next, however it is called."""
    rehearsal = rehearse(quotes_market(ROWS[:2], instrument=XYZ), Sends())
    rehearsal.rest()
    assert rehearsal.engine.status is SessionStatus.RUNNING
    denied = rehearsal.of(OrderDenied)
    # At the start, at two quotes, and at three timers between them.
    assert len(denied) >= 5 * (MOST - 3)


@pytest.mark.parametrize("rows", [0, 1])
def test_one_more_is_an_error_of_the_strategy(rows: int) -> None:
    """The rest of the callback does not run; what was sent before stands."""

    class Floods(Strategy):
        def on_start(self) -> None:
            if rows == 0:
                self._flood()

        def on_quote(self, quote: Any) -> None:
            self._flood()

        def _flood(self) -> None:
            while True:
                self.buy("XYZ", "1000000")

    rehearsal = rehearse(quotes_market(ROWS, instrument=XYZ), Floods())
    rehearsal.rows(rows)
    assert (rehearsal.engine.status, rehearsal.engine.status_reason) == (
        SessionStatus.PAUSED,
        "strategy_error",
    )
    (failed,) = rehearsal.of(StrategyFailed)
    assert failed.error_type == TooManyRequests.__name__
    assert len(rehearsal.of(OrderDenied)) == MOST
    assert rehearsal.engine.error is not None
    assert str(MOST) in rehearsal.engine.error.message


def test_only_so_many_timers_wait_and_those_may_be_set_anew() -> None:
    """All of them may fall due at one instant."""
    caught: list[TooManyRequests] = []

    class Timed(Strategy):
        def on_start(self) -> None:
            for number in range(MOST_TIMERS // 2):
                self.set_timer(f"t{number}", after=SECOND)

        def on_quote(self, quote: Any) -> None:
            for number in range(MOST_TIMERS // 2, MOST_TIMERS - 2):
                self.set_timer(f"t{number}", after=100 * SECOND)
            self.set_timer("last but one", after=100 * SECOND)
            self.set_timer("last", after=100 * SECOND)
            self.set_timer("last", after=200 * SECOND)
            try:
                self.set_timer("one more", after=SECOND)
            except TooManyRequests as error:
                caught.append(error)
            self.cancel_timer("last")
            self.set_timer("one more", after=SECOND)

    rehearsal = rehearse(quotes_market(ROWS, instrument=XYZ), Timed())
    rehearsal.rows(1)
    assert [error.fields for error in caught] == [{"limit": MOST_TIMERS}]
    assert len(rehearsal.ledger.timers) == MOST_TIMERS
    assert rehearsal.of(TimerSet)[-1].name == "one more"
    assert rehearsal.engine.status is SessionStatus.RUNNING


def test_a_strategy_that_is_only_refused_is_heard_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Refused orders are kept for ever, so there must be an end of them; outsiders may go on."""
    assert desk.MOST_REFUSALS == 10_000
    monkeypatch.setattr(desk, "MOST_REFUSALS", 3)

    class Stubborn(Strategy):
        """Sends what is denied, at every row."""

        def on_quote(self, quote: Any) -> None:
            self.buy("XYZ", "1000000")

    market = quotes_market([("99", "101")] * 9, instrument=XYZ)
    rehearsal = rehearse(market, Stubborn())
    rehearsal.rest()
    assert len(rehearsal.of(OrderDenied)) == 3
    (failed,) = rehearsal.of(StrategyFailed)
    assert failed.error_type == "TooManyRequests"
    assert rehearsal.engine.error is not None
    assert "offbook why tells the reason" in rehearsal.engine.error.message
