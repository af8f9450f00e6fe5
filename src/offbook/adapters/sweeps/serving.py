"""The inside of a worker process: takes cells from the pipe, one at a time, until told to leave."""

from __future__ import annotations

import asyncio
import os
import traceback
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final, Protocol

from offbook.adapters.sweeps.messages import (
    CellDone,
    FromWorker,
    Leave,
    RunCell,
    ToWorker,
    decode_for_worker,
    encode,
    trouble_of,
)
from offbook.adapters.sweeps.processes import LEAVE_SECONDS
from offbook.adapters.workers.pipe import WorkerPipe
from offbook.adapters.workers.process import PipeEnd
from offbook.domain.sweeps import CellResult, CellTask

_LEAVE: Final[ToWorker] = Leave()


class CellHost(Protocol):
    """Runs cells inside a worker process."""

    async def run(self, task: CellTask) -> CellResult:
        """As ``ICellWorker.run``, WorkerLost aside. Cancelled, it leaves the session as it is."""


Say = Callable[[FromWorker], None]
OpenHost = Callable[[Say], AbstractAsyncContextManager[CellHost]]
"""Makes the host, which suspends what it runs when it is left; it may say things by itself."""


def serve(connection: PipeEnd, log: Path, open_host: OpenHost) -> None:
    """Serve until told to leave, or until the other end of the pipe is gone.

    What is printed, by strategies too, goes to ``log``.
    """
    _print_to(log)
    pipe = WorkerPipe(connection, decode_for_worker, _LEAVE, leave_seconds=LEAVE_SECONDS)
    asyncio.run(_serve(pipe, open_host))


def _print_to(log: Path) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


async def _serve(pipe: WorkerPipe[ToWorker], open_host: OpenHost) -> None:
    def say(message: FromWorker) -> None:
        pipe.say(encode(message))

    pipe.listen()
    async with open_host(say) as host:
        while isinstance(message := await pipe.messages.get(), RunCell):
            running = asyncio.ensure_future(_answer(host, message.task))
            leaving = asyncio.ensure_future(pipe.messages.get())
            await asyncio.wait({running, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if leaving.done():
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                return
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
            say(running.result())


async def _answer(host: CellHost, task: CellTask) -> FromWorker:
    try:
        return CellDone(await host.run(task))
    except Exception as error:
        traceback.print_exc()
        return trouble_of(error)
