"""Worker processes of a sweep, as the sweep sees them."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from offbook.adapters.sweeps.messages import (
    CellDone,
    Leave,
    Returned,
    RunCell,
    Stuck,
    decode_from_worker,
    encode,
    error_of,
)
from offbook.adapters.workers.process import Target, WorkerProcess
from offbook.domain.errors import CallbackHung, SweepConflict, WorkerLost
from offbook.domain.sweeps import CellResult, CellTask

LEAVE_SECONDS: Final = 5.0
"""How long a worker may take to suspend its cell, before it is killed."""

NAME: Final = "offbook sweep"
"""Of a worker's process."""


class SpawnedWorker:
    """An ``ICellWorker`` in a process of its own.

    Create it on the running loop.  ``on_stuck`` is called on the loop when a callback of the cell's
    strategy does not return; ``log`` is where the process writes what is printed.  ``give_up`` is
    how many seconds later the process is ended, unless the callback has returned by then.
    """

    def __init__(
        self,
        target: Target,
        arguments: tuple[Any, ...],
        *,
        log: Path,
        on_stuck: Callable[[Stuck], None],
        give_up: float,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._log = log
        self._on_stuck = on_stuck
        self._give_up = give_up
        self._patience: asyncio.TimerHandle | None = None
        self._hung: Stuck | None = None
        self._reply: asyncio.Future[CellResult] | None = None
        self._process = WorkerProcess(
            target, arguments, name=NAME, on_message=self._take, on_end=self._over
        )

    async def run(self, task: CellTask) -> CellResult:
        """Run a cell; see ``ICellWorker``."""
        reply: asyncio.Future[CellResult] = self._loop.create_future()
        self._reply = reply
        if self._process.ended.is_set() or not self._process.send(encode(RunCell(task))):
            await self._process.ended.wait()
            raise self._lost()
        try:
            return await reply
        finally:
            self._reply = None
            self._wait_no_longer()

    async def close(self) -> None:
        """Let the process end, or make it."""
        await self._process.close(encode(Leave()), LEAVE_SECONDS)

    def _take(self, raw: bytes) -> None:
        message = decode_from_worker(raw)
        if isinstance(message, Stuck):
            self._wait_no_longer()
            self._patience = self._loop.call_later(self._give_up, self._end, message)
            self._on_stuck(message)
            return
        if isinstance(message, Returned):
            self._wait_no_longer()
            return
        if self._reply is None or self._reply.done():
            return
        if isinstance(message, CellDone):
            self._reply.set_result(message.result)
        else:
            self._reply.set_exception(error_of(message))

    def _wait_no_longer(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _end(self, message: Stuck) -> None:
        """Nothing in the process can break the callback off."""
        self._hung = message
        self._process.kill()

    def _over(self) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(self._lost())

    def _lost(self) -> WorkerLost:
        process = self._process
        if self._hung is not None:
            where = " ".join(line.strip() for line in self._hung.stack.strip().splitlines()[-2:])
            return CallbackHung(
                f"a callback did not return within {self._give_up:g} s: {where}",
                exit_code=process.exit_code,
                log=str(self._log),
                seconds=self._give_up,
            )
        return WorkerLost(
            f"worker process {process.pid} {process.how_it_ended}; what it printed: {self._log}",
            exit_code=process.exit_code,
            log=str(self._log),
        )


def forbid_in_worker() -> None:
    """Raise SweepConflict in a worker process: a strategy's file that sweeps when it is imported
    would do so without end."""
    if multiprocessing.current_process().name == NAME:
        raise SweepConflict(
            "a sweep was begun while a worker of a sweep imports the strategy's file: put the call "
            'below `if __name__ == "__main__":`, or the strategy into a file of its own',
            what="strategy",
        )
