"""Wakes: what is not asked for changes nothing."""

from typing import Any

import pytest
from tests.rehearsal import Rehearsal, Snapshotting, one_by_one, rehearse, whole

from offbook.domain import records as r
from offbook.domain.calendars import NEVER
from offbook.domain.config import LatencyConfig
from offbook.domain.orders import OrderSide, TimeInForce
from offbook.domain.records import encode_record
from offbook.domain.session import SessionStatus
from offbook.engine.inputs import Advance, EndOfData
from offbook.engine.strategy.strategy import Strategy
from offbook.engine.wake import Band, Wake
from offbook.testing.markets import SECOND, XYZ, BuiltMarket, bars_market, quotes_market

BUY, SELL = OrderSide.BUY, OrderSide.SELL
LATENCY = LatencyConfig(entry_ns=SECOND // 4, response_ns=SECOND // 2)
AT_ONCE = LatencyConfig(entry_ns=0, response_ns=0)
COUNT = 40
QUOTES = [(f"{100 + (3 * i) % 5}", f"{101 + (3 * i) % 5}", "5", "5") for i in range(COUNT)]
BARS = [(str(100 + i % 3), str(104 + i % 3), str(98 + i % 3), "101", "90") for i in range(COUNT)]


class Clockwork(Snapshotting):
    """Looks at no row; acts by its timer alone."""

    period: int = 5 * SECOND

    def on_start(self) -> None:
        self.ticks = 0
        self.set_timer("tick", every=self.period)

    def on_timer(self, name: str) -> None:
        self.ticks += 1
        if self.ticks % 2:
            self.buy("XYZ", 3, price=101 if self.ticks % 3 else None)
        elif self.position("XYZ"):
            self.close("XYZ")
        for order in self.open_orders():
            if self.ticks % 4 == 0 and order.price is not None:
                self.cancel(order.client_order_id)


def quiet(rehearsal: Rehearsal, ts: int) -> bool:
    """Whether the engine's wake says that nothing before ``ts`` or at it can change anything."""
    wake = rehearsal.engine.wake()
    return not (wake.every_row or wake.bands) and wake.at > ts


def test_a_declared_wake_is_never_missed() -> None:
    """A row, or a passing of time, that was not asked for makes no record and moves no money."""
    rehearsal = rehearse(quotes_market(QUOTES, instrument=XYZ), Clockwork(), latency=LATENCY)
    slept = 0
    for row in one_by_one(rehearsal.all_rows):
        ts = int(row.ts[0])
        sleeps = quiet(rehearsal, ts)
        before, orders = rehearsal.engine.summary(), rehearsal.engine.order_views()
        made = rehearsal.feed(row)
        if sleeps:
            slept += 1
            after = rehearsal.engine.summary()
            assert not made, f"row {row.start} was not asked for and made {made}"
            assert rehearsal.engine.order_views() == orders
            assert (after.cash, after.positions) == (before.cash, before.positions)
    assert rehearsal.fills
    assert 0 < slept < COUNT


def test_time_before_the_wake_makes_nothing_and_the_wake_comes_at_its_time() -> None:
    """Just before ``at`` nothing happens; the next thing that does is not before it."""
    rehearsal = rehearse(quotes_market(QUOTES, instrument=XYZ), Clockwork(), latency=LATENCY)
    rehearsal.rows(1)
    for _ in range(30):
        at = rehearsal.engine.wake().at
        assert at < NEVER
        assert not rehearsal.advance(at - 1)
        made = rehearsal.advance(at)
        assert all(record.ts >= at for record in made)


def test_a_session_that_waits_for_nothing_sleeps_for_ever() -> None:
    """No strategy and no order: neither a row nor a time concerns it."""
    rehearsal = rehearse(quotes_market(QUOTES, instrument=XYZ))
    rehearsal.rows(3)
    assert rehearsal.engine.wake().every_row == frozenset()
    assert rehearsal.engine.wake().at == NEVER
    assert rehearsal.rest() == []


def test_an_order_wakes_its_session_while_it_works() -> None:
    """On its way by time, at the venue by rows, and no longer."""
    rehearsal = rehearse(quotes_market(QUOTES, instrument=XYZ), latency=LATENCY)
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "1", "50", tif=TimeInForce.DAY)
    wake = rehearsal.engine.wake()
    assert (wake.every_row, wake.at) == (frozenset(), rehearsal.engine.now + SECOND // 4)
    rehearsal.rows(1)
    wake = rehearsal.engine.wake()
    assert wake.bands == {"XYZ": Band(ask_falls=5000)}
    assert wake.at == rehearsal.ledger.orders[1].expires
    rehearsal.cancel("A")
    rehearsal.rows(1)
    assert rehearsal.engine.wake() == Wake(at=wake.at)  # of an expiry that means nothing any more


def test_what_was_taken_of_a_level_wakes_nobody() -> None:
    """It is remembered from row to row, but by itself it changes nothing."""
    rehearsal = rehearse(
        quotes_market([("100", "101", "5", "5")] * 3 + [("100", "102")] * 2, instrument=XYZ)
    )
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "2")
    rehearsal.rows(1)
    assert rehearsal.order("A").leaves_qty == "0"
    assert rehearsal.engine.wake() == Wake()


