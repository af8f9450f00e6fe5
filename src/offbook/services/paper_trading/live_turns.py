"""What is different for a session whose market runs by itself."""

from __future__ import annotations

import msgspec

from offbook.domain.commands import OrderCommand, SkipRows
from offbook.domain.market_data import MarketSlice
from offbook.ports.clock import IClock
from offbook.services.paper_trading.command_desk import CommandDesk
from offbook.services.paper_trading.kept_engine import KeptEngine
from offbook.services.paper_trading.limits import Limits
from offbook.services.paper_trading.mail import Mail
from offbook.services.paper_trading.messages import (
    Commit,
    Committed,
    ReportHealth,
    RunnerHost,
    TakeCommand,
)
from offbook.services.paper_trading.passing_host import PassingHost
from offbook.services.paper_trading.row_reader import LiveRows


class LiveTurns:
    """Where a session stands in a live market: how far it has come, and how it sleeps there."""

    def __init__(
        self,
        kept: KeptEngine,
        rows: LiveRows,
        desk: CommandDesk,
        host: RunnerHost,
        *,
        clock: IClock,
        limits: Limits,
    ) -> None:
        self._kept = kept
        self._rows = rows
        self._desk = desk
        self._host = host
        self._clock = clock
        self._limits = limits
        self._lagging = False
        # What an engine before this one slept for says nothing of this one.
        rows.rouse()

    @property
    def reached(self) -> int:
        """The session time before which nothing is to come; 0 while rows are to be taken."""
        return self._rows.reached(self._kept.engine.cursor.row)

    def is_at(self, mail: Mail) -> bool:
        """Whether a message may be taken: where the market stood when it came.

        Whoever sends an order may have seen all rows up to there.  A session that lags takes what
        is no order where it is: to pause or stop it must not wait until it has followed.
        """
        # Whatever it is, what the session waits for is asked anew after it.
        self._rows.rouse()
        if mail.place is None:
            mail.place = self._rows.end
        if self._kept.engine.cursor.row >= mail.place:
            return True
        message = mail.message
        orders = isinstance(message, TakeCommand) and isinstance(message.command, OrderCommand)
        return self._lagging and not orders

    def now(self, part: MarketSlice | None) -> int:
        """Session time for a command that is taken now: never past a row that is to come, the
        first of ``part``; 0 where that must be read again first, for a session far behind."""
        ts = self.market_ts()  # first, for it moves what is reached
        return self.reached if part is None else min(ts, int(part.ts[0]))

    def market_ts(self) -> int:
        """Where the market stands (ns UTC), by a clock row of this moment that it takes: when rows
        that are left out now are past."""
        return self._rows.pass_time()

    @property
    def is_asleep(self) -> bool:
        """Whether nothing has come that concerns the session: whatever else woke its pump, a
        commit that ended, no row need be taken for it."""
        return self._rows.is_asleep

    def due_before(self, ts: int) -> int | None:
        """When something falls due next, if that is before ``ts``."""
        engine = self._kept.engine
        if engine.is_quiet_before(ts):
            return None
        due = engine.wake().at
        return due if due < ts else None

    def has_followed(self, row: int) -> bool:
        """Whether rows from ``row`` on were taken and no other is here: next, the session sleeps,
        and others run."""
        taken = self._kept.engine.cursor.row
        return row < taken and taken >= self._rows.end

    def sleep(self) -> None:
        """Until a row, or the clock, concerns the session."""
        wake = self._kept.engine.wake()
        next_at = self._desk.next_at
        if next_at < wake.at:
            # A scheduled command is taken at its time, before what falls due then.
            wake = msgspec.structs.replace(wake, at=next_at - 1)
        self._rows.sleep(self._kept.engine.cursor.row, wake)

    def skip(self) -> SkipRows | None:
        """What leaves out the rows that wait, where the session is too far behind by its limits."""
        return self._rows.skip(self._kept.engine.cursor.row, self._limits.lag_rows)

    async def tell_lag(self) -> None:
        """Report when the session begins to lag behind, and when it has followed."""
        seconds = self._rows.lag(self._kept.engine.cursor.row, self._clock.monotonic())
        lagging = seconds > self._limits.lag_seconds
        if lagging is not self._lagging:
            self._lagging = lagging
            await self._host.health(ReportHealth(storage_down=False, lagging=lagging))


class RecordedHost(PassingHost):
    """A ``RunnerHost`` that makes the rows durable before what was made of them."""

    __slots__ = ("_rows",)

    def __init__(self, host: RunnerHost, rows: LiveRows) -> None:
        super().__init__(host)
        self._rows = rows

    async def commit(self, message: Commit) -> Committed:
        """Make the market's recording durable up to the batch's cursor, then the batch."""
        await self._rows.secure(message.batch.cursor)
        return await super().commit(message)
