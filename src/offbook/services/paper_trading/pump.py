"""The turns of one engine: commands, then rows, then what is to be stored.

A pump lives as long as its engine: both are thrown away after a failed commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from offbook.domain.calendars import NEVER
from offbook.domain.errors import EngineFault, InvalidConfig, SessionFailed
from offbook.domain.journal import OperationKind, ScheduledCommand
from offbook.domain.market_data import MarketSlice
from offbook.domain.records import Record
from offbook.domain.session import SessionStatus
from offbook.engine.inputs import Advance, EndOfData, EngineInput
from offbook.ports.clock import IClock
from offbook.services.paper_trading.bell import Bell
from offbook.services.paper_trading.call_size import CallSize
from offbook.services.paper_trading.command_desk import CommandDesk
from offbook.services.paper_trading.commit_line import CommitLine
from offbook.services.paper_trading.failures import Faulted
from offbook.services.paper_trading.kept_engine import KeptEngine
from offbook.services.paper_trading.leaving_out import LeavingOut
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.live_turns import LiveTurns
from offbook.services.paper_trading.mail import Mail
from offbook.services.paper_trading.messages import (
    AskOrders,
    AskProgress,
    Done,
    Orders,
    Progress,
    RunnerHost,
    SetSpeed,
    Suspend,
    TakeCommand,
)
from offbook.services.paper_trading.nap import Nap
from offbook.services.paper_trading.outbox import Outbox, Waiter
from offbook.services.paper_trading.pacing import Pacer
from offbook.services.paper_trading.progress import progress_of
from offbook.services.paper_trading.row_reader import ON_THE_WAY, PAST_THE_END, SessionRows
from offbook.services.paper_trading.waiting import until
from offbook.services.paper_trading.watchdog import Watch

if TYPE_CHECKING:
    from offbook.engine.processing_engine import ProcessingEngine

_OVER: Final = (SessionStatus.STOPPED, SessionStatus.FAILED)
_YIELDS: Final = 4
"""Turns of the event loop per turn of the pump: a command takes several to arrive."""
_ENDED: Final = -1.0
"""Instead of seconds to wait: there is no other turn."""


class Pump:
    """Turns one engine until its session is over or suspended.

    ``wake`` is set whenever there may be something to do: mail, rows read, a commit that ended.
    """

    def __init__(
        self,
        kept: KeptEngine,
        outbox: Outbox,
        rows: SessionRows,
        mail: list[Mail],
        wake: Bell,
        host: RunnerHost,
        *,
        clock: IClock,
        limits: Limits,
        pacer: Pacer,
        watch: Watch,
        clock_stops: bool,
        rows_total: int | None,
        scheduled: Iterable[ScheduledCommand] = (),
    ) -> None:
        self._kept = kept
        self.held = False
        self.outbox = outbox
        self._rows = rows
        self._mail = mail
        self._wake = wake
        self._clock = clock
        self._limits = limits
        self._pacer = pacer
        self._watch = watch
        self._clock_stops = clock_stops
        self._rows_total = rows_total
        self._size = CallSize(limits.call_seconds)
        self._mail_ts: int | None = None
        self._suspending: Mail | None = None
        self._nap = Nap(limits.fold_seconds)
        self.line = CommitLine(kept, outbox, host, clock=clock, limits=limits, wake=wake)
        self.desk = CommandDesk(kept, outbox, self.process, clock=clock, scheduled=scheduled)
        self._live = None
        self._leaving: LeavingOut | None = None
        if rows.live is not None:
            self._live = LiveTurns(kept, rows.live, self.desk, host, clock=clock, limits=limits)
            self._leaving = LeavingOut(
                kept, self._live, self.desk, outbox, clock, self.process, self._reach
            )

    @property
    def engine(self) -> ProcessingEngine:
        """The engine."""
        return self._kept.engine

    @property
    def is_over(self) -> bool:
        """Whether the engine has nothing more to do, ever; one that is folded up has."""
        return not self._kept.is_folded and self._kept.engine.status in _OVER

    async def run(self) -> None:
        """Turn until the session is over or suspended; everything is committed then.

        Raises Faulted for the engine, and what store and feed raise.
        """
        try:
            while (seconds := await self._step()) != _ENDED:
                if seconds != 0.0:
                    # Waited for here: each call in between would weigh on every session asleep.
                    await self._sleep(seconds)
                    self._nap.end()
        finally:
            self._nap.close()
            self.line.close()

    async def _step(self) -> float | None:
        """One turn. Gives the seconds to sleep: 0 for none, None until woken, or ``_ENDED``."""
        self._wake.clear()
        await self.line.keep_within_bounds()
        if self._completes():
            await self._let_others_run()
            return 0.0
        await self._take_mail()
        if self.is_over:
            self.desk.close()
            await self.line.flush()
            return _ENDED
        if self._suspending is not None:
            detail = f"suspended at row {self._kept.engine.cursor.row}"
            self.outbox.log(self._clock.now(), OperationKind.RELEASED, detail)
            await self.line.flush(snapshot=True)
            self._suspending.answer(Done())
            return _ENDED
        return await self._turn()

    def _completes(self) -> bool:
        """Go on with what must be complete before anything is stored, or a command taken."""
        if self._kept.engine.is_within_instant:
            self.process(Advance(ts=self._kept.engine.now))
            return True
        if self._leaving is not None and self._leaving.is_under_way:
            self._leaving.go_on()
            return True
        return False

    async def break_off(self, error: BaseException) -> None:
        """The engine is given up: whoever waits is told ``error``."""
        self.desk.break_off(error)
        await self.line.break_off(error)
        if self._suspending is not None:
            self._suspending.refuse(error)

    def process(self, item: EngineInput) -> Sequence[Record]:
        """One step of the engine, its records collected. Raises Faulted."""
        now = self._watch.begin()
        try:
            limits = self._limits
            records = self._kept.engine.process(
                [item], max_records=limits.call_records, max_turns=limits.call_turns
            )
        except Exception as error:
            raise Faulted(f"{type(error).__name__}: {error}") from error
        finally:
            self._watch.end()
        self.outbox.add(records, now)
        return records

    async def _turn(self) -> float | None:
        asleep = self._live is not None and self._live.is_asleep
        if self.held or asleep or self._stands_still():
            self._pacer.stand_still()
            self.line.begin_if_due(idle=True)
            return None
        if self._leaving is not None and not self.is_over and self._leaving.begin():
            if not self._leaving.is_under_way:
                self.line.begin_if_due(idle=False)
            await self._let_others_run()
            return 0.0
        row, seconds = self.engine.cursor.row, self._advance()
        self.line.begin_if_due(idle=seconds != 0.0)
        if self._live is not None:
            await self._live.tell_lag()
        if seconds != 0.0:
            if self._live is not None and not self._mail:
                self._live.sleep()
        elif self.line.is_awaited:
            # Going on would only keep the store's thread from running, and the caller waiting.
            await self.line.settle()
        elif self._live is None or not self._live.has_followed(row):
            await self._let_others_run()
        return seconds

    async def _let_others_run(self) -> None:
        for _ in range(_YIELDS):
            await asyncio.sleep(0)

    def _stands_still(self) -> bool:
        return self._clock_stops and self._kept.engine.status is SessionStatus.PAUSED

    def _advance(self) -> float | None:
        """Do the next thing. Gives the seconds to wait: 0 for none, None for until woken."""
        engine = self._kept.engine
        part = self._rows.poll(engine.cursor.row)
        if part is ON_THE_WAY:
            return None if self._live is None else self._by_the_clock(self._live)
        if part is PAST_THE_END:
            if self._is_paused_for_good():
                return None
            self._end_of_data()
            return 0.0
        assert not isinstance(part, type(PAST_THE_END))
        first_ts = int(part.ts[0])
        self._pacer.run_from(max(engine.now, first_ts) if engine.cursor.row == 0 else engine.now)
        limit, next_at = self._pacer.limit(), self.desk.next_at
        if first_ts <= limit and first_ts < next_at:
            self._take_rows(part, min(limit, next_at - 1))
            return 0.0
        if next_at <= limit and next_at <= first_ts:
            if self._reach(next_at):
                self.desk.take_scheduled()
            return 0.0
        due = engine.wake().at
        if engine.now < due <= limit and due < min(first_ts, next_at):
            self.process(Advance(ts=due))
            return 0.0
        target = min(first_ts, next_at, due if due > engine.now else NEVER)
        return self._pacer.seconds_until(target) or 1e-9

    def _by_the_clock(self, live: LiveTurns) -> float | None:
        """No row is here: what falls due by the clock rows of a live market."""
        reached, next_at = live.reached, self.desk.next_at
        if next_at <= reached:
            if self._reach(next_at):
                self.desk.take_scheduled()
            return 0.0
        due = live.due_before(reached)
        if due is not None:
            self.process(Advance(ts=due))
            return 0.0
        return None

    def _reach(self, ts: int) -> bool:
        """Let what is due before ``ts`` happen; False if there is more of it than one call may
        do, or if the session then stands still."""
        if ts > self._kept.engine.now and not self._kept.engine.is_quiet_before(ts):
            self.process(Advance(ts=ts - 1))
            if self._kept.engine.cut_short:
                return False
        return not (self.is_over or self._stands_still())

    def _take_rows(self, part: MarketSlice, up_to: int) -> None:
        count = len(part)
        if int(part.ts[-1]) > up_to:
            count = int(np.searchsorted(part.ts, up_to, side="right"))
        asked = min(count, self._size.rows, self._most_rows())
        began = self._clock.monotonic()
        before = self._kept.engine.cursor
        records = self.process(part.rows(0, asked))
        idle = self._kept.engine.cursor == before and not (records and self._kept.engine.cut_short)
        if idle and not (self.is_over or self._stands_still()):
            raise Faulted(f"the engine took no row at row {before.row}")
        seconds, cut = self._clock.monotonic() - began, self._kept.engine.cut_short
        self._size.learn(asked, seconds, was_cut=cut, most=self._most_rows())

    def _most_rows(self) -> int:
        limits = self._limits
        return limits.pass_rows if self._kept.engine.passes_over else limits.call_rows

    def _is_paused_for_good(self) -> bool:
        """Whether, past the end, a session that is paused where the clock goes on rests so."""
        return self._live is not None and self._kept.engine.status is SessionStatus.PAUSED

    def _end_of_data(self) -> None:
        self.process(EndOfData())
        if not (self.is_over or self._stands_still() or self._is_paused_for_good()):
            cause = EngineFault("no end", reason="end_of_data")
            raise Faulted("the engine goes on after the end of its data") from cause

    async def _take_mail(self) -> None:
        if self._mail and not self._pacer.full_speed and not self._stands_still():
            # A command's time is bounded by the next row's, which ought to be known for it.
            await asyncio.sleep(0)
        self._mail_ts, engine = None, self._kept.engine  # what waits together shares an instant
        while self._mail and engine.status not in _OVER and not engine.is_within_instant:
            if self._live is not None and not self.held and not self._live.is_at(self._mail[0]):
                return  # it is taken where the market stood when it came
            self._deliver(self._mail.pop(0), engine)

    def _deliver(self, mail: Mail, engine: ProcessingEngine) -> None:
        message = mail.message
        if isinstance(message, TakeCommand):
            try:
                if self._mail_ts != engine.now:
                    self._mail_ts = self._command_ts()
                self.held = False
                self.desk.receive(message, self._mail_ts, mail.reply)
            except BaseException:
                # Whatever it was, nobody is left waiting for an answer that will not come.
                mail.refuse(SessionFailed("the session's engine failed at this command"))
                raise
        elif isinstance(message, AskOrders):
            orders = Orders(orders=engine.order_views())
            self.outbox.tell_after(Waiter(mail.reply, lambda _: orders))
        elif isinstance(message, AskProgress):
            mail.answer(self.progress())
        elif isinstance(message, SetSpeed):
            self._change_speed(message, mail)
        elif isinstance(message, Suspend):
            self._suspending = mail
        else:
            self.held = False
            mail.answer(Done())

    def _command_ts(self) -> int:
        """Session time for a command that is taken now: never past a row that is to come."""
        engine = self._kept.engine
        if self.held or self._stands_still() or (self._pacer.full_speed and self._live is None):
            return engine.now
        part = self._rows.loaded(engine.cursor.row)
        if self._live is not None:
            ts = min(self._live.now(part), self.desk.next_at)
            return ts if ts > engine.now and self._reach(ts) else engine.now
        if part is None and self._clock_stops:
            return engine.now
        # Where the clock goes on, what is not here has not come yet: the wall says how late it is.
        latest = self.desk.next_at if part is None else min(int(part.ts[0]), self.desk.next_at)
        ts = min(max(self._pacer.limit(), engine.now + 1), latest)
        return ts if ts > engine.now and self._reach(ts) else engine.now

    def progress(self) -> Progress:
        """How far the engine is."""
        if self._kept.is_folded:
            self._nap.begin(self.fold_up)  # the pump sleeps on
        return progress_of(
            self._kept.engine,
            self._rows,
            self.line.session,
            rows_total=self._rows_total,
            speed=self._pacer.speed,
        )

    def _change_speed(self, message: SetSpeed, mail: Mail) -> None:
        try:
            if self._live is not None:
                raise InvalidConfig("a running market has its own pace", field="speed")
            self._pacer.change(message.speed)
        except InvalidConfig as error:
            mail.refuse(error)
            return
        detail = "as fast as possible" if message.speed is None else message.speed
        self.outbox.log(self._clock.now(), OperationKind.SPEED, detail)
        self.outbox.urgent = True
        mail.answer(Done())

    def _sleep(self, seconds: float | None) -> Awaitable[object]:
        """What ends when the pump is woken, or when so many seconds have passed; a long sleep folds
        the engine up."""
        if self._wake.is_set() or self._mail:
            return asyncio.sleep(0)
        if self._kept.may_fold:
            self._nap.begin(self.fold_up)
        return self._wake.wait() if seconds is None else until(self._wake, self._clock, seconds)

    def fold_up(self) -> None:
        """Keep the engine folded up until it is needed; called while the pump sleeps."""
        if not self.line.is_at_rest:
            self._wake.set()  # a long sleep begins anew: the end of a commit may wake nobody
        elif self.outbox.empty:
            self._kept.fold()
            if self._kept.is_folded:
                self.line.let_go()
