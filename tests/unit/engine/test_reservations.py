"""What orders hold is always there to be held, whatever races with what.

The rehearsal itself checks after every record that nothing is held twice, or beyond what is owned.
"""

from typing import Any

from tests.rehearsal import Rehearsal, rehearse

from offbook.domain import commands as c
from offbook.domain import records as r
from offbook.domain.config import BasisPointsFee, LatencyConfig, RiskConfig
from offbook.domain.orders import (
    ContingencyType,
    OrderListRequest,
    OrderRequest,
    OrderSide,
    OrderStatus,
    OrderType,
    RejectReason,
)
from offbook.testing.markets import SECOND, START, XYZ, quotes_market

BUY, SELL = OrderSide.BUY, OrderSide.SELL
SLOW = LatencyConfig(entry_ns=5 * SECOND, response_ns=0)


def test_a_reducing_sell_never_takes_what_another_order_holds() -> None:
    """Two sells cannot sell one share twice, however the reduce-only one was trimmed."""
    market = quotes_market(
        [("100", "100", "50", "50")] * 4 + [("110", "111", "50", "50")] * 2, instrument=XYZ
    )
    rehearsal = rehearse(market)
    rehearsal.rows(1)
    rehearsal.send("open", BUY, "5")
    rehearsal.rows(1)
    rehearsal.send("reduce", SELL, "10", "105", reduce_only=True)
    rehearsal.send("more", BUY, "5")
    rehearsal.rows(1)
    rehearsal.send("other", SELL, "5", "106")
    rehearsal.rest()
    assert rehearsal.position == 0
    assert rehearsal.order("other").order_status is OrderStatus.FILLED
    assert rehearsal.order("reduce").cum_qty == "5"


def test_a_larger_cheaper_replace_holds_enough_for_fills_at_the_old_price() -> None:
    """Until the replace arrives the old, dearer terms may still trade."""
    rows = [("99", "101")] + [("99", "100", "5", "5")] * 2 + [("98", "99")] * 9
    market = quotes_market(rows, instrument=XYZ)
    latency = LatencyConfig(entry_ns=SECOND // 2, response_ns=0)
    rehearsal = rehearse(market, cash="1900", latency=latency)
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "10", "100")
    rehearsal.advance(START + SECOND - 1)
    rehearsal.replace("A", qty="20", price="95")
    rehearsal.rest()
    assert rehearsal.of(r.RequestDenied)[0].reason is RejectReason.INSUFFICIENT_BUYING_POWER


def test_a_rejected_replace_of_a_trimmed_order_holds_no_more_than_is_owned() -> None:
    """A reduce-only sell of ten with five owned goes on holding five."""
    market = quotes_market([("100", "100", "50", "50")] * 8, instrument=XYZ)
    rehearsal = rehearse(market)
    rehearsal.rows(1)
    rehearsal.send("open", BUY, "5")
    rehearsal.rows(1)
    rehearsal.send("reduce", SELL, "10", "105", reduce_only=True)
    rehearsal.rows(1)
    rehearsal.replace("reduce", price="104.00")
    rehearsal.rows(1)
    assert rehearsal.of(r.OrderReplaced)
    assert rehearsal.ledger.held("holdings", "XYZ") == 5 * XYZ.qty_scale


def test_a_market_buy_beyond_its_collar_leaves_no_replace_that_overdraws() -> None:
    """What the rest of the order holds is bounded by what the account has."""
    rows = [("100", "100", "1", "0"), ("119", "120", "1", "5"), ("99", "100", "1", "9")]
    market = quotes_market(rows, instrument=XYZ)
    latency = LatencyConfig(entry_ns=SECOND // 2, response_ns=0)
    rehearsal = rehearse(market, cash="1060", latency=latency)
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "10")
    rehearsal.advance(START + SECOND - 1)
    rehearsal.replace("A", qty="9")
    rehearsal.rest()
    assert rehearsal.of(r.OrderReplaced)
    assert [fill.last_qty for fill in rehearsal.fills] == [5, 4]
    assert rehearsal.cash == "60"


def test_a_replace_is_held_to_the_limits_of_orders_and_positions() -> None:
    """What may not be sent may not be reached by replacing either."""
    market = quotes_market([("99", "101")] * 3, instrument=XYZ)
    risk = RiskConfig(max_order_notional="1000", max_position_notional="1500")
    rehearsal = rehearse(market, risk=risk)
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "10", "100")
    rehearsal.send("B", BUY, "5", "100")
    rehearsal.rows(1)
    rehearsal.replace("A", qty="11")
    rehearsal.replace("B", qty="6")
    denied = [record.reason for record in rehearsal.of(r.RequestDenied)]
    assert denied == [RejectReason.MAX_ORDER_NOTIONAL, RejectReason.MAX_POSITION_NOTIONAL]


