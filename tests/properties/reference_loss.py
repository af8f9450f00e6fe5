"""The loss of a trading day in the reference."""

from __future__ import annotations

from fractions import Fraction

from tests.properties.market_cases import Setup
from tests.properties.reference_books import ReferenceBooks
from tests.properties.reference_clock import VENUE_STAGE
from tests.properties.reference_common import Common
from tests.properties.reference_numbers import FINEST
from tests.properties.reference_orders import ZERO

from offbook.domain import commands as c
from offbook.domain.config import DailyLoss, OnDailyLoss, PauseOrders
from offbook.domain.session import SessionStatus as Status


class ReferenceLoss(ReferenceBooks):
    """Remembers what a day began with, and pauses or stops once too much of it is lost."""

    def __init__(self, setup: Setup, of: Common | None = None) -> None:
        super().__init__(setup, of)
        self._limit = setup.risk.daily_loss
        self._began_with = ZERO

    def pause(self, reason: str, policy: PauseOrders) -> None:
        """The strategy is paused."""
        raise NotImplementedError

    def stop(self, command: c.Stop) -> None:
        """The session ends."""
        raise NotImplementedError

    def begin_day(self) -> None:
        """At the start, and when a trading day ends."""
        if self._limit is None or self.status not in {Status.RUNNING, Status.PAUSED}:
            return
        self.common.lost_enough = False
        self._began_with = self.account.equity(self.market())
        ends = self.day_end(self.now)
        self.tell("DayBegan", self._began_with, ends)
        self.later(ends, VENUE_STAGE, self.begin_day)

    def judge_loss(self) -> None:
        """Once a day, by the first instrument's venue."""
        if self._limit is None or self.status not in {Status.RUNNING, Status.PAUSED}:
            return
        equity = self.account.equity(self.market())
        lost, most = self._began_with - equity, self._most(self._limit)
        if self.common.lost_enough or lost < most:
            return
        self.common.lost_enough = True
        self.tell("DailyLossReached", equity, lost, most, self._limit.action)
        if self._limit.action is OnDailyLoss.STOP:
            self.stop(c.Stop(command_id="", reason="daily_loss"))
        elif self.status is Status.RUNNING:
            self.pause("daily_loss", self.setup.lifecycle.pause_orders)

    def _most(self, limit: DailyLoss) -> Fraction:
        """An amount, or a share of what the day began with, rounded up and never nothing."""
        if limit.amount is not None:
            return Fraction(limit.amount)
        share = max(self._began_with, ZERO) * Fraction(limit.percent or 0) / 100
        return max(-(-share // FINEST) * FINEST, FINEST)
