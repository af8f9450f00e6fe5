"""The order desk: requests in, checked orders on their way to the venue out."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

import msgspec

from offbook.domain import records as r
from offbook.domain.errors import OrderNotFound, TooManyRequests
from offbook.domain.orders import (
    LIQUIDATION,
    STRATEGY,
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
from offbook.domain.session import PAUSED, RUNNING
from offbook.domain.values import Amount
from offbook.engine.agenda import (
    STAGE_MESSAGE,
    CancelArrives,
    NewArrives,
    ReplaceArrives,
    ReportArrives,
)
from offbook.engine.desk.blank_orders import blank_order
from offbook.engine.desk.requests import amendment_of, terms_of
from offbook.engine.desk.terms import Approval, Market, Refusal, Terms, special_terms
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.state import Amendment, OrderState

MOST_REFUSALS: Final = 10_000
"""How many orders of a session may be refused before its strategy may send no more."""
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
        self._read: tuple[OrderRequest, Terms, int] | None = None

    def find(self, client_order_id: str) -> OrderState:
        """The order of a client order id. Raises OrderNotFound."""
        try:
            ordinal = self._kernel.ledger.by_client_id[client_order_id]
        except (KeyError, TypeError):  # TypeError for what is not even text
            raise OrderNotFound(f"no order {client_order_id!r}", order_id=client_order_id) from None
        return self._kernel.ledger.orders[ordinal]

    # -- new orders -------------------------------------------------------------------------

    def terms(self, request: OrderRequest) -> Terms:
        """A request in units. Raises InvalidOrder (nothing is recorded)."""
        read, ledger = self._read, self._kernel.ledger
        if read is not None and read[0] is request and read[2] == len(ledger.orders):
            terms = read[1]  # what was checked a moment ago is now sent
        else:
            terms = self._terms(request)
        return terms if ledger.status is not PAUSED else self.as_sent_now(terms)

    def as_sent_now(self, terms: Terms) -> Terms:
        """What is sent while paused only reduces, for as long as it lives: it could open the
        other side after the resume, which nobody would look for in a pause."""
        if self._kernel.ledger.status is not PAUSED or terms.reduce_only:
            return terms
        return msgspec.structs.replace(terms, reduce_only=True)

    def _terms(self, request: OrderRequest) -> Terms:
        read, count = self._read, len(self._kernel.ledger.orders)
        named = request.client_order_id is not None
        if read is not None and read[0] is request:
            if named:
                return read[1]
            # Only the name that it was given may be taken by now.
            terms = msgspec.structs.replace(read[1], client_order_id=self.next_client_id())
        else:
            name = "" if named else self.next_client_id()
            terms = terms_of(request, self._kernel.instrument(request.symbol), name)
        self._read = (request, terms, count)
        return terms

    def next_client_id(self, ahead: int = 0, taken: Container[str] = ()) -> str:
        """A name for an order without one, ``ahead`` orders after this; not one that is taken."""
        ledger = self._kernel.ledger
        name = f"S-{len(ledger.orders) + 1 + ahead}"
        while name in ledger.by_client_id or name in taken:
            name += "'"
        return name

    def submit(
        self, request: OrderRequest, origin: Origin, command_id: str | None = None
    ) -> OrderState:
        """Check an order and send it, or deny it.

        Raises InvalidOrder for what is no order, and TooManyRequests for a strategy that was
        refused too often.
        """
        if origin is STRATEGY:
            self.require_patience(origin)
        kernel = self._kernel
        terms = self.terms(request)
        instrument = kernel.instruments[terms.symbol]
        market = kernel.prices(terms.symbol)
        verdict = kernel.risk.new_order(terms, instrument, market, kernel.now)
        if isinstance(verdict, Approval):
            return self.send(terms, verdict, market, origin, command_id)
        return self.deny(terms, verdict, origin, command_id)

    def require_patience(self, origin: Origin) -> None:
        """Raise TooManyRequests where a strategy sends on although nearly nothing is taken: every
        refused order is kept, and they would fill the memory that sessions share."""
        refusals = self._kernel.ledger.refusals
        if origin is not STRATEGY or not refusals:
            return
        counted = refusals.items()
        refused = sum(n for key, n in counted if key.startswith(("denied:", "rejected:")))
        if refused >= MOST_REFUSALS:
            raise TooManyRequests(
                f"{refused:,} orders of this session were denied or rejected, and no more are "
                "taken from its strategy: offbook why tells the reason of the last",
                limit=MOST_REFUSALS,
            )

    def send(
        self,
        terms: Terms,
        approval: Approval,
        market: Market | None,
        origin: Origin,
        command_id: str | None,
        due: int | None = None,
    ) -> OrderState:
        """Send what was approved; it arrives at ``due``, or as long after now as messages take."""
        kernel = self._kernel
        ordinal = len(kernel.ledger.orders) + 1
        if due is None:
            at_once = origin is LIQUIDATION
            due = kernel.now if at_once else kernel.entry_due(ordinal, terms.symbol)
        record = msgspec.structs.replace(
            blank_order(
                terms.symbol,
                origin,
                terms.time_in_force,
                approval.account,
                approval.currency,
                terms.reduce_only,
            ),
            seq=kernel.ledger.seq + 1,
            ts=kernel.now,
            order=ordinal,
            client_order_id=terms.client_order_id,
            command_id=command_id,
            side=terms.side,
            order_type=terms.order_type,
            order_qty=terms.order_qty,
            price_px=terms.price_px,
            reserve_px=approval.reserve_px,
            reserved=Amount(approval.reserved),
            decision_bid_px=0 if market is None else market.bid_px,
            decision_ask_px=0 if market is None else market.ask_px,
            due=due,
        )
        if not terms.is_plain or terms.order_list_id is not None:
            record = msgspec.structs.replace(record, **special_terms(terms))
        kernel.enter(record)
        kernel.agenda.add(due, STAGE_MESSAGE, NewArrives(ordinal))
        order = kernel.ledger.orders[ordinal]
        if kernel.reports:
            kernel.view.sent(order)
        return order

    def deny(
        self, terms: Terms, refusal: Refusal, origin: Origin, command_id: str | None
    ) -> OrderState:
        """Record that an order was refused."""
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
            **special_terms(terms),
        )
        order = kernel.ledger.orders[ordinal]
        if kernel.reports:
            kernel.view.sent(order)
            kernel.report(order, ExecType.DENIED, kernel.now, refusal.reason.value)
        return order

    def flatten(
        self, symbol: str, origin: Origin = Origin.FLATTEN, most: int | None = None
    ) -> OrderState | None:
        """Send what closes a position, or ``most`` of it, at market, whatever the limits; None when
        nothing can be closed in whole lots. A liquidation is the venue's own and arrives at once.
        """
        kernel = self._kernel
        instrument = kernel.instrument(symbol)
        held = kernel.ledger.position(symbol).qty
        size = abs(held) if most is None else min(abs(held), most)
        qty = size // instrument.lot_units * instrument.lot_units
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
            client_order_id=self.next_client_id(),
        )
        approval = kernel.funds.approve_closing(instrument, qty)
        return self.send(terms, approval, kernel.prices(symbol), origin, None)

    # -- requests about working orders ------------------------------------------------------

    def cancel(self, client_order_id: str, origin: Origin, command_id: str | None = None) -> None:
        """Ask the venue to cancel. Raises OrderNotFound; a refusal leaves a RequestDenied."""
        kernel = self._kernel
        order = self.find(client_order_id)
        refusal = self._request_refusal(order, origin, replace=False)
        if refusal is not None:
            self._deny_request(order, origin, command_id, refusal, replace=False)
            return
        due = kernel.entry_due(order.ordinal, order.symbol)
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
        new = self.new_terms(order, request)
        reserve_px = order.reserve_px
        if new.price_px is not None and order.peg is None:
            reserve_px = new.price_px
        refusal = self._request_refusal(order, origin, replace=True)
        refusal = refusal or self._paused_refusal(order, new)
        reserved = order.reserved
        market = kernel.prices(order.symbol)
        if refusal is None and market is not None and not order.status.is_terminal:
            verdict = kernel.risk.new_terms(
                order, new, kernel.instrument(order.symbol), market, kernel.now
            )
            if isinstance(verdict, Refusal):
                refusal = verdict
            else:
                reserved = Amount(verdict.reserved)
                reserve_px = verdict.reserve_px
        if refusal is not None:
            self._deny_request(order, origin, command_id, refusal, replace=True)
            return
        due = kernel.entry_due(order.ordinal, order.symbol)
        kernel.emit(
            r.ReplaceRequested,
            order=order.ordinal,
            origin=origin,
            command_id=command_id,
            order_qty=new.order_qty,
            price_px=new.price_px,
            stop_px=new.stop_px,
            trail_px=new.trail_px,
            trail_ratio=new.trail_ratio,
            reserve_px=reserve_px,
            reserved=reserved,
            due=due,
        )
        if kernel.reports:
            kernel.view.requested(order, ExecType.PENDING_REPLACE)
        kernel.agenda.add(
            due, STAGE_MESSAGE, ReplaceArrives(order.ordinal, new, reserve_px, kernel.now)
        )

    def new_terms(self, order: OrderState, request: ReplaceRequest) -> Amendment:
        """An order's terms after a replace, in units. Raises InvalidOrder."""
        return amendment_of(order, request, self._kernel.instrument(order.symbol))

    def _request_refusal(
        self, order: OrderState, origin: Origin, *, replace: bool
    ) -> Refusal | None:
        status = self._kernel.ledger.status
        if status not in (RUNNING, PAUSED):
            return Refusal(reason=RejectReason.SESSION_NOT_TRADING, limit=status.value)
        view = self._kernel.view.orders.get(order.ordinal)
        reported = order.status if view is None else view.status
        # A strategy is told what it can know: the order may have ended unreported.
        known = reported if origin is STRATEGY else order.status
        if known.is_terminal:
            return Refusal(reason=RejectReason.ORDER_CLOSED, limit=known.value)
        if order.origin is LIQUIDATION:
            return Refusal(reason=RejectReason.LIQUIDATION_ORDER)
        pending = {OrderStatus.PENDING_CANCEL}
        if replace:
            pending.add(OrderStatus.PENDING_REPLACE)
        # Either counts: the answer to a request may be at the venue, or on its way back.
        if reported in pending or order.status in pending:
            return Refusal(reason=RejectReason.REQUEST_PENDING)
        return None

    def _paused_refusal(self, order: OrderState, new: Amendment) -> Refusal | None:
        """While paused, only orders that reduce are given new terms, and none gets more that may
        open the other side after the resume."""
        ledger = self._kernel.ledger
        reducing = ledger.position(order.symbol).qty * order.side.sign < 0
        grows = new.order_qty > order.order_qty and not order.reduce_only
        if ledger.status is PAUSED and (grows or not reducing):
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
