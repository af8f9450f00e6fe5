"""How many fills closed a position, or a part of one, and how many of these gained."""

from __future__ import annotations

from offbook.domain.records import (
    OrderFilled,
    PositionDelisted,
    PositionRestated,
    PositionSettled,
    Record,
)
from offbook.domain.values import share_of
from offbook.engine.ledger.ledger import LedgerState
from offbook.services.reporting.account_path import Execution, closing_of


class Closings:
    """Counts what closed or reduced a position: fills, and an expiry or a delisting of what was
    held.  ``won`` are those with a gain before charges, above the average cost of what they closed.

    A daily settlement puts its price in the place of what a contract cost, so that a fill realizes
    what it made since then alone; here a contract costs what it was opened at, as in round trips.
    """

    def __init__(self) -> None:
        self.count = 0
        self.won = 0
        self._held: dict[str, int] = {}
        self._paid: dict[str, int] = {}

    def take(self, record: Record, ledger: LedgerState, execution: Execution | None = None) -> None:
        """Look at a record that ``ledger`` has applied; a fill comes with its ``execution``."""
        if isinstance(record, PositionRestated):
            self._held[record.symbol] = 0
            self._held[record.new_symbol] = record.position_qty
        if not isinstance(record, (OrderFilled, PositionSettled, PositionDelisted)):
            return
        held = self._held.get(record.symbol, 0)
        if execution is None:
            execution = closing_of(record, held, ledger)
        if execution is None:
            return
        self._held[record.symbol] = held + execution.qty
        gained = int(record.realized)
        if record.symbol in ledger.events.contracts:
            gained = self._gained(execution, held)
        if held * execution.qty < 0:
            self.count += 1
            self.won += gained > 0

    def _gained(self, execution: Execution, held: int) -> int:
        """What the closing part of a fill in a contract made since it was opened."""
        symbol, size = execution.symbol, abs(execution.qty)
        closes = min(size, abs(held)) if held * execution.qty < 0 else 0
        got = share_of(execution.notional, closes, size)
        cost = self._paid.get(symbol, 0)
        out = share_of(cost, closes, abs(held)) if closes else 0
        self._paid[symbol] = cost - out + execution.notional - got
        gain = execution.gain(got, out)
        return gain if held > 0 else -gain
