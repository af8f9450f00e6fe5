"""Watches isolated positions, each by its own margin, and liquidates those that lack it.

A position is liquidated when its margin and its gains at mid are less than its maintenance margin:
its open orders end, and it is closed at market, or step by step reduced as ``margin_watch`` says.
No more is lost by it than its margin was when that began: what its closing, with all charges and
the funding of the meantime, takes beyond comes back as insurance once it is closed.  (Exchanges
close at the bankruptcy price and let their insurance fund bear, or keep, the difference; here what
is left of the margin stays the account's, less ``account.liquidation_fee``.)
"""

from __future__ import annotations

from offbook.domain import records as r
from offbook.domain.config import Liquidation
from offbook.domain.orders import CancelReason, Origin
from offbook.domain.values import Amount
from offbook.engine.account.cash_flows import insure
from offbook.engine.account.equity_bands import Bound
from offbook.engine.account.isolated_funds import IsolatedFunds
from offbook.engine.account.margin_watch import LIVE, Ends, is_closing
from offbook.engine.account.need import Need
from offbook.engine.desk.desk import OrderDesk
from offbook.engine.kernel import Kernel
from offbook.engine.venue.venue import Venue


class IsolatedWatch:
    """Liquidations of one session's isolated positions."""

    watches = True

    def __init__(self, kernel: Kernel, venue: Venue, desk: OrderDesk) -> None:
        self._kernel = kernel
        self._desk = desk
        self._steps = kernel.config.account.liquidation is Liquidation.STEPWISE
        self._ends = Ends(venue)

    def look(self) -> None:
        """Judge every position at the last prices."""
        ledger = self._kernel.ledger
        if ledger.status not in LIVE:
            return
        for symbol in tuple(ledger.events.liquidations):
            if not is_closing(self._kernel, symbol):
                self._go_on(symbol)
        for symbol in ledger.held_positions():
            if symbol not in ledger.events.liquidations:
                self._judge(symbol)

    def _judge(self, symbol: str) -> None:
        kernel, funds = self._kernel, self._funds
        equity, need = funds.equity_of(symbol), self._need(symbol)
        if equity >= need.required:
            return
        position = kernel.ledger.position(symbol)
        kernel.emit(
            r.LiquidationBegan,
            symbol=symbol,
            equity=Amount(equity),
            required=Amount(need.required),
            margin=Amount(funds.margin_of(symbol, position.qty, position.cost)),
        )
        orders = [order for order in kernel.ledger.working() if order.symbol == symbol]
        self._ends.end(orders, CancelReason.LIQUIDATED)
        self._close(symbol)

    def _close(self, symbol: str) -> None:
        qty = self._kernel.ledger.position(symbol).qty
        self._desk.flatten(symbol, Origin.LIQUIDATION, self._funds.step(symbol, qty))

    def _go_on(self, symbol: str) -> None:
        """A liquidation whose order has ended: it is over, or takes its next step.  Less than a lot
        may be left of a whole one, and stays."""
        kernel = self._kernel
        if kernel.ledger.position(symbol).qty:
            if not self._steps:
                return
            if self._funds.equity_of(symbol) < self._need(symbol).required:
                self._close(symbol)
                return
        self._insure(symbol)
        kernel.emit(r.LiquidationEnded, symbol=symbol)

    def _insure(self, symbol: str) -> None:
        """Give back what was lost beyond the margin."""
        kernel, ledger = self._kernel, self._kernel.ledger
        instrument, closing = kernel.instrument(symbol), ledger.events.liquidations[symbol]
        charges = sum(
            order.fees
            for order in ledger.orders.values()
            if order.ordinal >= closing.first_order
            and order.symbol == symbol
            and order.origin is Origin.LIQUIDATION
        )
        gained = ledger.position(symbol).realized - closing.realized - charges - closing.charged
        if ledger.position(symbol).qty or closing.margin + gained >= 0:
            return
        insure(kernel, instrument, -gained, closing.margin)

    def bounds(self) -> list[Bound]:
        """What must not be reached by any position before it is judged again."""
        ledger = self._kernel.ledger
        if ledger.status not in LIVE:
            return []
        found = []
        for symbol in ledger.held_positions():
            is_over = symbol in ledger.events.liquidations
            if is_over and (not self._steps or is_closing(self._kernel, symbol)):
                continue  # it is being closed, whatever the prices do
            need = self._need(symbol)
            found.append(
                Bound(
                    d=need.denominator,
                    n=need.shares[symbol],
                    at=-1 if is_over else 0,
                    sign=-1 if is_over else 1,
                    need=need,
                    of=symbol,
                    equity=self._funds.equity_of(symbol),
                )
            )
        return found

    def _need(self, symbol: str) -> Need:
        return self._funds.need_of(symbol)

    @property
    def _funds(self) -> IsolatedFunds:
        funds = self._kernel.funds
        assert isinstance(funds, IsolatedFunds)
        return funds
