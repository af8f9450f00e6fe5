"""Recordings of which rows have both times, for sessions whose strategy sees the market late.

Session time is that of reception there.  Where each row is to be seen as late as it was, the times
of all are read before the session begins, once for all sessions of the same data in a process.
"""

from __future__ import annotations

from typing import Final
from weakref import WeakValueDictionary

import numpy as np

from offbook.domain.calendars import TradingCalendar
from offbook.domain.columns import IntColumn
from offbook.domain.config import VenueConfig
from offbook.domain.config.late_view_checks import FIELD, ROW_TIMES
from offbook.domain.errors import InvalidConfig
from offbook.domain.market_data import (
    MarketInfo,
    MarketSlice,
    MergedSlice,
    SourceSlice,
    rows_by_source,
)
from offbook.domain.receipts import Receipts
from offbook.ports.gateway import FeedExtent, MarketFeed

BLOCK_ROWS: Final = 65_536
_known: WeakValueDictionary[str, Receipts] = WeakValueDictionary()


class FeedWithBothTimes:
    """A feed whose rows hold both times; with when its venue had each and it was received, where
    that is asked for."""

    def __init__(self, feed: MarketFeed, receipts: Receipts | None) -> None:
        self._feed = feed
        self.receipts = receipts

    @property
    def info(self) -> MarketInfo:
        """See ``MarketFeed``."""
        return self._feed.info

    @property
    def calendars(self) -> tuple[TradingCalendar, ...]:
        """See ``MarketFeed``."""
        return self._feed.calendars

    @property
    def extent(self) -> FeedExtent | None:
        """See ``MarketFeed``."""
        return self._feed.extent

    async def read(self, row: int, limit: int) -> MarketSlice | None:
        """See ``MarketFeed``."""
        return await self._feed.read(row, limit)

    async def close(self) -> None:
        """See ``MarketFeed``."""
        await self._feed.close()


async def as_late(feed: MarketFeed, venue: VenueConfig) -> MarketFeed:
    """The feed, told to be one of both times where it is and the market is to be seen late, with
    all of them where it is to be seen as late as they tell.

    Where that fails the feed is closed.  Raises InvalidConfig for rows that do not have both, or
    were received before the venue had them, and for a live market, where they are asked for; where
    some sources have both times and some have one, and nobody says which they are; and what the
    feed raises.
    """
    latency = venue.latency
    try:
        if latency.is_recorded:
            return FeedWithBothTimes(feed, await _receipts(feed))
        is_told = latency.row_times is not None or not feed.info.clock_stops
        if latency.shows_late and not is_told and await _has_both_times(feed):
            return FeedWithBothTimes(feed, None)
    except BaseException:
        await feed.close()
        raise
    return feed


async def _has_both_times(feed: MarketFeed) -> bool:
    """Whether rows do, by the first of them, so many whatever slices they come in: a source has
    one time where the venue's is that of reception in all, or is not told."""
    found: dict[int, bool] = {}
    row = 0
    while row < BLOCK_ROWS and (piece := await feed.read(row, BLOCK_ROWS - row)) is not None:
        _note_differing(piece, found)
        row += len(piece)
    if len(set(found.values())) > 1:
        raise InvalidConfig(
            f"{ROW_TIMES}: rows of some sources hold the venue's time and that of their reception, "
            'and those of others one time: say "received" where that is of their reception, or '
            'else "venue"',
            field=ROW_TIMES,
        )
    return any(found.values())


def _note_differing(piece: MarketSlice, found: dict[int, bool]) -> None:
    """Of each source with rows in a slice, whether both times of any so far differ."""
    for source, part in rows_by_source(piece):
        events = part.ts_event
        differs = events is not None and bool((events != part.ts).any())
        found[source] = found.get(source, False) or differs


async def _receipts(feed: MarketFeed) -> Receipts:
    if not feed.info.clock_stops:
        raise _invalid("a live market's rows are yet to come: give a measured distribution")
    receipts = _known.get(feed.info.data_identity)
    if receipts is None:
        receipts = await _read(feed)
        _known[feed.info.data_identity] = receipts
    return receipts


async def _read(feed: MarketFeed) -> Receipts:
    had: list[IntColumn] = []
    received: list[IntColumn] = []
    found: dict[int, bool] = {}
    row = 0
    while (piece := await feed.read(row, BLOCK_ROWS)) is not None:
        _note_differing(piece, found)
        had.append(_events(piece, row))
        received.append(np.array(piece.ts))
        row += len(piece)
    if not row:
        raise _invalid("the recording has no rows")
    for source, differs in sorted(found.items()):
        if not differs:
            told = feed.info.sources[source]
            raise _invalid(
                f"all its {told.kind.value} of {told.symbol} were received when the venue had "
                "them, so they have one time: give market_data_ns, or a distribution"
            )
    return Receipts.of(np.concatenate(had), np.concatenate(received))


def _events(piece: MarketSlice, row: int) -> IntColumn:
    """The venue's times of the rows of a slice, in their order."""
    found: IntColumn = np.empty(len(piece), np.int64)
    for source, part in rows_by_source(piece):
        if isinstance(piece, MergedSlice):
            found[piece.which == source] = _own(part)
        else:
            found[:] = _own(part)
    early = (found > piece.ts).nonzero()[0]
    if len(early):
        place = int(early[0])
        behind = int(found[place]) - int(piece.ts[place])
        raise _invalid(
            f"row {row + place} was received {behind} ns before the venue had it, so their clocks "
            "disagree: correct one, or give a distribution"
        )
    return found


def _own(part: SourceSlice) -> IntColumn:
    if part.ts_event is None:
        raise _invalid(
            f"its rows of {part.instrument.symbol} do not hold both times, the venue's and that of "
            "their reception: give market_data_ns, or a distribution"
        )
    return part.ts_event


def _invalid(why: str) -> InvalidConfig:
    return InvalidConfig(
        f"{FIELD}: type each_row needs a recording with both times; {why}", field=FIELD
    )
