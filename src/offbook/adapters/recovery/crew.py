"""Worker processes that rebuild sessions, as a recovery sees them."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
import structlog

from offbook.adapters.recovery.messages import (
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
            yield workers if workers.places else None
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
    """An ``IRebuilder``: who asks waits for a worker that has nothing to do."""

    def __init__(self, on_stuck: TellStuck) -> None:
        self._on_stuck = on_stuck
        self._all: list[_Worker] = []
        self._idle: deque[_Worker] = deque()
        self._changed = asyncio.Condition()

    def add(self, target: Target, arguments: tuple[Any, ...]) -> None:
        """Start one more, if the system allows it."""
        try:
            worker = _Worker(target, arguments, self._on_stuck)
        except OSError as error:
            _log.warning("no_recovery_worker", error=str(error))
            return
        self._all.append(worker)
        self._idle.append(worker)

    @property
    def places(self) -> int:
        """How many are there, at work or not."""
        return sum(not worker.is_gone for worker in self._all)

    async def rebuilt(self, session: PaperTradingSession) -> EndState | None:
        """See ``IRebuilder``."""
        if weight(session) < LEAST_EVENTS:
            return None
        async with self._changed:
            await self._changed.wait_for(lambda: self._idle or not self.places)
            if not self._idle:
                return None
            worker = self._idle.popleft()
        work = asyncio.ensure_future(self._through(worker, session))
        # A worker whose session nobody wants any more works on; the next one takes another.
        return await asyncio.shield(work)

    async def _through(self, worker: _Worker, session: PaperTradingSession) -> EndState | None:
        end = await worker.rebuilt(session)
        async with self._changed:
            if not worker.is_gone:
                self._idle.append(worker)
            self._changed.notify_all()
        return end

    async def close(self) -> None:
        """End all of them, whatever they do: they hold nothing."""
        await asyncio.gather(*(worker.close() for worker in self._all))


class _Worker:
    """One process."""

    def __init__(self, target: Target, arguments: tuple[Any, ...], on_stuck: TellStuck) -> None:
        self._on_stuck = on_stuck
        self._reply: asyncio.Future[EndState | None] | None = None
        self._session_id = ""
        self._closing = False
        self._process = WorkerProcess(
            target, arguments, name=NAME, on_message=self._take, on_end=self._over
        )

    @property
    def is_gone(self) -> bool:
        """Whether the process has ended."""
        return self._process.ended.is_set()

    async def rebuilt(self, session: PaperTradingSession) -> EndState | None:
        """The end of a session, or None."""
        self._session_id = session.id
        self._reply = asyncio.get_running_loop().create_future()
        if not self.is_gone:
            # Where nobody hears it, the end of the process follows.
            self._process.send(encode(Rebuild(session)))
            return await self._reply
        return None

    async def close(self) -> None:
        """End the process."""
        self._closing = True
        await self._process.close(encode(Leave()), LEAVE_SECONDS)

    def _take(self, raw: bytes) -> None:
        try:
            message = decode_from_worker(raw)
        except msgspec.MsgspecError as error:
            # As from a program that was replaced while this one ran.
            message = Rebuilt(why=f"its answer cannot be read: {error}")
        if isinstance(message, Stuck):
            self._on_stuck(message.session_id, message.seconds, message.stack)
            return
        if message.end is None and message.why:
            _log.info("not_rebuilt_apart", session_id=self._session_id, why=message.why)
        self._answer(message.end)

    def _over(self) -> None:
        if not self._closing:
            _log.warning(
                "recovery_worker_lost",
                session_id=self._session_id,
                how=f"process {self._process.pid} {self._process.how_it_ended}",
            )
        self._answer(None)

    def _answer(self, end: EndState | None) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_result(end)
