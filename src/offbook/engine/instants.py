"""Time inside the engine: instants, their rounds, and the stages of a round.

At one instant: outside commands; the venue's timers; bars that ended; the strategy's timers;
messages due; rows.  What these cause at the same instant follows in further rounds.
"""

from __future__ import annotations

from typing import Final

from offbook.domain import records as r
from offbook.domain.calendars import NEVER, TradingCalendar
from offbook.domain.config import BarReports
from offbook.domain.errors import EngineFault
from offbook.domain.market_data import Bar
from offbook.domain.session import PAUSED, RUNNING, STOPPING
from offbook.engine.account.equity_watch import EquityWatch
from offbook.engine.agenda import (
    STAGE_TIMER,
    STAGE_VENUE,
    AccountArrives,
    AgendaItem,
    CancelArrives,
    DayEnds,
    Expiry,
    HoursChange,
    NewArrives,
    ReplaceArrives,
    ReportArrives,
    ReservesArrive,
    StopDeadline,
    TimerDue,
)
from offbook.engine.events.dated_events import DatedEvents
from offbook.engine.kernel import MAX_ROUNDS, Kernel
from offbook.engine.lifecycle import INCOMPLETE, Lifecycle
from offbook.engine.market.built_bars import BuiltBars
from offbook.engine.strategy.host import StrategyHost
from offbook.engine.venue.venue import Venue

LIVELOCK: Final = "livelock"


