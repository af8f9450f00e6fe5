"""Running a session's recorded inputs again and comparing what comes out, byte by byte.

Recovery, the rebuilding after a failed commit, and verification all go through here.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from offbook.domain.commands import OrderCommand
from offbook.domain.errors import JournalMismatch
from offbook.domain.journal import StoredRecord
from offbook.domain.market_data import Cursor
from offbook.domain.records import encode_record
from offbook.domain.session import SessionStatus
from offbook.engine.inputs import Advance, EndOfData, EngineInput, Take
from offbook.services.paper_trading.journal_reader import ReadPage, TakenAt
from offbook.services.paper_trading.row_reader import SessionRows
from offbook.services.paper_trading.watchdog import Watch

if TYPE_CHECKING:
    from offbook.engine.processing_engine import ProcessingEngine

CALL_RECORDS: Final = 256
"""After so many records others on the loop have their turn."""
CALL_STEPS: Final = 16
"""Calls of the engine with fewer after which they have it too."""
TOGETHER: Final = 16
"""Commands for orders that the engine takes in one call, where no strategy is told of them: it
might set timers that ring a thousand times before the next command, all in that call."""

_OVER = (SessionStatus.STOPPED, SessionStatus.FAILED)


class Replay:
    """Feeds one engine what its journal says it was fed, from where the engine stands.

    ``produced`` is the number of the last record made and found equal.  Every way of cutting the
    rows (``slice_rows``) gives the same.  ``tells_strategy``: whether the session has a strategy.
    """

    def __init__(
        self,
        session_id: str,
        engine: ProcessingEngine,
        rows: SessionRows,
        read: ReadPage,
        *,
        after_seq: int,
        last_seq: int,
        slice_rows: int,
        page_records: int,
        tells_strategy: bool,
        watch: Watch | None = None,
    ) -> None:
        self.produced = after_seq
        self._session_id = session_id
        self._engine = engine
        self._rows = rows
        self._read = read
        self._last_seq = last_seq
        self._slice_rows = slice_rows
        self._page_records = page_records
        self._expected: deque[StoredRecord] = deque()
        self._together_most = 1 if tells_strategy else TOGETHER
        self._watch = watch
        self._steps = 0
        self._before = (after_seq, engine.cursor.row)

    async def run(self, inputs: Sequence[TakenAt], until: Cursor) -> None:
        """Apply ``inputs`` at their places and rows up to ``until``.

        Raises JournalMismatch with fields ``seq``, ``expected`` and ``found`` (bytes, or None for
        no record) at the first difference, and what the feed raises.
        """
        waiting = deque(inputs)
        while waiting:
            entry = waiting.popleft()
            if entry.seq <= self.produced:
                continue
            if entry.row > self._engine.cursor.row:
                await self._rows_to(entry.row)
            if entry.ts > self._engine.now and not self._engine.is_quiet_before(entry.ts):
                # What is due before it is a long way, maybe; a command is taken whole.
                await self.feed(Advance(ts=entry.ts - 1))
            if entry.command is None:
                await self.feed(EndOfData())
            else:
                await self.feed(*self._together(entry, waiting))
        await self._rows_to(until.row)
        behind = self._engine.now < until.ts or self.produced < self._last_seq
        if behind and self._engine.status not in _OVER:
            # Also at the cursor's own time: what a command set off there leaves no later input.
            await self.feed(Advance(ts=until.ts))
        if self.produced < self._last_seq and await self._rows.at(self._engine.cursor.row) is None:
            # A stop that was closing positions when the data ended leaves no reason of its own.
            await self.feed(EndOfData())
        if self.produced < self._last_seq:
            raise await self._mismatch(None)

    def _together(self, entry: TakenAt, waiting: deque[TakenAt]) -> list[Take]:
        """A command, and with it those for orders that follow before a row or anything that is due
        by now; what they cause themselves the engine does in its place."""
        taken = [entry]
        while waiting and len(taken) < self._together_most and _is_of_orders(waiting[0]):
            following = waiting[0]
            if following.row != entry.row or not self._engine.is_quiet_before(following.ts):
                break
            taken.append(waiting.popleft())
        return [Take(command=one.command.command, ts=one.ts) for one in taken if one.command]

    async def feed(self, *items: EngineInput) -> None:
        """One input, or several commands, taken whole, and the records compared."""
        await self._step(items)
        while self._engine.cut_short:
            await asyncio.sleep(0)
            await self._step(items)

    async def _step(self, items: Sequence[EngineInput]) -> None:
        """As much of an input as one call may do."""
        if self._watch is not None:
            self._watch.begin()
        try:
            records = self._engine.process(items, max_records=CALL_RECORDS)
        finally:
            if self._watch is not None:
                self._watch.end()
        expected = self._expected
        for record in records:
            raw = encode_record(record)
            if expected and expected[0].raw == raw:
                # As nearly always; the rest is for pages that end, and for what differs.
                expected.popleft()
                self.produced += 1
            else:
                await self._compare(raw)

    async def _rows_to(self, row: int) -> None:
        engine = self._engine
        while engine.cursor.row < row and engine.status not in _OVER:
            before = engine.cursor.row
            block = await self._rows.at(before)
            if block is None:
                return
            await self._step([block.rows(0, min(len(block), row - before, self._slice_rows))])
            if engine.cursor.row == before and not engine.cut_short:
                return
            await self._let_others_run()

    async def _let_others_run(self) -> None:
        """Now and then: rows between which there are commands come one by one."""
        self._steps += 1
        row, made = self._engine.cursor.row, self.produced
        seq_before, row_before = self._before
        if (
            self._steps >= CALL_STEPS
            or made - seq_before >= CALL_RECORDS
            or row - row_before >= self._slice_rows
        ):
            self._steps, self._before = 0, (made, row)
            await asyncio.sleep(0)

    async def _compare(self, raw: bytes) -> None:
        stored = await self._next_expected()
        if stored is None or stored.raw != raw:
            raise await self._mismatch(raw, stored)
        self._expected.popleft()
        self.produced += 1

    async def _next_expected(self) -> StoredRecord | None:
        wanted = self.produced + 1
        if not self._expected and wanted <= self._last_seq:
            limit = min(self._page_records, self._last_seq - self.produced)
            self._expected.extend(await self._read(self.produced, limit))
        return self._expected[0] if self._expected else None

    async def _mismatch(
        self, found: bytes | None, stored: StoredRecord | None = None
    ) -> JournalMismatch:
        stored = stored or await self._next_expected()
        seq = self.produced + 1
        return JournalMismatch(
            f"session {self._session_id}: running the recorded inputs again differs from the "
            f"journal at record {seq}",
            session_id=self._session_id,
            seq=seq,
            expected=None if stored is None else stored.raw,
            found=found,
        )


def _is_of_orders(entry: TakenAt) -> bool:
    return entry.command is not None and isinstance(entry.command.command, OrderCommand)
