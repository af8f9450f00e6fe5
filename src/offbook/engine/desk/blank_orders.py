"""What orders that leave have in common, made once."""

from __future__ import annotations

import functools

from offbook.domain import records as r
from offbook.domain.orders import BUY, OrderType, Origin, TimeInForce
from offbook.domain.values import Amount


@functools.lru_cache(maxsize=1024)
def blank_order(
    symbol: str,
    origin: Origin,
    time_in_force: TimeInForce,
    account: str,
    currency: str,
    reduce_only: bool,
) -> r.OrderSubmitted:
    """The record of an order without its numbers, which is to be copied with them.

    That takes half as long as to make one: Python hands more than 15 arguments with names over by
    way of a dictionary.
    """
    return r.OrderSubmitted(
        0,
        0,
        order=0,
        client_order_id="",
        origin=origin,
        command_id=None,
        symbol=symbol,
        side=BUY,
        order_type=OrderType.LIMIT,
        time_in_force=time_in_force,
        order_qty=0,
        price_px=None,
        reduce_only=reduce_only,
        reserve_px=0,
        reserved=Amount(0),
        reserved_account=account,
        reserved_currency=currency,
        decision_bid_px=0,
        decision_ask_px=0,
        due=0,
    )
