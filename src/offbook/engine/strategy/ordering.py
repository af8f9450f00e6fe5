"""How a strategy orders: the methods by which it buys, sells, cancels and replaces.

Prices and quantities are text, Decimal, int (whole units), Price or Quantity, never float: a float
raises FloatNotExact, which names ``self.price(x)`` and ``self.qty(x)``.  What can be no order
raises InvalidOrder; a refusal by risk or venue comes to ``on_order`` as DENIED or REJECTED.
"""

from __future__ import annotations

from datetime import UTC, datetime
from operator import is_
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from offbook.domain.errors import InvalidOrder
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
from offbook.domain.values import Exact
from offbook.engine.desk.requests import one_of

if TYPE_CHECKING:
    from offbook.engine.strategy.strategy import StrategyContext
    from offbook.engine.strategy.view import PositionView

_AT_MARKET = (None,) * 4 + (TimeInForce.GTC, None, False, False, None, None, False, None, 0, None)
"""The terms of ``buy`` and ``sell``, in their order, where none is given."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Ordering:
    """The part of a strategy that acts."""

    def buy(
        self,
        symbol: str,
        qty: Exact,
        *,
        price: Exact | None = None,
        stop_price: Exact | None = None,
        touch_price: Exact | None = None,
        trail: Exact | None = None,
        time_in_force: TimeInForce | str = TimeInForce.GTC,
        expire_time: int | datetime | None = None,
        post_only: bool = False,
        reduce_only: bool = False,
        take_profit: Exact | None = None,
        stop_loss: Exact | None = None,
        display_qty: Exact | None = None,
        min_qty: Exact | None = None,
        extended_hours: bool = False,
        peg: PegType | str | None = None,
        peg_offset: Exact = 0,
        client_order_id: str | None = None,
    ) -> str:
        """Buy at market, or with ``price`` at a limit; returns the client order id.

        ``stop_price`` waits for the market to reach a worse price, ``touch_price`` for a better
        one, ``trail`` (a distance, or a share as in ``"1.5%"``) follows it.  ``expire_time`` (an
        aware datetime, or ns UTC) makes it GTD.  ``display_qty`` is how much of a limit is shown (0
        hides it), ``min_qty`` the least that may trade at once; with ``extended_hours`` it takes
        part before the opening and after the close too.  ``peg`` (PRIMARY, MARKET, MIDPOINT)
        lets it follow the market at ``peg_offset``, no further than ``price``.  With
        ``take_profit`` or ``stop_loss`` it becomes the entry of a ``bracket``.
        """
        terms = {
            "price": price,
            "stop_price": stop_price,
            "touch_price": touch_price,
            "trail": trail,
            "time_in_force": time_in_force,
            "expire_time": expire_time,
            "post_only": post_only,
            "reduce_only": reduce_only,
            "display_qty": display_qty,
            "min_qty": min_qty,
            "extended_hours": extended_hours,
            "peg": peg,
            "peg_offset": peg_offset,
            "client_order_id": client_order_id,
        }
        return self._send(OrderSide.BUY, symbol, qty, terms, take_profit, stop_loss)

    def sell(
        self,
        symbol: str,
        qty: Exact,
        *,
        price: Exact | None = None,
        stop_price: Exact | None = None,
        touch_price: Exact | None = None,
        trail: Exact | None = None,
        time_in_force: TimeInForce | str = TimeInForce.GTC,
        expire_time: int | datetime | None = None,
        post_only: bool = False,
        reduce_only: bool = False,
        take_profit: Exact | None = None,
        stop_loss: Exact | None = None,
        display_qty: Exact | None = None,
        min_qty: Exact | None = None,
        extended_hours: bool = False,
        peg: PegType | str | None = None,
        peg_offset: Exact = 0,
        client_order_id: str | None = None,
    ) -> str:
        """Sell at market, or with ``price`` at a limit; see ``buy``."""
        terms = {
            "price": price,
            "stop_price": stop_price,
            "touch_price": touch_price,
            "trail": trail,
            "time_in_force": time_in_force,
            "expire_time": expire_time,
            "post_only": post_only,
            "reduce_only": reduce_only,
            "display_qty": display_qty,
            "min_qty": min_qty,
            "extended_hours": extended_hours,
            "peg": peg,
            "peg_offset": peg_offset,
            "client_order_id": client_order_id,
        }
        return self._send(OrderSide.SELL, symbol, qty, terms, take_profit, stop_loss)

    def submit(self, request: OrderRequest) -> str:
        """Send an order given as a value; returns its client order id. Raises InvalidOrder."""
        _require(request, OrderRequest)
        return self._running().submit(request)

    # -- orders that depend on one another --------------------------------------------------

    def bracket(
        self,
        symbol: str,
        side: OrderSide | str,
        qty: Exact,
        *,
        take_profit: Exact | None = None,
        stop_loss: Exact | None = None,
        trail: Exact | None = None,
        exits_in_force: TimeInForce | str = TimeInForce.GTC,
        **entry: Any,
    ) -> tuple[str, ...]:
        """Send an entry with its exits: a limit at ``take_profit``, and a stop at ``stop_loss`` or
        one that ``trail``s; returns their client order ids, the entry's first.

        ``entry`` is whatever ``buy`` takes (``price``, ``stop_price``, ...).  The exits are held
        until the entry trades, have the quantity that it has traded, only reduce, and cancel each
        other.
        """
        way = one_of(OrderSide, "side", side)
        if stop_loss is not None and trail is not None:
            raise InvalidOrder("give stop_loss or trail, not both", field="trail")
        exits: list[dict[str, Any]] = []
        if take_profit is not None:
            exits.append({"price": take_profit})
        if stop_loss is not None:
            exits.append({"stop_price": stop_loss})
        if trail is not None:
            exits.append({"trail": trail})
        if not exits:
            raise InvalidOrder("a bracket needs take_profit, stop_loss or trail", field="orders")
        out: dict[str, Any] = {"reduce_only": True, "time_in_force": exits_in_force}
        orders = [self.draft(way, symbol, qty, **entry)]
        orders += [self.draft(way.opposite, symbol, qty, **terms, **out) for terms in exits]
        return self._group(ContingencyType.BRACKET, orders)

    def oco(self, *orders: OrderRequest) -> tuple[str, ...]:
        """Send orders of one symbol that cancel each other (make them with ``draft``); what one
        trades, the others have less. Returns their client order ids."""
        return self._group(ContingencyType.OCO, orders)

    def oto(self, parent: OrderRequest, *children: OrderRequest) -> tuple[str, ...]:
        """Send an order, and others that are held until it trades; their client order ids."""
        return self._group(ContingencyType.OTO, (parent, *children))

    def submit_group(self, request: OrderListRequest) -> tuple[str, ...]:
        """Send a list of orders given as a value; their client order ids. Raises InvalidOrder."""
        _require(request, OrderListRequest)
        if not isinstance(request.orders, (tuple, list)):
            raise InvalidOrder("orders: expected several OrderRequest", field="orders")
        return self._send_list(request)

    def draft(
        self,
        side: OrderSide | str,
        symbol: str,
        qty: Exact,
        *,
        price: Exact | None = None,
        stop_price: Exact | None = None,
        touch_price: Exact | None = None,
        trail: Exact | None = None,
        time_in_force: TimeInForce | str = TimeInForce.GTC,
        expire_time: int | datetime | None = None,
        post_only: bool = False,
        reduce_only: bool = False,
        display_qty: Exact | None = None,
        min_qty: Exact | None = None,
        extended_hours: bool = False,
        peg: PegType | str | None = None,
        peg_offset: Exact = 0,
        client_order_id: str | None = None,
    ) -> OrderRequest:
        """An order as a value, not sent; terms as for ``buy``."""
        context = self._running()
        force = one_of(TimeInForce, "time_in_force", time_in_force)
        if expire_time is not None and force is TimeInForce.GTC:
            force = TimeInForce.GTD
        trigger, waits = "", {}
        if not (stop_price is touch_price is trail is None):
            trigger = _only_one(stop_price=stop_price, touch_price=touch_price, trail=trail)
            waits = self._trigger(symbol, touch_price if stop_price is None else stop_price, trail)
        return OrderRequest(
            symbol=symbol,
            side=one_of(OrderSide, "side", side),
            order_qty=context.text_qty(symbol, qty),
            order_type=OrderType.PEGGED
            if peg is not None and not trigger
            else _type_of(trigger, limit=price is not None),
            price=None if price is None else context.text_price(symbol, price),
            **waits,
            time_in_force=force,
            expire_time=_nanoseconds(expire_time),
            post_only=post_only,
            reduce_only=reduce_only,
            client_order_id=client_order_id,
            display_qty=UNSET if display_qty is None else context.text_qty(symbol, display_qty),
            min_qty=UNSET if min_qty is None else context.text_qty(symbol, min_qty),
            extended_hours=True if extended_hours else UNSET,
            peg=UNSET if peg is None else one_of(PegType, "peg", peg),
            peg_offset=UNSET
            if peg is None
            else context.text_price(symbol, peg_offset, "peg_offset"),
        )

    # -- requests about working orders ------------------------------------------------------

    def cancel(self, client_order_id: str) -> None:
        """Ask the venue to cancel; the answer comes to ``on_order``. Raises OrderNotFound.

        Asking again while an answer is awaited, or after the order is known to have ended, is
        recorded as denied and otherwise without effect.
        """
        self._running().cancel(client_order_id)

    def replace(
        self,
        client_order_id: str,
        *,
        qty: Exact | None = None,
        price: Exact | None = None,
        stop_price: Exact | None = None,
        trail: Exact | None = None,
    ) -> None:
        """Ask the venue to change total quantity, limit, trigger price or trail of an order.

        ``stop_price`` is also that of an order that waits to be touched.  Raises OrderNotFound or
        InvalidOrder; the answer of risk or venue comes to ``on_order``, except as for ``cancel``.
        """
        context = self._running()
        symbol = context.order(client_order_id).symbol
        terms = ReplaceRequest(
            order_qty=None if qty is None else context.text_qty(symbol, qty),
            price=None if price is None else context.text_price(symbol, price),
            **self._trigger(symbol, stop_price, trail),
        )
        context.replace(client_order_id, terms)

    def close(self, symbol: str) -> str | None:
        """Close the reported position at market, reduce-only; the client order id, or None when
        there is nothing to close."""
        position: PositionView = self._running().position(symbol)
        if not position:
            return None
        side = self.sell if position.is_long else self.buy
        return side(symbol, position.qty, reduce_only=True)

    # -- inside -----------------------------------------------------------------------------

    def _running(self) -> StrategyContext:
        """What the session lets a strategy do."""
        raise NotImplementedError

    def _group(
        self, kind: ContingencyType, orders: tuple[OrderRequest, ...] | list[OrderRequest]
    ) -> tuple[str, ...]:
        return self._send_list(OrderListRequest(contingency_type=kind, orders=tuple(orders)))

    def _send_list(self, request: OrderListRequest) -> tuple[str, ...]:
        for order in request.orders:
            _require(order, OrderRequest)
        return self._running().submit_group(request)

    def _send(
        self,
        side: OrderSide,
        symbol: str,
        qty: Exact,
        terms: dict[str, Any],
        take_profit: Exact | None,
        stop_loss: Exact | None,
    ) -> str:
        if take_profit is None and stop_loss is None:
            if all(map(is_, terms.values(), _AT_MARKET)) and type(self).draft is Ordering.draft:
                # What most ask for is not asked for one by one.
                text = self._running().text_qty(symbol, qty)
                return self.submit(OrderRequest(symbol=symbol, side=side, order_qty=text))
            return self.submit(self.draft(side, symbol, qty, **terms))
        exits: dict[str, Any] = {"take_profit": take_profit, "stop_loss": stop_loss}
        if terms.pop("trail") is not None:
            raise InvalidOrder("an entry that trails takes no exits: use oto", field="trail")
        return self.bracket(symbol, side, qty, **exits, **terms)[0]

    def _trigger(
        self, symbol: str, stop_price: Exact | None, trail: Exact | None
    ) -> dict[str, str | None]:
        context = self._running()
        terms: dict[str, str | None] = {}
        if stop_price is not None:
            terms["stop_px"] = context.text_price(symbol, stop_price, "stop_px")
        if isinstance(trail, str) and trail.rstrip().endswith("%"):
            terms["trail_percent"] = trail.rstrip().removesuffix("%").rstrip()
        elif trail is not None:
            terms["trail_amount"] = context.text_price(symbol, trail, "trail_amount")
        return terms


def _only_one(**prices: Exact | None) -> str:
    """Which of several is given. Raises InvalidOrder for more than one."""
    given = [name for name, value in prices.items() if value is not None]
    if len(given) > 1:
        raise InvalidOrder(f"give {given[0]} or {given[1]}, not both", field=given[1])
    return given[0]


def _type_of(trigger: str, *, limit: bool) -> OrderType:
    """The order type that goes with what was given."""
    if trigger == "trail":
        if limit:
            raise InvalidOrder("a TRAILING_STOP order takes no price", field="price")
        return OrderType.TRAILING_STOP
    if trigger == "stop_price":
        return OrderType.STOP_LIMIT if limit else OrderType.STOP
    if trigger == "touch_price":
        return OrderType.LIMIT_IF_TOUCHED if limit else OrderType.MARKET_IF_TOUCHED
    return OrderType.LIMIT if limit else OrderType.MARKET


def _require(request: object, kind: type) -> None:
    """Raise InvalidOrder unless a request is of its kind: Python checks no types."""
    if not isinstance(request, kind):
        raise InvalidOrder(
            f"request is a {type(request).__name__}: expected {kind.__name__}", field="request"
        )


def _nanoseconds(when: int | datetime | None) -> int | None:
    """A time as ns UTC. Raises InvalidOrder for a datetime without a time zone."""
    if not isinstance(when, datetime):
        return when
    if when.tzinfo is None:
        raise InvalidOrder(
            f"expire_time={when} has no time zone: say datetime(..., tzinfo=UTC)",
            field="expire_time",
        )
    passed = when - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000_000 + passed.microseconds * 1000
