"""Several files as one recording: which they are, their order, and reading one after another."""

from __future__ import annotations

import glob
import itertools
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from offbook.adapters.brokers.replay.faults import RowFault, reasons
from offbook.adapters.brokers.replay.lean_files import is_day_of_lean
from offbook.adapters.brokers.replay.reader import RecordingReader
from offbook.adapters.brokers.replay.source import SUFFIXES
from offbook.adapters.brokers.replay.times import iso
from offbook.domain.errors import BadMarketData, InvalidConfig
from offbook.domain.market_data import BarSlice, SourceSlice
from offbook.ports.gateway import FeedExtent

_MAKE: Final = "offbook data convert"


def find_files(path: str) -> list[str]:
    """The files that a path stands for: itself, those in a folder, or those that fit a pattern.

    Only names that end like recordings count, in order of name.  Raises InvalidConfig where there
    is none; whether a single file exists is for its reader to see.
    """
    place = Path(path).expanduser()
    if place.is_dir():
        found, where = [str(entry) for entry in place.iterdir()], f"in the folder {place}"
    elif glob.has_magic(path) and not place.exists():
        found, where = glob.glob(str(place), recursive=True), f"fitting {place}"
    else:
        return [str(place)]
    recordings = sorted(name for name in found if name.lower().endswith(SUFFIXES))
    if not recordings:
        lean = place.is_dir() and any(is_day_of_lean(Path(name).name) for name in found)
        hint = f"; its days of Lean are made one by: {_MAKE} {place} made.csv.gz" if lean else ""
        raise InvalidConfig(
            f"there is no recording ({', '.join(SUFFIXES)}) {where}{hint}", field="market.path"
        )
    return recordings


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a recording: its reader, the digest of its bytes, its length if known."""

    reader: RecordingReader
    sha256: str
    extent: FeedExtent | None


def in_order(parts: Sequence[Part]) -> list[Part]:
    """The parts by their first times; of a single one nothing is read.

    Raises BadMarketData naming two files whose columns differ, or whose times overlap as far as
    that is known, and what reading the first row of one of unknown length raises.
    """
    if len(parts) == 1:
        return list(parts)
    for part in parts[1:]:
        _require_same_columns(parts[0].reader, part.reader)
    # Of files without a row there is no time; they may stand anywhere.
    begins = {id(part): first_ts(part) for part in parts}
    ordered = sorted(parts, key=lambda part: begins[id(part)])
    for before, after in itertools.pairwise(ordered):
        if before.extent is not None and begins[id(after)] < before.extent.last_ts:
            raise _overlap(before.reader, after.reader, before.extent.last_ts, begins[id(after)])
    return ordered


def whole_extent(parts: Sequence[Part]) -> FeedExtent | None:
    """That of all parts together, where that of each is known."""
    extents = [part.extent for part in parts if part.extent is not None]
    if len(extents) < len(parts):
        return None
    return FeedExtent(
        rows=sum(extent.rows for extent in extents),
        first_ts=extents[0].first_ts,
        last_ts=extents[-1].last_ts,
    )


class ChainedReader:
    """Reads parts one after another, as one file; ``next`` and ``seek`` as of a single one."""

    def __init__(self, path: str, parts: Sequence[Part]) -> None:
        self.path = path
        self._readers = [part.reader for part in parts]
        self._present = 0
        # Where each file begins, as far as that is known: up to the first of unknown length.
        self._starts = [0]
        for part in parts:
            if part.extent is None:
                break
            self._starts.append(self._starts[-1] + part.extent.rows)
        self._last_ts: int | None = None
        self._error: BadMarketData | None = None

    @property
    def first(self) -> RecordingReader:
        """The reader of the first file."""
        return self._readers[0]

    @property
    def times(self) -> tuple[str, ...]:
        """Our names of the times that are read, that of session time first."""
        return self.first.times

    @property
    def dropped(self) -> Counter[str]:
        """By reason, the rows left out so far."""
        return sum((reader.dropped for reader in self._readers), Counter())

    @property
    def examples(self) -> list[tuple[str, int, RowFault]]:
        """The first rows left out: file, row in it (from 1), and why."""
        return [example for reader in self._readers for example in reader.examples]

    def seek(self, row: int) -> int:
        """Let the next piece hold ``row`` or begin before it; returns where it begins."""
        self._readers[self._present].seek(0)
        known = min(len(self._starts), len(self._readers))
        self._present = bisect_right(self._starts, row, hi=known) - 1
        self._last_ts = self._error = None
        start = self._starts[self._present]
        return start + self._readers[self._present].seek(row - start)

    def next(self) -> SourceSlice | None:
        """The next piece, of one row at least; None after the last row of the last file.

        Raises what a single reader raises, and BadMarketData naming two files that overlap.
        """
        while self._error is None:
            reader, start = self._readers[self._present], self._starts[self._present]
            piece = reader.next()
            if piece is None:
                if self._present + 1 == len(self._readers):
                    self._require_rows(start + reader.kept)
                    return None
                self._go_on(reader)
                continue
            first = int(piece.ts_open[0] if isinstance(piece, BarSlice) else piece.ts[0])
            if self._last_ts is not None and piece.start == 0 and first < self._last_ts:
                before = self._readers[self._present - 1]
                self._error = _overlap(before, reader, self._last_ts, first)
                break
            self._last_ts = int(piece.ts[-1])
            whole = piece.rows(0, len(piece))
            whole.start = piece.start + start
            return whole
        raise self._error

    def interrupt(self) -> None:
        """End what another thread is doing here, as soon as it can be ended."""
        for reader in self._readers:
            reader.interrupt()

    def close(self) -> None:
        """Let files and memory go; a second time does nothing."""
        for reader in self._readers:
            reader.close()

    def _go_on(self, reader: RecordingReader) -> None:
        """To the next file; the one that was read lets its memory go."""
        if self._present + 1 == len(self._starts):
            self._starts.append(self._starts[-1] + reader.kept)
        reader.seek(0)
        self._present += 1
        self._readers[self._present].seek(0)

    def _require_rows(self, kept: int) -> None:
        if kept == 0:
            why = reasons(self.dropped)
            raise BadMarketData(
                f"{self.path} has no rows: all were dropped ({why})", file=self.path
            )


def first_ts(part: Part) -> int:
    """When a part begins (ns UTC), its first row read where its extent is unknown; 0 without any.

    Raises BadMarketData for a first row that is refused.
    """
    if part.extent is not None:
        return part.extent.first_ts
    first = part.reader.next()
    part.reader.seek(0)
    return int(first.ts[0]) if first is not None else 0


def _require_same_columns(one: RecordingReader, other: RecordingReader) -> None:
    if one.names == other.names:
        return
    raise BadMarketData(
        f"{one.source.path} and {other.source.path} have other columns: {', '.join(one.names)}; "
        f"and {', '.join(other.names)}. Files of one recording must have the same",
        file=other.source.path,
    )


def _overlap(
    before: RecordingReader, after: RecordingReader, reached: int, begins: int
) -> BadMarketData:
    return BadMarketData(
        f"{before.source.path} and {after.source.path} overlap: the first reaches {iso(reached)}, "
        f"the second begins at {iso(begins)}. Files of one recording must follow one another",
        file=after.source.path,
        reason="overlap",
    )
