"""What sessions are given of a shared market: a place in it that runs on, or its recording."""

from __future__ import annotations

from collections.abc import Callable

from offbook.domain.calendars import TradingCalendar
from offbook.domain.errors import GatewayUnavailable
from offbook.domain.joining import Joined
from offbook.domain.market_data import MarketInfo, MarketSlice
from offbook.ports.gateway import FeedExtent
from offbook.ports.recordings import MarketRecording
from offbook.services.market_hub.reader import CursorReader
from offbook.services.market_hub.shared_market import SharedMarket


class JoinedFeed:
    """One session's place in a shared market: a ``MarketFeed``, read through ``reader``."""

    def __init__(
        self, market: SharedMarket, joined: Joined, on_close: Callable[[JoinedFeed], None]
    ) -> None:
        self.joined = joined
        self._market = market
        self._on_close = on_close
        self._open = True

    @property
    def info(self) -> MarketInfo:
        """Sources and instruments; the identity is that of the recording."""
        return self._market.info

    @property
    def calendars(self) -> tuple[TradingCalendar, ...]:
        """The trading hours of the instruments."""
        return self._market.calendars

    @property
    def extent(self) -> FeedExtent | None:
        """None: a live market has no known end."""
        return None

    @property
    def market_id(self) -> str:
        """The recording that the market is being written to."""
        return self._market.id

    def reader(self, block_rows: int, on_ready: Callable[[], None]) -> CursorReader:
        """The session's cursor; closing it closes this feed."""
        return CursorReader(self._market, self, self.joined.row, block_rows, on_ready)

    async def read(self, row: int, limit: int) -> MarketSlice | None:
        """Rows from position ``row`` that have come by now, at most ``limit``; None if none has."""
        if not self._open:
            raise GatewayUnavailable("the feed was closed", market=self._market.id)
        if row < 0 or limit < 1:
            raise ValueError(f"read(row={row}, limit={limit}): expected row >= 0 and limit >= 1")
        found = self._market.log.from_row(row)
        if found is None and row < self._market.log.rows:
            found = await self._market.rows_of(row, limit)
        return found if found is None else found.rows(0, min(limit, len(found)))

    async def close(self) -> None:
        """Leave the market. Closing twice is allowed."""
        if self._open:
            self._open = False
            self._on_close(self)


class RecordedFeed:
    """What was recorded of a market: a ``MarketFeed`` with an end, to run a session again."""

    def __init__(self, recording: MarketRecording, joined: Joined) -> None:
        self.joined = joined
        self._recording = recording

    @property
    def info(self) -> MarketInfo:
        """Sources and instruments; the identity is that of the recording."""
        return self._recording.about.info

    @property
    def calendars(self) -> tuple[TradingCalendar, ...]:
        """The trading hours of the instruments."""
        return self._recording.about.calendars

    @property
    def extent(self) -> FeedExtent | None:
        """None: the recording may be growing."""
        return None

    async def read(self, row: int, limit: int) -> MarketSlice | None:
        """Durable rows from position ``row``, at most ``limit``; None past the last."""
        if row < 0 or limit < 1:
            raise ValueError(f"read(row={row}, limit={limit}): expected row >= 0 and limit >= 1")
        return await self._recording.read(row, limit)

    async def close(self) -> None:
        """Let the recording go. Closing twice is allowed."""
        await self._recording.close()
