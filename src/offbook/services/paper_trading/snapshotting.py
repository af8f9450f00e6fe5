"""Snapshots of one engine: small ones at once, large ones while it goes on.

A large state is written down piece by piece, and compressed on another thread, between which all
others on the event loop have their turns.  It is stored with a later batch than the one it was
taken after: its records are durable by then, and what came since is run again on recovery.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from offbook.domain.journal import Snapshot

if TYPE_CHECKING:
    from offbook.engine.capture import Captured

AT_ONCE: Final = 512
"""Entries of a state that are written without a pause, in about a millisecond."""

_LEVEL: Final = 1
_FLUSH_BYTES: Final = 65_536
_PLAIN: Final = b"{"


class SnapshotMaker:
    """Makes at most one snapshot at a time.

    ``on_ready`` is called when a large one is there to be stored, ``on_failed`` with its record's
    number and what went wrong when it cannot be made.
    """

    __slots__ = ("_on_failed", "_on_ready", "_ready", "_task")

    def __init__(
        self, on_ready: Callable[[], None], on_failed: Callable[[int, BaseException], None]
    ) -> None:
        self._on_ready = on_ready
        self._on_failed = on_failed
        self._ready: Snapshot | None = None
        self._task: asyncio.Task[Snapshot] | None = None

    @property
    def is_ready(self) -> bool:
        """Whether there is one to be stored."""
        return self._ready is not None

    @property
    def is_busy(self) -> bool:
        """Whether one is being made."""
        return self._task is not None

    def take(self) -> Snapshot | None:
        """The one that is ready, if any: it is the caller's to store."""
        ready, self._ready = self._ready, None
        return ready

    def begin(self, captured: Captured, place: Snapshot) -> None:
        """Write a state down, at ``place``, in turns with others.

        A small one is ready at once; a large one that was not stored yet is given up for it.
        """
        self.close()
        if captured.entries <= AT_ONCE:
            self._ready = _with_state(place, captured.whole())
            return
        self._task = asyncio.create_task(_made(captured, place), name="snapshot")
        self._task.add_done_callback(partial(self._done, place.seq))

    async def finish(self) -> None:
        """Wait for the one that is being made."""
        while (task := self._task) is not None:
            await asyncio.wait({task})
            await asyncio.sleep(0)  # for it to be taken note of

    def close(self) -> None:
        """Give up what is not stored yet."""
        task, self._task, self._ready = self._task, None, None
        if task is not None:
            task.cancel()

    def _done(self, seq: int, task: asyncio.Task[Snapshot]) -> None:
        error = None if task.cancelled() else task.exception()
        if task is not self._task:
            return  # given up
        self._task = None
        if error is not None:
            self._on_failed(seq, error)
        elif not task.cancelled():
            self._ready = task.result()
            self._on_ready()


async def _made(captured: Captured, place: Snapshot) -> Snapshot:
    """Pack the pieces as they are made; what is packed is a sixth of what is written."""
    packer = zlib.compressobj(_LEVEL)
    packed: list[bytes] = []
    waiting: list[bytes] = []
    size = 0
    for piece in captured.pieces():
        waiting.append(piece)
        size += len(piece)
        if size >= _FLUSH_BYTES:
            packed.append(await asyncio.to_thread(packer.compress, b"".join(waiting)))
            waiting, size = [], 0
            # A thread that was quick may have cost no turn (Python 3.14 sees that it is done).
            await asyncio.sleep(0)
    waiting.append(b"")
    packed.append(await asyncio.to_thread(packer.compress, b"".join(waiting)))
    packed.append(packer.flush())
    return _with_state(place, b"".join(packed))


def _with_state(place: Snapshot, state: bytes) -> Snapshot:
    return Snapshot(seq=place.seq, cursor=place.cursor, head=place.head, state=state)


def unpacked(state: bytes) -> bytes:
    """The state as the engine gave it, of a snapshot as it was stored."""
    if state.startswith(_PLAIN):
        return state
    try:
        return zlib.decompress(state)
    except zlib.error:
        return state  # nor will the engine be able to read it, and it says so
