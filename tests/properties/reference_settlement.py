"""Settlement of a cash account in the reference."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from tests.properties.market_cases import Setup
from tests.properties.reference_clock import DAY, VENUE_STAGE, Due
from tests.properties.reference_common import Common
from tests.properties.reference_events import EIGHT_HOURS, ReferenceEvents
from tests.properties.reference_orders import ZERO, Order

from offbook.domain.config import UnsettledCash


class ReferenceSettlement(ReferenceEvents):
    """What a sale brings, and what was bought with it, some trading days later."""

    def __init__(self, setup: Setup, of: Common | None = None) -> None:
        super().__init__(setup, of)
        self._locks: list[tuple[Due, Fraction]] = []

    def await_settlement(self, order: Order, qty: Fraction, change: Fraction, due: int) -> None:
        config, account = self.setup.account.settlement, self.account
        if config is None:
            return
        waits, money = config.unsettled is UnsettledCash.WAIT, account.pays_in
        proceeds, settled = self.common.proceeds, self.common.settles
        if not order.buying and change > 0:
            settles = self._settles(config.days)
            proceeds[money] = proceeds.get(money, ZERO) + change
            settled[money] = max(settled.get(money, 0), settles)
            self._pend(change, ZERO, settles, waits=waits)
            self._is_told(change, due, waits=waits)
        elif order.buying and not waits:
            left = account.purse[money]
            if proceeds.get(money, ZERO) > max(left, ZERO):  # it was bought with them
                self._pend(ZERO, qty, settled[money], waits=True)

    def _settles(self, days: int) -> int:
        """Eight hours before the session so many after that of the trade, once the one before it
        has closed; a trade outside hours is of the next session, one at the close of that one."""
        if not self.setup.hours:
            return (self.now // DAY + days) * DAY
        ahead = [span for span in self.setup.hours if span[1] >= self.now]
        return max(ahead[days][0] - EIGHT_HOURS, ahead[days - 1][1])

    def _pend(self, amount: Fraction, qty: Fraction, settles: int, *, waits: bool) -> None:
        self._hold_back(amount, qty, waits=waits)
        self.tell("SettlementPending", amount, qty, waits, settles)
        self.later(settles, VENUE_STAGE, self._day_of(amount, qty, waits=waits))
        if qty:
            self._locks.append((self.dues[-1], qty))

    def locks_follow(self, ratio: Fraction, new: ReferenceSettlement) -> None:
        """They wait until the same day, a part of a unit as a whole one."""
        unit = Fraction(1, 10**self.setup.instrument.qty_precision)
        waiting = [lock for lock in self._locks if lock[0] in self.dues]
        self._locks.clear()
        for due, qty in sorted(waiting, key=lambda lock: (lock[0].at, lock[0].number)):
            self.dues.remove(due)
            due.do()
            new._pend(ZERO, -(-qty * ratio // unit) * unit, due.at, waits=True)

    def _day_of(self, amount: Fraction, qty: Fraction, *, waits: bool) -> Callable[[], None]:
        def settle() -> None:
            money = self.account.pays_in
            self.common.proceeds[money] = self.common.proceeds.get(money, ZERO) - amount
            self._hold_back(-amount, -qty, waits=waits)
            self.tell("SettlementDone", amount, qty, waits)
            self._is_told(amount, self.would_be_heard(), waits=waits)

        return settle

    def _hold_back(self, amount: Fraction, qty: Fraction, *, waits: bool) -> None:
        if waits:
            money, waiting = self.account.pays_in, self.common.waiting
            waiting[money] = waiting.get(money, ZERO) + amount
            self.account.unsettled += qty

    def _is_told(self, amount: Fraction, due: int, *, waits: bool) -> None:
        if waits and amount:
            self.hears(due)
