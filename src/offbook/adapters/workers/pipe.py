"""A worker's end of its pipe: messages in on a thread, messages out from any."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from offbook.adapters.workers.process import PipeEnd

M = TypeVar("M")
LEFT_ALONE: Final = 70
"""What a worker ends with that could not leave by itself in time."""


class WorkerPipe(Generic[M]):
    """The messages from the parent, in ``messages`` from ``listen`` on.

    ``leave`` is the last one, and stands for a parent that is gone as well.  Whoever has not left
    ``leave_seconds`` after it is ended: a callback that does not return would keep the process, and
    what it holds, for ever.
    """

    def __init__(
        self,
        connection: PipeEnd,
        decode: Callable[[bytes], M],
        leave: M,
        *,
        leave_seconds: float,
    ) -> None:
        self.messages: asyncio.Queue[M] = asyncio.Queue()
        self._connection = connection
        self._decode = decode
        self._leave = leave
        self._leave_seconds = leave_seconds
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def listen(self) -> None:
        """Begin, on the running loop of the main thread."""
        if not hasattr(signal, "pthread_sigmask"):
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # see where the process is started
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, name="offbook pipe", daemon=True).start()

    def say(self, raw: bytes) -> None:
        """Tell the parent; to one that is gone nothing."""
        with self._guard:
            try:
                self._connection.send_bytes(raw)
            except OSError:
                return  # the reader sees it too, and lets the worker end

    def _read(self) -> None:
        assert self._loop is not None
        while True:
            try:
                message = self._decode(self._connection.recv_bytes())
            except (EOFError, OSError):
                message = self._leave
            self._loop.call_soon_threadsafe(self.messages.put_nowait, message)
            if message == self._leave:
                threading.Event().wait(self._leave_seconds)
                os._exit(LEFT_ALONE)
