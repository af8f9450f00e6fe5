"""Starting, pausing, resuming and stopping, as the engine sees them."""

from __future__ import annotations

from typing import Any, Final

from offbook.domain import records as r
from offbook.domain.commands import Command, ForceStop, Pause, Resume, Start, Stop
from offbook.domain.config import AtEnd, OnStrategyError, PauseOrders, ResumeTimers
from offbook.domain.errors import EngineFault
from offbook.domain.orders import CancelReason, Origin
from offbook.domain.record_parts import Mark
from offbook.domain.session import STOPPING, SessionStatus
from offbook.domain.values import Amount
from offbook.engine.account.accounts import CASH
from offbook.engine.agenda import STAGE_VENUE, StopDeadline
from offbook.engine.desk.desk import OrderDesk
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.lists import legs
from offbook.engine.ledger.state import OrderState
from offbook.engine.strategy.host import StrategyHost
from offbook.engine.strategy.strategy import Missed
from offbook.engine.venue.venue import Venue

END_OF_DATA = "end_of_data"
STRATEGY_ERROR = "strategy_error"
INCOMPLETE = "flatten_incomplete"

_S: Final = SessionStatus
_ALLOWED: Final[dict[type[Any], frozenset[SessionStatus]]] = {
    Start: frozenset({_S.STARTING}),
    Pause: frozenset({_S.RUNNING, _S.PAUSED}),
    Resume: frozenset({_S.PAUSED}),
    Stop: frozenset({_S.STARTING, _S.RUNNING, _S.PAUSED}),
    ForceStop: frozenset({_S.STOPPING}),
}