def test_replacing_an_order_with_fees_keeps_charges_covered() -> None:
    """Fees on the old and the new terms are part of what is held."""
    rows = [("99", "101")] + [("99", "100", "5", "3")] * 3
    rows += [("98", "99", "9", str(4 * more)) for more in range(1, 9)]
    market = quotes_market(rows, instrument=XYZ)
    rehearsal = rehearse(
        market,
        cash="2100",
        fee=BasisPointsFee(maker="37.5", taker="41.25"),
        latency=LatencyConfig(entry_ns=SECOND // 2, response_ns=0),
    )
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "10", "100")
    rehearsal.rows(2)
    rehearsal.replace("A", qty="20", price="99")
    rehearsal.rest()
    assert rehearsal.order("A").cum_qty == "20"


def flips(cash_check: str) -> Rehearsal:
    """Equity 1000 at leverage 2: short 19 binds 950, long 11 will bind 550; forty would make it
    long 21."""
    market = quotes_market([("100", "100", "50", "50")] * 8, instrument=XYZ)
    account = {"type": "margin", "leverage": "2", "cash_check": cash_check}
    rehearsal = rehearse(market, cash="1000", account=account, venue={"market_collar": "0"})
    rehearsal.rows(1)
    rehearsal.send("short", SELL, "19")
    rehearsal.rows(1)
    rehearsal.send("too much", BUY, "40")
    rehearsal.send("flip", BUY, "30")
    rehearsal.rest()
    return rehearsal


def test_with_the_check_at_the_fill_a_flip_has_the_margin_of_what_it_closes() -> None:
    rehearsal = flips("fill")
    assert rehearsal.order("too much").order_status is OrderStatus.CANCELED
    assert rehearsal.order("flip").order_status is OrderStatus.FILLED
    assert rehearsal.position == 11


def test_an_order_cannot_count_on_the_margin_of_what_another_may_close_first() -> None:
    rehearsal = flips("submit")
    reasons = [denied.reason for denied in rehearsal.of(r.OrderDenied)]
    assert reasons == [RejectReason.INSUFFICIENT_BUYING_POWER] * 2
    assert rehearsal.position == -19


def test_new_terms_asked_for_while_held_must_be_paid_for_once_it_works() -> None:
    """Nothing is reserved for a held order: ten asked for, four owned when the request arrives."""
    rows = [("99", "101", "50", "50")] * 4 + [("98", "99", "50", "50")] * 8
    latency = LatencyConfig(entry_ns=2 * SECOND, response_ns=0)
    rehearsal = rehearse(quotes_market(rows, instrument=XYZ), latency=latency)
    rehearsal.rows(1)
    parts: dict[str, Any] = {"symbol": "XYZ", "order_qty": "4", "order_type": OrderType.LIMIT}
    entry = OrderRequest(side=BUY, price="100", client_order_id="in", **parts)
    leave = OrderRequest(side=SELL, price="110", client_order_id="out", **parts)
    orders = OrderListRequest(contingency_type=ContingencyType.OTO, orders=(entry, leave))
    rehearsal.take(lambda name: c.SubmitOrderList(command_id=name, orders=orders))
    rehearsal.rows(3)
    rehearsal.replace("out", qty="10")
    rehearsal.rest()
    (rejected,) = rehearsal.of(r.ReplaceRejected)
    assert rejected.reason is RejectReason.INSUFFICIENT_HOLDINGS
    assert rehearsal.order("out").order_qty == "4"


def test_equal_amounts_that_orders_hold_are_one_object() -> None:
    """Orders are kept for ever: a number of its own for each would be one more thing that the
    collector of garbage looks at."""
    rehearsal = rehearse(quotes_market([("100", "100", "50", "50")] * 4, instrument=XYZ))
    rehearsal.rows(1)
    rehearsal.send("A", BUY, "5", "90")
    rehearsal.send("B", BUY, "5", "90")
    rehearsal.send("C", BUY, "5", "91")
    held = [order.reserved for order in rehearsal.engine._kernel.ledger.orders.values()]
    assert held[0] is held[1]
    assert held[2] > held[1] > 0
