"""The inside of a worker process: rebuilds sessions, one at a time, until told to leave."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

from offbook.adapters.recovery.messages import (
    BEAT_SECONDS,
    Alive,
    FromWorker,
    Leave,
    Rebuild,
    Rebuilt,
    ToWorker,
    decode_for_worker,
    encode,
)
from offbook.adapters.workers.pipe import WorkerPipe
from offbook.adapters.workers.process import PipeEnd
from offbook.domain.session import PaperTradingSession
from offbook.ports.recovery import EndState

Say = Callable[[FromWorker], None]
RebuildOne = Callable[[PaperTradingSession], Awaitable[EndState | None]]
OpenRebuilder = Callable[[Say], AbstractAsyncContextManager[RebuildOne]]
"""Makes what rebuilds sessions; it may say things by itself, from any thread."""

_LEAVE: Final[ToWorker] = Leave()


def serve(connection: PipeEnd, open_rebuilder: OpenRebuilder) -> None:
    """Serve until told to leave, or until the other end of the pipe is gone; then end at once.

    What strategies print is dropped: they printed it when they first ran.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    pipe = WorkerPipe(connection, decode_for_worker, _LEAVE, leave_seconds=0)
    # What is loaded once sessions can be rebuilt stays to the end, and need not be looked through
    # again and again for garbage; an engine is garbage that only such a look finds.
    asyncio.run(_serve(pipe, open_rebuilder, on_open=gc.freeze))


async def _serve(
    pipe: WorkerPipe[ToWorker], open_rebuilder: OpenRebuilder, *, on_open: Callable[[], None]
) -> None:
    def say(message: FromWorker) -> None:
        pipe.say(encode(message))

    pipe.listen()
    over = threading.Event()
    threading.Thread(target=_beat, args=(say, over), name="offbook beat", daemon=True).start()
    try:
        async with open_rebuilder(say) as rebuild:
            on_open()
            while isinstance(message := await pipe.messages.get(), Rebuild):
                say(await _answer(rebuild, message))
    finally:
        over.set()


def _beat(say: Say, over: threading.Event) -> None:
    """On a thread of its own: a strategy at work must not look like a process that is stopped."""
    while not over.wait(BEAT_SECONDS):
        say(Alive())


async def _answer(rebuild: RebuildOne, asked: Rebuild) -> Rebuilt:
    try:
        return Rebuilt(asked.session_id, await rebuild(asked.session()))
    except Exception as error:
        # Whoever owns the session does it again, and meets the same, or not.
        return Rebuilt(asked.session_id, why=f"{type(error).__name__}: {error}")
