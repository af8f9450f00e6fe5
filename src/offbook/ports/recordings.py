"""Where the rows of live markets are kept: the shared recordings that sessions refer to."""

from __future__ import annotations

from typing import Protocol

import msgspec

from offbook.domain.book_states import BooksAt, KnownStatus
from offbook.domain.calendars import TradingCalendar
from offbook.domain.joining import LastRow
from offbook.domain.market_data import MarketInfo, MarketSlice


class ClockRow(msgspec.Struct, frozen=True, array_like=True):
    """Time that passed between rows: rows from position ``row`` on are not before ``ts``."""

    row: int
    ts: int


class RecordedPiece(msgspec.Struct, frozen=True, kw_only=True):
    """The next part of a recording: rows without a gap, and the clock rows among them.

    Rows and clock rows have one order: a clock row stands before the row of its position, and
    after earlier clock rows of the same position.  Either may be missing, not both.  ``last`` is
    the last row of each source after the piece, by source, and ``statuses`` what the exchange has
    said by then.  ``books`` are those of a place not after the piece, now and then: whoever opens
    the recording makes the books of its end from them.
    """

    rows: MarketSlice | None
    clocks: tuple[ClockRow, ...] = ()
    last: tuple[LastRow, ...] = ()
    statuses: tuple[KnownStatus, ...] = ()
    books: BooksAt | None = None


class RecordingInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording is of: fixed when it is made.

    ``market`` says by which configuration the market is found (a digest); ``info`` and
    ``calendars`` are what sessions of it are attached to.
    """

    id: str
    market: str
    info: MarketInfo
    calendars: tuple[TradingCalendar, ...]


class MarketRecording(Protocol):
    """One recording. One owner appends to it; reads may overlap with that.

    Used from one event loop.
    """

    @property
    def about(self) -> RecordingInfo:
        """What it is of."""

    @property
    def rows(self) -> int:
        """How many rows are durable."""

    @property
    def floor(self) -> int:
        """The session time (ns UTC) that the durable part has reached: rows to come are not
        before it."""

    @property
    def last(self) -> tuple[LastRow, ...]:
        """The last durable row of each source that had one, by source."""

    @property
    def statuses(self) -> tuple[KnownStatus, ...]:
        """What the exchange has said by the last durable row."""

    @property
    def books(self) -> BooksAt | None:
        """The books that were recorded last; None for none yet."""

    async def append(self, piece: RecordedPiece) -> None:
        """Add a piece, whose first row is ``rows``; it is durable on return.

        Raises StorageUnavailable: nothing of it was added then, and it may be tried again.
        InvalidInput for a piece that does not continue the recording.
        """

    async def read(self, row: int, limit: int) -> MarketSlice | None:
        """Durable rows from position ``row``, at least one and at most ``limit``; None past the
        last.  How they are cut means nothing.

        Raises BadMarketData for a part that is damaged, StorageUnavailable where it cannot be
        read.
        """

    async def close(self) -> None:
        """Let files go. Closing twice is allowed."""


class IMarketRecordings(Protocol):
    """All recordings of one place."""

    async def create(self, about: RecordingInfo) -> MarketRecording:
        """A new, empty recording. Raises StorageUnavailable, InvalidInput for an id in use."""

    async def open(self, recording: str, *, to_append: bool) -> MarketRecording:
        """A recording by its id; what an append that was broken off has left is passed over, and
        cut off where it is to be continued.  Whoever made it, or opened it to append, is its only
        writer until that is closed.

        Raises GatewayUnavailable where there is none, BadMarketData where it is damaged, and
        InvalidInput for a second writer.
        """

    async def latest(self, market: str) -> str | None:
        """The id of the recording of a market that was made last, or None."""
