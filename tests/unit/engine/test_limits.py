"""The limits of a session's own risk: each refuses with its value and the order's, in one order."""

from __future__ import annotations

from typing import Any

import pytest
from tests.rehearsal import Rehearsal, rehearse

from offbook.domain import records as r
from offbook.domain.config import OrderRate, RiskConfig
from offbook.domain.errors import InvalidConfig
from offbook.domain.orders import OrderSide, RejectReason
from offbook.testing.markets import SECOND, XYZ, quotes_market

BUY, SELL = OrderSide.BUY, OrderSide.SELL
MARKET = quotes_market([("99", "101", "100", "100")] * 6, instrument=XYZ)


def under(**limits: Any) -> Rehearsal:
    """A session with these limits, at its first quote."""
    rehearsal = rehearse(MARKET, risk=RiskConfig(**limits))
    rehearsal.rows(1)
    return rehearsal


def denials(rehearsal: Rehearsal) -> list[tuple[RejectReason, str, str]]:
    return [(d.reason, d.limit, d.value) for d in rehearsal.of(r.OrderDenied)]


def test_a_quantity_above_the_largest_is_denied_with_both_numbers() -> None:
    rehearsal = under(max_order_qty="10")
    rehearsal.send("A", BUY, "10")
    rehearsal.send("B", BUY, "11")
    assert denials(rehearsal) == [(RejectReason.MAX_ORDER_QTY, "10", "11")]


def test_a_position_counts_what_is_held_and_all_that_is_open_on_its_side() -> None:
    rehearsal = under(max_position_qty="10")
    rehearsal.send("A", BUY, "4")
    rehearsal.rows(1)
    rehearsal.send("B", BUY, "5", "90")
    rehearsal.send("C", BUY, "2", "90")
    rehearsal.send("D", BUY, "1", "90")
    assert denials(rehearsal) == [(RejectReason.MAX_POSITION_QTY, "10", "11")]


def test_what_makes_a_position_smaller_is_not_held_back_by_its_limit() -> None:
    rehearsal = under(max_position_qty="4")
    rehearsal.send("A", BUY, "4")
    rehearsal.rows(1)
    rehearsal.send("B", SELL, "4")
    assert denials(rehearsal) == []


@pytest.mark.parametrize(
    ("side", "price", "limit"),
    [(BUY, "111.11", "111.10"), (SELL, "89.09", "89.10")],
)
def test_a_price_far_beyond_the_market_is_denied_and_one_far_behind_it_is_not(
    side: OrderSide, price: str, limit: str
) -> None:
    """The bounds are 101 and a tenth more, 99 and a tenth less; behind the market all is well."""
    rehearsal = under(price_collar="0.1")
    rehearsal.send("H", BUY, "5")
    rehearsal.rows(1)
    rehearsal.send("A", side, "1", limit)
    rehearsal.send("B", side, "1", price)
    rehearsal.send("C", side, "1", "50" if side is BUY else "200")
    assert denials(rehearsal) == [(RejectReason.PRICE_COLLAR, limit, price)]


def test_orders_and_replaces_count_towards_the_rate_and_denials_do_not() -> None:
    """Three in two seconds: the window slides with session time."""
    rehearsal = under(max_order_rate=OrderRate(count=3, per_ns=2 * SECOND), max_order_qty="9")
    rehearsal.send("A", BUY, "1", "90")
    rehearsal.send("X", BUY, "10", "90")
    rehearsal.rows(1)
    rehearsal.replace("A", price="91")
    rehearsal.send("B", BUY, "1", "90")
    rehearsal.send("C", BUY, "1", "90")
    rehearsal.rows(1)
    rehearsal.send("D", BUY, "1", "90")
    rehearsal.send("E", BUY, "1", "90")
    reasons = [reason for reason, _, _ in denials(rehearsal)]
    rate = RejectReason.ORDER_RATE
    assert reasons == [RejectReason.MAX_ORDER_QTY, rate, rate]
    assert denials(rehearsal)[1][1:] == (f"3 in {2 * SECOND} ns", f"4 in {SECOND} ns")
    assert rehearsal.order("D").client_order_id == "D"


