"""Leaving out rows of a live market, where a session is too far behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from offbook.domain.journal import OperationKind
from offbook.domain.session import SessionStatus
from offbook.engine.inputs import EngineInput, Take

if TYPE_CHECKING:
    from offbook.domain.commands import SkipRows
    from offbook.ports.clock import IClock
    from offbook.services.paper_trading.command_desk import CommandDesk
    from offbook.services.paper_trading.kept_engine import KeptEngine
    from offbook.services.paper_trading.live_turns import LiveTurns
    from offbook.services.paper_trading.outbox import Outbox

_OVER: Final = (SessionStatus.STOPPED, SessionStatus.FAILED)


class LeavingOut:
    """First all happens that is due by then, scheduled commands too, which may take several calls;
    then the rows are past.

    Meanwhile the session's time is beyond rows that it has not taken.  Nothing of that may be
    stored, and no command from outside taken: whoever went on from there would take rows of the
    past.
    """

    def __init__(
        self,
        kept: KeptEngine,
        live: LiveTurns,
        desk: CommandDesk,
        outbox: Outbox,
        clock: IClock,
        process: Callable[[EngineInput], object],
        reach: Callable[[int], bool],
    ) -> None:
        """``reach`` lets happen what is due before a time, as much of it as one call may do."""
        self._kept = kept
        self._live = live
        self._desk = desk
        self._outbox = outbox
        self._clock = clock
        self._process = process
        self._reach = reach
        self._begun: tuple[SkipRows, int] | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether there is more to be done before the rows are past."""
        return self._begun is not None

    def begin(self) -> bool:
        """Leave out the rows that wait, if the session is too far behind; whether it was."""
        skip = self._live.skip()
        if skip is None:
            return False
        self._begun = (skip, self._live.market_ts())
        self.go_on()
        return True

    def go_on(self) -> None:
        """Do what one call may."""
        assert self._begun is not None
        skip, ts = self._begun
        engine, next_at = self._kept.engine, self._desk.next_at
        due = min(ts, next_at)
        waits = due > engine.now and engine.status not in _OVER
        if waits and not self._reach(due) and engine.cut_short:
            return
        if engine.status in _OVER:
            self._begun = None
            return
        if next_at <= ts:
            self._desk.take_scheduled()
            return
        self._begun = None
        detail = f"left out rows {skip.first_row} to {skip.to_row - 1}"
        self._outbox.log(self._clock.now(), OperationKind.LAGGED, detail)
        self._process(Take(command=skip, ts=max(ts, engine.now)))
