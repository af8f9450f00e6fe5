"""Ledger state: what a fold over records gives.

Everything here changes by ``LedgerState.apply`` alone, and ``apply`` takes its numbers from the
record: nothing that was once decided is decided again.  The live engine and the recovery of a
damaged session use this same code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import msgspec

from offbook.domain import records as r
from offbook.domain.config import MOST_IN_A_RATE
from offbook.domain.errors import EngineFault
from offbook.domain.order_table import next_status
from offbook.domain.orders import ExecType
from offbook.domain.record_parts import Posting
from offbook.domain.session import SessionStatus
from offbook.domain.values import Amount, added
from offbook.engine.account.volumes import TradedVolumes
from offbook.engine.ledger.attaching import attach
from offbook.engine.ledger.event_state import EVENT_FOLDS, EventState, add_unpaid
from offbook.engine.ledger.lists import hold, join_list, release
from offbook.engine.ledger.sent_orders import bodies_of, denied_order, sent_order
from offbook.engine.ledger.state import ZERO, DayState, OrderState, PositionState, TimerState
from offbook.engine.ledger.timers import TIMER_FOLDS
from offbook.engine.venue.ways import TRAVELS, Ways

_NEW: Final = ExecType.NEW


class LedgerState(msgspec.Struct, kw_only=True):
    """Status, orders, reservations, positions, cash and timers of one session."""

    status: SessionStatus = SessionStatus.STARTING
    status_reason: str | None = None
    seq: int = 0
    ts: int = 0
    row: int = 0
    balances: dict[str, Amount] = {}
    reserved: dict[str, Amount] = {}
    orders: dict[int, OrderState] = {}
    by_client_id: dict[str, int] = {}
    bodies: dict[str, str] = {}
    open_orders: dict[int, None] = {}
    sent_times: list[int] = []
    positions: dict[str, PositionState] = {}
    lists: dict[str, list[int]] = {}
    timers: dict[str, TimerState] = {}
    missed_timers: list[tuple[str, int]] = []
    paused_row: int = 0
    missed_fills: int = 0
    missed_expiries: int = 0
    stop_deadline: int | None = None
    stop_reason: str = ""
    fees: Amount = ZERO
    realized: Amount = ZERO
    fills: int = 0
    margin_call: bool = False
    day: DayState = msgspec.field(default_factory=DayState)
    ways: Ways = msgspec.field(default_factory=Ways)
    volumes: TradedVolumes = msgspec.field(default_factory=TradedVolumes)
    events: EventState = msgspec.field(default_factory=EventState)
    rates: dict[str, tuple[int, int]] = {}
    refusals: dict[str, int] = {}
    attached: r.SessionAttached | None = None
    stopped: r.SessionStopped | None = None

    # -- asking -----------------------------------------------------------------------------

    def balance(self, account: str, currency: str) -> int:
        """What an account holds of a currency or asset, in units of 10**-18."""
        return self.balances.get(f"{account}|{currency}", ZERO)

    def held(self, account: str, currency: str) -> int:
        """What open orders have reserved of an account."""
        return self.reserved.get(f"{account}|{currency}", ZERO)

    def available(self, account: str, currency: str) -> int:
        """Cash or holdings that no open order has reserved and that have settled."""
        key = f"{account}|{currency}"
        held = self.balances.get(key, ZERO)
        free = held - self.reserved.get(key, ZERO)
        unsettled = self.events.unsettled
        # After a reverse split there may be less than was bought.
        return free - min(unsettled.get(key, ZERO), max(held, 0)) if unsettled else free

    def cash(self) -> dict[str, Amount]:
        """The cash of each currency."""
        return {key[5:]: held for key, held in self.balances.items() if key.startswith("cash|")}

    def money(self) -> dict[str, Amount]:
        """The cash of each currency, and what is still to be paid without a trade, or never."""
        cash, events = self.cash(), self.events
        for currency, amount in events.accrued.items():
            cash[currency] = Amount(cash.get(currency, ZERO) + amount)
        if events.contracts:
            add_unpaid(cash, events.contracts, self.positions)
        return cash

    @property
    def account_currency(self) -> str:
        """The currency of the account."""
        if self.attached is None:
            raise EngineFault("the session has no market yet", reason="not_attached")
        return self.attached.currency

    def position(self, symbol: str) -> PositionState:
        """The position in a symbol; a new empty one when there never was any."""
        return self.positions.get(symbol) or PositionState()

    def held_positions(self) -> dict[str, int]:
        """What is held, or owed, of each symbol that is not flat, in quantity units."""
        return {symbol: one.qty for symbol, one in self.positions.items() if one.qty}

    def working(self) -> list[OrderState]:
        """Orders that are not terminal, oldest first."""
        return [self.orders[ordinal] for ordinal in self.open_orders]

    def sums(self) -> dict[str, int]:
        """The sum of all accounts for each currency: zero each, or the ledger is broken."""
        totals: Counter[str] = Counter()
        for key, amount in self.balances.items():
            totals[key.partition("|")[2]] += amount
        return totals

    # -- folding ----------------------------------------------------------------------------

    def apply(self, record: r.Record) -> None:
        """Take one record in. Raises EngineFault when it does not continue this state."""
        if record.seq != self.seq + 1 or record.ts < self.ts:
            raise EngineFault(
                f"record {record.seq} does not follow record {self.seq}", reason="record_order"
            )
        self.seq = record.seq
        self.ts = record.ts
        kind = type(record)
        if kind in TRAVELS:
            self.ways.take(record, self.orders)
        _APPLY[kind](self, record)

    def book(self, postings: tuple[Posting, ...]) -> None:
        """Both legs of every booking."""
        for posting in postings:
            key = f"{posting.account}|{posting.currency}"
            self.balances[key] = Amount(self.balances.get(key, ZERO) + posting.amount)

    def _move(self, order: OrderState, exec_type: ExecType) -> None:
        order.status = next_status(order.status, exec_type, order.cum_qty, held=order.held)
        if order.status.is_terminal:
            # From here on nothing of it changes any more: snapshots rest on that.
            order.asked_qty = order.asked_reserve_px = 0
            release(self, order)
            self.open_orders.pop(order.ordinal, None)

    def _pend(self, order: OrderState, exec_type: ExecType) -> None:
        """A request or its refusal for an order that may have ended meanwhile."""
        if not order.status.is_terminal:
            self._move(order, exec_type)

    def _command(self, record: r.CommandTaken) -> None:
        self.row = record.row
        for name, body in bodies_of(record.command).items():
            self.bodies.setdefault(name, body)

    def _submitted(self, record: r.OrderSubmitted) -> None:
        order = self.orders[record.order] = sent_order(record)
        if order.order_list_id is not None:
            join_list(self, order)
        self.by_client_id[record.client_order_id] = record.order
        self.open_orders[record.order] = None
        hold(self, order, record.reserved)
        self._sent(record.ts)

    def _sent(self, ts: int) -> None:
        """Remember when orders and new terms left, as far back as a limit on their rate asks."""
        self.sent_times.append(ts)
        if len(self.sent_times) >= 2 * MOST_IN_A_RATE:
            del self.sent_times[:-MOST_IN_A_RATE]

    def _denied(self, record: r.OrderDenied) -> None:
        order = denied_order(record)
        self.orders[order.ordinal] = order
        self.by_client_id.setdefault(order.client_order_id, order.ordinal)
        self._refuse(f"denied:{record.reason.value}")
        order.status = next_status(order.status, ExecType.DENIED, 0)

    def _refuse(self, key: str) -> None:
        self.refusals[key] = self.refusals.get(key, 0) + 1

    def _cancel_requested(self, record: r.CancelRequested) -> None:
        self._pend(self.orders[record.order], ExecType.PENDING_CANCEL)

    def _replace_requested(self, record: r.ReplaceRequested) -> None:
        self._sent(record.ts)
        order = self.orders[record.order]
        if not order.status.is_terminal:
            self._move(order, ExecType.PENDING_REPLACE)
            order.asked_qty, order.asked_reserve_px = record.order_qty, record.reserve_px
            hold(self, order, record.reserved)

    def _request_denied(self, record: r.RequestDenied) -> None:
        self._refuse(f"request_denied:{record.reason.value}")

    def _accepted(self, record: r.OrderAccepted) -> None:
        order = self.orders[record.order]
        order.venue_order_id = record.venue_order_id
        order.accepted_ts = record.ts
        order.expires = record.expires
        order.priority = record.seq
        order.stop_px = record.stop_px
        order.auction_ts = record.auction_ts
        self._move(order, ExecType.HELD if record.held else _NEW)

    def _restated(self, record: r.OrderRestated) -> None:
        order = self.orders[record.order]
        order.order_qty = record.order_qty
        order.given_qty = record.given_qty
        order.mates_qty = record.mates_qty
        order.reserve_px = record.reserve_px
        if record.released:
            order.held = False
            order.stop_px = record.stop_px
            order.priority = record.seq
            order.sent_ts = record.ts
        self._move(order, ExecType.RESTATED)
        hold(self, order, record.reserved)

    def _triggered(self, record: r.OrderTriggered) -> None:
        order = self.orders[record.order]
        order.triggered = True
        order.stop_px = record.stop_px
        order.priority = record.seq
        self._move(order, ExecType.TRIGGERED)

    def _rejected(self, record: r.OrderRejected) -> None:
        order = self.orders[record.order]
        order.reason = record.reason.value
        self._refuse(f"rejected:{record.reason.value}")
        self._move(order, ExecType.REJECTED)

    def _filled(self, record: r.OrderFilled) -> None:
        order = self.orders[record.order]
        order.cum_qty = record.cum_qty
        self.volumes.add(record, record.cum_notional - order.cum_notional, self.attached)
        order.cum_notional = record.cum_notional
        order.cum_added = record.cum_added
        order.fees = added(order.fees, record.fee)
        order.fee_accrued, order.fee_within = record.fee_accrued, record.fee_within or "0"
        self.book(record.postings)
        hold(self, order, record.reserved)
        position = self.positions.setdefault(record.symbol, PositionState())
        position.qty = record.position_qty
        position.cost = record.position_cost
        position.realized = added(position.realized, record.realized)
        fee, realized = record.fee, record.realized
        if record.conversion is not None:
            at = record.conversion
            fee, realized = at.fee, at.realized
            self.rates[self._currency_of(record.symbol)] = at.numerator, at.denominator
        self.realized = added(self.realized, realized)
        self.fees = added(self.fees, fee)
        self.fills += 1
        if self.status is SessionStatus.PAUSED:
            self.missed_fills += 1
        self._move(order, ExecType.TRADE if record.leaves_qty else ExecType.FILL)

    def _currency_of(self, symbol: str) -> str:
        assert self.attached is not None
        instruments = self.attached.market.instruments
        return next(one.settle_currency for one in instruments if one.symbol == symbol)

    def _reservations_moved(self, record: r.ReservationsMoved) -> None:
        for ordinal, amount in record.reserved:
            hold(self, self.orders[ordinal], amount)

    def _margin_called(self, record: r.MarginCalled) -> None:
        self.margin_call = True

    def _margin_restored(self, record: r.MarginRestored) -> None:
        self.margin_call = False

    def _canceled(self, record: r.OrderCanceled) -> None:
        order = self.orders[record.order]
        order.reason = record.reason.value
        self._move(order, ExecType.CANCELED)

    def _expired(self, record: r.OrderExpired) -> None:
        order = self.orders[record.order]
        order.reason = record.reason.value
        if self.status is SessionStatus.PAUSED:
            self.missed_expiries += 1
        self._move(order, ExecType.EXPIRED)

    def _replaced(self, record: r.OrderReplaced) -> None:
        order = self.orders[record.order]
        order.order_qty = record.order_qty
        if order.held:
            order.list_qty = record.order_qty
        order.price_px = record.price_px
        order.stop_px = record.stop_px
        order.trail_px = record.trail_px
        order.trail_ratio = record.trail_ratio
        order.reserve_px = record.reserve_px
        order.asked_qty = order.asked_reserve_px = 0
        if not record.kept_priority:
            order.priority = record.seq
            order.sent_ts = record.sent
        self._move(order, ExecType.REPLACED)
        hold(self, order, record.reserved)

    def _cancel_rejected(self, record: r.CancelRejected) -> None:
        self._refuse(f"cancel_rejected:{record.reason.value}")
        self._pend(self.orders[record.order], ExecType.CANCEL_REJECTED)

    def _replace_rejected(self, record: r.ReplaceRejected) -> None:
        self._refuse(f"replace_rejected:{record.reason.value}")
        order = self.orders[record.order]
        if not order.status.is_terminal:
            order.asked_qty = order.asked_reserve_px = 0
            self._move(order, ExecType.REPLACE_REJECTED)
            hold(self, order, record.reserved)

    def _strategy_failed(self, record: r.StrategyFailed) -> None:
        self._refuse(f"strategy_error:{record.callback}")

    def _started(self, record: r.SessionStarted) -> None:
        self.status = SessionStatus.RUNNING

    def _paused(self, record: r.SessionPaused) -> None:
        self.status = SessionStatus.PAUSED
        self.status_reason = record.reason
        self.paused_row = record.row
        self.missed_timers = []
        self.missed_fills = 0
        self.missed_expiries = 0

    def _resumed(self, record: r.SessionResumed) -> None:
        self.status = SessionStatus.RUNNING
        self.status_reason = None
        self.missed_timers = []

    def _stopping(self, record: r.SessionStopping) -> None:
        self.status = SessionStatus.STOPPING
        self.status_reason = record.reason
        self.stop_reason = record.reason
        self.stop_deadline = record.deadline

    def _session_stopped(self, record: r.SessionStopped) -> None:
        self.status = SessionStatus.STOPPED
        self.status_reason = record.reason
        self.row = record.row
        self.timers = {}
        self.stopped = record

    def _session_failed(self, record: r.SessionFailed) -> None:
        self.status = SessionStatus.FAILED
        self.status_reason = record.reason


_APPLY: dict[type[Any], Callable[[LedgerState, Any], None]] = {
    r.SessionAttached: attach,
    r.CommandTaken: LedgerState._command,
    r.OrderSubmitted: LedgerState._submitted,
    r.OrderDenied: LedgerState._denied,
    r.CancelRequested: LedgerState._cancel_requested,
    r.ReplaceRequested: LedgerState._replace_requested,
    r.RequestDenied: LedgerState._request_denied,
    **TIMER_FOLDS,
    r.OrderAccepted: LedgerState._accepted,
    r.OrderTriggered: LedgerState._triggered,
    r.OrderRestated: LedgerState._restated,
    r.OrderRepegged: lambda ledger, record: ledger.orders[record.order].move(record),
    r.OrderRejected: LedgerState._rejected,
    r.OrderFilled: LedgerState._filled,
    r.OrderCanceled: LedgerState._canceled,
    r.OrderExpired: LedgerState._expired,
    r.OrderReplaced: LedgerState._replaced,
    r.CancelRejected: LedgerState._cancel_rejected,
    r.ReplaceRejected: LedgerState._replace_rejected,
    r.ReservationsMoved: LedgerState._reservations_moved,
    r.MarginCalled: LedgerState._margin_called,
    r.DayBegan: lambda ledger, record: ledger.day.begin(record),
    r.DailyLossReached: lambda ledger, record: ledger.day.lose(record),
    r.MarginRestored: LedgerState._margin_restored,
    r.TradingStatusChanged: lambda *_: None,
    r.StrategyFailed: LedgerState._strategy_failed,
    r.SessionStarted: LedgerState._started,
    r.SessionPaused: LedgerState._paused,
    r.SessionResumed: LedgerState._resumed,
    r.SessionStopping: LedgerState._stopping,
    r.SessionStopped: LedgerState._session_stopped,
    r.SessionFailed: LedgerState._session_failed,
    **EVENT_FOLDS,
}
