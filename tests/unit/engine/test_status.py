"""Halts in an engine: what strategies see, records say, and snapshots keep."""

from __future__ import annotations

import msgspec
import pytest
from tests.rehearsal import rehearse

from offbook.domain import commands as c
from offbook.domain import records as r
from offbook.domain.calendars import TradingCalendar
from offbook.domain.config import FillAt
from offbook.domain.market_data import StatusUpdate
from offbook.domain.orders import OrderRequest, OrderSide, OrderType
from offbook.domain.status import StatusEvent
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import (
    MINUTE,
    SECOND,
    START,
    XYZ,
    BuiltCombination,
    BuiltMarket,
    bars_market,
    combined,
    quotes_market,
    status_market,
    trades_market,
)

QUOTES = [("99.99", "100.01", "5", "5")] * 8


def halted() -> BuiltCombination:
    """Quotes each second, a halt in the fourth and a resumption in the sixth."""
    events = [("bands", "95", "105"), ("halt",), ("resume",)]
    times = [START + place * SECOND for place in (1, 3, 5)]
    return combined(
        status_market(events, instrument=XYZ, times=times), quotes_market(QUOTES, instrument=XYZ)
    )


class Listening(Strategy):
    """Keeps what it is told of the market's status."""

    def on_start(self) -> None:
        self.seen: list[StatusUpdate] = []

    def on_status(self, status: StatusUpdate) -> None:
        self.seen.append(status)


def test_a_strategy_is_told_of_halts_and_bands() -> None:
    """Also one that is shown nothing else."""
    strategy = Listening()
    rehearse(halted(), strategy).rest()
    events = [(seen.event, (seen.ts - START) // SECOND) for seen in strategy.seen]
    assert events == [(StatusEvent.BANDS, 1), (StatusEvent.HALT, 3), (StatusEvent.RESUME, 5)]
    assert str(strategy.seen[0].upper_price) == "105.00"
    assert strategy.seen[1].upper_price is None


def test_a_halt_is_a_record_with_its_row() -> None:
    """Bands, which come by the hundred, are not."""
    rehearsal = rehearse(halted())
    rehearsal.rest()
    told = [(one.halted, one.row) for one in rehearsal.of(r.TradingStatusChanged)]
    assert told == [(True, 4), (False, 7)]


@pytest.mark.parametrize("place", [2, 5, 6, 9])
def test_a_snapshot_keeps_what_the_exchange_said(place: int) -> None:
    """A session that goes on from it makes the same records."""
    whole = rehearse(halted())
    whole.rows(2)
    whole.send("a", OrderSide.BUY, "3", "99.50")
    whole.rows(place)
    state = whole.engine.snapshot()
    assert state is not None
    other = ProcessingEngine(whole.session)
    other.restore(whole.attach, state)
    assert other.snapshot() == state
    made, row = len(whole.records), whole.engine.cursor.row
    whole.rest()
    again = other.process([whole.all_rows.rows(row, len(whole.all_rows))])
    assert [r.encode_record(record) for record in again] == whole.raws[made:]
    assert other.snapshot() == whole.engine.snapshot()


@pytest.mark.parametrize("reopens", [True, False])
def test_a_reopening_is_for_orders_of_the_hours_that_it_is(*, reopens: bool) -> None:
    """What rests for the session has no part in an auction of the hours before it."""
    market = trades_market([("100", "5")] * 3, instrument=XYZ)
    (piece,) = market.slices
    piece.aggressor[1] = 4  # type: ignore[union-attr]  # they are prints
    marked = msgspec.structs.replace(market.config, columns={"auction": "auction"})
    halt = status_market([("halt",)], instrument=XYZ, start=START)
    opens = START if reopens else START + 2 * SECOND
    hours = TradingCalendar(name="H", opens=(0, opens), closes=(1, START + 9 * SECOND))
    rehearsal = rehearse(
        combined(BuiltMarket(config=marked, slices=(piece,)), halt), calendar=hours
    )
    rehearsal.rows(2)
    rehearsal.send("a", OrderSide.BUY, "3", "101")
    rehearsal.rest()
    assert [fill.evidence.rule for fill in rehearsal.fills] == [
        "official reopening price"
    ] * reopens


def test_the_close_of_a_bar_before_a_halt_is_over() -> None:
    """For whoever may have the close of the last bar, and arrives after the resumption."""
    for halts in (True, False):
        bars = bars_market([("100", "100", "100", "100", "90")] * 2, instrument=XYZ)
        events = [("halt",), ("resume",)] if halts else []
        times = [START + MINUTE + place * SECOND for place in (1, 2)][: len(events)]
        status = status_market(events, instrument=XYZ, times=times)
        rehearsal = rehearse(combined(bars, status), venue={"fill_at": FillAt.THIS_CLOSE})
        rehearsal.rows(1 + len(events))
        rehearsal.send("a", OrderSide.BUY, "3", at=START + MINUTE + 5 * SECOND)
        rehearsal.advance(START + MINUTE + 6 * SECOND)
        assert len(rehearsal.fills) == (not halts)


def test_fewer_shares_do_not_trigger_a_stop_that_a_halt_kept_from_it() -> None:
    """Only a new trigger price is held against the market at once."""
    quotes = [("99.99", "100.01", "5", "5"), ("100.98", "101.00", "5", "5")]
    times = [START + SECOND, START + 2 * SECOND]
    market = combined(
        quotes_market(quotes, instrument=XYZ, times=times),
        status_market([("halt",), ("resume",)], instrument=XYZ, times=times),
    )
    rehearsal = rehearse(market)
    rehearsal.rows(1)
    stop = OrderRequest(
        symbol="XYZ",
        side=OrderSide.BUY,
        order_qty="5",
        order_type=OrderType.STOP,
        stop_px="100.50",
        client_order_id="a",
    )
    rehearsal.take(lambda name: c.SubmitOrder(command_id=name, order=stop))
    rehearsal.rest()
    rehearsal.replace("a", "3")
    rehearsal.advance(START + 3 * SECOND)
    assert len(rehearsal.of(r.OrderReplaced)) == 1
    assert not rehearsal.of(r.OrderTriggered)


def test_prints_of_auctions_are_shown_as_such() -> None:
    """And who took is said of none of them."""

    class Watching(Strategy):
        def on_start(self) -> None:
            self.seen: list[object] = []

        def on_trade(self, trade: object) -> None:
            self.seen.append((trade.auction, trade.aggressor))  # type: ignore[attr-defined]  # a print

    market = trades_market([("100", "5", "buy"), ("101", "5")], instrument=XYZ)
    (piece,) = market.slices
    piece.aggressor[1] = 3  # type: ignore[union-attr]  # they are prints
    strategy = Watching()
    rehearse(market, strategy).rest()
    (_, second) = strategy.seen
    assert [str(getattr(part, "value", part)) for part in second] == ["closing", "None"]  # type: ignore[attr-defined]  # a pair
