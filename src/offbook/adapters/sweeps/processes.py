"""Worker processes of a sweep, as the sweep sees them: started by spawning, one pipe each."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from offbook.adapters.sweeps.messages import (
    CellDone,
    Leave,
    RunCell,
    Stuck,
    decode_from_worker,
    encode,
    error_of,
)
from offbook.domain.errors import SweepConflict, WorkerLost
from offbook.domain.sweeps import CellResult, CellTask

LEAVE_SECONDS: Final = 5.0
"""How long a worker may take to suspend its cell, before it is killed."""

_GUARD: Final = threading.Lock()

Target = Callable[..., None]
"""What a worker process runs: ``target(connection, *arguments)``, importable by name."""


class SpawnedWorker:
    """An ``ICellWorker`` in a process of its own.

    Create it on the running loop.  ``on_stuck`` is called on the loop when a callback of the cell's
    strategy does not return; ``log`` is where the process writes what is printed.
    """

    def __init__(
        self,
        target: Target,
        arguments: tuple[Any, ...],
        *,
        log: Path,
        on_stuck: Callable[[Stuck], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._log = log
        self._on_stuck = on_stuck
        self._reply: asyncio.Future[CellResult] | None = None
        self._ended = asyncio.Event()
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=target, args=(theirs, *arguments), name="offbook sweep", daemon=True
        )
        resource_tracker.ensure_running()  # which would unblock signals, begun below
        with _without_main(), _deaf_to_interrupts():
            self._process.start()
        theirs.close()  # so that the pipe ends with the process
        self._reader = threading.Thread(target=self._read, name="offbook sweep", daemon=True)
        self._reader.start()

    async def run(self, task: CellTask) -> CellResult:
        """Run a cell; see ``ICellWorker``."""
        reply: asyncio.Future[CellResult] = self._loop.create_future()
        self._reply = reply
        if self._ended.is_set() or not self._send(encode(RunCell(task))):
            await self._ended.wait()
            raise self._lost()
        try:
            return await reply
        finally:
            self._reply = None

    async def close(self) -> None:
        """Let the process end, or make it."""
        self._send(encode(Leave()))
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await self._ended.wait()
        except TimeoutError:
            self._process.kill()
            await self._ended.wait()
        await asyncio.to_thread(self._reap)

    def _reap(self) -> None:
        self._process.join(LEAVE_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._reader.join()
        self._connection.close()

    def _send(self, raw: bytes) -> bool:
        try:
            self._connection.send_bytes(raw)
        except OSError:
            return False
        return True

    def _read(self) -> None:
        """What the worker says, until its end of the pipe is closed. On a thread of its own."""
        while True:
            try:
                raw = self._connection.recv_bytes()
            except (EOFError, OSError):
                break
            self._tell(self._take, raw)
        self._process.join()
        self._tell(self._over)

    def _tell(self, work: Callable[..., None], *arguments: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(work, *arguments)

    def _take(self, raw: bytes) -> None:
        message = decode_from_worker(raw)
        if isinstance(message, Stuck):
            self._on_stuck(message)
            return
        if self._reply is None or self._reply.done():
            return
        if isinstance(message, CellDone):
            self._reply.set_result(message.result)
        else:
            self._reply.set_exception(error_of(message))

    def _over(self) -> None:
        self._ended.set()
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(self._lost())

    def _lost(self) -> WorkerLost:
        code = self._process.exitcode
        how = f"was ended by signal {-code}" if code and code < 0 else f"ended with code {code}"
        return WorkerLost(
            f"worker process {self._process.pid} {how}; what it printed: {self._log}",
            exit_code=code,
            log=str(self._log),
        )


def forbid_in_worker() -> None:
    """Raise SweepConflict in a worker process: a strategy's file that sweeps when it is imported
    would do so without end."""
    if multiprocessing.current_process().name == "offbook sweep":
        raise SweepConflict(
            "a sweep was begun while a worker of a sweep imports the strategy's file: put the call "
            'below `if __name__ == "__main__":`, or the strategy into a file of its own',
            what="strategy",
        )


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Keep the new process from running the caller's script again.

    Spawning imports the parent's main module anew, for things that were pickled from it.  Nothing
    here is, and a plain script, without ``if __name__ == "__main__":``, would begin its sweep again
    in every worker.
    """
    with _GUARD:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Let the new process hear no Ctrl-C, from its first moment on: a terminal sends it to all
    processes, and what becomes of the cells is the parent's to say.  One that comes meanwhile is
    heard here afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


PipeEnd = Connection
"""A worker's end of its pipe."""