def test_a_side_that_is_not_allowed_may_still_reduce() -> None:
    """A session that may only buy can close what it holds, and no more than that."""
    rehearsal = under(allowed_sides=(OrderSide.BUY,))
    rehearsal.send("A", SELL, "1")
    rehearsal.send("B", BUY, "3")
    rehearsal.rows(1)
    rehearsal.send("C", SELL, "4")
    rehearsal.send("D", SELL, "3")
    reason = RejectReason.SIDE_NOT_ALLOWED
    assert denials(rehearsal) == [(reason, "BUY", "SELL")] * 2


def test_a_replace_does_not_grow_beyond_what_reduces_on_a_side_that_is_not_allowed() -> None:
    rehearsal = rehearse(
        MARKET, risk=RiskConfig(allowed_sides=(OrderSide.BUY,)), account={"type": "margin"}
    )
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "3")
    rehearsal.rows(1)
    rehearsal.send("B", SELL, "2", "105")
    rehearsal.replace("B", qty="3")
    rehearsal.rows(1)
    rehearsal.replace("B", qty="4")
    assert [d.reason for d in rehearsal.of(r.RequestDenied)] == [RejectReason.SIDE_NOT_ALLOWED]


def test_a_flip_is_held_to_the_largest_position_though_it_is_no_larger_than_what_is_held() -> None:
    """Ten were bought when ten were worth 100; short of ten would now be worth 200."""
    rows = [("9.99", "10", "100", "100")] * 2 + [("20", "20.01", "100", "100")] * 2
    rehearsal = rehearse(
        quotes_market(rows, instrument=XYZ),
        risk=RiskConfig(max_position_notional="100"),
        account={"type": "margin"},
    )
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "10")
    rehearsal.rows(2)
    rehearsal.send("B", SELL, "20")
    rehearsal.send("C", SELL, "15")
    assert denials(rehearsal) == [(RejectReason.MAX_POSITION_NOTIONAL, "100", "200")]


IN_ORDER: list[tuple[str, Any, RejectReason]] = [
    ("allowed_sides", (SELL,), RejectReason.SIDE_NOT_ALLOWED),
    ("max_order_rate", OrderRate(count=1), RejectReason.ORDER_RATE),
    ("max_open_orders", 1, RejectReason.MAX_OPEN_ORDERS),
    ("max_order_qty", "5", RejectReason.MAX_ORDER_QTY),
    ("max_order_notional", "100", RejectReason.MAX_ORDER_NOTIONAL),
    ("price_collar", "0.1", RejectReason.PRICE_COLLAR),
    ("max_position_qty", "5", RejectReason.MAX_POSITION_QTY),
    ("max_position_notional", "100", RejectReason.MAX_POSITION_NOTIONAL),
]


@pytest.mark.parametrize("first", range(len(IN_ORDER)))
def test_limits_answer_in_their_documented_order(first: int) -> None:
    """One order that meets all limits: the first of those in force is the answer."""
    rehearsal = under(**{name: value for name, value, _ in IN_ORDER[first:]})
    rehearsal.send("A", BUY, "1", "1")
    rehearsal.send("B", BUY, "6", "150")
    assert denials(rehearsal)[-1][0] is IN_ORDER[first][2]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_order_qty", "0"),
        ("max_position_qty", "-1"),
        ("price_collar", "1.5"),
        ("price_collar", "much"),
        ("allowed_symbols", ()),
        ("allowed_sides", ()),
    ],
)
def test_a_limit_that_means_nothing_is_refused_by_its_name(field: str, value: Any) -> None:
    with pytest.raises(InvalidConfig) as caught:
        RiskConfig(**{field: value})
    assert caught.value.fields["field"] == f"risk.{field}"


@pytest.mark.parametrize(("count", "per_ns"), [(0, 1), (1001, 1), (1, 0), (1, 2**62)])
def test_a_rate_that_cannot_be_counted_is_refused(count: int, per_ns: int) -> None:
    with pytest.raises(InvalidConfig, match="max_order_rate"):
        OrderRate(count=count, per_ns=per_ns)
