"""What a strategy says to order: how it becomes a request, and what it is told when it cannot."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.rehearsal import rehearse

from offbook.domain import records as r
from offbook.domain.errors import FloatNotExact, InvalidInput, InvalidOrder, OrderNotFound
from offbook.domain.orders import (
    ContingencyType,
    OrderListRequest,
    OrderRequest,
    OrderStatus,
    OrderType,
    TimeInForce,
)
from offbook.engine.strategy.strategy import Strategy
from offbook.testing.markets import START, XYZ, quotes_market

ROWS = [("100", "100.02", "50", "50")] * 3
DRAFT: dict[str, Any] = {"side": "BUY", "symbol": "XYZ", "qty": 1}


def said(act: Any) -> tuple[Any, Any]:
    """What a call gives or raises inside a callback, and the rehearsal."""
    got: list[Any] = []

    class Saying(Strategy):
        def on_start(self) -> None:
            self.seen: list[Any] = []

        def on_quote(self, quote: Any) -> None:
            if not got:
                try:
                    got.append(act(self))
                except Exception as error:
                    got.append(error)

        def on_order(self, order: Any) -> None:
            self.seen.append(order)

    strategy = Saying()
    rehearsal = rehearse(quotes_market(ROWS, instrument=XYZ), strategy)
    rehearsal.rest()
    rehearsal.seen = strategy.seen
    return got[0], rehearsal


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({}, {"order_type": OrderType.MARKET}),
        ({"price": "99"}, {"order_type": OrderType.LIMIT, "price": "99"}),
        ({"stop_price": 101}, {"order_type": OrderType.STOP, "stop_px": "101"}),
        (
            {"stop_price": "101", "price": "102"},
            {"order_type": OrderType.STOP_LIMIT, "stop_px": "101", "price": "102"},
        ),
        ({"touch_price": "99"}, {"order_type": OrderType.MARKET_IF_TOUCHED, "stop_px": "99"}),
        (
            {"touch_price": "99", "price": "98"},
            {"order_type": OrderType.LIMIT_IF_TOUCHED, "stop_px": "99", "price": "98"},
        ),
        ({"trail": "0.5"}, {"order_type": OrderType.TRAILING_STOP, "trail_amount": "0.5"}),
        ({"trail": "1.5 %"}, {"order_type": OrderType.TRAILING_STOP, "trail_percent": "1.5"}),
        ({"expire_time": 5}, {"time_in_force": TimeInForce.GTD, "expire_time": 5}),
        (
            {"expire_time": datetime(2024, 1, 2, 9, 30, 0, 1, UTC)},
            {"time_in_force": TimeInForce.GTD, "expire_time": 1_704_187_800_000_001_000},
        ),
        ({"time_in_force": "FOK"}, {"time_in_force": TimeInForce.FOK}),
        ({"price": "9", "post_only": True}, {"order_type": OrderType.LIMIT, "post_only": True}),
    ],
)
def test_what_is_given_says_what_order_it_is(terms: Any, expected: Any) -> None:
    """Nobody writes the order type down."""
    request, _ = said(lambda s: s.draft(**DRAFT, **terms))
    assert isinstance(request, OrderRequest), request
    for name, value in expected.items():
        given = getattr(request, name)
        if name in {"price", "stop_px", "trail_amount"}:
            given = f"{float(given):g}"
        assert given == value, name


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"stop_price": "101", "touch_price": "99"}, "touch_price"),
        ({"stop_price": "101", "trail": "1"}, "trail"),
        ({"trail": "1", "price": "99"}, "price"),
        ({"expire_time": datetime(2024, 1, 2)}, "expire_time"),  # noqa: DTZ001 - the point
        ({"time_in_force": "AT_NOON"}, "time_in_force"),
        ({"stop_price": 101.5}, "stop_px"),
        ({"trail": 0.5}, "trail_amount"),
    ],
)
def test_what_cannot_be_an_order_is_told_at_once_with_its_field(terms: Any, field: str) -> None:
    """And nothing is recorded."""
    error, rehearsal = said(lambda s: s.submit(s.draft(**DRAFT, **terms)))
    assert isinstance(error, InvalidOrder), error
    assert isinstance(error, FloatNotExact) is any(type(v) is float for v in terms.values())
    assert error.fields["field"] == field
    assert not rehearsal.of(r.OrderSubmitted, r.OrderDenied)


def test_a_buy_with_a_target_and_a_stop_is_a_bracket() -> None:
    """Its exits have names of their own, and the strategy hears how they stand."""
    name, rehearsal = said(lambda s: s.buy("XYZ", 5, take_profit="102", stop_loss="98"))
    entry, target, stop = rehearsal.of(r.OrderSubmitted)
    assert name == entry.client_order_id == "S-1"
    assert [one.order_list_id for one in (entry, target, stop)] == ["L-1"] * 3
    assert {one.contingency_type for one in (entry, target, stop)} == {ContingencyType.BRACKET}
    assert (target.order_type, stop.order_type) == (OrderType.LIMIT, OrderType.STOP)
    heard = [(o.client_order_id, o.order_status, o.order_list_id) for o in rehearsal.seen]
    assert ("S-2", OrderStatus.HELD, "L-1") in heard
    assert ("S-3", OrderStatus.NEW, "L-1") in heard
    assert rehearsal.seen[-1].contingency_type is ContingencyType.BRACKET


def test_an_entry_may_carry_a_trailing_exit() -> None:
    """Which begins to follow when the entry has traded."""
    names, rehearsal = said(lambda s: s.bracket("XYZ", "BUY", 5, trail="1%", price="100.02"))
    assert names == ("S-1", "S-2")
    assert rehearsal.of(r.OrderSubmitted)[1].trail_ratio == 1_000_000
    assert [o.stop_px for o in rehearsal.seen if o.triggered is False and o.stop_px] != []


@pytest.mark.parametrize(
    ("act", "field"),
    [
        (lambda s: s.bracket("XYZ", "BUY", 5), "orders"),
        (lambda s: s.bracket("XYZ", "BUY", 5, stop_loss="98", trail="1"), "trail"),
        (lambda s: s.bracket("XYZ", "HOLD", 5, stop_loss="98"), "side"),
        (lambda s: s.buy("XYZ", 5, trail="1", stop_loss="98"), "trail"),
        (lambda s: s.oco(s.draft(**DRAFT)), "orders"),
        (lambda s: s.oco(*[s.draft(**DRAFT, client_order_id="a")] * 2), "client_order_id"),
        (lambda s: _bracket(s, s.draft(**DRAFT), s.draft(**DRAFT)), "side"),
        (lambda s: _bracket(s, s.draft(**DRAFT), s.draft("SELL", "XYZ", 1)), "reduce_only"),
        (
            lambda s: _bracket(
                s, s.draft(**DRAFT), s.draft("SELL", "XYZ", 2, price="102", reduce_only=True)
            ),
            "order_qty",
        ),
        (lambda s: _listed(s, "L", "L"), "order_list_id"),
        (lambda s: _listed(s, ""), "order_list_id"),
    ],
)
def test_what_cannot_be_a_list_is_told_with_its_field(act: Any, field: str) -> None:
    """Before any of its orders leaves."""
    error, _ = said(act)
    assert isinstance(error, InvalidOrder), error
    assert error.fields["field"] == field


def _bracket(strategy: Any, *orders: OrderRequest) -> Any:
    kind = ContingencyType.BRACKET
    return strategy.submit_group(OrderListRequest(contingency_type=kind, orders=orders))


def _listed(strategy: Any, *names: str) -> None:
    for name in names:
        orders = (strategy.draft(**DRAFT, price="90"),) * 2
        strategy.submit_group(
            OrderListRequest(
                contingency_type=ContingencyType.OCO, orders=orders, order_list_id=name
            )
        )


def test_a_stop_can_be_moved_by_what_it_was_sent_with() -> None:
    """By its trigger price, or by its trail."""
    moved: list[Any] = []

    class Moving(Strategy):
        def on_quote(self, quote: Any) -> None:
            if quote.row == 0:
                moved.append(self.buy("XYZ", 2, stop_price="105"))
                moved.append(self.buy("XYZ", 1, trail="3"))
            elif quote.row == 1:
                self.replace(moved[0], stop_price="106")
                self.replace(moved[1], trail="2%")

    rehearsal = rehearse(quotes_market(ROWS, instrument=XYZ), Moving())
    rehearsal.rest()
    assert [one.stop_px for one in rehearsal.of(r.OrderAccepted)] == [10_500, 10_302]
    assert [one.stop_px for one in rehearsal.of(r.OrderReplaced)] == [10_600, 10_203]


def test_views_show_what_an_order_waits_for() -> None:
    """To whoever asks from outside."""
    _, rehearsal = said(lambda s: s.buy("XYZ", 1, trail="1.5%", expire_time=START * 2))
    (view,) = rehearsal.engine.order_views()
    assert (view.stop_px, view.trail_percent, view.triggered) == ("101.53", "1.5", False)
    assert view.expire_time == START * 2


class Number(int):
    """As somebody may make one: no record can be made of it."""


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (lambda s: s.submit(None), "request is a NoneType: expected OrderRequest"),
        (lambda s: s.submit_group({}), "request is a dict: expected OrderListRequest"),
        (lambda s: s.oco("XYZ", 5), "request is a str: expected OrderRequest"),
        (
            lambda s: s.submit_group(OrderListRequest(contingency_type="OCO", orders=5)),
            "orders: expected several OrderRequest",
        ),
        (
            lambda s: s.buy("XYZ", 1, price=100, expire_time=Number(START * 2)),
            "expected nanoseconds UTC",
        ),
        (lambda s: s.set_timer("a", at=Number(START * 2)), "is no time in nanoseconds"),
        (lambda s: s.cancel(["S-1"]), "no order ['S-1']"),
        (lambda s: s.price(5.5, rounding="upp"), "expected one of down, up, nearest"),
        (lambda s: s.history("XYZ", "5"), "history of '5' rows"),
    ],
)
def test_a_value_of_another_kind_is_refused_in_our_words(act: Any, told: str) -> None:
    """Not by what Python says of it further within."""
    error, _ = said(act)
    assert isinstance(error, InvalidInput | OrderNotFound), error
    assert told in str(error)


def test_rounding_may_be_given_as_text() -> None:
    """As sides and times in force."""
    assert str(said(lambda s: s.price(5.001, rounding="up"))[0]) == "5.01"
