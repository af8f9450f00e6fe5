"""Who is to be woken by which price and at what time: one index for all sessions of a market.

The bounds of all sleepers of an instrument stand in heaps, the nearest on top, so that a row costs
four comparisons and then only those whom it wakes.  A sleeper that wakes is not looked for in the
heaps: its entries are stale from then on, passed over when they come up, and cleared out when they
are the most.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from typing import Final, Protocol

import msgspec

from offbook.domain.calendars import NEVER
from offbook.domain.market_data import BarSlice, QuoteSlice, TradeSlice
from offbook.engine.wake import NO_FALL, NO_RISE, Wake

PricedSlice = QuoteSlice | TradeSlice | BarSlice
SLACK: Final = 64
"""How many stale entries a heap may hold whatever its size."""


class Sleeper(Protocol):
    """Who sleeps. ``asleep`` is the number of its sleep, 0 while awake; the index sets it."""

    asleep: int

    def wake_up(self) -> None:
        """Something concerns it. Called once per sleep; must not touch the index."""


class Reach(msgspec.Struct, frozen=True, gc=False):
    """How far the prices of some rows of one instrument reach, in price units."""

    low_ask: int
    high_ask: int
    low_bid: int
    high_bid: int

    def with_(self, bid_px: int, ask_px: int) -> Reach:
        """With one more bid and ask."""
        return Reach(
            min(self.low_ask, ask_px),
            max(self.high_ask, ask_px),
            min(self.low_bid, bid_px),
            max(self.high_bid, bid_px),
        )


NOWHERE: Final = Reach(NO_RISE, NO_FALL, NO_RISE, NO_FALL)
"""No price came."""


class _Heap:
    """Bounds of one kind, the nearest first: entries (bound, sleep, sleeper)."""

    __slots__ = ("entries", "top")

    def __init__(self) -> None:
        self.entries: list[tuple[int, int, Sleeper]] = []
        self.top: int = NEVER

    def add(self, bound: int, sleeper: Sleeper, sleeping: int) -> None:
        entries = self.entries
        heappush(entries, (bound, sleeper.asleep, sleeper))
        if len(entries) > 2 * sleeping + SLACK:
            self.entries = [entry for entry in entries if entry[2].asleep == entry[1]]
            heapify(self.entries)
        self.top = self.entries[0][0]

    def reached(self, price: int) -> list[Sleeper]:
        """Take out all whose bound is at or below ``price``, those that still sleep."""
        entries = self.entries
        found = []
        while entries and entries[0][0] <= price:
            _, sleep, sleeper = heappop(entries)
            if sleeper.asleep == sleep:
                found.append(sleeper)
        self.top = entries[0][0] if entries else NEVER
        return found


class _Instrument:
    """All that sleepers wait for of one instrument. What falls is kept with its sign turned."""

    __slots__ = ("ask_falls", "ask_rises", "bid_falls", "bid_rises", "every_row")

    def __init__(self) -> None:
        self.ask_falls, self.ask_rises = _Heap(), _Heap()
        self.bid_falls, self.bid_rises = _Heap(), _Heap()
        self.every_row: list[tuple[int, Sleeper]] = []

    @property
    def is_awaited(self) -> bool:
        heaps = (self.ask_falls, self.ask_rises, self.bid_falls, self.bid_rises)
        return bool(self.every_row) or any(heap.entries for heap in heaps)

    def wait_for_all(self, sleeper: Sleeper, sleeping: int) -> None:
        self.every_row.append((sleeper.asleep, sleeper))
        if len(self.every_row) > 2 * sleeping + SLACK:
            self.every_row = [entry for entry in self.every_row if entry[1].asleep == entry[0]]


class WakeIndex:
    """Finds the sleepers that a row, or the passing of time, concerns.

    An extra wake does no harm; none is missed.  The order in which sleepers are woken means
    nothing.
    """

    def __init__(self, symbols: Iterable[str]) -> None:
        self._instruments = {symbol: _Instrument() for symbol in symbols}
        self._times = _Heap()
        self._sleeps = 0
        self.sleeping = 0

    @property
    def next_at(self) -> int:
        """The earliest session time at which somebody may have to be woken; NEVER if none."""
        return self._times.top

    def sleep(self, sleeper: Sleeper, wake: Wake) -> None:
        """Let one sleep until what ``wake`` tells; one that sleeps already is given up first."""
        self.rouse(sleeper)
        self._sleeps += 1
        sleeper.asleep = self._sleeps
        self.sleeping += 1
        if wake.at < NEVER:
            self._times.add(wake.at, sleeper, self.sleeping)
        for symbol in wake.every_row:
            self._instruments[symbol].wait_for_all(sleeper, self.sleeping)
        for symbol, band in wake.bands.items():
            found, count = self._instruments[symbol], self.sleeping
            if band.ask_falls > NO_FALL:
                found.ask_falls.add(-band.ask_falls, sleeper, count)
            if band.bid_falls > NO_FALL:
                found.bid_falls.add(-band.bid_falls, sleeper, count)
            if band.ask_rises < NO_RISE:
                found.ask_rises.add(band.ask_rises, sleeper, count)
            if band.bid_rises < NO_RISE:
                found.bid_rises.add(band.bid_rises, sleeper, count)

    def rouse(self, sleeper: Sleeper) -> None:
        """One is awake without having been woken here; nothing is looked for."""
        if sleeper.asleep:
            sleeper.asleep = 0
            self.sleeping -= 1

    def rows_came(self, symbol: str, reach: Reach) -> None:
        """Wake those whom rows of an instrument concern."""
        found = self._instruments[symbol]
        if found.every_row:
            waiting, found.every_row = found.every_row, []
            self._wake([sleeper for sleep, sleeper in waiting if sleeper.asleep == sleep])
        if -reach.low_ask >= found.ask_falls.top:
            self._wake(found.ask_falls.reached(-reach.low_ask))
        if reach.high_bid >= found.bid_rises.top:
            self._wake(found.bid_rises.reached(reach.high_bid))
        if reach.high_ask >= found.ask_rises.top:
            self._wake(found.ask_rises.reached(reach.high_ask))
        if -reach.low_bid >= found.bid_falls.top:
            self._wake(found.bid_falls.reached(-reach.low_bid))

    def is_awaited(self, symbol: str) -> bool:
        """Whether anybody may wait for rows of an instrument."""
        return self._instruments[symbol].is_awaited

    def time_passed(self, ts: int) -> None:
        """Wake those for whom something is due at or before ``ts``."""
        if self._times.top <= ts:
            self._wake(self._times.reached(ts))

    def wake_all(self, sleepers: Iterable[Sleeper]) -> None:
        """Wake these, for something else than a row has come."""
        self._wake([sleeper for sleeper in sleepers if sleeper.asleep])

    def _wake(self, sleepers: list[Sleeper]) -> None:
        for sleeper in sleepers:
            if sleeper.asleep:
                self.rouse(sleeper)
                sleeper.wake_up()


def reach_of(rows: PricedSlice) -> Reach:
    """How far the prices of rows reach: of prints the price is both bid and ask, of bars the low
    where something falls and the high where it rises."""
    if isinstance(rows, QuoteSlice):
        if len(rows) == 1:
            bid, ask = int(rows.bid_px[0]), int(rows.ask_px[0])
            return Reach(ask, ask, bid, bid)
        bids, asks = rows.bid_px, rows.ask_px
        return Reach(int(asks.min()), int(asks.max()), int(bids.min()), int(bids.max()))
    if isinstance(rows, BarSlice):
        low, high = int(rows.low_px.min()), int(rows.high_px.max())
    else:
        low, high = int(rows.price_px.min()), int(rows.price_px.max())
    return Reach(low, high, low, high)
