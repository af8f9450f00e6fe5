"""The log of one live market: every row and every clock row, in one order, taken once."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Final

import msgspec
import numpy as np

from offbook.domain.book_states import BooksAt, KnownBook, KnownStatus
from offbook.domain.calendars import TradingCalendar
from offbook.domain.joining import BegunBars, LastRow
from offbook.domain.market_data import (
    Cursor,
    IntColumn,
    MarketInfo,
    MarketSlice,
    MergedSlice,
    SourceSlice,
    rows_by_source,
)
from offbook.ports.recordings import ClockRow, RecordedPiece
from offbook.services.market_hub.begun_bars import BarsInProgress
from offbook.services.market_hub.chunks import CHUNK_ROWS, Chunk, Made, new_chunk
from offbook.services.market_hub.followed_books import FollowedBooks
from offbook.services.market_hub.known_statuses import StatusesInForce
from offbook.services.market_hub.made_bars import BarsMaker
from offbook.services.market_hub.made_rows import RowsMaker
from offbook.services.market_hub.wake_index import Reach

BOOKS_ROWS: Final = 65_536
"""After about how many rows the books are recorded anew: so many are read when a recording is
continued."""


class MarketLog:
    """The part of a market's log that is in memory: what is not durable yet, and the last rows.

    ``rows`` is the position of the next row, ``floor`` the session time (ns UTC) before which no
    row is to come: that of the last row, or one more than the clock has passed.  A row that comes
    with an earlier time is late: it is taken now, under the time that has been reached, and
    counted in ``late``.  ``durable`` is how far the recording has come: rows and session time.
    """

    def __init__(
        self,
        info: MarketInfo,
        calendars: tuple[TradingCalendar, ...] = (),
        *,
        rows: int = 0,
        floor: int = 0,
        last: tuple[LastRow, ...] = (),
        statuses: tuple[KnownStatus, ...] = (),
        books: FollowedBooks | None = None,
    ) -> None:
        """``books`` are those where the log begins, and the log's own from now on."""
        self.rows = rows
        self.floor = floor
        self.late = 0
        self.durable = Cursor(row=rows, ts=floor)
        self.maker = RowsMaker()
        self._info = info
        self._in_progress = BarsInProgress(info, calendars)
        self._chunks: list[Chunk] = []
        self._starts: list[int] = []
        self._clocks: list[ClockRow] = []
        self._last = {row.source: row for row in last}
        self._last_seen = rows
        self._durable_last = dict(self._last)
        self._statuses = StatusesInForce(info, statuses)
        self._durable_statuses = statuses
        self._books = books or FollowedBooks(info)
        self._beside = Made(BarsMaker(info, self.maker), self._books, self._follow_books)
        self._books_seen = self._books_row = rows
        self._books_to_record: list[BooksAt] = []

    # -- taking in --------------------------------------------------------------------------

    def add(self, source: int, rows: SourceSlice | MergedSlice) -> None:
        """Take rows in, in the order in which they are."""
        begin = 0
        while begin < len(rows):
            chunk = self._chunk_for(source, rows)
            end = min(begin + CHUNK_ROWS - chunk.filled, len(rows))
            part = rows if end - begin == len(rows) else rows.rows(begin, end)
            ts = self._stamped(part.ts)
            if isinstance(part, MergedSlice):
                chunk.put_merged(part, ts)
            else:
                chunk.put(source, part, ts)
            self.rows += end - begin
            begin = end

    def pass_time(self, ts: int) -> bool:
        """Session time has passed ``ts``: a clock row, unless that is known already."""
        if ts < self.floor:
            return False
        self.floor = ts + 1
        self._clocks.append(ClockRow(self.rows, self.floor))
        self._in_progress.begin(self.floor)
        return True

    def _stamped(self, ts: IntColumn) -> IntColumn:
        """The session times of rows: their own, but never before what has been reached."""
        if int(ts[0]) < self.floor:
            self.late += int(np.searchsorted(ts, self.floor))
            ts = np.maximum(ts, self.floor)
        self.floor = int(ts[-1])
        self._in_progress.begin(int(ts[0]))
        return ts

    def _chunk_for(self, source: int, rows: MarketSlice) -> Chunk:
        if self._chunks:
            chunk = self._chunks[-1]
            if chunk.filled < CHUNK_ROWS and chunk.takes(source, rows):
                return chunk
        self._note_books()
        chunk = new_chunk(self._info, self.rows, rows, self.maker, self._beside)
        self._chunks.append(chunk)
        self._starts.append(self.rows)
        return chunk

    def _note_books(self) -> None:
        """Have the books recorded as they are now, if that was not done for long."""
        if len(self._books) and self.rows - self._books_row >= BOOKS_ROWS:
            self._follow_books()
            self._books_to_record.append(BooksAt(row=self.rows, books=self._books.all()))
            self._books_row = self.rows

    # -- reading ----------------------------------------------------------------------------

    def from_row(self, row: int) -> MarketSlice | None:
        """Rows in memory from position ``row`` on, to the end of a chunk; None if there are none.

        What is given for a chunk that is full is cut from one and the same slice each time.
        """
        place = bisect_right(self._starts, row) - 1
        if place < 0:
            return None
        chunk = self._chunks[place]
        begin = row - chunk.start
        return chunk.view(begin, chunk.filled) if begin < chunk.filled else None

    @property
    def in_memory(self) -> int:
        """The position of the first row in memory."""
        return self._starts[0] if self._starts else self.rows

    def last(self) -> tuple[LastRow, ...]:
        """The last row of each source that had one, by source."""
        self._look()
        return tuple(self._last[source] for source in sorted(self._last))

    def bars_in_progress(self) -> BegunBars | msgspec.UnsetType:
        """The bars in progress at the end of the log, of which all rows have been seen."""
        self._look()
        return self._in_progress.at(self.floor)

    def books(self) -> tuple[KnownBook, ...] | msgspec.UnsetType:
        """The books at the end of the log; UNSET where the market has none."""
        self._follow_books()
        return self._books.told()

    @property
    def has_books(self) -> bool:
        """Whether the market has books."""
        return len(self._books) > 0

    def book_reach(self, symbol: str) -> Reach:
        """How far the best prices of a book have reached, as messages left them, since this was
        asked last."""
        self._follow_books()
        return self._books.reach(symbol)

    def statuses(self) -> tuple[KnownStatus, ...] | msgspec.UnsetType:
        """What the exchange has said by the end of the log; UNSET where it tells nothing."""
        self._look()
        return self._statuses.told()

    def _look(self) -> None:
        """Note what those who join are told, of rows that were not looked at yet."""
        row = self._last_seen
        while row < self.rows:
            rows = self.from_row(row)
            assert rows is not None  # what was not looked at yet is never forgotten
            _note_last(self._last, rows)
            self._in_progress.take(rows)
            self._statuses.take(rows)
            row += len(rows)
        self._last_seen = row

    def _follow_books(self) -> None:
        """Have the books of all rows that came; it is asked for more often than the rest."""
        row = self._books_seen
        while row < self.rows and len(self._books):
            rows = self.from_row(row)
            assert rows is not None  # what was not looked at yet is never forgotten
            self._books.take(rows)
            row += len(rows)
        self._books_seen = row

    # -- becoming durable -------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """How many rows and clock rows are not durable yet."""
        return self.rows - self.durable.row + len(self._clocks)

    def unsaved(self) -> RecordedPiece | None:
        """The next piece to be made durable; None if everything is."""
        begin = self.durable.row
        rows = self.from_row(begin)
        upto = begin if rows is None else begin + len(rows)
        end = len(self._clocks)
        if upto < self.rows:
            end = bisect_left(self._clocks, upto, key=lambda clock: clock.row)
        if rows is None and not end:
            return None
        last = dict(self._durable_last)
        statuses = StatusesInForce(self._info, self._durable_statuses)
        if rows is not None:
            _note_last(last, rows)
            statuses.take(rows)
        due = self._books_to_record
        return RecordedPiece(
            rows=rows,
            clocks=tuple(self._clocks[:end]),
            last=tuple(last[source] for source in sorted(last)),
            statuses=statuses.all(),
            books=due[0] if due and due[0].row <= upto else None,
        )

    def saved(self, piece: RecordedPiece) -> None:
        """The piece that ``unsaved`` gave is durable."""
        self.durable = end_of(self.durable, piece)
        self._durable_last = {row.source: row for row in piece.last}
        self._durable_statuses = piece.statuses
        if piece.books is not None:
            self._books_to_record.remove(piece.books)
        del self._clocks[: len(piece.clocks)]

    def forget(self, keep: int) -> None:
        """Let go of durable chunks, but for about the last ``keep`` rows."""
        bound = min(self.durable.row, self.rows - keep)
        if len(self._starts) > 1 and self._starts[1] <= bound:
            self._look()
            self._follow_books()
            gone = bisect_right(self._starts, bound) - 1
            del self._chunks[:gone]
            del self._starts[:gone]


def end_of(begin: Cursor, piece: RecordedPiece) -> Cursor:
    """Where a recording ends that ended at ``begin`` and got one more piece."""
    row, ts = begin.row, begin.ts
    if piece.rows is not None:
        row += len(piece.rows)
        ts = max(ts, int(piece.rows.ts[-1]))
    if piece.clocks:
        ts = max(ts, piece.clocks[-1].ts)
    return Cursor(row=row, ts=ts)


def _note_last(last: dict[int, LastRow], rows: MarketSlice) -> None:
    for source, part in rows_by_source(rows):
        last[source] = _last_row(source, part)


def _last_row(source: int, part: SourceSlice) -> LastRow:
    place = len(part) - 1
    values = {name: int(getattr(part, name)[place]) for name in part.present}
    return LastRow(source, part.position(place), values)
