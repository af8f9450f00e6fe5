"""Rows of a recording as the engine wants them, kept in a file that is mapped into memory.

To read a recording is to decode and to judge it, which costs much more than to pass over it.  A row
file keeps what came of that: the columns as int64, one after another, the extremes of their blocks,
and a footer with the identity of the data (the recording's bytes and every option that decides
which rows they are).  Every part has its SHA-256: that of the footer and of the extremes is checked
when the file is opened, that of each piece of rows before the piece is first given out.

Layout: columns, extremes (lows and highs by column), footer (JSON), SHA-256 of the footer,
its length (8 bytes, little endian), ``MAGIC``.
"""

from __future__ import annotations

import hashlib
import mmap
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import numpy as np

from offbook.adapters.file_locks import lock_file
from offbook.adapters.file_places import BINARY
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import SLICES, DataKind, IntColumn, QuoteSlice, TradeSlice
from offbook.domain.row_index import BLOCK, MID, Extremes, RowIndex

MAGIC: Final = b"offbook rows 1\n\0"
PIECE: Final = 1 << 20
"""Rows that are checked, and given out, together; whole blocks."""

Ticks = QuoteSlice | TradeSlice
_INDEXED: Final = {
    DataKind.QUOTES: ("bid_px", "ask_px", MID),
    DataKind.TRADES: ("price_px",),
}
PART: Final = ".part"
"""What the name of a row file ends in that is not whole yet."""
_TRAILER: Final = 32 + 8 + len(MAGIC)


class RowFileDamaged(Exception):
    """A row file is torn, damaged or another's; whoever reads it turns to the recording."""


class Footer(msgspec.Struct, frozen=True, kw_only=True):
    """What a row file holds. ``digests``: by column, of each piece of rows; ``index``: of all
    extremes together."""

    identity: str
    kind: DataKind
    rows: int
    columns: tuple[str, ...]
    block: int
    piece: int
    digests: dict[str, list[str]]
    index: str


