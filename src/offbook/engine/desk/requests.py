"""Requests in words, read into terms in units. What can be no order raises InvalidOrder."""

from __future__ import annotations

from enum import Enum
from typing import Final, TypeVar

import msgspec
from msgspec import UNSET

from offbook.domain.calendars import NEVER
from offbook.domain.errors import InvalidOrder
from offbook.domain.identifiers import plain_text
from offbook.domain.instruments import Instrument
from offbook.domain.orders import (
    ContingencyType,
    OrderListRequest,
    OrderRequest,
    OrderSide,
    OrderType,
    PegType,
    ReplaceRequest,
    TimeInForce,
)
from offbook.domain.values import exact_units
from offbook.engine.desk.terms import Terms, positive_units
from offbook.engine.ledger.state import Amendment, OrderState
from offbook.engine.venue.triggers import PERCENT_PRECISION

E = TypeVar("E", bound=Enum)
MAX_ID: Final = 128
MAX_LIST: Final = 20
_MARKET: Final = OrderType.MARKET
_LIMIT: Final = OrderType.LIMIT
_GTD: Final = TimeInForce.GTD
WHOLE: Final = 100 * 10**PERCENT_PRECISION


def terms_of(request: OrderRequest, instrument: Instrument, client_order_id: str) -> Terms:
    """A new order's terms; ``client_order_id`` is for one that has none. Raises InvalidOrder."""
    order_type, time_in_force, side = request.order_type, request.time_in_force, request.side
    if type(order_type) is not OrderType:
        order_type = one_of(OrderType, "order_type", order_type)
    if type(time_in_force) is not TimeInForce:
        time_in_force = one_of(TimeInForce, "time_in_force", time_in_force)
    if _is_plain(request, order_type, time_in_force):
        if request.client_order_id is not None:
            client_order_id = read_id("client_order_id", request.client_order_id)
        return Terms(
            symbol=instrument.symbol,
            side=side if type(side) is OrderSide else one_of(OrderSide, "side", side),
            order_type=order_type,
            time_in_force=time_in_force,
            order_qty=positive_units(request.order_qty, instrument.qty_precision, "order_qty"),
            price_px=_units(request.price, instrument.price_precision, "price"),
            reduce_only=False,
            client_order_id=client_order_id,
            is_plain=True,
        )
    _check_prices(request, order_type)
    _check_time(request.expire_time, time_in_force)
    for name in ("reduce_only", "post_only"):
        _check_flag(name, getattr(request, name))
    if request.post_only and (order_type is not OrderType.LIMIT or time_in_force.is_immediate):
        raise InvalidOrder(
            "post_only is for LIMIT orders that may rest: GTC, DAY or GTD", field="post_only"
        )
    if time_in_force.is_auction and (order_type.waits or request.post_only):
        raise InvalidOrder(
            f"{time_in_force.value} is for MARKET and LIMIT orders that are not post_only: an "
            "auction triggers nothing, and nobody makes the market in it",
            field="time_in_force",
        )
    if request.client_order_id is not None:
        client_order_id = read_id("client_order_id", request.client_order_id)
    precision = instrument.price_precision
    order_qty = positive_units(request.order_qty, instrument.qty_precision, "order_qty")
    terms = Terms(
        symbol=instrument.symbol,
        side=one_of(OrderSide, "side", side),
        order_type=order_type,
        time_in_force=time_in_force,
        order_qty=order_qty,
        price_px=_units(request.price, precision, "price"),
        reduce_only=request.reduce_only,
        client_order_id=client_order_id,
        stop_px=_units(request.stop_px, precision, "stop_px"),
        trail_px=_units(request.trail_amount, precision, "trail_amount"),
        trail_ratio=_ratio(request.trail_percent),
        expire_time=request.expire_time,
        post_only=request.post_only,
    )
    if _asks_no_more(request) and order_type is not OrderType.PEGGED:
        return terms
    return _with_more(terms, request, instrument)


def _asks_no_more(request: OrderRequest) -> bool:
    """Whether an order asks for nothing that few do."""
    return (
        request.display_qty is UNSET
        and request.min_qty is UNSET
        and request.extended_hours is UNSET
        and request.peg is UNSET
        and request.peg_offset is UNSET
    )


def _with_more(terms: Terms, request: OrderRequest, instrument: Instrument) -> Terms:
    """Terms with what few orders ask for. Raises InvalidOrder."""
    kind, force, precision = terms.order_type, terms.time_in_force, instrument.price_precision
    peg, offset_px = _peg_of(request, kind, force, precision)
    display_qty, min_qty = _shown(request, kind, force, terms.order_qty, instrument)
    return msgspec.structs.replace(
        terms,
        display_qty=display_qty,
        min_qty=min_qty,
        extended_hours=_extended(request, kind, force),
        peg=peg,
        peg_offset_px=offset_px,
    )


