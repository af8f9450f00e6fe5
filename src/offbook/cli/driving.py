"""Carrying sessions on to their end, while showing how far they are and listening."""

from __future__ import annotations

import asyncio
import enum
import os
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from offbook.bootstrap import make_manager
from offbook.cli.failures import INTERRUPTED, TERMINATED
from offbook.cli.interrupts import Interrupts
from offbook.cli.keys import KEYS, Keys
from offbook.cli.progress import ProgressLine
from offbook.cli.shell import Shell, paint
from offbook.cli.store_news import StoreNews
from offbook.domain.errors import OffbookError
from offbook.domain.session import PaperTradingSession, SessionHealth, SessionStatus
from offbook.ports.repository import IPaperTradingSessionRepository
from offbook.services.paper_trading.session_manager import PaperTradingSessionManager
from offbook.services.paper_trading.watchdog import StuckCallback

if TYPE_CHECKING:
    from offbook.cli.dashboard import Dashboard

T = TypeVar("T")
TICK_SECONDS: Final = 0.1
_STOPPING: Final = "stopping; Ctrl-C again leaves at once"
_BREAKING_OFF: Final = "breaking off, nothing is lost; Ctrl-C again leaves at once"
_OVER: Final = (SessionStatus.STOPPED, SessionStatus.FAILED)
_SPEEDS: Final = ("1", "2", "5", "10", "30", "60", "120", "300", "600", "1800", "3600")


class Wish(enum.Enum):
    """What whoever watches may ask for."""

    PAUSE = "p"
    RESUME = "r"
    STOP = "s"
    FASTER = "+"
    SLOWER = "-"
    SUSPEND = "suspend"


_KEYS: Final = {wish.value: wish for wish in Wish if len(wish.value) == 1} | {
    "=": Wish.FASTER,
    "q": Wish.STOP,
}


class BrokenOff(Exception):
    """Whoever watches did not want to wait until sessions run.

    ``code`` is what the program is to end with: 143 after SIGTERM, else 130.
    """

    def __init__(self, wish: Wish) -> None:
        super().__init__(wish.value)
        self.code = TERMINATED if wish is Wish.SUSPEND else INTERRUPTED


