"""The strategy's host: what a callback can and cannot do to its session."""

from decimal import Decimal, getcontext, localcontext
from typing import Any

import numpy as np
import pytest
from tests.rehearsal import Snapshotting, rehearse, restored

from offbook.domain import commands as c
from offbook.domain import records as r
from offbook.domain.config import LifecycleConfig, OnStrategyError
from offbook.domain.errors import FloatNotExact, InvalidOrder, InvalidStrategy
from offbook.domain.orders import OrderRequest, OrderSide, OrderType
from offbook.domain.records import decode_record
from offbook.domain.session import SessionStatus
from offbook.engine.agenda import PRUNE_AT
from offbook.engine.inputs import Take
from offbook.engine.strategy.strategy import Rounding, Strategy
from offbook.testing.markets import XYZ, quotes_market

ROWS = [("100", "101", "50", "50")] * 4


def errors_of(act: Any, **parts: Any) -> tuple[list[BaseException], Any]:
    """What a strategy's call raises inside its callback, and the rehearsal."""
    caught: list[BaseException] = []

    class Trying(Strategy):
        def on_quote(self, quote: Any) -> None:
            try:
                act(self)
            except Exception as error:
                caught.append(error)

    rehearsal = rehearse(quotes_market(ROWS, instrument=XYZ), Trying(), **parts)
    rehearsal.rows(1)
    for raw in rehearsal.raws:
        decode_record(raw)
    return caught, rehearsal


@pytest.mark.parametrize("policy", [OnStrategyError.STOP, OnStrategyError.FAIL])
def test_after_an_error_in_on_fill_ended_the_session_nothing_is_called_or_recorded(
    policy: OnStrategyError,
) -> None:
    """The on_order of the same report does not follow."""
    called = []

    class Breaking(Strategy):
        def on_quote(self, quote: Any) -> None:
            self.buy("XYZ", 1)

        def on_fill(self, fill: Any) -> None:
            raise RuntimeError("no")

        def on_order(self, order: Any) -> None:
            if order.cum_qty.units:
                called.append(order)
                raise RuntimeError("again")

    rehearsal = rehearse(
        quotes_market(ROWS, instrument=XYZ),
        Breaking(),
        lifecycle=LifecycleConfig(on_strategy_error=policy),
    )
    rehearsal.rest()
    assert not called
    assert isinstance(rehearsal.records[-1], r.SessionStopped | r.SessionFailed)


def test_an_error_whose_text_cannot_be_made_stays_at_home() -> None:
    """Even the error of an error is the strategy's own."""

    class Unspeakable(Exception):
        def __str__(self) -> str:
            raise ValueError("no words")

    class Breaking(Strategy):
        def on_quote(self, quote: Any) -> None:
            raise Unspeakable

    rehearsal = rehearse(quotes_market(ROWS, instrument=XYZ), Breaking())
    rehearsal.rest()
    assert rehearsal.engine.status is SessionStatus.PAUSED
    assert rehearsal.engine.error is not None
    assert "Unspeakable" in rehearsal.engine.error.message


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"side": "UP"}, "side"),
        ({"order_type": "ON_A_WHIM"}, "order_type"),
        ({"time_in_force": "AT_NOON"}, "time_in_force"),
        ({"reduce_only": "yes"}, "reduce_only"),
        ({"client_order_id": 5}, "client_order_id"),
        ({"client_order_id": ""}, "client_order_id"),
        ({"client_order_id": "x" * 129}, "client_order_id"),
        ({"client_order_id": "\ud800"}, "client_order_id"),
        ({"client_order_id": "a\nb"}, "client_order_id"),
        ({"symbol": ["XYZ"]}, "symbol"),
        ({"order_qty": "0"}, "order_qty"),
        ({"order_qty": "1.5"}, "order_qty"),
        ({"order_qty": True}, "order_qty"),
        ({"order_qty": 1.0}, "order_qty"),
        ({"order_qty": Decimal("1E+999999999")}, "order_qty"),
        ({"price": "5"}, "price"),
        ({"stop_px": "5"}, "stop_px"),
        ({"order_type": "STOP"}, "stop_px"),
        ({"order_type": "STOP", "stop_px": 5.0}, "stop_px"),
        ({"order_type": "STOP", "stop_px": "5", "price": "5"}, "price"),
        ({"order_type": "STOP_LIMIT", "stop_px": "5"}, "price"),
        ({"order_type": "LIMIT_IF_TOUCHED", "price": "5"}, "stop_px"),
        ({"order_type": "TRAILING_STOP"}, "trail_amount"),
        ({"order_type": "TRAILING_STOP", "trail_amount": "0"}, "trail_amount"),
        ({"order_type": "TRAILING_STOP", "trail_percent": "100"}, "trail_percent"),
        ({"order_type": "TRAILING_STOP", "trail_percent": 1.5}, "trail_percent"),
        (
            {"order_type": "TRAILING_STOP", "trail_amount": "1", "trail_percent": "1"},
            "trail_percent",
        ),
        ({"time_in_force": "GTD"}, "expire_time"),
        ({"expire_time": 5}, "expire_time"),
        ({"time_in_force": "GTD", "expire_time": 5.0}, "expire_time"),
        ({"time_in_force": "GTD", "expire_time": True}, "expire_time"),
        ({"time_in_force": "GTD", "expire_time": 0}, "expire_time"),
        ({"time_in_force": "GTD", "expire_time": 2**63 - 1}, "expire_time"),
        ({"post_only": "yes"}, "post_only"),
        ({"post_only": True}, "post_only"),
        (
            {"order_type": "LIMIT", "price": "5", "time_in_force": "FOK", "post_only": True},
            "post_only",
        ),
    ],
)
def test_a_request_that_is_no_order_raises_and_records_nothing(
    parts: dict[str, Any], field: str
) -> None:
    """Types are checked where strategies hand values in, for Python does not."""
    fields: dict[str, Any] = {"symbol": "XYZ", "side": "BUY", "order_qty": "1"} | parts
    caught, rehearsal = errors_of(lambda s: s.submit(OrderRequest(**fields)))
    assert isinstance(caught[0], InvalidOrder)
    assert caught[0].fields["field"] == field
    assert not rehearsal.of(r.OrderSubmitted, r.OrderDenied)


