"""What records of a strategy's timers leave in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from offbook.domain import records as r
from offbook.engine.ledger.state import TimerState

if TYPE_CHECKING:
    from collections.abc import Callable

    from offbook.engine.ledger.ledger import LedgerState


def _timer_set(ledger: LedgerState, record: r.TimerSet) -> None:
    ledger.timers[record.name] = TimerState(due=record.due, every_ns=record.every_ns)


def _timer_canceled(ledger: LedgerState, record: r.TimerCanceled) -> None:
    ledger.timers.pop(record.name, None)


def _timer_fired(ledger: LedgerState, record: r.TimerFired) -> None:
    timer = ledger.timers.get(record.name)
    if timer is not None and timer.due == record.due:
        if timer.every_ns is None:
            del ledger.timers[record.name]
        else:
            timer.due += timer.every_ns
    if not record.delivered:
        ledger.missed_timers.append((record.name, record.due))


TIMER_FOLDS: dict[type[Any], Callable[[LedgerState, Any], None]] = {
    r.TimerSet: _timer_set,
    r.TimerCanceled: _timer_canceled,
    r.TimerFired: _timer_fired,
}
