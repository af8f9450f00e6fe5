"""The order desk: requests in, checked orders on their way to the venue out."""

from __future__ import annotations

from enum import Enum
from typing import Final, TypeVar

from offbook.domain import records as r
from offbook.domain.errors import InvalidOrder, OrderNotFound
from offbook.domain.orders import (
    ExecType,
    OrderRequest,
    OrderSide,
    OrderStatus,
    OrderType,
    Origin,
    RejectReason,
    ReplaceRequest,
    TimeInForce,
)
from offbook.domain.session import SessionStatus
from offbook.domain.values import Amount
from offbook.engine.agenda import (
    STAGE_MESSAGE,
    CancelArrives,
    NewArrives,
    ReplaceArrives,
    ReportArrives,
)
from offbook.engine.kernel import Kernel
from offbook.engine.state import OrderState
from offbook.engine.terms import Approval, Market, Refusal, Terms, positive_units

E = TypeVar("E", bound=Enum)
MAX_CLIENT_ORDER_ID = 128
_KNOWN: Final = frozenset(
    {
        RejectReason.REQUEST_PENDING,
        RejectReason.ORDER_CLOSED,
        RejectReason.SESSION_NOT_TRADING,
    }
)
"""Refusals of requests that tell a strategy nothing new: they are recorded, not reported."""


