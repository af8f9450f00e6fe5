"""The pieces of a recording as bytes: a small header, then columns of 64-bit integers.

A frame is ``OBR1``, the length of the header (4 bytes) and of the body (8), a CRC-32 of both (4)
and one of all that (4), little-endian; then the header as JSON; then the body: of a market with
several sources the source of each row (16-bit integers), then the columns of each source.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from offbook.domain.book_states import BooksAt, KnownStatus
from offbook.domain.joining import LastRow
from offbook.domain.market_data import (
    SLICES,
    IntColumn,
    MarketInfo,
    MarketSlice,
    MergedSlice,
    SourceSlice,
    rows_by_source,
)
from offbook.ports.recordings import ClockRow, RecordedPiece

PREFIX: Final = struct.Struct("<4sIQII")
MAGIC: Final = b"OBR1"


class FrameSource(msgspec.Struct, frozen=True, array_like=True):
    """The columns of one source in a frame."""

    source: int
    rows: int
    names: tuple[str, ...]


class FrameHeader(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a frame holds; ``floor``, ``last`` and ``statuses`` are those after it,
    ``books`` those of a place not after it."""

    row: int
    rows: int
    floor: int
    clocks: tuple[ClockRow, ...] = ()
    last: tuple[LastRow, ...] = ()
    sources: tuple[FrameSource, ...] = ()
    statuses: tuple[KnownStatus, ...] = ()
    books: BooksAt | None = None


class NoFrame(Exception):
    """There is no whole frame at this place."""


class FrameColumns(msgspec.Struct, frozen=True):
    """The rows of a frame, or of several that follow one another, in columns by source;
    ``which`` tells the source of each row where there are several."""

    row: int
    which: IntColumn | None
    columns: dict[int, dict[str, IntColumn]]


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(FrameHeader)


def encode_frame(piece: RecordedPiece, row: int, floor: int) -> bytes:
    """A piece whose first row is ``row``, after which ``floor`` has been reached."""
    parts: list[bytes] = []
    sources: list[FrameSource] = []
    rows = piece.rows
    if isinstance(rows, MergedSlice):
        parts.append(rows.which.astype("<i2").tobytes())
    for source, part in [] if rows is None else rows_by_source(rows):
        names = part.present
        sources.append(FrameSource(source, len(part), names))
        parts += [getattr(part, name).astype("<i8", copy=False).tobytes() for name in names]
    header = _ENCODER.encode(
        FrameHeader(
            row=row,
            rows=0 if rows is None else len(rows),
            floor=floor,
            clocks=piece.clocks,
            last=piece.last,
            sources=tuple(sources),
            statuses=piece.statuses,
            books=piece.books,
        )
    )
    body = b"".join(parts)
    crc = zlib.crc32(body, zlib.crc32(header))
    begin = PREFIX.pack(MAGIC, len(header), len(body), crc, 0)
    check = zlib.crc32(begin[:-4]).to_bytes(4, "little")
    return begin[:-4] + check + header + body


def read_prefix(raw: bytes) -> tuple[int, int, int]:
    """Length of the header, of the body, and the check of both. Raises NoFrame."""
    if len(raw) < PREFIX.size:
        raise NoFrame
    magic, header, body, crc, check = PREFIX.unpack_from(raw)
    if magic != MAGIC or zlib.crc32(raw[: PREFIX.size - 4]) != check:
        raise NoFrame
    return header, body, crc


def decode_header(raw: bytes) -> FrameHeader:
    """Raises NoFrame for bytes that are no header."""
    try:
        return _DECODER.decode(raw)
    except msgspec.MsgspecError as error:
        raise NoFrame from error


def decode_frame(raw: memoryview, info: MarketInfo) -> tuple[FrameHeader, FrameColumns, int]:
    """The frame at the beginning of some bytes, and how long it is. Raises NoFrame."""
    header_size, body_size, crc = read_prefix(bytes(raw[: PREFIX.size]))
    begin, end = PREFIX.size + header_size, PREFIX.size + header_size + body_size
    if len(raw) < end or zlib.crc32(raw[PREFIX.size : end]) != crc:
        raise NoFrame
    header = decode_header(bytes(raw[PREFIX.size : begin]))
    which = None
    if len(info.sources) > 1:
        which = np.frombuffer(raw[begin : begin + 2 * header.rows], "<i2").astype(np.int64)
        begin += 2 * header.rows
    columns: dict[int, dict[str, IntColumn]] = {}
    for source in header.sources:
        found = columns[source.source] = {}
        for name in source.names:
            found[name] = np.frombuffer(raw[begin : begin + 8 * source.rows], "<i8")
            begin += 8 * source.rows
    return header, FrameColumns(header.row, which, columns), end


def joined(frames: Sequence[FrameColumns], info: MarketInfo) -> MarketSlice:
    """The rows of frames that follow one another, of which each source has the same columns in
    all; at least one row."""
    row = frames[0].row
    slices: list[SourceSlice] = []
    instruments = {instrument.symbol: instrument for instrument in info.instruments}
    for place, source in enumerate(info.sources):
        kind = SLICES[source.kind]
        found = [frame.columns[place] for frame in frames if place in frame.columns]
        names = tuple(found[0]) if found else kind.COLUMNS
        none = np.zeros(0, np.int64)
        columns = {name: np.concatenate([none, *(one[name] for one in found)]) for name in names}
        slices.append(kind(instruments[source.symbol], row, **columns))
    if len(slices) == 1:
        return slices[0]
    which = np.concatenate([frame.which for frame in frames if frame.which is not None])
    index = np.zeros(len(which), np.int64)
    ts = np.zeros(len(which), np.int64)
    for place, piece in enumerate(slices):
        mine = which == place
        index[mine] = np.arange(len(piece))
        ts[mine] = piece.ts
    return MergedSlice(row, ts, which, index, tuple(slices))


def fits(names: dict[int, tuple[str, ...]], frame: FrameColumns) -> bool:
    """Whether a frame can be joined to those before it, whose columns are ``names`` by source;
    its own are added."""
    own = {source: tuple(columns) for source, columns in frame.columns.items()}
    if any(names.get(source, columns) != columns for source, columns in own.items()):
        return False
    names.update(own)
    return True
