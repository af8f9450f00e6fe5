"""Orders with nothing special are read on a shorter way, which takes and refuses the same."""

from random import Random
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from offbook.domain.errors import OffbookError
from offbook.domain.orders import OrderRequest, OrderSide, OrderType, TimeInForce
from offbook.engine.desk import requests
from offbook.engine.desk.requests import terms_of
from offbook.testing.markets import XYZ

ODD: dict[str, list[Any]] = {
    "side": [*OrderSide, "buy", "SELL", "none such", None],
    "order_type": [OrderType.LIMIT, OrderType.MARKET, OrderType.STOP, "limit", "none such", None],
    "time_in_force": [*TimeInForce, "gtc", "Ioc", "none such", None],
    "order_qty": ["1", " 2 ", "007", "0", "-1", "1e2", "", "9" * 30, "1.5", 3, 2.0, True, None],
    "price": [None, "100", "99.995", "99.9999999", "0", "-3", "x", 100, 100.0],
    "reduce_only": [False, True, 0, 1, None],
    "post_only": [False, True, 0, None],
    "expire_time": [None, 10**18, "x"],
    "display_qty": [UNSET, None, "0", "1"],
    "extended_hours": [UNSET, False, True],
    "client_order_id": [None, "a", "", "x" * 200, 7],
}
USUAL = {"side": OrderSide.BUY, "order_type": OrderType.LIMIT, "order_qty": "2", "price": "100"}


def told(request: OrderRequest) -> object:
    """The terms that a request comes to, or how it is refused."""
    try:
        return msgspec.structs.replace(terms_of(request, XYZ, "S-1"), is_plain=False)
    except OffbookError as error:
        return type(error), str(error), error.fields


def test_the_shorter_way_takes_and_refuses_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever one, two or three of the fields are; where several are wrong, another may be
    named."""
    rng = Random(17)
    made: list[OrderRequest] = []
    alone: list[bool] = []
    for _ in range(1500):
        names = rng.sample(list(ODD), rng.choice([1, 1, 2, 3]))
        given = USUAL | {name: rng.choice(ODD[name]) for name in names}
        made.append(OrderRequest(symbol="XYZ", **given))
        alone.append(len(names) == 1)
    shorter = [told(request) for request in made]
    plain = sum(requests._is_plain(one, one.order_type, one.time_in_force) for one in made)
    assert 300 < plain < 1200, plain
    refused = sum(isinstance(one, tuple) for one in shorter)
    assert 300 < refused < 1200, refused
    monkeypatch.setattr(requests, "_is_plain", lambda *_: False)
    for request, one, is_alone in zip(made, shorter, alone, strict=True):
        other = told(request)
        if is_alone or not (isinstance(one, tuple) and isinstance(other, tuple)):
            assert other == one, request