class Driver:
    """Watches sessions of a manager until each goes on no more by itself, or is suspended.

    Entered (``with``, on the running loop) it listens to signals and keys, from before a session is
    started, for a strategy may keep the loop from turning ever after.  ``manager`` is set once it
    exists: it wants to know ``stuck`` when it is made.
    """

    manager: PaperTradingSessionManager

    def __init__(self, shell: Shell, dashboard: Dashboard | None = None) -> None:
        self.suspended = False
        self._shell = shell
        self._line: ProgressLine | Dashboard = dashboard or ProgressLine(shell)
        self._wishes: asyncio.Queue[Wish] = asyncio.Queue()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._keys = Keys(self._pressed)
        self._signals = Interrupts(
            lambda: self._wishes.put_nowait(Wish.STOP),
            lambda: self._wishes.put_nowait(Wish.SUSPEND),
            lambda: self._line.shout(self._words),
            self._leave,
        )
        self._words = _STOPPING
        self._speed: str | None = None
        self._store = StoreNews()

    def __enter__(self) -> Self:
        self._signals.__enter__()
        self._keys.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._keys.__exit__(kind, error, trace)
        self._signals.__exit__(kind, error, trace)
        self._line.clear()

    async def drive(
        self,
        sessions: Sequence[PaperTradingSession],
        *,
        until: SessionStatus | None = None,
        hint: bool = True,
    ) -> list[PaperTradingSession]:
        """Carry the sessions on; gives them as they then are, in the same order.

        With ``until`` it is over, too, once all of them are in that status.
        """
        ids = [session.id for session in sessions]
        self._speed = sessions[0].config.speed
        ends = asyncio.gather(*(self.manager.wait(session_id) for session_id in ids))
        if hint and self._keys.listening:
            self._line.say(paint(f"keys: {KEYS}", "dim", sys.stderr), passing=True)
        try:
            await self._until(ends, ids, sessions, until)
        finally:
            self._line.clear()
            ends.cancel()
            await asyncio.gather(ends, *self._tasks, return_exceptions=True)
        return [await self.manager.get_session(session_id) for session_id in ids]

    async def unless_broken_off(self, work: Coroutine[Any, Any, T]) -> T:
        """What has to be done before sessions run, which may take long.

        Raises BrokenOff when it was asked to stop or to suspend meanwhile: nobody waits for the
        work any more, which the manager breaks off when it is shut down.  Other wishes wait.
        """
        self._words = _BREAKING_OFF
        task = asyncio.ensure_future(work)
        later: list[Wish] = []
        wish = asyncio.ensure_future(self._wishes.get())
        try:
            while True:
                await asyncio.wait({task, wish}, return_when=asyncio.FIRST_COMPLETED)
                if not wish.done() or (task.done() and task.exception() is not None):
                    return task.result()
                if wish.result() in (Wish.STOP, Wish.SUSPEND):
                    raise BrokenOff(wish.result())
                later.append(wish.result())
                wish = asyncio.ensure_future(self._wishes.get())
        finally:
            self._words = _STOPPING
            wish.cancel()
            task.cancel()
            await asyncio.wait({task, wish})
            for one in later:
                self._wishes.put_nowait(one)

    def stuck(self, callback: StuckCallback) -> None:
        """Tell of a callback that does not return; called on a thread of its own."""
        # A path from the root would push the first line, which says it all, off the screen.
        here = os.path.join(os.getcwd(), "")
        where = [line.replace(here, "") for line in callback.stack.strip().splitlines()[-2:]]
        self._line.say(
            "\n".join(["a callback of the strategy does not return; it is here:", *where])
            + "\nCtrl-C twice leaves; the session can be recovered"
        )

    async def _until(
        self,
        ends: asyncio.Future[list[PaperTradingSession]],
        ids: list[str],
        sessions: Sequence[PaperTradingSession],
        status: SessionStatus | None,
    ) -> None:
        wish = asyncio.ensure_future(self._wishes.get())
        try:
            while not (ends.done() or self.suspended or await self._all_are(status, ids)):
                await self._show(ids, sessions)
                waits: set[asyncio.Future[Any]] = {ends, wish}
                await asyncio.wait(waits, timeout=TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if wish.done():
                    self._obey(wish.result(), ids)
                    wish = asyncio.ensure_future(self._wishes.get())
            if ends.done():
                ends.result()
        finally:
            wish.cancel()

    async def _all_are(self, status: SessionStatus | None, ids: list[str]) -> bool:
        if status is None:
            return False
        return {(await self.manager.get_session(i)).status for i in ids} == {status}

    async def _show(self, ids: list[str], sessions: Sequence[PaperTradingSession]) -> None:
        open_ids = [i for i in ids if (await self.manager.get_session(i)).status not in _OVER]
        if not open_ids:
            return
        shown = open_ids[0]
        try:
            progress = await self.manager.progress(shown)
        except OffbookError:
            return  # it came to its end just now; ``wait`` tells how
        await self._line.watch(
            self.manager, sessions[ids.index(shown)], progress, more=len(open_ids) - 1
        )
        session = await self.manager.get_session(shown)
        down = session.health is SessionHealth.STORAGE_DOWN
        if told := self._store.after(down=down, detail=session.health_detail):
            self._line.say(told)

    def _obey(self, wish: Wish, ids: list[str]) -> None:
        if wish is Wish.SUSPEND:
            self.suspended = True
            return
        for session_id in ids:
            self._spawn(self._carry_out(wish, session_id))

    async def _carry_out(self, wish: Wish, session_id: str) -> None:
        manager = self.manager
        session = await manager.get_session(session_id)
        try:
            if wish is Wish.PAUSE and session.status is SessionStatus.RUNNING:
                await manager.pause_session(session_id)
            elif wish is Wish.RESUME and session.status is SessionStatus.PAUSED:
                await manager.resume_session(session_id)
            elif wish is Wish.STOP and session.status not in _OVER:
                await manager.stop_session(session_id)
            elif wish in (Wish.FASTER, Wish.SLOWER) and session.status not in _OVER:
                self._speed = _next_speed(self._speed, faster=wish is Wish.FASTER)
                await manager.set_speed(session_id, self._speed)
                told = f"speed: {self._speed or 'as fast as possible'}"
                self._line.say(told, passing=True)
        except OffbookError as error:
            # Between the key and the command the session may have come to its end.
            if (await manager.get_session(session_id)).status not in _OVER:
                self._line.say(paint(str(error), "red", sys.stderr))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _pressed(self, key: str) -> None:
        wish = _KEYS.get(key.lower())
        if wish is not None:
            self._wishes.put_nowait(wish)

    def _leave(self) -> None:
        self._keys.restore()
        again = self._shell.command("recover")
        self._line.leave(f"left at once; what was committed is safe. Take it up with: {again}")


@asynccontextmanager
async def driven(
    shell: Shell,
    repository: IPaperTradingSessionRepository,
    *,
    dashboard: Dashboard | None = None,
    recovery_jobs: int | None = None,
) -> AsyncIterator[Driver]:
    """A manager over a repository, with its driver, which listens until the manager is closed;
    ``recovery_jobs`` as in ``make_manager``."""
    with Driver(shell, dashboard) as driver:
        async with make_manager(
            repository, on_stuck=driver.stuck, recovery_jobs=recovery_jobs
        ) as manager:
            driver.manager = manager
            yield driver


def _next_speed(speed: str | None, *, faster: bool) -> str | None:
    """The next step of the ladder; past its end there is no limit."""
    if speed is None:
        return None if faster else _SPEEDS[-1]
    steps = [Decimal(step) for step in _SPEEDS]
    now = Decimal(speed)
    if faster:
        return next((s for s, step in zip(_SPEEDS, steps, strict=True) if step > now), None)
    slower = [s for s, step in zip(_SPEEDS, steps, strict=True) if step < now]
    return slower[-1] if slower else speed
