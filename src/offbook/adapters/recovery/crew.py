"""Worker processes that rebuild sessions, as a recovery sees them."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
import structlog

from offbook.adapters.recovery.messages import (
    BEAT_SECONDS,
    Alive,
    Leave,
    Rebuild,
    Rebuilt,
    Stuck,
    decode_from_worker,
    encode,
)
from offbook.adapters.workers.cores import cores
from offbook.adapters.workers.process import Target, WorkerProcess
from offbook.domain.session import PaperTradingSession
from offbook.ports.recovery import EndState, IRebuilder, TellStuck

WORKER_EVENTS: Final = 25_000
"""Records to go through that are worth a process: to start it takes as long as some 10,000."""

LEAST_EVENTS: Final = 100
"""A session with fewer is rebuilt before it is handed over."""

ROWS_OF_AN_EVENT: Final = 25
MOST_ROWS: Final = 250_000
"""A snapshot falls due after so many rows that are shown, or after more that are passed over."""

AHEAD: Final = 2
"""Sessions that a worker is given at a time: with one at work, and the next at hand."""

SILENT_BEATS: Final = 12
"""Beats in a row, together a minute, after which a process that says nothing is ended.  They are
counted, not measured: where this process was stopped as well, none of them went by."""

LEAVE_SECONDS: Final = 1.0
NAME: Final = "offbook recovery"
_log = structlog.get_logger(__name__)


def weight(session: PaperTradingSession) -> int:
    """About how much there is to run again, in records; how old the last snapshot is it does not
    know."""
    return session.last_seq + min(session.cursor.row, MOST_ROWS) // ROWS_OF_AN_EVENT


class RecoveryCrew:
    """An ``IRecoveryCrew`` of spawned processes, each of which runs ``target(pipe, *arguments)``.

    ``jobs`` is their number, at most one for each session; 1 means none: all is done in the process
    that recovers.  None means as many as there are cores, and none where that is one or where there
    is little to do.
    """

    def __init__(self, target: Target, arguments: tuple[Any, ...], jobs: int | None = None) -> None:
        self._target = target
        self._arguments = arguments
        self._jobs = jobs

    @asynccontextmanager
    async def at_work(
        self, sessions: Sequence[PaperTradingSession], on_stuck: TellStuck
    ) -> AsyncIterator[IRebuilder | None]:
        """See ``IRecoveryCrew``."""
        workers = _Workers(on_stuck)
        try:
            for _ in range(self.size(sessions)):
                workers.add(self._target, self._arguments)
            watching = asyncio.ensure_future(workers.watch())
            try:
                yield workers if workers.places else None
            finally:
                watching.cancel()
                await asyncio.wait({watching})
        finally:
            await workers.close()

    def size(self, sessions: Sequence[PaperTradingSession]) -> int:
        """How many processes these sessions are given."""
        heavy = [found for found in map(weight, sessions) if found >= LEAST_EVENTS]
        if self._jobs == 1 or multiprocessing.current_process().daemon:
            return 0  # a daemon may have no children
        if self._jobs is not None:
            return min(self._jobs, len(heavy))
        several = cores()
        return 0 if several < 2 else min(several, len(heavy), sum(heavy) // WORKER_EVENTS)


class _Workers:
    """An ``IRebuilder``: who asks waits for a worker that has little to do."""

    def __init__(self, on_stuck: TellStuck) -> None:
        self._on_stuck = on_stuck
        self._all: list[_Worker] = []
        self._changed = asyncio.Event()

    def add(self, target: Target, arguments: tuple[Any, ...]) -> None:
        """Start one more, if the system allows it."""
        try:
            self._all.append(_Worker(target, arguments, self._on_stuck, self._changed.set))
        except OSError as error:
            _log.warning("no_recovery_worker", error=str(error))

    @property
    def places(self) -> int:
        """How many sessions are with workers at a time."""
        return AHEAD * sum(not worker.is_gone for worker in self._all)

    async def rebuilt(self, session: PaperTradingSession) -> EndState | None:
        """See ``IRebuilder``."""
        if weight(session) < LEAST_EVENTS:
            return None
        while not all(worker.is_gone or worker.is_stuck for worker in self._all):
            worker = min(self._all, key=lambda worker: worker.burden)
            if worker.burden >= AHEAD:
                self._changed.clear()
                await self._changed.wait()
                continue
            # Where nobody wants it any more the worker makes it all the same.
            answer = await asyncio.shield(worker.ask(session))
            if answer is not None:
                return answer.end
        return None

    async def watch(self) -> None:
        """End those that fall silent, until cancelled."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            for worker in self._all:
                worker.beat()

    async def close(self) -> None:
        """End all of them, whatever they do: they hold nothing."""
        await asyncio.gather(*(worker.close() for worker in self._all))


