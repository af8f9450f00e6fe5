"""Reading a stored journal: verify its chain, find the inputs in it, and go through it in order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

import msgspec

from offbook.domain.chain import GENESIS, extend
from offbook.domain.errors import JournalDamaged
from offbook.domain.journal import StoredRecord
from offbook.domain.records import (
    CommandTaken,
    SessionAttached,
    SessionPaused,
    SessionStopped,
    decode_record,
)

END_OF_DATA: Final = "end_of_data"
"""The reason that the engine writes where a recording ended."""

ReadPage = Callable[[int, int], Awaitable[Sequence[StoredRecord]]]
"""``(after_seq, limit)`` to the committed records that follow."""

_INPUTS: Final = (
    b'{"kind":"CommandTaken.',
    b'{"kind":"SessionPaused.',
    b'{"kind":"SessionStopped.',
)


class TakenAt(msgspec.Struct, frozen=True, gc=False):
    """An input that cannot be computed again, and the record where it shows.

    ``command`` is None for the end of the data, which shows in the pause or stop that it made.
    """

    seq: int
    ts: int
    row: int
    command: CommandTaken | None


class JournalFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What one pass over a journal tells: it is whole, and these are its inputs."""

    last_seq: int
    head: bytes
    attached: SessionAttached | None
    attached_raw: bytes
    inputs: tuple[TakenAt, ...]
    heads: dict[int, bytes]


class KeptTail:
    """Reads pages and keeps the last records, for whoever goes through them a second time.

    For a first reader that goes from the front to the end.  Keeps at most ``most`` records after
    ``after_seq``, the first of them.
    """

    def __init__(self, read: ReadPage, after_seq: int, most: int) -> None:
        self._read = read
        self._after_seq = after_seq
        self._most = most
        self._kept: list[StoredRecord] = []

    async def read(self, after_seq: int, limit: int) -> Sequence[StoredRecord]:
        """The committed records that follow."""
        place = after_seq - self._after_seq
        if 0 <= place < len(self._kept):
            return self._kept[place : place + limit]
        page = await self._read(after_seq, limit)
        for record in page:
            following = record.seq == self._after_seq + len(self._kept) + 1
            if following and len(self._kept) < self._most:
                self._kept.append(record)
        return page


async def pages(
    read: ReadPage, after_seq: int, last_seq: int, limit: int
) -> AsyncIterator[Sequence[StoredRecord]]:
    """The records after ``after_seq`` up to ``last_seq``, page by page, as far as they exist."""
    while after_seq < last_seq:
        page = await read(after_seq, min(limit, last_seq - after_seq))
        if not page:
            return
        yield page
        after_seq = page[-1].seq


async def survey(
    session_id: str,
    read: ReadPage,
    *,
    last_seq: int,
    chain_head: str,
    page_records: int,
    heads_at: frozenset[int] = frozenset(),
) -> JournalFacts:
    """Go through the whole journal once and check it against what the session says of it.

    Gives the chain's heads after the records in ``heads_at`` too.  Raises JournalDamaged, naming
    the first record that is missing, out of order or unreadable, or the last if the chain's head
    is another.
    """
    head, seq = GENESIS, 0
    attached_raw = b""
    inputs: list[TakenAt] = []
    heads: dict[int, bytes] = {}
    async for page in pages(read, 0, last_seq, page_records):
        for record in page:
            seq += 1
            if record.seq != seq:
                raise _damaged(session_id, seq, f"record {seq} is missing")
            head = extend(head, record.raw)
            if seq in heads_at:
                heads[seq] = head
            if seq == 1:
                attached_raw = record.raw
            if record.raw.startswith(_INPUTS):
                inputs.extend(_input(session_id, record))
    if seq != last_seq:
        raise _damaged(session_id, seq + 1, f"it ends at record {seq} of {last_seq}")
    if last_seq and head.hex() != chain_head:
        raise _damaged(session_id, seq, "its chain does not end as the session says")
    return JournalFacts(
        last_seq=seq,
        head=head,
        attached=_attached(session_id, attached_raw),
        attached_raw=attached_raw,
        inputs=tuple(inputs),
        heads=heads,
    )


def _attached(session_id: str, raw: bytes) -> SessionAttached | None:
    if not raw:
        return None
    record = _decoded(session_id, StoredRecord(1, raw))
    if not isinstance(record, SessionAttached):
        raise _damaged(session_id, 1, "it does not begin with SessionAttached")
    return record


def _input(session_id: str, stored: StoredRecord) -> list[TakenAt]:
    record = _decoded(session_id, stored)
    if isinstance(record, CommandTaken):
        return [TakenAt(stored.seq, record.ts, record.row, record)]
    if isinstance(record, SessionPaused | SessionStopped) and record.reason == END_OF_DATA:
        return [TakenAt(stored.seq, record.ts, record.row, None)]
    return []


def _decoded(session_id: str, stored: StoredRecord) -> object:
    try:
        return decode_record(stored.raw)
    except msgspec.MsgspecError as error:
        raise _damaged(session_id, stored.seq, f"record {stored.seq} is unreadable: {error}") from (
            error
        )


def _damaged(session_id: str, seq: int, what: str) -> JournalDamaged:
    return JournalDamaged(
        f"the journal of session {session_id} is damaged: {what}", session_id=session_id, seq=seq
    )
