"""Snapshots: what a strategy may keep, and what goes wrong when it does not keep to it."""

from decimal import Decimal
from typing import Any

import pytest
from tests.rehearsal import Rehearsal, rehearse, restored

from offbook.domain.config import AccountType, LatencyConfig, VenueLatency
from offbook.domain.errors import EngineFault, InvalidStrategy
from offbook.domain.orders import OrderSide, OrderStatus, RejectReason
from offbook.domain.records import MarginCalled, ReplaceRejected
from offbook.engine.processing_engine import ProcessingEngine
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import SECOND, XYZ, quotes_market

ROWS = [("100", "101")] * 3


class Keeping(Strategy):
    """Keeps whatever the test wants."""

    def on_start(self) -> None:
        self.memory: Any = None

    def save_state(self) -> Any:
        return self.memory

    def load_state(self, state: Any) -> None:
        self.memory = state


@pytest.mark.parametrize(
    ("memory", "where"),
    [
        ({"ema": float("nan")}, r"state\['ema'\]"),
        ([1.0, float("inf")], r"state\[1\]"),
        ({"levels": {1: "a"}}, r"state\['levels'\]"),
        ({"seen": {1, 2}}, "set"),
        (Decimal("1"), "Decimal"),
        ({"x": 2**70}, r"state\['x'\]"),
        ("\ud800", "state"),
    ],
)
def test_memory_that_json_would_change_is_refused(memory: Any, where: str) -> None:
    """Else it would come back as something else, and the replay would differ."""
    strategy = Keeping()
    rehearsal = rehearse(quotes_market(ROWS, instrument=XYZ), strategy)
    strategy.memory = memory
    with pytest.raises(InvalidStrategy, match=where):
        rehearsal.engine.snapshot()


def test_plain_memory_comes_back_as_it_was() -> None:
    """Numbers, text, lists and dicts, as deep as one likes."""
    memory = {"a": [1, -2.5, None, True, "x", {"b": {}}], "c": 2**62}
    strategy = Keeping()
    rehearsal = rehearse(quotes_market(ROWS, instrument=XYZ), strategy)
    strategy.memory = memory
    state = rehearsal.engine.snapshot()
    assert state is not None
    again = Keeping()
    ProcessingEngine(rehearsal.session, again, "source").restore(rehearsal.attach, state)
    assert again.memory == memory


def test_a_strategy_that_can_save_but_not_load_keeps_no_memory() -> None:
    """Half of the pair is none."""

    class Half(Strategy):
        def save_state(self) -> Any:
            return {}

    rehearsal = rehearse(quotes_market(ROWS, instrument=XYZ), Half())
    assert rehearsal.engine.snapshot() is None


def test_a_strategy_that_cannot_load_says_so_by_name() -> None:
    """Whatever load_state raises."""

    class Broken(Keeping):
        def load_state(self, state: Any) -> None:
            raise KeyError("ema")

    rehearsal = rehearse(quotes_market(ROWS, instrument=XYZ), Broken())
    state = rehearsal.engine.snapshot()
    assert state is not None
    engine = ProcessingEngine(rehearsal.session, Broken(), "source")
    with pytest.raises(InvalidStrategy, match=r"Broken.load_state: KeyError"):
        engine.restore(rehearsal.attach, state)


@pytest.mark.parametrize("state", [b"", b"{}", b"null", b'{"format":99}', b"\xff"])
def test_bytes_that_are_no_snapshot_are_refused(state: bytes) -> None:
    """With EngineFault, before anything is taken over."""
    rehearsal = rehearse(quotes_market(ROWS, instrument=XYZ), Keeping())
    engine = ProcessingEngine(rehearsal.session, Keeping(), "source")
    with pytest.raises(EngineFault):
        engine.restore(rehearsal.attach, state)


def between_two_fills(side: OrderSide) -> Rehearsal:
    """Ten are shown on each side by every quote, and six of them were taken on one side."""
    shown = ("100", "101", "10", "10")
    dearer = ("101", "102", "20", "20")
    rehearsal = rehearse(quotes_market([dearer, dearer, *[shown] * 8], instrument=XYZ))
    rehearsal.rows(1)
    if side is OrderSide.SELL:  # something to sell, bought of a quote that has gone by then
        rehearsal.send("to have", OrderSide.BUY, "16")
    rehearsal.rows(2)
    rehearsal.send("first", side, "6")
    rehearsal.rows(1)
    return rehearsal


