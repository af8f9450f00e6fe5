"""One live market as a hub holds it: followed, recorded, and read by many sessions."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol

import msgspec
import structlog

from offbook.domain.calendars import NEVER, TradingCalendar
from offbook.domain.errors import GatewayUnavailable, OffbookError, StorageUnavailable, anew
from offbook.domain.joining import Joined
from offbook.domain.market_data import (
    Cursor,
    MarketInfo,
    MarketSlice,
    SourceSlice,
    StatusSlice,
    rows_by_source,
)
from offbook.engine.books.books import BOOK_SLICES
from offbook.engine.wake import Wake
from offbook.ports.clock import IClock
from offbook.ports.live import Arrived, LiveMarket, MarketEntry
from offbook.ports.recordings import MarketRecording
from offbook.services.market_hub.followed_books import FollowedBooks
from offbook.services.market_hub.log import MarketLog
from offbook.services.market_hub.wake_index import Sleeper, WakeIndex, reach_of
from offbook.services.paper_trading.waiting import until


class HubLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of a hub.

    ``memory_rows``: about how many rows of a market stay in memory; sessions further behind read
    the recording.  ``unsaved_rows``: about how many rows and clock rows may wait for a recording
    that cannot be written; then nothing more is received until it can.  ``flush_seconds``: how
    long rows may wait to become durable though no session asks.  ``clock_seconds``: how often a
    clock row is taken although nothing is due.  ``ahead_rows``: how far a market that can wait may
    be ahead of the slowest session.
    """

    memory_rows: int = 262_144
    unsaved_rows: int = 1_048_576
    flush_seconds: float = 1.0
    clock_seconds: float = 1.0
    ahead_rows: int = 65_536


_log = structlog.get_logger(__name__)
_MARKS: Final = 4096
"""How many moments of arrival are remembered."""
_MARK_SECONDS: Final = 0.05
_SAVE_ROWS: Final = 16_384
"""How many rows come together before they are written though nobody asks."""


class Follower(Sleeper, Protocol):
    """A session's reader; ``taken`` is how many rows of the market its session has taken."""

    taken: int


