"""Watches the loss of a trading day, and pauses or stops the session that reached its limit.

A trading day is the calendar's of the market's first instrument, the UTC day where that trades at
all hours.  Equity is marked at mid, as everywhere.
"""

from __future__ import annotations

from offbook.domain import records as r
from offbook.domain.commands import Stop
from offbook.domain.config import RATIO_PRECISION, OnDailyLoss
from offbook.domain.session import SessionStatus
from offbook.domain.values import AMOUNT_PRECISION, Amount, ceil_div, text_to_units
from offbook.engine.account.equity_bands import Bound
from offbook.engine.agenda import STAGE_VENUE, DayEnds
from offbook.engine.kernel import Kernel
from offbook.engine.lifecycle import Lifecycle

DAILY_LOSS = "daily_loss"
_LIVE = frozenset({SessionStatus.RUNNING, SessionStatus.PAUSED})
_PERCENT = int(10 ** (RATIO_PRECISION + 2))


class LossWatch:
    """The limit on one session's daily loss; does nothing where none is set."""

    def __init__(self, kernel: Kernel, lifecycle: Lifecycle) -> None:
        self._kernel = kernel
        self._lifecycle = lifecycle
        self._limit = kernel.config.risk.daily_loss

    @property
    def watches(self) -> bool:
        """Whether the loss of a day is limited."""
        return self._limit is not None

    def begin_day(self) -> None:
        """A trading day begins now."""
        kernel = self._kernel
        if self._limit is None or kernel.market is None or kernel.ledger.status not in _LIVE:
            return
        calendar = kernel.calendar_of(kernel.market.instruments[0])
        ends = calendar.day_end(kernel.now)
        kernel.emit(r.DayBegan, equity=kernel.equity(), ends=ends)
        kernel.agenda.add(ends, STAGE_VENUE, DayEnds())

    def look(self) -> None:
        """Judge the loss at the last prices."""
        day_equity = self._day_equity()
        if day_equity is None:
            return
        equity = self._kernel.equity()
        loss, most = day_equity - equity, self._most(day_equity)
        if loss >= most:
            self._reached(equity, loss, most)

    def bounds(self) -> list[Bound]:
        """What must not be reached by the equity before it is judged again."""
        day_equity = self._day_equity()
        if day_equity is None:
            return []
        return [Bound(d=1, n=0, at=day_equity - self._most(day_equity) + 1, sign=1)]

    def _day_equity(self) -> int | None:
        """The equity with which the day began, as long as its loss is watched."""
        ledger = self._kernel.ledger
        if self._limit is None or ledger.status not in _LIVE or ledger.day.loss is not None:
            return None
        return ledger.day.equity

    def _most(self, day_equity: int) -> int:
        limit = self._limit
        assert limit is not None
        if limit.amount is not None:
            return text_to_units(limit.amount, AMOUNT_PRECISION)
        assert limit.percent is not None
        percent = text_to_units(limit.percent, RATIO_PRECISION)
        # At least one unit, or an account without money would have lost it all at once.
        return max(1, ceil_div(max(day_equity, 0) * percent, _PERCENT))

    def _reached(self, equity: int, loss: int, most: int) -> None:
        assert self._limit is not None
        action = self._limit.action
        self._kernel.emit(
            r.DailyLossReached,
            equity=Amount(equity),
            loss=Amount(loss),
            limit=Amount(most),
            action=action,
        )
        if action is OnDailyLoss.STOP:
            self._lifecycle.stop(Stop(command_id="", reason=DAILY_LOSS))
        elif self._kernel.ledger.status is SessionStatus.RUNNING:
            self._lifecycle.pause_by_limit(DAILY_LOSS)
