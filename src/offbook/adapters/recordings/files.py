"""Recordings in a directory: one directory each, with what it is of and the rows in one file."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import structlog

from offbook.adapters.file_places import sync_directory
from offbook.adapters.recordings.rows_file import RowsFile
from offbook.domain.book_states import BooksAt, KnownStatus
from offbook.domain.errors import (
    BadMarketData,
    GatewayUnavailable,
    InvalidInput,
    StorageUnavailable,
)
from offbook.domain.joining import LastRow
from offbook.domain.market_data import MarketSlice
from offbook.ports.recordings import MarketRecording, RecordedPiece, RecordingInfo

T = TypeVar("T")
_log = structlog.get_logger(__name__)
_ABOUT: Final = "about.json"
_ROWS: Final = "rows.obr"
_NAME: Final = re.compile(r"[\w-]{1,100}")


class FileRecordings:
    """An ``IMarketRecordings`` in a directory, which is made when it is needed.

    Whoever writes there writes through one of these: two in one directory know nothing of each
    other's recordings.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._written: set[str] = set()

    async def create(self, about: RecordingInfo) -> MarketRecording:
        """A new, empty recording. Raises StorageUnavailable, InvalidInput for an id in use."""
        place = self._place(about.id)
        made = self._hold(place, about, to_append=True)
        await _or_closed(made, lambda: _create(place, about))
        return made

    async def open(self, recording: str, *, to_append: bool) -> MarketRecording:
        """A recording by its id. Raises GatewayUnavailable, BadMarketData, and InvalidInput for
        one that is to be continued while it is being written."""
        place = self._place(recording)
        about = await asyncio.to_thread(_about, place)
        found = self._hold(place, about, to_append=to_append)
        await _or_closed(found, found.open_rows)
        return found

    def _hold(self, place: Path, about: RecordingInfo, *, to_append: bool) -> FileRecording:
        """A recording that is written by nobody else until it is closed, if it is to be written."""
        rows = RowsFile(place / _ROWS, about.info, to_append=to_append)
        if not to_append:
            return FileRecording(place, about, rows)
        if about.id in self._written:
            raise InvalidInput(
                f"the recording {about.id} is being written already", recording=about.id
            )
        self._written.add(about.id)
        return FileRecording(place, about, rows, lambda: self._written.discard(about.id))

    async def latest(self, market: str) -> str | None:
        """The id of the recording of a market that was made last, or None: ids sort by time."""
        return await asyncio.to_thread(self._latest, market)

    def _latest(self, market: str) -> str | None:
        if not self._directory.is_dir():
            return None
        for place in sorted(self._directory.iterdir(), reverse=True):
            if (place / _ABOUT).is_file() and _is_of(place, market):
                return place.name
        return None

    def _place(self, recording: str) -> Path:
        # The id may come from a stored record: it must not lead out of the directory.
        if not _NAME.fullmatch(recording):
            raise GatewayUnavailable(f"there is no recording {recording!r}", market=recording)
        return self._directory / recording


class FileRecording:
    """One recording on disk: a ``MarketRecording``. Files are touched in a thread of its own."""

    def __init__(
        self,
        place: Path,
        about: RecordingInfo,
        rows: RowsFile,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        self.about = about
        self._place = place
        self._rows = rows
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="offbook-recording")
        self._on_close = on_close
        self._closed = False

    @property
    def rows(self) -> int:
        """How many rows are durable."""
        return self._rows.rows

    @property
    def floor(self) -> int:
        """The session time (ns UTC) that the durable part has reached."""
        return self._rows.floor

    @property
    def last(self) -> tuple[LastRow, ...]:
        """The last durable row of each source that had one."""
        return self._rows.last

    @property
    def statuses(self) -> tuple[KnownStatus, ...]:
        """What the exchange has said by the last durable row."""
        return self._rows.statuses

    @property
    def books(self) -> BooksAt | None:
        """The books that were recorded last; None for none yet."""
        return self._rows.books

    async def append(self, piece: RecordedPiece) -> None:
        """Add a piece, durably. Raises StorageUnavailable, InvalidInput."""
        await self.run(lambda: self._rows.append(piece))

    async def read(self, row: int, limit: int) -> MarketSlice | None:
        """Durable rows from position ``row``. Raises BadMarketData, StorageUnavailable."""
        if row < 0 or limit < 1:
            raise ValueError(f"read(row={row}, limit={limit}): expected row >= 0 and limit >= 1")
        return await self.run(lambda: self._rows.read(row, limit))

    async def close(self) -> None:
        """Let the file and the thread go."""
        if not self._closed:
            try:
                await self.run(self._let_go)
            finally:
                self._closed = True
                self._executor.shutdown(wait=False)

    def _let_go(self) -> None:
        """In its thread, and so after all that is under way: from then on others may write."""
        try:
            self._rows.close()
        finally:
            # Once: another may have opened the recording since, and this name would let him go.
            on_close, self._on_close = self._on_close, _nothing
            on_close()

    def open_rows(self) -> None:
        """Find what is there; for its thread. Raises BadMarketData, OSError."""
        self._rows.open()

    async def run(self, work: Callable[[], T]) -> T:
        """Do work in the recording's thread; a caller that is cancelled does not break it off.

        Raises StorageUnavailable for what the system refuses.
        """
        if self._closed:
            raise StorageUnavailable(f"the recording {self.about.id} was closed")
        done = asyncio.get_running_loop().run_in_executor(self._executor, work)
        try:
            return await asyncio.shield(done)
        except OSError as error:
            raise StorageUnavailable(
                f"{self._place}: {error.strerror or error}", path=str(self._place)
            ) from error


async def _or_closed(recording: FileRecording, work: Callable[[], None]) -> None:
    """Do work in a recording's thread; where that fails the recording is let go."""
    try:
        await recording.run(work)
    except BaseException:
        await recording.close()
        raise


def _create(place: Path, about: RecordingInfo) -> None:
    try:
        place.mkdir(parents=True)
    except FileExistsError:
        raise InvalidInput(f"there is a recording {about.id} already", recording=about.id) from None
    (place / _ROWS).touch()
    new = place / f"{_ABOUT}.new"
    with new.open("wb") as file:
        file.write(msgspec.json.encode(about))
        file.flush()
        os.fsync(file.fileno())
    new.rename(place / _ABOUT)
    for directory in (place, place.parent, place.parent.parent):
        sync_directory(directory)


def _is_of(place: Path, market: str) -> bool:
    """Whether a recording is of a market.

    Of one that does not say nobody knows: it is no reason to open no other, and whoever was in it
    is told when he opens it.
    """
    try:
        return _about(place).market == market
    except (BadMarketData, GatewayUnavailable) as error:
        _log.warning("recording_passed_over", recording=place.name, error=str(error))
        return False


def _about(place: Path) -> RecordingInfo:
    try:
        raw = (place / _ABOUT).read_bytes()
    except OSError as error:
        raise GatewayUnavailable(
            f"there is no recording {place.name} under {place.parent}", market=place.name
        ) from error
    try:
        return msgspec.json.decode(raw, type=RecordingInfo)
    except msgspec.MsgspecError as error:
        raise BadMarketData(f"{place / _ABOUT} is damaged: {error}", file=str(place)) from error


def _nothing() -> None:
    """Nobody is to be told any more."""
