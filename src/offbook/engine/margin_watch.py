"""Watches the equity of a margin account, and does what a margin call asks for."""

from __future__ import annotations

from offbook.domain import records as r
from offbook.domain.config import MarginCall
from offbook.domain.orders import CancelReason, Origin
from offbook.domain.session import SessionStatus
from offbook.domain.values import Amount
from offbook.engine.desk import OrderDesk
from offbook.engine.equity_bands import Bound
from offbook.engine.kernel import Kernel
from offbook.engine.state import OrderState
from offbook.engine.venue import Venue

_LIVE = (SessionStatus.RUNNING, SessionStatus.PAUSED)


class MarginWatch:
    """Margin calls of one session; does nothing for a cash account."""

    def __init__(self, kernel: Kernel, venue: Venue, desk: OrderDesk) -> None:
        self._kernel = kernel
        self._venue = venue
        self._desk = desk
        self.watches = kernel.config.account.is_margin
        self._action = kernel.config.account.margin_call

    def look(self) -> None:
        """Judge the equity at the last prices."""
        if not self.watches:
            return
        kernel = self._kernel
        ledger, held = kernel.ledger, kernel.ledger.held_positions()
        if not (held or ledger.margin_call):
            return
        if ledger.status not in _LIVE:
            return
        equity = kernel.equity()
        if not ledger.margin_call:
            required = kernel.funds.maintenance(held).required
            if equity < required:
                self._call(equity, required)
            return
        required = kernel.funds.margin_used(held)
        met = self._action is MarginCall.DENY_INCREASE and equity >= required
        if met or not held:
            kernel.emit(r.MarginRestored, equity=equity, required=Amount(required))

    def bounds(self) -> list[Bound]:
        """What must not be reached by the equity before it is judged again."""
        kernel, ledger = self._kernel, self._kernel.ledger
        if not self.watches or ledger.status not in _LIVE or not ledger.held_positions():
            return []
        if not ledger.margin_call:
            need = kernel.funds.maintenance(ledger.held_positions())
            d = need.denominator
            return [Bound(d=d, n=max(need.shares.values()), at=0, sign=1, need=need)]
        if self._action is MarginCall.DENY_INCREASE:
            n, d = kernel.config.account.initial_ratio
            return [Bound(d=d, n=n, at=-1, sign=-1)]
        return []  # positions are being closed, whatever the prices do

    def _call(self, equity: Amount, required: int) -> None:
        """Orders that add to positions are canceled; by policy all are, and positions closed."""
        kernel = self._kernel
        kernel.emit(r.MarginCalled, equity=equity, required=Amount(required), action=self._action)
        if self._action is MarginCall.DENY_INCREASE:
            adding = [kernel.ledger.orders[ordinal] for ordinal in kernel.funds.adding()]
            self._end(adding, CancelReason.MARGIN_CALL)
            return
        self._end(kernel.ledger.working(), CancelReason.LIQUIDATED)
        for symbol in kernel.ledger.held_positions():
            self._desk.flatten(symbol, Origin.LIQUIDATION)

    def _end(self, orders: list[OrderState], reason: CancelReason) -> None:
        for order in orders:
            if not order.status.is_terminal:  # with another of its list it may have ended
                self._venue.end(order, reason)
