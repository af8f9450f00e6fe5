"""The gateway and its feeds: one worker thread a feed, one piece read ahead."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from types import MappingProxyType
from typing import Final, TypeVar

import msgspec

from offbook.adapters.brokers.beginnings import expiry_of, require_before_expiry
from offbook.adapters.brokers.replay.extent import find_extent
from offbook.adapters.brokers.replay.files import (
    ChainedReader,
    Part,
    find_files,
    first_ts,
    in_order,
    whole_extent,
)
from offbook.adapters.brokers.replay.reader import RecordingReader
from offbook.adapters.brokers.replay.row_cache import PieceReader, RowCache
from offbook.adapters.brokers.replay.source import Source, Survey, open_source, survey
from offbook.adapters.brokers.replay.zones import load_zone
from offbook.adapters.calendars import load_calendar
from offbook.domain.calendars import TradingCalendar
from offbook.domain.config import MarketConfig, OffHours, ReplayMarket, sources_of
from offbook.domain.errors import BadMarketData, GatewayUnavailable, InvalidConfig
from offbook.domain.market_data import MarketInfo, MarketSlice
from offbook.ports.gateway import FeedExtent

READER_VERSION: Final = 1
"""Part of every data identity; raised when the same file and options would give other rows."""


T = TypeVar("T")

_NOWHERE: Final = 2**63


Surveys = dict[Source, Survey]
"""What is known of files, by all that tells them apart: path, inode, size, time of change."""


class ReplayGateway:
    """Opens recordings on disk: an ``IBrokerGateway`` for ``ReplayMarket``.

    With ``keep_surveys`` a file that it has digested and counted once is not digested again as long
    as its size and time of change stay what they were.  With a ``cache`` the rows of a recording
    that was read to its end are kept, and given from there when it is opened again.
    """

    def __init__(self, cache: RowCache | None = None, *, keep_surveys: bool = False) -> None:
        self._cache = cache
        self._surveys: Surveys | None = {} if keep_surveys else None

    async def open(self, market: MarketConfig) -> ReplayFeed:
        """Open a recording, digest it, and begin to read.

        Raises InvalidConfig (no such file, unknown kind of file or calendar, missing columns),
        BadMarketData (empty, damaged, without header) and GatewayUnavailable (cannot be read).
        Bad rows are told by the ``read`` that meets them (the first row of a contract that expires
        is read here, so that one that has ended before is refused: InvalidConfig).  A caller that
        is cancelled leaves nothing open.
        """
        if not isinstance(market, ReplayMarket):
            raise InvalidConfig("the replay gateway opens recordings only", field="market.type")
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="offbook-replay")
        stop = Event()
        opening = executor.submit(self._open, market, stop)
        try:
            opened = await _outcome(opening)
        except BaseException:
            stop.set()
            opening.add_done_callback(_close_opened)
            executor.shutdown(wait=False)
            raise
        return ReplayFeed(executor, *opened)

    def _open(self, market: ReplayMarket, stop: Event) -> tuple[OpenedRecording, PieceReader]:
        opened = open_recording(market, stop, self._surveys)
        if self._cache is None:
            return opened, opened.reader
        return opened, self._cache.reader(opened.reader, opened.info, opened.extent)


class ReplayFeed:
    """One opened recording: a ``MarketFeed``.

    ``row`` counts the rows that were kept.  Reading on from where the last read ended is fast; a
    jump starts the file again and skips to its place.
    """

    def __init__(
        self, executor: ThreadPoolExecutor, opened: OpenedRecording, reader: PieceReader
    ) -> None:
        self._executor = executor
        self._reader = reader
        self._info = opened.info
        self._calendars = (opened.calendar,)
        self._extent = opened.extent
        self._lock = asyncio.Lock()
        self._piece: MarketSlice | None = None
        self._position = 0
        self._ahead: Future[MarketSlice | None] | None = executor.submit(self._reader.next)
        self._closed = False

    @property
    def info(self) -> MarketInfo:
        """Instrument, kind and identity of the data."""
        return self._info

    @property
    def calendars(self) -> tuple[TradingCalendar, ...]:
        """The trading hours of the instrument."""
        return self._calendars

    @property
    def extent(self) -> FeedExtent | None:
        """Rows, first and last time; None if rows may be dropped or could not be counted."""
        return self._extent

    @property
    def dropped(self) -> Mapping[str, int]:
        """Reason -> rows left out so far; grows as the recording is read."""
        return MappingProxyType(dict(self._reader.dropped))

    async def read(self, row: int, limit: int) -> MarketSlice | None:
        """Rows from position ``row``, at least one and at most ``limit``; None past the end.

        Raises BadMarketData naming file, row and column of a row that is refused (rows before it
        are still given), and GatewayUnavailable when the file cannot be read; that may be tried
        again.  A jump over a bad row does not find it.
        """
        if row < 0 or limit < 1:
            raise ValueError(f"read(row={row}, limit={limit}): expected row >= 0 and limit >= 1")
        async with self._lock:
            piece = self._piece
            if piece is None or not piece.start <= row < piece.start + len(piece):
                piece = await self._piece_with(row)
        if piece is None:
            return None
        begin = row - piece.start
        return piece.rows(begin, min(begin + limit, len(piece)))

    async def close(self) -> None:
        """End the worker thread and let the file go; a read under way fails. Twice is allowed."""
        self._closed = True
        self._piece = None
        self._reader.interrupt()
        self._ahead = None
        try:
            closing = self._executor.submit(self._reader.close)
        except RuntimeError:
            return  # closed before
        self._executor.shutdown(wait=False)
        await _outcome(closing)

    async def _piece_with(self, row: int) -> MarketSlice | None:
        """The piece that holds ``row``, made the present one; None past the end."""
        if row >= self._position:
            try:
                piece = await self._next_piece()
            except BadMarketData:
                # Raised by the read of the bad row itself, whatever was read ahead for another.
                if row == self._position:
                    raise
            else:
                if piece is None or row < piece.start + len(piece):
                    return piece
        await self._seek(row)
        while (piece := await self._next_piece()) is not None:
            if row < piece.start + len(piece):
                return piece
        return None

    async def _next_piece(self) -> MarketSlice | None:
        self._require_open()
        if self._ahead is None:
            self._ahead = self._executor.submit(self._reader.next)
        ahead = self._ahead
        try:
            piece = await _outcome(ahead)
        except asyncio.CancelledError:
            raise  # the caller's; what was read ahead is still to come
        except Exception:
            self._ahead = None
            raise
        self._require_open()
        self._ahead = None
        if piece is not None:
            self._piece = piece
            self._position = piece.start + len(piece)
            self._ahead = self._executor.submit(self._reader.next)
        return piece

    async def _seek(self, row: int) -> None:
        self._require_open()
        self._ahead, self._piece = None, None
        seeking = self._executor.submit(self._reader.seek, row)
        # If the caller is cancelled here, the next read finds no position and seeks again.
        self._position = _NOWHERE
        self._position = await _outcome(seeking)

    def _require_open(self) -> None:
        if self._closed:
            raise GatewayUnavailable("the recording was closed", market=self._reader.path)


class OpenedRecording(msgspec.Struct, frozen=True):
    """What the worker made of a configuration."""

    reader: RecordingReader | ChainedReader
    info: MarketInfo
    calendar: TradingCalendar
    extent: FeedExtent | None


def open_recording(
    market: ReplayMarket, stop: Event, surveys: Surveys | None = None
) -> OpenedRecording:
    """Open, digest and measure a recording, ready for its first row; ``stop`` ends that early.

    ``surveys`` are those that were made before, and take up the new ones.

    The caller closes the reader.  Raises as ``ReplayGateway.open`` does.
    """
    calendar = load_calendar(market.instrument.calendar)
    files = find_files(market.path)
    parts: list[Part] = []
    try:
        for file in files:
            alone = msgspec.structs.replace(market, path=file)
            several = len(files) > 1
            parts.append(_open_part(alone, calendar, stop, surveys, may_be_empty=several))
        parts = in_order(parts)
        if expiry_of(market.instrument) is not None:
            require_before_expiry(market.instrument, first_ts(parts[0]), market.path)
    except BaseException:
        for part in parts:
            part.reader.close()
        raise
    info = MarketInfo(
        sources=sources_of(market),
        instruments=(market.instrument,),
        data_identity=_identity(market, parts, calendar),
        calendar_identity=calendar.digest(),
    )
    reader = parts[0].reader if len(parts) == 1 else ChainedReader(market.path, parts)
    return OpenedRecording(reader, info, calendar, whole_extent(parts))


def _open_part(
    market: ReplayMarket,
    calendar: TradingCalendar,
    stop: Event,
    surveys: Surveys | None,
    *,
    may_be_empty: bool,
) -> Part:
    source = open_source(market.path, market.header)
    reader = RecordingReader(source, market, calendar, may_be_empty=may_be_empty)
    try:
        surveyed = None if surveys is None else surveys.get(source)
        if surveyed is None:
            surveyed = survey(source, stop.is_set)
        extent = find_extent(market, reader, surveyed)
        source.check_unchanged()
        if surveys is not None:
            surveys[source] = surveyed
    except BaseException:
        reader.close()
        raise
    return Part(reader=reader, sha256=surveyed.sha256, extent=extent)


async def _outcome(work: Future[T]) -> T:
    """What the worker makes of ``work``; a caller that is cancelled does not cancel it."""
    waiting = asyncio.wrap_future(work)
    # An error that nobody waits for any more is not worth a complaint.
    waiting.add_done_callback(lambda done: done.cancelled() or done.exception())
    return await asyncio.shield(waiting)


def _close_opened(opening: Future[tuple[OpenedRecording, PieceReader]]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result()[1].close()


def _identity(market: ReplayMarket, parts: list[Part], calendar: TradingCalendar) -> str:
    """A digest of the bytes and of every option that decides which rows they are."""
    reader = parts[0].reader
    by_session = reader.intervals is not None and reader.intervals.by_session
    hours = market.off_hours is not OffHours.KEEP
    options = {
        "reader": READER_VERSION,
        "kind": market.kind,
        "columns": reader.columns,
        "bad_rows": market.bad_rows,
        "price_precision": market.instrument.price_precision,
        "qty_precision": market.instrument.qty_precision,
        "timeframe_ns": market.timeframe_ns if reader.intervals else None,
        "label": market.label if reader.intervals else None,
        "calendar": calendar.digest() if by_session or hours else None,
        "headed": reader.source.headed,
        "timezone": None if market.timezone is None else load_zone(market.timezone).digest,
        "off_hours": market.off_hours if hours else None,
        "content": [part.sha256 for part in parts],
    }
    return hashlib.sha256(msgspec.json.encode(options, order="deterministic")).hexdigest()
