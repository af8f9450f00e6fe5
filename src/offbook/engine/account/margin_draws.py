"""What funding and daily settlements take out of the margin of an isolated position.

They are paid out of what is free; where that is used up the rest comes out of the margin of the
position that they are for, which is liquidated so much earlier (as at Binance and Bybit, where
funding comes from the available balance first).  It stays out until the position is reduced, then
in proportion.  What is free is told without what open orders hold.
"""

from __future__ import annotations

from offbook.domain import records as r
from offbook.domain.records import OrderFilled
from offbook.domain.values import Amount, ceil_div
from offbook.engine.account.isolated_funds import IsolatedFunds
from offbook.engine.kernel import Kernel


class MarginDraws:
    """Records what is out of the margins; does nothing in any other account."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    @property
    def is_needed(self) -> bool:
        """Whether fills can have anything to do with it."""
        return isinstance(self._kernel.funds, IsolatedFunds)

    def flowed(self, symbol: str, lost: int) -> None:
        """A flow of a position took ``lost`` of its currency (10**-18) from what is free."""
        kernel, funds = self._kernel, self._kernel.funds
        if not isinstance(funds, IsolatedFunds) or lost <= 0:
            return
        ledger = kernel.ledger
        qty = ledger.position(symbol).qty
        if not qty or symbol in ledger.events.liquidations:
            return
        short = self._in_own(symbol, funds.shortage())
        if short > 0:
            self._note(symbol, qty, funds.drawn(symbol, qty) + min(short, lost))

    def filled(self, fill: OrderFilled) -> None:
        """A fill was booked: of what is closed nothing is out any more."""
        funds = self._kernel.funds
        if isinstance(funds, IsolatedFunds) and fill.symbol in self._kernel.ledger.events.drawn:
            qty = fill.position_qty
            self._note(fill.symbol, qty, funds.drawn(fill.symbol, qty))

    def _note(self, symbol: str, qty: int, amount: int) -> None:
        self._kernel.emit(r.MarginDrawn, symbol=symbol, qty=qty, amount=Amount(amount))

    def _in_own(self, symbol: str, amount: int) -> int:
        """An amount of the account's currency in that of a position, rounded up."""
        kernel = self._kernel
        rate = kernel.valuation.rate(kernel.instrument(symbol).settle_currency)
        return 0 if rate is None else ceil_div(amount * rate[1], rate[0])
