"""A worker process as its parent sees it: started by spawning, and what is said over one pipe."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from types import ModuleType
from typing import Any, Final

REAP_SECONDS: Final = 5.0
"""How long a process whose pipe has ended may take to end too, before it is killed."""

_GUARD: Final = threading.Lock()

Target = Callable[..., None]
"""What a worker process runs: ``target(connection, *arguments)``, importable by name."""

PipeEnd = Connection
"""A worker's end of its pipe."""


class WorkerProcess:
    """A process and the pipe to it; create it on the running loop.

    ``on_message`` is called on the loop with each message, ``on_end`` once when the process has
    ended, after the last of them.  It ends with its parent, if it looks at its pipe.  Raises
    OSError where no process can be started.
    """

    def __init__(
        self,
        target: Target,
        arguments: tuple[Any, ...],
        *,
        name: str,
        on_message: Callable[[bytes], None],
        on_end: Callable[[], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_message = on_message
        self._on_end = on_end
        self.ended = asyncio.Event()
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=target, args=(theirs, *arguments), name=name, daemon=True
        )
        try:
            with _without_main(), _deaf_to_interrupts():
                self._process.start()
        except BaseException:
            self._connection.close()
            raise
        finally:
            theirs.close()  # so that the pipe ends with the process
        self.pid: Final = self._process.pid
        self._exit_code: int | None = None
        self._reaping = threading.Lock()
        self._reader = threading.Thread(target=self._read, name=name, daemon=True)
        self._reader.start()

    @property
    def exit_code(self) -> int | None:
        """What it ended with (negative: the signal); None until it is known to have ended."""
        return self._exit_code

    @property
    def how_it_ended(self) -> str:
        """The same in words."""
        code = self.exit_code
        return f"was ended by signal {-code}" if code and code < 0 else f"ended with code {code}"

    def send(self, raw: bytes) -> bool:
        """Say something; False when nobody hears it any more."""
        try:
            self._connection.send_bytes(raw)
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """End the process at once, also one that the system has stopped; ``on_end`` follows."""
        self._process.kill()

    async def close(self, leave: bytes, seconds: float) -> None:
        """Ask the process to leave, and kill it when it has not within ``seconds``; twice is
        allowed."""
        self.send(leave)
        try:
            async with asyncio.timeout(seconds):
                await self.ended.wait()
        except TimeoutError:
            self._process.kill()
            await self.ended.wait()
        await asyncio.to_thread(self._reap)

    def _reap(self) -> None:
        with self._reaping:
            if self._connection.closed:
                return
            self._reader.join()  # which waits for the process
            self._connection.close()
            with contextlib.suppress(ValueError):  # another part of the program waited for it
                self._process.close()  # else its own pipes stay open until garbage is collected

    def _read(self) -> None:
        """What the worker says, until its end of the pipe is closed. On a thread of its own."""
        while True:
            try:
                raw = self._connection.recv_bytes()
            except (EOFError, OSError):
                break
            self._tell(self._on_message, raw)
        self._process.join(REAP_SECONDS)
        if self._process.is_alive():
            # Nobody hears it any more, and whoever waits for it would wait for ever.
            self._process.kill()
            self._process.join()
        self._exit_code = self._process.exitcode
        self._tell(self._over)

    def _tell(self, work: Callable[..., None], *arguments: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(work, *arguments)

    def _over(self) -> None:
        self.ended.set()
        self._on_end()


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Keep the new process from running the caller's script again.

    Spawning imports the parent's main module anew, for things that were pickled from it.  Nothing
    here is, and a plain script, without ``if __name__ == "__main__":``, would begin its work again
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
    processes, and what becomes of the work is the parent's to say.  One that comes meanwhile is
    heard here afterwards.  Windows knows no such mask: there a worker ignores it by itself."""
    if sys.platform == "win32":
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # which would unblock signals, begun below
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