class OrderDesk:
    """Takes requests of the strategy and of the outside; every one leaves a record."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def find(self, client_order_id: str) -> OrderState:
        """The order of a client order id. Raises OrderNotFound."""
        ordinal = self._kernel.ledger.by_client_id.get(client_order_id)
        if ordinal is None:
            raise OrderNotFound(f"no order {client_order_id!r}", order_id=client_order_id)
        return self._kernel.ledger.orders[ordinal]

    # -- new orders -------------------------------------------------------------------------

    def terms(self, request: OrderRequest) -> Terms:
        """A request in units. Raises InvalidOrder (nothing is recorded)."""
        instrument = self._kernel.instrument(request.symbol)
        side = _one_of(OrderSide, "side", request.side)
        order_type = _one_of(OrderType, "order_type", request.order_type)
        time_in_force = _one_of(TimeInForce, "time_in_force", request.time_in_force)
        if order_type is OrderType.LIMIT and request.price is None:
            raise InvalidOrder("a LIMIT order needs a price", field="price")
        if order_type is OrderType.MARKET and request.price is not None:
            raise InvalidOrder("a MARKET order takes no price", field="price")
        if not isinstance(request.reduce_only, bool):
            raise InvalidOrder(
                f"reduce_only={request.reduce_only!r}: expected True or False", field="reduce_only"
            )
        _check_client_id(request.client_order_id)
        price_px = None
        if request.price is not None:
            price_px = positive_units(request.price, instrument.price_precision, "price")
        return Terms(
            symbol=instrument.symbol,
            side=side,
            order_type=order_type,
            time_in_force=time_in_force,
            order_qty=positive_units(request.order_qty, instrument.qty_precision, "order_qty"),
            price_px=price_px,
            reduce_only=request.reduce_only,
            client_order_id=request.client_order_id or self._next_client_id(),
        )

    def _next_client_id(self) -> str:
        ledger = self._kernel.ledger
        name = f"S-{len(ledger.orders) + 1}"
        while name in ledger.by_client_id:
            name += "'"
        return name

    def submit(
        self, request: OrderRequest, origin: Origin, command_id: str | None = None
    ) -> OrderState:
        """Check an order and send it, or deny it. Raises InvalidOrder for what is no order."""
        kernel = self._kernel
        terms = self.terms(request)
        instrument = kernel.instrument(terms.symbol)
        market = kernel.prices(terms.symbol)
        verdict = kernel.risk.new_order(terms, instrument, market, kernel.now)
        if isinstance(verdict, Refusal):
            return self._deny(terms, verdict, origin, command_id)
        return self._send(terms, verdict, market, origin, command_id)

    def _send(
        self,
        terms: Terms,
        approval: Approval,
        market: Market | None,
        origin: Origin,
        command_id: str | None,
    ) -> OrderState:
        kernel = self._kernel
        ordinal = len(kernel.ledger.orders) + 1
        at_once = origin is Origin.LIQUIDATION
        due = kernel.now if at_once else kernel.entry_due(ordinal)
        kernel.emit(
            r.OrderSubmitted,
            order=ordinal,
            client_order_id=terms.client_order_id,
            origin=origin,
            command_id=command_id,
            symbol=terms.symbol,
            side=terms.side,
            order_type=terms.order_type,
            time_in_force=terms.time_in_force,
            order_qty=terms.order_qty,
            price_px=terms.price_px,
            reduce_only=terms.reduce_only,
            reserve_px=approval.reserve_px,
            reserved=Amount(approval.reserved),
            reserved_account=approval.account,
            reserved_currency=approval.currency,
            decision_bid_px=0 if market is None else market.bid_px,
            decision_ask_px=0 if market is None else market.ask_px,
            due=due,
        )
        kernel.agenda.add(due, STAGE_MESSAGE, NewArrives(ordinal))
        order = kernel.ledger.orders[ordinal]
        if kernel.reports:
            kernel.view.sent(order)
        return order

    def _deny(
        self, terms: Terms, refusal: Refusal, origin: Origin, command_id: str | None
    ) -> OrderState:
        kernel = self._kernel
        ordinal = len(kernel.ledger.orders) + 1
        kernel.emit(
            r.OrderDenied,
            order=ordinal,
            client_order_id=terms.client_order_id,
            origin=origin,
            command_id=command_id,
            symbol=terms.symbol,
            side=terms.side,
            order_type=terms.order_type,
            time_in_force=terms.time_in_force,
            order_qty=terms.order_qty,
            price_px=terms.price_px,
            reason=refusal.reason,
            limit=refusal.limit,
            value=refusal.value,
        )
        order = kernel.ledger.orders[ordinal]
        if kernel.reports:
            kernel.view.sent(order)
            kernel.report(order, ExecType.DENIED, kernel.now, refusal.reason.value)
        return order

    def flatten(self, symbol: str, origin: Origin = Origin.FLATTEN) -> OrderState | None:
        """Send what closes a position at market, whatever the limits; None when nothing can be
        closed in whole lots. A liquidation is the venue's own and arrives at once."""
        kernel = self._kernel
        instrument = kernel.instrument(symbol)
        held = kernel.ledger.position(symbol).qty
        qty = abs(held) // instrument.lot_units * instrument.lot_units
        if qty == 0:
            return None
        terms = Terms(
            symbol=symbol,
            side=OrderSide.SELL if held > 0 else OrderSide.BUY,
            order_type=OrderType.MARKET,
            time_in_force=TimeInForce.GTC,
            order_qty=qty,
            price_px=None,
            reduce_only=True,
            client_order_id=self._next_client_id(),
        )
        approval = kernel.funds.approve_closing(instrument, qty)
        return self._send(terms, approval, kernel.prices(symbol), origin, None)

    # -- requests about working orders ------------------------------------------------------

    def cancel(self, client_order_id: str, origin: Origin, command_id: str | None = None) -> None:
        """Ask the venue to cancel. Raises OrderNotFound; a refusal leaves a RequestDenied."""
        kernel = self._kernel
        order = self.find(client_order_id)
        refusal = self._request_refusal(order, origin, replace=False)
        if refusal is not None:
            self._deny_request(order, origin, command_id, refusal, replace=False)
            return
        due = kernel.entry_due(order.ordinal)
        kernel.emit(
            r.CancelRequested, order=order.ordinal, origin=origin, command_id=command_id, due=due
        )
        if kernel.reports:
            kernel.view.requested(order, ExecType.PENDING_CANCEL)
        kernel.agenda.add(due, STAGE_MESSAGE, CancelArrives(order.ordinal))

    def replace(
        self,
        client_order_id: str,
        request: ReplaceRequest,
        origin: Origin,
        command_id: str | None = None,
    ) -> None:
        """Ask the venue for new terms. Raises OrderNotFound or InvalidOrder."""
        kernel = self._kernel
        order = self.find(client_order_id)
        order_qty, price_px = self.new_terms(order, request)
        reserve_px = order.reserve_px if price_px is None else price_px
        refusal = self._request_refusal(order, origin, replace=True) or self._paused_refusal(order)
        reserved = order.reserved
        market = kernel.prices(order.symbol)
        if refusal is None and market is not None and not order.status.is_terminal:
            verdict = kernel.risk.new_terms(
                order,
                order_qty,
                price_px,
                reserve_px,
                kernel.instrument(order.symbol),
                market,
                kernel.now,
            )
            if isinstance(verdict, Refusal):
                refusal = verdict
            else:
                reserved = Amount(verdict.reserved)
        if refusal is not None:
            self._deny_request(order, origin, command_id, refusal, replace=True)
            return
        due = kernel.entry_due(order.ordinal)
        kernel.emit(
            r.ReplaceRequested,
            order=order.ordinal,
            origin=origin,
            command_id=command_id,
            order_qty=order_qty,
            price_px=price_px,
            reserve_px=reserve_px,
            reserved=reserved,
            due=due,
        )
        if kernel.reports:
            kernel.view.requested(order, ExecType.PENDING_REPLACE)
        kernel.agenda.add(
            due,
            STAGE_MESSAGE,
            ReplaceArrives(order.ordinal, order_qty, price_px, reserve_px, kernel.now),
        )

    def new_terms(self, order: OrderState, request: ReplaceRequest) -> tuple[int, int | None]:
        """Total quantity and limit price after a replace, in units. Raises InvalidOrder."""
        if request.order_qty is None and request.price is None:
            raise InvalidOrder("a replace needs a new order_qty or a new price", field="order_qty")
        instrument = self._kernel.instrument(order.symbol)
        order_qty, price_px = order.order_qty, order.price_px
        if request.order_qty is not None:
            order_qty = positive_units(request.order_qty, instrument.qty_precision, "order_qty")
        if request.price is not None:
            if order.order_type is OrderType.MARKET:
                raise InvalidOrder("a MARKET order takes no price", field="price")
            price_px = positive_units(request.price, instrument.price_precision, "price")
        return order_qty, price_px

    def _request_refusal(
        self, order: OrderState, origin: Origin, *, replace: bool
    ) -> Refusal | None:
        status = self._kernel.ledger.status
        if status not in {SessionStatus.RUNNING, SessionStatus.PAUSED}:
            return Refusal(reason=RejectReason.SESSION_NOT_TRADING, limit=status.value)
        view = self._kernel.view.orders.get(order.ordinal)
        reported = order.status if view is None else view.status
        # A strategy is told what it can know: the order may have ended unreported.
        known = reported if origin is Origin.STRATEGY else order.status
        if known.is_terminal:
            return Refusal(reason=RejectReason.ORDER_CLOSED, limit=known.value)
        if order.origin is Origin.LIQUIDATION:
            return Refusal(reason=RejectReason.LIQUIDATION_ORDER)
        pending = {OrderStatus.PENDING_CANCEL}
        if replace:
            pending.add(OrderStatus.PENDING_REPLACE)
        # Either counts: the answer to a request may be at the venue, or on its way back.
        if reported in pending or order.status in pending:
            return Refusal(reason=RejectReason.REQUEST_PENDING)
        return None

    def _paused_refusal(self, order: OrderState) -> Refusal | None:
        ledger = self._kernel.ledger
        reducing = ledger.position(order.symbol).qty * order.side.sign < 0
        if ledger.status is SessionStatus.PAUSED and not reducing:
            return Refusal(reason=RejectReason.NOT_REDUCING, limit="paused")
        return None

    def _deny_request(
        self,
        order: OrderState,
        origin: Origin,
        command_id: str | None,
        refusal: Refusal,
        *,
        replace: bool,
    ) -> None:
        self._kernel.emit(
            r.RequestDenied,
            order=order.ordinal,
            origin=origin,
            command_id=command_id,
            replace=replace,
            reason=refusal.reason,
            limit=refusal.limit,
            value=refusal.value,
        )
        kernel = self._kernel
        if kernel.reports and refusal.reason not in _KNOWN:
            denied = ExecType.REPLACE_REJECTED if replace else ExecType.CANCEL_REJECTED
            kernel.send_report(
                kernel.now,
                ReportArrives(
                    order=order.ordinal,
                    exec_type=denied,
                    at=kernel.now,
                    reason=refusal.reason.value,
                    denied=True,
                ),
            )


def _one_of(kind: type[E], field: str, value: object) -> E:
    """A value of an enum, also where its text was given: Python checks no types."""
    try:
        return kind(value)
    except ValueError:
        names = ", ".join(str(member.value) for member in kind)
        raise InvalidOrder(f"{field}={value!r}: expected one of {names}", field=field) from None


def _check_client_id(given: object) -> None:
    if given is None:
        return
    if not isinstance(given, str) or not 0 < len(given) <= MAX_CLIENT_ORDER_ID:
        raise InvalidOrder(
            f"client_order_id: expected text of 1 to {MAX_CLIENT_ORDER_ID} characters",
            field="client_order_id",
        )
    if not given.isprintable():
        raise InvalidOrder(
            f"client_order_id={given!r} holds what cannot be printed", field="client_order_id"
        )
