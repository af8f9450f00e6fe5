"""Waiting orders: the bands outside of which no row concerns them, and trailing stops' marks."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rehearsal import rehearse

from offbook.domain import commands as c
from offbook.domain import records as r
from offbook.domain.orders import (
    OrderRequest,
    OrderSide,
    OrderType,
    Origin,
    TimeInForce,
)
from offbook.engine.ledger.state import OrderState
from offbook.engine.strategy.strategy import Strategy
from offbook.engine.venue.triggers import Triggers, trail_level
from offbook.testing.markets import XYZ, quotes_market

WAITING = [kind for kind in OrderType if kind.waits]
prices = st.integers(9_990, 10_010)
kinds = st.tuples(st.sampled_from(list(OrderSide)), st.sampled_from(WAITING), prices)
quotes = st.tuples(prices, st.integers(0, 3))


def waiting(ordinal: int, side: OrderSide, kind: OrderType, px: int) -> OrderState:
    """An order that waits at a price, or follows at a distance of five units."""
    trails = kind is OrderType.TRAILING_STOP
    return OrderState(
        ordinal=ordinal,
        client_order_id=f"S-{ordinal}",
        origin=Origin.STRATEGY,
        command_id=None,
        symbol="XYZ",
        side=side,
        order_type=kind,
        time_in_force=TimeInForce.GTC,
        order_qty=1,
        price_px=None,
        reduce_only=False,
        submitted_ts=0,
        stop_px=None if trails else px,
        trail_px=5 if trails else None,
        priority=ordinal,
    )


@settings(max_examples=200, deadline=None)
@given(st.lists(kinds, min_size=1, max_size=6), st.lists(quotes, min_size=1, max_size=12))
def test_a_row_within_the_bands_triggers_nothing_and_moves_nothing(
    orders: list[tuple[OrderSide, OrderType, int]], rows: list[tuple[int, int]]
) -> None:
    """What is passed over would have changed nothing."""
    triggers = Triggers()
    for ordinal, (side, kind, px) in enumerate(orders, start=1):
        mark = px if kind is OrderType.TRAILING_STOP else None
        triggers.add(waiting(ordinal, side, kind, px), mark)
    for bid, spread in rows:
        ask = bid + spread
        within = not triggers.concern(ask, bid)
        within = within and ask > triggers.touch_buy and bid < triggers.touch_sell
        before, hit = triggers.marks(), triggers.reached(ask, bid)
        for ordinal in hit:
            triggers.remove(ordinal)
        triggers.move(ask, bid)
        after = triggers.marks()
        changed = hit or any(after[ordinal] != before[ordinal] for ordinal in after)
        assert not (within and changed)


@given(
    st.sampled_from(list(OrderSide)),
    st.integers(1, 10**9),
    st.integers(1, 10**8 - 1),
    st.integers(0, 1000),
)
def test_a_stop_that_follows_at_a_share_never_goes_back(
    side: OrderSide, mark: int, ratio: int, step: int
) -> None:
    """However the share of a better price is rounded."""
    better = mark + step if side is OrderSide.SELL else max(mark - step, 1)
    moved = trail_level(side, better, None, ratio) - trail_level(side, mark, None, ratio)
    assert moved * side.sign <= 0


@pytest.mark.parametrize("seen", [False, True])
def test_rows_far_from_a_stop_are_passed_over(seen: bool, monkeypatch: Any) -> None:
    """Also where the strategy is shown every one of them."""
    rows = (
        [("100", "100.02", "5", "5")] * 500
        + [("103", "103.02", "5", "5")]
        + [("100", "100.02", "5", "5")] * 500
    )

    class Looking(Strategy):
        def on_quote(self, quote: Any) -> None:
            pass

    rehearsal = rehearse(quotes_market(rows, instrument=XYZ), Looking() if seen else None)
    rehearsal.rows(1)
    for kind, terms in (
        (OrderType.STOP, {"stop_px": "102"}),
        (OrderType.TRAILING_STOP, {"trail_amount": "2"}),
        (OrderType.MARKET_IF_TOUCHED, {"stop_px": "98"}),
    ):
        request = OrderRequest(
            symbol="XYZ", side=OrderSide.BUY, order_qty="1", order_type=kind, **terms
        )
        rehearsal.take(lambda name, order=request: c.SubmitOrder(command_id=name, order=order))
    looked = []
    venue = rehearsal.engine._venue
    original = venue.match_quote
    monkeypatch.setattr(venue, "match_quote", lambda q: (looked.append(q.row), original(q)))
    rehearsal.rest()
    assert len(rehearsal.of(r.OrderTriggered)) == 2
    assert len(looked) < 10