@pytest.mark.parametrize("name", ["on_quote", "on_bar"])
def test_a_strategy_that_looks_at_rows_is_woken_by_each(name: str) -> None:
    """EVERY_ROW is always a legal answer."""
    kind: Any = type("Looker", (Strategy,), {name: lambda self, row: None})
    market = quotes_market(QUOTES) if name == "on_quote" else bars_market(BARS)
    rehearsal = rehearse(market, kind())
    assert rehearsal.engine.wake().every_row == {"BTCUSDT"}


MARKETS = {
    "seconds": quotes_market(QUOTES, instrument=XYZ),
    "crowded": quotes_market(
        QUOTES, instrument=XYZ, times=[10**18 + i // 4 * 5 * SECOND for i in range(COUNT)]
    ),
    "bars": bars_market(BARS, instrument=XYZ, timeframe_ns=5 * SECOND),
}


def run(market: BuiltMarket, latency: LatencyConfig, cut: int, *, hints: bool) -> list[bytes]:
    """The whole session, cut into slices, with hints about time between them."""
    rehearsal = rehearse(market, Clockwork(), latency=latency)
    rows = whole(market)
    for begin in range(0, len(rows), cut):
        end = min(begin + cut, len(rows))
        rehearsal.feed(rows.rows(begin, end))
        if hints and end < len(rows):
            # No row up to here is still to come, so saying it in any portions changes nothing.
            gap = int(rows.ts[end]) - 1 - rehearsal.engine.now
            for part in (3, 2, 1):
                if gap > 0:
                    rehearsal.feed(Advance(ts=rehearsal.engine.now + gap // part))
                    gap = int(rows.ts[end]) - 1 - rehearsal.engine.now
    rehearsal.feed(EndOfData())
    assert rehearsal.engine.status is SessionStatus.STOPPED
    assert rehearsal.fills
    return [encode_record(record) for record in rehearsal.records]


@pytest.mark.parametrize("latency", [AT_ONCE, LATENCY], ids=["at once", "delayed"])
@pytest.mark.parametrize("name", MARKETS)
def test_cuts_and_hints_change_no_byte(name: str, latency: LatencyConfig) -> None:
    """One slice, single rows, several rows at one instant torn apart, time told or not."""
    expected = run(MARKETS[name], latency, COUNT, hints=False)
    for cut in (1, 2, 3, 7):
        assert run(MARKETS[name], latency, cut, hints=False) == expected, f"cut {cut}"
        assert run(MARKETS[name], latency, cut, hints=True) == expected, f"cut {cut} with hints"


def test_the_end_of_the_data_completes_the_present_instant_first() -> None:
    """An order sent without delay at the last row is answered before the session stops."""

    class Late(Strategy):
        def on_quote(self, quote: Any) -> None:
            if quote.row == COUNT - 1:
                self.buy("XYZ", 2, client_order_id="A")

    rehearsal = rehearse(quotes_market(QUOTES, instrument=XYZ), Late())
    rehearsal.rest()
    assert not rehearsal.fills
    rehearsal.end()
    assert rehearsal.engine.status is SessionStatus.STOPPED
    assert rehearsal.order("A").cum_qty == "2"


def test_a_command_comes_after_all_that_is_due_at_the_present_instant() -> None:
    """A pause cannot overtake the arrival of an order that was sent before it."""
    rehearsal = rehearse(quotes_market(QUOTES, instrument=XYZ))
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "2")
    rehearsal.rows(1)
    rehearsal.send("B", SELL, "2")
    rehearsal.pause()
    accepted = rehearsal.of(r.OrderAccepted)
    (paused,) = rehearsal.of(r.SessionPaused)
    assert [record.order for record in accepted] == [1, 2]
    assert accepted[1].seq < paused.seq
    assert rehearsal.order("B").cum_qty == "2"
