"""The door to markets. There is no method that sends an order anywhere: orders meet the
simulated venue inside the engine."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import msgspec

from offbook.domain.calendars import TradingCalendar
from offbook.domain.config import MarketConfig
from offbook.domain.market_data import MarketInfo, MarketSlice


class FeedExtent(msgspec.Struct, frozen=True, kw_only=True):
    """How long a finite market is: number of rows, first and last session time (ns UTC)."""

    rows: int
    first_ts: int
    last_ts: int


class MarketFeed(Protocol):
    """One opened market: a log of rows that sessions read by position."""

    @property
    def info(self) -> MarketInfo:
        """Instruments, kind and identity of the data."""

    @property
    def calendars(self) -> tuple[TradingCalendar, ...]:
        """The trading hours of the market's instruments, each calendar once, in their order."""

    @property
    def extent(self) -> FeedExtent | None:
        """The whole market's length where it is known, as for a recording."""

    async def read(self, row: int, limit: int) -> MarketSlice | None:
        """Rows from position ``row``, at least one and at most ``limit``; None past the end.

        The same position always gives the same rows; how they are cut into slices means nothing.
        Raises BadMarketData naming file, row and column, and GatewayUnavailable.
        """

    async def close(self) -> None:
        """Let files, threads and connections go. Closing twice is allowed."""


@runtime_checkable
class IBrokerGateway(Protocol):
    """Opens markets."""

    async def open(self, market: MarketConfig) -> MarketFeed:
        """Open a market for one session; the caller closes the feed.

        Raises GatewayUnavailable when it cannot be opened, BadMarketData or InvalidConfig when
        what it holds does not fit the configuration.
        """