class Instants:
    """Carries out what falls due."""

    def __init__(
        self,
        kernel: Kernel,
        venue: Venue,
        lifecycle: Lifecycle,
        built: BuiltBars,
        equity: EquityWatch,
    ) -> None:
        self._kernel = kernel
        self._venue = venue
        self._lifecycle = lifecycle
        self._built = built
        self.equity = equity
        self._events = DatedEvents(kernel, venue)
        self._reports_first = kernel.config.venue.bar_reports is BarReports.BEFORE
        self.host: StrategyHost | None = None
        self.rounds = 0
        self.unbegun = True
        self.hours_known = False
        self.cut = False
        """Whether this call left something undone, for it had made enough records."""
        self.is_within = False
        """Whether it did so within an instant, between two of its rounds."""
        self.ended: list[Bar] = []
        """Bars that ended now and were matched, until no other can end now."""

    @property
    def over(self) -> bool:
        """Whether the session has ended and takes nothing any more."""
        return self._kernel.ledger.status.is_over

    def stands_still(self) -> bool:
        """Whether session time does not move: over, or paused where the clock stops."""
        status = self._kernel.ledger.status
        if status is PAUSED:
            market = self._kernel.market
            return market is not None and market.clock_stops
        return status.is_over

    def finish_before(self, ts: int) -> None:
        """Complete every instant before ``ts`` at which something is due.

        Where the session comes to stand still, the present instant is the last; a call that has
        made enough records leaves the rest to the next.
        """
        kernel = self._kernel
        agenda, ledger = kernel.agenda, kernel.ledger
        self.is_within = False
        if self.ended and kernel.now < ts:
            self._show_ended()
        while agenda.next_due < ts and not ledger.status.is_over:
            due = agenda.next_due
            if due > kernel.now:
                if not self.may_go_on():
                    return
                self.set_now(due)
            elif kernel.is_full:
                self.cut = self.is_within = True
                return
            self.round()

    def may_go_on(self) -> bool:
        """Whether another instant, or another row, may be begun; asked where there is one. Not
        where this call has made enough records, or looked at enough rows and instants."""
        kernel = self._kernel
        if kernel.ledger.status is not RUNNING and self.stands_still():
            return False
        if kernel.ledger.seq >= kernel.most_seq or kernel.turns >= kernel.most_turns:
            self.cut = True
            return False
        return True

    def may_take(self, ts: int) -> bool:
        """Whether a row at ``ts`` may be taken, everything before it being done.

        At an instant that has begun for it, it may: to leave it for later would let a command in
        between.
        """
        return self.may_go_on() if ts > self._kernel.now else not self.stands_still()

    def finish_present(self) -> None:
        """Complete the present instant: nothing more of it is to come."""
        self.finish_before(self._kernel.now + 1)

    def begin(self, ts: int) -> None:
        """Begin the instant ``ts`` for a row, with its first round unless that has been."""
        if ts > self._kernel.now:
            self.set_now(ts)
        elif self.ended:
            self._show_ended()
            return
        elif not self.unbegun:
            return
        self.unbegun = False
        if self._kernel.agenda.next_due <= ts:
            self.round()

    def begin_with_command(self, ts: int) -> None:
        """Come to where an outside command is taken.

        A later ``ts`` begins its instant, of which commands are the first stage; at the present
        instant everything due is completed first, unless only commands have been taken in it.
        The place of a command must follow from row and time alone, or running a journal's inputs
        again could not find it; so at an instant that timers and messages have begun without a
        row, the command is taken a nanosecond later.
        """
        kernel = self._kernel
        if ts > kernel.now:
            self.finish_before(ts)
            if kernel.ledger.status is not RUNNING:
                self._check_clock(ts)
            self._open(ts)
        elif not self.unbegun:
            self.finish_present()
            if not self._is_at_a_row():
                self._open(kernel.now + 1)
        self.rounds = 0

    def _check_clock(self, ts: int) -> None:
        """Raise EngineFault for a later command while the clock stands still, but for one that is
        a nanosecond later for what timers and messages have begun."""
        now = self._kernel.now
        nudged = ts == now + 1 and not self._is_at_a_row()
        if self.stands_still() and not self.over and not nudged:
            raise EngineFault(
                f"a command was taken at {ts} while the clock stands still at {now}",
                reason="clock_stands_still",
            )

    def _is_at_a_row(self) -> bool:
        last = self._kernel.last
        return last is not None and last.ts == self._kernel.now

    def _open(self, ts: int) -> None:
        if not self._kernel.ledger.status.is_over:
            self.set_now(ts)
            self.unbegun = True

    def set_now(self, ts: int) -> None:
        """Session time moves on."""
        kernel = self._kernel
        kernel.now = ts
        self.rounds = 0
        self.unbegun = False
        if not self.hours_known:
            self.hours_known = True
            for calendar in kernel.calendars.values():
                self._ask_hours(calendar)
            self._events.schedule()

    def _ask_hours(self, calendar: TradingCalendar) -> None:
        kernel = self._kernel
        change = self._venue.ask_hours(calendar)
        if change != NEVER:
            kernel.agenda.add(change, STAGE_VENUE, HoursChange(calendar.name))

    def end_bar(self, bar: Bar) -> None:
        """A bar of one of several sources has ended: others may end at the same instant, and all
        are matched before the first is shown."""
        self.unbegun = False
        self.ended.append(bar)

    def _show_ended(self) -> None:
        bars, self.ended = tuple(self.ended), []
        self.round(bars)

    def round(self, bars: tuple[Bar, ...] = ()) -> None:
        """One round of the present instant: what is due now, stage by stage, and the bars that
        ended now between the venue's timers and the strategy's."""
        kernel = self._kernel
        self.unbegun = False
        self.rounds += 1
        kernel.turns += 1
        if self.rounds > MAX_ROUNDS:
            self._lifecycle.fail(LIVELOCK)
            return
        if self._built.builders:
            bars = (*bars, *self._built.end())
        due = kernel.agenda.take_due(kernel.now)
        if bars and self._reports_first:
            due = _reports_before_bars(due)
        shown = not bars
        for stage, item in due:
            if not shown and stage > STAGE_VENUE:
                shown = True
                self._show_bars(bars)
            if kernel.ledger.status.is_over:
                return
            self._carry_out(item)
        if not shown and not self.over:
            self._show_bars(bars)
        if self.equity.watches:
            self.equity.look()
        if kernel.ledger.status is STOPPING:
            self._lifecycle.check_flat()

    def _show_bars(self, bars: tuple[Bar, ...]) -> None:
        for bar in bars:
            running = self._kernel.ledger.status is RUNNING
            if running and self.host is not None:
                self.host.call("on_bar", bar)

    def _carry_out(self, item: AgendaItem) -> None:
        kernel, venue = self._kernel, self._venue
        if isinstance(item, NewArrives):  # as most are
            venue.new_order(item.order)
            return
        if isinstance(item, ReportArrives):
            self._deliver(item)
            return
        match item:
            case CancelArrives() | ReplaceArrives():
                self._arrive(item)
            case ReservesArrive() | AccountArrives():
                self._tell(item)
            case TimerDue(name):
                self._timer(name)
            case Expiry(order):
                venue.expire(order)
            case HoursChange(name):
                self._ask_hours(kernel.calendars[name])
            case DayEnds():
                self.equity.loss.begin_day()
            case StopDeadline():
                self._lifecycle.give_up(INCOMPLETE)
            case _:
                self._events.carry_out(item)

    def _arrive(self, request: CancelArrives | ReplaceArrives) -> None:
        if isinstance(request, CancelArrives):
            self._venue.cancel(request.order)
        else:
            self._venue.replace(request)

    def _deliver(self, report: ReportArrives) -> None:
        if self.host is not None:
            self.host.deliver(report)

    def _tell(self, report: ReservesArrive | AccountArrives) -> None:
        if isinstance(report, ReservesArrive):
            self._kernel.view.reserves(report)
            return
        self._kernel.view.account(report)
        if report.event is not None and self.host is not None and not self.over:
            self.host.call("on_account", report.event)

    def _timer(self, name: str) -> None:
        kernel = self._kernel
        timer = kernel.ledger.timers.get(name)
        if timer is None or kernel.clock.session(timer.due) > kernel.now:
            return  # taken back, or set anew for later
        running = kernel.ledger.status is RUNNING
        kernel.emit(r.TimerFired, name=name, due=timer.due, delivered=running)
        again = kernel.ledger.timers.get(name)
        if again is not None:
            kernel.agenda.add(kernel.clock.session(again.due), STAGE_TIMER, TimerDue(name))
        if running and self.host is not None:
            self.host.call("on_timer", name)


def _reports_before_bars(due: list[tuple[int, AgendaItem]]) -> list[tuple[int, AgendaItem]]:
    """What is due with all reports moved to the end of the venue's stage, which bars follow."""
    kinds = ReportArrives | ReservesArrive | AccountArrives
    return sorted(
        [(STAGE_VENUE if isinstance(item, kinds) else stage, item) for stage, item in due],
        key=lambda entry: (entry[0], isinstance(entry[1], kinds)),
    )
