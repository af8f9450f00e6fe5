"""A gateway over rows held in memory, which fails and waits where a test tells it to."""

from __future__ import annotations

import asyncio
import hashlib
from bisect import bisect_right
from collections.abc import Awaitable, Sequence

import msgspec
import numpy as np

from offbook.domain.calendars import ALWAYS_OPEN_CALENDAR, TradingCalendar
from offbook.domain.config import MarketConfig, instruments_of, sources_of
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import (
    IntColumn,
    MarketInfo,
    MarketSlice,
    MergedSlice,
    SourceSlice,
)
from offbook.ports.gateway import FeedExtent


class Gate:
    """A place where the gateway waits: ``reached`` is set on arrival, ``release()`` lets it on.

    A released gate stays open.  All calls come from the event loop that uses the gateway.
    """

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.released = asyncio.Event()

    def release(self) -> None:
        """Let those who wait here, and all who come later, go on."""
        self.released.set()

    def wait(self) -> Awaitable[object]:
        """Announce the arrival; what is returned waits for the release."""
        self.reached.set()
        return self.released.wait()


class _Failure:
    """An error to raise, so many times or always (``times`` is None)."""

    def __init__(self, error: Exception, times: int | None) -> None:
        self._error = error
        self._left = times

    def raise_if_left(self) -> None:
        if self._left == 0:
            return
        if self._left is not None:
            self._left -= 1
        raise self._error


class ScriptedGateway:
    """An ``IBrokerGateway`` that opens the same in-memory rows for every configuration.

    ``slices`` are consecutive, in order, of one instrument; none at all is an empty market.
    ``max_rows`` bounds what one read gives, to exercise cuts; ``known_extent=False`` and
    ``clock_stops=False`` make it look live.  ``opened`` and ``closed`` count
    feeds, ``open_feeds`` those not closed yet; ``markets`` lists the configurations asked for.
    """

    def __init__(
        self,
        slices: Sequence[MarketSlice] = (),
        *,
        calendar: TradingCalendar = ALWAYS_OPEN_CALENDAR,
        max_rows: int | None = None,
        known_extent: bool = True,
        clock_stops: bool = True,
    ) -> None:
        self.slices = tuple(part for part in slices if len(part))
        self.calendar = calendar
        self.max_rows = max_rows
        self.known_extent = known_extent
        self.clock_stops = clock_stops
        self.markets: list[MarketConfig] = []
        self.opened = 0
        self.closed = 0
        self.last_feed: ScriptedFeed | None = None
        self._open_failure: _Failure | None = None
        self._open_gate: Gate | None = None
        self._row_failures: dict[int, _Failure] = {}
        self._row_gates: dict[int, Gate] = {}
        self._identities: dict[bytes, str] = {}
        self._starts = [part.start for part in self.slices]
        expected = self.slices[0].start if self.slices else 0
        for part in self.slices:
            if part.start != expected:
                raise ValueError(f"slices are not consecutive: row {expected} is missing")
            expected += len(part)

    def identity(self, market: MarketConfig) -> str:
        """A digest of the rows as those of a market; found once, for rows may be many."""
        key = msgspec.json.encode(market)
        if key not in self._identities:
            self._identities[key] = _identity(self.slices, market)
        return self._identities[key]

    @property
    def open_feeds(self) -> int:
        """Feeds that were opened and not closed; 0 after a test that leaks nothing."""
        return self.opened - self.closed

    def fail_open(self, error: Exception, *, times: int | None = None) -> None:
        """Let ``open`` raise ``error``, ``times`` times or always."""
        self._open_failure = _Failure(error, times)

    def block_open(self) -> Gate:
        """Let ``open`` wait at the gate that is returned."""
        self._open_gate = Gate()
        return self._open_gate

    def fail_at(self, row: int, error: Exception, *, times: int | None = None) -> None:
        """Let the read that begins at ``row`` raise; rows before it are still given.

        ``row`` may be the end of the market: then the read that would have given None raises.
        """
        self._row_failures[row] = _Failure(error, times)

    def block_at(self, row: int) -> Gate:
        """Let the read that begins at ``row`` wait; rows before it are still given."""
        return self._row_gates.setdefault(row, Gate())

    async def open(self, market: MarketConfig) -> ScriptedFeed:
        """Open the rows, after waiting and failing as told.

        Raises what ``fail_open`` named, and InvalidConfig when the configuration is of another
        kind or instrument than the rows.
        """
        self.markets.append(market)
        if self._open_gate is not None:
            await self._open_gate.wait()
        if self._open_failure is not None:
            self._open_failure.raise_if_left()
        feed = ScriptedFeed(self, market)
        self.opened += 1
        return feed

    def _stop_before(self, row: int) -> int | None:
        """The next row after ``row`` at which something is to happen."""
        marks = (*self._row_gates, *self._row_failures)
        return min((mark for mark in marks if mark > row), default=None)


