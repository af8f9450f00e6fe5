"""What checks look at and what they answer."""

from __future__ import annotations

from typing import Any

import msgspec

from offbook.domain.errors import InvalidOrder
from offbook.domain.orders import (
    ContingencyType,
    OrderSide,
    OrderType,
    PegType,
    RejectReason,
    TimeInForce,
)
from offbook.domain.values import exact_units, units_of_text


class Terms(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An order's terms in units, parsed and complete; one that is ``held`` waits for a parent."""

    symbol: str
    side: OrderSide
    order_type: OrderType
    time_in_force: TimeInForce
    order_qty: int
    price_px: int | None
    reduce_only: bool
    client_order_id: str
    stop_px: int | None = None
    trail_px: int | None = None
    trail_ratio: int | None = None
    expire_time: int | None = None
    post_only: bool = False
    order_list_id: str | None = None
    contingency_type: ContingencyType | None = None
    held: bool = False
    display_qty: int | None = None
    min_qty: int = 0
    extended_hours: bool = False
    peg: PegType | None = None
    peg_offset_px: int = 0
    is_plain: bool = False
    """Whether all from ``stop_px`` on is as of most orders, but for a list that it may be in."""


def special_terms(terms: Terms) -> dict[str, Any]:
    """What few orders have, by the names of a record's fields."""
    return {
        "stop_px": terms.stop_px,
        "trail_px": terms.trail_px,
        "trail_ratio": terms.trail_ratio,
        "expire_time": terms.expire_time,
        "post_only": terms.post_only,
        "order_list_id": terms.order_list_id,
        "contingency_type": terms.contingency_type,
        "display_qty": terms.display_qty,
        "min_qty": terms.min_qty,
        "extended_hours": terms.extended_hours,
        "peg": terms.peg,
        "peg_offset_px": terms.peg_offset_px,
    }


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why not: the limit that stood in the way, its value, and the order's."""

    reason: RejectReason
    limit: str = ""
    value: str = ""


class Approval(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an order may hold: ``reserved`` of an account's ``currency``, counted at
    ``reserve_px``."""

    reserved: int
    account: str
    currency: str
    reserve_px: int


class Market(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The prices that checks look at, in price units."""

    bid_px: int
    ask_px: int


def positive_units(text: str, precision: int, field: str) -> int:
    """A quantity or price of a request in units. Raises InvalidOrder unless positive."""
    if type(text) is str:
        units = units_of_text(text, precision, field)  # as nearly always, and for every order
    else:
        units = exact_units(text, precision, field)
    if units <= 0:
        raise InvalidOrder(f"{field}={text}: expected more than zero", field=field, value=text)
    return units
