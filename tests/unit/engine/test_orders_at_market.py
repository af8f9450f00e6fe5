"""A plain market order is sent without looking at what it might have asked for, and is the same."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from offbook.domain.orders import OrderRequest, OrderSide
from offbook.engine.strategy.ordering import Ordering
from offbook.engine.strategy.strategy import Strategy


class Desk:
    """Stands for the session: it keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[OrderRequest] = []

    def submit(self, request: OrderRequest) -> str:
        """Keep it."""
        self.sent.append(request)
        return "id"

    def text_qty(self, symbol: str, qty: object) -> str:
        """As it is."""
        return str(qty)

    def text_price(self, symbol: str, price: object, field: str = "price") -> str:
        """As it is."""
        return str(price)


def sent_by(kind: type[Strategy], side: OrderSide, **terms: Any) -> OrderRequest:
    """What a strategy sends when it buys or sells a hundred."""
    strategy, desk = kind(), Desk()
    strategy._context = desk  # type: ignore[assignment]  # as much of it as orders need
    (strategy.buy if side is OrderSide.BUY else strategy.sell)("XYZ", 100, **terms)
    return desk.sent[0]


CHANGED: dict[str, Any] = {
    "price": "5",
    "stop_price": "6",
    "touch_price": "6",
    "trail": "1",
    "time_in_force": "IOC",
    "expire_time": 5,
    "post_only": True,
    "reduce_only": True,
    "display_qty": "1",
    "min_qty": "1",
    "extended_hours": True,
    "peg": "PRIMARY",
    "client_order_id": "mine",
}


@pytest.mark.parametrize("side", OrderSide)
@pytest.mark.parametrize("name", [None, *CHANGED])
def test_what_is_sent_is_what_draft_makes(side: OrderSide, name: str | None) -> None:
    terms = {} if name is None else {name: CHANGED[name]}
    sent = sent_by(Strategy, side, **terms)
    strategy = Strategy()
    strategy._context = Desk()  # type: ignore[assignment]  # as above
    assert sent == strategy.draft(side, "XYZ", 100, **terms)
    assert name is None or sent != sent_by(Strategy, side)


def test_every_term_is_among_those_tried() -> None:
    names = set(inspect.signature(Ordering.draft).parameters) - {"self", "side", "symbol", "qty"}
    assert names - {"peg_offset"} == set(CHANGED)
    assert sent_by(Strategy, OrderSide.BUY, peg="MARKET", peg_offset="1").peg_offset == "1"


@pytest.mark.parametrize("flag", ["post_only", "reduce_only"])
def test_a_flag_that_is_no_bool_is_not_taken_for_false(flag: str) -> None:
    assert getattr(sent_by(Strategy, OrderSide.BUY, **{flag: 0}), flag) is not False


def test_a_strategy_may_draft_its_orders_itself() -> None:
    class Named(Strategy):
        def draft(self, *args: Any, **terms: Any) -> OrderRequest:
            return super().draft(*args, **{**terms, "client_order_id": "drafted"})

    assert sent_by(Named, OrderSide.SELL).client_order_id == "drafted"
