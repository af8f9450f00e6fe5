"""Recordings of live markets in memory, which fail and wait where a test tells them to."""

from __future__ import annotations

from bisect import bisect_right

from offbook.domain.book_states import BooksAt, KnownStatus
from offbook.domain.errors import GatewayUnavailable, InvalidInput
from offbook.domain.joining import LastRow
from offbook.domain.market_data import MarketSlice, MergedSlice, SourceSlice
from offbook.ports.recordings import MarketRecording, RecordedPiece, RecordingInfo


class InMemoryRecordings:
    """An ``IMarketRecordings`` that is gone with its process.

    ``recordings`` are those made, by id; ``fail_with`` is raised by every append while it is set.
    """

    def __init__(self) -> None:
        self.recordings: dict[str, InMemoryRecording] = {}
        self.fail_with: Exception | None = None

    async def create(self, about: RecordingInfo) -> MarketRecording:
        """A new, empty recording. Raises InvalidInput for an id in use."""
        if about.id in self.recordings:
            raise InvalidInput(f"there is a recording {about.id} already", recording=about.id)
        made = self.recordings[about.id] = InMemoryRecording(self, about)
        made.is_written = True
        return made

    async def open(self, recording: str, *, to_append: bool) -> MarketRecording:
        """A recording by its id. Raises GatewayUnavailable where there is none, InvalidInput for
        one that is to be continued while it is being written."""
        found = self.recordings.get(recording)
        if found is None:
            raise GatewayUnavailable(f"there is no recording {recording}", market=recording)
        if not to_append:
            return _Reading(found)
        if found.is_written:
            raise InvalidInput(
                f"the recording {recording} is being written already", recording=recording
            )
        found.is_written = True
        return found

    def after_kill(self) -> None:
        """Whoever was writing is gone."""
        for made in self.recordings.values():
            made.is_written = False

    async def latest(self, market: str) -> str | None:
        """The id of the recording of a market that was made last, or None."""
        found = [name for name, made in self.recordings.items() if made.about.market == market]
        return found[-1] if found else None


class InMemoryRecording:
    """One recording: ``pieces`` are what was appended, ``appends`` how often, ``is_written``
    whether somebody has it open to append."""

    def __init__(self, home: InMemoryRecordings, about: RecordingInfo) -> None:
        self.about = about
        self.rows = 0
        self.floor = 0
        self.last: tuple[LastRow, ...] = ()
        self.statuses: tuple[KnownStatus, ...] = ()
        self.books: BooksAt | None = None
        self.pieces: list[RecordedPiece] = []
        self.appends = 0
        self.is_written = False
        self._home = home
        self._starts: list[int] = []
        self._slices: list[MarketSlice] = []

    async def append(self, piece: RecordedPiece) -> None:
        """Add a piece. Raises what the recordings are told to, and InvalidInput."""
        self.appends += 1
        if self._home.fail_with is not None:
            raise self._home.fail_with
        rows = piece.rows
        if rows is not None:
            if rows.start != self.rows or not len(rows):
                raise InvalidInput(f"row {rows.start} came where row {self.rows} was due")
            self._starts.append(rows.start)
            self._slices.append(_as_read(rows))
            self.rows += len(rows)
            self.floor = max(self.floor, int(rows.ts[-1]))
        if piece.clocks:
            self.floor = max(self.floor, piece.clocks[-1].ts)
        self.last, self.statuses = piece.last, piece.statuses
        self.books = piece.books or self.books
        self.pieces.append(piece)

    async def read(self, row: int, limit: int) -> MarketSlice | None:
        """Rows from position ``row``; None past the last."""
        if row < 0 or limit < 1:
            raise ValueError(f"read(row={row}, limit={limit}): expected row >= 0 and limit >= 1")
        place = bisect_right(self._starts, row) - 1
        if place < 0 or row >= self.rows:
            return None
        part = self._slices[place]
        begin = row - part.start
        return part.rows(begin, min(begin + limit, len(part)))

    async def close(self) -> None:
        """Others may go on with it."""
        self.is_written = False


class _Reading:
    """A recording as whoever only reads it holds it."""

    def __init__(self, made: InMemoryRecording) -> None:
        self.about = made.about
        self.read = made.read
        self._made = made

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self._made.rows

    @property
    def floor(self) -> int:
        """The session time (ns UTC) that has been reached."""
        return self._made.floor

    @property
    def last(self) -> tuple[LastRow, ...]:
        """The last row of each source that had one."""
        return self._made.last

    @property
    def statuses(self) -> tuple[KnownStatus, ...]:
        """What the exchange has said."""
        return self._made.statuses

    @property
    def books(self) -> BooksAt | None:
        """The books that were recorded last."""
        return self._made.books

    async def append(self, piece: RecordedPiece) -> None:
        """Raises InvalidInput: it was opened to be read."""
        raise InvalidInput(f"the recording {self.about.id} was opened to be read")

    async def close(self) -> None:
        """Nothing is to be let go."""


def _as_read(rows: MarketSlice) -> MarketSlice:
    """Rows as a file would give them: nothing beside them that a running market has made."""
    if not isinstance(rows, MergedSlice):
        return _bare(rows)
    pieces = tuple(_bare(piece) for piece in rows.pieces)
    return MergedSlice(rows.start, rows.ts, rows.which, rows.index, pieces)


def _bare(piece: SourceSlice) -> SourceSlice:
    columns = {name: getattr(piece, name) for name in piece.present}
    return type(piece)(piece.instrument, piece.start, **columns)
