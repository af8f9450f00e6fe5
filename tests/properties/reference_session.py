"""A plain session around the reference venue: commands, requests about orders, lifecycle."""

from __future__ import annotations

from fractions import Fraction

from tests.properties.market_cases import Setup
from tests.properties.reference_account import ZERO, Order
from tests.properties.reference_clock import MESSAGE_STAGE, VENUE_STAGE
from tests.properties.reference_funds import MarginAccount
from tests.properties.reference_prints import ReferencePrints

from offbook.domain import commands as c
from offbook.domain.config import AtEnd, MarginCall, PauseOrders
from offbook.domain.orders import (
    CancelReason,
    OrderRequest,
    OrderSide,
    OrderStatus,
    OrderType,
    RejectReason,
    ReplaceRequest,
    TimeInForce,
)
from offbook.domain.session import SessionStatus as Status

INCOMPLETE = "flatten_incomplete"
KNOWN = {
    RejectReason.SESSION_NOT_TRADING,
    RejectReason.ORDER_CLOSED,
    RejectReason.REQUEST_PENDING,
}
"""Refusals of requests that tell a strategy nothing new: no report of them travels."""


class ReferenceSession(ReferencePrints):
    """One session: what the outside may ask of it."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._stop_reason = ""
        self._paused_at_row = 0

    def command(self, command: c.Command, ts: int) -> None:
        """Take an outside command at the present time, or open a later instant with it."""
        self._come_to(ts)
        if self.over:
            return
        self.tell("CommandTaken", self.rows, command.command_id)
        match command:
            case c.Start():
                self.status = Status.RUNNING
                self.tell("SessionStarted")
            case c.Pause():
                self._pause("requested", command.orders)
            case c.Resume():
                self._resume()
            case c.Stop():
                self._stop(command)
            case c.ForceStop():
                self._give_up("forced")
            case c.SubmitOrder():
                self._submit(command.order)
            case c.CancelOrder():
                self._ask_cancel(self.find(command.client_order_id))
            case c.ReplaceOrder():
                self._ask_replace(self.find(command.client_order_id), command.terms)

    def _come_to(self, ts: int) -> None:
        """The present instant is completed unless only commands were taken in it; one that no row
        has begun is left for the next nanosecond."""
        if ts > self.now:
            self.happen_before(ts)
            if not self.over:
                self.move_to(ts)
                self.only_commands = True
        elif not self.only_commands:
            self.happen_before(self.now + 1)
            at_a_row = self.last is not None and self.last.ts == self.now
            if not self.over and not at_a_row:
                self.move_to(self.now + 1)
                self.only_commands = True

    def find(self, name: str) -> Order:
        return next(order for order in self.account.orders if order.name == name)

    def _next_name(self) -> str:
        name = f"S-{len(self.account.orders) + 1}"
        while any(order.name == name for order in self.account.orders):
            name += "'"
        return name

    def _submit(self, request: OrderRequest) -> None:
        order = Order(
            number=len(self.account.orders) + 1,
            name=request.client_order_id or self._next_name(),
            side=request.side,
            kind=request.order_type,
            tif=request.time_in_force,
            qty=Fraction(request.order_qty),
            limit=None if request.price is None else Fraction(request.price),
            reduce_only=request.reduce_only,
            sent=self.now,
        )
        refusal = self.account.refuse_new(
            order,
            trading=self.status in {Status.RUNNING, Status.PAUSED},
            paused=self.status is Status.PAUSED,
            market=self.market(),
        )
        if refusal:
            self.account.end(order, OrderStatus.DENIED, refusal.value)
            self.account.orders.append(order)
            self.tell("OrderDenied", order.number, refusal)
            if self.setup.listener:
                self.later(self.now, MESSAGE_STAGE, lambda: None)
            return
        self._send(order)

    def _send(self, order: Order) -> None:
        self.account.orders.append(order)
        due = self.now + (0 if order.liquidates else self.setup.venue.latency.entry_ns)
        self.tell("OrderSubmitted", order.number, order.qty, order.limit, order.reserved, due)
        self.later(due, MESSAGE_STAGE, lambda: self.new_arrives(order))

    def _deny_request(self, order: Order, reason: RejectReason, *, replace: bool) -> None:
        self.tell("RequestDenied", order.number, replace, reason)
        if self.setup.listener and reason not in KNOWN:
            self.later(self.now, MESSAGE_STAGE, lambda: None)

    def _refuse_request(self, order: Order, *, replace: bool) -> RejectReason | None:
        if self.status not in {Status.RUNNING, Status.PAUSED}:
            return RejectReason.SESSION_NOT_TRADING
        if order.ended:
            return RejectReason.ORDER_CLOSED
        if order.liquidates:
            return RejectReason.LIQUIDATION_ORDER
        if order.asked_cancel or (replace and (order.asked_replace or order.unheard_replace)):
            return RejectReason.REQUEST_PENDING
        return None

    def _ask_cancel(self, order: Order) -> None:
        reason = self._refuse_request(order, replace=False)
        if reason:
            self._deny_request(order, reason, replace=False)
            return
        order.asked_cancel = True
        due = self.now + self.setup.venue.latency.entry_ns
        self.tell("CancelRequested", order.number, due)
        self.later(due, MESSAGE_STAGE, lambda: self.cancel_arrives(order))

    def _ask_replace(self, order: Order, terms: ReplaceRequest) -> None:
        qty = order.qty if terms.order_qty is None else Fraction(terms.order_qty)
        limit = order.limit if terms.price is None else Fraction(terms.price)
        reserve_price = order.reserve_price if limit is None else limit
        reason: RejectReason | Fraction | None = self._refuse_request(order, replace=True)
        if reason is None and self.status is Status.PAUSED and not self.account.reduces(order.side):
            reason = RejectReason.NOT_REDUCING
        market = self.market()
        if reason is None and market is not None:
            reason = self.account.refuse_value(order, qty, limit, market)
        if reason is None:
            reason = self.account.fund_replace(order, qty, reserve_price, market)
        if isinstance(reason, RejectReason):
            self._deny_request(order, reason, replace=True)
            return
        assert isinstance(reason, Fraction)
        order.asked_replace, order.reserved = True, reason
        order.asked_qty, order.asked_price = qty, reserve_price
        order.unheard_replace = self.setup.listener is not None
        sent, due = self.now, self.now + self.setup.venue.latency.entry_ns
        self.tell("ReplaceRequested", order.number, qty, limit, order.reserved, due)
        self.later(
            due,
            MESSAGE_STAGE,
            lambda: self.replace_arrives(order, qty, limit, reserve_price, sent),
        )

    # -- lifecycle --------------------------------------------------------------------------

    def _pause(self, reason: str, policy: PauseOrders) -> None:
        self.status = Status.PAUSED
        self.tell("SessionPaused", self.rows, reason, policy)
        self._paused_at_row = self.rows
        self.fills_while_paused = self.expired_while_paused = 0
        room = abs(self.account.held)
        for order in [o for o in self.account.working() if not o.liquidates]:
            keep = policy is PauseOrders.KEEP or (
                policy is PauseOrders.CANCEL_ENTRIES and order.reduce_only
            )
            if (
                not keep
                and policy is PauseOrders.CANCEL_ENTRIES
                and self.account.reduces(order.side)
            ):
                keep = order.open <= room
                room -= order.open if keep else ZERO
            if not keep:
                self.cancel(order, CancelReason.PAUSED)

    def _resume(self) -> None:
        self.status = Status.RUNNING
        missed = self.rows - self._paused_at_row
        self.tell("SessionResumed", missed, self.fills_while_paused, self.expired_while_paused)

    def _stop(self, command: c.Stop) -> None:
        self.status = Status.STOPPING
        self._stop_reason = command.reason
        deadline = self.now + (command.deadline_ns if command.flatten else 0)
        self.tell("SessionStopping", deadline, command.reason)
        for order in self.account.working():
            self.cancel(order, CancelReason.STOPPED)
        lot = Fraction(self.setup.instrument.lot_size)
        qty = abs(self.account.held) // lot * lot
        if not command.flatten or qty == 0:
            left = command.flatten and self.account.held != 0
            self._finish(INCOMPLETE if left else command.reason)
            return
        self._close(qty)
        self.later(deadline, VENUE_STAGE, lambda: self._give_up(INCOMPLETE))

    def _close(self, qty: Fraction, *, liquidates: bool = False) -> None:
        """Close a position at market; a liquidation is the venue's own and arrives at once."""
        self._send(
            Order(
                number=len(self.account.orders) + 1,
                name=self._next_name(),
                side=OrderSide.SELL if self.account.held > 0 else OrderSide.BUY,
                kind=OrderType.MARKET,
                tif=TimeInForce.GTC,
                qty=qty,
                limit=None,
                reduce_only=True,
                sent=self.now,
                reserved=self.account.closing_holds(qty),
                liquidates=liquidates,
            )
        )

    def judge_margin(self) -> None:
        account, market = self.account, self.market()
        if not isinstance(account, MarginAccount) or not (account.held or account.called):
            return
        if self.status not in {Status.RUNNING, Status.PAUSED}:
            return
        equity, action = account.equity(market), self.setup.account.margin_call
        if account.called:
            required = account.margin_used(market)
            enough = action is MarginCall.DENY_INCREASE and equity >= required
            if enough or not account.held:
                account.called = False
                self.tell("MarginRestored", equity, required)
            return
        required = account.required(market, account.maintenance)
        if equity >= required:
            return
        account.called = True
        self.tell("MarginCalled", equity, required, action)
        if action is MarginCall.DENY_INCREASE:
            adding = [number for number, qty in account.adds().items() if qty]
            for order in [o for o in account.working() if o.number in adding]:
                self.cancel(order, CancelReason.MARGIN_CALL)
            return
        for order in account.working():
            self.cancel(order, CancelReason.LIQUIDATED)
        lot = Fraction(self.setup.instrument.lot_size)
        if qty := abs(account.held) // lot * lot:
            self._close(qty, liquidates=True)

    def check_flat(self) -> None:
        if self.status is Status.STOPPING and not self.account.working():
            self._finish(INCOMPLETE if self.account.held else self._stop_reason)

    def _give_up(self, reason: str) -> None:
        if self.status is Status.STOPPING:
            for order in self.account.working():
                self.cancel(order, CancelReason.STOPPED)
            self._finish(reason)

    def _finish(self, reason: str) -> None:
        self.status = Status.STOPPED
        account, market = self.account, self.market()
        self.tell(
            "SessionStopped", self.rows, reason, account.own(), account.equity(market),
            account.margin_used(market),
        )  # fmt: skip

    def end_of_data(self) -> None:
        """The recording is over: what is due at the last instant happens, then ``at_end``."""
        self.happen_before(self.now + 1)
        config = self.setup.lifecycle
        if self.status is Status.STOPPING:
            self._give_up(INCOMPLETE)
        elif self.status is Status.RUNNING and config.at_end is AtEnd.PAUSE:
            self._pause("end_of_data", config.pause_orders)
        elif self.status is Status.RUNNING:
            self._stop(c.Stop(command_id="", reason="end_of_data"))