def _peg_of(
    request: OrderRequest, kind: OrderType, force: TimeInForce, precision: int
) -> tuple[PegType | None, int]:
    """What an order follows, and at which distance."""
    if kind is not OrderType.PEGGED:
        if request.peg is not UNSET or request.peg_offset is not UNSET:
            raise InvalidOrder("peg and peg_offset are for PEGGED orders", field="peg")
        return None, 0
    if request.peg is UNSET:
        raise InvalidOrder("a PEGGED order needs a peg: PRIMARY, MARKET or MIDPOINT", field="peg")
    if force.is_immediate or force.is_auction:
        raise InvalidOrder("PEGGED orders rest: GTC, DAY or GTD", field="time_in_force")
    text = request.peg_offset
    offset = exact_units(text, precision, "peg_offset") if isinstance(text, str) else 0
    return one_of(PegType, "peg", request.peg), offset


def _extended(request: OrderRequest, order_type: OrderType, time_in_force: TimeInForce) -> bool:
    """Whether an order takes part in extended hours."""
    if request.extended_hours is UNSET:
        return False
    _check_flag("extended_hours", request.extended_hours)
    rests = not (time_in_force.is_immediate or time_in_force.is_auction)
    if request.extended_hours and (order_type is not OrderType.LIMIT or not rests):
        raise InvalidOrder(
            "extended_hours is for LIMIT orders that may rest: GTC, DAY or GTD",
            field="extended_hours",
        )
    return bool(request.extended_hours)


def _shown(
    request: OrderRequest,
    order_type: OrderType,
    time_in_force: TimeInForce,
    order_qty: int,
    instrument: Instrument,
) -> tuple[int | None, int]:
    """How much of an order is shown, None for all, and the least that may trade at once."""
    if request.display_qty is UNSET and request.min_qty is UNSET:
        return None, 0  # as nearly always
    display_qty, min_qty = None, 0
    if isinstance(request.display_qty, str):
        rests = not (time_in_force.is_immediate or time_in_force.is_auction)
        if order_type is not OrderType.LIMIT or not rests:
            raise InvalidOrder(
                "display_qty is for LIMIT orders that may rest: GTC, DAY or GTD",
                field="display_qty",
            )
        display_qty = exact_units(request.display_qty, instrument.qty_precision, "display_qty")
        if not 0 <= display_qty < order_qty:
            raise InvalidOrder(
                f"display_qty={request.display_qty}: expected 0 (hidden) or more, and less than "
                "order_qty",
                field="display_qty",
            )
    if isinstance(request.min_qty, str):
        if not (display_qty == 0 or time_in_force is TimeInForce.IOC) or order_type.waits:
            raise InvalidOrder(
                "min_qty is for MARKET and LIMIT orders that are IOC, and for hidden ones "
                "(display_qty 0)",
                field="min_qty",
            )
        min_qty = positive_units(request.min_qty, instrument.qty_precision, "min_qty")
        if min_qty > order_qty:
            raise InvalidOrder(
                f"min_qty={request.min_qty}: more than order_qty={request.order_qty}",
                field="min_qty",
            )
    return display_qty, min_qty


def _is_plain(request: OrderRequest, kind: OrderType, time_in_force: TimeInForce) -> bool:
    """Whether a request is a limit, or at market, with nothing special, as most are: then there is
    nothing to be looked at but its price and quantity."""
    return (
        (kind is _MARKET if request.price is None else kind is _LIMIT)
        and time_in_force is not _GTD
        and request.stop_px is None
        and request.trail_amount is None
        and request.trail_percent is None
        and request.expire_time is None
        and request.reduce_only is False
        and request.post_only is False
        and _asks_no_more(request)
    )


def check_list(request: OrderListRequest) -> ContingencyType:
    """Whether orders can be a list of their kind; which that is. Raises InvalidOrder."""
    kind = one_of(ContingencyType, "contingency_type", request.contingency_type)
    orders = request.orders
    if not 2 <= len(orders) <= MAX_LIST:
        raise InvalidOrder(f"a list has 2 to {MAX_LIST} orders", field="orders")
    if kind is not ContingencyType.OTO and any(o.symbol != orders[0].symbol for o in orders):
        raise InvalidOrder(f"the orders of a {kind.value} list have one symbol", field="symbol")
    given = [
        read_id("client_order_id", order.client_order_id)
        for order in orders
        if order.client_order_id is not None
    ]
    if any(order.order_type is OrderType.PEGGED for order in orders):
        raise InvalidOrder("PEGGED orders are in no list", field="order_type")
    if len(set(given)) < len(given):
        raise InvalidOrder("two orders have one client_order_id", field="client_order_id")
    if kind is ContingencyType.BRACKET:
        entry, *exits = orders
        if any(order.side == entry.side for order in exits):
            raise InvalidOrder("exits have the other side than their entry", field="side")
        if not all(order.reduce_only is True for order in exits):
            raise InvalidOrder("exits are reduce_only", field="reduce_only")
    if request.order_list_id is not None:
        read_id("order_list_id", request.order_list_id)
    return kind


