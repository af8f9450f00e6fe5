"""What turns on an account's equity: margin calls and the limit on a day's loss.

While a position is open, equity counts after every row of the market, once it was matched, and
after every round of an instant.  It need not be judged as long as nothing was recorded and every
price stays inside a band within which it can reach no bound.
"""

from __future__ import annotations

from offbook.domain.config import MarginMode
from offbook.engine.account.equity_bands import bands_within
from offbook.engine.account.isolated_watch import IsolatedWatch
from offbook.engine.account.loss_watch import LossWatch
from offbook.engine.account.margin_watch import MarginWatch
from offbook.engine.desk.desk import OrderDesk
from offbook.engine.kernel import Kernel
from offbook.engine.lifecycle import Lifecycle
from offbook.engine.venue.venue import Venue
from offbook.engine.wake import UNBOUNDED, Band


class EquityWatch:
    """All that judges the equity of one session; costs nothing where nothing does."""

    def __init__(self, kernel: Kernel, venue: Venue, desk: OrderDesk, lifecycle: Lifecycle) -> None:
        self._kernel = kernel
        self._venue = venue
        isolated = kernel.config.account.margin_mode is MarginMode.ISOLATED
        self._margin = (IsolatedWatch if isolated else MarginWatch)(kernel, venue, desk)
        self.loss = LossWatch(kernel, lifecycle)
        self.watches = self._margin.watches or self.loss.watches
        self._drawn_at = -1
        self.at_every_row = False
        """Whether it must be judged at every row of the market."""

    def guard(self) -> None:
        """Draw the bands of open positions anew, in which nothing turns on the equity."""
        if not self.watches:
            return
        self._drawn_at = self._kernel.ledger.seq
        bands = self._bands()
        self.at_every_row = bands is None
        for symbol in bands or ():
            self._venue.book(symbol)  # of what is held, though no order of it ever came here
        for symbol, book in self._venue.books.items():
            book.guard(None if bands is None else bands.get(symbol, UNBOUNDED))

    def look(self) -> None:
        """Judge the equity at the last prices, unless they are where nothing turns on it."""
        if self.watches and not self._is_safe():
            self._margin.look()
            self.loss.look()
            self.guard()

    @property
    def is_settled(self) -> bool:
        """Whether nothing happened since it was last judged."""
        return not self.watches or self._drawn_at == self._kernel.ledger.seq

    def _is_safe(self) -> bool:
        """Whether nothing happened since the bands were drawn, and no price has left its own."""
        if self._drawn_at != self._kernel.ledger.seq or self._kernel.every_row:
            return False
        if self.at_every_row:
            return False
        for symbol, book in self._venue.books.items():
            band = book.guard_band
            if band is not UNBOUNDED:
                prices = self._kernel.prices(symbol)
                if prices is None or (
                    prices.bid_px <= band.bid_falls or prices.ask_px >= band.ask_rises
                ):
                    return False
        return True

    def _bands(self) -> dict[str, Band] | None:
        """The bands of the instruments held; None where every row must be looked at."""
        bounds = [*self._margin.bounds(), *self.loss.bounds()]
        return bands_within(self._kernel, bounds) if bounds else {}
