"""Python checks no types: what was given instead is told in plain words, as what was meant."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from offbook.domain.commands import CancelOrder, Command, SubmitOrder, SubmitOrderList, well_formed
from offbook.domain.config import AccountConfig
from offbook.domain.errors import InvalidConfig, InvalidInput
from offbook.domain.orders import ContingencyType, OrderListRequest, OrderRequest, OrderSide
from offbook.domain.timeframes import parse_timeframe

ORDER = OrderRequest(symbol="A", side=OrderSide.BUY, order_qty="1")


def order(**changes: Any) -> OrderRequest:
    return msgspec.structs.replace(ORDER, **changes)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (
            SubmitOrder(command_id="1", order=order(side="buy")),
            "order.side: expected BUY or SELL, was 'buy'",
        ),
        (SubmitOrder(command_id="1", order=order(symbol=5)), "order.symbol: expected text, was 5"),
        (
            SubmitOrder(command_id="1", order=order(post_only="yes")),
            "order.post_only: expected true or false, was 'yes'",
        ),
        (
            SubmitOrderList(
                command_id="1",
                orders=OrderListRequest(
                    contingency_type=ContingencyType.OCO, orders=(ORDER, order(order_type="x"))
                ),
            ),
            "order_type in order 2 of orders.orders: expected MARKET or LIMIT or STOP",
        ),
        (CancelOrder(command_id="1", client_order_id=5), "client_order_id: expected text, was 5"),
        (
            CancelOrder(command_id="1", client_order_id="\ud800"),
            "client_order_id: '\\ud800' holds half a character",
        ),
    ],
)
def test_an_order_of_wrong_kinds_is_told_by_its_field(command: Command, told: str) -> None:
    """And what may stand there, without a decoder's words."""
    with pytest.raises(InvalidInput) as caught:
        well_formed(command)
    assert str(caught.value).startswith(told)
    assert caught.value.fields["field"] == told.partition(":")[0].rpartition(" ")[2]


def test_what_no_record_is_made_of_is_told_by_its_field() -> None:
    """As the numbers of numpy, which look like others."""
    with pytest.raises(InvalidInput, match=r"^order.price is a int64: give plain text") as caught:
        well_formed(SubmitOrder(command_id="1", order=order(price=np.int64(5))))
    assert caught.value.fields["field"] == "order.price"


def test_an_amount_that_is_no_text_is_asked_for_as_text() -> None:
    """Not by the words of what reads it."""
    with pytest.raises(InvalidConfig, match="initial_cash=5: write it as text"):
        AccountConfig(currency="USD", initial_cash=5)  # type: ignore[arg-type]  # the point of it


def test_a_timeframe_that_is_no_text_is_refused_as_any_other() -> None:
    """With how one is written."""
    with pytest.raises(InvalidConfig, match="timeframe 60: expected a number and ms, s, m"):
        parse_timeframe(60)  # type: ignore[arg-type]  # the point of it
