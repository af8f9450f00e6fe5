"""Reading a feed ahead of whoever uses its rows."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from typing import Final, Protocol

from offbook.domain.commands import SkipRows
from offbook.domain.market_data import Cursor, MarketSlice
from offbook.engine.wake import Wake
from offbook.ports.gateway import MarketFeed


class Reading(enum.Enum):
    """What there is instead of rows."""

    ON_THE_WAY = "on_the_way"
    PAST_THE_END = "past_the_end"


ON_THE_WAY: Final = Reading.ON_THE_WAY
PAST_THE_END: Final = Reading.PAST_THE_END


class LiveRows(Protocol):
    """What the log of a market that runs by itself offers beside its rows."""

    @property
    def end(self) -> int:
        """The position of the next row that is to come."""

    @property
    def late(self) -> int:
        """How many rows came with a time before one that had been reached."""

    def reached(self, row: int) -> int:
        """The session time (ns UTC) before which nothing is to come for one who has taken all
        rows before ``row``; 0 where rows from there on have come."""

    def pass_time(self) -> int:
        """Take a clock row of this moment into the log; the session time reached (ns UTC)."""

    def sleep(self, row: int, wake: Wake) -> None:
        """Let the session that has taken all rows before ``row`` be told when something comes
        that concerns it, at once if that is here already."""

    @property
    def is_asleep(self) -> bool:
        """Whether nothing has come since ``sleep`` that concerns the session."""

    def rouse(self) -> None:
        """Sleep no longer."""

    async def secure(self, cursor: Cursor) -> None:
        """Make the recording durable up to a place. Raises StorageUnavailable."""

    def skip(self, row: int, most: int) -> SkipRows | None:
        """What leaves out all rows from ``row`` on that have come, if more than ``most`` came
        while the session was awake."""

    def lag(self, row: int, now: float) -> float:
        """For how many seconds the row at ``row`` has been waiting at ``now`` (monotonic) while
        the session was awake."""


class SessionRows(Protocol):
    """The rows of one session's market, from any position on."""

    @property
    def live(self) -> LiveRows | None:
        """More, where the market runs by itself; None of a recording."""

    def loaded(self, row: int) -> MarketSlice | None:
        """Rows from ``row`` on that are in memory, or None if there are none."""

    def before(self, row: int, most: int) -> MarketSlice | None:
        """The rows right before ``row`` that are still in memory, at most so many."""

    def poll(self, row: int) -> MarketSlice | Reading:
        """Rows from ``row`` on if they are here; else they are on the way after this call.

        Raises what reading them raised; the call after that reads again.
        """

    async def at(self, row: int) -> MarketSlice | None:
        """Rows from ``row`` on, at least one; None past the end. Raises what ``poll`` does."""

    async def close(self) -> None:
        """Give up reading and close the feed."""


class RowReader:
    """Gives the rows from any position on, with the next block already being read.

    For one reader that mostly moves forward.  ``on_ready`` is called when a read has ended.
    """

    __slots__ = (
        "_block",
        "_feed",
        "_limit",
        "_on_ready",
        "_reading",
        "_reading_row",
    )

    def __init__(self, feed: MarketFeed, block_rows: int, on_ready: Callable[[], None]) -> None:
        self._feed = feed
        self._limit = block_rows
        self._on_ready = on_ready
        self._block: MarketSlice | None = None
        self._reading: asyncio.Task[MarketSlice | None] | None = None
        self._reading_row = -1

    @property
    def live(self) -> None:
        """The rows of a feed come as they are asked for."""
        return None

    def loaded(self, row: int) -> MarketSlice | None:
        """The rows from ``row`` to the end of the block in memory, or None if it is not there."""
        block = self._block
        if block is None or not block.start <= row < block.start + len(block):
            return None
        return block.rows(row - block.start, len(block))

    def before(self, row: int, most: int) -> MarketSlice | None:
        """The rows right before ``row`` that are still in memory, at most so many."""
        block = self._block
        if block is None or not block.start < row <= block.start + len(block):
            return None
        end = row - block.start
        return block.rows(max(end - most, 0), end)

    def poll(self, row: int) -> MarketSlice | Reading:
        """The rows from ``row`` on if they are here; else they are being read after this call.

        Raises what reading them raised; the call after that reads again.
        """
        found = self.loaded(row)
        if found is not None:
            return found
        if self._reading is not None and self._reading_row != row:
            self._reading.cancel()
            self._reading = None
        if self._reading is None:
            self._read(row)
            return ON_THE_WAY
        if not self._reading.done():
            return ON_THE_WAY
        task, self._reading = self._reading, None
        block = task.result()
        if block is None or not len(block):
            return PAST_THE_END
        self._block = block
        self._read(block.start + len(block))
        return block.rows(row - block.start, len(block))

    async def at(self, row: int) -> MarketSlice | None:
        """The rows from ``row`` on, at least one; None past the end. Raises what ``read`` does."""
        while (found := self.poll(row)) is ON_THE_WAY:
            assert self._reading is not None
            await asyncio.wait({self._reading})
        return None if isinstance(found, Reading) else found

    async def close(self) -> None:
        """Give up reading ahead and close the feed."""
        task, self._reading = self._reading, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._feed.close()

    def _read(self, row: int) -> None:
        self._reading_row = row
        self._reading = asyncio.create_task(self._feed.read(row, self._limit), name="read ahead")
        self._reading.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[MarketSlice | None]) -> None:
        if not task.cancelled():
            # Looked at here, for nobody may ask for these rows.
            task.exception()
            self._on_ready()
