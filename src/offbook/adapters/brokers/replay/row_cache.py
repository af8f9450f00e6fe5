"""Keeps the rows of recordings that were read to their end, and gives them instead of the file.

A recording is kept beside itself, in a hidden folder ``.offbook``; where that cannot be written, in
a folder of the user's.  The name is the identity of the data, so a recording that changed, or is
read with other options, has another file; what is found under a name is checked all the same.
Nothing is kept of recordings whose rows may be left out, of unknown length, of bars, or short ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final, Protocol
from weakref import WeakValueDictionary

import structlog

from offbook.adapters.brokers.replay.row_files import (
    BeingWritten,
    RowFile,
    RowFileDamaged,
    RowFileWriter,
    remove_left,
)
from offbook.domain.instruments import Instrument
from offbook.domain.market_data import (
    DataKind,
    MarketInfo,
    QuoteSlice,
    SourceSlice,
    TradeSlice,
)
from offbook.ports.gateway import FeedExtent

FOLDER = ".offbook"
_log = structlog.get_logger(__name__)

_NOT_KEPT: Final = frozenset({DataKind.BARS, DataKind.DEPTH, DataKind.STATUS, DataKind.ORDERS})


class PieceReader(Protocol):
    """Reads one recording, piece by piece, in one thread; ``interrupt`` alone is for any."""

    @property
    def path(self) -> str:
        """What is read."""

    @property
    def dropped(self) -> Mapping[str, int]:
        """Reason -> rows left out so far."""

    def seek(self, row: int) -> int:
        """Let the next piece hold ``row`` or begin before it; returns where it begins."""

    def next(self) -> SourceSlice | None:
        """The next piece; None after the last row."""

    def interrupt(self) -> None:
        """End what another thread is doing here."""

    def close(self) -> None:
        """Let everything go."""


class RowCache:
    """Where rows are kept. ``elsewhere`` is for recordings in folders that cannot be written;
    recordings of fewer rows than ``least_rows`` are read as they are.

    Files that are open are shared by all sessions of one gateway.  Called from the threads that
    open and read recordings.
    """

    def __init__(self, elsewhere: Path, least_rows: int = 1_000_000) -> None:
        self._elsewhere = elsewhere
        self._least_rows = least_rows
        self._open: WeakValueDictionary[str, RowFile] = WeakValueDictionary()

    def reader(
        self, inner: PieceReader, info: MarketInfo, extent: FeedExtent | None
    ) -> PieceReader:
        """Reads what is kept of a recording, or reads the recording and keeps it."""
        kind = info.sources[0].kind
        if extent is None or extent.rows < self._least_rows or kind in _NOT_KEPT:
            return inner
        places = self._places(inner.path, info.data_identity)
        found = self._found(places, info, extent)
        if found is not None:
            return KeptReader(inner, found)
        return KeepingReader(inner, places, info, extent)

    def _places(self, path: str, identity: str) -> list[Path]:
        recording = Path(path).absolute()
        beside = recording if recording.is_dir() else recording.parent
        name = f"{identity}.rows"
        return [beside / FOLDER / name, self._elsewhere / name]

    def _found(self, places: list[Path], info: MarketInfo, extent: FeedExtent) -> RowFile | None:
        for place in places:
            shared = self._open.get(str(place))
            if shared is not None and place.exists():
                return shared
            try:
                found = RowFile(place, info.data_identity, info.instruments[0])
            except FileNotFoundError:
                continue
            except (RowFileDamaged, OSError) as error:
                _forget(place, error)
                continue
            if len(found) == extent.rows:
                self._open[str(place)] = found
                return found
        return None


class KeptReader:
    """Gives kept rows; where they turn out to be damaged, those of the recording."""

    def __init__(self, inner: PieceReader, kept: RowFile) -> None:
        self._inner = inner
        self._kept: RowFile | None = kept
        self._row = 0

    @property
    def path(self) -> str:
        """The recording."""
        return self._inner.path

    @property
    def dropped(self) -> Mapping[str, int]:
        """None, for of such recordings nothing is kept."""
        return self._inner.dropped

    def seek(self, row: int) -> int:
        """Let the next piece hold ``row``; returns where it begins."""
        if self._kept is None:
            return self._inner.seek(row)
        self._row = min(row, len(self._kept))
        return self._row

    def next(self) -> SourceSlice | None:
        """The next rows, to the end of what is checked together."""
        kept = self._kept
        if kept is None:
            return self._inner.next()
        if self._row >= len(kept):
            return None
        try:
            piece = kept.piece(self._row)
        except RowFileDamaged as error:
            _forget(kept.path, error)
            self._kept = None
            begins = self._inner.seek(self._row)
            rows = self._inner.next()
            skip = self._row - begins
            return rows if rows is None or not skip else rows.rows(skip, len(rows))
        rest = piece.rows(self._row - piece.start, len(piece))
        self._row += len(rest)
        return rest

    def interrupt(self) -> None:
        """End what another thread is doing here."""
        self._inner.interrupt()

    def close(self) -> None:
        """Let everything go; rows that were given out stay valid."""
        self._inner.close()
        self._kept = None


class KeepingReader:
    """Gives the rows of a recording, and keeps them as long as they are read one after another.

    Of several that read one recording at the same time the first to read keeps it; nothing is
    touched before that.
    """

    def __init__(
        self, inner: PieceReader, places: list[Path], info: MarketInfo, extent: FeedExtent
    ) -> None:
        self._inner = inner
        self._instrument: Instrument = info.instruments[0]
        self._begin = partial(_writer, places, info.data_identity, extent.rows)
        self._begun = False
        self._writer: RowFileWriter | None = None

    @property
    def path(self) -> str:
        """The recording."""
        return self._inner.path

    @property
    def dropped(self) -> Mapping[str, int]:
        """Reason -> rows left out so far."""
        return self._inner.dropped

    def seek(self, row: int) -> int:
        """As the recording's; after a jump over rows nothing is kept."""
        return self._inner.seek(row)

    def next(self) -> SourceSlice | None:
        """The next rows of the recording."""
        try:
            piece = self._inner.next()
        except BaseException:
            self._abandon()
            raise
        self._keep(piece)
        return piece

    def interrupt(self) -> None:
        """End what another thread is doing here."""
        self._inner.interrupt()

    def close(self) -> None:
        """Let everything go; what was not read to its end is not kept."""
        self._inner.close()
        self._abandon()

    def _keep(self, piece: SourceSlice | None) -> None:
        if not self._begun and piece is not None:
            self._begun, self._writer = True, self._begin()
        writer = self._writer
        if writer is None:
            return
        try:
            if piece is None:
                writer.finish(self._instrument)
                self._writer = None
            elif not isinstance(piece, QuoteSlice | TradeSlice) or piece.start > writer.taken:
                self._abandon()
            elif piece.start + len(piece) > writer.taken:
                # After a jump back, rows come again that were taken.
                writer.take(piece.rows(writer.taken - piece.start, len(piece)))
        except (OSError, ValueError) as error:
            _log.warning("rows are not kept", recording=self.path, error=str(error))
            self._abandon()

    def _abandon(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            try:
                writer.abandon()
            except OSError as error:
                _log.warning("a part of kept rows stays", recording=self.path, error=str(error))


def _writer(places: list[Path], identity: str, rows: int) -> RowFileWriter | None:
    """Begin to keep rows at the first place that can be written, unless another does already."""
    for place in places:
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            remove_left(place.parent)
            return RowFileWriter(place, identity, rows)
        except BeingWritten:
            return None
        except OSError:
            continue  # the next is for just that
    _log.warning("rows are kept nowhere", places=[str(place) for place in places])
    return None


def _forget(place: Path, error: Exception) -> None:
    """A file that cannot be trusted is taken away, to be made again."""
    _log.warning("kept rows are not used", file=str(place), error=str(error))
    try:
        place.unlink(missing_ok=True)
    except OSError as trouble:
        _log.warning("kept rows cannot be removed", file=str(place), error=str(trouble))
