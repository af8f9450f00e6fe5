"""A plain session around the reference venue: commands, requests about orders, lifecycle."""

from __future__ import annotations

from fractions import Fraction

from tests.properties.market_cases import Setup
from tests.properties.reference_account import Account
from tests.properties.reference_clock import MESSAGE_STAGE, VENUE_STAGE
from tests.properties.reference_common import Common
from tests.properties.reference_contracts import ReferenceContracts
from tests.properties.reference_latency import where
from tests.properties.reference_orders import ZERO, Group, Order, fraction_of
from tests.properties.reference_venue import NewTerms

from offbook.domain import commands as c
from offbook.domain.config import AtEnd, PauseOrders
from offbook.domain.orders import (
    CancelReason,
    ContingencyType,
    OrderListRequest,
    OrderRequest,
    OrderSide,
    OrderStatus,
    OrderType,
    PegType,
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


class ReferenceSession(ReferenceContracts):
    """One session: what the outside may ask of it."""

    def __init__(self, setup: Setup, of: Common | None = None) -> None:
        super().__init__(setup, of)
        self._stop_reason = ""
        self._lists = 0
        self._paused_at_row = 0
        self.common.venues.append(self)
        for other in setup.others:
            ReferenceSession(other, self.common)

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
                self.begin_day()
            case c.Pause():
                self.pause("requested", command.orders)
            case c.Resume():
                self._resume()
            case c.Stop():
                self.stop(command)
            case c.ForceStop():
                self._give_up("forced")
            case _:
                self._order_command(command)

    def _order_command(self, command: c.Command) -> None:
        match command:
            case c.SubmitOrder():
                self.venue_of(command.order.symbol).submit(command.order)
            case c.SubmitOrderList():
                self._lists += 1
                venue = self.venue_of(command.orders.orders[0].symbol)
                venue.submit_list(command.orders, self._lists)
            case c.CancelOrder():
                order = self.find(command.client_order_id)
                self.venue_of(order.symbol).ask_cancel(order)
            case c.ReplaceOrder():
                order = self.find(command.client_order_id)
                self.venue_of(order.symbol).ask_replace(order, command.terms)

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

    def _next_name(self, number: int) -> str:
        name = f"S-{number}"
        while any(order.name == name for order in self.account.orders):
            name += "'"
        return name

    def submit(self, request: OrderRequest) -> None:
        order = self._order(request, 1)
        refusal = self.refuse_new(order)
        if refusal:
            self._deny(order, refusal)
        else:
            self._send(order)

    def _order(self, request: OrderRequest, number: int) -> Order:
        number += len(self.account.orders)
        pegged = request.order_type is OrderType.PEGGED
        return Order(
            number=number,
            symbol=request.symbol,
            name=request.client_order_id or self._next_name(number),
            side=request.side,
            kind=request.order_type,
            tif=request.time_in_force,
            qty=Fraction(request.order_qty),
            limit=None if pegged else fraction_of(request.price),
            stop=fraction_of(request.stop_px),
            trail=fraction_of(request.trail_amount),
            percent=fraction_of(request.trail_percent),
            expires=request.expire_time,
            post_only=request.post_only,
            hidden=request.display_qty == "0",
            display=fraction_of(request.display_qty or None),
            extended=request.extended_hours is True,
            peg=request.peg if isinstance(request.peg, PegType) else None,
            offset=fraction_of(request.peg_offset) or ZERO,
            cap=fraction_of(request.price) if pegged else None,
            least=fraction_of(request.min_qty) or ZERO,
            waits=request.order_type.waits,
            reduce_only=request.reduce_only or self.status is Status.PAUSED,  # for life
            sent=self.now,
        )

    def refuse_new(self, order: Order, ahead: int = 0) -> RejectReason | None:
        return self.account.refuse_new(
            order,
            trading=self.status in {Status.RUNNING, Status.PAUSED},
            paused=self.status is Status.PAUSED,
            market=self.market(),
            ahead=ahead,
        )

    def _deny(self, order: Order, refusal: RejectReason) -> None:
        order.group, order.held = None, False
        self.account.end(order, OrderStatus.DENIED, refusal.value)
        self.account.orders.append(order)
        self.tell("OrderDenied", order.number, refusal)
        if self.setup.listener:
            self.later(self.now, MESSAGE_STAGE, lambda: None)

    def submit_list(self, request: OrderListRequest, number: int) -> None:
        """All orders of a list leave together, or all are denied."""
        group = Group(f"list {number}", request.contingency_type)
        group.orders = [self._order(r, n) for n, r in enumerate(request.orders, 1)]
        for number, order in enumerate(group.orders):
            order.group, order.sent_qty = group, order.qty
            order.held = number > 0 and group.kind is not ContingencyType.OCO
        for number, order in enumerate(group.orders):
            refusal = self.venue_of(order.symbol).refuse_new(order, number)
            if refusal:
                for each in group.orders:
                    other = RejectReason.ORDER_LIST_REFUSED
                    self._deny(each, refusal if each is order else other)
                return
        dues: dict[str | None, int] = {}
        for order in group.orders:  # one message to each venue
            place = where(self.setup.venue.latency, order.symbol)
            if place not in dues:
                dues[place] = self.sent(order.number, order.symbol)
        for order in group.orders:
            due = dues[where(self.setup.venue.latency, order.symbol)]
            self.account.orders.append(order)
            amount = order.reserved
            order.reserved = ZERO
            venue = self.venue_of(order.symbol)
            venue.account.hold(order, max(amount, venue.account.shared(order)))
            venue.tell_sent(order, due)

    def _send(self, order: Order) -> None:
        self.account.orders.append(order)
        self.tell_sent(order, self.now if order.liquidates else self.sent(order.number))

    def tell_sent(self, order: Order, due: int) -> None:
        self.tell(
            "OrderSubmitted", order.number, order.qty, order.bound, order.stop, order.trail,
            order.percent, order.reduce_only, order.reserved, due,
        )  # fmt: skip
        self.common.sent_at.append(self.now)
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
        if (
            order.asked_cancel
            or order.unheard_cancel
            or (replace and (order.asked_replace or order.unheard_replace))
        ):
            return RejectReason.REQUEST_PENDING
        return None

    def ask_cancel(self, order: Order) -> None:
        reason = self._refuse_request(order, replace=False)
        if reason:
            self._deny_request(order, reason, replace=False)
            return
        order.asked_cancel = True
        due = self.sent(order.number)
        self.tell("CancelRequested", order.number, due)
        self.later(due, MESSAGE_STAGE, lambda: self.cancel_arrives(order))

    def ask_replace(self, order: Order, terms: ReplaceRequest) -> None:
        qty = order.qty if terms.order_qty is None else Fraction(terms.order_qty)
        limit = order.limit if terms.price is None else Fraction(terms.price)
        given = None if order.trails else order.stop
        stop = given if terms.stop_px is None else Fraction(terms.stop_px)
        trail, percent = order.trail, order.percent
        if terms.trail_amount is not None or terms.trail_percent is not None:
            trail, percent = fraction_of(terms.trail_amount), fraction_of(terms.trail_percent)
        reserve_price = order.reserve_price if limit is None or order.peg else limit
        reason: RejectReason | Fraction | None = self._refuse_request(order, replace=True)
        grows = qty > order.qty and not order.reduce_only
        if self.status is Status.PAUSED and (grows or not self.account.reduces(order.side)):
            reason = reason or RejectReason.NOT_REDUCING
        market = self.market()
        if market is not None and (stop, trail, percent) != (given, order.trail, order.percent):
            terms = (limit, stop, trail, percent)
            reserve_price = self.account.price_to_replace(order, terms, market)
        adds = qty > order.qty and not self.account.only_reduces(order, qty)
        if reason is None and adds and self.common.lost_enough:
            reason = RejectReason.DAILY_LOSS
        if reason is None and qty > order.qty:
            reason = self.account.not_allowed(order, qty)
        reason = reason or self.account.too_often(self.now)
        if reason is None and market is not None:
            reason = self.account.refuse_value(order, qty, limit, stop, market)
        if reason is None:
            reason = self.account.fund_replace(order, qty, reserve_price, market, self.now)
        if isinstance(reason, RejectReason):
            self._deny_request(order, reason, replace=True)
            return
        assert isinstance(reason, Fraction)
        self.common.sent_at.append(self.now)
        order.asked_replace = True
        order.asked_qty, order.asked_price = qty, reserve_price
        self.account.hold(order, reason)
        order.unheard_replace = self.setup.listener is not None
        sent, due = self.now, self.sent(order.number)
        self.tell(
            "ReplaceRequested", order.number, qty, limit, stop, trail, percent, order.reserved, due
        )
        new = NewTerms(qty, limit, stop, trail, percent, reserve_price, sent, order.qty)
        self.later(due, MESSAGE_STAGE, lambda: self.replace_arrives(order, new))

    # -- lifecycle --------------------------------------------------------------------------

    def pause(self, reason: str, policy: PauseOrders) -> None:
        self.status = Status.PAUSED
        self.tell("SessionPaused", self.rows, reason, policy)
        self._paused_at_row = self.rows
        self.common.fills_while_paused = self.common.expired_while_paused = 0
        unwanted = self._unwanted(policy)
        self._cancel_all(unwanted, CancelReason.PAUSED)

    def _unwanted(self, policy: PauseOrders) -> list[Order]:
        """What a pause takes away: with ``cancel_entries`` all that may not reduce a position;
        orders that cancel each other stay or go together."""
        working = [order for order in self.account.all_working() if not order.liquidates]
        if policy is not PauseOrders.CANCEL_ENTRIES:
            return [] if policy is PauseOrders.KEEP else working
        accounts = {one.instrument.symbol: one for one in self.common.accounts}
        room = {symbol: abs(one.held) for symbol, one in accounts.items()}
        kept, judged = list[Order](), list[Order]()
        for order in working:
            unit = [order]
            if order.group and order in order.group.legs():
                unit = [leg for leg in order.group.legs() if not leg.ended]
            is_child = order.group is not None and self.parent_of(order) is not None
            if order.reduce_only or is_child:
                kept.append(order)
            elif order not in judged and all(accounts[o.symbol].reduces(o.side) for o in unit):
                size = max(one.open for one in unit)
                if size <= room[order.symbol]:
                    room[order.symbol] -= size
                    kept += unit
                    judged += unit
        return [order for order in working if order not in kept]

    def _resume(self) -> None:
        self.status = Status.RUNNING
        missed = self.rows - self._paused_at_row
        fills, expired = self.common.fills_while_paused, self.common.expired_while_paused
        self.tell("SessionResumed", missed, fills, expired)

    def stop(self, command: c.Stop) -> None:
        self.status = Status.STOPPING
        self._stop_reason = command.reason
        deadline = self.now + (command.deadline_ns if command.flatten else 0)
        self.tell("SessionStopping", deadline, command.reason)
        self._cancel_all(self.account.all_working(), CancelReason.STOPPED)
        closes = [self._flatten(one) for one in self.account.all if command.flatten]
        if not any(closes):
            left = command.flatten and self._has_positions()
            self._finish(INCOMPLETE if left else command.reason)
            return
        self.later(deadline, VENUE_STAGE, lambda: self._give_up(INCOMPLETE))

    def _has_positions(self) -> bool:
        return any(one.held for one in self.common.accounts)

    def _flatten(self, account: Account) -> bool:
        """Close what is held in whole lots, if there is any."""
        lot = Fraction(account.instrument.lot_size)
        qty = abs(account.held) // lot * lot
        if qty:
            self.venue_of(account.instrument.symbol).close(qty)
        return qty > 0

    def close(self, qty: Fraction, *, liquidates: bool = False) -> None:
        """Close a position at market; a liquidation is the venue's own and arrives at once."""
        self._send(
            Order(
                number=len(self.account.orders) + 1,
                symbol=self.setup.instrument.symbol,
                name=self._next_name(len(self.account.orders) + 1),
                side=OrderSide.SELL if self.account.held > 0 else OrderSide.BUY,
                kind=OrderType.MARKET,
                tif=TimeInForce.GTC,
                qty=qty,
                limit=None,
                reduce_only=True,
                sent=self.now,
                reserved=self.account.closing_holds(qty),
                liquidates=liquidates,
                flattens=not liquidates,
            )
        )

    def check_flat(self) -> None:
        first = self.common.venues[0]
        if self.status is Status.STOPPING and not self.account.all_working():
            self._finish(INCOMPLETE if self._has_positions() else first._stop_reason)

    def _give_up(self, reason: str) -> None:
        if self.status is Status.STOPPING:
            self._cancel_all(self.account.all_working(), CancelReason.STOPPED)
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
            self.pause("end_of_data", config.pause_orders)
        elif self.status is Status.RUNNING:
            self.stop(c.Stop(command_id="", reason="end_of_data"))
