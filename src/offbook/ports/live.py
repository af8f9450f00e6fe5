"""Markets that run by themselves: rows and the passing of time, as they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import msgspec

from offbook.domain.calendars import TradingCalendar
from offbook.domain.config import MarketConfig
from offbook.domain.joining import Joined
from offbook.domain.market_data import Cursor, MarketInfo, MergedSlice, SourceSlice
from offbook.ports.gateway import MarketFeed


class ClockAdvance(msgspec.Struct, frozen=True):
    """Session time has passed ``ts`` (ns UTC): no row up to and including it is still to come."""

    ts: int


class Arrived(msgspec.Struct, frozen=True):
    """Rows of one source, or of several merged, in the order in which they came.

    ``source`` is the place of the rows' source in the market, and means nothing for merged rows.
    The rows keep what their slices promise among themselves; their positions mean nothing.
    """

    rows: SourceSlice | MergedSlice
    source: int = 0


MarketEntry = Arrived | ClockAdvance


class LiveMarket(Protocol):
    """A connection to one running market. Used from one event loop, by one reader."""

    @property
    def info(self) -> MarketInfo:
        """Sources and instruments; ``clock_stops`` is False. Its ``data_identity`` means nothing:
        what identifies the data is the recording that is made of them."""

    @property
    def calendars(self) -> tuple[TradingCalendar, ...]:
        """The trading hours of the market's instruments, each calendar once."""

    @property
    def waits(self) -> bool:
        """Whether the market can be held up until the slowest of its readers has followed, as one
        that is played from a recording; never so for a real one."""

    def now(self) -> int:
        """The market's time at this moment (ns UTC), by its own clock; never decreasing."""

    def seconds_until(self, ts: int) -> float | None:
        """How long it will be until ``now`` is ``ts``; None where its clock moves only with what
        is received."""

    async def receive(self) -> Sequence[MarketEntry]:
        """What has come since, at least one entry; empty when the market has ended for good.

        Raises GatewayUnavailable when the connection is lost, BadMarketData for rows that cannot
        be true.
        """

    async def close(self) -> None:
        """Let the connection go; a ``receive`` under way may fail. Closing twice is allowed."""


class ILiveGateway(Protocol):
    """Connects to running markets."""

    @property
    def endless(self) -> bool:
        """Whether a market has one life: a later connection continues an earlier one."""

    async def connect(self, market: MarketConfig, after: Cursor) -> LiveMarket:
        """Connect to a market of which what lies before ``after`` is recorded already.

        Raises GatewayUnavailable, BadMarketData and InvalidConfig.
        """


@runtime_checkable
class IRecordedGateway(Protocol):
    """A gateway whose markets are recorded as they run, so that a session can come back."""

    async def rejoin(self, market: MarketConfig, joined: Joined) -> MarketFeed:
        """The running market for a session that joined it before and is to go on.

        Raises GatewayUnavailable where its recording is gone.
        """

    async def recorded(self, market: MarketConfig, joined: Joined) -> MarketFeed:
        """What was recorded of it, from where the session joined, and then its end.

        Raises GatewayUnavailable where the recording is gone.
        """
