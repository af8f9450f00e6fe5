"""Opening a session's market: anew, or where the session joined it before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, runtime_checkable

import msgspec

from offbook.domain.config import MarketConfig, SessionConfig
from offbook.domain.errors import GatewayUnavailable
from offbook.domain.joining import Joined
from offbook.domain.records import SessionAttached, decode_record
from offbook.engine.inputs import Attach
from offbook.ports.gateway import IBrokerGateway, MarketFeed
from offbook.ports.live import IRecordedGateway
from offbook.services.paper_trading.both_times import FeedWithBothTimes, as_late
from offbook.services.paper_trading.late_feeds import close_late
from offbook.services.paper_trading.row_reader import RowReader, SessionRows


@runtime_checkable
class SharedFeed(MarketFeed, Protocol):
    """A feed of a market that runs for many sessions at once."""

    @property
    def joined(self) -> Joined:
        """Where the session joined it."""

    def reader(self, block_rows: int, on_ready: Callable[[], None]) -> SessionRows:
        """The session's own cursor; closing it closes the feed."""


async def open_to_run(
    gateway: IBrokerGateway, config: SessionConfig, attached: bytes = b""
) -> MarketFeed:
    """Open its market for a session that is to run in it; ``attached`` is the first record of one
    that has begun before.

    A caller that is cancelled loses no feed: one that is opened all the same is closed.  Raises
    what the gateway raises, and what ``as_late`` does.
    """
    joined, market = joined_in(attached), config.market
    if joined is None:
        work = gateway.open(market)
    else:
        work = _recorded_gateway(gateway, joined).rejoin(market, joined)
    opening = asyncio.ensure_future(work)
    try:
        feed = await asyncio.shield(opening)
    except asyncio.CancelledError:
        # Opening may go on although it was cancelled: nobody waits for it, and if it ends well
        # after all, the feed must not be lost.
        opening.cancel()
        opening.add_done_callback(close_late)
        raise
    return await as_late(feed, config.venue)


async def begins_at(feed: MarketFeed, rows: SessionRows) -> int:
    """The session time at which a session begins: that of the first row, or what a running market
    has reached; 0 of an empty market."""
    joined = joined_of(feed)
    if joined is not None:
        return joined.ts
    part = await rows.at(0)
    return 0 if part is None else int(part.ts[0])


async def open_to_run_again(
    gateway: IBrokerGateway, config: SessionConfig, attached: bytes
) -> MarketFeed:
    """Open what a session's first record says that it was joined to, to run it again.

    Raises what the gateway raises, and what ``as_late`` does.
    """
    return await as_late(await open_to_replay(gateway, config.market, attached), config.venue)


async def open_to_replay(
    gateway: IBrokerGateway, market: MarketConfig, attached: bytes
) -> MarketFeed:
    """The same, to read its rows alone.

    Raises what the gateway raises.
    """
    joined = joined_in(attached)
    if joined is None:
        return await gateway.open(market)
    return await _recorded_gateway(gateway, joined).recorded(market, joined)


def joined_in(attached: bytes) -> Joined | None:
    """Where a session joined a running market, by its first record; None of any other market."""
    if not attached:
        return None
    try:
        record = decode_record(attached)
    except msgspec.MsgspecError:
        return None  # the survey of the journal tells of it
    joined = record.joined if isinstance(record, SessionAttached) else None
    return joined if isinstance(joined, Joined) else None


def attach_to(feed: MarketFeed) -> Attach:
    """The first input of a session of this feed."""
    both = feed if isinstance(feed, FeedWithBothTimes) else None
    return Attach(
        market=feed.info,
        calendars=feed.calendars,
        joined=joined_of(feed),
        receipts=None if both is None else both.receipts,
        received=both is not None,
    )


def joined_of(feed: MarketFeed) -> Joined | None:
    """Where the feed of a running market was joined; None of any other feed."""
    joined = getattr(feed, "joined", None)
    return joined if isinstance(joined, Joined) else None


def rows_of(feed: MarketFeed, block_rows: int, on_ready: Callable[[], None]) -> SessionRows:
    """What reads a feed for a session that runs."""
    if joined_of(feed) is not None and isinstance(feed, SharedFeed):
        return feed.reader(block_rows, on_ready)
    return RowReader(feed, block_rows, on_ready)


def _recorded_gateway(gateway: IBrokerGateway, joined: Joined) -> IRecordedGateway:
    if isinstance(gateway, IRecordedGateway):
        return gateway
    raise GatewayUnavailable(
        f"the session was joined to a running market, whose recording {joined.recording} this "
        "gateway does not keep",
        market=joined.recording,
    )
