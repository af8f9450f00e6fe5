"""What turns on an account's equity: margin calls and the limit on a day's loss.

While a position is open, equity is judged after every row of the market, once it was matched, and
after every round of an instant.
"""

from __future__ import annotations

from offbook.engine.desk import OrderDesk
from offbook.engine.equity_bands import bands_within
from offbook.engine.kernel import Kernel
from offbook.engine.lifecycle import Lifecycle
from offbook.engine.loss_watch import LossWatch
from offbook.engine.margin_watch import MarginWatch
from offbook.engine.venue import Venue
from offbook.engine.wake import Band


class EquityWatch:
    """All that judges the equity of one session; costs nothing where nothing does."""

    def __init__(self, kernel: Kernel, venue: Venue, desk: OrderDesk, lifecycle: Lifecycle) -> None:
        self._kernel = kernel
        self._venue = venue
        self._margin = MarginWatch(kernel, venue, desk)
        self.loss = LossWatch(kernel, lifecycle)
        self.watches = self._margin.watches or self.loss.watches

    def guard(self) -> None:
        """Have the books of open positions look at every quote."""
        if self.watches:
            for symbol, book in self._venue.books.items():
                book.guard(self._kernel.ledger.position(symbol).qty != 0)

    def bands(self) -> dict[str, Band] | None:
        """The prices of the instruments held within which nothing turns on the equity; None where
        every row of the market must be looked at."""
        if not self.watches or not self._kernel.ledger.held_positions():
            return {}
        bounds = [*self._margin.bounds(), *self.loss.bounds()]
        return bands_within(self._kernel, bounds) if bounds else {}

    def look(self) -> None:
        """Judge the equity at the last prices."""
        if self.watches:
            self.guard()
            self._margin.look()
            self.loss.look()