def test_a_side_given_as_text_is_the_side_it_says() -> None:
    """A request made in Python by hand buys when it says BUY."""
    request: Any = OrderRequest(symbol="XYZ", side="BUY", order_qty="1")  # type: ignore[arg-type]  # what a careless author writes
    _, rehearsal = errors_of(lambda s: s.submit(request))
    rehearsal.rest()
    assert rehearsal.position > 0


@pytest.mark.parametrize(
    "act",
    [
        lambda s: s.set_timer(5, after=1),
        lambda s: s.set_timer("\ud800", after=1),
        lambda s: s.set_timer("x", at=1.5),
        lambda s: s.set_timer("x", at=np.int64(5)),
        lambda s: s.set_timer("x", after=2**70),
        lambda s: s.set_timer("x", every=2**70),
        lambda s: s.set_timer("x", every=0),
        lambda s: s.set_timer("x", every=999_999),
        lambda s: s.set_timer("x"),
        lambda s: s.set_timer("x", after=1, at=2),
    ],
)
def test_a_timer_that_cannot_be_raises_and_records_nothing(act: Any) -> None:
    """Whatever is recorded can be read back."""
    caught, rehearsal = errors_of(act)
    assert isinstance(caught[0], InvalidStrategy)
    assert not rehearsal.of(r.TimerSet)


@pytest.mark.parametrize(
    ("act", "names"),
    [
        (lambda s: s.buy("XYZ", 1, price=99.5), ("price=99.5", "self.price(x)")),
        (lambda s: s.buy("XYZ", 1.5), ("qty=1.5", "self.qty(x)")),
        (lambda s: s.buy("XYZ", np.float64(1.5)), ('"1.5"',)),
    ],
)
def test_a_float_is_refused_with_the_way_out(act: Any, names: tuple[str, ...]) -> None:
    """The message names the two functions that round."""
    caught, _ = errors_of(act)
    assert isinstance(caught[0], FloatNotExact)
    assert all(name in str(caught[0]) for name in names)


@pytest.mark.parametrize(
    ("value", "rounding", "text"),
    [
        (100.005, Rounding.NEAREST, "100.00"),
        (100.015, Rounding.NEAREST, "100.02"),
        (100.001, Rounding.UP, "100.01"),
        (100.009, Rounding.DOWN, "100.00"),
        (np.float64(99.99), Rounding.NEAREST, "99.99"),
        (np.float32(1.5), Rounding.NEAREST, "1.50"),
        (np.int64(7), Rounding.NEAREST, "7.00"),
        ("1e2", Rounding.NEAREST, "100.00"),
        (-0.001, Rounding.DOWN, "-0.01"),
    ],
)
def test_price_rounds_by_the_number_as_written(value: Any, rounding: Rounding, text: str) -> None:
    """Halves go to even; a float counts as its shortest text; numpy numbers are numbers."""
    made: list[str] = []
    caught, _ = errors_of(lambda s: made.append(str(s.price(value, rounding=rounding))))
    assert not caught
    assert made == [text]


