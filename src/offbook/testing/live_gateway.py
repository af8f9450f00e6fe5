"""A live market that a test or a benchmark drives by hand.

::

    gateway = HandDrivenGateway()
    hub = MarketHub({ReplayMarket: gateway}, InMemoryRecordings(), clock=clock, ids=ids)
    ...
    gateway.push(rows)          # quotes, trades or bars, as a slice
    gateway.advance(ts)         # session time has passed ts
    gateway.end()
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR, TradingCalendar
from offbook.domain.config import MarketConfig, instruments_of, sources_of
from offbook.domain.instruments import ALWAYS_OPEN
from offbook.domain.market_data import Cursor, MarketInfo, MergedSlice, SourceSlice
from offbook.ports.live import Arrived, ClockAdvance, MarketEntry


class HandDrivenGateway:
    """An ``ILiveGateway`` to one market, which gives what is pushed, to whoever is connected.

    What is pushed while nobody is connected waits for the next.  ``connections`` are those made,
    and ``after`` what each said was recorded before.
    """

    def __init__(
        self,
        *,
        calendar: TradingCalendar = ALWAYS_OPEN_CALENDAR,
        start: int = 0,
        endless: bool = True,
        waits: bool = False,
    ) -> None:
        """``start`` is the market's time before anything was pushed (ns UTC)."""
        self.calendar = calendar
        self.endless = endless
        self.waits = waits
        self.time = start
        self.connections: list[HandDrivenMarket] = []
        self.after: list[Cursor] = []
        self._entries: list[MarketEntry] = []
        self._over = False
        self._trouble: Exception | None = None
        self._changed = asyncio.Event()

    def push(self, rows: SourceSlice | MergedSlice, source: int = 0) -> None:
        """Rows come, all at once."""
        self._entries.append(Arrived(rows, source))
        if len(rows):
            self.time = max(self.time, int(rows.ts[-1]))
        self._changed.set()

    def advance(self, ts: int) -> None:
        """Session time passes ``ts`` (ns UTC)."""
        self._entries.append(ClockAdvance(ts))
        self.time = max(self.time, ts + 1)
        self._changed.set()

    def end(self) -> None:
        """The market ends for good, after what was pushed."""
        self._over = True
        self._changed.set()

    def reopen(self) -> None:
        """The market goes on, for whoever connects from now on."""
        self._over = False

    def break_with(self, error: Exception) -> None:
        """Let ``receive`` raise once, after what was pushed."""
        self._trouble = error
        self._changed.set()

    async def connect(self, market: MarketConfig, after: Cursor) -> HandDrivenMarket:
        """Connect."""
        connection = HandDrivenMarket(self, market)
        self.connections.append(connection)
        self.after.append(after)
        self.time = max(self.time, after.ts)
        return connection

    async def _next(self) -> Sequence[MarketEntry]:
        while True:
            if self._entries:
                entries, self._entries = self._entries, []
                return entries
            if self._trouble is not None:
                trouble, self._trouble = self._trouble, None
                raise trouble
            if self._over:
                return ()
            self._changed.clear()
            await self._changed.wait()


class HandDrivenMarket:
    """One connection: a ``LiveMarket``."""

    def __init__(self, gateway: HandDrivenGateway, market: MarketConfig) -> None:
        self._gateway = gateway
        self.closed = False
        instruments = instruments_of(market)
        self.info = MarketInfo(
            sources=sources_of(market),
            instruments=instruments,
            data_identity="live",
            calendar_identity=gateway.calendar.digest(),
            clock_stops=False,
        )
        names = dict.fromkeys(instrument.calendar for instrument in instruments)
        self.calendars = tuple(_named(gateway.calendar, name, len(names)) for name in names)

    @property
    def waits(self) -> bool:
        """As the gateway was told."""
        return self._gateway.waits

    def now(self) -> int:
        """The time that was pushed last."""
        return self._gateway.time

    def seconds_until(self, ts: int) -> float | None:
        """None: time is pushed."""
        return None

    async def receive(self) -> Sequence[MarketEntry]:
        """What was pushed."""
        return await self._gateway._next()

    async def close(self) -> None:
        """Note it."""
        self.closed = True


def _named(calendar: TradingCalendar, name: str, others: int) -> TradingCalendar:
    """The hours that the test gives, for the only calendar or for those that are not always open:
    whatever an instrument says, it trades by them."""
    if name == ALWAYS_OPEN and others > 1:
        return ALWAYS_OPEN_CALENDAR
    return msgspec.structs.replace(calendar, name=name)
