"""The rows of one recording: frames one after the other in a file that only grows."""

from __future__ import annotations

import os
from bisect import bisect_right
from pathlib import Path
from typing import Final

from offbook.adapters.file_places import BINARY, read_at, write_at
from offbook.adapters.recordings.frames import (
    MAGIC,
    PREFIX,
    FrameColumns,
    FrameHeader,
    NoFrame,
    decode_frame,
    decode_header,
    encode_frame,
    fits,
    joined,
    read_prefix,
)
from offbook.domain.book_states import BooksAt, KnownStatus
from offbook.domain.errors import BadMarketData, InvalidInput
from offbook.domain.joining import LastRow
from offbook.domain.market_data import MarketInfo, MarketSlice
from offbook.ports.recordings import RecordedPiece

READ_BYTES: Final = 4 << 20
"""About how much is read at once where frames are small."""
BROKEN_OFF_BYTES: Final = 64 << 20
"""More than any frame has: so much that is no frame is damage."""


class RowsFile:
    """Frames on disk, and in memory where each begins. Blocks for the disk; for one thread.

    A frame is durable when ``append`` returns.  One that was broken off, by a crash or by an error
    of the disk, is written over; whatever else does not read as a frame is damage.
    """

    def __init__(self, path: Path, info: MarketInfo, *, to_append: bool) -> None:
        self.rows = 0
        self.floor = 0
        self.last: tuple[LastRow, ...] = ()
        self.statuses: tuple[KnownStatus, ...] = ()
        self.books: BooksAt | None = None
        self._path = path
        self._info = info
        self._to_append = to_append
        self._handle: int | None = None
        self._end = 0
        self._starts: list[int] = []
        self._offsets: list[int] = []
        self._kept: MarketSlice | None = None

    def open(self) -> None:
        """Find the frames. Raises BadMarketData where the file is damaged, and OSError."""
        self._file()
        self._find_frames()

    def append(self, piece: RecordedPiece) -> None:
        """Add a frame, durably. Raises InvalidInput, and OSError: then it was not added."""
        rows = piece.rows
        if rows is not None and (rows.start != self.rows or not len(rows)):
            raise InvalidInput(f"row {rows.start} came where row {self.rows} was due")
        floor = max(
            self.floor,
            0 if rows is None else int(rows.ts[-1]),
            piece.clocks[-1].ts if piece.clocks else 0,
        )
        frame = encode_frame(piece, self.rows, floor)
        handle = self._file()
        try:
            write_at(handle, frame, self._end)
            _sync(handle)
        except OSError:
            # What the system still holds of it is not to be trusted: opened anew, written anew.
            self._let_go()
            raise
        header = FrameHeader(
            row=self.rows,
            rows=0 if rows is None else len(rows),
            floor=floor,
            last=piece.last,
            statuses=piece.statuses,
            books=piece.books,
        )
        self._note(header, self._end + len(frame))

    def read(self, row: int, limit: int) -> MarketSlice | None:
        """Rows from position ``row``; None past the last. Raises BadMarketData and OSError."""
        kept = self._kept
        if kept is None or not kept.start <= row < kept.start + len(kept):
            if row >= self.rows:
                self._find_frames()
            if row >= self.rows:
                return None
            kept = self._kept = self._frames_from(row)
        begin = row - kept.start
        return kept.rows(begin, min(begin + limit, len(kept)))

    def close(self) -> None:
        """Let the file go."""
        self._kept = None
        self._let_go()

    # -- inside -----------------------------------------------------------------------------

    def _file(self) -> int:
        if self._handle is None:
            flags = os.O_RDWR | os.O_CREAT if self._to_append else os.O_RDONLY
            self._handle = os.open(self._path, flags | BINARY, 0o644)
            if self._end and self._to_append:
                os.ftruncate(self._handle, self._end)
        return self._handle

    def _let_go(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def _note(self, header: FrameHeader, end: int) -> None:
        if header.rows:
            self._starts.append(header.row)
            self._offsets.append(self._end)
            self.rows = header.row + header.rows
        self.floor, self.last, self.statuses = header.floor, header.last, header.statuses
        self.books = header.books or self.books
        self._end = end

    def _find_frames(self) -> None:
        """Note the frames from where the known ones end; a part of one at the end is none yet."""
        handle = self._file()
        size = os.fstat(handle).st_size
        while self._end < size:
            header = self._header_at(handle, size)
            if header is None:
                break
            self._note(*header)
        if self._to_append and self._end < size:
            os.ftruncate(handle, self._end)
            _sync(handle)

    def _header_at(self, handle: int, size: int) -> tuple[FrameHeader, int] | None:
        """The header of the next frame, and where that ends; None for one that was broken off."""
        begin = self._end
        try:
            header_size, body_size, _ = read_prefix(read_at(handle, PREFIX.size, begin))
            end = begin + PREFIX.size + header_size + body_size
            if end > size:
                return None
            header = decode_header(read_at(handle, header_size, begin + PREFIX.size))
            if end == size:
                # The last frame alone may have been broken off with its length written already.
                decode_frame(memoryview(read_at(handle, end - begin, begin)), self._info)
        except NoFrame:
            if self._is_the_last(handle, size):
                return None
            raise self._damaged() from None
        if header.row != self.rows:
            raise self._damaged()
        return header, end

    def _is_the_last(self, handle: int, size: int) -> bool:
        """Whether bytes that are no frame can be what was being written when it broke off: then
        no frame begins after them."""
        rest = size - self._end
        if rest > BROKEN_OFF_BYTES:
            return False
        raw = read_at(handle, rest, self._end)
        place = raw.find(MAGIC, 1)
        while place >= 0:
            try:
                read_prefix(raw[place : place + PREFIX.size])
            except NoFrame:
                place = raw.find(MAGIC, place + 1)
            else:
                return False
        return True

    def _frames_from(self, row: int) -> MarketSlice:
        """The rows of the frame that holds ``row``, and of small ones after it."""
        handle = self._file()
        place = bisect_right(self._starts, row) - 1
        first, found, names = place, list[FrameColumns](), dict[int, tuple[str, ...]]()
        begin = self._offsets[place]
        while place < len(self._starts):
            end = self._offsets[place + 1] if place + 1 < len(self._offsets) else self._end
            if place > first and end - begin > READ_BYTES:
                break
            place += 1
        raw = memoryview(read_at(handle, self._bound(place) - begin, begin))
        position = 0
        while position < len(raw):
            try:
                header, columns, size = decode_frame(raw[position:], self._info)
            except NoFrame:
                raise self._damaged(begin + position) from None
            position += size
            if not header.rows:
                continue
            if not fits(names, columns):
                break
            found.append(columns)
        return joined(found, self._info)

    def _bound(self, place: int) -> int:
        return self._offsets[place] if place < len(self._offsets) else self._end

    def _damaged(self, offset: int | None = None) -> BadMarketData:
        at = self._end if offset is None else offset
        return BadMarketData(
            f"{self._path} is damaged at byte {at}, after row {self.rows}",
            file=str(self._path),
            row=self.rows,
        )


def _sync(handle: int) -> None:
    """Make the file's bytes durable."""
    getattr(os, "fdatasync", os.fsync)(handle)