class RowFile:
    """A row file that is mapped; for any thread. All that it gives out stays valid, also when the
    file is removed or replaced; nobody may shorten it while it is mapped."""

    def __init__(self, path: Path, identity: str, instrument: Instrument) -> None:
        """Map a file. Raises RowFileDamaged unless it is whole and of this identity, OSError."""
        self.path = path
        self._checked: set[int] = set()
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self.footer = footer = self._read_footer()
            if footer.identity != identity or (footer.block, footer.piece) != (BLOCK, PIECE):
                raise _damaged(path, "is of other data")
            self._columns = self._column_views()
            self._whole = self._slice(instrument)
        except (ValueError, TypeError, KeyError, msgspec.MsgspecError) as error:
            raise _damaged(path, f"is no row file ({error})") from error

    def __len__(self) -> int:
        return self.footer.rows

    def piece(self, row: int) -> Ticks:
        """The rows of the piece that holds a row, checked. Raises RowFileDamaged."""
        number = row // PIECE
        begin, end = number * PIECE, min((number + 1) * PIECE, len(self))
        if number not in self._checked:
            for name, column in self._columns.items():
                if _digest(column[begin:end]) != self.footer.digests[name][number]:
                    raise _damaged(self.path, f"does not hold what was written ({name})")
            self._checked.add(number)
        return self._whole.rows(begin, end)

    def _read_footer(self) -> Footer:
        trailer = self._map[-_TRAILER:]
        if len(trailer) < _TRAILER or not trailer.endswith(MAGIC):
            raise _damaged(self.path, "is not whole")
        length = int.from_bytes(trailer[32:40], "little")
        raw = self._map[-_TRAILER - length : -_TRAILER] if length < len(self._map) else b""
        if hashlib.sha256(raw).digest() != trailer[:32]:
            raise _damaged(self.path, "has a damaged footer")
        footer = msgspec.json.decode(raw, type=Footer)
        if _data_size(footer) + length + _TRAILER != len(self._map):
            raise _damaged(self.path, "has another length than its footer says")
        return footer

    def _column_views(self) -> dict[str, IntColumn]:
        rows = self.footer.rows
        return {
            name: np.frombuffer(self._map, np.int64, rows, place * rows * 8)
            for place, name in enumerate(self.footer.columns)
        }

    def _slice(self, instrument: Instrument) -> Ticks:
        footer = self.footer
        whole = SLICES[footer.kind](instrument, 0, **self._columns)
        assert isinstance(whole, QuoteSlice | TradeSlice)  # the footer is checked
        names, blocks = _INDEXED[footer.kind], -(-footer.rows // BLOCK)
        begin = len(footer.columns) * footer.rows * 8
        values = np.frombuffer(self._map, np.int64, 2 * len(names) * blocks, begin)
        if _digest(values) != footer.index:
            raise _damaged(self.path, "has damaged extremes")
        parts = values.reshape(2 * len(names), blocks)
        whole.index = RowIndex(
            whole,
            {
                name: Extremes.made(whole.ts, parts[2 * place], parts[2 * place + 1])
                for place, name in enumerate(names)
            },
        )
        return whole


class BeingWritten(Exception):
    """Another writes this row file now, in this process or in another."""


class RowFileWriter:
    """Writes a row file beside its place and moves it there when it is whole; one at a time, over
    whatever a process that is gone has left of one."""

    def __init__(self, path: Path, identity: str, rows: int) -> None:
        """Begin. Raises OSError, and BeingWritten."""
        self.taken = 0
        self._path, self._identity, self._rows = path, identity, rows
        self._partial = path.with_name(path.name + PART)
        self._file = _claimed(self._partial)
        self._kind: DataKind | None = None
        self._names: tuple[str, ...] = ()

    def take(self, piece: Ticks) -> None:
        """The next rows. Raises OSError, and ValueError where they do not go on as they began."""
        names: tuple[str, ...] = piece.COLUMNS
        if piece.ts_event is not None:
            names = (*names, "ts_event")
        if not self._names:
            self._kind, self._names = piece.kind, names
            self._file.truncate(len(names) * self._rows * 8)
        if names != self._names or piece.start != self.taken:
            raise ValueError("the rows do not go on as they began")
        for place, name in enumerate(names):
            self._file.seek((place * self._rows + self.taken) * 8)
            column: IntColumn = getattr(piece, name)
            self._file.write(np.ascontiguousarray(column).data)
        self.taken += len(piece)

    def finish(self, instrument: Instrument) -> None:
        """All rows were taken: add extremes and footer, and let the file appear in its place.

        Raises OSError, and ValueError where rows are missing.
        """
        if self.taken != self._rows or self._kind is None:
            raise ValueError(f"{self.taken} of {self._rows} rows were read")
        self._file.flush()
        mapped = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        columns = {
            name: np.frombuffer(mapped, np.int64, self._rows, place * self._rows * 8)
            for place, name in enumerate(self._names)
        }
        index = _extremes(self._kind, instrument, columns)
        digests = {name: _digests(column) for name, column in columns.items()}
        footer = Footer(
            identity=self._identity,
            kind=self._kind,
            rows=self._rows,
            columns=self._names,
            block=BLOCK,
            piece=PIECE,
            digests=digests,
            index=_digest(index),
        )
        raw = msgspec.json.encode(footer)
        self._file.seek(0, os.SEEK_END)
        self._file.write(index.data)
        self._file.write(raw + hashlib.sha256(raw).digest() + len(raw).to_bytes(8, "little"))
        self._file.write(MAGIC)
        self._file.flush()
        os.fsync(self._file.fileno())
        _close_and(self._file, lambda: self._partial.replace(self._path))

    def abandon(self) -> None:
        """Leave nothing behind. Raises OSError."""
        _close_and(self._file, lambda: self._partial.unlink(missing_ok=True))


def remove_left(folder: Path) -> None:
    """Remove what processes that are gone have left of row files, as far as that can be done."""
    for part in folder.glob(f"*{PART}"):
        with suppress(BeingWritten, OSError):
            _close_and(_claimed(part, os.O_RDWR), part.unlink)


def _claimed(part: Path, flags: int = os.O_RDWR | os.O_CREAT) -> BinaryIO:
    """A part, empty, that nobody else writes while it is open. Raises BeingWritten, OSError."""
    file = os.fdopen(os.open(part, flags | BINARY, 0o644), "r+b")
    try:
        try:
            lock_file(file.fileno())
        except OSError:
            raise BeingWritten(str(part)) from None
        # Whoever had it may have moved it to its place, or removed it, before he let go.
        if not part.exists() or not os.path.samestat(os.fstat(file.fileno()), part.stat()):
            raise BeingWritten(str(part))
        file.truncate(0)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _close_and(file: BinaryIO, dispose: Callable[[], object]) -> None:
    """Close a part and dispose of it: first that, where the system moves files that are open, for
    as soon as it is closed it may be another's."""
    if os.name == "nt":
        file.close()
        dispose()
        return
    try:
        dispose()
    finally:
        file.close()


def _extremes(kind: DataKind, instrument: Instrument, columns: dict[str, Any]) -> IntColumn:
    whole = SLICES[kind](instrument, 0, **columns)
    index, blocks = RowIndex(whole), -(-len(whole) // BLOCK)
    made = [index.of(name, blocks) for name in _INDEXED[kind]]
    return np.concatenate([part for one in made for part in (one.lows, one.highs)])


def _data_size(footer: Footer) -> int:
    blocks = -(-footer.rows // footer.block)
    return 8 * (len(footer.columns) * footer.rows + 2 * len(_INDEXED[footer.kind]) * blocks)


def _digests(column: IntColumn) -> list[str]:
    return [_digest(column[begin : begin + PIECE]) for begin in range(0, len(column), PIECE)]


def _digest(values: IntColumn) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).data).hexdigest()


def _damaged(path: Path, why: str) -> RowFileDamaged:
    return RowFileDamaged(f"{path} {why}")