class ScriptedFeed:
    """One opened scripted market: a ``MarketFeed``."""

    __slots__ = ("_gateway", "_open", "_slices", "calendars", "info")

    def __init__(self, gateway: ScriptedGateway, market: MarketConfig) -> None:
        for part in gateway.slices:
            _check_kind(part, market)
        instruments = instruments_of(market)
        self._gateway = gateway
        self._slices = gateway.slices
        self._open = True
        self.info = MarketInfo(
            sources=sources_of(market),
            instruments=instruments,
            data_identity=gateway.identity(market),
            calendar_identity=gateway.calendar.digest(),
            clock_stops=gateway.clock_stops,
        )
        # Whatever an instrument says, it trades by the hours that the test gives.
        self.calendars = tuple(
            msgspec.structs.replace(gateway.calendar, name=name)
            for name in dict.fromkeys(instrument.calendar for instrument in instruments)
        )
        last = gateway.last_feed
        if last is not None and (last.info, last.calendars) == (self.info, self.calendars):
            # Sessions of one market share what they are told of it.
            self.info, self.calendars = last.info, last.calendars
        gateway.last_feed = self

    @property
    def extent(self) -> FeedExtent | None:
        """Length and first and last time of the rows; None when empty or not to be known."""
        if not self._slices or not self._gateway.known_extent:
            return None
        first, last = self._slices[0], self._slices[-1]
        return FeedExtent(
            rows=last.start + len(last), first_ts=int(first.ts[0]), last_ts=int(last.ts[-1])
        )

    async def read(self, row: int, limit: int) -> MarketSlice | None:
        """Rows from ``row``; waits and fails as the gateway was told."""
        if not self._open:
            raise RuntimeError("the feed is closed")
        if row < 0 or limit < 1:
            raise ValueError(f"read(row={row}, limit={limit}): expected row >= 0 and limit >= 1")
        gateway = self._gateway
        if row in gateway._row_gates:
            await gateway._row_gates[row].wait()
        if row in gateway._row_failures:
            gateway._row_failures[row].raise_if_left()
        index = bisect_right(gateway._starts, row) - 1
        if index < 0:
            return None
        part = self._slices[index]
        begin = row - part.start
        if begin >= len(part):
            return None
        length = min(limit, gateway.max_rows or limit, len(part) - begin)
        stop = gateway._stop_before(row)
        if stop is not None:
            length = min(length, stop - row)
        # The whole slice itself, which sessions then share.
        return part if length == len(part) else part.rows(begin, begin + length)

    async def close(self) -> None:
        """Count the close; a second one counts nothing."""
        if self._open:
            self._open = False
            self._gateway.closed += 1


def _check_kind(part: MarketSlice, market: MarketConfig) -> None:
    parts = part.pieces if isinstance(part, MergedSlice) else (part,)
    if len(parts) != len(market.sources):
        raise InvalidConfig("the scripted rows have other sources than the market", field="market")
    for piece, source in zip(parts, market.sources, strict=True):
        if piece.kind is not source.kind or piece.instrument != source.instrument:
            raise InvalidConfig(
                f"the scripted rows are {piece.kind.value} of {piece.instrument.symbol}, the "
                f"market is {source.kind.value} of {source.instrument.symbol}",
                field="market",
            )


def _identity(slices: Sequence[MarketSlice], market: MarketConfig) -> str:
    """A digest of all rows, however they are cut, and of what they are rows of."""
    digest = hashlib.sha256(b"scripted\x00")
    digest.update(
        msgspec.json.encode(
            [(s.kind, s.instrument, s.timeframe_ns) for s in market.sources],
            order="deterministic",
        )
    )
    for number in range(len(market.sources)):
        rows = [_rows_of_source(part, number) for part in slices]
        for name in (*rows[0].COLUMNS, "ts_event") if rows else ():
            digest.update(name.encode() + b"\x00")
            columns = [column for part in rows if (column := _column(part, name)) is not None]
            if len(columns) == len(rows):
                digest.update(np.concatenate(columns).tobytes())
    for part in slices:
        if isinstance(part, MergedSlice):
            digest.update(part.which.tobytes())
    return digest.hexdigest()


def _column(part: SourceSlice, name: str) -> IntColumn | None:
    return getattr(part, name, None)


def _rows_of_source(part: MarketSlice, number: int) -> SourceSlice:
    if not isinstance(part, MergedSlice):
        return part
    return dict(part.parts()).get(number, part.pieces[number].rows(0, 0))
