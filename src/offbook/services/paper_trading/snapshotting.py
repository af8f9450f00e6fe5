"""Snapshots of one engine: small ones at once, large ones while it goes on.

A large state is written down piece by piece, and compressed on another thread, between which all
others on the event loop have their turns.  Pieces that are as they were in the snapshot before are
taken from there.  It is stored with a later batch than the one it was taken after: its records are
durable by then, and what came since is run again on recovery.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from offbook.domain.journal import Snapshot

if TYPE_CHECKING:
    from offbook.engine.capture import Captured, Piece
    from offbook.engine.ledger.changed_orders import Mark

AT_ONCE: Final = 512
"""Entries of a state that are written without a pause, in about a millisecond."""

_SAME_AT_ONCE: Final = 16
"""Pieces found to be as they were before others have a turn: about half a millisecond."""

_LEVEL: Final = 1
_RAW: Final = -zlib.MAX_WBITS
_FLUSH_BYTES: Final = 262_144
_PLAIN: Final = b"{"
_PIECES: Final = b"P"
_CHECK_BYTES: Final = 4
_END: Final = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW).flush()

Known = dict[tuple[str, int], tuple[dict[Any, Any], bytes]]
"""Pieces of the snapshot before by their places: of which entries, and packed."""


class SnapshotMaker:
    """Makes at most one snapshot at a time.

    ``on_ready`` is called when a large one is there to be stored, ``on_failed`` with its record's
    number and what went wrong when it cannot be made.
    """

    __slots__ = ("_known", "_on_failed", "_on_ready", "_ready", "_task", "since")

    def __init__(
        self, on_ready: Callable[[], None], on_failed: Callable[[int, BaseException], None]
    ) -> None:
        self._on_ready = on_ready
        self._on_failed = on_failed
        self._known: Known = {}
        self.since: Mark | None = None
        """The moment of the last large one that was made to its end: what has not changed since
        is known."""
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
        if captured.entries <= AT_ONCE and self.since is None:
            self._ready = _with_state(place, captured.whole())
            return
        self._task = asyncio.create_task(_made(captured, place, self._known), name="snapshot")
        self._task.add_done_callback(partial(self._done, place.seq, captured.mark))

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

    def _done(self, seq: int, mark: Mark | None, task: asyncio.Task[Snapshot]) -> None:
        error = None if task.cancelled() else task.exception()
        if task is not self._task:
            return  # given up
        self._task = None
        if error is not None:
            self._on_failed(seq, error)
        elif not task.cancelled():
            self._ready, self.since = task.result(), mark
            self._on_ready()


async def _made(captured: Captured, place: Snapshot, known: Known) -> Snapshot:
    """Pack the pieces as they are made; what is packed is a sixth of what is written.

    Each is packed by itself, so that it can be used again; ``known`` is brought up to date.
    """
    packed: list[bytes] = []
    waiting: list[tuple[int, Piece, bytes]] = []
    size = same = 0
    for piece in captured.pieces():
        before = None if piece.place is None else known.get(piece.place)
        if before is not None and (piece.is_same or before[0] == piece.entries):
            packed.append(before[1])
            same += 1
            if same % _SAME_AT_ONCE == 0:
                await asyncio.sleep(0)
            continue
        text = piece.text()
        waiting.append((len(packed), piece, text))
        packed.append(b"")
        size += len(text)
        if size >= _FLUSH_BYTES:
            await _pack(waiting, packed, known)
            waiting, size = [], 0
            # A thread that was quick may have cost no turn (Python 3.14 sees that it is done).
            await asyncio.sleep(0)
    await _pack(waiting, packed, known)
    body = b"".join((*packed, _END))
    check = zlib.crc32(body).to_bytes(_CHECK_BYTES, "big")
    return _with_state(place, _PIECES + check + body)


async def _pack(waiting: list[tuple[int, Piece, bytes]], packed: list[bytes], known: Known) -> None:
    """Pack pieces on another thread, and put them where they belong."""
    done = await asyncio.to_thread(_deflated, [text for _, _, text in waiting])
    for (number, piece, _), raw in zip(waiting, done, strict=True):
        packed[number] = raw
        if piece.place is not None and piece.entries is not None:
            known[piece.place] = (piece.entries, raw)


def _deflated(texts: list[bytes]) -> list[bytes]:
    """Each text as whole bytes of a DEFLATE stream (RFC 1951) that looks back on none before it, so
    that they may be joined in any company."""
    made = []
    for text in texts:
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW)
        made.append(packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH))
    return made


def _with_state(place: Snapshot, state: bytes) -> Snapshot:
    return Snapshot(seq=place.seq, cursor=place.cursor, head=place.head, state=state)


def unpacked(state: bytes) -> bytes:
    """The state as the engine gave it, of a snapshot as it was stored."""
    if state.startswith(_PLAIN):
        return state
    try:
        if not state.startswith(_PIECES):
            return zlib.decompress(state)
        check, body = state[1 : 1 + _CHECK_BYTES], state[1 + _CHECK_BYTES :]
        whole = zlib.crc32(body).to_bytes(_CHECK_BYTES, "big") == check
        return zlib.decompress(body, _RAW) if whole else state
    except zlib.error:
        return state  # nor will the engine be able to read it, and it says so
