"""Watches the equity of a margin account, and does what a margin call asks for.

A liquidation takes open orders away and closes every position at market.  Step by step it reduces
the position that requires most, to where the next lower maintenance tier begins, or closes it in
the lowest; when that order has ended the equity is judged again, until it is enough.
"""

from __future__ import annotations

from offbook.domain import records as r
from offbook.domain.config import Liquidation, MarginCall
from offbook.domain.orders import CancelReason, Origin
from offbook.domain.session import SessionStatus
from offbook.domain.values import Amount
from offbook.engine.account.equity_bands import Bound
from offbook.engine.desk.desk import OrderDesk
from offbook.engine.kernel import Kernel
from offbook.engine.ledger.state import OrderState
from offbook.engine.venue.venue import Venue

LIVE = (SessionStatus.RUNNING, SessionStatus.PAUSED)


class MarginWatch:
    """Margin calls of one session; does nothing for a cash account."""

    def __init__(self, kernel: Kernel, venue: Venue, desk: OrderDesk) -> None:
        self._kernel = kernel
        self._desk = desk
        self.watches = kernel.config.account.is_margin
        self._action = kernel.config.account.margin_call
        self._steps = kernel.config.account.liquidation is Liquidation.STEPWISE
        self._ends = Ends(venue)

    def look(self) -> None:
        """Judge the equity at the last prices."""
        if not self.watches:
            return
        kernel = self._kernel
        ledger, held = kernel.ledger, kernel.ledger.held_positions()
        if not (held or ledger.margin_call):
            return
        if ledger.status not in LIVE:
            return
        equity = kernel.equity()
        if not ledger.margin_call:
            required = kernel.funds.maintenance(held).required
            if equity < required:
                self._call(equity, required)
            return
        if self._steps and held:
            self._go_on(equity, held)
            return
        required = kernel.funds.margin_used(held)
        met = self._action is MarginCall.DENY_INCREASE and equity >= required
        if met or not held:
            kernel.emit(r.MarginRestored, equity=equity, required=Amount(required))

    def _go_on(self, equity: Amount, held: dict[str, int]) -> None:
        """The next step of a liquidation, unless one is being taken or it is enough."""
        kernel = self._kernel
        required = kernel.funds.maintenance(held).required
        if is_closing(kernel):
            return
        if equity >= required:
            kernel.emit(r.MarginRestored, equity=equity, required=Amount(required))
        else:
            self._step(held)

    def _step(self, held: dict[str, int]) -> None:
        """Reduce the position that requires most; of equals the first that was opened."""
        funds = self._kernel.funds
        needs = {symbol: funds.maintenance({symbol: qty}).required for symbol, qty in held.items()}
        for symbol in sorted(held, key=lambda one: -needs[one]):
            size = funds.step(symbol, held[symbol])
            if self._desk.flatten(symbol, Origin.LIQUIDATION, size) is not None:
                return

    def bounds(self) -> list[Bound]:
        """What must not be reached by the equity before it is judged again."""
        kernel, ledger = self._kernel, self._kernel.ledger
        held = ledger.held_positions()
        if not self.watches or ledger.status not in LIVE or not held:
            return []
        if not ledger.margin_call:
            need = kernel.funds.maintenance(held)
            d = need.denominator
            return [Bound(d=d, n=need.most, at=0, sign=1, need=need)]
        if self._action is MarginCall.DENY_INCREASE or (self._steps and not is_closing(kernel)):
            funds = kernel.funds
            need = funds.maintenance(held) if self._steps else funds.initial(held)
            d = need.denominator
            return [Bound(d=d, n=need.most, at=-1, sign=-1, need=need)]
        return []  # positions are being closed, whatever the prices do

    def _call(self, equity: Amount, required: int) -> None:
        """Orders that add to positions are canceled; by policy all are, and positions closed."""
        kernel = self._kernel
        kernel.emit(r.MarginCalled, equity=equity, required=Amount(required), action=self._action)
        if self._action is MarginCall.DENY_INCREASE:
            adding = [kernel.ledger.orders[ordinal] for ordinal in kernel.funds.adding()]
            self._ends.end(adding, CancelReason.MARGIN_CALL)
            return
        self._ends.end(kernel.ledger.working(), CancelReason.LIQUIDATED)
        if self._steps:
            self._step(kernel.ledger.held_positions())
            return
        for symbol in kernel.ledger.held_positions():
            self._desk.flatten(symbol, Origin.LIQUIDATION)


def is_closing(kernel: Kernel, symbol: str | None = None) -> bool:
    """Whether an order of a liquidation works, of one symbol or of any."""
    return any(
        order.origin is Origin.LIQUIDATION and symbol in (None, order.symbol)
        for order in kernel.ledger.working()
    )


class Ends:
    """Takes orders away, each unless it ended with another of its list."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    def end(self, orders: list[OrderState], reason: CancelReason) -> None:
        """All of these."""
        for order in orders:
            if not order.status.is_terminal:
                self._venue.end(order, reason)
