"""A session's cursor into the log of a shared market."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from offbook.domain.commands import SkipRows
from offbook.domain.market_data import Cursor, MarketSlice
from offbook.engine.wake import Wake
from offbook.ports.gateway import MarketFeed
from offbook.services.market_hub.shared_market import SharedMarket
from offbook.services.paper_trading.row_reader import ON_THE_WAY, PAST_THE_END, Reading


class CursorReader:
    """Gives one session the rows of the log from its own place on, and lets it sleep there.

    Rows in memory are given as they are, the same objects to all; a session further behind reads
    the recording.  ``on_ready`` is called when what was on the way is there, and when the sleeper
    is woken.  Nothing here is shared with another session but what never changes.
    """

    def __init__(
        self,
        market: SharedMarket,
        feed: MarketFeed,
        row: int,
        block_rows: int,
        on_ready: Callable[[], None],
    ) -> None:
        self.asleep = 0
        self.taken = row
        self._market = market
        self._feed = feed
        self._limit = block_rows
        self._on_ready = on_ready
        self._block: MarketSlice | None = None
        self._reading: asyncio.Task[MarketSlice | None] | None = None
        self._reading_row = -1
        self._note_waking()
        market.enter(self)

    # -- as any reader ----------------------------------------------------------------------

    def loaded(self, row: int) -> MarketSlice | None:
        """The rows from ``row`` on that are in memory, or None if there are none."""
        found = self._market.log.from_row(row)
        return found if found is not None else _within(self._block, row)

    def before(self, row: int, most: int) -> MarketSlice | None:
        """The rows right before ``row`` that are still in memory, at most so many."""
        log = self._market.log
        first = max(row - most, log.in_memory)
        while first < row:
            found = log.from_row(first)
            if found is None:
                return None
            if first + len(found) >= row:
                return found.rows(0, row - first)
            first += len(found)
        return None

    def poll(self, row: int) -> MarketSlice | Reading:
        """The rows from ``row`` on if they are here; past the end once the market is over.

        Raises what ended the market otherwise, and what reading the recording raised.
        """
        market = self._market
        if row > self.taken:
            self.taken = row
            market.moved()
        found = market.log.from_row(row)
        if found is not None:
            return found
        if row < market.log.rows:
            return self._from_recording(row)
        market.raise_trouble()
        return PAST_THE_END if market.over else ON_THE_WAY

    async def at(self, row: int) -> MarketSlice | None:
        """The rows from ``row`` on; None where none has come yet. Raises what ``poll`` does."""
        while (found := self.poll(row)) is ON_THE_WAY:
            if self._reading is None:
                return None
            await asyncio.wait({self._reading})
        return None if isinstance(found, Reading) else found

    async def close(self) -> None:
        """Leave the market and close the feed."""
        self._market.leave(self)
        task, self._reading = self._reading, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._feed.close()

    # -- as the reader of a market that runs by itself --------------------------------------

    @property
    def live(self) -> CursorReader:
        """Itself: this market does not wait for its readers."""
        return self

    @property
    def end(self) -> int:
        """The position of the next row that is to come."""
        return self._market.log.rows

    @property
    def late(self) -> int:
        """How many rows came with a time before one that had been reached."""
        return self._market.log.late

    def reached(self, row: int) -> int:
        """The session time (ns UTC) before which nothing is to come for one who has taken all
        rows before ``row``; 0 where rows from there on have come."""
        log = self._market.log
        return log.floor if row >= log.rows else 0

    def pass_time(self) -> int:
        """Take a clock row of this moment into the log; the session time reached (ns UTC)."""
        return self._market.pass_time()

    def sleep(self, row: int, wake: Wake) -> None:
        """Call ``on_ready`` when something comes that concerns one who has taken all rows before
        ``row``; not later than that is here already, it does so at once."""
        market = self._market
        if row < market.log.rows and self._reading is not None:
            return
        if row < market.log.rows or wake.at < market.log.floor:
            self._on_ready()
            return
        market.sleep(self, wake)

    @property
    def is_asleep(self) -> bool:
        """Whether nothing has come since ``sleep`` that concerns the session."""
        return self.asleep != 0

    def rouse(self) -> None:
        """Sleep no longer."""
        if self.asleep:
            self._market.index.rouse(self)
            self._note_waking()

    def wake_up(self) -> None:
        """Something concerns the session."""
        self._note_waking()
        self._on_ready()

    async def secure(self, cursor: Cursor) -> None:
        """Make the recording durable up to a place. Raises StorageUnavailable."""
        await self._market.secure(cursor)

    def skip(self, row: int, most: int) -> SkipRows | None:
        """What leaves out all rows from ``row`` on that have come, if more than ``most`` came
        while the session was awake.

        Rows that it slept through are never left out: one of them may have woken it.
        """
        end = self.end
        if row < self._woke_row or end - row <= most:
            return None
        log = self._market.log
        return SkipRows(
            command_id=f"skip-{end}",
            first_row=row,
            to_row=end,
            last=log.last(),
            books=log.books(),
            statuses=log.statuses(),
        )

    def lag(self, row: int, now: float) -> float:
        """For how many seconds the row at ``row`` has been waiting at ``now`` (monotonic), or the
        session has been awake: what it slept through was not waiting."""
        if row >= self.end:
            return 0.0
        return max(now - max(self._market.arrived_at(row), self._woke), 0.0)

    def _note_waking(self) -> None:
        self._woke = self._market.monotonic()
        self._woke_row = self.end

    # -- inside -----------------------------------------------------------------------------

    def _from_recording(self, row: int) -> MarketSlice | Reading:
        found = _within(self._block, row)
        if found is not None:
            return found
        if self._reading is not None and self._reading_row != row:
            self._reading.cancel()
            self._reading = None
        if self._reading is None:
            self._reading_row = row
            self._reading = asyncio.create_task(
                self._market.rows_of(row, self._limit), name="read what was recorded"
            )
            self._reading.add_done_callback(self._done)
            return ON_THE_WAY
        if not self._reading.done():
            return ON_THE_WAY
        task, self._reading = self._reading, None
        self._block = task.result()
        found = _within(self._block, row)
        return ON_THE_WAY if found is None else found

    def _done(self, task: asyncio.Task[MarketSlice | None]) -> None:
        if not task.cancelled():
            # Looked at here, for nobody may ask for these rows.
            task.exception()
            self._on_ready()


def _within(block: MarketSlice | None, row: int) -> MarketSlice | None:
    if block is None or not block.start <= row < block.start + len(block):
        return None
    return block.rows(row - block.start, len(block))