def amendment_of(order: OrderState, request: ReplaceRequest, instrument: Instrument) -> Amendment:
    """All terms of an order after a replace. Raises InvalidOrder."""
    given = [name for name in request.__struct_fields__ if getattr(request, name) is not None]
    if not given:
        raise InvalidOrder(
            "a replace needs something new: order_qty, price, stop_px, trail_amount or "
            "trail_percent",
            field="order_qty",
        )
    kind = order.order_type
    for name in given:
        if name != "order_qty" and name not in _prices_of(kind):
            raise InvalidOrder(f"a {kind.value} order takes no {name}", field=name)
    _check_one_trail(request.trail_amount, request.trail_percent)
    precision = instrument.price_precision
    new_trail = request.trail_amount is not None or request.trail_percent is not None
    return Amendment(
        from_qty=order.order_qty,
        order_qty=order.order_qty
        if request.order_qty is None
        else positive_units(request.order_qty, instrument.qty_precision, "order_qty"),
        price_px=_or(_units(request.price, precision, "price"), order.price_px),
        stop_px=_or(_units(request.stop_px, precision, "stop_px"), order.stop_px)
        if kind.has_stop
        else None,
        trail_px=_units(request.trail_amount, precision, "trail_amount")
        if new_trail
        else order.trail_px,
        trail_ratio=_ratio(request.trail_percent) if new_trail else order.trail_ratio,
    )


def _prices_of(kind: OrderType) -> set[str]:
    """The prices that a type of order takes."""
    names = {"price"} if kind.has_limit else set()
    if kind.has_stop:
        names.add("stop_px")
    if kind is OrderType.TRAILING_STOP:
        names |= {"trail_amount", "trail_percent"}
    return names


def _check_prices(request: OrderRequest, kind: OrderType) -> None:
    taken = _prices_of(kind)
    if kind is OrderType.PEGGED and request.price is not None:
        taken = {"price"}
    for name in ("price", "stop_px"):
        given = getattr(request, name) is not None
        if name in taken and not given:
            raise InvalidOrder(f"a {kind.value} order needs a {name}", field=name)
    for name in ("price", "stop_px", "trail_amount", "trail_percent"):
        if name not in taken and getattr(request, name) is not None:
            raise InvalidOrder(f"a {kind.value} order takes no {name}", field=name)
    _check_one_trail(request.trail_amount, request.trail_percent)
    trails = request.trail_amount is not None or request.trail_percent is not None
    if kind is OrderType.TRAILING_STOP and not trails:
        raise InvalidOrder(
            "a TRAILING_STOP order needs a trail_amount or a trail_percent", field="trail_amount"
        )


def _check_one_trail(amount: object, percent: object) -> None:
    if amount is not None and percent is not None:
        raise InvalidOrder("give trail_amount or trail_percent, not both", field="trail_percent")


def _check_time(expire_time: object, time_in_force: TimeInForce) -> None:
    if (expire_time is not None) is not (time_in_force is TimeInForce.GTD):
        raise InvalidOrder(
            "expire_time goes with time_in_force GTD, and GTD needs it", field="expire_time"
        )
    if expire_time is None:
        return
    if type(expire_time) is not int:  # of a kind of number that somebody made no record is made
        raise InvalidOrder(
            f"expire_time={expire_time!r}: expected nanoseconds UTC, an int", field="expire_time"
        )
    if not 0 < expire_time < NEVER:
        raise InvalidOrder(f"expire_time={expire_time}: expected 1 to 2**63-2", field="expire_time")


def _check_flag(name: str, given: object) -> None:
    if not isinstance(given, bool):
        raise InvalidOrder(f"{name}={given!r}: expected True or False", field=name)


def read_id(field: str, given: object) -> str:
    """An id as it can be recorded. Raises InvalidOrder."""
    if not isinstance(given, str) or not 0 < len(given) <= MAX_ID:
        raise InvalidOrder(f"{field}: expected text of 1 to {MAX_ID} characters", field=field)
    if not given.isprintable():
        raise InvalidOrder(f"{field}={given!r} holds what cannot be printed", field=field)
    return plain_text(given)


def one_of(kind: type[E], field: str, value: object) -> E:
    """A value of an enum, also where its text was given, in any case: Python checks no types."""
    if type(value) is kind:
        return value
    try:
        return kind(value.upper() if isinstance(value, str) else value)
    except ValueError:
        names = ", ".join(str(member.value) for member in kind)
        raise InvalidOrder(f"{field}={value!r}: expected one of {names}", field=field) from None


def _units(text: str | None, precision: int, field: str) -> int | None:
    return None if text is None else positive_units(text, precision, field)


def _ratio(percent: str | None) -> int | None:
    if percent is None:
        return None
    units = positive_units(percent, PERCENT_PRECISION, "trail_percent")
    if units >= WHOLE:
        raise InvalidOrder(
            f"trail_percent={percent}: expected less than 100", field="trail_percent"
        )
    return units


def _or(value: int | None, otherwise: int | None) -> int | None:
    return otherwise if value is None else value