class _Worker:
    """One process, and what it was asked for, in order; ``on_change`` tells of less of that."""

    def __init__(
        self,
        target: Target,
        arguments: tuple[Any, ...],
        on_stuck: TellStuck,
        on_change: Callable[[], None],
    ) -> None:
        self._on_stuck = on_stuck
        self._on_change = on_change
        self._asked: dict[str, asyncio.Future[Rebuilt | None]] = {}
        self._closing = False
        self._silent = 0
        self.is_stuck = False
        self._process = WorkerProcess(
            target, arguments, name=NAME, on_message=self._take, on_end=self._over
        )

    @property
    def is_gone(self) -> bool:
        """Whether the process has ended."""
        return self._process.ended.is_set()

    @property
    def burden(self) -> int:
        """How many sessions it has still to make; as many as can be while it hangs, or is gone."""
        return AHEAD if self.is_stuck or self.is_gone else len(self._asked)

    def ask(self, session: PaperTradingSession) -> asyncio.Future[Rebuilt | None]:
        """Have a session made; None says that another worker is to be asked."""
        answer: asyncio.Future[Rebuilt | None] = asyncio.get_running_loop().create_future()
        self._asked[session.id] = answer
        # Where nobody hears it, the end of the process follows.
        self._process.send(encode(Rebuild.of(session)))
        return answer

    def beat(self) -> None:
        """Time has passed.  A process that has said nothing for long, as one that was stopped from
        outside, is ended, and its session rebuilt by whoever asked.  One in a callback that does
        not return is not: that would only hang whoever rebuilds the session next."""
        self._silent += 1
        if self._silent == SILENT_BEATS and not (self.is_stuck or self.is_gone):
            _log.warning("recovery_worker_silent", session_ids=list(self._asked))
            self._process.kill()

    async def close(self) -> None:
        """End the process."""
        self._closing = True
        await self._process.close(encode(Leave()), LEAVE_SECONDS)

    def _take(self, raw: bytes) -> None:
        self._silent = 0
        try:
            message = decode_from_worker(raw)
        except msgspec.MsgspecError as error:
            # As from a program that was replaced while this one ran.
            self._give_up(f"its answer cannot be read: {error}")
            return
        if isinstance(message, Alive):
            return
        if isinstance(message, Stuck):
            self.is_stuck = True
            self._on_stuck(message.session_id, message.seconds, message.stack)
            for session_id in [other for other in self._asked if other != message.session_id]:
                self._answer(session_id, None)
            self._on_change()
            return
        self.is_stuck = False
        if message.end is None and message.why:
            _log.info("not_rebuilt_apart", session_id=message.session_id, why=message.why)
        self._answer(message.session_id, message)

    def _over(self) -> None:
        how = f"process {self._process.pid} {self._process.how_it_ended}"
        if not self._closing:
            _log.warning("recovery_worker_lost", session_ids=list(self._asked), how=how)
        self._give_up(how)

    def _give_up(self, why: str) -> None:
        """What it was working on is not tried by another: it may be what ended this one."""
        for place, session_id in enumerate(list(self._asked)):
            self._answer(session_id, None if place else Rebuilt(session_id=session_id, why=why))

    def _answer(self, session_id: str, answer: Rebuilt | None) -> None:
        asked = self._asked.pop(session_id, None)
        if asked is not None and not asked.done():
            asked.set_result(answer)
        self._on_change()
