"""The order desk: requests in, checked orders on their way to the venue out."""

from __future__ import annotations

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
from offbook.engine.agenda import STAGE_MESSAGE, CancelArrives, NewArrives, ReplaceArrives
from offbook.engine.kernel import Kernel
from offbook.engine.risk import Approval, Market, Refusal, Terms, positive_units
from offbook.engine.state import OrderState

MAX_CLIENT_ORDER_ID = 128


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
        if request.order_type is OrderType.LIMIT and request.price is None:
            raise InvalidOrder("a LIMIT order needs a price", field="price")
        if request.order_type is OrderType.MARKET and request.price is not None:
            raise InvalidOrder("a MARKET order takes no price", field="price")
        given = request.client_order_id
        if given is not None and not 0 < len(given) <= MAX_CLIENT_ORDER_ID:
            raise InvalidOrder(
                f"client_order_id: expected 1 to {MAX_CLIENT_ORDER_ID} characters",
                field="client_order_id",
            )
        price_px = None
        if request.price is not None:
            price_px = positive_units(request.price, instrument.price_precision, "price")
        return Terms(
            symbol=request.symbol,
            side=request.side,
            order_type=request.order_type,
            time_in_force=request.time_in_force,
            order_qty=positive_units(request.order_qty, instrument.qty_precision, "order_qty"),
            price_px=price_px,
            reduce_only=request.reduce_only,
            client_order_id=given or self._next_client_id(),
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
        market = kernel.prices()
        verdict = kernel.risk.new_order(terms, instrument, market)
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
        due = kernel.entry_due(ordinal)
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

    def flatten(self, symbol: str) -> OrderState | None:
        """Send what closes a position at market, whatever the limits; None when nothing can be
        closed in whole lots."""
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
        approval = Approval(
            reserved=qty * instrument.qty_scale, currency=instrument.base, reserve_px=0
        )
        return self._send(terms, approval, kernel.prices(), Origin.FLATTEN, None)

    # -- requests about working orders ------------------------------------------------------

    def cancel(self, client_order_id: str, origin: Origin, command_id: str | None = None) -> None:
        """Ask the venue to cancel. Raises OrderNotFound; a refusal leaves a RequestDenied."""
        kernel = self._kernel
        order = self.find(client_order_id)
        refusal = self._request_refusal(order, origin)
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
        refusal = self._request_refusal(order, origin)
        if refusal is None and order.status is OrderStatus.PENDING_REPLACE:
            refusal = Refusal(reason=RejectReason.REQUEST_PENDING)
        if refusal is None:
            refusal = self._paused_refusal(order)
        reserve_px = order.reserve_px if price_px is None else price_px
        reserved = order.reserved
        if refusal is None and not order.status.is_terminal:
            need = self._need(order, order_qty, reserve_px)
            refusal = self._funds_refusal(order, need)
            reserved = Amount(max(order.reserved, need))
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

    def _request_refusal(self, order: OrderState, origin: Origin) -> Refusal | None:
        status = self._kernel.ledger.status
        if status not in {SessionStatus.RUNNING, SessionStatus.PAUSED}:
            return Refusal(reason=RejectReason.SESSION_NOT_TRADING, limit=status.value)
        known = order.status
        if origin is Origin.STRATEGY:
            # A strategy is told what it can know: the order may have ended unreported.
            known = self._kernel.view.orders[order.ordinal].status
        if known.is_terminal:
            return Refusal(reason=RejectReason.ORDER_CLOSED, limit=known.value)
        if OrderStatus.PENDING_CANCEL in {known, order.status}:
            return Refusal(reason=RejectReason.REQUEST_PENDING)
        return None

    def _paused_refusal(self, order: OrderState) -> Refusal | None:
        ledger = self._kernel.ledger
        reducing = ledger.position(order.symbol).qty * order.side.sign < 0
        if ledger.status is SessionStatus.PAUSED and not reducing:
            return Refusal(reason=RejectReason.NOT_REDUCING, limit="paused")
        return None

    def _need(self, order: OrderState, order_qty: int, reserve_px: int) -> int:
        instrument = self._kernel.instrument(order.symbol)
        open_qty = max(0, order_qty - order.cum_qty)
        if order.side is OrderSide.SELL:
            return open_qty * instrument.qty_scale
        return self._kernel.risk.cash_reserve(
            open_qty, reserve_px, instrument, int(order.fee_accrued), order.fees
        )

    def _funds_refusal(self, order: OrderState, need: int) -> Refusal | None:
        have = self._kernel.ledger.available(order.reserved_currency) + order.reserved
        if need <= have:
            return None
        buying = order.side is OrderSide.BUY
        return Refusal(
            reason=RejectReason.INSUFFICIENT_BUYING_POWER
            if buying
            else RejectReason.INSUFFICIENT_HOLDINGS,
            limit=str(Amount(have)),
            value=str(Amount(need)),
        )

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