class Lifecycle:
    """Moves one session through its life; the table of what is allowed is the domain's."""

    def __init__(self, kernel: Kernel, venue: Venue, desk: OrderDesk) -> None:
        self._kernel = kernel
        self._venue = venue
        self._desk = desk
        self.host: StrategyHost | None = None

    @property
    def status(self) -> SessionStatus:
        """Where the session is in its life."""
        return self._kernel.ledger.status

    @property
    def row(self) -> int:
        """How many rows of the market have been taken."""
        last = self._kernel.last
        return 0 if last is None else last.row + 1

    def require(self, command: Command) -> None:
        """Raise EngineFault for a command that the status does not allow.

        Whoever feeds the engine looks first.  A pause is taken while paused too, for an error of
        the strategy may have paused the session since.
        """
        allowed = _ALLOWED.get(type(command))
        if allowed is not None and self.status not in allowed:
            name = command.__struct_config__.tag
            raise EngineFault(
                f"a session that is {self.status.value} cannot take {name}", reason="lifecycle"
            )

    def start(self) -> None:
        """The session runs from here."""
        self._kernel.emit(r.SessionStarted)
        self._call("on_start")

    def pause(self, command: Pause) -> None:
        """By a command: the strategy is told."""
        self._pause("requested", command.orders)
        self._call("on_pause")

    def pause_by_limit(self, reason: str) -> None:
        """By a limit of the session's own risk: orders by policy, and the strategy is told."""
        self._pause(reason, self._kernel.config.lifecycle.pause_orders)
        self._call("on_pause")

    def _pause(self, reason: str, orders: PauseOrders) -> None:
        self._kernel.emit(r.SessionPaused, row=self.row, reason=reason, orders=orders)
        self._end(self._unwanted(orders), CancelReason.PAUSED)

    def _end(self, orders: list[OrderState], reason: CancelReason) -> None:
        for order in orders:
            if not order.status.is_terminal:  # with another of its list it may have ended
                self._venue.end(order, reason)

    def _unwanted(self, policy: PauseOrders) -> list[OrderState]:
        orders = self._kernel.ledger.working()
        working = [order for order in orders if order.origin is not Origin.LIQUIDATION]
        if policy is PauseOrders.KEEP:
            return []
        if policy is PauseOrders.CANCEL_ALL:
            return working
        protective = self._protective(working)
        return [order for order in working if order.ordinal not in protective]

    def _protective(self, working: list[OrderState]) -> set[int]:
        """Reduce-only orders, exits whose parent has traded, and those that reduce a position,
        oldest first, up to its size; legs that cancel each other as one. Held orders go as their
        parent goes."""
        kept = {
            order.ordinal
            for order in working
            if order.reduce_only or order.held or order.parent is not None
        }
        left = {
            symbol: abs(position.qty) for symbol, position in self._kernel.ledger.positions.items()
        }
        for order in working:
            unit = [order, *(leg for leg in legs(self._kernel.ledger, order) if leg in working)]
            if order.ordinal in kept or not all(self._reduces(one) for one in unit):
                continue
            size = max(one.leaves_qty for one in unit)
            if size <= left[order.symbol]:
                left[order.symbol] -= size
                kept.update(one.ordinal for one in unit)
        return kept

    def _reduces(self, order: OrderState) -> bool:
        return self._kernel.ledger.position(order.symbol).qty * order.side.sign < 0

    def resume(self, command: Resume) -> None:
        """The strategy hears what it missed, then timers by policy, then data."""
        ledger = self._kernel.ledger
        missed = list(ledger.missed_timers)
        record = self._kernel.emit(
            r.SessionResumed,
            timers=command.timers,
            missed_rows=self.row - ledger.paused_row,
            missed_timers=len(missed),
            missed_fills=ledger.missed_fills,
            missed_expiries=ledger.missed_expiries,
        )
        self._call(
            "on_resume",
            Missed(
                rows=record.missed_rows,
                timers=record.missed_timers,
                fills=record.missed_fills,
                expiries=record.missed_expiries,
            ),
        )
        names = [name for name, _ in missed]
        if command.timers is ResumeTimers.FIRE_ONCE:
            names = list(dict.fromkeys(names))
        elif command.timers is ResumeTimers.SKIP:
            names = []
        for name in names:
            if self.status is SessionStatus.RUNNING:
                self._call("on_timer", name)

    def stop(self, command: Stop, *, tell: bool = True) -> None:
        """End the session, after closing its positions if that is asked for."""
        kernel = self._kernel
        deadline = kernel.now + command.deadline_ns if command.flatten else kernel.now
        kernel.emit(r.SessionStopping, deadline=deadline, reason=command.reason)
        if tell:
            self._call("on_stop")
        self._end(kernel.ledger.working(), CancelReason.STOPPED)
        sent = [self._desk.flatten(s) for s in self._held()] if command.flatten else []
        if any(order is not None for order in sent):
            kernel.agenda.add(deadline, STAGE_VENUE, StopDeadline())
        else:
            self._finish(INCOMPLETE if command.flatten and self._held() else command.reason)

    def _held(self) -> list[str]:
        return [s for s, position in self._kernel.ledger.positions.items() if position.qty]

    def check_flat(self) -> None:
        """While closing positions: done as soon as nothing is working any more."""
        ledger = self._kernel.ledger
        if ledger.status is STOPPING and not ledger.open_orders:
            # The venue may have refused what was to close a position.
            self._finish(INCOMPLETE if self._held() else ledger.stop_reason)

    def give_up(self, reason: str) -> None:
        """Stop as things stand: the deadline, a forced stop or the end of data has come."""
        if self.status is SessionStatus.STOPPING:
            self._end(self._kernel.ledger.working(), CancelReason.STOPPED)
            self._finish(reason)

    def end_of_data(self) -> None:
        """The recording is over."""
        config = self._kernel.config.lifecycle
        if self.status is SessionStatus.STOPPING:
            self.give_up(INCOMPLETE)
        elif self.status is SessionStatus.RUNNING:
            if config.at_end is AtEnd.PAUSE:
                self._pause(END_OF_DATA, config.pause_orders)
                self._call("on_pause")
            else:
                self.stop(Stop(command_id="", reason=END_OF_DATA))

    def strategy_failed(self, callback: str) -> None:
        """A callback raised: act by policy, without calling the strategy again for it."""
        config = self._kernel.config.lifecycle
        if self.status not in (SessionStatus.RUNNING, SessionStatus.PAUSED):
            return
        if config.on_strategy_error is OnStrategyError.FAIL:
            self.fail(STRATEGY_ERROR)
        elif config.on_strategy_error is OnStrategyError.STOP:
            self.stop(Stop(command_id="", reason=STRATEGY_ERROR), tell=False)
        elif self.status is SessionStatus.RUNNING:
            self._pause(STRATEGY_ERROR, config.pause_orders)

    def fail(self, reason: str) -> None:
        """Nothing is done after this."""
        self._kernel.emit(r.SessionFailed, reason=reason)
        self._kernel.agenda.clear()

    def _finish(self, reason: str) -> None:
        kernel = self._kernel
        ledger = kernel.ledger
        kernel.emit(
            r.SessionStopped,
            reason=reason,
            row=self.row,
            cash=Amount(ledger.balance(CASH, ledger.account_currency)),
            balances=ledger.cash(),
            equity=kernel.equity(),
            margin_used=kernel.margin_used(),
            marks=self._marks(),
        )
        kernel.agenda.clear()

    def _marks(self) -> tuple[Mark, ...]:
        kernel = self._kernel
        symbols = [] if kernel.market is None else [i.symbol for i in kernel.market.instruments]
        return tuple(
            Mark(
                symbol=symbol,
                bid_px=prices.bid_px,
                ask_px=prices.ask_px,
                position_qty=kernel.ledger.position(symbol).qty,
            )
            for symbol in symbols
            if (prices := kernel.prices(symbol)) is not None
        )

    def _call(self, name: str, *arguments: object) -> None:
        if self.host is not None:
            self.host.call(name, *arguments)