@pytest.mark.parametrize("value", ["abc", None, float("nan"), float("inf"), True, "1e999999999"])
def test_price_refuses_what_is_no_number(value: Any) -> None:
    """With InvalidOrder, as everything about orders."""
    caught, _ = errors_of(lambda s: s.price(value))
    assert isinstance(caught[0], InvalidOrder)


def test_rounding_does_not_depend_on_the_decimal_context() -> None:
    """A strategy that sets the precision of decimals changes no price and no view."""
    made: list[str] = []

    def act(strategy: Strategy) -> None:
        getcontext().prec = 3
        made.append(str(strategy.price("12345.675")))
        strategy.buy("XYZ", 7, client_order_id="A")

    with localcontext():
        caught, rehearsal = errors_of(act)
        rehearsal.rest()
        assert not caught[:1]
        assert made[0] == "12345.68"
        assert rehearsal.order("A").avg_px == "101.000000"


def test_a_strategy_acts_only_while_it_is_called() -> None:
    """From between two calls an order would enter no record's place."""

    class Kept(Strategy):
        def save_state(self) -> Any:
            self.buy("XYZ", 1)
            return {}

        def load_state(self, state: Any) -> None:
            pass

    strategy = Kept()
    rehearsal = rehearse(quotes_market(ROWS, instrument=XYZ), strategy)
    rehearsal.rows(1)
    for act in (
        lambda: strategy.buy("XYZ", 1),
        lambda: strategy.set_timer("x", after=1),
        lambda: strategy.cancel_timer("x"),
        rehearsal.engine.snapshot,
    ):
        with pytest.raises(InvalidStrategy, match="callback"):
            act()
    assert strategy.now == rehearsal.engine.now
    rehearsal.rows(1)


def test_before_a_strategy_runs_it_says_where_to_ask() -> None:
    """Neither market nor account exists in __init__."""
    with pytest.raises(InvalidStrategy, match="on_start instead of __init__"):
        Strategy().buy("XYZ", 1)


def test_sessions_of_one_class_share_no_default() -> None:
    """A list given as a default belongs to each strategy alone."""

    class Listing(Strategy):
        levels: list[int] = [1]  # noqa: RUF012  an author's habit, and our trap

    one, other = Listing(), Listing()
    one.levels.append(2)
    assert other.levels == [1] == Listing().levels


def test_given_parameters_stay_as_they_were_given() -> None:
    """A strategy that changes its parameter does not change the configuration."""

    class Mapping(Strategy):
        table: dict[str, Any] = {}  # noqa: RUF012  an author's habit, and our trap

    given = {"table": {"a": [1]}}
    Mapping(**given).table["a"].append(2)
    assert given == {"table": {"a": [1]}}


def test_a_thousand_outside_orders_at_one_instant_are_no_livelock() -> None:
    """Rounds count what a session causes itself, not what it is told."""
    rehearsal = rehearse(quotes_market(ROWS, instrument=XYZ), start=False)
    engine = rehearsal.engine
    start = int(rehearsal.all_rows.ts[0])
    engine.process([rehearsal.attach, Take(command=c.Start(command_id="s"), ts=start)])
    engine.process([rehearsal.all_rows.rows(0, 1)])
    for number in range(700):
        order = OrderRequest(
            symbol="XYZ",
            side=OrderSide.BUY,
            order_qty="1",
            price="1",
            order_type=OrderType.LIMIT,
            client_order_id=f"o{number}",
        )
        submit = c.SubmitOrder(command_id=f"a{number}", order=order)
        cancel = c.CancelOrder(command_id=f"b{number}", client_order_id=f"o{number}")
        engine.process([Take(command=submit, ts=start), Take(command=cancel, ts=start)])
    assert engine.status is SessionStatus.RUNNING


def test_a_timer_set_anew_at_every_row_leaves_no_heap_of_old_ones() -> None:
    """A watchdog that is put off at each quote costs no memory per quote."""

    class Watchdog(Snapshotting):
        def on_quote(self, quote: Any) -> None:
            self.set_timer("stale", after=10**15)

    market = quotes_market([("100", "101")] * 9000, instrument=XYZ)
    whole = rehearse(market, Watchdog())
    engine = whole.engine
    records = engine.process([whole.all_rows])
    assert len(engine._kernel.agenda.dump()[1]) < PRUNE_AT
    half = rehearse(market, Watchdog()).engine
    half.process([whole.all_rows.rows(0, 5000)])
    state = half.snapshot()
    assert state is not None
    tail = restored(whole, Watchdog(), state).process([whole.all_rows.rows(5000, 9000)])
    assert tail == records[5000:]