class SharedMarket:
    """Follows one live market: every entry into the log, then to those whom it concerns.

    ``over`` is set when the market has ended, ``trouble`` when the connection is lost, or whatever
    else of it broke; both after the last row.
    """

    def __init__(
        self,
        live: LiveMarket,
        recording: MarketRecording,
        *,
        clock: IClock,
        limits: HubLimits,
        on_end: Callable[[SharedMarket], None],
        books: FollowedBooks | None = None,
    ) -> None:
        """``books`` are those where the recording ends."""
        self.info: MarketInfo = recording.about.info
        self.calendars: tuple[TradingCalendar, ...] = recording.about.calendars
        self.recording = recording
        self.log = MarketLog(
            self.info,
            self.calendars,
            rows=recording.rows,
            floor=recording.floor,
            last=recording.last,
            statuses=recording.statuses,
            books=books,
        )
        self.index = WakeIndex(instrument.symbol for instrument in self.info.instruments)
        self.over = False
        self.trouble: OffbookError | None = None
        self._live = live
        self._clock = clock
        self._limits = limits
        self._on_end = on_end
        self._followers: dict[int, Follower] = {}
        self._moved = asyncio.Event()
        self._sooner = asyncio.Event()
        self._due = NEVER
        self._saving: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._marks: list[tuple[int, float]] = []

    @property
    def id(self) -> str:
        """The recording's id."""
        return self.recording.about.id

    def begin(self) -> None:
        """Follow the market from now on."""
        self._tasks = [
            asyncio.create_task(self._watched(self._follow), name="follow a market"),
            asyncio.create_task(self._watched(self._keep_time), name="keep a market's time"),
            asyncio.create_task(self._watched(self._keep_durable), name="keep a market durable"),
        ]

    # -- sessions ---------------------------------------------------------------------------

    def join(self) -> Joined:
        """The present place, for a session that begins here."""
        self.pass_time()
        log = self.log
        return Joined(
            recording=self.id,
            row=log.rows,
            ts=log.floor,
            last=log.last(),
            bars=log.bars_in_progress(),
            books=log.books(),
            statuses=log.statuses(),
        )

    def pass_time(self) -> int:
        """Take a clock row of this moment; the session time that has been reached (ns UTC).

        While the market is held up its time stands: rows that were not received yet are to come.
        """
        if self._is_full:
            return self.log.floor
        if self.log.pass_time(self._live.now() - 1):
            self.index.time_passed(self.log.floor - 1)
        return self.log.floor

    def enter(self, follower: Follower) -> None:
        """A session reads from now on."""
        self._followers[id(follower)] = follower
        self.log.maker.shared = len(self._followers) > 1

    def leave(self, follower: Follower) -> None:
        """A session reads no more."""
        self._followers.pop(id(follower), None)
        self.log.maker.shared = len(self._followers) > 1
        self.index.rouse(follower)
        self._moved.set()

    def raise_trouble(self) -> None:
        """Raise what broke the market, if anything has, to each who asks an error of his own."""
        if self.trouble is not None:
            raise anew(self.trouble) from self.trouble

    def moved(self) -> None:
        """A session has read on."""
        self._moved.set()

    def monotonic(self) -> float:
        """The clock by which arrivals are noted, in seconds."""
        return self._clock.monotonic()

    def arrived_at(self, row: int) -> float:
        """About when the row at a position came, by the monotonic clock."""
        place = bisect_right(self._marks, row, key=lambda mark: mark[0]) - 1
        return self._marks[max(place, 0)][1] if self._marks else 0.0

    # -- taking in --------------------------------------------------------------------------

    def take(self, entry: MarketEntry) -> None:
        """Put an entry into the log and wake those whom it concerns."""
        log, index = self.log, self.index
        if not isinstance(entry, Arrived):
            if log.pass_time(entry.ts):
                index.time_passed(log.floor - 1)
            return
        rows = entry.rows
        if not len(rows):
            return
        self._mark()
        log.add(entry.source, rows)
        for _, part in rows_by_source(rows):
            self._came(part)
        index.time_passed(log.floor)

    def _came(self, part: SourceSlice) -> None:
        """Wake those whom rows of one source concern."""
        index, symbol = self.index, part.instrument.symbol
        if isinstance(part, BOOK_SLICES):
            if index.is_awaited(symbol):
                index.rows_came(symbol, self.log.book_reach(symbol))
        elif isinstance(part, StatusSlice):
            # Who is halted, and whose strategy is told, is not looked for: it comes seldom.
            index.wake_all(list(self._followers.values()))
        else:
            index.rows_came(symbol, reach_of(part))

    def _mark(self) -> None:
        now, marks = self._clock.monotonic(), self._marks
        if not marks or now - marks[-1][1] > _MARK_SECONDS:
            marks.append((self.log.rows, now))
            if len(marks) > _MARKS:
                del marks[: _MARKS // 2]

    async def _watched(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do one of the works of the market; what it raises is the market's trouble."""
        try:
            await work()
        except Exception as error:
            self._break(error)

    def _break(self, error: Exception) -> None:
        """Nothing more is taken in, and the sessions are told, unless it was over before."""
        if self.over or self.trouble is not None:
            return
        if isinstance(error, OffbookError):
            self.trouble = error
        else:
            self.trouble = GatewayUnavailable(f"the market broke: {type(error).__name__}: {error}")
            self.trouble.__cause__ = error
        following = self._tasks[0]
        if following is not asyncio.current_task():
            following.cancel()
        self._tell_end()

    def _tell_end(self) -> None:
        self.index.wake_all(list(self._followers.values()))
        self._on_end(self)

    async def _follow(self) -> None:
        while entries := await self._live.receive():
            for entry in entries:
                self.take(entry)
            self._forget()
            if self._unsaved >= _SAVE_ROWS:
                self._begin_to_save()
            await self._let_follow()
        self.over = True
        self._tell_end()

    def _forget(self) -> None:
        """Let go of rows that are in memory for long.

        Who sleeps there with a book that is lent holds them all the same: he is woken before, and
        sleeps on where the market is.
        """
        log, keep = self.log, self._limits.memory_rows
        before = log.in_memory
        log.forget(keep)
        if log.in_memory > before and log.has_books:
            bound = log.in_memory + keep // 4
            followers = self._followers.values()
            self.index.wake_all([one for one in followers if one.taken < bound])

    async def _let_follow(self) -> None:
        """Hold the market up until neither the recording nor, if it can wait, a session is too far
        behind."""
        if self._is_full and not self._live.waits:
            _log.warning("market_held_up", recording=self.id, unsaved=self._unsaved)
        waits, most = self._live.waits, self._limits.ahead_rows
        await self._while(lambda: self._is_full or (waits and self._behind() > most))
        await asyncio.sleep(0)

    async def _while(self, held_up: Callable[[], bool]) -> None:
        """Until a session, or the recording, has come so far that this is no more."""
        while held_up():
            self._moved.clear()
            await self._moved.wait()

    @property
    def _is_full(self) -> bool:
        """Whether no more may wait for the recording."""
        limits = self._limits
        return self._unsaved > (limits.memory_rows if self._live.waits else limits.unsaved_rows)

    def _behind(self) -> int:
        least = min(
            (follower.taken for follower in self._followers.values() if not follower.asleep),
            default=self.log.rows,
        )
        return self.log.rows - least

    def sleep(self, follower: Follower, wake: Wake) -> None:
        """Let a session sleep until what ``wake`` tells, or the end of the market."""
        self.index.sleep(follower, wake)
        if wake.at < self._due:
            self._sooner.set()

    async def _keep_time(self) -> None:
        """Clock rows when something falls due, and every so often."""
        while True:
            await self._while(lambda: self._is_full)  # its time stands
            self._sooner.clear()
            self._due = self.index.next_at
            seconds = self._live.seconds_until(min(self._due, NEVER - 1))
            if seconds is None:
                return
            seconds = min(max(seconds, 0.001), self._limits.clock_seconds)
            await until(self._sooner, self._clock, seconds)
            if not self._sooner.is_set():
                self.pass_time()

    # -- becoming durable -------------------------------------------------------------------

    @property
    def _unsaved(self) -> int:
        return self.log.waiting

    async def secure(self, cursor: Cursor) -> None:
        """Make the log durable up to a place.

        Raises StorageUnavailable, and it may be tried again; after anything else the market is
        broken.
        """
        while not self._is_durable(cursor):
            self._begin_to_save()
            assert self._saving is not None
            saving = self._saving
            await asyncio.wait({saving})
            error = saving.exception()
            if isinstance(error, StorageUnavailable):
                raise anew(error) from error
            if error is not None:
                self.raise_trouble()
                raise error

    def _is_durable(self, cursor: Cursor) -> bool:
        durable = self.log.durable
        return durable.row >= cursor.row and durable.ts >= min(cursor.ts, self.log.floor)

    def _begin_to_save(self) -> None:
        """Save all there is: one write at a time, and who comes meanwhile shares the next."""
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._save(), name="save a market")
            self._saving.add_done_callback(self._saved)

    async def _save(self) -> None:
        upto = self.log.rows
        while (piece := self.log.unsaved()) is not None:
            await self.recording.append(piece)
            self.log.saved(piece)
            if self.log.durable.row >= upto:
                return

    def _saved(self, saving: asyncio.Task[None]) -> None:
        error = None if saving.cancelled() else saving.exception()
        if isinstance(error, Exception) and not isinstance(error, StorageUnavailable):
            self._break(error)
        # Else raised where it is waited for; whoever does not wait tries again later.
        self._moved.set()

    async def _keep_durable(self) -> None:
        """Save now and then what no session asks for."""
        while True:
            await self._clock.sleep(self._limits.flush_seconds)
            if self.log.unsaved() is not None:
                self._begin_to_save()

    async def rows_of(self, row: int, limit: int) -> MarketSlice | None:
        """Rows that are in memory no more, from the recording."""
        return await self.recording.read(row, limit)

    async def close(self) -> None:
        """Make durable what is not, and let everything go."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await self.secure(Cursor(row=self.log.rows, ts=self.log.floor))
        finally:
            try:
                await self._live.close()
            finally:
                await self.recording.close()
