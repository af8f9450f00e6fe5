"""The inside of a worker process: takes cells from the pipe, one at a time, until told to leave."""

from __future__ import annotations

import asyncio
import os
import threading
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
from offbook.adapters.sweeps.processes import LEAVE_SECONDS, PipeEnd
from offbook.domain.sweeps import CellResult, CellTask

_LEFT_ALONE: Final = 70


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
    asyncio.run(_serve(_Pipe(connection), open_host))


def _print_to(log: Path) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


class _Pipe:
    """The worker's end: messages in on a thread, messages out from any."""

    def __init__(self, connection: PipeEnd) -> None:
        self.messages: asyncio.Queue[ToWorker] = asyncio.Queue()
        self._connection = connection
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def listen(self) -> None:
        """Begin, on the running loop."""
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, name="offbook pipe", daemon=True).start()

    def say(self, message: FromWorker) -> None:
        """Tell the parent; to one that is gone nothing."""
        with self._guard:
            try:
                self._connection.send_bytes(encode(message))
            except OSError:
                return  # the reader sees it too, and lets the worker end

    def _read(self) -> None:
        assert self._loop is not None
        while True:
            try:
                message = decode_for_worker(self._connection.recv_bytes())
            except (EOFError, OSError):
                message = Leave()
            self._loop.call_soon_threadsafe(self.messages.put_nowait, message)
            if isinstance(message, Leave):
                # A callback that does not return would keep the loop, and so the store, for ever.
                threading.Event().wait(LEAVE_SECONDS)
                os._exit(_LEFT_ALONE)


async def _serve(pipe: _Pipe, open_host: OpenHost) -> None:
    pipe.listen()
    async with open_host(pipe.say) as host:
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
            pipe.say(running.result())


async def _answer(host: CellHost, task: CellTask) -> FromWorker:
    try:
        return CellDone(await host.run(task))
    except Exception as error:
        traceback.print_exc()
        return trouble_of(error)