def ask_for_ten(rehearsal: Rehearsal, side: OrderSide, rows: int) -> list[int]:
    """Quotes pass that show the same, then ten are wanted; what was filled of them."""
    rehearsal.rows(rows)
    before = len(rehearsal.fills)
    rehearsal.send("second", side, "10")
    rehearsal.rest()
    return [fill.last_qty for fill in rehearsal.fills[before:]]


@pytest.mark.parametrize("rows", [0, 1, 3])
@pytest.mark.parametrize("side", list(OrderSide))
def test_what_was_taken_of_a_quote_outlives_a_snapshot(side: OrderSide, rows: int) -> None:
    """Fills after it are those of a session that was never snapshotted: the same four, not ten."""
    plain = between_two_fills(side)
    assert ask_for_ten(plain, side, rows) == [4]
    came_back = between_two_fills(side)
    state = came_back.engine.snapshot()
    assert state is not None
    came_back.engine = restored(came_back, None, state)
    assert ask_for_ten(came_back, side, rows) == [4]
    assert came_back.raws == plain.raws


def test_a_position_without_orders_is_watched_after_a_snapshot() -> None:
    """A margin call comes although no order has come to its book since."""
    account = {"type": AccountType.MARGIN, "leverage": "10", "maintenance_margin": "0.05"}
    # What was taken is forgotten with the price at 99.
    rows = [(px, px, "50", "50") for px in ("100", "100", "99", "94", "93")]
    rehearsal = rehearse(quotes_market(rows, instrument=XYZ), cash="110", account=account)
    rehearsal.rows(1)
    rehearsal.send("long", OrderSide.BUY, "10")
    rehearsal.rows(2)
    state, wake = rehearsal.engine.snapshot(), rehearsal.engine.wake()
    assert state is not None
    engine = rehearsal.engine = restored(rehearsal, None, state)
    assert engine.wake() == wake
    rehearsal.rest()
    assert len(rehearsal.of(MarginCalled)) == 1


def test_a_request_that_comes_too_late_changes_nothing_of_an_order_that_has_ended() -> None:
    """What has ended is written into snapshots as it is, whenever they come to it: an order that
    was filled while new terms for it were on their way."""
    slow = LatencyConfig(entry_ns=3 * SECOND // 2, response_ns=0)
    high, low = ("100", "101", "10", "10"), ("98", "99", "10", "10")
    quotes = [high, high, low, low, low]
    rehearsal = rehearse(quotes_market(quotes, instrument=XYZ), latency=slow)
    rehearsal.rows(1)
    rehearsal.send("A", OrderSide.BUY, "5", price="100")
    rehearsal.rows(1)
    rehearsal.replace("A", qty="7")
    rehearsal.rows(1)
    captured = rehearsal.engine.capture()
    assert captured is not None
    then = captured.whole()
    assert rehearsal.order("A").order_status is OrderStatus.FILLED
    rehearsal.rest()
    assert [record.reason for record in rehearsal.of(ReplaceRejected)] == [
        RejectReason.ORDER_CLOSED
    ]
    assert captured.whole() == then


def test_the_ways_of_venues_come_back_and_others_leave_no_byte() -> None:
    """What was sent to the far venue is overtaken by nothing that is sent there after a restart,
    and a session of one venue keeps what it always has."""
    market = quotes_market(ROWS, instrument=XYZ)
    plain = rehearse(market, latency=LatencyConfig(entry_ns=5 * SECOND))
    assert b'"ways":{"entry":0,"response":0}' in plain.engine.snapshot()
    far = VenueLatency(name="far", symbols=("XYZ",), entry_ns=5 * SECOND)
    before = rehearse(market, latency=LatencyConfig(entry_ns=1, venues=(far,)))
    before.rows(1)
    before.send("A", OrderSide.BUY, "1", "90")
    state = before.engine.snapshot()
    engine = restored(before, None, state)
    ways = engine._kernel.ledger.ways
    assert ways.of("XYZ").entry == before.engine.now + 5 * SECOND
    assert ways.of(None).entry == 0
    assert engine.snapshot() == state
